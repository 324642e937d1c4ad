"""Our own format of messages, and the rules for formats of others.

A format is an object with `topics` and `render(told) -> bytes | None` (outlets.py). Dialects bring theirs and the
composition root collects them by name; render is pure, and what it answers is stored and sent as it is.
"""

from typing import Any

from laurel.base import json_text
from laurel.base.times import render_time
from laurel.domain.notifications.model import TEST, TOPICS, Told

OWN = "laurel"
_OURS_ALONE = frozenset({"award_id", "achievement_id", "person_id", "credential_id"})


class OwnFormat:
    """`{"type", "timestamp", "data"}` as Standard Webhooks recommends; ids are the uids of our own API."""

    topics = TOPICS
    quiet_too = False

    def render(self, told: Told) -> bytes:
        """Every message, whatever its topic."""
        message = told.message
        data: dict[str, Any] = {name: value for name, value in message.payload.items() if name not in _OURS_ALONE}
        if told.person is not None:
            data["person"] = {"id": told.person.uid, "email": told.person.email, "name": told.person.full_name}
        if told.achievement is not None:
            data["achievement"] = told.achievement.uid
        if told.credential is not None:
            data["credential"] = told.credential.uid
        return json_text.encode({"type": message.topic, "timestamp": render_time(message.at), "data": data})


def render_test(uid: str, at: str) -> bytes:
    """The body of a test message, the same for every format."""
    return json_text.encode({"type": TEST, "timestamp": at, "data": {"id": uid}})

"""What Nudj's webhooks are told: the envelope of an event, `achievement-completion` for an award. Pure."""

import hashlib
import hmac

from laurel.base import json_text
from laurel.base.times import render_time
from laurel.domain.notifications.model import AWARD_CREATED, EVENT_PREFIX, EVENT_TOPICS, Delivery, Told

FORMAT = "nudj"
NEVER = f"{EVENT_PREFIX}none"
"""A topic that nobody speaks about: for a subscriber that asked for nothing that we tell."""


def topic_of(sub_category: str) -> str:
    """Our topic for a sub-category of Nudj's events; NEVER for one that we do not raise."""
    if sub_category == "achievement-completion":
        return AWARD_CREATED
    topic = f"{EVENT_PREFIX}{sub_category}"
    return topic if topic in EVENT_TOPICS else NEVER


def sub_category_of(topic: str) -> str:
    """The sub-category that a topic of ours is told as."""
    return "achievement-completion" if topic == AWARD_CREATED else topic.removeprefix(EVENT_PREFIX)


class NudjFormat:
    """The event envelope: id, eventCategory, eventSubCategory, organisationId, communityId, userId, eventSourceId, payload."""

    topics = EVENT_TOPICS | {AWARD_CREATED, NEVER}
    quiet_too = False

    def headers_of(self, delivery: Delivery, secret: str) -> dict[str, str]:
        """What happened, the delivery's id, and the body's HMAC-SHA-256 under the secret as it was shown."""
        signature = hmac.new(secret.encode(), delivery.body, hashlib.sha256).hexdigest()
        return {
            "X-Nudj-Event": sub_category_of(delivery.topic),
            "X-Nudj-Delivery-Id": delivery.uid,
            "X-Nudj-Signature": f"sha256={signature}",
        }

    def render(self, told: Told) -> bytes | None:
        """The body, None when the person is gone."""
        message = told.message
        if told.person is None:
            return None
        said = message.payload
        if message.topic == AWARD_CREATED:
            category, sub_category, source = "achievement", "achievement-completion", said.get("achievement")
            payload = {
                "achievementId": said.get("achievement"),
                "title": said.get("name"),
                "period": said.get("period"),
            }
        else:
            category, sub_category, source = said["category"], said["sub_category"], said["source_id"]
            payload = said["payload"]
        return json_text.encode(
            {
                "id": message.uid,
                "eventCategory": category,
                "eventSubCategory": sub_category,
                "organisationId": told.organisation.uid,
                "communityId": said.get("department"),
                "userId": told.person.uid,
                "eventSourceId": source,
                "payload": payload,
                "createdAt": render_time(message.at),
            }
        )

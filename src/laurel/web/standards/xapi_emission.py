"""What we tell a learning record store: one statement per award, voided when the award is revoked."""

import base64
from collections.abc import Sequence
from typing import Any

from laurel.base import json_text
from laurel.base.times import render_time
from laurel.domain.notifications.model import AWARD_CREATED, AWARD_REVOKED, Told
from laurel.domain.statements.of_award import VERSION, statement_id, statement_of_award
from laurel.web.standards.xapi_check import VOIDED


class StatementFormat:
    """The format `xapi` of webhooks: batches of statements for the statements resource of a record store."""

    topics = frozenset({AWARD_CREATED, AWARD_REVOKED})
    quiet_too = True
    batch = 100

    def render(self, told: Told) -> bytes | None:
        """A statement, or the one that voids it."""
        if told.award is None or told.person is None or told.achievement is None:
            return None
        if told.message.topic == AWARD_REVOKED:
            return json_text.encode(self._voiding(told, told.award.uid))
        language = told.organisation.language
        return json_text.encode(
            statement_of_award(
                public_url=told.public_url,
                organisation=(told.organisation.uid, told.organisation.name),
                language=language,
                person=(told.person.uid, told.person.full_name),
                achievement=(
                    told.achievement.uid,
                    told.achievement.name_in(language, language),
                    told.achievement.description_in(language, language),
                ),
                award=told.award.uid,
                awarded_at=told.award.awarded_at,
                score=told.award.score,
            )
        )

    def _voiding(self, told: Told, award_uid: str) -> dict[str, Any]:
        return {
            "id": statement_id(told.public_url, award_uid, f"/revoked/{told.message.uid}"),
            "actor": {
                "objectType": "Agent",
                "name": told.organisation.name,
                "account": {"homePage": told.public_url, "name": told.organisation.uid},
            },
            "verb": {"id": VOIDED, "display": {"en": "voided"}},
            "object": {"objectType": "StatementRef", "id": statement_id(told.public_url, award_uid)},
            "timestamp": render_time(told.message.at),
            "version": VERSION,
        }

    def join(self, bodies: Sequence[bytes]) -> bytes:
        """A list of statements."""
        return b"[" + b",".join(bodies) + b"]"

    def headers(self, secret: str) -> dict[str, str]:
        """HTTP Basic with USER:PASSWORD."""
        return {
            "Authorization": "Basic " + base64.b64encode(secret.encode()).decode(),
            "X-Experience-API-Version": VERSION,
        }

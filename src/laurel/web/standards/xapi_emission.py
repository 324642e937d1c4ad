"""What we tell a learning record store: one statement per award, voided when the award is revoked."""

import base64
import uuid
from collections.abc import Sequence
from typing import Any

from laurel.base import json_text
from laurel.base.times import render_time
from laurel.domain.achievements.model import Achievement, Award
from laurel.domain.notifications.model import AWARD_CREATED, AWARD_REVOKED, Told
from laurel.domain.people.model import Person
from laurel.web.standards.xapi_check import VOIDED
from laurel.web.standards.xapi_events import VERSION

ACHIEVED = "https://w3id.org/xapi/tla/verbs/achieved"
BADGE = "http://activitystrea.ms/schema/1.0/badge"


def statement_id(public_url: str, award_uid: str, what: str = "") -> str:
    """Follows from the award, so that sending twice changes nothing."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{public_url}/awards/{award_uid}{what}"))


def award_statement(
    public_url: str,
    organisation: tuple[str, str],
    person: Person,
    achievement: Achievement,
    award: Award,
    language: str,
) -> dict[str, Any]:
    """The statement that a person earned something. organisation: uid and name."""
    statement: dict[str, Any] = {
        "id": statement_id(public_url, award.uid),
        "actor": {
            "objectType": "Agent",
            "name": person.full_name,
            "account": {"homePage": public_url, "name": person.uid},
        },
        "verb": {"id": ACHIEVED, "display": {"en": "achieved"}},
        "object": {
            "objectType": "Activity",
            "id": f"{public_url}/achievements/{achievement.uid}",
            "definition": {
                "type": BADGE,
                "name": {language: achievement.name_in(language, language)},
                "description": {language: achievement.description_in(language, language)},
            },
        },
        "result": {"success": True, "completion": True},
        "context": {
            "platform": "Laurel",
            "contextActivities": {
                "grouping": [
                    {
                        "objectType": "Activity",
                        "id": f"{public_url}/organisations/{organisation[0]}",
                        "definition": {"name": {language: organisation[1]}},
                    }
                ],
                "category": [{"objectType": "Activity", "id": f"{public_url}/xapi/profile"}],
            },
        },
        "timestamp": render_time(award.awarded_at),
        "version": VERSION,
    }
    if award.score:
        statement["result"]["response"] = award.score
    return statement


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
        organisation = (told.organisation.uid, told.organisation.name)
        return json_text.encode(
            award_statement(
                told.public_url, organisation, told.person, told.achievement, told.award, told.organisation.language
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

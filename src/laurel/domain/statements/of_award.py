"""The statement that tells of an award: its id follows from the award, so that telling it twice changes nothing. Pure."""

import uuid
from datetime import datetime
from typing import Any

from laurel.base.times import render_time

ACHIEVED = "https://w3id.org/xapi/tla/verbs/achieved"
BADGE = "http://activitystrea.ms/schema/1.0/badge"
VERSION = "1.0.3"


def statement_id(public_url: str, award_uid: str, what: str = "") -> str:
    """The id of the statement of an award (what: of another one about it)."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{public_url}/awards/{award_uid}{what}"))


def statement_of_award(
    *,
    public_url: str,
    organisation: tuple[str, str],
    language: str,
    person: tuple[str, str],
    achievement: tuple[str, str, str],
    award: str,
    awarded_at: datetime,
    score: str | None,
) -> dict[str, Any]:
    """Organisation and person: uid and name; achievement: uid, name and description in `language`."""
    uid, name, description = achievement
    statement: dict[str, Any] = {
        "id": statement_id(public_url, award),
        "actor": {"objectType": "Agent", "name": person[1], "account": {"homePage": public_url, "name": person[0]}},
        "verb": {"id": ACHIEVED, "display": {"en": "achieved"}},
        "object": {
            "objectType": "Activity",
            "id": f"{public_url}/achievements/{uid}",
            "definition": {
                "type": BADGE,
                "name": {language: name},
                **({"description": {language: description}} if description else {}),
            },
        },
        "result": {"success": True, "completion": True, **({"response": score} if score else {})},
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
        "timestamp": render_time(awarded_at),
        "version": VERSION,
    }
    return statement

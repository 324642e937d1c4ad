"""Builders for achievements and events over HTTP."""

from typing import Any

import httpx

from tests.support.builders import a_number


async def an_achievement(api: httpx.AsyncClient, **wishes: Any) -> dict[str, Any]:
    """A live achievement: one lesson.completed event completes it, unless told otherwise."""
    body = {
        "name": f"Achievement {a_number()}",
        "status": "live",
        "queries": [{"alias": "lessons", "event_name": "lesson.completed"}],
        "criteria": {"type": "count", "query": "lessons", "operator": ">=", "value": 1},
        **wishes,
    }
    answer = await api.post("/api/v1/achievements", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def an_event(api: httpx.AsyncClient, person: str = "ada", **wishes: Any) -> dict[str, Any]:
    """The result of recording one lesson.completed event, the person created when absent."""
    body = {"person": {"external_id": person}, "name": "lesson.completed", **wishes}
    answer = await api.post("/api/v1/events?create_people=true", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"][0]


async def person_uid(parts: Any, organisation: Any, external_id: str) -> str:
    """The uid of the person with this external id."""
    async with parts.database.transaction(organisation.id) as tx:
        return await tx.fetchval(
            """
            SELECT p.uid FROM person p JOIN person_identifier i ON i.organisation_id = $1 AND i.person_id = p.id
            WHERE p.organisation_id = $1 AND i.kind = 'external' AND i.value = $2
            """,
            organisation.id,
            external_id,
        )

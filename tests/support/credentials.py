"""Builders for issued credentials over HTTP, and what a stranger gets of them."""

from typing import Any

import httpx
import msgspec

from tests.support.builders import a_number
from tests.support.events import an_achievement


async def an_award(api: httpx.AsyncClient, achievement: dict[str, Any] | None = None, **wishes: Any) -> dict[str, Any]:
    """An award with its credential, given to somebody new unless told otherwise."""
    achievement = achievement or await an_achievement(api, description="Joins steel plates.")
    person = {"email": f"welder{a_number()}@example.org"}
    body = {"person": person, "create_person": True, "recipient_name": "Ada Lovelace", **wishes}
    answer = await api.post(f"/api/v1/achievements/{achievement['id']}/awards", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def signed_document(client: httpx.AsyncClient, uid: str) -> dict[str, Any]:
    """The signed document of a credential."""
    answer = await client.get(f"/c/{uid}.json")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def verdict(client: httpx.AsyncClient, offered: Any) -> dict[str, Any]:
    """What /verify says to it."""
    content = offered if isinstance(offered, bytes) else msgspec.json.encode(offered)
    answer = await client.post("/verify", content=content)
    assert answer.status_code == 200, answer.text
    return answer.json()


def failed_checks(said: dict[str, Any]) -> set[str]:
    """The names of checks that failed or stayed unknown."""
    return {check["name"] for check in said["checks"] if check["outcome"] in {"failed", "unknown"}}

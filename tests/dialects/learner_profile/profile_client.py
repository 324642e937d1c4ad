"""What the tests of this service share: addresses, bodies with defaults, a client's few steps."""

import json
from typing import Any

import httpx

BASE = "/learner-profile-service/api/v1"
UNKNOWN = "WPXbWYopqpoTbyl9"
_count = iter(range(1, 10**9))


def an_address() -> str:
    """An e-mail address that no other test uses."""
    return f"learner{next(_count)}@example.org"


def an_achievement(**fields: Any) -> dict[str, Any]:
    """The body of a new achievement."""
    return {"type": "competency", "name": "Writing", **fields}


def a_learner(**fields: Any) -> dict[str, Any]:
    """The body of a new learner."""
    return {"first_name": "Ada", "last_name": "Lovelace", "email_address": an_address(), **fields}


class Service:
    """Speaks to the service as its clients do."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def ask(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """One request below the base path."""
        return await self.client.request(method, f"{BASE}{path}", **rest)

    async def done(self, method: str, path: str, **rest: Any) -> Any:
        """The data of a request that must succeed."""
        answer = await self.ask(method, path, **rest)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["success"] is True
        return body.get("data")

    async def refused(self, status: int, method: str, path: str, **rest: Any) -> dict[str, Any]:
        """The body of a request that must be refused, in the service's envelope."""
        answer = await self.ask(method, path, **rest)
        assert answer.status_code == status, answer.text
        body: dict[str, Any] = answer.json()
        assert set(body) == {"success", "message", "data"}
        assert body["success"] is False
        return body

    async def not_found(self, message: str, method: str, path: str, **rest: Any) -> None:
        """The request must be answered with 404 and exactly `message`."""
        body = await self.refused(404, method, path, **rest)
        assert (body["message"], body["data"]) == (message, None)

    async def invalid(self, method: str, path: str, **rest: Any) -> list[dict[str, Any]]:
        """The errors of a request that must not fit its shape."""
        body = await self.refused(422, method, path, **rest)
        assert body["message"] == "Validation Failed"
        errors: list[dict[str, Any]] = body["data"]
        assert errors
        return errors

    async def broken(self, message: str, method: str, path: str, **rest: Any) -> None:
        """The request must break a rule with exactly `message`."""
        body = await self.refused(422, method, path, **rest)
        assert (body["message"], body["data"]) == (message, None)

    async def import_file(self, path: str, content: Any, name: str = "items.json") -> httpx.Response:
        """Upload `content` (text, bytes, or what becomes JSON)."""
        raw = content if isinstance(content, str | bytes) else json.dumps(content)
        return await self.ask("POST", path, files={"json_file": (name, raw, "application/json")})

    async def new_achievement(self, **fields: Any) -> str:
        """The id of a new achievement."""
        made = await self.done("POST", "/achievement", json=an_achievement(**fields))
        return str(made["uuid"])

    async def new_learner(self, **fields: Any) -> str:
        """The id of a new learner."""
        made = await self.done("POST", "/learner", json=a_learner(**fields))
        return str(made["uuid"])

    async def new_profile(self, learner: str, **fields: Any) -> dict[str, Any]:
        """The new profile of a learner."""
        made: dict[str, Any] = await self.done("POST", f"/learner/{learner}/learner-profile", json=fields)
        return made


def first(errors: list[dict[str, Any]]) -> tuple[list[Any], str, str]:
    """(loc, msg, type) of the first error."""
    return errors[0]["loc"], errors[0]["msg"], errors[0]["type"]

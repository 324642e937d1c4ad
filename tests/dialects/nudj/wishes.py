"""Builders of request bodies, each with defaults, and a client that answers decoded bodies."""

from typing import Any

import httpx

ADMIN = "/api/v2/admin"
USER = "/api/v2/integration"


class Nudj:
    """Calls that must succeed answer the body; `refused` answers the error's body."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, path: str, **options: Any) -> Any:
        return self._body(await self.http.get(path, **options))

    async def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self._body(await self.http.post(path, json=body, **options))

    async def send(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        return self._body(await self.http.request(method, path, json=body, **options))

    async def refused(self, method: str, path: str, status: int, body: Any = None, **options: Any) -> Any:
        options = options if body is None else {**options, "json": body}
        answer = await self.http.request(method, path, **options)
        assert answer.status_code == status, answer.text
        error = answer.json()
        assert set(error) == {"message", "code", "data"}
        assert error["data"]["httpStatus"] == status
        assert isinstance(error["data"]["path"], str)
        return error

    @staticmethod
    def _body(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return answer.json()

    async def achievement(self, **wish: Any) -> dict[str, Any]:
        return await self.post(f"{ADMIN}/achievements", an_achievement(**wish))

    async def event(self, name: str = "lesson", user: str = "member-1", **payload: Any) -> Any:
        body = {"eventName": name, "payload": payload, "userId": user}
        return await self.post(f"{ADMIN}/events/custom", body)

    async def reward(self, **wish: Any) -> dict[str, Any]:
        body = {"details": {"title": "Mug", "description": "A mug"}, "status": "live", **wish}
        return await self.post(f"{ADMIN}/rewards", body)

    async def distribute(self, achievement: dict[str, Any], allocations: list[Any] | None = None, **wish: Any) -> Any:
        return await self.post(
            f"{ADMIN}/achievements/{achievement['id']}/distribution", a_distribution(allocations, **wish)
        )


def a_distribution(
    allocations: list[Any] | None = None, *, mechanism: str = "all", number: int = 1, points: int = 0, xp: int = 0
) -> dict[str, Any]:
    return {
        "rewardsConfig": {"mechanism": mechanism, "amountToDistribute": number, "allocations": allocations or []},
        "pointsToDistribute": points,
        "bonusXpToDistribute": xp,
    }


def an_allocation(reward: dict[str, Any], **wish: Any) -> dict[str, Any]:
    return {"allocationType": "assets", "amountToDistribute": 1, "rewardId": reward["id"], **wish}


def a_query(alias: str = "lessons", name: str = "lesson", **parameters: Any) -> dict[str, Any]:
    return {
        "type": "event",
        "alias": alias,
        "parameters": {"eventName": name, **parameters},
        "isCommunityScoped": False,
    }


def a_count(value: int = 3, query: str = "lessons", operator: str = ">=") -> dict[str, Any]:
    return {"type": "count", "parameters": {"query": query, "operator": operator, "value": value}}


def a_sum(value: float = 10, query: str = "lessons", attribute: str = "amount", operator: str = ">=") -> dict[str, Any]:
    parameters = {"query": query, "operator": operator, "attribute": attribute, "value": value}
    return {"type": "sum", "parameters": parameters}


def all_of(*conditions: dict[str, Any], operator: str = "and") -> dict[str, Any]:
    return {"type": "logical", "parameters": {"operator": operator, "conditions": list(conditions)}}


def an_achievement(**wish: Any) -> dict[str, Any]:
    return {
        "details": {"title": "Three lessons", "description": "Finish three lessons"},
        "status": "live",
        "progressPeriod": "open",
        "criteria": a_count(),
        "queries": [a_query()],
        **wish,
    }

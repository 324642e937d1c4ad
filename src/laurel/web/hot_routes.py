"""The few routes that are asked most, answered without the router: bare ASGI functions, looked up by method and path.

Everything in front (limits, idempotency, request ids, the surface's way to refuse) stays the same. A hot route is also an
ordinary handler of its surface, so that it is described in the OpenAPI document; both call one function.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar.types import ASGIApp, Receive, Send

HotTable = Mapping[tuple[str, str], ASGIApp]


class HotRoutes:
    """Passes on what it does not know."""

    def __init__(self, app: ASGIApp, tables: Sequence[HotTable]) -> None:
        self._app = app
        self._exact: dict[tuple[str, str], ASGIApp] = {}
        self._with_last: dict[tuple[str, str], tuple[str, ASGIApp]] = {}
        for table in tables:
            for (method, path), hot in table.items():
                if path.endswith("/{last}"):
                    self._with_last[method, path.removesuffix("/{last}")] = (path, hot)
                else:
                    self._exact[method, path] = hot

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            method, path = scope["method"], scope["path"]
            hot = self._exact.get((method, path))
            if hot is not None:
                scope["path_template"] = path
                await hot(scope, receive, send)
                return
            parent, _, last = path.rpartition("/")
            found = self._with_last.get((method, parent))
            if found is not None:
                scope["path_template"] = found[0]
                scope["laurel.last"] = last
                await found[1](scope, receive, send)
                return
        await self._app(scope, receive, send)


async def send_answer(
    send: Send,
    status: int,
    body: bytes,
    *,
    media_type: str = "application/json",
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    """A whole answer in two messages."""
    named = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": body, "more_body": False})

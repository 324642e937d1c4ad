"""What a stranger would get from this server, asked for without a network: for verifications of our own credentials."""

from typing import Any
from urllib.parse import quote, unquote

from litestar.types import ASGIApp

from laurel.domain.verification.fetching import OwnPages
from laurel.openbadges.verdict import Fetched


def own_pages(app: ASGIApp) -> OwnPages:
    """GET requests to `app` itself, without a key."""

    async def page(path: str, accept: str) -> Fetched:
        messages: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await app(_scope(path, accept), receive, send)
        status = next(message["status"] for message in messages if message["type"] == "http.response.start")
        body = b"".join(message.get("body", b"") for message in messages if message["type"] == "http.response.body")
        return Fetched(status=status, body=body)

    return page


def _scope(path: str, accept: str) -> Any:
    decoded = unquote(path)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": decoded,
        "raw_path": quote(decoded).encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"accept", accept.encode("latin-1", "replace"))],
        "client": ("own", 0),
        "server": ("own", 0),
        "state": {},
    }

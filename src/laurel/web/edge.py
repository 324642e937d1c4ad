"""The outermost layer of a request: its id, the client's address, the path's spelling, one log line, the metrics.

Log lines carry route templates, ids and codes; never paths, query strings, bodies, headers or anything about a person.
"""

import re
import time
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import structlog
from litestar.types import ASGIApp, Message, Receive, Send

from laurel.base.ids import new_uid
from laurel.database.pool import for_anybody
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.record_events.memory import Spine
from laurel.web import metrics
from laurel.web.callers import Callers
from laurel.web.surfaces import Surfaces

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._\-]{1,100}")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

log = structlog.get_logger("laurel.request")


class Edge:
    """The middleware around everything."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        surfaces: Surfaces,
        parts: Parts,
        callers: Callers,
        spine: Spine,
        trusted_proxies: Sequence[str],
    ) -> None:
        self._app = app
        self._surfaces = surfaces
        self._parts = parts
        self._callers = callers
        self._spine = spine
        self._trusted = [ip_network(network, strict=False) for network in trusted_proxies]

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_at = time.perf_counter()
        outcome = _Outcome()
        request_id = self._prepare(scope)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                outcome.status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            elif message["type"] == "http.response.body":
                outcome.bytes_sent += len(message.get("body", b""))
            await send(message)

        try:
            with for_anybody():
                await self._app(scope, receive, sending)
        except Exception as failure:
            if outcome.status is not None:
                raise
            await self._surfaces.send_refusal(failure, scope, receive, sending)
        finally:
            self._note(scope, outcome, time.perf_counter() - started_at)

    def _prepare(self, scope: Any) -> str:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id: str = given.decode() if _REQUEST_ID.fullmatch(given) else new_uid()
        scope.setdefault("state", {})["request_id"] = request_id
        scope["laurel.surfaces"] = self._surfaces
        scope["laurel.parts"] = self._parts
        scope["laurel.callers"] = self._callers
        scope["laurel.spine"] = self._spine
        if self._trusted:
            _believe_proxy(scope, self._trusted)
        scope["laurel.path_as_sent"] = scope["path"]
        scope["path"] = self._surfaces.normalised(scope["path"])
        return request_id

    def _note(self, scope: Any, outcome: "_Outcome", seconds: float) -> None:
        surface = self._surfaces.of(scope["path"]).name
        template = scope.get("path_template", "")
        status = outcome.status or 0
        metrics.REQUESTS.labels(surface, scope["method"], status).inc()
        metrics.REQUEST_SECONDS.labels(surface).observe(seconds)
        if template in _QUIET:
            return
        caller: Caller | None = scope.get("laurel.caller")
        log.info(
            "request",
            request_id=scope["state"]["request_id"],
            surface=surface,
            method=scope["method"],
            route=template or "(none)",
            status=status,
            code=scope["state"].get("error_code"),
            milliseconds=round(seconds * 1000, 2),
            bytes=outcome.bytes_sent,
            caller=caller.actor if caller else None,
            organisation=caller.organisation_id if caller else None,
        )


class _Outcome:
    """What was answered so far."""

    __slots__ = ("bytes_sent", "status")

    def __init__(self) -> None:
        self.status: int | None = None
        self.bytes_sent = 0


def _believe_proxy(scope: Any, trusted: Sequence[IPv4Network | IPv6Network]) -> None:
    """Take the client's address and scheme from X-Forwarded-* when the peer is a proxy of ours; the last address that is
    not one of them counts.
    """
    peer = (scope.get("client") or ("", 0))[0]
    if not _within(peer, trusted):
        return
    headers = dict(scope["headers"])
    chain = [part.strip() for part in headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",") if part.strip()]
    client = next((address for address in reversed(chain) if not _within(address, trusted)), None)
    if client is not None:
        scope["client"] = (client, 0)
    scheme = headers.get(b"x-forwarded-proto", b"").decode("latin-1").strip().lower()
    if scheme in {"http", "https"}:
        scope["scheme"] = scheme


def _within(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)

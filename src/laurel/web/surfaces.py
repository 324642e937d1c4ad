"""Surfaces: a set of routes under path prefixes with its own way to be called, and its own way to refuse.

Our own API is one, every dialect is one. What lies in front of routing (size limits, idempotency, unknown paths,
unexpected failures) asks the surface of the path how to answer, so that a client always sees one product.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from litestar import Request, Response
from litestar.types import ControllerRouterHandler, Receive, Scope, Send

from laurel.base.errors import LaurelError
from laurel.base.limits import BODY_BYTES_MAX, JSON_DEPTH_MAX
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.web.hot_routes import HotTable
from laurel.web.http_errors import CannotBeStored, Unexpected, named_in_body, refusal_of

RenderError = Callable[[Request[Any, Any, Any], LaurelError], Response[Any]]
Authenticate = Callable[[Scope, Parts], Awaitable[Caller]]

log = structlog.get_logger("laurel.web")


@dataclass(frozen=True, kw_only=True)
class Surface:
    """How one product or standard is spoken.

    `prefixes` are whole path segments ("/v1", "/learner-profile-service/api"); the longest match wins, and "" matches
    everything. `render_error` gets every refusal under them, also those from before routing. `authenticate`
    gives the caller or raises Unauthenticated; it is asked at most once a request (`callers.caller_of`).
    """

    name: str
    prefixes: tuple[str, ...]
    handlers: Sequence[ControllerRouterHandler]
    render_error: RenderError
    authenticate: Authenticate
    body_bytes_max: int = BODY_BYTES_MAX
    json_depth_max: int = JSON_DEPTH_MAX
    lower_case: frozenset[str] | None = None
    """For products that match paths in any case: the prefixes and these segments do ("achievements"), written here and in
    the handlers in lower case; every other segment (an id) is passed on as sent. None: case matters, as usual."""
    hot: HotTable = field(default_factory=dict)
    """Bare ASGI functions by (method, path); a path may end in "/{last}", found in scope["laurel.last"]."""


class Surfaces:
    """All surfaces of the server, looked up by path."""

    def __init__(self, surfaces: Sequence[Surface]) -> None:
        self.all = tuple(surfaces)
        by_prefix = [(prefix.rstrip("/"), surface) for surface in surfaces for prefix in surface.prefixes]
        self._by_prefix = sorted(by_prefix, key=lambda pair: -len(pair[0]))
        if not any(prefix == "" for prefix, _ in self._by_prefix):
            raise ValueError('one surface must have the prefix ""')

    def of(self, path: str) -> Surface:
        """The surface that answers for `path`."""
        lowered = path.lower()
        for prefix, surface in self._by_prefix:
            candidate, wanted = (path, prefix) if surface.lower_case is None else (lowered, prefix.lower())
            if candidate.startswith(wanted) and (len(candidate) == len(wanted) or candidate[len(wanted)] == "/"):
                return surface
        raise AssertionError('the prefix "" matches every path')

    def normalised(self, path: str) -> str:
        """The path that is routed: single slashes, none at the end, and the surface's own spelling of its segments."""
        if "//" in path:
            path = "/" + "/".join(filter(None, path.split("/")))
        if len(path) > 1 and path.endswith("/"):
            path = path.rstrip("/") or "/"
        surface = self.of(path)
        if surface.lower_case is None:
            return path
        prefix = next(
            candidate.rstrip("/")
            for candidate in sorted(surface.prefixes, key=len, reverse=True)
            if path.lower().startswith(candidate.rstrip("/").lower())
        )
        rest = path[len(prefix) :].split("/")
        return prefix + "/".join(part.lower() if part.lower() in surface.lower_case else part for part in rest)

    def refuse(self, request: Request[Any, Any, Any], exception: Exception) -> Response[Any]:
        """The answer of the path's surface to `exception`; what nobody foresaw is logged with its traceback."""
        error = refusal_of(exception, getattr(request.scope.get("route_handler"), "parsed_fn_signature", None))
        if isinstance(error, CannotBeStored):
            error = named_in_body(error, request.scope.get("laurel.body", b""))  # type: ignore[arg-type] # our own key
        if isinstance(error, Unexpected):
            log.error("unexpected failure", exc_info=exception, path_template=request.scope.get("path_template"))
        request.scope["state"]["error_code"] = error.code
        return self.of(request.scope["path"]).render_error(request, error)

    async def send_refusal(self, exception: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer `exception` from outside the router."""
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        response = self.refuse(request, exception)
        await response.to_asgi_response(None, request)(scope, receive, send)

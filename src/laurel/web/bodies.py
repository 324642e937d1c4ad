"""Request bodies: counted while they arrive, measured for depth before parsing, decoded strictly and with exact numbers."""

import re
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import accumulate
from typing import Any

import msgspec
from litestar import Request
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Send
from litestar.utils.scope.state import ScopeState

from laurel.base.errors import TooLarge
from laurel.base.limits import JSON_DEPTH_MAX
from laurel.base.times import check_year
from laurel.web.http_errors import BodyTooLarge, MalformedBody, invalid_shape
from laurel.web.surfaces import Surfaces

_NOT_BRACKETS = bytes(value for value in range(256) if value not in b"[]{}")
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class BodyLimit:
    """Refuses bodies over the surface's limit, by what they declare or by what arrives."""

    def __init__(self, app: ASGIApp, surfaces: Surfaces) -> None:
        self._app = app
        self._surfaces = surfaces

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._surfaces.of(scope["path"]).body_bytes_max
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if declared.isdigit() and int(declared) > limit:
            await self._surfaces.send_refusal(_too_large(limit, int(declared)), scope, receive, send)
            return
        await self._app(scope, _counted(receive, limit), send)


def _too_large(limit: int, size: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body has {size} bytes, the limit is {limit}", field="body", limit=limit, value=size)


def _counted(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def counted() -> Any:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _too_large(limit, seen)
        return message

    return counted


async def read_body(receive: Receive) -> bytes:
    """The whole body; `receive` counts it. For bare ASGI handlers and for what must hash it."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise MalformedBody("the client went away before its body had arrived")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A receive that gives `body` once and then what the client says."""
    given = False

    async def replay() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        message: HTTPReceiveMessage = {"type": "http.request", "body": body, "more_body": False}
        return message

    return replay


def check_depth(body: bytes, limit: int = JSON_DEPTH_MAX) -> None:
    """Raise TooLarge when JSON text (or lines of it) nests deeper than `limit`. Brackets inside strings do not count."""
    if body.count(b"[") + body.count(b"{") <= limit:
        return
    brackets = _outside_strings(body).translate(None, _NOT_BRACKETS)
    depth = max(accumulate(map(_STEP.__getitem__, brackets)), default=0)
    if depth > limit:
        raise TooLarge(
            f"the body nests {depth} levels deep, the limit is {limit}", field="body", limit=limit, value=depth
        )


def _outside_strings(body: bytes) -> bytes:
    """`body` without the contents of its strings: every second part between quotation marks that are not escaped."""
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(plain.split(b'"')[::2])


@cache
def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_, float_hook=Decimal)


def decode_json(body: bytes, type_: Any = Any, *, depth_max: int = JSON_DEPTH_MAX) -> Any:
    """`body` as a value of `type_`: strict types, exact decimals. Raises TooLarge, MalformedBody, or Invalid naming the
    field and its value.
    """
    check_depth(body, depth_max)
    try:
        value = _decoder(type_).decode(body)
    except msgspec.ValidationError as wrong:
        raise invalid_shape(str(wrong), _decoder(Any).decode(body), type_) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as wrong:
        raise MalformedBody(f"the body is not valid JSON: {wrong}", field="body") from None
    if _NEAR_THE_END_OF_TIME.search(body):
        _check_years(value)
    return value


_NEAR_THE_END_OF_TIME = re.compile(rb'"(?:0\d\d\d|9999)-')


def _check_years(whole: Any) -> None:
    """Raise Invalid for a typed date or instant that no other time zone may hold. Text that reads like one is text."""
    left: list[tuple[str, Any]] = [("", whole)]
    while left:
        place, part = left.pop()
        if isinstance(part, date):
            check_year(part, place or "body")
        elif isinstance(part, msgspec.Struct):
            left += [(f"{place}.{name}".lstrip("."), getattr(part, name)) for name in part.__struct_fields__]
        elif isinstance(part, dict):
            left += [(f"{place}.{name}".lstrip("."), inner) for name, inner in part.items()]
        elif isinstance(part, list | tuple):
            left += [(f"{place}[{number}]", inner) for number, inner in enumerate(part)]


class LaurelRequest(Request[Any, Any, Any]):
    """A request whose `data` parameter is decoded strictly into the handler's own type."""

    async def json(self) -> Any:
        """The body as the type of the handler's `data` parameter (anything when it has none)."""
        state = ScopeState.from_scope(self.scope)
        if "laurel.json" not in self.scope:
            body = await self.body()
            self.scope["laurel.body"] = body  # type: ignore[typeddict-unknown-key] # our own key
            wanted = getattr(self.route_handler, "parsed_data_field", None)
            surfaces: Surfaces = self.app.state.surfaces
            decoded = decode_json(
                body or b"null",
                wanted.annotation if wanted is not None else Any,
                depth_max=surfaces.of(self.scope["path"]).json_depth_max,
            )
            self.scope["laurel.json"] = state.json = decoded  # type: ignore[typeddict-unknown-key] # our own key
        return self.scope["laurel.json"]  # type: ignore[typeddict-item] # our own key

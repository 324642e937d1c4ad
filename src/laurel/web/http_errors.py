"""Refusals that exist only on HTTP, and how any exception becomes a LaurelError before a surface renders it.

Every surface gets the same LaurelErrors; `status_of` is the one table from kind to status that our own API uses and
dialects may start from.
"""

import re
from http import HTTPStatus
from typing import Any, ClassVar, assert_never

import msgspec
import structlog
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.utils.signature import ParsedSignature

from laurel.base.errors import Invalid, Kind, LaurelError, NotFound, TooLarge, Unavailable
from laurel.base.json_text import value_at
from laurel.database.pool import CONNECTION_FAILURES, LOST_RACES, cannot_be_stored
from laurel.web.expected import hint

VALUE_SHOWN_MAX = 200
log = structlog.get_logger("laurel.web")


class MalformedBody(Invalid):
    """The body cannot be read as what it says it is."""

    code = "malformed_body"


class BodyTooLarge(TooLarge):
    """The body is over the surface's limit."""

    code = "body_too_large"
    http_status: ClassVar[int] = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class CannotBeStored(Invalid):
    """A value that nobody checked before has a character (NUL, a lone surrogate) or a size that the database refuses."""

    code = "cannot_be_stored"


class RouteNotFound(NotFound):
    """No route has this path."""

    code = "route_not_found"


class MethodNotAllowed(Invalid):
    """The route exists and does not take this method; `details["allow"]` lists those it takes, when known."""

    code = "method_not_allowed"
    http_status: ClassVar[int] = HTTPStatus.METHOD_NOT_ALLOWED


class UnsupportedMedia(Invalid):
    """The body is of a media type that the route does not read."""

    code = "unsupported_media_type"
    http_status: ClassVar[int] = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class Unexpected(LaurelError):
    """A mistake of ours: it is logged with the request id, and the caller learns nothing but that id."""

    kind = Kind.UNAVAILABLE
    code = "internal_error"
    http_status: ClassVar[int] = HTTPStatus.INTERNAL_SERVER_ERROR


def status_of(error: LaurelError) -> int:
    """The usual HTTP status of a refusal."""
    own: int | None = getattr(error, "http_status", None)
    return int(own if own is not None else _status_of_kind(error))


def _status_of_kind(error: LaurelError) -> HTTPStatus:
    match error.kind:
        case Kind.INVALID:
            return HTTPStatus.UNPROCESSABLE_ENTITY if not isinstance(error, MalformedBody) else HTTPStatus.BAD_REQUEST
        case Kind.UNAUTHENTICATED:
            return HTTPStatus.UNAUTHORIZED
        case Kind.FORBIDDEN:
            return HTTPStatus.FORBIDDEN
        case Kind.NOT_FOUND:
            return HTTPStatus.NOT_FOUND
        case Kind.CONFLICT:
            return HTTPStatus.CONFLICT
        case Kind.GONE:
            return HTTPStatus.GONE
        case Kind.LIMITED:
            return HTTPStatus.TOO_MANY_REQUESTS
        case Kind.UNAVAILABLE:
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            assert_never(error.kind)


def refusal_of(exception: Exception, signature: ParsedSignature | None = None) -> LaurelError:
    """The refusal that `exception` amounts to; Unexpected for what nobody foresaw. `signature` is that of the handler, whose
    parameters a ValidationException names.
    """
    if isinstance(exception, LaurelError):
        return exception
    if isinstance(exception, ValidationException):
        return _from_validation(exception, signature)
    if isinstance(exception, msgspec.ValidationError):
        return invalid_shape(str(exception))
    if isinstance(exception, msgspec.DecodeError):
        return MalformedBody(f"the body is not valid: {exception}", field="body")
    if isinstance(exception, HTTPException):
        return _from_http(exception)
    if cannot_be_stored(exception) or isinstance(exception, UnicodeEncodeError):
        log.warning("a value cannot be stored", reason=type(exception).__name__)
        return CannotBeStored("the request holds a character or a number that cannot be stored")
    if isinstance(exception, LOST_RACES):
        return Unavailable("others changed the same things at the same time", retry_after_seconds=1)
    if isinstance(exception, CONNECTION_FAILURES):
        return Unavailable("the database does not answer", retry_after_seconds=1)
    return Unexpected("something went wrong on our side")


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def named_in_body(error: CannotBeStored, body: bytes) -> CannotBeStored:
    """The refusal with the place and the text in a JSON body that hold such a character, where one does."""
    try:
        whole = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return error
    left: list[tuple[str, Any]] = [("", whole)]
    while left:
        place, part = left.pop()
        if isinstance(part, str) and (found := _UNSTORABLE.search(part)):
            character = f"U+{ord(found[0]):04X}"
            said = f"{place or 'the body'} holds the character {character}, which cannot be stored"
            return CannotBeStored(said, field=place or "body", value=part[:VALUE_SHOWN_MAX])
        if isinstance(part, dict):
            left += [(f"{place}.{name}".lstrip("."), inner) for name, inner in part.items()]
        elif isinstance(part, list):
            left += [(f"{place}[{number}]", inner) for number, inner in enumerate(part)]
    return error


_FIELD_COMPLAINTS = {
    "Object contains unknown field `": "there is no such field",
    "Object missing required field `": "the field is missing",
}


def invalid_shape(message: str, whole: Any = None, type_: Any = Any) -> Invalid:
    """An Invalid from msgspec's message: "Expected `int`, got `str` - at `$.items[0].count`" names items[0].count.

    `whole` is the decoded input, in which the offending value is looked up; `type_` what it was to become.
    """
    words, _, path = message.replace(" - at `key` in `$", " as a name - at `$").partition(" - at `$")
    field = path.rstrip("`").lstrip(".")
    for complaint, said in _FIELD_COMPLAINTS.items():
        if words.startswith(complaint):
            field = ".".join(filter(None, (field, words.removeprefix(complaint).rstrip("`"))))
            words = said
    value = value_at(whole, field) if field else None
    sentence = words.replace("`", "") + hint(type_, field, whole)
    field = shown(field) or "body"
    return Invalid(f"{field}: {sentence[:1].lower()}{sentence[1:]}", field=field, value=value)


def shown(value: Any) -> Any:
    """A value as an error may repeat it: scalars, shortened; never a whole document."""
    if isinstance(value, str):
        return value if len(value) <= VALUE_SHOWN_MAX else value[:VALUE_SHOWN_MAX] + "…"
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, dict | list | tuple):
        return f"{type(value).__name__} of {len(value)}"
    return str(value)[:VALUE_SHOWN_MAX]


def _from_validation(exception: ValidationException, signature: ParsedSignature | None) -> LaurelError:
    extra = exception.extra if isinstance(exception.extra, list) else []
    first = extra[0] if extra and isinstance(extra[0], dict) else {}
    field = str(first.get("key") or "") or None
    words = str(first.get("message") or exception.detail).replace("`", "")
    if field is None and words.startswith("Missing required"):
        field = words.rpartition("'")[0].rpartition("'")[2] or words.split()[-1]
    parameter = signature.parameters.get(field) if signature is not None and field is not None else None
    if parameter is not None:
        field = getattr(parameter.kwarg_definition, "name", None) or field
        words += hint(parameter.annotation, "", None)
    return Invalid(f"{field}: {words[:1].lower()}{words[1:]}" if field else words, field=field)


def _from_http(exception: HTTPException) -> LaurelError:
    if isinstance(exception, MethodNotAllowedException):
        allow = (exception.headers or {}).get("allow", "")
        if "GET" in allow.split(", "):
            allow += ", HEAD"
        return MethodNotAllowed("this route does not take this method", details={"allow": allow} if allow else None)
    if isinstance(exception, NotFoundException):
        return RouteNotFound("there is nothing at this address")
    if exception.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return BodyTooLarge("the body is too large", field="body")
    if exception.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        return UnsupportedMedia("the body is of a media type that this route does not read", field="Content-Type")
    if isinstance(exception, ClientException) or exception.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return MalformedBody(exception.detail or "the request cannot be read")
    return Unexpected("something went wrong on our side")

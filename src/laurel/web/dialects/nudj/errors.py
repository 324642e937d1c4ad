"""Refusals in the shape of tRPC: `{message, code, data: {httpStatus, path}}`, with the field in Nudj's spelling."""

import re
from http import HTTPStatus
from typing import Any, assert_never

from litestar import Request, Response

from laurel.base import json_text
from laurel.base.errors import Kind, LaurelError
from laurel.web.http_errors import shown
from laurel.web.problems import headers_of

_NOT_SIGNED_IN = "You must be logged in to access this endpoint."
_RENAMED = {
    "names": "details.title",
    "descriptions": "details.description",
    "images": "details",
    "period": "progressPeriod",
    "department": "communityId",
    "person": "userId",
    "reference": "externalTransactionReference",
    "assets_per_person_max": "maxAssetsPerUser",
    "entries_per_person_max": "maxEntriesPerUser",
    "asset_price": "assetPointsPrice",
    "entry_price": "entryPointsPrice",
    "unlock_keys": "unlockAmount",
}
_WHOLE_FIELDS = {
    "rewards.points": "pointsToDistribute",
    "rewards.xp.total": "bonusXpToDistribute",
    "rewards.selection_count": "rewardsConfig.amountToDistribute",
    "body.name": "eventName",
    "body.key": "idempotencyKey",
    "body.occurred_at": "occurredAt",
}
_CODES = {
    HTTPStatus.BAD_REQUEST: "BAD_REQUEST",
    HTTPStatus.UNAUTHORIZED: "UNAUTHORIZED",
    HTTPStatus.FORBIDDEN: "FORBIDDEN",
    HTTPStatus.NOT_FOUND: "NOT_FOUND",
    HTTPStatus.METHOD_NOT_ALLOWED: "METHOD_NOT_SUPPORTED",
    HTTPStatus.CONFLICT: "CONFLICT",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "PAYLOAD_TOO_LARGE",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "UNSUPPORTED_MEDIA_TYPE",
    HTTPStatus.TOO_MANY_REQUESTS: "TOO_MANY_REQUESTS",
    HTTPStatus.INTERNAL_SERVER_ERROR: "INTERNAL_SERVER_ERROR",
    HTTPStatus.SERVICE_UNAVAILABLE: "SERVICE_UNAVAILABLE",
}


def render_error(request: Request[Any, Any, Any], error: LaurelError) -> Response[bytes]:
    """`error` as tRPC's HTTP adapter shows it."""
    status = _status(error)
    data: dict[str, Any] = {"httpStatus": int(status), "path": _procedure(request)}
    message = error.message
    if error.kind is Kind.INVALID and status == HTTPStatus.BAD_REQUEST:
        field = _place(request, error.field)
        message = f"Invalid input: {message}{f' for {field}' if field else ''}"
        if field:
            data["field"] = field
    if error.kind is Kind.UNAUTHENTICATED and error.message == "an API key is needed":
        message = _NOT_SIGNED_IN
    if error.limit is not None:
        data["limit"] = error.limit
    if error.value is not None:
        data["value"] = shown(error.value)
    body = {"message": message, "code": _CODES[status], "data": data}
    return Response(
        json_text.encode(body), status_code=int(status), headers=headers_of(error), media_type="application/json"
    )


def _status(error: LaurelError) -> HTTPStatus:
    own: int | None = getattr(error, "http_status", None)
    if own is not None:
        return HTTPStatus(own)
    match error.kind:
        case Kind.INVALID:
            return HTTPStatus.BAD_REQUEST
        case Kind.UNAUTHENTICATED:
            return HTTPStatus.UNAUTHORIZED
        case Kind.FORBIDDEN:
            return HTTPStatus.FORBIDDEN
        case Kind.NOT_FOUND | Kind.GONE:
            return HTTPStatus.NOT_FOUND
        case Kind.CONFLICT:
            return HTTPStatus.CONFLICT
        case Kind.LIMITED:
            return HTTPStatus.TOO_MANY_REQUESTS
        case Kind.UNAVAILABLE:
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            assert_never(error.kind)


def _procedure(request: Request[Any, Any, Any]) -> str:
    """The procedure's camelCase name: the handler's own, or the path when no handler was reached."""
    handler: Any = request.scope.get("route_handler")
    if handler is None:
        return str(request.scope["path"])
    named: str | None = handler.opt.get("procedure")
    return named or camel(handler.handler_name.rpartition(".")[2])


def _place(request: Request[Any, Any, Any], field: str | None) -> str | None:
    """Where the fault lies: "body.criteria.parameters.value", "query.limit"."""
    if field is None or field == "body":
        return field
    if field in _WHOLE_FIELDS:
        return f"body.{_WHOLE_FIELDS[field]}"
    if request.method == "GET":
        return f"query.{field}"
    field = field.removeprefix("body.")
    return f"body.{wire_path(field)}"


def camel(name: str) -> str:
    """snake_case as camelCase."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def wire_path(field: str) -> str:
    """A domain path as Nudj spells it: names are renamed, snake case becomes camel case, and what is said of a criteria
    or query node lies in its `parameters`.
    """
    head, dot, rest = field.partition(".")
    bare, bracket, index = head.partition("[")
    renamed = _RENAMED.get(bare, camel(bare)) + bracket + index
    if bare == "names" and rest:
        return renamed
    if bare == "criteria" and rest and ".parameters" not in field and rest != "type":
        steps = re.findall(r"[^.]+", rest)
        return ".".join([renamed, *(f"parameters.{camel(step)}" for step in steps)])
    return renamed + dot + ".".join(camel(step) for step in rest.split("."))

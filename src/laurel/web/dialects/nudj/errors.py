"""Refusals in the shape of tRPC: `{message, code, data: {httpStatus, path}}`, with the field in Nudj's spelling."""

import re
from http import HTTPStatus
from typing import Any

from litestar import Request, Response

from laurel.base import json_text
from laurel.base.errors import Kind, LaurelError
from laurel.web.http_errors import shown, status_of
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
    "input": "actionInput",
    "method": "httpMethod",
    "retries_max": "maxRetries",
    "prizes": "rewardsConfig",
    "rules": "xpConfigs",
    "freezes_max": "maxFreezes",
    "freeze_every": "freezeEveryDays",
    "sub_categories": "triggerEvents.platform",
    "event_names": "triggerEvents.custom",
    "redemption": "redemptionConfig",
    "choice": "rewardIds",
    "kind": "allocationType",
    "display_name": "displayName",
}
_WHOLE_FIELDS = {
    "rewards.points": "pointsToDistribute",
    "rewards.xp.total": "bonusXpToDistribute",
    "rewards.selection_count": "rewardsConfig.amountToDistribute",
    "identifiers.external": "externalUserId",
    "identifiers.external_id": "externalUserId",
    "body.name": "eventName",
    "body.key": "idempotencyKey",
    "body.occurred_at": "occurredAt",
}
_QUERY_PARAMETERS = {
    "category": "eventCategory",
    "sub_category": "eventSubCategory",
    "event_name": "eventName",
    "source_id": "eventSourceId",
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
    field = _place(request, error.field)
    if field:
        data["field"] = field
    if error.kind is Kind.INVALID and status == HTTPStatus.BAD_REQUEST:
        message = f"Invalid input: {_unnamed(message, error.field)}{f' for {field}' if field else ''}"
    if error.kind is Kind.UNAUTHENTICATED and error.message == "an API key is needed":
        message = _NOT_SIGNED_IN
    if error.limit is not None:
        data["limit"] = error.limit
    if error.value is not None:
        data["value"] = shown(error.value)
    if error.details:
        data["details"] = error.details
    body = {
        "message": message,
        "code": _CODES.get(status, "INTERNAL_SERVER_ERROR" if status >= 500 else "BAD_REQUEST"),
        "data": data,
    }
    return Response(
        json_text.encode(body), status_code=int(status), headers=headers_of(error), media_type="application/json"
    )


def _status(error: LaurelError) -> HTTPStatus:
    """As everywhere, but tRPC calls what is wrong 400 and what is gone 404."""
    status = HTTPStatus(status_of(error))
    return {HTTPStatus.UNPROCESSABLE_ENTITY: HTTPStatus.BAD_REQUEST, HTTPStatus.GONE: HTTPStatus.NOT_FOUND}.get(
        status, status
    )


def _unnamed(message: str, field: str | None) -> str:
    """The message without the field that it begins with: Nudj says at the end which one it is, in its own spelling."""
    if field is None or not message.startswith(field):
        return message
    return message.removeprefix(field).lstrip(": ") or message


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
    if bare in ("names", "descriptions") and rest:
        return renamed
    if bare == "criteria" and rest and ".parameters" not in field and rest != "type":
        steps = re.findall(r"[^.]+", rest)
        return ".".join([renamed, *(f"parameters.{camel(step)}" for step in steps)])
    if bare == "queries" and rest and not rest.startswith(("alias", "type", "parameters", "isCommunityScoped")):
        step, more, further = rest.partition(".")
        return f"{renamed}.parameters.{_QUERY_PARAMETERS.get(step, camel(step))}{more}{further}"
    if bare == "actions" and rest.startswith(("names", "descriptions")):
        return f"{renamed}.{_RENAMED[rest.partition('.')[0]]}"
    if bare == "rules":
        return renamed + dot + _QUERY_PARAMETERS.get(rest, camel(rest))
    return renamed + dot + ".".join(camel(step) for step in rest.split("."))

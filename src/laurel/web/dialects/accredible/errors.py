"""How this product refuses: one body with all of its families in it, and the one text that its clients compare.

Clients look for `errors` (a text, or a hash of lists by field), `error`, `message`, or `success` with `data`: all are there.
"""

from http import HTTPStatus
from typing import Any

from litestar import Request, Response

from laurel.base import json_text
from laurel.base.errors import Invalid, Kind, LaurelError, NotFound
from laurel.web.http_errors import shown, status_of
from laurel.web.problems import headers_of

ACCESS_DENIED = b"HTTP Token: Access denied.\n"


class InvalidSearch(Invalid):
    """The search has an operator, a field, an order or a page that does not exist."""

    code = "invalid_search_query"
    http_status = HTTPStatus.BAD_REQUEST


class CredentialUnknown(NotFound):
    """No credential with this id in the caller's account."""

    code = "credential_unknown"


def credential_unknown(reference: str) -> CredentialUnknown:
    """No credential answers to `reference`."""
    return CredentialUnknown("No credential with the id given in your account", field="id", value=reference)


def not_there(what: str, reference: Any) -> NotFound:
    """A thing of this product that does not exist: "Group", "Evidence Item"."""
    return NotFound(f"{what} does not exist", field="id", value=reference, details={"errors": "Doesn't exist"})


def invalid_fields(errors: dict[str, list[str]], field: str | None = None) -> Invalid:
    """A refusal in the form of Rails: lists of sentences by field."""
    name, sentences = next(iter(errors.items()))
    return Invalid(f"{name} {sentences[0]}", field=field or name, details={"errors": errors})


def render_error(request: Request[Any, Any, Any], error: LaurelError) -> Response[bytes]:
    """`error` in all shapes at once."""
    headers = headers_of(error)
    if error.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Token realm="Application"'
        return Response(ACCESS_DENIED, status_code=HTTPStatus.UNAUTHORIZED, headers=headers, media_type="text/html")
    headers |= error.details.pop("headers", {})
    status = status_shown(error)
    return Response(
        json_text.encode(body_of(error, status, path=request.scope["path"])),
        status_code=status,
        headers=headers,
        media_type="application/json",
    )


def status_shown(error: LaurelError) -> int:
    """The status of a refusal: this product knows neither 409 nor 410."""
    status = status_of(error)
    if status == HTTPStatus.CONFLICT:
        return int(HTTPStatus.UNPROCESSABLE_ENTITY)
    return int(HTTPStatus.NOT_FOUND) if status == HTTPStatus.GONE else status


def body_of(error: LaurelError, status: int, *, path: str = "") -> dict[str, Any]:
    """The superset of this product's error bodies."""
    details = dict(error.details)
    details.pop("allow", None)
    message = "Internal server error" if status == HTTPStatus.INTERNAL_SERVER_ERROR else error.message
    errors = details.pop("errors", None)
    if errors is None:
        errors = {} if isinstance(error, InvalidSearch) else _errors_of(error, message, path)
    body: dict[str, Any] = {
        "success": False,
        "errors": errors,
        "error": details.pop("error", message),
        "message": message,
        "data": message,
        "code": status,
        "status": error.code,
    }
    if error.field is not None:
        body["field"] = error.field
    if error.limit is not None:
        body["limit"] = error.limit
    if error.value is not None:
        body["value"] = shown(error.value)
    return {**body, **details}


def _errors_of(error: LaurelError, message: str, path: str) -> Any:
    """A hash by field for what a field is to blame for, else the sentence. On credentials the sentence also stands under
    `credential`, where one of the clients looks for it.
    """
    if error.kind not in {Kind.INVALID, Kind.CONFLICT} or error.field is None:
        return message
    errors = {error.field: [message]}
    if path.startswith(("/v1/credentials", "/v2/credentials")):
        errors["credential"] = [message]
    return errors

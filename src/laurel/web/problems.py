"""RFC 9457 problem documents: how our own API refuses."""

from http import HTTPStatus
from math import ceil
from typing import Any

from litestar import Request, Response

from laurel.base import json_text
from laurel.base.errors import Kind, LaurelError
from laurel.web.http_errors import shown, status_of

MEDIA_TYPE = "application/problem+json"


def render_problem(request: Request[Any, Any, Any], error: LaurelError) -> Response[bytes]:
    """`error` as a problem document with the request's id."""
    status = status_of(error)
    body: dict[str, Any] = {
        "type": f"urn:laurel:problem:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.message,
        "code": error.code,
        "request_id": request.scope["state"].get("request_id"),
    }
    if error.field is not None:
        body["field"] = error.field
    if error.limit is not None:
        body["limit"] = error.limit
    if error.value is not None:
        body["value"] = shown(error.value)
    if error.details:
        body["details"] = error.details
    return Response(json_text.encode(body), status_code=status, headers=headers_of(error), media_type=MEDIA_TYPE)


def headers_of(error: LaurelError) -> dict[str, str]:
    """The headers that go with a refusal in any shape."""
    headers: dict[str, str] = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(max(1, ceil(error.retry_after_seconds)))
    if error.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="laurel"'
    if allow := error.details.get("allow"):
        headers["Allow"] = str(allow)
    return headers

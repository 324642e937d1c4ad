"""How the 1EdTech APIs refuse: imsx_StatusInfo. Source: Open Badges 3.0, section 6 (API); CLR 2.0, section 6."""

from typing import Any, assert_never

from litestar import Request, Response

from laurel.base.errors import Kind, LaurelError
from laurel.web.http_errors import MethodNotAllowed, UnsupportedMedia, status_of
from laurel.web.problems import headers_of


def render_error(request: Request[Any, Any, Any], error: LaurelError) -> Response[dict[str, Any]]:
    """A refusal as imsx_StatusInfo, with the field that is wrong where there is one."""
    status = status_of(error)
    status = 400 if status == 422 else status
    field = {"imsx_codeMinorFieldName": (error.field or "TargetEndSystem")[:200]}
    return Response(
        {
            "imsx_codeMajor": "unsupported" if isinstance(error, MethodNotAllowed) else "failure",
            "imsx_severity": "error",
            "imsx_description": error.message[:1_000],
            "imsx_codeMinor": {"imsx_codeMinorField": [{**field, "imsx_codeMinorFieldValue": _minor(error)}]},
        },
        status_code=status,
        headers=headers_of(error) | _challenge(request, error),
    )


def _challenge(request: Request[Any, Any, Any], error: LaurelError) -> dict[str, str]:
    """What was wrong with a token that came (RFC 6750, section 3.1): it is not valid, or lacks a scope."""
    if not request.headers.get("authorization"):
        return {}
    if error.kind is Kind.UNAUTHENTICATED:
        return {"WWW-Authenticate": 'Bearer realm="laurel", error="invalid_token"'}
    if error.kind is Kind.FORBIDDEN and (scope := error.details.get("scope")):
        return {"WWW-Authenticate": f'Bearer realm="laurel", error="insufficient_scope", scope="{scope}"'}
    return {}


def _minor(error: LaurelError) -> str:
    if isinstance(error, MethodNotAllowed):
        return "not_allowed"
    if isinstance(error, UnsupportedMedia):
        return "not_acceptable"
    match error.kind:
        case Kind.INVALID:
            return "invalid_query_parameter" if error.field in {"limit", "offset", "since"} else "invalid_data"
        case Kind.UNAUTHENTICATED:
            return "unauthorizedrequest"
        case Kind.FORBIDDEN:
            return "forbidden"
        case Kind.NOT_FOUND | Kind.GONE:
            return "not_found"
        case Kind.CONFLICT:
            return "invalid_data"
        case Kind.LIMITED:
            return "server_busy"
        case Kind.UNAVAILABLE:
            return "internal_server_error" if status_of(error) == 500 else "server_busy"
        case _:
            assert_never(error.kind)

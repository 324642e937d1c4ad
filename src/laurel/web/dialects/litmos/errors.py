"""Litmos's refusals: documented texts and statuses, in XML or JSON as the request asks."""

from typing import Any, ClassVar

from litestar import Request, Response

from laurel.base.errors import Forbidden, Invalid, Kind, LaurelError
from laurel.web.dialects.litmos.wire import render_detail, wants_json
from laurel.web.http_errors import Unexpected, shown, status_of
from laurel.web.problems import headers_of

BAD_REQUEST = "Bad Request. Please check that your URI and request body are properly formed."
BAD_KEY = (
    "The API key that you have used for this request is either not valid or your account is not enabled for API access."
)
NO_SOURCE = "Forbidden. Please check your API key, content-type, parameters, etc."
NOT_PERMITTED = "You do not have the proper permissions for this call."
TOO_MANY = "Service Unavailable. The API rating limit has been exceeded."
BAD_SINCE = (
    'Please provide a valid since parameter. Valid formats are  - "yyyy-MM-dd HH:mm:ss" or "yyyy-MM-dd HH:mm" '
    'or "yyyy-MM-dd"'
)
BAD_RANGE = "Please provide a valid since and to query string parameters"
FAILED = "Internal Server Error. The request could not be processed."

_SAYS_WHAT_IT_IS = frozenset({"source_missing", "dates_not_acceptable"})


class SourceMissing(Forbidden):
    """Litmos demands to know which application calls."""

    code = "source_missing"


class DatesNotAcceptable(Invalid):
    """A date parameter is absent or not in one of the documented forms."""

    code = "dates_not_acceptable"
    http_status: ClassVar[int] = 406


def render_error(request: Request[Any, Any, Any], error: LaurelError) -> Response[bytes]:
    """`error` with Litmos's status and words; what is wrong in particular follows them."""
    status, text = _status_and_text(error)
    as_json = wants_json(request)
    return Response(
        render_detail(text, as_json=as_json),
        status_code=status,
        media_type="application/json; charset=utf-8" if as_json else "application/xml; charset=utf-8",
        headers={name: value for name, value in headers_of(error).items() if name != "WWW-Authenticate"},
    )


def _status_and_text(error: LaurelError) -> tuple[int, str]:
    if isinstance(error, Unexpected):
        return 500, FAILED
    if error.code in _SAYS_WHAT_IT_IS:
        return status_of(error), error.message
    match error.kind:
        case Kind.UNAUTHENTICATED:
            return 401, BAD_KEY
        case Kind.FORBIDDEN:
            return 403, NOT_PERMITTED
        case Kind.NOT_FOUND | Kind.GONE:
            return 404, "Not Found" if error.code == "route_not_found" else error.message
        case Kind.CONFLICT:
            return 409, error.message
        case Kind.LIMITED:
            return 503, TOO_MANY
        case Kind.UNAVAILABLE:
            return 503, f"Service Unavailable. {error.message}."
        case Kind.INVALID:
            status = status_of(error)
            return 400 if status == 422 else status, f"{BAD_REQUEST} {_particulars(error)}"


def _particulars(error: LaurelError) -> str:
    value = "" if error.value is None else f" (it is {shown(error.value)!r})"
    return f"{error.message}{value}."

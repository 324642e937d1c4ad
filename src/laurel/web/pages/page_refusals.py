"""How a refusal looks to a person: a page, or a line when only a part of a page was asked for."""

from typing import Any

from litestar import Request, Response

from laurel.base.errors import Kind, LaurelError
from laurel.web.http_errors import Unexpected, status_of
from laurel.web.pages.rendered import show
from laurel.web.problems import headers_of, render_problem

_HEADINGS = {
    Kind.INVALID: "That cannot be done",
    Kind.UNAUTHENTICATED: "Please sign in",
    Kind.FORBIDDEN: "This is not open to you",
    Kind.NOT_FOUND: "There is nothing here",
    Kind.CONFLICT: "That contradicts what is recorded",
    Kind.GONE: "It is not here any more",
    Kind.LIMITED: "Too many tries",
    Kind.UNAVAILABLE: "Something does not answer",
}


def refuse(request: Request[Any, Any, Any], error: LaurelError) -> Response[bytes]:
    """A refusal as a page; as a line when only a part of a page was asked for; as a problem document to programs."""
    wants_page = "text/html" in request.headers.get("accept", "") or request.headers.get("hx-request") == "true"
    if not wants_page and not request.scope["path"].startswith("/console"):
        return render_problem(request, error)
    context = {
        "heading": "Something went wrong on our side" if isinstance(error, Unexpected) else _HEADINGS[error.kind],
        "message": error.message[:1].upper() + error.message[1:] + ("" if error.message.endswith(".") else "."),
        "request_id": request.scope["state"].get("request_id", ""),
        "back": "/console" if request.scope["path"].startswith("/console") else "/",
        "back_words": "To the dashboard" if request.scope["path"].startswith("/console") else "To the front page",
    }
    part = request.headers.get("hx-request") == "true"
    headers = {name: value for name, value in headers_of(error).items() if name != "WWW-Authenticate"}
    return show("error_part.html" if part else "error.html", status=status_of(error), headers=headers, **context)

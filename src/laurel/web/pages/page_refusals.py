"""How a refusal looks to a person: a page, or a line when only a part of a page was asked for."""

from typing import Any

from litestar import Request, Response

from laurel.base.errors import Kind, LaurelError
from laurel.web.http_errors import Unexpected, status_of
from laurel.web.pages.languages import LANGUAGES, direction_of, preferred, words_in
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
    headers = {name: value for name, value in headers_of(error).items() if name != "WWW-Authenticate"}
    request_id = request.scope["state"].get("request_id", "")
    if not request.scope["path"].startswith("/console"):
        return _refuse_in_public(request, error, headers, request_id)
    context = {
        "heading": "Something went wrong on our side" if isinstance(error, Unexpected) else _HEADINGS[error.kind],
        "message": _sentence(error.message),
        "request_id": request_id,
        "back": "/console",
        "back_words": "To the dashboard",
    }
    part = request.headers.get("hx-request") == "true"
    return show("error_part.html" if part else "error.html", status=status_of(error), headers=headers, **context)


def _refuse_in_public(
    request: Request[Any, Any, Any], error: LaurelError, headers: dict[str, str], request_id: str
) -> Response[bytes]:
    """The same in the reader's language; in English with the words of the refusal itself."""
    named = str(request.query_params.get("lang", ""))
    language = named if named in LANGUAGES else preferred(request.headers.get("accept-language", ""), "en")
    words, kind = words_in(language), "unexpected" if isinstance(error, Unexpected) else error.kind.value
    message = _sentence(error.message) if language == "en" else words[f"refused_{kind}_lead"]
    return show(
        "public/refused.html",
        status=status_of(error),
        headers=headers | {"Vary": "Accept-Language"},
        w=words,
        language=language,
        direction=direction_of(language),
        languages=LANGUAGES,
        here=request.scope["path"] if request.method == "GET" else "/",
        heading=words[f"refused_{kind}"],
        message=message,
        request_id=request_id,
    )


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:] + ("" if message.endswith(".") else ".")

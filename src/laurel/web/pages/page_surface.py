"""The pages as a surface: all routes, /static, the front door, and how a refusal looks to a person."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import Scope

from laurel.base.errors import Kind, LaurelError, NotFound, Unauthenticated
from laurel.base.limits import FORM_BYTES_MAX
from laurel.domain.access import sessions
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.web.http_errors import Unexpected, status_of
from laurel.web.pages import (
    console_access,
    console_achievements,
    console_credentials,
    console_door,
    console_issue,
    console_people,
    console_settings,
    console_start,
)
from laurel.web.pages.rendered import show, static_file
from laurel.web.pages.visits import SESSION, Visit, page
from laurel.web.problems import headers_of
from laurel.web.surfaces import Surface

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


@get("/static/{name:str}", include_in_schema=False)
async def show_static(name: FromPath[str]) -> Response[bytes]:
    """A stylesheet, script, font or drawing of ours; its address changes with it."""
    found = static_file(name)
    if found is None:
        raise NotFound("there is no such file")
    data, media_type, version = found
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{version}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type=media_type, headers=headers)


@page("/", door="open")
async def show_front(visit: Visit) -> Response[bytes]:
    """Where everybody comes in."""
    return visit.show("public/front.html")


def refuse(request: Request[Any, Any, Any], error: LaurelError) -> Response[bytes]:
    """A refusal as a page; as a line when only a part of a page was asked for."""
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


async def by_session(scope: Scope, parts: Parts) -> Caller:
    """The account whose session the request's cookie is. Raises Unauthenticated."""
    cookie = Request[Any, Any, Any](scope).cookies.get(SESSION, "")
    found = await sessions.recognise(parts.database, cookie, pepper=parts.pepper, now=parts.clock.now())
    if found is None:
        raise Unauthenticated("sign in first")
    return found.caller


SURFACE = Surface(
    name="pages",
    prefixes=("/console", "/static"),
    handlers=[
        show_static,
        show_front,
        *console_door.HANDLERS,
        *console_start.HANDLERS,
        *console_achievements.HANDLERS,
        *console_issue.HANDLERS,
        *console_credentials.HANDLERS,
        *console_people.HANDLERS,
        *console_settings.HANDLERS,
        *console_access.HANDLERS,
    ],
    render_error=refuse,
    authenticate=by_session,
    body_bytes_max=FORM_BYTES_MAX,
)

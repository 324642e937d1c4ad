"""The pages as a surface: all routes, /static, the front door, and how a refusal looks to a person."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import Scope

from laurel.base.errors import NotFound, Unauthenticated
from laurel.base.limits import FORM_BYTES_MAX
from laurel.domain.access import sessions
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.web.pages import (
    baked,
    console_access,
    console_achievement,
    console_achievements,
    console_applications,
    console_challenges,
    console_credentials,
    console_designs,
    console_door,
    console_endorsements,
    console_experience,
    console_identity,
    console_invitation,
    console_issue,
    console_leaderboards,
    console_letters,
    console_logo,
    console_people,
    console_provider,
    console_requests,
    console_rewards,
    console_settings,
    console_start,
    console_studio,
    own_texts,
    public_credential,
    verifier_page,
    wallet_binding,
    wallet_pages,
)
from laurel.web.pages.page_refusals import refuse
from laurel.web.pages.rendered import packed_file, static_file
from laurel.web.pages.visits import SESSION, Visit, page
from laurel.web.surfaces import Surface


@get("/static/{name:str}", include_in_schema=False)
async def show_static(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """A stylesheet, script, font or drawing of ours; its address changes with it."""
    found = static_file(name)
    if found is None:
        raise NotFound("there is no such file")
    data, media_type, version = found
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{version}"',
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    packed = packed_file(name) if "gzip" in request.headers.get("accept-encoding", "") else None
    if packed is not None:
        return Response(packed, media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(data, media_type=media_type, headers=headers)


@page("/", door="open")
async def show_front(visit: Visit) -> Response[bytes]:
    """Where everybody comes in."""
    return visit.show_in_public("public/front.html")


async def by_session(scope: Scope, parts: Parts) -> Caller:
    """The account whose session the request's cookie is. Raises Unauthenticated."""
    cookie = Request[Any, Any, Any](scope).cookies.get(SESSION, "")
    found = await sessions.recognise(parts.database, cookie, pepper=parts.pepper, now=parts.clock.now())
    if found is None:
        raise Unauthenticated("sign in first")
    return found.caller


SURFACE = Surface(
    name="pages",
    prefixes=("/console", "/static", "/c", "/i", "/a", "/wallet", "/letters"),
    handlers=[
        show_static,
        show_front,
        *console_door.HANDLERS,
        *console_provider.HANDLERS,
        *console_identity.HANDLERS,
        *console_invitation.HANDLERS,
        *console_letters.HANDLERS,
        *console_logo.HANDLERS,
        *console_start.HANDLERS,
        *console_achievements.HANDLERS,
        *console_achievement.HANDLERS,
        *console_endorsements.HANDLERS,
        *console_issue.HANDLERS,
        *console_credentials.HANDLERS,
        *console_designs.HANDLERS,
        *console_studio.HANDLERS,
        *console_people.HANDLERS,
        *console_settings.HANDLERS,
        *console_access.HANDLERS,
        *console_applications.HANDLERS,
        *public_credential.HANDLERS,
        *baked.HANDLERS,
        *verifier_page.HANDLERS,
        *own_texts.HANDLERS,
        *wallet_pages.HANDLERS,
        *wallet_binding.HANDLERS,
        *console_requests.HANDLERS,
        *console_rewards.HANDLERS,
        *console_leaderboards.HANDLERS,
        *console_challenges.HANDLERS,
        *console_experience.HANDLERS,
    ],
    render_error=refuse,
    authenticate=by_session,
    body_bytes_max=FORM_BYTES_MAX,
    hot=public_credential.HOT,
)

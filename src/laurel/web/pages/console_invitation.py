"""/console/invitation: somebody who was invited chooses a password, or goes on to the identity provider."""

from litestar import Response

from laurel.base.errors import LaurelError
from laurel.domain.access import invitations
from laurel.domain.access.invitations import Invited
from laurel.domain.access.model import LinkNotValid
from laurel.domain.single_sign_on import finding
from laurel.web.pages import browser_sessions
from laurel.web.pages.console_door import count_failure, throttle
from laurel.web.pages.visits import Visit, page


async def _show(visit: Visit, link: str, error: LaurelError | None = None) -> Response[bytes]:
    """The invitation, as far as the link is still one."""
    parts, invited, door = visit.parts, None, None
    try:
        invited = await _opened(visit, link)
        door = await finding.of_organisation(parts.database, invited.organisation.id)
    except LinkNotValid as refused:
        error = error or refused
    response = visit.show("console/invitation.html", error=error, invited=invited, door=door, link=link)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


async def _opened(visit: Visit, link: str) -> Invited:
    parts = visit.parts
    counted = throttle(visit, purpose="invitation ")
    try:
        return await invitations.opened(parts.database, parts.pepper, link, parts.clock.now())
    except LinkNotValid:
        count_failure(counted)
        raise


@page("/console/invitation", door="open")
async def show_invitation(visit: Visit) -> Response[bytes]:
    """Opening it changes nothing, so that programs which look at the links of letters use none up."""
    return await _show(visit, visit.asked("link"))


@page("/console/invitation", door="open", post=True)
async def accept_invitation(visit: Visit) -> Response[bytes]:
    """Set the password, and be signed in with it."""
    form, parts = visit.form, visit.parts
    try:
        await _opened(visit, form.get("link"))
        session = await invitations.accept(
            parts.database, parts.pepper, form.get("link"), form.raw("password"), parts.clock.now()
        )
    except LaurelError as refused:
        return await _show(visit, form.get("link"), refused)
    return await browser_sessions.enter(visit, [session.cookie], kept="", next_address="/console")


HANDLERS = (show_invitation, accept_invitation)

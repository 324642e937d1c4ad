"""/console/sign-in/…: signing in through an organisation's identity provider.

A form begins it (only our own page may), a page of ours leads on, and the provider sends the browser back with a GET.
"""

from litestar import Response

from laurel.base.errors import LaurelError, NotFound
from laurel.base.limits import SIGN_IN_ATTEMPT_SECONDS
from laurel.domain.single_sign_on import finding, signing_in
from laurel.domain.single_sign_on.finding import Door
from laurel.domain.single_sign_on.signing_in import Returned
from laurel.web.pages import browser_sessions
from laurel.web.pages.console_door import count_failure, throttle
from laurel.web.pages.recipients import checked_email
from laurel.web.pages.visits import SIGNING_IN, Visit, page, show_door


def _show_doors(
    visit: Visit, doors: list[Door] | None, error: LaurelError | None = None, *, alone: bool = False
) -> Response[bytes]:
    return visit.show(
        "console/provider.html",
        error=error,
        doors=doors,
        alone=alone,
        email=visit.form.get("email"),
        kept=visit.form.get("kept"),
        next=visit.form.get("next") or visit.asked("next"),
    )


@page("/console/sign-in/organisation", door="open")
async def show_provider_search(visit: Visit) -> Response[bytes]:
    """Asks for an address, of which the domain says where to go."""
    return _show_doors(visit, None)


@page("/console/sign-in/organisation", door="open", post=True)
async def find_provider(visit: Visit) -> Response[bytes]:
    """The organisations that take addresses of this domain; or the form again, with an interrupted form carried along."""
    if not visit.form.get("email") and not visit.form.get("search"):
        return _show_doors(visit, None)
    try:
        found = await finding.by_address(visit.parts.database, checked_email(visit.form.get("email")))
        if not found:
            raise NotFound(
                "no organisation here signs in that way with addresses of this domain; ask yours for its own link",
                field="email",
            )
    except LaurelError as refused:
        return _show_doors(visit, None, refused)
    return _show_doors(visit, found)


@page("/console/sign-in/at/{organisation:str}", door="open")
async def show_own_door(visit: Visit) -> Response[bytes]:
    """The door of one organisation, as it may link to it."""
    found = await finding.by_slug(visit.parts.database, visit.path("organisation"))
    if found is None:
        raise NotFound("this organisation does not sign in through an identity provider", field="organisation")
    return _show_doors(visit, [found], alone=True)


@page("/console/sign-in/begin", door="open", post=True)
async def begin_sign_in(visit: Visit) -> Response[bytes]:
    """Lead on to the provider. A page of ours does, because forms may not be answered with other sites' addresses."""
    form = visit.form
    found: Door | None = None
    try:
        count_failure(throttle(visit, purpose="begin "))
        found = await finding.by_slug(visit.parts.database, form.get("organisation"))
        if found is None:
            raise NotFound("this organisation does not sign in through an identity provider", field="organisation")
        begun = await signing_in.begin(
            visit.parts, found.organisation_id, next_address=form.get("next"), kept=form.get("kept")
        )
    except LaurelError as refused:
        refused.field = None
        return await show_door(visit, refused, kept=form.get("kept"), next_address=form.get("next"))
    visit.remember(SIGNING_IN, begun.cookie, seconds=SIGN_IN_ATTEMPT_SECONDS)
    response = visit.show("console/going.html", address=begun.address, door=found)
    response.headers["Refresh"] = f"0; url={begun.address}"
    return response


@page("/console/sign-in/callback", door="open")
async def finish_sign_in(visit: Visit) -> Response[bytes]:
    """Where the provider sends the browser back to."""
    returned = Returned(visit.asked("state"), visit.asked("code"), visit.asked("iss"), visit.asked("error"))
    cookie = visit.request.cookies.get(SIGNING_IN, "")
    visit.remember(SIGNING_IN, "", seconds=0)
    counted: list[str] = []
    try:
        counted = throttle(visit)
        finished = await signing_in.finish(visit.parts, returned, cookie)
    except LaurelError as refused:
        count_failure(counted)
        refused.field = None
        return await show_door(visit, refused)
    attempt = finished.attempt
    return await browser_sessions.enter(
        visit, [finished.opened.cookie], kept=attempt.kept, next_address=attempt.next_address
    )


HANDLERS = (show_provider_search, find_provider, show_own_door, begin_sign_in, finish_sign_in)

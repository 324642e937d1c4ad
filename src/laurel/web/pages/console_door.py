"""/console/sign-in and out, /console/organisations: sessions of accounts, with an interrupted form carried along."""

from typing import Any

from litestar import Response

from laurel.base.errors import LaurelError, Limited, NotFound
from laurel.domain.access import sessions
from laurel.domain.access.model import SignInRefused
from laurel.domain.organisations import sign_in
from laurel.domain.single_sign_on import signing_in
from laurel.web.callers import FAILURES_PER_MINUTE_MAX, Failures
from laurel.web.pages import browser_sessions
from laurel.web.pages.visits import SESSION, Visit, local, page, show_door

_failures = Failures()


def throttle(visit: Visit, *names: str, purpose: str = "") -> list[str]:
    """What failures of this visit are counted under: its address (for a purpose), and `names`. Raises Limited after too
    many.
    """
    client = (visit.request.scope.get("client") or ("unknown", 0))[0]
    counted = [f"{purpose}{client}", *names]
    if any(_failures.too_many(name) for name in counted):
        raise Limited(
            "too many failed attempts: wait a minute, then try again",
            field="password",
            limit=FAILURES_PER_MINUTE_MAX,
            retry_after_seconds=60,
        )
    return counted


def count_failure(names: list[str]) -> None:
    """Count a failure under each of the names."""
    for name in names:
        _failures.add(name)


@page("/console/sign-in", door="open")
async def show_sign_in(visit: Visit) -> Response[bytes]:
    """The form; who is signed in may come here for another organisation."""
    if visit.signed_in is not None and not visit.asked("another"):
        return visit.to(local(visit.asked("next")))
    return await show_door(visit, next_address=visit.asked("next"))


@page("/console/sign-in", door="open", post=True)
async def sign_in_with_password(visit: Visit) -> Response[bytes]:
    """Open a session; go on to where the visitor wanted, or offer the interrupted form again."""
    form, parts = visit.form, visit.parts
    email = form.get("email").lower()
    counted: list[str] = []
    try:
        counted = throttle(visit, f"address {email}")
        opened = await sessions.open_with_password(
            parts.database, email=email, password=form.raw("password"), pepper=parts.pepper, now=parts.clock.now()
        )
    except LaurelError as refused:
        if isinstance(refused, SignInRefused):
            count_failure(counted)
        return await show_door(visit, refused, kept=form.get("kept"), next_address=form.get("next"))
    cookies = [session.cookie for _, session in opened]
    return await browser_sessions.enter(visit, cookies, kept=form.get("kept"), next_address=form.get("next"))


@page("/console/sign-out", post=True)
async def sign_out(visit: Visit) -> Response[bytes]:
    """End every session of this browser; offer the provider's own way out to those who came through it."""
    async with visit.transaction() as tx:
        leave = await signing_in.leave_address(tx, visit.account)
    for one in await browser_sessions.held(visit):
        async with visit.parts.database.transaction(one.signed_in.organisation.id) as tx:
            await sessions.close(tx, one.signed_in.session)
    visit.remember(SESSION, "", seconds=0)
    browser_sessions.hold(visit, [])
    if leave is None:
        return visit.to("/console/sign-in", "You are signed out.")
    visit.signed_in = None
    return visit.show("console/signed_out.html", leave=leave)


# ------------------------------------------------------------------------------------------------------- organisations
@page("/console/organisations", door="open")
async def show_organisations(visit: Visit) -> Response[bytes]:
    """Where this browser may go."""
    if not await browser_sessions.held(visit):
        return visit.to("/console/sign-in")
    return await browser_sessions.show_choice(visit, next_address=visit.asked("next"))


@page("/console/organisations", door="open", post=True)
async def choose_organisation(visit: Visit) -> Response[bytes]:
    """Put the session of another organisation in use."""
    known = await browser_sessions.held(visit)
    if not known:
        return await show_door(visit, kept=visit.form.get("kept"), ended=True)
    wanted = next((one for one in known if one.signed_in.organisation.uid == visit.form.get("organisation")), None)
    if wanted is None:
        raise NotFound("you are not signed in to this organisation; sign in to it first", field="organisation")
    await browser_sessions.use(visit, wanted.cookie, [one.cookie for one in known])
    return browser_sessions.go_on(visit, kept=visit.form.get("kept"), next_address=visit.form.get("next"))


@page("/console/account")
async def show_account_form(visit: Visit) -> Response[bytes]:
    """One's own name and password."""
    return visit.show("console/account.html")


@page("/console/account", post=True)
async def change_own_account(visit: Visit) -> Response[bytes]:
    """Change one's own name, or password with the present one."""
    form, now = visit.form, visit.parts.clock.now()
    changes: dict[str, Any] = {}
    try:
        async with visit.transaction() as tx:
            if form.get("new_password"):
                present = await sign_in.account_with_password(
                    tx, email=visit.account.email, password=form.raw("password"), now=now
                )
                if present is None:
                    raise SignInRefused("the present password is not right", field="password")
                changes["password"] = form.raw("new_password")
            if form.get("name") != visit.account.name:
                changes["name"] = form.get("name")
            if changes:
                await sign_in.change_account(
                    tx, visit.account.uid, by=f"account:{visit.account.uid}", now=now, **changes
                )
            if "password" in changes and visit.signed_in is not None:
                await sessions.close_others(tx, visit.signed_in.session)
    except LaurelError as refused:
        if refused.field == "password" and form.get("new_password") and not isinstance(refused, SignInRefused):
            refused.field = "new_password"
        return visit.show("console/account.html", error=refused)
    return visit.to("/console/account", "Saved." if changes else "Nothing was changed.")


HANDLERS = (
    show_sign_in,
    sign_in_with_password,
    sign_out,
    show_organisations,
    choose_organisation,
    show_account_form,
    change_own_account,
)

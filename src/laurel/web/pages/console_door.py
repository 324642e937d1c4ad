"""/console/sign-in and out: sessions of accounts, with a form that was interrupted carried along."""

import contextlib
from typing import Any

import msgspec
from litestar import Response

from laurel.base.errors import LaurelError, Limited
from laurel.base.limits import SESSION_SECONDS_MAX
from laurel.domain.access import sessions
from laurel.domain.access.model import SignedIn, SignInRefused
from laurel.domain.access.sessions import Opened
from laurel.domain.organisations import sign_in
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Account
from laurel.web.callers import FAILURES_PER_MINUTE_MAX, Failures
from laurel.web.pages.visits import SESSION, Visit, local, page

_failures = Failures()


class Kept(msgspec.Struct):
    """A form that could not be taken: where it was going and what it says."""

    path: str
    fields: list[tuple[str, str]]


@page("/console/sign-in", door="open")
async def show_sign_in(visit: Visit) -> Response[bytes]:
    """The form to sign in with."""
    if visit.signed_in is not None:
        return visit.to(local(visit.asked("next")))
    return visit.show("console/sign_in.html", kept="", next=visit.asked("next"), ended=False)


@page("/console/sign-in", door="open", post=True)
async def sign_in_with_password(visit: Visit) -> Response[bytes]:
    """Open a session; go on to where the visitor wanted, or offer the interrupted form again."""
    form, parts = visit.form, visit.parts
    email, next_address = form.get("email").lower(), form.get("next")
    client = (visit.request.scope.get("client") or ("unknown", 0))[0]
    try:
        for name in (client, f"address {email}"):
            if _failures.too_many(name):
                raise Limited(
                    "too many failed attempts: wait a minute, then try again",
                    field="password",
                    limit=FAILURES_PER_MINUTE_MAX,
                    retry_after_seconds=60,
                )
        opened = await sessions.open_with_password(
            parts.database, email=email, password=form.raw("password"), pepper=parts.pepper, now=parts.clock.now()
        )
    except LaurelError as refused:
        if isinstance(refused, SignInRefused):
            _failures.add(client)
            _failures.add(f"address {email}")
        return visit.show("console/sign_in.html", error=refused, kept=form.get("kept"), next=next_address, ended=False)
    account, session = opened[0]
    return await _enter(visit, account, session, kept=form.get("kept"), next_address=next_address)


async def _enter(visit: Visit, account: Account, opened: Opened, *, kept: str, next_address: str) -> Response[bytes]:
    visit.remember(SESSION, opened.cookie, seconds=SESSION_SECONDS_MAX)
    interrupted: Kept | None = None
    with contextlib.suppress(msgspec.MsgspecError):
        interrupted = msgspec.json.decode(kept.encode(), type=Kept) if kept else None
    if interrupted is None or local(interrupted.path, "") == "":
        return visit.to(local(next_address))
    async with visit.parts.database.transaction(opened.session.organisation_id) as tx:
        organisation = await organisations.organisation(tx)
    visit.signed_in = SignedIn(session=opened.session, account=account, organisation=organisation)
    visit.request.cookies[SESSION] = opened.cookie
    return visit.show("console/send_again.html", kept=kept, target=interrupted.path, fields=interrupted.fields)


@page("/console/sign-out", post=True)
async def sign_out(visit: Visit) -> Response[bytes]:
    """End the session."""
    if visit.signed_in is not None:
        async with visit.transaction() as tx:
            await sessions.close(tx, visit.signed_in.session)
    visit.remember(SESSION, "", seconds=0)
    return visit.to("/console/sign-in", "You are signed out.")


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


HANDLERS = (show_sign_in, sign_in_with_password, sign_out, show_account_form, change_own_account)

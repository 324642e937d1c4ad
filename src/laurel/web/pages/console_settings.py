"""/console/settings, team, audit: how the organisation presents itself and who runs it."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.base.limits import NAME_LENGTH_MAX, check_length
from laurel.base.times import time_zones
from laurel.domain.access import invitations
from laurel.domain.achievements.periods import midnight, zone
from laurel.domain.letters.sending import SWITCH
from laurel.domain.organisations import sign_in, tenancy
from laurel.domain.organisations.accounts import store as account_store
from laurel.domain.organisations.api_keys import store as api_keys
from laurel.domain.organisations.audit_trail import store as audit_trail
from laurel.domain.organisations.audit_trail.store import AuditFilter
from laurel.domain.organisations.branding import BRANDING, branding_of, checked_colour
from laurel.domain.organisations.model import Account
from laurel.domain.organisations.sign_in import ROLES
from laurel.domain.single_sign_on import store as single_sign_on
from laurel.web.pages.languages import LANGUAGES
from laurel.web.pages.visits import Visit, page

_PAGE = 50
_TEAM_MAX = 500
_KEYS_MAX = 500
_TEXTS = ("name", "description", "url", "email", "image", "time_zone", "language")
_BRANDS = ("colour", "signatory", "signatory_title", "mail_greeting")


def _show_settings(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    organisation, form = visit.organisation, visit.form
    branding = branding_of(organisation)
    values = {name: form.get(name) if form.values else (getattr(organisation, name) or "") for name in _TEXTS}
    values |= {name: form.get(name) if form.values else str(branding.get(name) or "") for name in _BRANDS}
    letters = form.ticked("letters") if form.values else organisation.settings.get(SWITCH, True) is not False
    return visit.show(
        "console/settings.html",
        error=error,
        letters=letters,
        values=values,
        zones=[(name, name) for name in sorted(time_zones()) if "/" in name or name == "UTC"],
        languages=list(LANGUAGES.items()),
    )


@page("/console/settings", needs="organisation:write")
async def show_settings(visit: Visit) -> Response[bytes]:
    """Name, colours, language."""
    return _show_settings(visit)


@page("/console/settings", needs="organisation:write", post=True)
async def change_settings(visit: Visit) -> Response[bytes]:
    """Save them."""
    form, now = visit.form, visit.parts.clock.now()
    try:
        changes: dict[str, Any] = {name: form.get(name) for name in _TEXTS}
        for name in ("url", "email", "image"):
            changes[name] = changes[name] or None
        branding: dict[str, Any] = {
            name: check_length(form.get(name), NAME_LENGTH_MAX, name) or None for name in _BRANDS if name != "colour"
        }
        if form.ticked("own_colour"):
            branding["colour"] = checked_colour(form.get("colour"), "colour")
        async with visit.transaction() as tx:
            settings = {
                **visit.organisation.settings,
                BRANDING: {k: v for k, v in branding.items() if v},
                SWITCH: form.ticked("letters"),
            }
            await tenancy.change_organisation(tx, {**changes, "settings": settings}, by=visit.caller, now=now)
    except LaurelError as refused:
        return _show_settings(visit, refused)
    return visit.to("/console/settings", "Saved.")


# ---------------------------------------------------------------------------------------------------------------- team
async def _show_team(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    async with visit.transaction() as tx:
        accounts = await account_store.page(tx, after=0, limit=_TEAM_MAX)
        provider = await single_sign_on.provider(tx)
        linked = await single_sign_on.linked_accounts(tx, provider.issuer) if provider is not None else {}
    return visit.show(
        "console/team.html", error=error, accounts=accounts, linked=linked, roles=[(role, role) for role in ROLES]
    )


@page("/console/team", needs="accounts:read")
async def show_team(visit: Visit) -> Response[bytes]:
    """Who runs the organisation."""
    return await _show_team(visit)


@page("/console/team", needs="accounts:write", post=True)
async def add_to_team(visit: Visit) -> Response[bytes]:
    """Make an account; without a password for them they are invited by letter."""
    form, now = visit.form, visit.parts.clock.now()
    try:
        async with visit.transaction() as tx:
            added = await sign_in.add_account(
                tx,
                email=form.get("email"),
                name=form.get("name"),
                role=form.get("role"),
                password=form.raw("password") or None,
                by=visit.caller,
                now=now,
            )
            if not added.has_password:
                await invitations.invite(tx, added, by=visit.caller, now=now)
    except LaurelError as refused:
        return await _show_team(visit, refused)
    return visit.to(
        "/console/team", "The account is made." if added.has_password else f"A letter goes to {added.email}."
    )


@page("/console/team/{account:str}/invite", needs="accounts:write", post=True)
async def invite_again(visit: Visit) -> Response[bytes]:
    """Send a new link; the one before it opens nothing any more."""
    try:
        async with visit.transaction() as tx:
            account = await sign_in.find_account(tx, visit.path("account"))
            await invitations.invite(tx, account, by=visit.caller, now=visit.parts.clock.now())
    except LaurelError as refused:
        refused.field = None
        return await _show_team(visit, refused)
    return visit.to("/console/team", f"A letter goes to {account.email}.")


@page("/console/team/{account:str}", needs="accounts:write", post=True)
async def change_team(visit: Visit) -> Response[bytes]:
    """Change a role, or remove an account."""
    uid, now = visit.path("account"), visit.parts.clock.now()
    try:
        async with visit.transaction() as tx:
            if visit.form.get("change") == "remove":
                _not_oneself(visit.account, uid)
                await sign_in.remove_account(tx, uid, by=visit.caller, now=now)
            else:
                await sign_in.change_account(tx, uid, by=visit.caller, now=now, role=visit.form.get("role"))
    except LaurelError as refused:
        refused.field = None
        return await _show_team(visit, refused)
    return visit.to("/console/team", "Saved.")


def _not_oneself(account: Account, uid: str) -> None:
    if account.uid == uid:
        raise Invalid("you cannot remove yourself")


# --------------------------------------------------------------------------------------------------------------- audit
@page("/console/audit", needs="audit:read")
async def show_audit(visit: Visit) -> Response[bytes]:
    """Who did what to what."""
    asked = {name: visit.asked(name) for name in ("who", "action", "kind", "subject", "since", "until")}
    trouble, since, until = "", None, None
    try:
        since = _day_start(visit, asked["since"], "since")
        until = _day_start(visit, asked["until"], "until", days=1)
    except Invalid as refused:
        trouble = refused.message
    wanted = AuditFilter(
        actor=asked["who"] or None,
        action=asked["action"] or None,
        subject_kind=asked["kind"] or None,
        subject_uid=asked["subject"] or None,
        since=since,
        until=until,
    )
    async with visit.transaction() as tx:
        entries = await audit_trail.newest(tx, wanted, before=visit.cursor(), limit=_PAGE + 1)
        accounts = {f"account:{one.uid}": one.name for one in await account_store.page(tx, after=0, limit=_TEAM_MAX)}
        accounts |= {f"key:{one.uid}": f"key {one.name}" for one in await api_keys.page(tx, after=0, limit=_KEYS_MAX)}
    return visit.show(
        "console/audit.html",
        entries=entries[:_PAGE],
        next=visit.next_after(entries, _PAGE),
        accounts=accounts,
        asked=asked,
        keep="".join(f"&{name}={quote(value)}" for name, value in asked.items() if value),
        trouble=trouble,
    )


def _day_start(visit: Visit, text: str, field: str, *, days: int = 0) -> datetime | None:
    """The instant at which a day (or the one so many days later) begins in the organisation's time zone."""
    try:
        return (
            midnight(date.fromisoformat(text) + timedelta(days=days), zone(visit.organisation.time_zone))
            if text
            else None
        )
    except (ValueError, OverflowError):
        raise Invalid("say a day such as 2026-03-14", field=field, value=text[:30]) from None


HANDLERS = (show_settings, change_settings, show_team, add_to_team, invite_again, change_team, show_audit)

"""/console/issue: one credential by hand, or many from a list with a preview of its mistakes and a bar of its progress."""

from datetime import UTC, date, datetime, time
from typing import Any

from litestar import Response

from laurel.base.errors import AlreadyHeld, Invalid, LaurelError
from laurel.base.limits import ROSTER_BYTES_MAX, ROSTER_ROWS_MAX
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import Achievement
from laurel.domain.organisations import audit
from laurel.domain.people import registry
from laurel.domain.record_events.award import Gift, give
from laurel.domain.record_events.races import run_again_on_races
from laurel.domain.record_events.run import Run
from laurel.domain.rosters import issuing
from laurel.domain.rosters.csv_lines import ENCODINGS, read_lines, text_of
from laurel.web.pages.recipients import recipient_of
from laurel.web.pages.visits import Visit, page

_OFFERED_MAX = 500


async def _offered(tx: Transaction) -> list[Achievement]:
    """What can be issued: everything that is not archived."""
    found = await achievements.list_newest(tx, before_id=None, limit=_OFFERED_MAX)
    return [one for one in found if one.status != "archived"]


@page("/console/issue", needs="awards:write")
async def show_issue_form(visit: Visit) -> Response[bytes]:
    """For whom, and what for."""
    return await _show(visit)


async def _show(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    form = visit.form
    recipient, email = form.get("recipient"), form.get("email")
    async with visit.transaction() as tx:
        offered = await _offered(tx)
        if visit.asked("person"):
            person = await registry.require(tx, visit.asked("person"))
            recipient, email = recipient or person.full_name, email or (person.email or "")
    return visit.show(
        "console/issue.html",
        error=error,
        offered=offered,
        chosen=form.get("achievement") or visit.asked("achievement"),
        recipient=recipient,
        email=email,
        today=visit.parts.clock.now().date().isoformat(),
        once=form.get("once") or visit.new_once(),
    )


def _day(text: str, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("this must be a date such as 2026-03-14", field=field, value=text[:30]) from None


@page("/console/issue", needs="awards:write", post=True)
async def issue_one(visit: Visit) -> Response[bytes]:
    """Give it, and show the credential."""
    form, parts = visit.form, visit.parts

    async def work(tx: Transaction, _careful: bool) -> str:
        if (before := await visit.led_to(tx)) is not None:
            return before
        now = parts.clock.now()
        wanted = await definitions.require(tx, form.get("achievement"))
        issued_on, expires_on = _day(form.get("issued_on"), "issued_on"), _day(form.get("expires_on"), "expires_on")
        if expires_on is not None and expires_on < (issued_on or now.date()):
            raise Invalid("it cannot end before it begins", field="expires_on", value=form.get("expires_on"))
        person = await recipient_of(tx, form.get("email"), form.get("recipient"), now)
        overrides: dict[str, Any] = {}
        if form.get("recipient"):
            overrides["recipient_name"] = form.get("recipient")
        if form.get("remark"):
            overrides["narrative"] = form.get("remark")
        if form.get("evidence"):
            overrides["evidence"] = [_evidence(form.get("evidence"))]
        run = await Run.begin(tx, parts.spine, quiet=form.ticked("quiet"), now=now)
        gift = Gift(
            person=person,
            achievement=wanted,
            awarded_at=now,
            source="console",
            credential=True,
            overrides=overrides,
            again=form.ticked("again"),
            private=True if form.ticked("private") else None,
            issued_on=issued_on,
            expires_at=datetime.combine(expires_on, time.max, UTC) if expires_on else None,
        )
        (given,) = await give(run, [gift])
        await run.save()
        await audit.record(tx, at=now, by=visit.caller, action="award.give", subject=("award", given.award.uid))
        address = f"/console/credentials/{given.credential.uid if given.credential else ''}"
        await visit.note_sent(tx, address)
        return address

    try:
        address = await run_again_on_races(parts.spine, visit.organisation_id, work)
    except AlreadyHeld as held:
        held.field = "email"
        held.message = "this person holds it already; tick the box below to give it once more"
        return await _show(visit, held)
    except LaurelError as refused:
        return await _show(visit, refused)
    return visit.to(address, "The credential is issued.")


def _evidence(address: str) -> dict[str, Any]:
    if not address.startswith(("https://", "http://")):
        raise Invalid("evidence must be a web address that begins with https://", field="evidence", value=address[:100])
    return {"id": address, "name": address}


# ---------------------------------------------------------------------------------------------------------------- many
@page("/console/issue/many", needs="awards:write")
async def show_many_form(visit: Visit) -> Response[bytes]:
    """The list."""
    return await _show_many(visit)


async def _show_many(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    async with visit.transaction() as tx:
        offered = await _offered(tx)
    return visit.show(
        "console/issue_many.html",
        error=error,
        offered=offered,
        chosen=visit.form.get("achievement") or visit.asked("achievement"),
        encodings=list(ENCODINGS.items()),
        rows_max=ROSTER_ROWS_MAX,
        megabytes_max=ROSTER_BYTES_MAX // 1024 // 1024,
    )


@page("/console/issue/many", needs="awards:write", post=True)
async def preview_many(visit: Visit) -> Response[bytes]:
    """What the list says, with its mistakes, before anything is given."""
    form = visit.form
    try:
        async with visit.transaction() as tx:
            wanted = await definitions.require(tx, form.get("achievement"))
        file = form.files.get("file")
        data = await file.read() if file is not None and file.filename else b""
        text = text_of(data, form.get("encoding")) if data else form.get("list")
        reading = read_lines(text)
    except LaurelError as refused:
        return await _show_many(visit, refused)
    return visit.show("console/issue_preview.html", wanted=wanted, reading=reading, list=text, once=visit.new_once())


@page("/console/issue/start", needs="awards:write", post=True)
async def start_many(visit: Visit) -> Response[bytes]:
    """Begin; the page that follows shows how far it is."""
    form = visit.form
    try:
        reading = read_lines(form.get("list"))
        async with visit.transaction() as tx:
            wanted = await definitions.require(tx, form.get("achievement"))
            roster = await issuing.start(
                tx,
                wanted,
                reading.lines,
                uid=visit.once(),
                actor=visit.caller.actor,
                now=visit.parts.clock.now(),
            )
    except LaurelError as refused:
        return await _show_many(visit, refused)
    return visit.to(f"/console/issue/lists/{roster.uid}")


@page("/console/issue/lists/{roster:str}", needs="awards:write")
async def show_roster(visit: Visit) -> Response[bytes]:
    """How far a list is; only the bar when the page asks for news."""
    async with visit.transaction() as tx:
        roster = await issuing.require(tx, visit.path("roster"))
        wanted = (await achievements.find_many(tx, [roster.achievement_id]))[roster.achievement_id]
    template = "console/roster_progress.html" if visit.htmx else "console/roster.html"
    return visit.show(template, roster=roster, wanted=wanted)


HANDLERS = (show_issue_form, issue_one, show_many_form, preview_many, start_many, show_roster)

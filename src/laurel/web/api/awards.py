"""/api/v1/awards and what belongs to a person: progress, awards, ledger, balances."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from laurel.base.errors import Forbidden
from laurel.base.limits import PAGE_SIZE_MAX, check_count
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions, store
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Award, AwardNotFound
from laurel.domain.achievements.standing import standings
from laurel.domain.credentials import store as credentials
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Caller
from laurel.domain.people import registry
from laurel.domain.people import store as people
from laurel.domain.record_events import claim as claims
from laurel.domain.record_events import revoke as revocations
from laurel.domain.record_events.consequences import Made
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.rewards.model import LedgerEntry
from laurel.web.api.progress_wire import AwardOut, ProgressOut, UnlockOut, render_award, render_standing, render_unlock
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor

_CHOICE_MAX = 50
InState = Annotated[Literal["pending", "active", "revoked"] | None, QueryParameter(name="state")]


async def _render_awards(tx: Transaction, found: list[Award]) -> list[AwardOut]:
    achievements = await definitions.uids_of(tx, sorted({award.achievement_id for award in found}))
    known = await people.find_many(tx, sorted({award.person_id for award in found}))
    documents = await credentials.of_awards(tx, [award.id for award in found])
    return [
        render_award(
            award,
            achievements[award.achievement_id],
            known[award.person_id].uid,
            documents[award.id].uid if award.id in documents else None,
        )
        for award in found
    ]


async def _require(tx: Transaction, uid: str) -> Award:
    award = await awarded.find(tx, uid)
    if award is None:
        raise AwardNotFound("there is no such award", field="award", value=uid)
    return award


@get("/api/v1/awards", guards=[requires("awards:read")], tags=["awards"])
async def list_awards(
    parts: InjectedParts,
    caller: InjectedCaller,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    achievement: FromQuery[str | None] = None,
    person: FromQuery[str | None] = None,
    in_state: InState = None,
) -> Page[AwardOut]:
    """Awards, newest first, of everybody or as narrowed down. For all of them at once there are exports."""
    (last,) = read_cursor(after, int, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await awarded.newest(
            tx,
            achievement_id=(await definitions.require(tx, achievement, "achievement")).id if achievement else None,
            person_id=(await registry.require(tx, person)).id if person else None,
            state=in_state,
            before_id=last,
            limit=limit + 1,
        )
        rendered = await _render_awards(tx, rows)
    return page_of(rendered, limit, lambda row: row, lambda row: (row.number,))


@get("/api/v1/awards/{award:str}", guards=[requires("awards:read")], tags=["awards"])
async def show_award(parts: InjectedParts, caller: InjectedCaller, award: FromPath[str]) -> AwardOut:
    """One award."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return (await _render_awards(tx, [await _require(tx, award)]))[0]


class Revocation(Body, frozen=True, kw_only=True):
    """Why."""

    reason: str


@post("/api/v1/awards/{award:str}/revoke", guards=[requires("awards:write")], tags=["awards"], status_code=200)
async def revoke_award(
    parts: InjectedParts, caller: InjectedCaller, award: FromPath[str], data: JSONBody[Revocation]
) -> AwardOut:
    """Take an award and its credential back. What was paid stays paid."""

    async def work(run: Run) -> AwardOut:
        revoked, _ = await revocations.revoke(run, await _require(run.tx, award), data.reason)
        return await _finish(run, caller, "award.revoke", revoked)

    return await in_run(parts.spine, caller.organisation_id, work)


@post("/api/v1/awards/{award:str}/reinstate", guards=[requires("awards:write")], tags=["awards"], status_code=200)
async def reinstate_award(parts: InjectedParts, caller: InjectedCaller, award: FromPath[str]) -> AwardOut:
    """Undo a revocation."""

    async def work(run: Run) -> AwardOut:
        active, _ = await revocations.reinstate(run, await _require(run.tx, award))
        return await _finish(run, caller, "award.reinstate", active)

    return await in_run(parts.spine, caller.organisation_id, work)


async def _finish(run: Run, caller: Caller, action: str, award: Award) -> AwardOut:
    await audit.record(run.tx, at=run.now, by=caller, action=action, subject=("award", award.uid))
    return (await _render_awards(run.tx, [award]))[0]


class Claim(Body, frozen=True, kw_only=True):
    """The rewards chosen (their ids), where the plan lets the person select."""

    choice: list[str] | None = None


@post("/api/v1/awards/{award:str}/claim", guards=[requires("awards:write")], tags=["awards"], status_code=200)
async def claim_award(
    parts: InjectedParts, caller: InjectedCaller, award: FromPath[str], data: JSONBody[Claim]
) -> UnlockOut:
    """Pay an award that waits to be claimed; once."""
    if data.choice is not None:
        check_count(len(data.choice), _CHOICE_MAX, "choice")

    async def work(run: Run) -> UnlockOut:
        found = await _require(run.tx, award)
        achievement = (await store.find_many(run.tx, [found.achievement_id]))[found.achievement_id]
        made: Made = await claims.claim(run, found, achievement, None if data.choice is None else tuple(data.choice))
        await audit.record(run.tx, at=run.now, by=caller, action="award.claim", subject=("award", found.uid))
        return render_unlock(made)

    return await in_run(parts.spine, caller.organisation_id, work)


# ------------------------------------------------------------------------------------------------------------- a person
@get("/api/v1/people/{person:str}/progress", guards=[requires("people:read")], tags=["people"])
async def show_progress(
    parts: InjectedParts,
    caller: InjectedCaller,
    person: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    include_secret: FromQuery[bool] = False,
) -> Page[ProgressOut]:
    """Where a person stands in every achievement that is not a draft, newest first; hidden and secret ones only once earned.

    include_secret: those that are not earned too, for who administers and not for the person's eyes (needs the scope
    achievements:read).
    """
    if include_secret and not caller.may("achievements:read"):
        raise Forbidden("include_secret needs the scope achievements:read", field="include_secret")
    (last,) = read_cursor(after, int, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        subject = await registry.require(tx, person)
        opening = await parts.spine.open(tx)
        rows = await store.list_newest(tx, before_id=last, limit=min(limit, PAGE_SIZE_MAX) + 1)
        found = await standings(tx, opening.book, subject.id, [row for row in rows if row.status != "draft"], now)
        shown = {
            standing.achievement.id: render_standing(standing, now, opening.language)
            for standing in found
            if include_secret
            or standing.times_completed
            or not (standing.achievement.hidden or standing.achievement.secret)
        }
    page = page_of(rows, limit, lambda row: row, lambda row: (row.id,))
    return Page(items=[shown[row.id] for row in page.items if row.id in shown], next=page.next)


@get("/api/v1/people/{person:str}/awards", guards=[requires("awards:read")], tags=["people"])
async def list_awards_of_person(
    parts: InjectedParts,
    caller: InjectedCaller,
    person: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Page[AwardOut]:
    """A person's awards, revoked ones too, newest first."""
    (last,) = read_cursor(after, int, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        subject = await registry.require(tx, person)
        rows = await awarded.of_person(tx, subject.id, before_id=last, limit=limit + 1, shown=True)
        rendered = await _render_awards(tx, rows)
    return page_of(rendered, limit, lambda row: row, lambda row: (row.number,))


class LedgerOut(msgspec.Struct, frozen=True, kw_only=True):
    """A movement; debits are negative. `dimension` "" is the total (of XP) or the only one."""

    number: int
    unit: str
    dimension: str
    amount: Decimal
    reason: str
    reference: str | None
    at: datetime


def render_movement(number: int, entry: LedgerEntry, at: datetime) -> LedgerOut:
    """A movement on the wire."""
    return LedgerOut(
        number=number,
        unit=entry.unit,
        dimension=entry.dimension,
        amount=entry.amount,
        reason=entry.reason,
        reference=entry.reference,
        at=at,
    )


@get("/api/v1/people/{person:str}/ledger", guards=[requires("people:read")], tags=["people"])
async def show_ledger(
    parts: InjectedParts,
    caller: InjectedCaller,
    person: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Page[LedgerOut]:
    """Points, XP and keys as they came and went, newest first."""
    (last,) = read_cursor(after, int, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        subject = await registry.require(tx, person)
        rows = await ledger.ledger_of(tx, subject.id, last, limit + 1)
    return page_of(rows, limit, lambda row: render_movement(*row), lambda row: (row[0],))


class BalanceOut(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has of a unit, over all departments."""

    unit: str
    dimension: str
    amount: Decimal


@get("/api/v1/people/{person:str}/balances", guards=[requires("people:read")], tags=["people"])
async def show_balances(parts: InjectedParts, caller: InjectedCaller, person: FromPath[str]) -> list[BalanceOut]:
    """Points, XP by dimension and keys."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        subject = await registry.require(tx, person)
        sums: dict[tuple[str, str], Decimal] = {}
        for _, unit, dimension, _, amount in await ledger.balances(tx, [subject.id]):
            sums[(unit, dimension)] = sums.get((unit, dimension), Decimal(0)) + amount
    return [
        BalanceOut(unit=unit, dimension=dimension, amount=amount) for (unit, dimension), amount in sorted(sums.items())
    ]


HANDLERS = (
    list_awards,
    show_award,
    revoke_award,
    reinstate_award,
    claim_award,
    show_progress,
    list_awards_of_person,
    show_ledger,
    show_balances,
)

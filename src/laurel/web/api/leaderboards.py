"""/api/v1/leaderboards: people ranked by what they gathered in a period; the top, and one person's place."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from laurel.base.errors import Invalid
from laurel.base.limits import LEADERBOARD_DEPARTMENTS_MAX, RANKING_OFFSET_MAX, check_count
from laurel.base.times import check_zoned
from laurel.database.pool import Transaction
from laurel.domain.achievements.model import Period
from laurel.domain.achievements.periods import Calendar
from laurel.domain.leaderboards import boards, store
from laurel.domain.leaderboards.boards import BoardWish
from laurel.domain.leaderboards.model import Leaderboard, Metric, Place, Prize
from laurel.domain.leaderboards.ranking import period_at, place_of, top_places
from laurel.domain.organisations import audit, tenancy
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.people import registry
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from laurel.web.api.wire import Body, given
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor, write_cursor

StoredStatus = Literal["draft", "live", "archived"]
_EVERY_STATUS = ("draft", "live", "archived")


class LeaderboardIn(Body, frozen=True, kw_only=True):
    """What may be written. departments: ids; only what is gathered in one of them counts, none means all.

    metric and period cannot change later. prizes: what ranks `first` to `last` get when a period is over.
    """

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    metric: Metric | UnsetType = UNSET
    period: Period | UnsetType = UNSET
    status: StoredStatus | UnsetType = UNSET
    starts_at: datetime | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    departments: list[str] | UnsetType = UNSET
    prizes: list[Prize] | UnsetType = UNSET


class LeaderboardOut(msgspec.Struct, frozen=True, kw_only=True):
    """A leaderboard. `status` is what the clock makes of it (scheduled, expired)."""

    id: str
    number: int
    name: str
    description: str
    metric: Metric
    period: Period
    status: str
    starts_at: datetime
    expires_at: datetime | None
    departments: list[str]
    prizes: list[Prize]
    created_at: datetime
    updated_at: datetime


class PlaceOut(msgspec.Struct, frozen=True, kw_only=True):
    """A person's place. Equal scores share a rank; who has gathered nothing has none."""

    rank: int | None
    person: str
    name: str
    score: Decimal
    reached_at: datetime | None


class RankingOut(msgspec.Struct, frozen=True, kw_only=True):
    """A page of places from the top. The period's bounds are null for an open one."""

    participants: int
    period_starts_at: datetime | None
    period_ends_at: datetime | None
    items: list[PlaceOut]
    next: str | None


async def _render(tx: Transaction, found: list[Leaderboard], now: datetime) -> list[LeaderboardOut]:
    uids = await organisations.department_uids(tx, sorted({id_ for board in found for id_ in board.department_ids}))
    return [
        LeaderboardOut(
            id=board.uid,
            number=board.id,
            name=board.name,
            description=board.description,
            metric=board.metric,
            period=board.period,
            status=board.status_at(now),
            starts_at=board.starts_at,
            expires_at=board.expires_at,
            departments=[uids[id_] for id_ in board.department_ids if id_ in uids],
            prizes=board.prizes,
            created_at=board.created_at,
            updated_at=board.updated_at,
        )
        for board in found
    ]


async def _wish(tx: Transaction, data: LeaderboardIn, caller: Caller) -> BoardWish:
    values: dict[str, Any] = given(data)
    for field in ("starts_at", "expires_at"):
        check_zoned(values.get(field), field)
    if "departments" in values:
        uids = values.pop("departments")
        check_count(len(uids), LEADERBOARD_DEPARTMENTS_MAX, "departments")
        named = [(f"departments[{index}]", uid) for index, uid in enumerate(uids)]
        values["department_ids"] = [one.id for one in await tenancy.find_departments(tx, named, caller)]
    return BoardWish(**values)


@post("/api/v1/leaderboards", guards=[requires("rewards:write")], tags=["leaderboards"])
async def create_leaderboard(
    parts: InjectedParts, caller: InjectedCaller, data: JSONBody[LeaderboardIn]
) -> LeaderboardOut:
    """Make a leaderboard that counts from `starts_at` (now, unless given); a draft unless `status` is live."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        wish = await _wish(tx, data, caller)
        if isinstance(wish.starts_at, UnsetType):
            wish.starts_at = now
        board = await boards.create(tx, wish, actor=caller.actor, now=now)
        await audit.record(tx, at=now, by=caller, action="leaderboard.create", subject=("leaderboard", board.uid))
        return (await _render(tx, [board], now))[0]


@get("/api/v1/leaderboards", guards=[requires("rewards:read")], tags=["leaderboards"])
async def list_leaderboards(
    parts: InjectedParts,
    caller: InjectedCaller,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    status: FromQuery[StoredStatus | None] = None,
) -> Page[LeaderboardOut]:
    """Leaderboards, newest first."""
    (last,) = read_cursor(after, int, default=(None,))
    statuses = _EVERY_STATUS if status is None else (status,)
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await store.list_newest(tx, statuses=statuses, before_id=last, limit=limit + 1)
        rendered = await _render(tx, rows, parts.clock.now())
    return page_of(rendered, limit, lambda row: row, lambda row: (row.number,))


@get("/api/v1/leaderboards/{leaderboard:str}", guards=[requires("rewards:read")], tags=["leaderboards"])
async def show_leaderboard(parts: InjectedParts, caller: InjectedCaller, leaderboard: FromPath[str]) -> LeaderboardOut:
    """One leaderboard."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return (await _render(tx, [await boards.require(tx, leaderboard)], parts.clock.now()))[0]


@patch("/api/v1/leaderboards/{leaderboard:str}", guards=[requires("rewards:write")], tags=["leaderboards"])
async def change_leaderboard(
    parts: InjectedParts, caller: InjectedCaller, leaderboard: FromPath[str], data: JSONBody[LeaderboardIn]
) -> LeaderboardOut:
    """Change what is given."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        old = await boards.require(tx, leaderboard)
        board = await boards.change(tx, old, await _wish(tx, data, caller), actor=caller.actor, now=now)
        await audit.record(tx, at=now, by=caller, action="leaderboard.change", subject=("leaderboard", board.uid))
        return (await _render(tx, [board], now))[0]


@delete("/api/v1/leaderboards/{leaderboard:str}", guards=[requires("rewards:write")], tags=["leaderboards"])
async def remove_leaderboard(parts: InjectedParts, caller: InjectedCaller, leaderboard: FromPath[str]) -> None:
    """Take a leaderboard away; prizes that were given stay given."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        board = await boards.require(tx, leaderboard)
        await boards.delete(tx, board, now=now)
        await audit.record(tx, at=now, by=caller, action="leaderboard.delete", subject=("leaderboard", board.uid))


# -------------------------------------------------------------------------------------------------------------- places
@get("/api/v1/leaderboards/{leaderboard:str}/ranking", guards=[requires("rewards:read")], tags=["leaderboards"])
async def show_ranking(
    parts: InjectedParts,
    caller: InjectedCaller,
    leaderboard: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    at: FromQuery[datetime | None] = None,
) -> RankingOut:
    """Places from the top, in the period that runs now or ran at `at`."""
    (offset,) = read_cursor(after, int, default=(0,))
    if not 0 <= offset <= RANKING_OFFSET_MAX:
        raise Invalid(f"places are listed down to {RANKING_OFFSET_MAX}", field="after", limit=RANKING_OFFSET_MAX)
    async with parts.database.transaction(caller.organisation_id) as tx:
        board, calendar, period = await _in_period(parts, tx, leaderboard, at)
        places = await top_places(tx, board, period, limit=limit + 1, offset=offset)
        participants = await store.participants(tx, board.id, period)
        known = await people.find_many(tx, sorted({place.person_id for place in places}))
    bounds = calendar.bounds(board.period, period) or (None, None)
    more = len(places) > limit and offset + limit <= RANKING_OFFSET_MAX
    return RankingOut(
        participants=participants,
        period_starts_at=bounds[0],
        period_ends_at=bounds[1],
        items=[_place(place, known[place.person_id]) for place in places[:limit]],
        next=write_cursor(offset + limit) if more else None,
    )


@get(
    "/api/v1/leaderboards/{leaderboard:str}/ranking/{person:str}",
    guards=[requires("rewards:read")],
    tags=["leaderboards"],
)
async def show_place(
    parts: InjectedParts,
    caller: InjectedCaller,
    leaderboard: FromPath[str],
    person: FromPath[str],
    at: FromQuery[datetime | None] = None,
) -> PlaceOut:
    """One person's place, in the period that runs now or ran at `at`."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        subject = await registry.require(tx, person)
        board, _, period = await _in_period(parts, tx, leaderboard, at)
        place = await place_of(tx, board, period, subject.id)
    return _place(place, subject)


async def _in_period(
    parts: Parts, tx: Transaction, leaderboard: str, at: datetime | None
) -> tuple[Leaderboard, Calendar, int]:
    check_zoned(at, "at")
    board = await boards.require(tx, leaderboard)
    calendar = (await parts.spine.open(tx)).book.calendar
    return board, calendar, period_at(board, calendar, at or parts.clock.now())


def _place(place: Place | None, person: Person) -> PlaceOut:
    return PlaceOut(
        rank=place.rank if place else None,
        person=person.uid,
        name=person.shown_name,
        score=place.score if place else Decimal(0),
        reached_at=place.reached_at if place else None,
    )


HANDLERS = (
    create_leaderboard,
    list_leaderboards,
    show_leaderboard,
    change_leaderboard,
    remove_leaderboard,
    show_ranking,
    show_place,
)

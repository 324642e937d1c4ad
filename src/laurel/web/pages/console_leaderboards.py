"""/console/leaderboards: rankings made, changed and archived, with their prizes; who stands where, by page and by person."""

from datetime import timedelta
from typing import Any

from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.base.limits import PLACES_SHOWN_MAX, SEARCH_LENGTH_MAX, check_length
from laurel.database.pool import Transaction
from laurel.database.slices import Slice
from laurel.domain.achievements.periods import PERIODS, Calendar, zone
from laurel.domain.leaderboards import boards, store
from laurel.domain.leaderboards.boards import BoardWish
from laurel.domain.leaderboards.model import Leaderboard, Place
from laurel.domain.leaderboards.ranking import period_at, place_of, top_places, tops
from laurel.domain.organisations import audit
from laurel.domain.organisations import store as organisations
from laurel.domain.people import store as people
from laurel.domain.rewards import store as rewards
from laurel.domain.rewards.model import RewardNotFound
from laurel.web.pages import prize_form
from laurel.web.pages.console_people import person_asked_for
from laurel.web.pages.form_values import instant, instant_text, page_number, whole_of
from laurel.web.pages.plan_form import total_of
from laurel.web.pages.prize_form import PrizeRow
from laurel.web.pages.reward_choices import reward_choices
from laurel.web.pages.visits import Visit, page

_PAGE = 30
_PLACES = 5
_DEPARTMENTS_MAX = 200
STATUSES = ("draft", "live", "archived")
_SHOWN = (*STATUSES, "scheduled", "expired")
METRICS = (
    ("xp", "XP gained"),
    ("challenges_completed", "challenges completed"),
    ("challenges_started", "challenges started"),
    ("actions_completed", "actions completed"),
)
PERIOD_WORDS = {
    "daily": "every day",
    "weekly": "every Monday",
    "monthly": "every month",
    "yearly": "every year",
    "open": "never",
}
"""When the scores begin anew."""
_SECOND = timedelta(seconds=1)


def _calendar(visit: Visit) -> Calendar:
    return Calendar(zone(visit.organisation.time_zone))


@page("/console/leaderboards", needs="rewards:read")
async def show_leaderboards(visit: Visit) -> Response[bytes]:
    """Every leaderboard, with who leads it now."""
    now, calendar, number = visit.parts.clock.now(), _calendar(visit), page_number(visit, _PAGE)
    async with visit.transaction() as tx:
        wanted = Slice(_PAGE, (number - 1) * _PAGE)
        total, found = await store.page(tx, statuses=_SHOWN, department_id=None, wanted=wanted, now=now)
        leaders = await tops(tx, {one.id: period_at(one, calendar, now) for one in found}, limit=_PLACES)
        known = await people.find_many(tx, sorted({place.person_id for one in leaders.values() for place in one}))
    return visit.show(
        "console/leaderboards.html",
        boards=found,
        leaders=leaders,
        known=known,
        now=now,
        number=number,
        more=number * _PAGE < total,
        metrics=dict(METRICS),
        periods=PERIOD_WORDS,
    )


# ------------------------------------------------------------------------------------------------------------ the form
_EMPTY = {
    "name": "", "description": "", "metric": "xp", "period": "monthly", "status": "live", "starts_at": "", "expires_at": "",
}  # fmt: skip


def _values_of(visit: Visit, board: Leaderboard) -> dict[str, str]:
    where = zone(visit.organisation.time_zone)
    return {
        "name": board.name,
        "description": board.description,
        "metric": board.metric,
        "period": board.period,
        "status": board.status,
        "starts_at": instant_text(board.starts_at, where),
        "expires_at": instant_text(board.expires_at, where),
    }


async def _show_form(
    visit: Visit,
    board: Leaderboard | None,
    values: dict[str, str],
    prizes: list[PrizeRow],
    *,
    counted: list[str],
    error: LaurelError | None = None,
) -> Response[bytes]:
    async with visit.transaction() as tx:
        choices = await reward_choices(tx, visit, tuple(row.reward for row in prizes))
        departments = await organisations.departments(tx, after=0, limit=_DEPARTMENTS_MAX)
    if error is not None and (error.field or "").startswith("prizes"):
        error.field = "prizes"
    return visit.show(
        "console/leaderboard_form.html",
        error=error,
        board=board,
        values={**_EMPTY, **values},
        prizes=prizes,
        plan_choices=choices,
        departments=departments,
        counted=counted,
        metrics=METRICS,
        periods=list(PERIOD_WORDS.items()),
        zone_name=visit.organisation.time_zone,
        once=visit.form.get("once") or visit.new_once(),
    )


async def _wish(tx: Transaction, visit: Visit, old: Leaderboard | None, rows: list[PrizeRow]) -> BoardWish:
    """What the form says, as the domain takes it. Raises Invalid naming the form's field."""
    form, where = visit.form, zone(visit.organisation.time_zone)
    if not form.get("name"):
        raise Invalid("give it a name", field="name")
    chosen: dict[str, Any] = {}
    for name, known in (
        ("metric", tuple(key for key, _ in METRICS)),
        ("period", PERIODS),
        ("status", STATUSES),
    ):
        value = form.get(name) or (getattr(old, name) if old else _EMPTY[name])
        if value not in known:
            raise Invalid("there is no such choice", field=name, value=value[:50])
        chosen[name] = value
    prizes = prize_form.parsed(rows, old.prizes if old else [])
    await _check_rewards(tx, rows)
    departments = await organisations.departments(tx, after=0, limit=_DEPARTMENTS_MAX)
    starts_at = instant(form, "starts_at", where)
    if old is not None and form.get("starts_at") == instant_text(old.starts_at, where):
        starts_at = old.starts_at
    return BoardWish(
        name=form.get("name"),
        description=form.get("description"),
        **chosen,
        starts_at=starts_at or visit.parts.clock.now(),
        expires_at=instant(form, "expires_at", where),
        department_ids=[one.id for one in departments if one.uid in form.all("departments")],
        prizes=prizes,
    )


async def _check_rewards(tx: Transaction, rows: list[PrizeRow]) -> None:
    known = await rewards.find_by_uids(tx, sorted({row.reward for row in rows if row.reward}), shown=True)
    for index, row in enumerate(rows):
        if row.reward and row.reward not in known:
            raise RewardNotFound("there is no such reward", field=f"prize_reward_{index}", value=row.reward[:50])


async def _take(visit: Visit, old: Leaderboard | None) -> Response[bytes]:
    """Save what the form says; or show it again with a prize more, or with its mistake."""
    form, now, caller = visit.form, visit.parts.clock.now(), visit.caller
    rows = prize_form.typed(form, old.prizes if old else [])
    values = {
        name: form.get(name) or (getattr(old, name, "") if name in ("metric", "period") else "") for name in _EMPTY
    }
    error: LaurelError | None = None
    if not form.get("change"):
        try:
            async with visit.transaction() as tx:
                wish = await _wish(tx, visit, old, rows)
                if old is not None:
                    uid = (await boards.change(tx, old, wish, actor=caller.actor, now=now)).uid
                else:
                    uid = visit.once()
                    if await store.find(tx, uid) is None:
                        await boards.create(tx, wish, actor=caller.actor, now=now, uid=uid)
                action = "leaderboard.change" if old is not None else "leaderboard.create"
                await audit.record(tx, at=now, by=caller, action=action, subject=("leaderboard", uid))
            return visit.to(f"/console/leaderboards/{uid}", "Saved.")
        except LaurelError as refused:
            error = refused
    return await _show_form(visit, old, values, rows, counted=form.all("departments"), error=error)


@page("/console/leaderboards/new", needs="rewards:write")
async def show_new_leaderboard(visit: Visit) -> Response[bytes]:
    """An empty form."""
    return await _show_form(visit, None, {}, [], counted=[])


@page("/console/leaderboards/new", needs="rewards:write", post=True)
async def make_leaderboard(visit: Visit) -> Response[bytes]:
    """Define it."""
    return await _take(visit, None)


@page("/console/leaderboards/{board:str}/edit", needs="rewards:write")
async def show_leaderboard_form(visit: Visit) -> Response[bytes]:
    """The form as it stands."""
    async with visit.transaction() as tx:
        board = await boards.require(tx, visit.path("board"))
        departments = await organisations.departments(tx, after=0, limit=_DEPARTMENTS_MAX)
    counted = [one.uid for one in departments if one.id in board.department_ids]
    return await _show_form(visit, board, _values_of(visit, board), prize_form.shown(board.prizes), counted=counted)


@page("/console/leaderboards/{board:str}/edit", needs="rewards:write", post=True)
async def change_leaderboard(visit: Visit) -> Response[bytes]:
    """Change it."""
    async with visit.transaction() as tx:
        board = await boards.require(tx, visit.path("board"))
    return await _take(visit, board)


@page("/console/leaderboards/prizes", needs="rewards:read", post=True)
async def show_prizes(visit: Visit) -> Response[bytes]:
    """The rows of prizes, with one more or less."""
    async with visit.transaction() as tx:
        board = await store.find(tx, visit.form.get("board"))
        rows = prize_form.typed(visit.form, board.prizes if board else [])
        choices = await reward_choices(tx, visit, tuple(row.reward for row in rows))
    return visit.show("console/prizes.html", prizes=rows, plan_choices=choices)


# ------------------------------------------------------------------------------------------------------------ one board
@page("/console/leaderboards/{board:str}", needs="rewards:read")
async def show_leaderboard(visit: Visit) -> Response[bytes]:
    """Who stands where, in a period; and where one person stands."""
    return await _show_board(visit)


async def _show_board(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    now, calendar, number = visit.parts.clock.now(), _calendar(visit), page_number(visit, _PAGE)
    asked, trouble = check_length(visit.asked("q"), SEARCH_LENGTH_MAX, "q"), ""
    found: Place | None = None
    async with visit.transaction() as tx:
        board = await boards.require(tx, visit.path("board"))
        period = _asked_period(visit, board, calendar)
        if asked:
            person = await person_asked_for(tx, asked)
            found = await place_of(tx, board, period, person.id) if person is not None else None
            if person is None:
                trouble = "Nobody has this address, name or id."
            elif found is None:
                trouble = f"{person.full_name} has gathered nothing in this period."
            elif not visit.asked("page"):
                number = min((found.rank - 1) // _PAGE + 1, PLACES_SHOWN_MAX // _PAGE)
        places = await top_places(tx, board, period, limit=_PAGE + 1, offset=(number - 1) * _PAGE)
        ids = {place.person_id for place in places} | ({found.person_id} if found else set())
        context: dict[str, Any] = {
            "known": await people.find_many(tx, sorted(ids)),
            "participants": await store.participants(tx, board.id, period),
            "closed": await store.closed_at(tx, board.id, period),
            "paid": await rewards.find_by_uids(tx, [item.reward for one in board.prizes for item in one.plan.items]),
        }
    return visit.show(
        "console/leaderboard.html",
        error=error,
        board=board,
        status=board.status_at(now),
        places=places[:_PAGE],
        number=number,
        more=len(places) > _PAGE,
        found=found,
        trouble=trouble,
        q=asked,
        period=period,
        bounds=calendar.bounds(board.period, period),
        around=_around(board, calendar, period, period_at(board, calendar, now)),
        metrics=dict(METRICS),
        periods=PERIOD_WORDS,
        xp_of=total_of,
        **context,
    )


def _asked_period(visit: Visit, board: Leaderboard, calendar: Calendar) -> int:
    """The period that the address names, made one of the board's; else the present one."""
    now = visit.parts.clock.now()
    asked = visit.asked("period")
    if board.period == "open" or not asked:
        return period_at(board, calendar, now)
    try:
        bounds = calendar.bounds(board.period, whole_of(asked, "period", least=1) or 0)
    except (ValueError, OverflowError):
        bounds = None
    if bounds is None:
        raise Invalid("there is no such period", field="period", value=asked[:20])
    return period_at(board, calendar, min(bounds[0], now))


def _around(board: Leaderboard, calendar: Calendar, period: int, present: int) -> tuple[int | None, int | None]:
    """The periods before and after, none before the board's start or after the present."""
    bounds = calendar.bounds(board.period, period)
    if bounds is None:
        return None, None
    before = period_at(board, calendar, bounds[0] - _SECOND) if bounds[0] > board.starts_at else None
    return before, (period_at(board, calendar, bounds[1]) if period < present else None)


@page("/console/leaderboards/{board:str}", needs="rewards:write", post=True)
async def change_board_status(visit: Visit) -> Response[bytes]:
    """Make it live, archive it, or delete it."""
    change, now = visit.form.get("change"), visit.parts.clock.now()
    said = {"live": "It is live: it counts from now on.", "archived": "It is archived: nothing counts any more."}
    try:
        async with visit.transaction() as tx:
            board = await boards.require(tx, visit.path("board"))
            match change:
                case "live" | "archived":
                    await boards.change(tx, board, BoardWish(status=change), actor=visit.caller.actor, now=now)
                case "delete":
                    await boards.delete(tx, board, now=now)
                case _:
                    raise Invalid("there is no such change", field="change", value=change[:50])
            action = "leaderboard.delete" if change == "delete" else "leaderboard.change"
            await audit.record(tx, at=now, by=visit.caller, action=action, subject=("leaderboard", board.uid))
    except LaurelError as refused:
        return await _show_board(visit, refused)
    if change == "delete":
        return visit.to("/console/leaderboards", "The leaderboard is deleted.")
    return visit.to(f"/console/leaderboards/{board.uid}", said[change])


HANDLERS = (
    show_leaderboards,
    show_new_leaderboard,
    make_leaderboard,
    show_leaderboard_form,
    change_leaderboard,
    show_prizes,
    show_leaderboard,
    change_board_status,
)

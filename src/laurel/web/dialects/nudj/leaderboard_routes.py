"""Leaderboards: written by the organisation; places, and the acting user's own."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, get_args

from litestar import Request, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET
from msgspec.structs import replace

from laurel.base.errors import Invalid
from laurel.base.ids import new_uid
from laurel.base.limits import LEADERBOARD_DEPARTMENTS_MAX, LEADERBOARD_PRIZES_MAX, REWARD_ITEMS_MAX, check_count
from laurel.base.times import render_time, render_time_or_none
from laurel.database.pool import Transaction
from laurel.database.slices import Slice
from laurel.domain.leaderboards import boards
from laurel.domain.leaderboards import store as leaderboards
from laurel.domain.leaderboards.boards import BoardWish
from laurel.domain.leaderboards.model import Leaderboard, LeaderboardNotFound, Metric, Place, Prize
from laurel.domain.leaderboards.ranking import period_at, place_of, top_places
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.people import store as people
from laurel.domain.rewards import catalogue
from laurel.domain.rewards.model import RewardItem, RewardPlan
from laurel.web.dialects.nudj.acting import acting_person, acts, administers
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.plans import xp_of
from laurel.web.dialects.nudj.reward_view import plan_out, shelf_of_plans
from laurel.web.dialects.nudj.translate import (
    department_id_of,
    department_ids_of,
    number,
    schedule_in,
    tongue_of,
    uid_in,
)
from laurel.web.dialects.nudj.wire import LeaderboardChangeIn, LeaderboardIn, PrizeIn, Status
from laurel.web.injected import InjectedCaller, InjectedParts, InjectedSpine

_USER = "/api/v2/integration"
_ADMIN = "/api/v2/admin"
_METRICS: dict[str, Metric] = {
    "total-xp": "xp",
    "total-challenges-completed": "challenges_completed",
    "total-challenges-started": "challenges_started",
    "total-actions-completed": "actions_completed",
}
_METRIC_NAMES = {metric: name for name, metric in _METRICS.items()}
OfCommunity = Annotated[str | None, QueryParameter(name="communityId", max_length=100)]
WithStatus = Annotated[Status | None, QueryParameter(name="status")]
AnyRequest = Request[Any, Any, Any]


async def _boards_out(
    tx: Transaction, request: AnyRequest, parts: Parts, found: list[Leaderboard]
) -> list[dict[str, Any]]:
    tongue = await tongue_of(tx, request)
    organisation = await organisations.organisation(tx)
    uids = await organisations.department_uids(tx, sorted({id_ for one in found for id_ in one.department_ids}))
    shelf = await shelf_of_plans(tx, [prize.plan for one in found for prize in one.prizes])
    result = []
    for board in found:
        rewards_out = []
        for prize in board.prizes:
            plan = plan_out(shelf, prize.plan, tongue, prize.id)
            shown = {name: plan[name] for name in ("points", "completionXp", "items", "distributionEventId")}
            rewards_out.append({"startRank": prize.first, "endRank": prize.last, **shown})
        conditions = [{"type": "community", "communityId": uids[id_]} for id_ in board.department_ids if id_ in uids]
        result.append(
            {
                "id": board.uid,
                "organisationId": organisation.uid,
                "name": board.name,
                "description": board.description,
                "metricType": _METRIC_NAMES[board.metric],
                "period": board.period,
                "status": board.status_at(parts.clock.now()),
                "startsAt": render_time(board.starts_at),
                "expiresAt": render_time_or_none(board.expires_at),
                "conditions": conditions,
                "rewardsConfig": [
                    {"startRank": p.first, "endRank": p.last, "distributionEventId": p.id} for p in board.prizes
                ],
                "reward": rewards_out,
                "createdAt": render_time(board.created_at),
                "updatedAt": render_time(board.updated_at),
                "createdBy": board.created_by,
                "updatedBy": board.updated_by,
            }
        )
    return result


async def _board(tx: Transaction, board_id: str) -> Leaderboard:
    return await boards.require(tx, uid_in(board_id))


async def _wish(
    tx: Transaction, data: LeaderboardIn | LeaderboardChangeIn, old: Leaderboard | None, now: datetime
) -> BoardWish:
    wish = BoardWish(name=data.name, description=data.description, period=data.period)
    if data.metricType is not UNSET:
        wish.metric = _METRICS[data.metricType]
    if data.startsAt is None:
        raise Invalid("expected a time", field="startsAt")
    for name, value in schedule_in(data, old.starts_at if old else None, now).items():
        setattr(wish, name, value)
    if data.conditions is not UNSET:
        check_count(len(data.conditions), LEADERBOARD_DEPARTMENTS_MAX, "conditions")
        named = [(f"conditions[{index}].communityId", one.communityId) for index, one in enumerate(data.conditions)]
        found = await department_ids_of(tx, named) or [tx.department_id]
        wish.department_ids = [department_id for department_id in found if department_id is not None]
    if data.rewardsConfig is not UNSET:
        check_count(len(data.rewardsConfig), LEADERBOARD_PRIZES_MAX, "rewardsConfig")
        before = {prize.id: prize.plan for prize in old.prizes} if old else {}
        wish.prizes = [
            await _prize(tx, prize, f"rewardsConfig[{index}]", before) for index, prize in enumerate(data.rewardsConfig)
        ]
    return wish


@post(_ADMIN + "/leaderboards", guards=[administers("rewards:write")], status_code=200)
async def create_leaderboard(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, data: JSONBody[LeaderboardIn]
) -> dict[str, Any]:
    """A new leaderboard; ranks may be given points, XP and rewards (an addition of ours to `rewardsConfig`)."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        board = await boards.create(tx, await _wish(tx, data, None, now), actor=caller.actor, now=now)
        [shown] = await _boards_out(tx, request, parts, [board])
    return shown


@post(_ADMIN + "/leaderboards/{board_id:str}", guards=[administers("rewards:write")], status_code=200)
async def update_leaderboard(
    request: AnyRequest,
    parts: InjectedParts,
    caller: InjectedCaller,
    board_id: FromPath[str],
    data: JSONBody[LeaderboardChangeIn],
) -> dict[str, Any]:
    """Change what the body names. Prizes are known by their `distributionEventId`, of which then only what is given changes."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        old = await _board(tx, board_id)
        board = await boards.change(tx, old, await _wish(tx, data, old, now), actor=caller.actor, now=now)
        [shown] = await _boards_out(tx, request, parts, [board])
    return shown


@delete(_ADMIN + "/leaderboards/{board_id:str}", guards=[administers("rewards:write")], status_code=200)
async def delete_leaderboard(parts: InjectedParts, caller: InjectedCaller, board_id: FromPath[str]) -> dict[str, Any]:
    """Take a leaderboard away; prizes that were given stay given."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await boards.delete(tx, await _board(tx, board_id), now=parts.clock.now())
    return {"success": True}


async def _prize(tx: Transaction, data: PrizeIn, field: str, before: dict[str, RewardPlan]) -> Prize:
    plan = before.get(data.distributionEventId, RewardPlan())
    if data.points is not UNSET:
        plan = replace(plan, points=Decimal(data.points))
    if data.completionXp is not UNSET:
        plan = replace(plan, xp=xp_of(Decimal(data.completionXp)))
    if data.items is not UNSET:
        check_count(len(data.items), REWARD_ITEMS_MAX, f"{field}.items")
        named = [(f"{field}.items[{index}].rewardId", uid_in(one.rewardId)) for index, one in enumerate(data.items)]
        items = [
            RewardItem(reward.uid, item.allocationType, item.amountToDistribute)
            for reward, item in zip(await catalogue.require_many(tx, named), data.items, strict=True)
        ]
        plan = replace(plan, items=items)
    return Prize(data.startRank, data.endRank, plan, data.distributionEventId or new_uid())


async def _list_boards(
    request: AnyRequest,
    parts: Parts,
    caller: Caller,
    statuses: tuple[str, ...],
    community: str | None,
    listed: Slice,
) -> dict[str, Any]:
    async with parts.database.transaction(caller.organisation_id) as tx:
        department_id = await department_id_of(tx, community)
        total, found = await leaderboards.page(
            tx, statuses=statuses, department_id=department_id, wanted=listed, now=parts.clock.now()
        )
        return listing(total, await _boards_out(tx, request, parts, found))


@get(_ADMIN + "/leaderboards/configs", guards=[administers("rewards:read")], procedure="getLeaderboardConfigs")
async def list_leaderboard_configs(
    request: AnyRequest,
    parts: InjectedParts,
    caller: InjectedCaller,
    listed: Listed,
    status: WithStatus = None,
    community_id: OfCommunity = None,
) -> dict[str, Any]:
    """Every leaderboard."""
    statuses = get_args(Status) if status is None else (status,)
    return await _list_boards(request, parts, caller, statuses, community_id, listed)


@get(_ADMIN + "/leaderboards/configs/{board_id:str}", guards=[administers("rewards:read")])
async def get_leaderboard_config(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, board_id: FromPath[str]
) -> dict[str, Any]:
    """One leaderboard."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        [shown] = await _boards_out(tx, request, parts, [await _board(tx, board_id)])
    return shown


@get(_USER + "/leaderboards/configs", guards=[acts("rewards:read")])
async def get_leaderboard_configs(
    request: AnyRequest,
    parts: InjectedParts,
    caller: InjectedCaller,
    listed: Listed,
    community_id: OfCommunity = None,
) -> dict[str, Any]:
    """Leaderboards that are live, scheduled or expired."""
    return await _list_boards(request, parts, caller, ("live", "scheduled", "expired"), community_id, listed)


@get(_USER + "/leaderboards/{board_id:str}/ranking", guards=[acts("rewards:read")])
async def get_leaderboard_ranking(
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    board_id: FromPath[str],
    listed: Listed,
) -> dict[str, Any]:
    """The running period from the top, and the acting user's own place."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        board = await _board(tx, board_id)
        if board.status != "live":
            raise LeaderboardNotFound("Leaderboard not found")
        calendar = (await spine.open(tx)).book.calendar
        now = parts.clock.now()
        period = period_at(board, calendar, now)
        places = await top_places(tx, board, period, limit=listed.limit, offset=listed.offset)
        mine = await place_of(tx, board, period, person.id)
        total = await leaderboards.participants(tx, board.id, period)
        known = await people.find_many(tx, sorted({place.person_id for place in places} | {person.id}))
    bounds = calendar.bounds(board.period, period)

    def place_out(place: Place) -> dict[str, Any]:
        who = known[place.person_id]
        return {
            "rank": place.rank,
            "score": number(place.score),
            "userId": who.uid,
            "displayName": who.display_name or who.uid,
            "reachedAt": render_time(place.reached_at),
        }

    return {
        "totalCount": total,
        "edges": [place_out(place) for place in places],
        "userState": None if mine is None else place_out(mine),
        **({} if bounds is None else {"startsAt": render_time(bounds[0]), "resetsAt": render_time(bounds[1])}),
    }


HANDLERS = (
    create_leaderboard,
    update_leaderboard,
    delete_leaderboard,
    list_leaderboard_configs,
    get_leaderboard_config,
    get_leaderboard_configs,
    get_leaderboard_ranking,
)

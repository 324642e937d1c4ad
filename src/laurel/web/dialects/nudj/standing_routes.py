"""Leaderboards, streaks and XP: configuration by the organisation, places and streaks of the acting user."""

from decimal import Decimal
from typing import Annotated, Any, get_args

from litestar import Request, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET

from laurel.base.ids import new_uid
from laurel.base.limits import LEADERBOARD_DEPARTMENTS_MAX, LEADERBOARD_PRIZES_MAX, REWARD_ITEMS_MAX, check_count
from laurel.base.times import parse_time, render_time, render_time_or_none
from laurel.database.pool import Transaction
from laurel.database.slices import Slice
from laurel.domain.achievements import store as achievements
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
from laurel.domain.rewards.experience import NewXpRule, XpRule, amounts_of, set_rules
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.rewards.model import XP_DIMENSIONS, RewardItem, RewardPlan
from laurel.domain.streaks import store as streaks
from laurel.domain.streaks import streak_rules
from laurel.domain.streaks.extend import length_on, local_day
from laurel.domain.streaks.model import StreakRule
from laurel.web.dialects.nudj.acting import acting_person, acts, administers
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.plans import xp_of
from laurel.web.dialects.nudj.reward_view import plan_out, shelf_of_plans
from laurel.web.dialects.nudj.translate import department_id_of, number, stored_status, tongue_of, uid_in
from laurel.web.dialects.nudj.wire import LeaderboardIn, PrizeIn, Status, StreakIn, XpConfigsIn
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


# --------------------------------------------------------------------------------------------------------- leaderboards
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


@post(_ADMIN + "/leaderboards", guards=[administers("rewards:write")], status_code=200)
async def create_leaderboard(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, data: JSONBody[LeaderboardIn]
) -> dict[str, Any]:
    """A new leaderboard; ranks may be given points, XP and rewards (an addition of ours to `rewardsConfig`)."""
    check_count(len(data.rewardsConfig), LEADERBOARD_PRIZES_MAX, "rewardsConfig")
    check_count(len(data.conditions), LEADERBOARD_DEPARTMENTS_MAX, "conditions")
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = [
            await department_id_of(tx, condition.communityId, f"conditions[{index}].communityId")
            for index, condition in enumerate(data.conditions)
        ] or [tx.department_id]
        wish = BoardWish(
            name=data.name,
            description=data.description,
            metric=_METRICS[data.metricType],
            period=data.period,
            status=stored_status(data.status),
            starts_at=parse_time(data.startsAt, "startsAt"),
            expires_at=None if data.expiresAt is None else parse_time(data.expiresAt, "expiresAt"),
            department_ids=[department_id for department_id in found if department_id is not None],
            prizes=[await _prize(tx, prize, f"rewardsConfig[{i}]") for i, prize in enumerate(data.rewardsConfig)],
        )
        board = await boards.create(tx, wish, actor=caller.actor, now=parts.clock.now())
        [shown] = await _boards_out(tx, request, parts, [board])
    return shown


async def _prize(tx: Transaction, data: PrizeIn, field: str) -> Prize:
    check_count(len(data.items), REWARD_ITEMS_MAX, f"{field}.items")
    items = []
    for index, item in enumerate(data.items):
        reward = await catalogue.require(tx, uid_in(item.rewardId), f"{field}.items[{index}].rewardId")
        items.append(RewardItem(reward.uid, item.allocationType, item.amountToDistribute))
    plan = RewardPlan(points=Decimal(data.points), xp=xp_of(Decimal(data.completionXp)), items=items)
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


# -------------------------------------------------------------------------------------------------------------- streaks
def _streak_out(rule: StreakRule, uids: dict[Any, str], organisation_uid: str) -> dict[str, Any]:
    return {
        "id": rule.uid,
        "organisationId": organisation_uid,
        "communityId": uids.get(rule.department_id),
        "isEnabled": rule.enabled,
        "triggerEvents": {"platform": rule.sub_categories, "custom": rule.names},
        "maxFreezes": rule.freezes_max,
        "freezeEveryDays": rule.freeze_every,
        "createdAt": render_time(rule.created_at),
        "updatedAt": render_time(rule.updated_at),
    }


async def _streaks_out(tx: Transaction, rules: list[StreakRule]) -> list[dict[str, Any]]:
    wanted = sorted({rule.department_id for rule in rules if rule.department_id})
    uids = await organisations.department_uids(tx, wanted)  # type: ignore[arg-type]  # departments' ids as plain numbers
    organisation = await organisations.organisation(tx)
    return [_streak_out(rule, dict(uids), organisation.uid) for rule in rules]


def _streak_changes(data: StreakIn) -> dict[str, Any]:
    values = {"enabled": data.isEnabled, "freezes_max": data.maxFreezes, "freeze_every": data.freezeEveryDays}
    if data.triggerEvents is not UNSET:
        values |= {"sub_categories": data.triggerEvents.platform, "names": data.triggerEvents.custom}  # type: ignore[dict-item]  # lists beside numbers
    return {name: value for name, value in values.items() if value is not UNSET}


@get(_ADMIN + "/streaks/configs", guards=[administers("rewards:read")])
async def get_streak_configs(parts: InjectedParts, caller: InjectedCaller) -> list[dict[str, Any]]:
    """All streak configurations."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return await _streaks_out(tx, await streaks.shown_rules(tx))


@post(_ADMIN + "/streaks/configs", guards=[administers("rewards:write")], status_code=200)
async def create_streak_config(
    parts: InjectedParts, caller: InjectedCaller, data: JSONBody[StreakIn]
) -> dict[str, Any]:
    """The streak of a community, or of the organisation; there is one for each."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        department_id = await department_id_of(tx, data.communityId) or 0
        rule = await streak_rules.set_rule(
            tx, department_id, _streak_changes(data), actor=caller.actor, now=parts.clock.now()
        )
        [shown] = await _streaks_out(tx, [rule])
    return shown


@patch(_ADMIN + "/streaks/configs/{config_id:str}", guards=[administers("rewards:write")])
async def update_streak_config(
    parts: InjectedParts, caller: InjectedCaller, config_id: FromPath[str], data: JSONBody[StreakIn]
) -> dict[str, Any]:
    """Change what the body names."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        rule = await streak_rules.require(tx, uid_in(config_id))
        rule = await streak_rules.set_rule(
            tx, rule.department_id, _streak_changes(data), actor=caller.actor, now=parts.clock.now()
        )
        [shown] = await _streaks_out(tx, [rule])
    return shown


@get(_USER + "/me/streaks", guards=[acts("rewards:read")])
async def get_my_streaks(
    parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, community_id: OfCommunity = None
) -> list[dict[str, Any]]:
    """The streaks that are on, with the acting user's state."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        department_id = await department_id_of(tx, community_id)
        rules = [
            rule
            for rule in await streaks.shown_rules(tx)
            if rule.enabled and (department_id is None or rule.department_id in (0, department_id))
        ]
        shown = await _streaks_out(tx, rules)
        mine = await streaks.of_people(tx, [person.id])
        today = local_day(person.time_zone, (await spine.open(tx)).book.calendar, parts.clock.now())
    for rule, one in zip(rules, shown, strict=True):
        streak = mine.get((person.id, rule.id))
        one["userState"] = {
            "currentStreak": length_on(streak, today),
            "longestStreak": streak.longest if streak else 0,
            "isCurrentDayComplete": streak is not None and streak.last_day >= today,
            "freezes": streak.freezes if streak else 0,
        }
    return shown


# ------------------------------------------------------------------------------------------------------------------- XP
def _xp_out(rule: XpRule) -> dict[str, Any]:
    amounts = {name: number(rule.amounts.get(name, Decimal(0))) for name in ("total", *XP_DIMENSIONS)}
    return {
        "eventCategory": rule.category,
        "eventSubCategory": rule.sub_category,
        "description": rule.description,
        **amounts,
        "createdAt": render_time(rule.created_at),
        "updatedAt": render_time(rule.updated_at),
    }


@get(_ADMIN + "/xp-config", guards=[administers("rewards:read")])
async def get_xp_config(parts: InjectedParts, caller: InjectedCaller) -> list[dict[str, Any]]:
    """What events pay in XP."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return [_xp_out(XpRule.from_row(row)) for row in await ledger.xp_rules(tx)]


@patch(_ADMIN + "/xp-config", guards=[administers("rewards:write", whole=True)])
async def update_xp_config(
    parts: InjectedParts, caller: InjectedCaller, data: JSONBody[XpConfigsIn]
) -> list[dict[str, Any]]:
    """Set what some events pay; the others stay."""
    new = [
        NewXpRule(
            one.eventCategory,
            one.eventSubCategory,
            one.description,
            amounts_of(one.total, **{name: getattr(one, name) for name in XP_DIMENSIONS}),
        )
        for one in data.xpConfigs
    ]
    async with parts.database.transaction(caller.organisation_id) as tx:
        await set_rules(tx, new, now=parts.clock.now())
        await achievements.bump_rules(tx)
        return [_xp_out(XpRule.from_row(row)) for row in await ledger.xp_rules(tx)]


HANDLERS = (
    create_leaderboard,
    list_leaderboard_configs,
    get_leaderboard_config,
    get_leaderboard_configs,
    get_leaderboard_ranking,
    get_streak_configs,
    create_streak_config,
    update_streak_config,
    get_my_streaks,
    get_xp_config,
    update_xp_config,
)

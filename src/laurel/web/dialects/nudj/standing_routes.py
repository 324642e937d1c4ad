"""Streaks and XP: configuration by the organisation, streaks of the acting user."""

from decimal import Decimal
from typing import Annotated, Any

from litestar import get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET

from laurel.base.times import render_time
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.organisations import store as organisations
from laurel.domain.rewards.experience import NewXpRule, XpRule, amounts_of, set_rules
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.rewards.model import XP_DIMENSIONS
from laurel.domain.streaks import store as streaks
from laurel.domain.streaks import streak_rules
from laurel.domain.streaks.extend import length_on, local_day
from laurel.domain.streaks.model import StreakRule
from laurel.web.dialects.nudj.acting import acting_person, acts, administers
from laurel.web.dialects.nudj.translate import department_id_of, number, uid_in
from laurel.web.dialects.nudj.wire import StreakIn, XpConfigsIn
from laurel.web.injected import InjectedCaller, InjectedParts, InjectedSpine

_USER = "/api/v2/integration"
_ADMIN = "/api/v2/admin"
OfCommunity = Annotated[str | None, QueryParameter(name="communityId", max_length=100)]


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
    get_streak_configs,
    create_streak_config,
    update_streak_config,
    get_my_streaks,
    get_xp_config,
    update_xp_config,
)

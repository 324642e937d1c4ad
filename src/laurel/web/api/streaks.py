"""/api/v1/streaks and /api/v1/xp-rules: what keeps a streak going, where a person's streaks stand, what events pay in XP."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec
from litestar import get, put
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from laurel.base.errors import Forbidden
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.organisations import audit, tenancy
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.domain.people import registry
from laurel.domain.rewards.experience import NewXpRule, XpRule, set_rules
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.streaks import store, streak_rules
from laurel.domain.streaks.extend import length_on, local_day
from laurel.domain.streaks.model import StreakRule
from laurel.web.api.wire import Body, given
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts

_WHOLE = "organisation"
Dimension = Literal["total", "knowledge", "creativity", "loyalty", "influence", "participation", "contribution"]


class StreakIn(Body, frozen=True, kw_only=True):
    """What may be written: custom events by name, others by sub-category. A freeze saves one missed day; one is given every
    `freeze_every` days (0: never), up to `freezes_max`.
    """

    enabled: bool | UnsetType = UNSET
    event_names: list[str] | UnsetType = UNSET
    sub_categories: list[str] | UnsetType = UNSET
    freezes_max: int | UnsetType = UNSET
    freeze_every: int | UnsetType = UNSET


class StreakOut(msgspec.Struct, frozen=True, kw_only=True):
    """A streak rule; `department` null is the organisation's own."""

    id: str
    department: str | None
    enabled: bool
    event_names: list[str]
    sub_categories: list[str]
    freezes_max: int
    freeze_every: int
    created_at: datetime
    updated_at: datetime


class StandingStreakOut(msgspec.Struct, frozen=True, kw_only=True):
    """A person's streak. Days are those of the person's time zone."""

    streak: str
    department: str | None
    current: int
    longest: int
    done_today: bool
    freezes: int


def _refuse_departments(caller: Caller, what: str) -> None:
    if caller.department_id is not None:
        raise Forbidden(f"a key of a department cannot {what}")


async def _department_uids(tx: Transaction, rules: list[StreakRule]) -> dict[Any, str]:
    return dict(await organisations.department_uids(tx, sorted({rule.department_id for rule in rules} - {0})))  # type: ignore[arg-type] # departments' ids as plain numbers


async def _render(tx: Transaction, rules: list[StreakRule]) -> list[StreakOut]:
    uids = await _department_uids(tx, rules)
    return [
        StreakOut(
            id=rule.uid,
            department=uids.get(rule.department_id),
            enabled=rule.enabled,
            event_names=rule.names,
            sub_categories=rule.sub_categories,
            freezes_max=rule.freezes_max,
            freeze_every=rule.freeze_every,
            created_at=rule.created_at,
            updated_at=rule.updated_at,
        )
        for rule in rules
    ]


@get("/api/v1/streaks", guards=[requires("rewards:read")], tags=["streaks"])
async def list_streaks(parts: InjectedParts, caller: InjectedCaller) -> list[StreakOut]:
    """The streaks there are: the organisation's and its departments', one each."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return await _render(tx, await store.shown_rules(tx))


@put("/api/v1/streaks/{department:str}", guards=[requires("rewards:write")], tags=["streaks"])
async def set_streak(
    parts: InjectedParts, caller: InjectedCaller, department: FromPath[str], data: JSONBody[StreakIn]
) -> StreakOut:
    """Set what is given of a department's streak; `organisation` in its place is the one of everything."""
    changes = given(data)
    if "event_names" in changes:
        changes["names"] = changes.pop("event_names")
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        if department != _WHOLE:
            department_id = int((await tenancy.find_department(tx, department, caller, "department")).id)
        else:
            _refuse_departments(caller, "set the streak of the whole organisation")
            department_id = 0
        rule = await streak_rules.set_rule(tx, department_id, changes, actor=caller.actor, now=now)
        await audit.record(tx, at=now, by=caller, action="streak.set", subject=("streak", rule.uid))
        return (await _render(tx, [rule]))[0]


@get("/api/v1/people/{person:str}/streaks", guards=[requires("people:read")], tags=["people"])
async def show_streaks(parts: InjectedParts, caller: InjectedCaller, person: FromPath[str]) -> list[StandingStreakOut]:
    """Where a person stands in every streak that is on."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        subject = await registry.require(tx, person)
        rules = [rule for rule in await store.shown_rules(tx) if rule.enabled]
        uids = await _department_uids(tx, rules)
        mine = await store.of_people(tx, [subject.id])
        today = local_day(subject.time_zone, (await parts.spine.open(tx)).book.calendar, parts.clock.now())
    found = [(rule, mine.get((subject.id, rule.id))) for rule in rules]
    return [
        StandingStreakOut(
            streak=rule.uid,
            department=uids.get(rule.department_id),
            current=length_on(streak, today),
            longest=streak.longest if streak else 0,
            done_today=streak is not None and streak.last_day >= today,
            freezes=streak.freezes if streak else 0,
        )
        for rule, streak in found
    ]


# ------------------------------------------------------------------------------------------------------------------- XP
class XpRuleIn(Body, frozen=True, kw_only=True):
    """What every event of a category and sub-category pays, by dimension; `total` counts towards levels."""

    category: str
    sub_category: str = ""
    description: str = ""
    amounts: dict[Dimension, Decimal]


class XpRulesIn(Body, frozen=True, kw_only=True):
    """Rules, each replacing the one of its category and sub-category."""

    rules: list[XpRuleIn]


class XpRuleOut(msgspec.Struct, frozen=True, kw_only=True):
    """A rule."""

    category: str
    sub_category: str
    description: str
    amounts: dict[str, Decimal]
    created_at: datetime
    updated_at: datetime


async def _xp_rules(tx: Transaction) -> list[XpRuleOut]:
    found = [XpRule.from_row(row) for row in await ledger.xp_rules(tx)]
    return [XpRuleOut(**{name: getattr(rule, name) for name in XpRuleOut.__struct_fields__}) for rule in found]


@get("/api/v1/xp-rules", guards=[requires("rewards:read")], tags=["rewards"])
async def list_xp_rules(parts: InjectedParts, caller: InjectedCaller) -> list[XpRuleOut]:
    """What events pay in XP, besides what achievements pay."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return await _xp_rules(tx)


@put("/api/v1/xp-rules", guards=[requires("rewards:write")], tags=["rewards"])
async def set_xp_rules(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[XpRulesIn]) -> list[XpRuleOut]:
    """Set some rules; the others stay. Empty amounts pay nothing."""
    _refuse_departments(caller, "say what events pay")
    wanted = [
        NewXpRule(
            rule.category,
            rule.sub_category,
            rule.description,
            {name: paid for name, paid in rule.amounts.items() if paid},
        )
        for rule in data.rules
    ]
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        await set_rules(tx, wanted, now=now)
        await achievements.bump_rules(tx)
        organisation = await organisations.organisation(tx)
        await audit.record(tx, at=now, by=caller, action="xp.set", subject=("organisation", organisation.uid))
        return await _xp_rules(tx)


HANDLERS = (list_streaks, set_streak, show_streaks, list_xp_rules, set_xp_rules)

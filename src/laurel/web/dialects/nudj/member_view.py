"""People as Nudj shows its users: purses, XP in its dimensions, streaks and counts, in all and by community."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from laurel.base.ids import DepartmentId
from laurel.base.times import render_time
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.periods import Calendar
from laurel.domain.challenges import store as challenges
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Organisation
from laurel.domain.people import store as people
from laurel.domain.people.model import EXTERNAL, Person
from laurel.domain.rewards import store as rewards
from laurel.domain.rewards.experience import level_of, levels_of
from laurel.domain.rewards.model import XP_DIMENSIONS, LedgerEntry
from laurel.domain.streaks import store as streaks
from laurel.domain.streaks.extend import length_on, local_day
from laurel.domain.streaks.model import Streak
from laurel.web.dialects.nudj.translate import number

_OPTIONAL = ("bio", "profilePictureUrl", "socialHandles")


class Purse(msgspec.Struct):
    """What a person has in one community (or in none)."""

    points: Decimal = Decimal(0)
    keys: Decimal = Decimal(0)
    xp: dict[str, Decimal] = {}


async def user_out(tx: Transaction, person: Person, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """A user of the Admin API."""
    organisation = await organisations.organisation(tx)
    external = (await people.identifiers_of(tx, [person.id])).get(person.id, {}).get(EXTERNAL)
    purses = await _purses(tx, person)
    extra = person.attributes.get("nudj", {})
    result: dict[str, Any] = {
        "id": person.uid,
        "organisationId": organisation.uid,
        "username": extra.get("username") or external or person.uid,
        "points": number(sum((purse.points for purse in purses.values()), Decimal(0))),
        "keys": number(sum((purse.keys for purse in purses.values()), Decimal(0))),
        "xp": xp_out(purses.values()),
        "communityData": await _community_data(tx, person, purses, calendar, now),
        "createdAt": render_time(person.created_at),
        "updatedAt": render_time(person.updated_at),
        "roles": extra.get("roles", []),
        "email": person.email,
        "isAnonymous": person.email is None and external is None,
        "displayName": person.full_name,
        "locale": person.language or organisation.language,
        **{name: extra[name] for name in _OPTIONAL if extra.get(name) is not None},
    }
    if external is not None:
        result["externalUserId"] = external
    return result


async def me_out(tx: Transaction, person: Person, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """The acting user: the same with level and counts."""
    organisation: Organisation = await organisations.organisation(tx)
    user = await user_out(tx, person, calendar, now)
    earned, entered = await rewards.grant_counts(tx, person.id)
    completed = await challenges.completed_by_department(tx, person.id)
    seen = await _seen(tx)
    return {
        **user,
        "level": level_of(levels_of(organisation), Decimal(user["xp"]["total"])),
        "completedChallenges": sum(count for id_, count in completed.items() if seen is None or id_ in seen),
        "earnedRewards": earned,
        "enteredGiveaways": entered,
    }


def transaction_out(
    id_: int, entry: LedgerEntry, at: datetime, person: Person, organisation_uid: str, community: str | None
) -> dict[str, Any]:
    """A movement of points or keys. They are booked at once, so every one is completed."""
    optional = {"communityId": community, "externalTransactionReference": entry.reference}
    return {
        "id": f"{id_:024x}",
        "organisationId": organisation_uid,
        "userId": person.uid,
        "accountingDirection": "credit" if entry.amount > 0 else "debit",
        "amount": number(abs(entry.amount)),
        "status": "completed",
        "createdAt": render_time(at),
        "updatedAt": render_time(at),
        "createdBy": entry.actor,
        "updatedBy": entry.actor,
        **{name: value for name, value in optional.items() if value is not None},
    }


def xp_out(purses: Any) -> dict[str, Any]:
    """XP summed over purses: the total and its six dimensions."""
    sums = {name: Decimal(0) for name in ("", *XP_DIMENSIONS)}
    for purse in purses:
        for name, amount in purse.xp.items():
            sums[name] = sums.get(name, Decimal(0)) + amount
    return {"total": number(sums.pop("")), **{name: number(sums[name]) for name in XP_DIMENSIONS}}


async def _purses(tx: Transaction, person: Person) -> dict[int, Purse]:
    """What the person has, by community (0: the organisation); of all that the caller may see."""
    purses: dict[int, Purse] = {}
    for _, unit, dimension, department_id, amount in await rewards.balances(tx, [person.id]):
        purse = purses.setdefault(department_id, Purse(xp={}))
        if unit == "xp":
            purse.xp[dimension] = amount
        elif unit == "points":
            purse.points = amount
        else:
            purse.keys = amount
    seen = await _seen(tx)
    return purses if seen is None else {id_: purse for id_, purse in purses.items() if id_ in seen}


async def _seen(tx: Transaction) -> frozenset[int] | None:
    """The communities that the caller may see, 0 for what has none; None for all."""
    if tx.department_id is None:
        return None
    department = await organisations.department_by_id(tx, tx.department_id)
    return frozenset({tx.department_id, 0} if department is not None and department.is_default else {tx.department_id})


async def _community_data(
    tx: Transaction, person: Person, purses: Mapping[int, Purse], calendar: Calendar, now: datetime
) -> list[dict[str, Any]]:
    """One object a community that the person has anything in; the organisation's own purse stands with the default one."""
    default = next((d.id for d in await organisations.departments(tx, after=0, limit=1_000) if d.is_default), None)
    held = await achievements.held_by_department(tx, person.id)
    done = await challenges.completed_by_department(tx, person.id)
    rules = {rule.id: rule for rule in await streaks.rules(tx)}
    by_department: dict[int, Streak] = {
        rules[streak.rule_id].department_id: streak
        for streak in (await streaks.of_people(tx, [person.id])).values()
        if streak.rule_id in rules
    }
    today = local_day(person.time_zone, calendar, now)
    seen = await _seen(tx)
    concerned = (id_ for id_ in (*purses, *held, *done, *by_department) if seen is None or id_ in seen)
    departments = {id_ or default for id_ in concerned} - {None}
    uids = await organisations.department_uids(tx, sorted(DepartmentId(id_) for id_ in departments if id_ is not None))
    result = []
    for department_id, uid in sorted(uids.items()):
        mine = [department_id, 0] if department_id == default else [department_id]
        streak = next((by_department[id_] for id_ in mine if id_ in by_department), None)
        result.append(
            {
                "communityId": uid,
                "streak": {
                    "currentStreak": length_on(streak, today),
                    "longestStreak": streak.longest if streak else 0,
                    **({"lastExtendedAt": render_time(streak.extended_at)} if streak else {}),
                },
                "challengesCompleted": sum(done.get(id_, 0) for id_ in mine),
                "achievementsCompleted": sum(held.get(id_, 0) for id_ in mine),
                "points": number(sum((purses[id_].points for id_ in mine if id_ in purses), Decimal(0))),
                "xp": xp_out([purses[id_] for id_ in mine if id_ in purses]),
                "hasAcceptedRules": True,
            }
        )
    return result

"""People as Nudj shows its users: purses, XP in its dimensions, streaks and counts, in all and by community."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from laurel.base.ids import DepartmentId, PersonId
from laurel.base.times import render_time
from laurel.database.pool import Transaction
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.periods import Calendar
from laurel.domain.challenges import store as challenges
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Organisation
from laurel.domain.people.known_as import store as known_as
from laurel.domain.people.model import EXTERNAL, Person
from laurel.domain.rewards import store as rewards
from laurel.domain.rewards.experience import level_of, levels_of
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.rewards.model import XP_DIMENSIONS, LedgerEntry
from laurel.domain.streaks import store as streaks
from laurel.domain.streaks.extend import length_on, local_day
from laurel.domain.streaks.model import Streak
from laurel.web.dialects.nudj.translate import number

_DEPARTMENTS_MAX = 1_000
_OPTIONAL = ("bio", "profilePictureUrl", "socialHandles")

Of = TypeVar("Of")


class Purse(msgspec.Struct):
    """What a person has in one community (or in none)."""

    points: Decimal = Decimal(0)
    keys: Decimal = Decimal(0)
    xp: dict[str, Decimal] = {}


class Members(msgspec.Struct, frozen=True):
    """Everything that showing some users takes, cut to the communities that the caller may see (0: the organisation)."""

    organisation: Organisation
    default: DepartmentId | None
    communities: Mapping[DepartmentId, str]
    external_ids: Mapping[PersonId, str]
    purses: Mapping[PersonId, Mapping[int, Purse]]
    held: Mapping[PersonId, Mapping[int, int]]
    completed: Mapping[PersonId, Mapping[int, int]]
    streaks: Mapping[PersonId, Mapping[int, Streak]]


async def members_of(tx: Transaction, found: Sequence[Person]) -> Members:
    """Load it, a handful of queries whatever the number of users."""
    ids = [person.id for person in found]
    departments = await organisations.departments(tx, after=0, limit=_DEPARTMENTS_MAX)
    default = next((department.id for department in departments if department.is_default), None)
    seen = _seen(tx, default)
    purses = _cut(await _purses(tx, ids), seen)
    held = _cut(await awarded.held_by_department(tx, ids), seen)
    completed = _cut(await challenges.completed_by_department(tx, ids), seen)
    running = _cut(await _streaks(tx, ids), seen)
    concerned = {id_ for mine in (purses, held, completed, running) for of_one in mine.values() for id_ in of_one}
    wanted = sorted(DepartmentId(id_) for id_ in (concerned | {default or 0}) - {0})
    identifiers = await known_as.of_people(tx, ids)
    return Members(
        await organisations.organisation(tx),
        default,
        await organisations.department_uids(tx, wanted),
        {person_id: known[EXTERNAL] for person_id, known in identifiers.items() if EXTERNAL in known},
        purses,
        held,
        completed,
        running,
    )


def _seen(tx: Transaction, default: DepartmentId | None) -> frozenset[int] | None:
    """The communities that the caller may see, 0 for what has none; None for all."""
    if tx.department_id is None:
        return None
    return frozenset({tx.department_id, 0} if tx.department_id == default else {tx.department_id})


def _cut(by_person: Mapping[PersonId, Mapping[int, Of]], seen: frozenset[int] | None) -> dict[PersonId, dict[int, Of]]:
    return {
        person_id: {id_: value for id_, value in mine.items() if seen is None or id_ in seen}
        for person_id, mine in by_person.items()
    }


async def _purses(tx: Transaction, ids: Sequence[PersonId]) -> dict[PersonId, dict[int, Purse]]:
    purses: dict[PersonId, dict[int, Purse]] = {}
    for person_id, unit, dimension, department_id, amount in await ledger.balances(tx, ids):
        purse = purses.setdefault(person_id, {}).setdefault(department_id, Purse(xp={}))
        if unit == "xp":
            purse.xp[dimension] = amount
        elif unit == "points":
            purse.points = amount
        else:
            purse.keys = amount
    return purses


async def _streaks(tx: Transaction, ids: Sequence[PersonId]) -> dict[PersonId, dict[int, Streak]]:
    rules = {rule.id: rule.department_id for rule in await streaks.rules(tx)}
    found: dict[PersonId, dict[int, Streak]] = {}
    for (person_id, rule_id), streak in (await streaks.of_people(tx, ids)).items():
        if rule_id in rules:
            found.setdefault(person_id, {})[rules[rule_id]] = streak
    return found


def user_out(members: Members, person: Person, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """A user of the Admin API."""
    external = members.external_ids.get(person.id)
    purses = members.purses.get(person.id, {})
    extra = person.attributes.get("nudj", {})
    result: dict[str, Any] = {
        "id": person.uid,
        "organisationId": members.organisation.uid,
        "username": extra.get("username") or external or person.uid,
        "points": number(sum((purse.points for purse in purses.values()), Decimal(0))),
        "keys": number(sum((purse.keys for purse in purses.values()), Decimal(0))),
        "xp": xp_out(purses.values()),
        "communityData": _community_data(members, person, calendar, now),
        "createdAt": render_time(person.created_at),
        "updatedAt": render_time(person.updated_at),
        "roles": extra.get("roles", []),
        "email": person.email,
        "isAnonymous": person.email is None and external is None,
        "displayName": person.full_name,
        "locale": person.language or members.organisation.language,
        **{name: extra[name] for name in _OPTIONAL if extra.get(name) is not None},
    }
    if external is not None:
        result["externalUserId"] = external
    return result


async def one_user_out(tx: Transaction, person: Person, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """As user_out, for a single user."""
    return user_out(await members_of(tx, [person]), person, calendar, now)


async def me_out(tx: Transaction, person: Person, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """The acting user: the same with level and counts."""
    members = await members_of(tx, [person])
    user = user_out(members, person, calendar, now)
    earned, entered = await rewards.grant_counts(tx, person.id)
    return {
        **user,
        "level": level_of(levels_of(members.organisation), Decimal(user["xp"]["total"])),
        "completedChallenges": sum(members.completed.get(person.id, {}).values()),
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


def _community_data(members: Members, person: Person, calendar: Calendar, now: datetime) -> list[dict[str, Any]]:
    """One object a community that the person has anything in; the organisation's own purse stands with the default one."""
    purses, held = members.purses.get(person.id, {}), members.held.get(person.id, {})
    done, running = members.completed.get(person.id, {}), members.streaks.get(person.id, {})
    default, today = members.default, local_day(person.time_zone, calendar, now)
    concerned = {id_ or default for id_ in (*purses, *held, *done, *running)}
    uids = {id_: uid for id_, uid in members.communities.items() if id_ in concerned}
    result = []
    for department_id, uid in sorted(uids.items()):
        mine = [department_id, 0] if department_id == default else [department_id]
        streak = next((running[id_] for id_ in mine if id_ in running), None)
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

"""Taking back what an event set off, or an award that fell by it: XP, unspent points, scores, days of streaks.

Each function marks the events as retracted that had been raised, and answers them: whoever calls counts anew what they fed.
"""

from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from laurel.base.ids import PersonId
from laurel.base.limits import EVENT_KEY_LENGTH_MAX
from laurel.domain.achievements.model import Award
from laurel.domain.attempts.withdraw import withdraw
from laurel.domain.events import store as events
from laurel.domain.events.model import Event
from laurel.domain.leaderboards.scoring import Gain
from laurel.domain.record_events.happenings import (
    METRICS,
    POINTS_EARNED,
    SETS_NOTHING_OFF,
    STREAK_EXTENDED,
    XP_EARNED,
    Happening,
    raise_events,
    streak_key,
)
from laurel.domain.record_events.run import Run
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.rewards.model import LedgerEntry, Payment, RewardPlan
from laurel.domain.rewards.pay import ledger_entries
from laurel.domain.streaks import store as streaks
from laurel.domain.streaks.extend import extended
from laurel.domain.streaks.model import Streak, StreakRule

RETRACTION = "retraction"
"""The reason of ledger entries that take something back."""
_AROUND_A_DAY = timedelta(hours=52)


class Undone(NamedTuple):
    """What was taken back, and the raised events that were retracted with it."""

    points: Decimal
    xp: Decimal
    gone: list[Event]


async def undo_event(run: Run, event: Event, reason: str) -> Undone:
    """Take back what the retracted `event` set off itself: the XP of a rule, what a challenge paid and what stands of it,
    scores, a day of a streak.
    """
    if event.category in SETS_NOTHING_OFF:
        return Undone(Decimal(0), Decimal(0), [])
    metric = METRICS.get(event.sub_category)
    if metric is not None:
        department = event.department_id
        run.losses.append(Gain(metric, event.person_id, department, Decimal(1), event.occurred_at, event.recorded_at))
    keys = [f"xp:for:{event.event_key}", *await withdraw(run.tx, event, run.now)]
    gone = await _retract(run, event.person_id, keys, reason)
    taken = await _take_back(run, [entry for one in gone for entry in _booked(one)])
    _lower_xp(run, gone)
    for rule in run.reactions.streak_rules:
        if rule.takes(event.category, event.sub_category, event.name, event.department_id):
            gone += await _undo_day(run, rule, event, reason)
    return Undone(taken["points"], taken["xp"], gone)


async def undo_award(run: Run, award: Award, reason: str) -> Undone:
    """Take back what a revoked award paid in XP and, as far as they are unspent, in points; and the events it raised.

    Assets and entries stay with the person: they are things that were given, and may be used or drawn by now.
    """
    keys = [f"award:{award.uid}", f"points:{award.uid}", f"xp:{award.uid}"]
    gone = await _retract(run, award.person_id, keys, reason)
    taken = await _take_back(run, await ledger.paid_by_award(run.tx, award.person_id, award.id))
    _lower_xp(run, gone)
    return Undone(taken["points"], taken["xp"], gone)


async def _retract(run: Run, person_id: PersonId, keys: list[str], reason: str) -> list[Event]:
    keys = [key[:EVENT_KEY_LENGTH_MAX] for key in keys]
    return await events.retract_some(run.tx, person_id, keys, reason, run.now)


async def _take_back(run: Run, entries: list[LedgerEntry]) -> dict[str, Decimal]:
    if not entries:
        return {"points": Decimal(0), "xp": Decimal(0)}
    return await ledger.take_back(run.tx, entries, RETRACTION, run.now)


def _booked(raised: Event) -> list[LedgerEntry]:
    """What was booked when this event was raised, where it is an xp-earned or points-earned one."""
    if raised.sub_category == POINTS_EARNED:
        plan = RewardPlan(points=Decimal(str(raised.payload["amount"])))
    elif raised.sub_category == XP_EARNED:
        amounts = raised.payload.get("xp") or {"total": raised.payload["amount"]}
        plan = RewardPlan(xp={name: Decimal(str(amount)) for name, amount in amounts.items()})
    else:
        return []
    return ledger_entries(Payment(raised.person_id, None, plan, RETRACTION, raised.source_id, raised.department_id))


def _lower_xp(run: Run, gone: list[Event]) -> None:
    run.losses += [
        Gain(
            "xp",
            one.person_id,
            one.department_id,
            Decimal(str(one.payload["amount"])),
            one.occurred_at,
            one.recorded_at,
        )
        for one in gone
        if one.sub_category == XP_EARNED
    ]


# -------------------------------------------------------------------------------------------------------------- streaks
async def _undo_day(run: Run, rule: StreakRule, event: Event, reason: str) -> list[Event]:
    """Count a streak as if nothing had been done on the day of `event`, unless something else was."""
    person_id = event.person_id
    calendar = run.states[person_id].calendar or run.book.calendar
    day = calendar.day(event.occurred_at)
    near = await events.between(run.tx, person_id, event.occurred_at - _AROUND_A_DAY, event.occurred_at + _AROUND_A_DAY)
    if any(
        calendar.day(one.occurred_at) == day
        and one.category not in SETS_NOTHING_OFF
        and rule.takes(one.category, one.sub_category, one.name, one.department_id)
        for one in near
    ):
        return []
    raised = await events.of_people(run.tx, [person_id], [STREAK_EXTENDED], [])
    days = {_day_of(one): one for one in raised if one.category == "streak" and one.source_id == rule.uid}
    if day not in days:
        return []
    streak, lengths = _refold(rule, person_id, {known: days[known] for known in sorted(days) if known != day})
    wrong = [
        known
        for known, one in sorted(days.items())
        if known == day or (one.payload["length"], one.payload["longest"]) != lengths[known]
    ]
    if streak is None:
        await streaks.end(run.tx, person_id, rule.id)
    else:
        await streaks.save(run.tx, [streak])
    gone = await _retract(run, person_id, [days[known].event_key for known in wrong], reason)
    anew = [
        Happening(
            person_id,
            "streak",
            STREAK_EXTENDED,
            f"{streak_key(rule, known)}:{event.id}",
            source_id=rule.uid,
            department_id=rule.department_id or None,
            payload={"length": lengths[known][0], "longest": lengths[known][1]},
            occurred_at=days[known].occurred_at,
        )
        for known in wrong
        if known != day
    ]
    await raise_events(run, anew)
    return gone


def _refold(
    rule: StreakRule, person_id: PersonId, days: dict[int, Event]
) -> tuple[Streak | None, dict[int, tuple[int, int]]]:
    """The streak that these days make, and (length, longest) as of each."""
    streak: Streak | None = None
    lengths = {}
    for day, raised in days.items():
        streak = extended(streak, rule, person_id, day, raised.occurred_at) or streak
        if streak is not None:
            lengths[day] = (streak.length, streak.longest)
    return streak, lengths


def _day_of(raised: Event) -> int:
    """The day that a streak-extended event stands for: its key is `streak_key` with more behind it."""
    return int(raised.event_key.split(":")[2])

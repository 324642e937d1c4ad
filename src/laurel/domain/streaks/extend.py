"""Extending a streak, and what it is worth today. Pure."""

from datetime import datetime

import msgspec

from laurel.base.ids import PersonId
from laurel.domain.achievements.periods import Calendar, own_calendar
from laurel.domain.streaks.model import Streak, StreakRule


def extended(streak: Streak | None, rule: StreakRule, person_id: PersonId, day: int, at: datetime) -> Streak | None:
    """The streak after something that counts was done on local `day`; None when that changes nothing."""
    if streak is None:
        return _with_freezes(Streak(person_id, rule.id, 1, 1, day, 0, at), rule)
    if day <= streak.last_day:
        return None
    missed = day - streak.last_day - 1
    if missed > streak.freezes:
        return _with_freezes(
            msgspec.structs.replace(
                streak, length=1, longest=max(streak.longest, 1), last_day=day, freezes=0, extended_at=at
            ),
            rule,
        )
    length = streak.length + 1
    return _with_freezes(
        msgspec.structs.replace(
            streak,
            length=length,
            longest=max(streak.longest, length),
            last_day=day,
            freezes=streak.freezes - missed,
            extended_at=at,
        ),
        rule,
    )


def _with_freezes(streak: Streak, rule: StreakRule) -> Streak:
    if rule.freeze_every and rule.freezes_max and streak.length % rule.freeze_every == 0:
        return msgspec.structs.replace(streak, freezes=min(rule.freezes_max, streak.freezes + 1))
    return streak


def length_on(streak: Streak | None, today: int) -> int:
    """How long the streak is today: 0 once more days were missed than freezes are left."""
    if streak is None or today - streak.last_day - 1 > streak.freezes:
        return 0
    return streak.length


def local_day(time_zone: str | None, organisation: Calendar, instant: datetime) -> int:
    """The ordinal of the day of `instant` where the person is; without a (known) zone, where the organisation is."""
    return own_calendar(time_zone, (), organisation).day(instant)

"""Periods: half-open windows of a calendar, the organisation's or a person's own. Pure.

A period is known by the ordinal of its first local day (`date.toordinal()`; 0 for open). Weeks start on Monday. Local
midnight is computed on the calendar and only then turned into an instant, so that days of 23 and 25 hours come out right.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from laurel.base.errors import Invalid
from laurel.domain.achievements.model import Period

OPEN = 0
PERIODS: tuple[Period, ...] = ("open", "daily", "weekly", "monthly", "yearly")
_MEMORY_MAX = 4_096
_SECOND = timedelta(seconds=1)
_SEARCHED = timedelta(hours=26)


def zone(name: str, field: str = "time_zone") -> ZoneInfo:
    """The time zone called `name` (IANA); raises Invalid naming `field`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(f"{field} is not an IANA time zone", field=field, value=name) from None


def first_day(period: Period, day: date) -> date:
    """The first day of the period that `day` lies in."""
    if period == "daily":
        return day
    if period == "weekly":
        return day - timedelta(days=day.weekday())
    if period == "monthly":
        return day.replace(day=1)
    return day.replace(month=1, day=1)


def next_first_day(period: Period, first: date) -> date:
    """The first day of the period after the one that starts on `first`."""
    if period == "daily":
        return first + timedelta(days=1)
    if period == "weekly":
        return first + timedelta(days=7)
    if period == "monthly":
        return (first + timedelta(days=32)).replace(day=1)
    return first.replace(year=first.year + 1)


def midnight(day: date, time_zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which the local calendar has reached `day`.

    Where the clock jumps over midnight the day begins when the clock resumes; where it passes midnight twice, at the
    first pass, and the second does not give the day back.
    """
    instant = datetime.combine(day, time(), time_zone).astimezone(UTC)
    before = (instant - _SECOND).astimezone(time_zone).date()
    if before < day <= instant.astimezone(time_zone).date():
        return instant
    low, high = instant - _SEARCHED, instant + _SEARCHED
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        if middle.astimezone(time_zone).date() < day:
            low = middle
        else:
            high = middle
    return high


class Calendar:
    """Days and periods of one time zone, remembered by the hour, because time zones are slow and events are many."""

    def __init__(self, time_zone: ZoneInfo) -> None:
        self.time_zone = time_zone
        self._days: dict[float, tuple[int, int, int]] = {}
        self._firsts: dict[tuple[Period, int], int] = {}
        self._quarters: dict[float, dict[Period, int]] = {}

    def day(self, instant: datetime) -> int:
        """The ordinal of the local day of `instant`."""
        second = instant.timestamp()
        quarter = second // 900
        known = self._days.get(quarter)
        if known is None:
            known = self._learn(int(quarter))
        before, change, after = known
        return before if second < change else after

    def _learn(self, quarter: int) -> tuple[int, int, int]:
        """(day at the quarter's start, second at which it changes, day after that) for a quarter of an hour."""
        if len(self._days) >= _MEMORY_MAX:
            self._days.clear()
        start = quarter * 900
        first, last = self._day_at(start), self._day_at(start + 899)
        change = start + 900
        if first != last:
            change = next(second for second in range(start, start + 900) if self._day_at(second) != first)
        self._days[quarter] = (first, change, last)
        return self._days[quarter]

    def _day_at(self, second: int) -> int:
        day = datetime.fromtimestamp(second, self.time_zone).date()
        tomorrow = day + timedelta(days=1)
        reached = midnight(tomorrow, self.time_zone).timestamp() <= second
        return (tomorrow if reached else day).toordinal()

    def periods(self, instant: datetime) -> dict[Period, int]:
        """The periods of all kinds that `instant` lies in. The answer is shared: do not change it."""
        second = instant.timestamp()
        quarter = second // 900
        found = self._quarters.get(quarter)
        if found is None:
            found = {kind: self.period(kind, instant) for kind in PERIODS}
            if self._days[quarter][1] % 900:
                return found  # the day changes within this quarter of an hour
            if len(self._quarters) >= _MEMORY_MAX:
                self._quarters.clear()
            self._quarters[quarter] = found
        return found

    def period(self, period: Period, instant: datetime) -> int:
        """The period of `instant`: the ordinal of its first day, OPEN for open."""
        if period == "open":
            return OPEN
        day = self.day(instant)
        if period == "daily":
            return day
        first = self._firsts.get((period, day))
        if first is None:
            if len(self._firsts) >= _MEMORY_MAX:
                self._firsts.clear()
            first = first_day(period, date.fromordinal(day)).toordinal()
            self._firsts[(period, day)] = first
        return first

    def bounds(self, period: Period, ordinal: int) -> tuple[datetime, datetime] | None:
        """[start, next start) of a period in UTC; None for open."""
        if period == "open":
            return None
        first = date.fromordinal(ordinal)
        return midnight(first, self.time_zone), midnight(next_first_day(period, first), self.time_zone)


@lru_cache(maxsize=600)
def calendar_called(time_zone: str) -> Calendar | None:
    """The calendar of a time zone; None for a name that is none."""
    try:
        return Calendar(ZoneInfo(time_zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


class MovedCalendar(Calendar):
    """The days of somebody who changed time zones: each instant belongs to the zone that was in force then.

    So an event belongs to one period for ever, whenever it arrives and however often it is counted.
    """

    def __init__(self, past: Sequence[tuple[datetime, Calendar]], present: Calendar) -> None:
        """`past`: zones before the present one, each with the first instant of the next, ascending."""
        super().__init__(present.time_zone)
        self._ends = [end for end, _ in past]
        self._calendars = [*(calendar for _, calendar in past), present]

    def _at(self, instant: datetime) -> Calendar:
        return self._calendars[bisect_right(self._ends, instant)]

    def day(self, instant: datetime) -> int:
        """The ordinal of the local day of `instant`."""
        return self._at(instant).day(instant)

    def periods(self, instant: datetime) -> dict[Period, int]:
        """The periods of all kinds that `instant` lies in. The answer is shared: do not change it."""
        return self._at(instant).periods(instant)

    def bounds(self, period: Period, ordinal: int) -> tuple[datetime, datetime] | None:
        """[start, next start) of a period in UTC, each by the zone in force at the midnight of the present one."""
        bounds = super().bounds(period, ordinal)
        if bounds is None:
            return None
        first = date.fromordinal(ordinal)
        start, end = (
            midnight(day, self._at(edge).time_zone)
            for day, edge in zip((first, next_first_day(period, first)), bounds, strict=True)
        )
        return start, end


def organisation_calendar(time_zone: str, past: Sequence[tuple[datetime, str]]) -> Calendar:
    """The calendar of an organisation in `time_zone`, which was in `past` zones before (each with the first instant of the
    next). Raises Invalid for a zone that is unknown.
    """
    present = Calendar(zone(time_zone))
    return MovedCalendar([(end, Calendar(zone(name))) for end, name in past], present) if past else present


def own_calendar(
    time_zone: str | None, past: Sequence[tuple[datetime, str | None]], organisation: Calendar
) -> Calendar:
    """The calendar of a person in `time_zone`, who was in `past` zones before (each with the first instant of the next).

    Without a zone, or with one that is unknown, it is the organisation's.
    """
    calendars = [(calendar_called(zone) if zone else None) or organisation for _, zone in past]
    present = (calendar_called(time_zone) if time_zone else None) or organisation
    if all(calendar is present for calendar in calendars):
        return present
    return MovedCalendar([(end, calendar) for (end, _), calendar in zip(past, calendars, strict=True)], present)


def period_key(period: Period, ordinal: int, level: int | None = None) -> str:
    """How an award names its period: "" for open, else the letter of the kind and the first day ("w:2026-11-16").

    Levels above the first follow behind a #, because each is an award of its own: "#2", "w:2026-11-16#2".
    """
    key = "" if period == "open" else f"{period[0]}:{date.fromordinal(ordinal).isoformat()}"
    return f"{key}#{level}" if level is not None and level > 1 else key

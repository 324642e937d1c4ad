"""Advancing a person's progress by events, and saying what that completed. Pure: touches only what it is given.

A person's state holds, per achievement, the newest period with activity; older periods lie in rows of their own and are
asked for (`late`) when an event arrives out of order. Counting does not depend on the order of events.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from laurel.base.ids import AchievementId, PersonId
from laurel.domain.achievements.periods import Calendar
from laurel.domain.achievements.rules import (
    DONE,
    PERIOD,
    REVISION,
    VALUES,
    CompiledLeaf,
    Entry,
    Match,
    Rule,
    RuleBook,
    add,
    number_at,
    number_of,
    residual_reason,
    window_of,
)
from laurel.domain.events.model import Event, NewEvent

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder().decode
_DECODE_STATE: Callable[[bytes], Any] = msgspec.msgpack.Decoder(
    tuple[dict[AchievementId, msgspec.Raw], dict[AchievementId, int], set[tuple[AchievementId, int]]]
).decode

PastKey = tuple[AchievementId, int]
"""(achievement, period) of a period that is not the newest."""


class Completion(NamedTuple):
    """A tree became complete, or reached a level: which, in which period, by which event."""

    person_id: PersonId
    rule: Rule
    period: int
    occurred_at: datetime
    event_key: str
    level: int | None = None


Advance = tuple[Rule, CompiledLeaf, int | Decimal]
"""A leaf moved: (rule, leaf, new value). A bare tuple, because three are made for every event."""


class Late(NamedTuple):
    """An event of a period whose row has to be fetched first; without leaves the entry is only looked at."""

    rule: Rule
    leaves: list[CompiledLeaf]
    event: NewEvent | Event | None
    occurred_at: datetime
    event_key: str
    period: int
    advanced: list[Advance]


class PersonState:
    """A person's progress while events are applied."""

    __slots__ = (
        "_exact",
        "calendar",
        "changed",
        "entries",
        "held",
        "late",
        "past",
        "past_changed",
        "person_id",
        "stale",
    )

    def __init__(self, person_id: PersonId, stored: bytes) -> None:
        self.person_id = person_id
        self.changed = False
        self.calendar: Calendar | None = None
        """The person's own, as far as it is known and not the organisation's."""
        self.entries: dict[AchievementId, Entry | msgspec.Raw] = {}
        """Entries as they are stored until somebody asks for them with `entry`: most events touch few of many."""
        self.held: dict[AchievementId, int] = {}
        self._exact: set[tuple[AchievementId, int]] = set()
        if stored and stored[0]:  # a row begins as zero bytes
            self.entries, self.held, self._exact = _DECODE_STATE(stored)
        self.past: dict[PastKey, Entry] = {}
        self.past_changed: set[PastKey] = set()
        self.late: list[Late] = []
        self.stale: set[AchievementId] = set()

    def encoded(self) -> bytes:
        """The stored form; numbers that are not 64-bit integers are listed and written as text."""
        if not self._exact:
            return _ENCODE((self.entries, self.held, ()))
        exact = []
        for achievement_id, position in self._exact:
            entry = self.entries.get(achievement_id)
            if isinstance(entry, list):
                if position < len(entry) and type(entry[position]) is Decimal:
                    exact.append((achievement_id, position))
            elif entry is not None:
                exact.append((achievement_id, position))
        return _ENCODE((self.entries, self.held, exact))

    def entry(self, achievement_id: AchievementId) -> Entry | None:
        """The newest period's entry, None when nothing counted yet."""
        entry = self.entries.get(achievement_id)
        return self.opened(achievement_id, entry) if isinstance(entry, msgspec.Raw) else entry

    def opened(self, achievement_id: AchievementId, stored: msgspec.Raw) -> Entry:
        """An entry out of its stored form."""
        entry: Entry = _DECODE(stored)
        if self._exact:
            for position in range(VALUES, len(entry)):
                if (achievement_id, position) in self._exact:
                    entry[position] = Decimal(entry[position])
        self.entries[achievement_id] = entry
        return entry

    def note_exact(self, achievement_id: AchievementId, position: int) -> None:
        """Remember that the value at this position is a Decimal."""
        self._exact.add((achievement_id, position))

    def put(self, rule: Rule, entry: Entry) -> None:
        """Make `entry` the newest of its achievement; an older one that it replaces moves to the past."""
        old = self.entry(rule.id)
        if old is not None and old[REVISION] == rule.revision and old[PERIOD] < entry[PERIOD]:
            self.past[(rule.id, old[PERIOD])] = old
            self.past_changed.add((rule.id, old[PERIOD]))
        self.entries[rule.id] = entry
        for position in range(VALUES, len(entry)):
            if type(entry[position]) is Decimal:
                self._exact.add((rule.id, position))
        self.changed = True


def calendar_of(book: RuleBook, rule: Rule, state: PersonState) -> Calendar:
    """The calendar by which a person's periods and days of a rule are counted."""
    return state.calendar if rule.personal and state.calendar is not None else book.calendar


def encode_entry(entry: Entry) -> bytes:
    """The stored form of a past period's entry."""
    exact = [position for position in range(VALUES, len(entry)) if type(entry[position]) is Decimal]
    return _ENCODE((entry, exact))


def decode_entry(stored: bytes) -> Entry:
    """Back from `encode_entry`."""
    entry: Entry
    entry, exact = _DECODE(stored)
    for position in exact:
        entry[position] = Decimal(entry[position])
    return entry


def apply_event(
    book: RuleBook,
    state: PersonState,
    event: NewEvent | Event,
    occurred_at: datetime,
    event_key: str,
    advanced: list[Advance],
) -> list[Completion]:
    """Advance every leaf that the event matches; what that completed, in order of the definitions."""
    matches = book.matches(event.name, event.category, event.sub_category)
    if not matches:
        return []
    touched: list[tuple[Rule, Entry]] = []
    entries = state.entries
    periods = book.calendar.periods(occurred_at)
    own = state.calendar
    for match in matches:
        rule, leaf, residual, _ = match
        if rule.timed and not rule.starts <= occurred_at < rule.expires:
            continue
        if residual is not None and residual_reason(match, event) is not None:
            continue
        period = own.period(rule.period, occurred_at) if own is not None and rule.personal else periods[rule.period]
        known = entries.get(rule.id)
        entry = state.opened(rule.id, known) if type(known) is msgspec.Raw else known
        if entry is None:
            entry = rule.new_entry(period)
            entries[rule.id] = entry
        elif entry[REVISION] != rule.revision:
            state.stale.add(rule.id)
            continue
        elif entry[PERIOD] != period:
            older = _entry_of_other_period(state, rule, period, entry)
            if older is None:
                _put_off(state, match, Late(rule, [match.leaf], event, occurred_at, event_key, period, advanced))
                continue
            entry = older
        if leaf.kind == "count" and leaf.cap is None:  # as _advance does, without the call
            value = entry[leaf.position] + 1
            entry[leaf.position] = value
            advanced.append((rule, leaf, value))
        else:
            _advance(book, state, leaf, rule, entry, event, occurred_at, advanced)
        if entry[DONE] < rule.top:
            touched.append((rule, entry))
    state.changed = True
    return completed(state, touched, occurred_at, event_key) if touched else []


def _put_off(state: PersonState, match: Match, late: Late) -> None:
    """Keep an event for later; all leaves that it advances in one achievement are advanced before that is looked at."""
    for other in reversed(state.late):
        if other.event is not late.event:
            break
        if other.rule is late.rule:
            other.leaves.append(match.leaf)
            return
    state.late.append(late)


def _entry_of_other_period(state: PersonState, rule: Rule, period: int, newest: Entry) -> Entry | None:
    """The entry of `period`, which is not the newest one's; None when its row has to be fetched first."""
    if period > newest[PERIOD]:
        entry = rule.new_entry(period)
        state.put(rule, entry)
        return entry
    past = state.past.get((rule.id, period))
    if past is not None:
        state.past_changed.add((rule.id, period))
    return past


def apply_late(book: RuleBook, state: PersonState, late: Late) -> list[Completion]:
    """Apply an event of an older period, whose entry is in `state.past` by now (a fresh one when there was none)."""
    rule = late.rule
    key = (rule.id, late.period)
    entry = state.past.get(key)
    if entry is None or entry[REVISION] != rule.revision:
        if late.event is None:
            return []
        entry = rule.new_entry(late.period)
        state.past[key] = entry
    state.past_changed.add(key)
    if late.event is not None:
        for leaf in late.leaves:
            _advance(book, state, leaf, rule, entry, late.event, late.occurred_at, late.advanced)
    if entry[DONE] >= rule.top:
        return []
    return completed(state, [(rule, entry)], late.occurred_at, late.event_key)


def completed(
    state: PersonState, touched: Iterable[tuple[Rule, Entry]], occurred_at: datetime, event_key: str
) -> list[Completion]:
    """Those of `touched` that are complete now, or reach further levels; they are marked done, so far."""
    found: list[Completion] = []
    held = state.held
    for rule, entry in touched:
        before = entry[DONE]
        if before >= rule.top or not rule.complete(entry):
            continue
        prerequisites = rule.achievement.prerequisites
        if prerequisites and not all(held.get(needed) for needed in prerequisites):
            continue
        reached = rule.level_of(entry)
        if reached <= before:
            continue
        entry[DONE] = reached
        state.changed = True
        for level in range(before + 1, reached + 1):
            if level > 1 or entry[PERIOD] or not held.get(rule.id):
                named = level if rule.targets else None
                found.append(Completion(state.person_id, rule, entry[PERIOD], occurred_at, event_key, named))
    return found


def unlocked_by_holding(
    book: RuleBook, state: PersonState, held_id: AchievementId, occurred_at: datetime, event_key: str
) -> list[Completion]:
    """What completes because the person now holds `held_id`, which was its last missing prerequisite.

    Only in the period of the instant: holding something from today does not complete yesterday.
    """
    touched: list[tuple[Rule, Entry]] = []
    for rule in book.waiting_for.get(held_id, ()):
        if not rule.starts <= occurred_at < rule.expires:
            continue
        period = calendar_of(book, rule, state).period(rule.period, occurred_at)
        entry = state.entry(rule.id)
        if entry is not None and entry[REVISION] != rule.revision:
            state.stale.add(rule.id)
            continue
        if entry is not None and entry[PERIOD] > period:
            state.late.append(Late(rule, [], None, occurred_at, event_key, period, []))
            continue
        if entry is None or entry[PERIOD] < period:
            if rule.achievement.criteria is not None:
                continue  # nothing counted in this period yet
            entry = rule.new_entry(period)
            state.put(rule, entry)
        touched.append((rule, entry))
    return completed(state, touched, occurred_at, event_key)


def _advance(
    book: RuleBook,
    state: PersonState,
    leaf: CompiledLeaf,
    rule: Rule,
    entry: Entry,
    event: NewEvent | Event,
    occurred_at: datetime,
    advanced: list[Advance],
) -> None:
    position = leaf.position
    if leaf.kind == "count" and leaf.cap is None:
        value: Any = entry[position] + 1
        entry[position] = value
        advanced.append((rule, leaf, value))
        return
    if leaf.kind == "touch":
        return
    if leaf.kind == "streak":
        entry[position] = with_day(entry[position], window_of(leaf, calendar_of(book, rule, state), occurred_at))
    else:
        amount = 1 if leaf.kind == "count" else number_at(event.payload, leaf.attribute)
        if leaf.cap is not None:
            window = window_of(leaf, calendar_of(book, rule, state), occurred_at)
            _add_capped(entry[position], leaf, window, amount)
        else:
            total = add(entry[position], amount)
            entry[position] = total
            if type(total) is Decimal:
                state.note_exact(rule.id, position)
    advanced.append((rule, leaf, number_of(leaf, entry[position])))


def _add_capped(windows: dict[int, list[Any]], leaf: CompiledLeaf, window: int, amount: int | Decimal) -> None:
    """Add an event to its window unless that is full; which events of a full window count is decided by arrival."""
    counted = windows.setdefault(window, [0, 0])
    if leaf.cap is None or counted[0] >= leaf.cap.count:
        return
    counted[0] += 1
    total = add(counted[1], amount)
    counted[1] = str(total) if isinstance(total, Decimal) else total


def with_day(runs: list[int], day: int) -> list[int]:
    """`runs` ([first, last, first, last, …], ascending, apart by more than one) with `day` added and runs joined."""
    result: list[int] = []
    first = last = day
    placed = False
    for index in range(0, len(runs), 2):
        start, end = runs[index], runs[index + 1]
        if end < first - 1:
            result += (start, end)
        elif start > last + 1:
            if not placed:
                result += (first, last)
                placed = True
            result += (start, end)
        else:
            first, last = min(first, start), max(last, end)
    if not placed:
        result += (first, last)
    return result


class Recount(NamedTuple):
    """An achievement counted anew from all events of one person: its entries by period, and what completed when."""

    entries: dict[int, Entry]
    completions: list[Completion]


def recount(book: RuleBook, rule: Rule, state: PersonState, events: Iterable[Event]) -> Recount:
    """Count `events` of a person (in the order they were recorded) for one achievement, from nothing.

    `state` says what the person holds and by which calendar to count; it is not changed.

    An event counts when it was recorded while the achievement was live (`live_spans`; a backfill widens them) and
    occurred between its start and its end.
    """
    entries: dict[int, Entry] = {}
    completions: list[Completion] = []
    scratch = PersonState(state.person_id, b"")
    scratch.calendar = state.calendar
    scratch.held = {achievement_id: count for achievement_id, count in state.held.items() if achievement_id != rule.id}
    calendar = calendar_of(book, rule, state)
    spans = rule.achievement.live_spans
    for event in events:
        if not any(
            (start is None or start <= event.recorded_at) and (end is None or event.recorded_at < end)
            for start, end in spans
        ):
            continue
        if not rule.starts <= event.occurred_at < rule.expires:
            continue
        touched: dict[int, Entry] = {}
        for match in book.matches(event.name, event.category, event.sub_category):
            if match.rule is not rule or (match.residual is not None and residual_reason(match, event) is not None):
                continue
            period = calendar.period(rule.period, event.occurred_at)
            entry = entries.get(period)
            if entry is None:
                entry = entries[period] = rule.new_entry(period)
            _advance(book, scratch, match.leaf, rule, entry, event, event.occurred_at, [])
            touched[period] = entry
        for entry in touched.values():
            completions += completed(scratch, [(rule, entry)], event.occurred_at, event.event_key)
    return Recount(entries, completions)

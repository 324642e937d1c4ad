"""Reading where a person stands: progress of the present period, counted anew on the fly where a definition changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from laurel.base.ids import AchievementId, PersonId
from laurel.database.pool import Transaction
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.evaluate import PastKey, PersonState, calendar_of, recount
from laurel.domain.achievements.model import Achievement, Award
from laurel.domain.achievements.periods import Calendar, own_calendar, period_key
from laurel.domain.achievements.progress import ProgressNode, progress_tree
from laurel.domain.achievements.progress_rows import store as progress_rows
from laurel.domain.achievements.rules import PERIOD, REVISION, Entry, Rule, RuleBook
from laurel.domain.events import store as events
from laurel.domain.events.model import Event
from laurel.domain.people.time_zones import store as time_zones

_AWARDS_READ_MAX = 10_000
"""How many awards of one person are looked at."""


class LevelStanding(msgspec.Struct, frozen=True):
    """How many levels of how many a person has in the present period; what the next one takes (None after the last)."""

    reached: int
    highest: int
    next_target: int | Decimal | None


class Standing(msgspec.Struct, frozen=True):
    """One person in one achievement at one instant.

    `awards` are all the person's awards of it, newest first; `current` the one of the present period, if any (with levels:
    that of the last level).
    `resets_at` is when the present period ends, None for open.
    """

    achievement: Achievement
    period: str
    progress: ProgressNode | None
    current: Award | None
    awards: list[Award]
    resets_at: datetime | None
    level: LevelStanding | None = None

    @property
    def times_completed(self) -> int:
        """How many awards the person holds."""
        return sum(award.state == "active" for award in self.awards)


async def state_of(
    tx: Transaction, book: RuleBook, person_id: PersonId, achievements: Sequence[Achievement]
) -> PersonState:
    """A person's progress for reading, with their own calendar where one of `achievements` counts by it."""
    return (await _states_of(tx, book, [person_id], achievements))[person_id]


async def _states_of(
    tx: Transaction, book: RuleBook, person_ids: Sequence[PersonId], achievements: Sequence[Achievement]
) -> dict[PersonId, PersonState]:
    states = await progress_rows.read_states(tx, person_ids)
    if any(achievement.calendar == "person" for achievement in achievements):
        await learn_calendars(tx, book, states)
    return states


async def learn_calendars(tx: Transaction, book: RuleBook, states: Mapping[PersonId, PersonState]) -> None:
    """Give people's states the calendars of their own time zones."""
    for person_id, zones in (await time_zones.of_people(tx, list(states))).items():
        states[person_id].calendar = own_calendar(zones.present, zones.past, book.calendar)


async def present_entry(
    tx: Transaction, book: RuleBook, achievement: Achievement, state: PersonState, now: datetime
) -> Entry | None:
    """The entry of the period that `now` lies in for the person."""
    rule = book.rules.get(achievement.id) or Rule(achievement)
    ordinal = calendar_of(book, rule, state).period(achievement.period, now)
    return (await _entries_at(tx, book, [(state, rule, ordinal)])).get((state.person_id, rule.id))


async def standings(
    tx: Transaction, book: RuleBook, person_id: PersonId, achievements: Sequence[Achievement], now: datetime
) -> list[Standing]:
    """Where a person stands in each of `achievements`, without changing anything."""
    return (await standings_of(tx, book, [person_id], achievements, now))[person_id]


async def standings_of(
    tx: Transaction,
    book: RuleBook,
    person_ids: Sequence[PersonId],
    achievements: Sequence[Achievement],
    now: datetime,
) -> dict[PersonId, list[Standing]]:
    """Where each of these people stands in each of `achievements`, without changing anything."""
    states = await _states_of(tx, book, person_ids, achievements)
    awards = await awarded.of_people(tx, person_ids, _AWARDS_READ_MAX)
    rules = [book.rules.get(achievement.id) or Rule(achievement) for achievement in achievements]
    wanted = [
        (state, rule, calendar_of(book, rule, state).period(rule.achievement.period, now))
        for state in states.values()
        for rule in rules
    ]
    entries = await _entries_at(tx, book, wanted)
    result: dict[PersonId, list[Standing]] = {person_id: [] for person_id in person_ids}
    for state, rule, ordinal in wanted:
        mine = [award for award in awards[state.person_id] if award.achievement_id == rule.id]
        entry = entries.get((state.person_id, rule.id))
        result[state.person_id].append(_standing(rule, calendar_of(book, rule, state), ordinal, entry, mine))
    return result


def _standing(rule: Rule, calendar: Calendar, ordinal: int, entry: Entry | None, awards: list[Award]) -> Standing:
    achievement = rule.achievement
    bounds = calendar.bounds(achievement.period, ordinal)
    return Standing(
        achievement,
        period_key(achievement.period, ordinal),
        progress_tree(rule, entry) if achievement.criteria is not None else None,
        _award_at(achievement, awards, ordinal, rule.top),
        awards,
        None if bounds is None else bounds[1],
        _level(rule, awards, ordinal) if rule.targets else None,
    )


def _award_at(achievement: Achievement, awards: Sequence[Award], ordinal: int, level: int) -> Award | None:
    """The award of a period and level that stands."""
    key = period_key(achievement.period, ordinal, level)
    any_period = achievement.period == "open" and achievement.levels is None
    return next((award for award in awards if award.state == "active" and (any_period or award.period == key)), None)


def _level(rule: Rule, awards: Sequence[Award], ordinal: int) -> LevelStanding:
    """The levels that awards say a person has, in a period."""
    levels = range(1, rule.top + 1)
    reached = max((level for level in levels if _award_at(rule.achievement, awards, ordinal, level)), default=0)
    return LevelStanding(
        reached,
        rule.top,
        rule.targets[reached] if reached < rule.top else None,
    )


async def _entries_at(
    tx: Transaction, book: RuleBook, wanted: Sequence[tuple[PersonState, Rule, int]]
) -> dict[tuple[PersonId, AchievementId], Entry]:
    """The entries of periods as the present definitions count them, where anything counted. One person's come in a row."""
    found: dict[tuple[PersonId, AchievementId], Entry] = {}
    past: list[tuple[PersonId, PastKey]] = []
    recorded: tuple[PersonId, Sequence[Event]] | None = None
    for state, rule, ordinal in wanted:
        entry = state.entry(rule.id)
        if entry is None:
            continue
        if entry[REVISION] != rule.revision and rule.id in book.rules:
            if recorded is None or recorded[0] != state.person_id:
                recorded = state.person_id, await events.of_people(tx, [state.person_id], None, None)
            entry = recount(book, rule, state, recorded[1]).entries.get(ordinal)
        elif entry[PERIOD] > ordinal:
            past.append((state.person_id, (rule.id, ordinal)))
            continue
        elif entry[PERIOD] < ordinal:  # the newest there is
            continue
        if entry is not None:
            found[state.person_id, rule.id] = entry
    if past:
        for (person_id, (achievement_id, _)), entry in (await progress_rows.load_past(tx, past)).items():
            found[person_id, achievement_id] = entry
    return found

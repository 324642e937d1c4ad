"""Reading where a person stands: progress of the present period, counted anew on the fly where a definition changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from laurel.base.ids import AchievementId, PersonId
from laurel.database.pool import Transaction
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.evaluate import PersonState, calendar_of, recount
from laurel.domain.achievements.model import Achievement, Award
from laurel.domain.achievements.periods import own_calendar, period_key
from laurel.domain.achievements.progress import ProgressNode, progress_tree
from laurel.domain.achievements.progress_rows import store as progress_rows
from laurel.domain.achievements.rules import PERIOD, REVISION, Entry, Rule, RuleBook
from laurel.domain.events import store as events
from laurel.domain.people.time_zones import store as time_zones


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
    state = await progress_rows.read_state(tx, person_id)
    if any(achievement.calendar == "person" for achievement in achievements):
        await learn_calendars(tx, book, {person_id: state})
    return state


async def learn_calendars(tx: Transaction, book: RuleBook, states: Mapping[PersonId, PersonState]) -> None:
    """Give people's states the calendars of their own time zones."""
    for person_id, zones in (await time_zones.of_people(tx, list(states))).items():
        states[person_id].calendar = own_calendar(zones.present, zones.past, book.calendar)


async def present_entry(
    tx: Transaction, book: RuleBook, achievement: Achievement, state: PersonState, now: datetime
) -> Entry | None:
    """The entry of the period that `now` lies in for the person."""
    rule = book.rules.get(achievement.id) or Rule(achievement)
    return await entry_at(tx, book, rule, state, calendar_of(book, rule, state).period(achievement.period, now))


async def standings(
    tx: Transaction, book: RuleBook, person_id: PersonId, achievements: Sequence[Achievement], now: datetime
) -> list[Standing]:
    """Where a person stands in each of `achievements`, without changing anything."""
    state = await state_of(tx, book, person_id, achievements)
    by_achievement: dict[AchievementId, list[Award]] = {}
    for award in await awarded.of_person(tx, person_id, limit=10_000):
        by_achievement.setdefault(award.achievement_id, []).append(award)
    result = []
    for achievement in achievements:
        rule = book.rules.get(achievement.id) or Rule(achievement)
        calendar = calendar_of(book, rule, state)
        ordinal = calendar.period(achievement.period, now)
        entry = await entry_at(tx, book, rule, state, ordinal)
        awards = by_achievement.get(achievement.id, [])
        key = period_key(achievement.period, ordinal)
        current = _award_at(achievement, awards, ordinal, rule.top)
        bounds = calendar.bounds(achievement.period, ordinal)
        result.append(
            Standing(
                achievement,
                key,
                progress_tree(rule, entry) if achievement.criteria is not None else None,
                current,
                awards,
                None if bounds is None else bounds[1],
                _level(rule, awards, ordinal) if rule.targets else None,
            )
        )
    return result


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


async def entry_at(tx: Transaction, book: RuleBook, rule: Rule, state: PersonState, ordinal: int) -> Entry | None:
    """The entry of a period as the present definition counts it."""
    entry = state.entry(rule.id)
    if entry is None:
        return None
    if entry[REVISION] != rule.revision and rule.id in book.rules:
        recorded = await events.of_people(tx, [state.person_id], None, None)
        return recount(book, rule, state, recorded).entries.get(ordinal)
    if entry[PERIOD] == ordinal:
        return entry
    return (await progress_rows.past_of_person(tx, state.person_id, rule.id)).get(ordinal)

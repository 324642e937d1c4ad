"""What rules would do, tried against recorded events before anything is saved. Leaves no trace."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from laurel.base.errors import Invalid
from laurel.base.ids import PersonId
from laurel.base.limits import EXPLAIN_EVENTS_MAX, REHEARSAL_PEOPLE_MAX
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions
from laurel.domain.achievements.definitions import Definition
from laurel.domain.achievements.evaluate import PersonState, recount
from laurel.domain.achievements.explain import EventVerdict, explain
from laurel.domain.achievements.model import Achievement
from laurel.domain.achievements.periods import Calendar
from laurel.domain.achievements.progress import ProgressNode, progress_tree
from laurel.domain.achievements.rules import RuleBook
from laurel.domain.achievements.standing import learn_calendars
from laurel.domain.events import store as events
from laurel.domain.events.model import Event
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from laurel.domain.record_events.consequences import COMPLETION
from laurel.domain.record_events.run import names_and_categories

_SHOWN = 5
_NOBODY = PersonId(0)


class Candidate(msgspec.Struct, frozen=True):
    """Somebody the rules were tried on: how often they would have earned it, and where they stand."""

    person: Person
    times: int
    progress: ProgressNode


class Rehearsal(msgspec.Struct, frozen=True):
    """What the rules would have done. `complete`: everybody with matching events was looked at."""

    people: int
    complete: bool
    earned: int
    awards: int
    candidates: list[Candidate]
    verdicts: list[EventVerdict]


class _Undo(Exception):
    """Takes the trial definition away again."""


async def rehearse(tx: Transaction, definition: Definition, *, calendar: Calendar, now: datetime) -> Rehearsal:
    """Try a definition on everything recorded so far, up to REHEARSAL_PEOPLE_MAX people. Raises as `definitions.create`."""
    achievement = await _trial(tx, definition, now)
    if achievement.criteria is None:
        raise Invalid("there are no rules to try", field="criteria")
    book = RuleBook(0, [achievement], calendar)
    rule = book.rules[achievement.id]
    names, categories = names_and_categories(rule)
    found = await events.people_with_events(tx, names, categories, _NOBODY, REHEARSAL_PEOPLE_MAX)
    known = await people.find_many(tx, found)
    states = {person_id: PersonState(person_id, b"") for person_id in found}
    if rule.personal:
        await learn_calendars(tx, book, states)
    candidates = []
    for person_id in found:
        recorded = await events.of_people(tx, [person_id], names, categories)
        counted = recount(book, rule, states[person_id], recorded)
        entry = counted.entries[max(counted.entries)] if counted.entries else None
        candidates.append(Candidate(known[person_id], len(counted.completions), progress_tree(rule, entry)))
    earned = [one for one in candidates if one.times]
    shown = earned[:_SHOWN] + [one for one in candidates if not one.times][:_SHOWN]
    return Rehearsal(
        len(found),
        len(found) < REHEARSAL_PEOPLE_MAX,
        len(earned),
        sum(one.times for one in candidates),
        shown,
        _verdicts(book, achievement, await events.latest(tx, 20_000, EXPLAIN_EVENTS_MAX), now),
    )


def _verdicts(
    book: RuleBook, achievement: Achievement, recent: Sequence[tuple[Event, bool]], now: datetime
) -> list[EventVerdict]:
    did = [(event, retracted) for event, retracted in recent if event.name != COMPLETION]
    explained = explain(book, achievement, None, [], did, now, held=False).events
    counted = [one for one in explained if one.counted][:_SHOWN]
    near = [one for one in explained if not one.counted][:_SHOWN]
    return counted + near


async def _trial(tx: Transaction, definition: Definition, now: datetime) -> Achievement:
    """The definition as it would be stored, live since ever, without being stored."""
    made: list[Achievement] = []
    try:
        async with tx.savepoint():
            tried = msgspec.structs.replace(definition, status="live")
            made.append(await definitions.create(tx, tried, actor="rehearsal", now=now))
            raise _Undo
    except _Undo:
        return msgspec.structs.replace(made[0], live_spans=[(None, None)])

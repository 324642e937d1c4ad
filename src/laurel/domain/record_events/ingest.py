"""Recording events: the batch is the unit, one event is a batch of one.

Exactly once by key: the event table's constraint says what is new; the same key with the same body is a replay without
effect, with another body a conflict. A batch is taken to be new; when the table says that some of it is not, the
transaction is rolled back and run again, asking which.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from laurel.base import json_text
from laurel.base.errors import EventKeyReused, LaurelError
from laurel.base.ids import OrganisationId, PersonId
from laurel.base.limits import EVENTS_PER_TRANSACTION_MAX
from laurel.database.pool import Transaction, in_request_transaction
from laurel.domain.achievements.evaluate import Advance, Completion, apply_event
from laurel.domain.events import store as events
from laurel.domain.events.model import NewEvent
from laurel.domain.people.model import PersonNotFound
from laurel.domain.people.resolve import resolve
from laurel.domain.record_events.consequences import Made, settle
from laurel.domain.record_events.happenings import Happening, react
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.races import run_again_on_races
from laurel.domain.record_events.run import Run

LANES = 3
"""How many transactions a large batch keeps going: one in the database, one being prepared, one to fill gaps."""


class EventOutcome:
    """What became of one event: accepted, replayed, or refused with an error."""

    __slots__ = ("advanced", "error", "event", "person_id", "status", "unlocked")

    def __init__(self, event: NewEvent) -> None:
        self.event = event
        self.status: Literal["accepted", "replayed", "refused"] = "accepted"
        self.person_id: PersonId | None = None
        self.error: LaurelError | None = None
        self.advanced: list[Advance] = []
        self.unlocked: list[Made] = []

    def refuse(self, error: LaurelError) -> None:
        """It is not recorded, because of `error`."""
        self.status = "refused"
        self.error = error


class _Settings(NamedTuple):
    create_people: bool
    atomic: bool
    dry_run: bool
    quiet: bool


class _Undo(Exception):
    """Leaves the transaction so that it is rolled back, carrying the outcomes out."""

    def __init__(self, outcomes: list[EventOutcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


async def record(
    spine: Spine,
    organisation_id: OrganisationId,
    new_events: Sequence[NewEvent],
    *,
    create_people: bool = False,
    atomic: bool = False,
    dry_run: bool = False,
    quiet: bool = False,
) -> list[EventOutcome]:
    """Record events and everything that follows; one outcome per event, in order.

    Large batches are split into transactions of EVENTS_PER_TRANSACTION_MAX unless `atomic`, in LANES of people that run
    side by side, so that the database works while the next batch is prepared; one person's events stay in order. atomic: if any event is
    refused, nothing is recorded. dry_run: nothing is recorded, the outcomes say what would be. create_people: unknown
    external ids and e-mail addresses become people. Raises Unavailable when the database does not answer; parts that
    were recorded by then are replays when sent again.
    """
    whole = atomic or dry_run
    settings = _Settings(create_people, atomic, dry_run, quiet)
    if whole or len(new_events) <= EVENTS_PER_TRANSACTION_MAX:
        return await _record_batch(spine, organisation_id, new_events, settings)
    if in_request_transaction():
        return await _record_lane(spine, organisation_id, list(enumerate(new_events)), settings)
    lanes: list[list[tuple[int, NewEvent]]] = [[] for _ in range(LANES)]
    for index, event in enumerate(new_events):
        lanes[hash(event.person) % LANES].append((index, event))
    results = await asyncio.gather(
        *(_record_lane(spine, organisation_id, lane, settings) for lane in lanes), return_exceptions=True
    )
    outcomes: list[EventOutcome | None] = [None] * len(new_events)
    for lane, result in zip(lanes, results, strict=True):
        if isinstance(result, BaseException):
            raise result
        for (index, _), outcome in zip(lane, result, strict=True):
            outcomes[index] = outcome
    return [outcome for outcome in outcomes if outcome is not None]


async def _record_lane(
    spine: Spine, organisation_id: OrganisationId, lane: Sequence[tuple[int, NewEvent]], settings: _Settings
) -> list[EventOutcome]:
    """Record one lane's events in order, a transaction at a time."""
    outcomes: list[EventOutcome] = []
    for start in range(0, len(lane), EVENTS_PER_TRANSACTION_MAX):
        batch = [event for _, event in lane[start : start + EVENTS_PER_TRANSACTION_MAX]]
        outcomes += await _record_batch(spine, organisation_id, batch, settings)
    return outcomes


async def _record_batch(
    spine: Spine, organisation_id: OrganisationId, batch: Sequence[NewEvent], settings: _Settings
) -> list[EventOutcome]:
    """Record one batch in one transaction, or undo it where the settings say so."""

    async def transaction(tx: Transaction, careful: bool) -> list[EventOutcome]:
        result = await record_events(
            tx, spine, batch, create_people=settings.create_people, quiet=settings.quiet, careful=careful
        )
        if settings.dry_run or (settings.atomic and any(outcome.error is not None for outcome in result)):
            raise _Undo(result)
        return result

    try:
        return await run_again_on_races(spine, organisation_id, transaction)
    except _Undo as undone:
        return undone.outcomes


async def record_events(
    tx: Transaction,
    spine: Spine,
    new_events: Sequence[NewEvent],
    *,
    create_people: bool,
    quiet: bool,
    careful: bool,
) -> list[EventOutcome]:
    """As `record`, inside the caller's transaction. Raises SomeRecorded unless `careful`."""
    run = await Run.begin(tx, spine, quiet=quiet)
    outcomes = [EventOutcome(event) for event in new_events]
    await _find_people(run, outcomes, create=create_people)
    accepted = await _insert(run, outcomes, careful=careful)
    completions: list[Completion] = []
    by_key: dict[tuple[PersonId, str], EventOutcome] = {}
    for outcome in accepted:
        event, person_id = outcome.event, outcome.person_id
        assert person_id is not None  # noqa: S101 - accepted events have their person
        by_key[(person_id, event.key)] = outcome
        completions += apply_event(
            run.book, run.states[person_id], event, event.occurred_at or run.now, event.key, outcome.advanced
        )
    if not run.reactions.idle:
        await react(run, [_happened(outcome, run.now) for outcome in accepted])
    for made in await settle(run, completions):
        root = by_key.get((made.award.person_id, made.root_event_key))
        if root is not None:
            root.unlocked.append(made)
    await run.save()
    return outcomes


async def _find_people(run: Run, outcomes: Sequence[EventOutcome], *, create: bool) -> None:
    known = run.spine.known_people.of(run.tx.organisation_id, run.people_version)
    found, learnt = await resolve(run.tx, {one.event.person for one in outcomes}, known, run.now, create=create)
    await run.load(found.values())
    run.only_living = True  # nobody else is found
    if learnt and not create:
        known.update(learnt)
    for one in outcomes:
        person_id = found.get(one.event.person)
        if person_id is None or person_id not in run.states:
            kind, value = one.event.person
            one.refuse(
                PersonNotFound(f"no person has this {'id' if kind == 'uid' else kind}", field="person", value=value)
            )
        else:
            one.person_id = person_id


def _happened(outcome: EventOutcome, now: datetime) -> Happening:
    event = outcome.event
    assert outcome.person_id is not None  # noqa: S101 - accepted events have their person
    return Happening(
        outcome.person_id,
        event.category,
        event.sub_category,
        event.key,
        source_id=event.source_id,
        department_id=event.department_id,
        tags=event.tags,
        name=event.name,
        occurred_at=event.occurred_at or now,
        root=event.key,
    )


def _row(outcome: EventOutcome, now: datetime) -> events.EventRow:
    event = outcome.event
    return (
        outcome.person_id,
        event.key,
        event.name,
        event.category,
        event.sub_category,
        event.source_id,
        event.department_id,
        "\x1f".join(event.tags) if event.tags else None,
        event.occurred_at or now,
        json_text.encode(event.payload) if event.payload else b"{}",
    )


async def _insert(run: Run, outcomes: Sequence[EventOutcome], *, careful: bool) -> list[EventOutcome]:
    """Record what is new; mark replays and conflicts. Those that were accepted, in order."""
    firsts: dict[tuple[PersonId, str], EventOutcome] = {}
    repeats: list[tuple[EventOutcome, EventOutcome]] = []
    for one in outcomes:
        if one.person_id is None:
            continue
        first = firsts.setdefault((one.person_id, one.event.key), one)
        if first is not one:
            repeats.append((one, first))
    candidates = list(firsts.values())
    if candidates:
        rows = [_row(one, run.now) for one in candidates]
        if careful:
            candidates = await _insert_asking(run, candidates, rows)
        else:
            await events.insert(run.tx, rows, run.now)
    for one, first in repeats:
        _repeat(one, same=_body(one) == _body(first))
    return candidates


async def _insert_asking(
    run: Run, candidates: Sequence[EventOutcome], rows: Sequence[events.EventRow]
) -> list[EventOutcome]:
    new = await events.insert_returning(run.tx, rows, run.now)
    old = [index for index, row in enumerate(rows) if (row[0], row[1]) not in new]
    if old:
        other = await events.differing(
            run.tx, [rows[index] for index in old], [candidates[index].event.occurred_at is not None for index in old]
        )
        for index in old:
            _repeat(candidates[index], same=(rows[index][0], rows[index][1]) not in other)
    return [one for one, row in zip(candidates, rows, strict=True) if (row[0], row[1]) in new]


def _body(outcome: EventOutcome) -> tuple[object, ...]:
    event = outcome.event
    return (
        event.name,
        event.category,
        event.sub_category,
        event.source_id,
        event.department_id,
        event.tags,
        event.occurred_at,
        json_text.encode_sorted(event.payload),
    )


def _repeat(outcome: EventOutcome, *, same: bool) -> None:
    if same:
        outcome.status = "replayed"
    else:
        outcome.refuse(
            EventKeyReused(
                f"the key {outcome.event.key} was recorded with another body", field="key", value=outcome.event.key
            )
        )

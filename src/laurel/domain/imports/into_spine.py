"""Taking events of a file into the spine, batch after batch; what cannot be taken is told apart, nothing else is lost."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Generic, TypeVar

import msgspec

from laurel.base.errors import Kind, LaurelError
from laurel.base.ids import OrganisationId
from laurel.domain.events.model import NewEvent
from laurel.domain.imports.model import Record, Rejected, Tally
from laurel.domain.record_events.ingest import record
from laurel.domain.record_events.memory import Spine

BATCH = 1_000

Item = TypeVar("Item")
Parse = Callable[[Record, datetime], Item]
Outcome = LaurelError | str
"""What became of an item: "accepted", "replayed", or why it was refused."""


class Take(Generic[Item]):
    """How records of one kind are parsed and recorded."""

    def __init__(self, parse: Parse[Item], write: Callable[[Sequence[Item]], Awaitable[list[Outcome]]]) -> None:
        self.parse = parse
        self.write = write


def events_into(
    spine: Spine, organisation_id: OrganisationId, *, create_people: bool, quiet: bool
) -> Callable[[Sequence[NewEvent]], Awaitable[list[Outcome]]]:
    """A writer of events."""

    async def write(events: Sequence[NewEvent]) -> list[Outcome]:
        outcomes = await record(spine, organisation_id, events, create_people=create_people, quiet=quiet)
        return [one.error if one.error is not None else one.status for one in outcomes]

    return write


async def take_all(
    records: Iterable[Record],
    take: Take[Item],
    now: datetime,
    *,
    tally: Tally,
    on_batch: Callable[[Tally, Sequence[Rejected], int], None],
) -> Tally:
    """Take every record. on_batch is told after each batch was recorded: how far, what was rejected, the file's position.

    Raises Unavailable when the database goes away; what was told to on_batch by then is recorded.
    """
    records = iter(records)
    while batch := list(islice(records, BATCH)):
        rejected: list[Rejected] = []
        items: list[tuple[Record, Item]] = []
        for one in batch:
            if one.wrong is not None:
                rejected.append(Rejected(one.number, one.wrong, None, one.values))
                continue
            try:
                items.append((one, take.parse(one, now)))
            except LaurelError as refused:
                rejected.append(_rejected(one, refused))
            except (TypeError, msgspec.ValidationError) as refused:
                rejected.append(Rejected(one.number, str(refused), None, one.values))
        outcomes = await take.write([item for _, item in items]) if items else []
        for (one, _), outcome in zip(items, outcomes, strict=True):
            if isinstance(outcome, LaurelError):
                if outcome.kind is Kind.UNAVAILABLE:
                    raise outcome
                rejected.append(_rejected(one, outcome))
            elif outcome == "replayed":
                tally.replayed += 1
            else:
                tally.taken += 1
        tally.records += len(batch)
        tally.rejected += len(rejected)
        on_batch(tally, sorted(rejected, key=lambda one: one.record), batch[-1].position)
    return tally


def _rejected(one: Record, refused: LaurelError) -> Rejected:
    field = refused.field.removeprefix("event.") if refused.field else None
    return Rejected(one.number, refused.message, field, one.values)

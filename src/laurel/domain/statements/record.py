"""Recording statements, all or none: each becomes an event of the spine, a voiding one takes an event back."""

from collections.abc import Sequence

from laurel.base.errors import Invalid
from laurel.base.ids import OrganisationId, PersonId
from laurel.database.pool import Transaction
from laurel.domain.events.model import EventNotFound, SomeRecorded
from laurel.domain.record_events.ingest import record_events
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.races import run_again_on_races
from laurel.domain.record_events.retract import retract
from laurel.domain.record_events.run import Run
from laurel.domain.statements import store
from laurel.domain.statements.model import NewStatement, StatementIdReused

VOIDED = "http://adlnet.gov/expapi/verbs/voided"


async def record(spine: Spine, organisation_id: OrganisationId, statements: Sequence[NewStatement]) -> None:
    """Record `statements`, creating people who are not known.

    One that was recorded before, and says the same, has no further effect. Raises StatementIdReused when it says
    something else, and whatever the spine refuses; then nothing is recorded.
    """

    async def work(tx: Transaction, careful: bool) -> None:
        kept = await store.kept(tx, [one.id for one in statements])
        for index, one in enumerate(statements):
            if one.id in kept and kept[one.id].said != one.said:
                raise StatementIdReused(
                    f"the id {one.id} was recorded with another statement",
                    field=f"statements[{index}].id",
                    value=one.id,
                )
        new = [one for one in statements if one.id not in kept]
        people = await _tell(tx, spine, new, careful=careful)
        now = spine.clock.now()
        if await store.insert(tx, [(one, people.get(one.id)) for one in new], now) < len(new):
            raise SomeRecorded
        for one in new:
            if one.voids is not None:
                await _void(tx, spine, one, one.voids)

    await run_again_on_races(spine, organisation_id, work)


async def _tell(
    tx: Transaction, spine: Spine, statements: Sequence[NewStatement], *, careful: bool
) -> dict[str, PersonId]:
    """Record the events; who each statement is about."""
    telling = [(one, one.event) for one in statements if one.event is not None]
    if not telling:
        return {}
    outcomes = await record_events(
        tx, spine, [event for _, event in telling], create_people=True, quiet=False, careful=careful
    )
    people: dict[str, PersonId] = {}
    for (one, _), outcome in zip(telling, outcomes, strict=True):
        if outcome.error is not None:
            raise outcome.error
        if outcome.person_id is not None:
            people[one.id] = outcome.person_id
    return people


async def _void(tx: Transaction, spine: Spine, voiding: NewStatement, target_id: str) -> None:
    """Take back the event of a statement; one that is not known (yet) is left alone."""
    target = (await store.kept(tx, [target_id])).get(target_id)
    if target is None:
        return
    if target.verb == VOIDED:
        raise Invalid("a voiding statement cannot be voided", field="object.id", value=target_id)
    if target.voided:
        return
    await store.mark_voided(tx, target_id)
    if target.person_id is None:
        return
    run = await Run.begin(tx, spine)
    try:
        await retract(run, target.person_id, target_id, f"voided by statement {voiding.id}")
    except EventNotFound:
        return
    await run.save()

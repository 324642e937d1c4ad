"""Use cases that pay or raise events, in a run of the spine."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from laurel.database.pool import Transaction
from laurel.domain.organisations.model import Caller
from laurel.domain.record_events.ingest import run_again_on_races
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.run import Run

Answer = TypeVar("Answer")


async def in_run(spine: Spine, caller: Caller, work: Callable[[Run], Awaitable[Answer]]) -> Answer:
    """Do `work` in one transaction, all of it again when it loses a race. It saves the run before it shows what came of it."""

    async def once(tx: Transaction, _careful: bool) -> Answer:
        return await work(Run(tx, spine, await spine.open(tx), spine.clock.now(), quiet=False))

    return await run_again_on_races(spine, caller.organisation_id, once)

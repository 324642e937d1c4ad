"""Work of a page inside the spine: one transaction with the people's progress, run again when it lost a race."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from laurel.database.pool import Transaction
from laurel.domain.record_events.ingest import run_again_on_races
from laurel.domain.record_events.run import Run
from laurel.web.pages.visits import Visit

Answer = TypeVar("Answer")


async def in_run(visit: Visit, work: Callable[[Run], Awaitable[Answer]], *, quiet: bool = False) -> Answer:
    """What `work(run)` answers, once its run is saved. `work` may be run more than once; only the last time counts."""
    parts = visit.parts

    async def inside(tx: Transaction, _careful: bool) -> Answer:
        run = Run(tx, parts.spine, await parts.spine.open(tx), parts.clock.now(), quiet=quiet)
        answer = await work(run)
        await run.save()
        return answer

    return await run_again_on_races(parts.spine, visit.organisation_id, inside)

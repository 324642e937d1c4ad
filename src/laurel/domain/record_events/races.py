"""Work of the spine that may lose a race against another writer, and is then done again from its beginning."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from laurel.base.errors import Unavailable
from laurel.base.ids import OrganisationId
from laurel.database.pool import LOST_RACES, Transaction
from laurel.domain.events.model import SomeRecorded
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.run import Run

_ATTEMPTS_MAX = 8
_RACES = (*LOST_RACES, SomeRecorded)

Result = TypeVar("Result")


async def run_again_on_races(
    spine: Spine, organisation_id: OrganisationId, work: Callable[[Transaction, bool], Awaitable[Result]]
) -> Result:
    """Run `work(tx, careful)` in a transaction of its own; again, careful, when it lost a race or met known events."""
    careful = False
    for _ in range(_ATTEMPTS_MAX):
        try:
            async with spine.database.transaction(organisation_id) as tx:
                return await work(tx, careful)
        except _RACES:
            careful = True
    raise Unavailable("too many writers for the same people at once", retry_after_seconds=1)


async def in_run(
    spine: Spine,
    organisation_id: OrganisationId,
    work: Callable[[Run], Awaitable[Result]],
    *,
    quiet: bool = False,
    now: datetime | None = None,
) -> Result:
    """What `work(run)` answers, its run saved; `work` may be done more than once, and only the last time counts.

    Work that reads back what it changed saves the run itself before it reads.
    """

    async def inside(tx: Transaction, _careful: bool) -> Result:
        run = await Run.begin(tx, spine, quiet=quiet, now=now)
        answer = await work(run)
        await run.save()
        return answer

    return await run_again_on_races(spine, organisation_id, inside)

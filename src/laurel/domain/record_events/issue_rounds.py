"""Signing shared by the requests of a process: one round at a time per organisation, the next one for all who wait.

Requests that each signed for themselves would queue for the lock of the organisation's log, one after another.
"""

import asyncio
from collections.abc import Awaitable, Callable

from laurel.base.ids import OrganisationId


class Rounds:
    """Runs `work(organisation)` so that whoever joins is served by a run that began after they joined."""

    def __init__(self, work: Callable[[OrganisationId], Awaitable[object]]) -> None:
        self._work = work
        self._running: dict[OrganisationId, asyncio.Task[None]] = {}
        self._next: dict[OrganisationId, asyncio.Task[None]] = {}

    async def join(self, organisation_id: OrganisationId) -> None:
        """Wait for the end of the next round. It goes on when the one who waits is cancelled; raises what it raises."""
        waiting = self._next.get(organisation_id)
        if waiting is None:
            waiting = asyncio.create_task(self._round(organisation_id, self._running.get(organisation_id)))
            waiting.add_done_callback(_retrieve)
            self._next[organisation_id] = waiting
        await asyncio.shield(waiting)

    async def _round(self, organisation_id: OrganisationId, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.wait({before})
        own = self._running[organisation_id] = self._next.pop(organisation_id)
        try:
            await self._work(organisation_id)
        finally:
            if self._running.get(organisation_id) is own:
                del self._running[organisation_id]


def _retrieve(task: "asyncio.Task[None]") -> None:
    """Look at the failure of a round that nobody waits for any more."""
    if not task.cancelled():
        task.exception()

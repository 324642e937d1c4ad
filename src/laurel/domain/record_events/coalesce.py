"""Many single events, few transactions: events that arrive while a transaction runs share the next one.

The first event of a quiet moment goes at once, so nobody waits for company; under load the batch grows by itself. Each
caller gets its own outcome, and a batch that fails as a whole is tried event by event, so that nobody fails for another.
"""

import asyncio
from collections import deque
from contextvars import Context

from laurel.base.errors import LaurelError
from laurel.base.ids import OrganisationId
from laurel.domain.events.model import NewEvent
from laurel.domain.record_events.ingest import EventOutcome, record
from laurel.domain.record_events.memory import Spine

_BATCH_MAX = 200
_LANES_MAX = 2
"""How many transactions of one organisation this process runs at once for single events."""

_Waiting = tuple[NewEvent, bool, "asyncio.Future[EventOutcome]"]


class Intake:
    """Takes single events; one per process."""

    def __init__(self, spine: Spine) -> None:
        self._spine = spine
        self._waiting: dict[OrganisationId, deque[_Waiting]] = {}
        self._lanes: dict[OrganisationId, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def record_one(
        self, organisation_id: OrganisationId, event: NewEvent, *, create_people: bool
    ) -> EventOutcome:
        """As `ingest.record` for one event: returns once it is committed. Raises Unavailable."""
        future: asyncio.Future[EventOutcome] = asyncio.get_running_loop().create_future()
        queue = self._waiting.setdefault(organisation_id, deque())
        queue.append((event, create_people, future))
        if self._lanes.get(organisation_id, 0) < _LANES_MAX:
            self._lanes[organisation_id] = self._lanes.get(organisation_id, 0) + 1
            task = asyncio.get_running_loop().create_task(self._drain(organisation_id), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _drain(self, organisation_id: OrganisationId) -> None:
        queue = self._waiting[organisation_id]
        try:
            while queue:
                batch = [queue.popleft() for _ in range(min(len(queue), _BATCH_MAX))]
                for create in (False, True):
                    part = [waiting for waiting in batch if waiting[1] is create]
                    if part:
                        await self._record(organisation_id, part, create_people=create)
        finally:
            lanes = self._lanes[organisation_id] - 1
            self._lanes[organisation_id] = lanes
            if not lanes and not queue:
                self._lanes.pop(organisation_id, None)
                self._waiting.pop(organisation_id, None)

    async def _record(self, organisation_id: OrganisationId, batch: list[_Waiting], *, create_people: bool) -> None:
        try:
            outcomes = await record(
                self._spine, organisation_id, [event for event, _, _ in batch], create_people=create_people
            )
        except Exception as failure:  # noqa: BLE001 - every waiting caller is told, each by its own future
            if len(batch) == 1 or isinstance(failure, LaurelError):
                for _, _, future in batch:
                    if not future.done():
                        future.set_exception(failure)
            else:
                for waiting in batch:
                    await self._record(organisation_id, [waiting], create_people=create_people)
            return
        for (_, _, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)

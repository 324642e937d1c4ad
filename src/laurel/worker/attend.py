"""Our jobs and timetable in the queue library's terms. Imported late: the library takes a while to load."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from pgqueuer.core.executors import AbstractEntrypointExecutor, DatabaseRetryEntrypointExecutor
from pgqueuer.core.qm import QueueManager
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.models import Job as QueuedJob
from pgqueuer.models import Schedule
from pgqueuer.queries import Queries

from laurel.worker.known_jobs import Job, Periodic

RunJob = Callable[[str, Job, QueuedJob], Awaitable[None]]
RunPeriodic = Callable[[str, Periodic], Awaitable[None]]
_BATCH = 10


class Attendance:
    """Takes jobs off one connection's queue until `stop`; each is handed to `run_job` or `run_periodic`."""

    def __init__(
        self,
        queries: Queries,
        jobs: Mapping[str, Job],
        timetable: Mapping[str, Periodic],
        *,
        run_job: RunJob,
        run_periodic: RunPeriodic,
    ) -> None:
        self._queue, self._clockwork = QueueManager(queries), SchedulerManager(queries)
        for name, job in jobs.items():
            _register(self._queue, name, job, run_job)
        for name, periodic in timetable.items():
            self._clockwork.schedule(name, periodic.cron, clean_old=True)(partial(_tick, name, periodic, run_periodic))

    async def run(self) -> None:
        """Until `stop`, or until the connection fails (an exception group)."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._queue.run(batch_size=_BATCH, shutdown_on_listener_failure=True))
            group.create_task(self._clockwork.run())

    def stop(self) -> None:
        """Take no new jobs; `run` returns once running ones are done."""
        self._queue.shutdown.set()
        self._clockwork.shutdown.set()


def _register(queue: QueueManager, name: str, job: Job, run_job: RunJob) -> None:
    async def run(queued: QueuedJob) -> None:
        await run_job(name, job, queued)

    def executor(parameters: Any) -> AbstractEntrypointExecutor:
        return DatabaseRetryEntrypointExecutor(
            parameters, max_attempts=job.attempts_max, initial_delay=job.first_delay, max_delay=job.longest_delay
        )

    queue.entrypoint(
        name, concurrency_limit=job.at_a_time, accepts_context=False, on_failure="hold", executor_factory=executor
    )(run)


async def _tick(name: str, periodic: Periodic, run_periodic: RunPeriodic, _: Schedule) -> None:
    await run_periodic(name, periodic)

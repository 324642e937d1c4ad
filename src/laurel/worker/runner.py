"""Takes jobs off the queue and runs them until told to stop; survives a database that goes away and comes back."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
import structlog
from pgqueuer.core.executors import AbstractEntrypointExecutor, DatabaseRetryEntrypointExecutor
from pgqueuer.core.qm import QueueManager
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.models import Job as QueuedJob
from pgqueuer.models import Schedule
from pgqueuer.queries import Queries
from prometheus_client import Counter

from laurel.database.jobs import open_queue
from laurel.domain.parts import Parts
from laurel.worker.known_jobs import JOBS, TIMETABLE, Job, Periodic

_PAUSE_SECONDS_MAX = 30.0
_BATCH = 10

JOBS_RUN = Counter("laurel_jobs", "Jobs run.", ["job", "outcome"])
log = structlog.get_logger("laurel.worker")


class Worker:
    """Runs `jobs` and `timetable` against one database. `stop` lets running jobs finish."""

    def __init__(
        self,
        parts: Parts,
        jobs: Mapping[str, Job] = JOBS,
        timetable: Mapping[str, Periodic] = TIMETABLE,
    ) -> None:
        self._parts = parts
        self._jobs = jobs
        self._timetable = timetable
        self._stopping = asyncio.Event()
        self._managers: tuple[QueueManager, SchedulerManager] | None = None

    async def run(self) -> None:
        """Work until `stop`; connection failures are waited out with growing pauses."""
        pause_seconds = 0.5
        while not self._stopping.is_set():
            try:
                async with open_queue(self._parts.database.url) as queries:
                    await self._serve(queries)
                    pause_seconds = 0.5
            except asyncio.CancelledError:
                raise
            except Exception as failure:  # noqa: BLE001 - a worker outlives whatever its connection does
                log.warning("the job queue is interrupted", reason=_reason(failure), pause_seconds=pause_seconds)
            await self._pause(pause_seconds)
            pause_seconds = min(pause_seconds * 2, _PAUSE_SECONDS_MAX)

    async def stop(self, *, patience_seconds: float, task: "asyncio.Task[None]") -> None:
        """Take no new jobs, wait for running ones up to `patience_seconds`, then end `task` (the one that is in `run`)."""
        self._stopping.set()
        for manager in self._managers or ():
            manager.shutdown.set()
        done, _ = await asyncio.wait({task}, timeout=patience_seconds)
        if not done:
            log.warning("jobs did not finish in time and will run again", patience_seconds=patience_seconds)
            task.cancel()
            await asyncio.wait({task}, timeout=patience_seconds)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), timeout=seconds)
        except TimeoutError:
            return

    async def _serve(self, queries: Queries) -> None:
        jobs, clockwork = QueueManager(queries), SchedulerManager(queries)
        for name, job in self._jobs.items():
            self._register(jobs, name, job)
        for name, periodic in self._timetable.items():
            clockwork.schedule(name, periodic.cron, clean_old=True)(self._periodic(name, periodic))
        self._managers = (jobs, clockwork)
        if self._stopping.is_set():
            return
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(jobs.run(batch_size=_BATCH, shutdown_on_listener_failure=True))
                group.create_task(clockwork.run())
        finally:
            self._managers = None

    def _register(self, manager: QueueManager, name: str, job: Job) -> None:
        async def run(queued: QueuedJob) -> None:
            await self._run(name, job, queued)

        def executor(parameters: Any) -> AbstractEntrypointExecutor:
            return DatabaseRetryEntrypointExecutor(
                parameters,
                max_attempts=job.attempts_max,
                initial_delay=job.first_delay,
                max_delay=job.longest_delay,
            )

        manager.entrypoint(
            name, concurrency_limit=job.at_a_time, accepts_context=False, on_failure="hold", executor_factory=executor
        )(run)

    async def _run(self, name: str, job: Job, queued: QueuedJob) -> None:
        payload = msgspec.json.decode(queued.payload or b"{}")
        try:
            await job.run(self._parts, payload)
        except Exception as failure:
            JOBS_RUN.labels(name, "failed").inc()
            log.warning("a job failed", job=name, job_id=queued.id, attempt=queued.attempts, reason=repr(failure))
            raise
        JOBS_RUN.labels(name, "done").inc()
        log.info("job done", job=name, job_id=queued.id, attempt=queued.attempts)

    def _periodic(self, name: str, periodic: Periodic) -> Any:
        async def run(periodic: Periodic, _: Schedule) -> None:
            await periodic.run(self._parts)
            JOBS_RUN.labels(name, "done").inc()

        return partial(run, periodic)


def _reason(failure: BaseException) -> str:
    """A failure in words; of a group, what is in it."""
    if isinstance(failure, BaseExceptionGroup):
        return "; ".join(_reason(one) for one in failure.exceptions)
    return f"{type(failure).__name__}: {failure}"

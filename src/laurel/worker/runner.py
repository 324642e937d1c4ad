"""Takes jobs off the queue and runs them until told to stop; survives a database that goes away and comes back."""

import asyncio
import importlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import structlog
from prometheus_client import Counter

from laurel.database.jobs import open_queue
from laurel.domain.parts import Parts
from laurel.worker.known_jobs import JOBS, TIMETABLE, Job, Periodic

_PAUSE_SECONDS_MAX = 30.0
CANCEL_SECONDS = 2.0
"""How long a job that was not done in time has to be broken off."""

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
        self._stop_attending: Callable[[], None] | None = None

    async def run(self) -> None:
        """Work until `stop`; connection failures are waited out with growing pauses."""
        pause_seconds = 0.5
        while not self._stopping.is_set():
            try:
                await self._serve(self._parts.database.url)
                pause_seconds = 0.5
            except asyncio.CancelledError:
                raise
            except Exception as failure:  # noqa: BLE001 - a worker outlives whatever its connection does
                log.warning("the job queue is interrupted", reason=_reason(failure), pause_seconds=pause_seconds)
            await self._pause(pause_seconds)
            pause_seconds = min(pause_seconds * 2, _PAUSE_SECONDS_MAX)

    async def stop(self, *, patience_seconds: float, task: "asyncio.Task[None]") -> None:
        """Take no new jobs, wait for running ones up to `patience_seconds`, then break off `task` (the one in `run`)."""
        self._stopping.set()
        if self._stop_attending is not None:
            self._stop_attending()
        done, _ = await asyncio.wait({task}, timeout=patience_seconds)
        if not done:
            log.warning("jobs did not finish in time and will run again", patience_seconds=patience_seconds)
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_SECONDS)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), timeout=seconds)
        except TimeoutError:
            return

    async def _serve(self, url: str) -> None:
        attend = await asyncio.to_thread(importlib.import_module, "laurel.worker.attend")
        async with open_queue(url) as queries:
            attendance = attend.Attendance(
                queries, self._jobs, self._timetable, run_job=self._run, run_periodic=self._run_periodic
            )
            self._stop_attending = attendance.stop
            if self._stopping.is_set():
                return
            try:
                await attendance.run()
            finally:
                self._stop_attending = None

    async def _run(self, name: str, job: Job, queued: Any) -> None:
        payload = msgspec.json.decode(queued.payload or b"{}")
        try:
            await job.run(self._parts, payload)
        except Exception as failure:
            JOBS_RUN.labels(name, "failed").inc()
            log.warning("a job failed", job=name, job_id=queued.id, attempt=queued.attempts, reason=repr(failure))
            raise
        JOBS_RUN.labels(name, "done").inc()
        log.info("job done", job=name, job_id=queued.id, attempt=queued.attempts)

    async def _run_periodic(self, name: str, periodic: Periodic) -> None:
        await periodic.run(self._parts)
        JOBS_RUN.labels(name, "done").inc()


def _reason(failure: BaseException) -> str:
    """A failure in words; of a group, what is in it."""
    if isinstance(failure, BaseExceptionGroup):
        return "; ".join(_reason(one) for one in failure.exceptions)
    return f"{type(failure).__name__}: {failure}"

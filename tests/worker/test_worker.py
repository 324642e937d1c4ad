import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from laurel.database import readiness
from laurel.database.jobs import enqueue
from laurel.worker.known_jobs import TIMETABLE, Job, Periodic, forget_idempotent_answers
from laurel.worker.runner import Worker
from tests.support.builders import a_number

AT_ONCE = {"first_delay": timedelta(0), "longest_delay": timedelta(0)}


@asynccontextmanager
async def working(parts, jobs, timetable=None):
    worker = Worker(parts, jobs, timetable or {})
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await worker.stop(patience_seconds=20, task=task)


class Noted:
    """A job that notes its payloads, after failing the first `failures` times."""

    def __init__(self, failures=0):
        self.name = f"noted_{a_number()}"
        self.payloads = []
        self.failures = failures
        self.reached = asyncio.Event()

    async def __call__(self, parts, payload):
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not yet")
        self.payloads.append(payload)
        self.reached.set()

    def job(self, **rest):
        return {self.name: Job(run=self, **{**AT_ONCE, **rest})}


async def test_a_job_runs_once_its_transaction_has_committed(parts, organisation):
    noted = Noted()
    async with working(parts, noted.job()):
        async with parts.database.transaction(organisation.id) as tx:
            await enqueue(tx, noted.name, {"person": 5})
        await asyncio.wait_for(noted.reached.wait(), 20)
    assert noted.payloads == [{"person": 5, "organisation_id": organisation.id}]


async def test_a_job_of_a_transaction_that_was_rolled_back_never_runs(parts, organisation):
    undone, done = Noted(), Noted()

    async def fail_after_enqueueing():
        async with parts.database.transaction(organisation.id) as tx:
            await enqueue(tx, undone.name, {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_enqueueing()
    async with parts.database.transaction(organisation.id) as tx:
        await enqueue(tx, done.name, {})
    async with working(parts, undone.job() | done.job()):
        await asyncio.wait_for(done.reached.wait(), 20)
    assert undone.payloads == []


async def test_a_failing_job_is_tried_again(parts, organisation):
    noted = Noted(failures=2)
    async with parts.database.transaction(organisation.id) as tx:
        await enqueue(tx, noted.name, {})
    async with working(parts, noted.job()):
        await asyncio.wait_for(noted.reached.wait(), 20)
    assert len(noted.payloads) == 1


async def test_a_job_that_fails_for_good_is_kept_and_counted(parts, organisation):
    noted = Noted(failures=1000)
    before = (await readiness.look(parts.database)).jobs_failed
    async with parts.database.transaction(organisation.id) as tx:
        await enqueue(tx, noted.name, {})
    async with working(parts, noted.job(attempts_max=1)):
        async with asyncio.timeout(20):
            while (await readiness.look(parts.database)).jobs_failed == before:  # noqa: ASYNC110 - a row is awaited
                await asyncio.sleep(0.02)
    assert (await readiness.look(parts.database)).jobs_failed == before + 1


async def test_a_job_asked_for_once_is_not_added_twice_while_it_waits(parts, organisation):
    noted = Noted()
    async with parts.database.transaction(organisation.id) as tx:
        for _ in range(3):
            await enqueue(tx, noted.name, {}, once_per=noted.name)
    async with working(parts, noted.job()):
        await asyncio.wait_for(noted.reached.wait(), 20)
    assert len(noted.payloads) == 1


async def test_stopping_waits_for_the_running_job(parts, organisation):
    started, finish, done = asyncio.Event(), asyncio.Event(), []

    async def slow(parts, payload):
        started.set()
        await finish.wait()
        done.append(payload)

    name = f"slow_{a_number()}"
    worker = Worker(parts, {name: Job(run=slow)}, {})
    task = asyncio.create_task(worker.run())
    async with parts.database.transaction(organisation.id) as tx:
        await enqueue(tx, name, {})
    await asyncio.wait_for(started.wait(), 20)
    stopping = asyncio.create_task(worker.stop(patience_seconds=20, task=task))
    await asyncio.sleep(0)
    assert not stopping.done()
    finish.set()
    await stopping
    assert len(done) == 1


async def test_the_worker_comes_back_after_its_connection_was_cut(parts, organisation):
    noted = Noted()
    async with working(parts, noted.job()):
        async with asyncio.timeout(20):
            cut = 0
            while not cut:
                async with parts.database.pool.acquire() as connection:
                    cut = await connection.fetchval(
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        " WHERE application_name = 'laurel-jobs' AND state = 'idle'"
                    )
        async with parts.database.transaction(organisation.id) as tx:
            await enqueue(tx, noted.name, {})
        await asyncio.wait_for(noted.reached.wait(), 30)
    assert len(noted.payloads) == 1


async def test_the_timetable_runs_by_the_clock(parts):
    reached = asyncio.Event()

    async def every_second(parts):
        reached.set()

    name = f"tick_{a_number()}"
    async with working(parts, {}, {name: Periodic(cron="* * * * * */1", run=every_second)}):
        await asyncio.wait_for(reached.wait(), 20)


async def test_answers_older_than_a_day_are_forgotten(parts, organisation, api, clock):
    headers = {"Idempotency-Key": "a"}
    assert (await api.post("/api/v1/departments", json={"name": "Law"}, headers=headers)).status_code == 201
    await forget_idempotent_answers(parts)

    async def kept():
        async with parts.database.transaction(organisation.id) as tx:
            return await tx.fetchval("SELECT count(*) FROM idempotent_answer")

    assert await kept() == 1
    clock.advance(timedelta(hours=24, seconds=1))
    await forget_idempotent_answers(parts)
    assert await kept() == 0
    assert "forget_idempotent_answers" in TIMETABLE

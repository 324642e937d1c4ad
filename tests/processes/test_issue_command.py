"""`laurel issue` killed in the middle and started again: every credential is signed, published, logged and told of once."""

import asyncio
import base64
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from laurel.domain.credentials import store
from laurel.domain.transparency import store as log_store
from laurel.domain.transparency.model import commit
from laurel.openbadges.log import Frontier
from tests.support.credentials import signed_document, verdict
from tests.support.events import an_achievement
from tests.support.fixtures import BASE_URL
from tests.support.processes import PATIENCE_SECONDS, environment

COUNT = 1_600


def start(parts, organisation, directory, *options):
    secrets = {
        name: base64.b64encode(key).decode() for name, key in (("pepper", parts.pepper), ("master_key", b"m" * 32))
    }
    settings = {"database_url": parts.database.url, "public_url": BASE_URL, "data_dir": directory, **secrets}
    command = [sys.executable, "-m", "laurel.cli", "issue", "--organisation", organisation.slug, *options]
    return subprocess.Popen(command, env=environment(**settings), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


async def count_waiting(parts, organisation):
    async with parts.database.transaction(organisation.id) as tx:
        return await store.count_waiting(tx)


async def intend(api):
    await an_achievement(api, issues_credential=True)
    events = [
        {"person": {"external_id": f"p{number}"}, "name": "lesson.completed", "key": f"k{number}"}
        for number in range(COUNT)
    ]
    answer = await api.post("/api/v1/events?create_people=true", json=events)
    assert answer.status_code == 200, answer.text


async def a_batch_later(parts, organisation, process):
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await count_waiting(parts, organisation) == COUNT:
            assert process.poll() is None, process.communicate()[0]
            await asyncio.sleep(0.005)


async def a_batch_each(parts, organisation, count):
    """Wait until as many transactions hold a batch each and wait to write it into the log."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with parts.database.transaction(organisation.id) as tx:
                if await tx.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") >= count:
                    return
            await asyncio.sleep(0.01)


def wait_until_gone(processes):
    latest = time.monotonic() + PATIENCE_SECONDS
    while any(Path(f"/proc/{number}").exists() for number in processes):
        assert time.monotonic() < latest, "still there"
        time.sleep(0.02)


def those_beside(process):
    """The processes that a command started: their ids."""
    return [int(number) for number in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


async def test_issuing_that_was_killed_goes_on_where_it_ended_and_doubles_nothing(
    api, stranger, parts, organisation, tmp_path
):
    await intend(api)
    first = start(parts, organisation, tmp_path)
    await a_batch_later(parts, organisation, first)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    left = await count_waiting(parts, organisation)
    assert 0 < left < COUNT
    second = start(parts, organisation, tmp_path)
    said, _ = await asyncio.to_thread(second.communicate, None, PATIENCE_SECONDS)
    assert second.returncode == 0, said
    assert f"{left}; 0 wait, 0 cannot be signed" in said.decode()
    await check(stranger, parts, organisation)


async def test_processes_side_by_side_sign_each_credential_once(api, stranger, parts, organisation, tmp_path):
    await intend(api)
    process = start(parts, organisation, tmp_path, "--processes", "3")
    said, _ = await asyncio.to_thread(process.communicate, None, PATIENCE_SECONDS)
    assert process.returncode == 0, said
    assert f"Dealt with {COUNT}; 0 wait, 0 cannot be signed" in said.decode()
    assert "ended with" not in said.decode()
    await check(stranger, parts, organisation)


async def test_what_a_killed_process_beside_had_taken_is_signed_by_the_command(
    api, stranger, parts, organisation, tmp_path
):
    async with parts.database.transaction(organisation.id) as tx:
        await log_store.lock_head(tx)  # nobody can end a batch before this is let go
        await intend(api)
        process = start(parts, organisation, tmp_path, "--processes", "2")
        await a_batch_each(parts, organisation, 2)
        os.kill(those_beside(process)[0], signal.SIGKILL)
    said, _ = await asyncio.to_thread(process.communicate, None, PATIENCE_SECONDS)
    assert process.returncode == 0, said
    assert "ended with -9" in said.decode()
    assert f"Dealt with {COUNT}; 0 wait, 0 cannot be signed" in said.decode()
    await check(stranger, parts, organisation)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
async def test_processes_beside_end_with_the_command(api, stranger, parts, organisation, tmp_path, ending):
    await intend(api)
    process = start(parts, organisation, tmp_path, "--processes", "2")
    await a_batch_later(parts, organisation, process)
    beside = those_beside(process)
    process.send_signal(ending)
    await asyncio.to_thread(process.communicate, None, PATIENCE_SECONDS)
    await asyncio.to_thread(wait_until_gone, beside)
    left = start(parts, organisation, tmp_path)
    await asyncio.to_thread(left.communicate, None, PATIENCE_SECONDS)
    await check(stranger, parts, organisation)


async def check(stranger, parts, organisation):
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch(
            """
            SELECT c.uid, c.log_number, c.status_list_id, c.status_index, s.document
            FROM credential c JOIN signed_credential s ON s.organisation_id = $1 AND s.credential_id = c.id
            WHERE c.organisation_id = $1 AND c.state = 'issued' ORDER BY c.log_number
            """,
            organisation.id,
        )
        told = await tx.fetch(
            """
            SELECT payload ->> 'credential' AS uid FROM outbox
            WHERE organisation_id = $1 AND topic = 'credential.issued'
            """,
            organisation.id,
        )
        entries = await log_store.entries(tx, 0, COUNT + 1)
        head = await log_store.head(tx)
    assert [row["log_number"] for row in rows] == list(range(COUNT))
    assert len({(row["status_list_id"], row["status_index"]) for row in rows}) == COUNT
    assert sorted(row["uid"] for row in told) == sorted(row["uid"] for row in rows)
    frontier = Frontier()
    for entry, row in zip(entries, rows, strict=True):
        assert entry.commitment == commit(entry.salt, row["document"].encode())
        frontier = frontier.append(entry.hash())
    assert head is not None
    assert head.frontier == frontier
    assert len({hashlib.sha256(row["document"].encode()).digest() for row in rows}) == COUNT
    for row in rows[:: COUNT // 3]:
        assert (await verdict(stranger, await signed_document(stranger, row["uid"])))["verified"]

"""`laurel issue` killed in the middle and started again: every credential is signed, published, logged and told of once."""

import asyncio
import base64
import hashlib
import signal
import subprocess
import sys

from laurel.domain.credentials import store
from laurel.domain.transparency import store as log_store
from laurel.domain.transparency.model import commit
from laurel.openbadges.log import Frontier
from tests.support.credentials import signed_document, verdict
from tests.support.events import an_achievement
from tests.support.fixtures import BASE_URL
from tests.support.processes import PATIENCE_SECONDS, environment

COUNT = 1_600


def start(parts, organisation, directory):
    secrets = {
        name: base64.b64encode(key).decode() for name, key in (("pepper", parts.pepper), ("master_key", b"m" * 32))
    }
    settings = {"database_url": parts.database.url, "public_url": BASE_URL, "data_dir": directory, **secrets}
    command = [sys.executable, "-m", "laurel.cli", "issue", "--organisation", organisation.slug]
    return subprocess.Popen(command, env=environment(**settings), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


async def count_waiting(parts, organisation):
    async with parts.database.transaction(organisation.id) as tx:
        return await store.count_waiting(tx)


async def test_issuing_that_was_killed_goes_on_where_it_ended_and_doubles_nothing(
    api, stranger, parts, organisation, tmp_path
):
    await an_achievement(api, issues_credential=True)
    events = [
        {"person": {"external_id": f"p{number}"}, "name": "lesson.completed", "key": f"k{number}"}
        for number in range(COUNT)
    ]
    answer = await api.post("/api/v1/events?create_people=true", json=events)
    assert answer.status_code == 200, answer.text
    first = start(parts, organisation, tmp_path)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await count_waiting(parts, organisation) == COUNT:
            assert first.poll() is None, first.communicate()[0]
            await asyncio.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    left = await count_waiting(parts, organisation)
    assert 0 < left < COUNT
    second = start(parts, organisation, tmp_path)
    said, _ = await asyncio.to_thread(second.communicate, None, PATIENCE_SECONDS)
    assert second.returncode == 0, said
    assert f"{left}; 0 wait, 0 cannot be signed" in said.decode()
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

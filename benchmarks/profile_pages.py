"""Whether a page of the learner-profile-service costs the same at the end of a list of 100,000 achievements as at its
beginning: the list is walked to its end by `after`, through the whole web application, on an embedded PostgreSQL.
"""

import asyncio
import base64
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks._world import in_process
from benchmarks.measuring import Ratio
from laurel.application import open_parts
from laurel.base.ids import new_uids
from laurel.database.embedded import EmbeddedPostgres
from laurel.database.migrate import migrate
from laurel.domain.organisations import keys, tenancy
from laurel.domain.organisations.keys import KeyWish
from laurel.domain.parts import Parts
from laurel.outside import logs
from laurel.settings import Settings

ACHIEVEMENTS = 100_000
PAGE = 100
ROUNDS = 30
LIMIT = 0.5
GOAL = 0.8
PEPPER = base64.b64encode(b"p" * 32).decode()
PATH = "/learner-profile-service/api/v1/achievements"


async def fill(parts: Parts) -> str:
    """An organisation with ACHIEVEMENTS; a key of it."""
    database, now = parts.database, parts.clock.now()
    async with database.every_organisation() as tx:
        organisation = await tenancy.add_organisation(tx, name="Bench", now=now)
    async with database.transaction(organisation.id) as tx:
        issued = await keys.issue(tx, pepper=parts.pepper, wish=KeyWish(name="bench"), by="bench", now=now)
        await tx.execute(
            """
            INSERT INTO achievement (organisation_id, uid, names, descriptions, type, status, period, tags, details,
                                     created_at, updated_at)
            SELECT $1, uid, jsonb_build_object('en', 'Achievement ' || number), '{"en": "What it is for"}', 'Competency',
                   'live', 'open', ARRAY['a', 'b'], '{"learner_profile": {"timestamp": "now"}}', $3, $3
            FROM unnest($2::text[]) WITH ORDINALITY AS u(uid, number)
            """,
            organisation.id,
            new_uids(ACHIEVEMENTS),
            now,
        )
    await database.pool.execute("VACUUM ANALYZE achievement")
    return issued.text


async def page(client: httpx.AsyncClient, after: str | None) -> tuple[list[str], float]:
    """The ids of one page, and the seconds it took."""
    started = time.perf_counter()
    query = {"limit": str(PAGE), **({"after": after} if after else {})}
    answer = await client.get(PATH, params=query)
    seconds = time.perf_counter() - started
    assert answer.json()["data"]["total_count"] == ACHIEVEMENTS
    return [record["uuid"] for record in answer.json()["data"]["records"]], seconds


async def measure(directory: Path, url: str) -> tuple[float, float, float]:
    """(seconds of the first page, seconds of the last page, seconds of the whole walk)."""
    settings = Settings(data_dir=directory, database_url=url, pepper=PEPPER, master_key=PEPPER)
    async with open_parts(settings, url) as parts:
        key = await fill(parts)
        transport = in_process(parts)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
            started = time.perf_counter()
            ids, _ = await page(client, None)
            seen, behind, last_page_behind = set(ids), None, None
            while ids:
                last_page_behind, behind = behind, ids[-1]
                ids, _ = await page(client, behind)
                seen.update(ids)
            walk = time.perf_counter() - started
            assert len(seen) == ACHIEVEMENTS
            first = last = float("inf")
            for _ in range(ROUNDS):
                first = min(first, (await page(client, None))[1])
                last = min(last, (await page(client, last_page_behind))[1])
            return first, last, walk


async def on_own_database() -> tuple[float, float, float]:
    """`measure` on a PostgreSQL of its own."""
    directory = Path(tempfile.mkdtemp(prefix="laurel-bench-"))
    server = EmbeddedPostgres(directory)
    try:
        url = server.start()
        await migrate(url)
        return await measure(directory, url)
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def ratios() -> Iterator[Ratio]:
    """The first page against the last."""
    logs.configure(level="warning", coloured=False)
    first, last, walk = asyncio.run(on_own_database())
    note = f"{first * 1000:.1f} ms and {last * 1000:.1f} ms; all {ACHIEVEMENTS:,} in {walk:.0f} s"
    yield Ratio("learner-profile-service: first page / last page", first / last, LIMIT, GOAL, note)

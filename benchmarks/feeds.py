"""The award feed of the Litmos dialect read to its end, against COPY of the same columns; its last page against its first;
and the peak memory of exports of few and of many rows.

BENCH_AWARDS sets how many awards there are (5,000,000 without).
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks._world import PEOPLE_UIDS, a_database, in_process
from benchmarks.measuring import Ratio
from laurel.application import open_parts
from laurel.base.ids import OrganisationId
from laurel.domain.organisations import keys, tenancy
from laurel.domain.organisations.keys import KeyWish
from laurel.domain.parts import Parts
from laurel.outside import logs
from laurel.settings import Settings

AWARDS = int(os.environ.get("BENCH_AWARDS", "5_000_000"))
FEW = 100_000
PEOPLE = 100_000
ACHIEVEMENTS = 200
PAGE = 1_000
EDGE_ROUNDS = 40
PEPPER = "cHBw" * 11
READ_LIMIT, READ_GOAL = 0.1, 0.2
PAGE_LIMIT = PAGE_GOAL = 1 / 1.5
MEMORY_LIMIT, MEMORY_GOAL = 0.7, 0.9

_FILL = """
INSERT INTO award (organisation_id, person_id, uid, achievement_id, period, state, awarded_at, recorded_at, updated_at,
                   source, claim, score)
SELECT $1::bigint, $2::bigint + g % $3::bigint, 'aa' || lpad(to_hex($1::bigint), 6, '0') || lpad(to_hex(g), 16, '0'), $4::bigint + g % $5::bigint, 'x:' || g,
       'active', t.at, t.at, t.at, 'bench', 'granted', (g % 101)::text
FROM generate_series(1, $6::int) g, LATERAL (SELECT timestamptz '2020-01-01 00:00Z' + g * interval '17 seconds' AS at) t
"""
_COPIED = """
SELECT p.uid, t.names ->> 'en', t.descriptions ->> 'en', a.awarded_at, t.uid, c.expires_at, a.score, t.type, p.first_name,
       p.last_name, a.id, c.id
FROM award a JOIN person p ON p.organisation_id = a.organisation_id AND p.id = a.person_id
JOIN achievement t ON t.organisation_id = a.organisation_id AND t.id = a.achievement_id
LEFT JOIN credential c ON c.organisation_id = a.organisation_id AND c.person_id = a.person_id AND c.award_id = a.id
WHERE a.organisation_id = $1 AND a.state = 'active'
"""


async def fill(parts: Parts, count: int, people: int) -> tuple[OrganisationId, str]:
    """An organisation with `count` awards and a key of it."""
    database, now = parts.database, parts.clock.now()
    async with database.every_organisation() as tx:
        made = await tenancy.add_organisation(tx, name=f"Bench {count} of {people}", now=now)
    async with database.transaction(made.id) as tx:
        issued = await keys.issue(tx, pepper=parts.pepper, wish=KeyWish(name="bench"), by="bench", now=now)
        first_person = await tx.fetchval(PEOPLE_UIDS, made.id, now, people)
        first_achievement = await tx.fetchval(
            """
            WITH made AS (
                INSERT INTO achievement (organisation_id, uid, names, descriptions, status, period, created_at, updated_at)
                SELECT $1, lpad(to_hex(g), 24, '0'), jsonb_build_object('en', 'Course ' || g), '{"en": "What it is for"}',
                       'live', 'open', $2, $2 FROM generate_series(1, $3::int) g RETURNING id)
            SELECT min(id) FROM made
            """,
            made.id,
            now,
            ACHIEVEMENTS,
        )
    await database.pool.execute(
        _FILL, made.id, first_person, people, first_achievement, ACHIEVEMENTS, count, timeout=1_800
    )
    return made.id, issued.text


@asynccontextmanager
async def without_indexes(parts: Parts) -> AsyncIterator[None]:
    """Fill first, index then: the way a restore does it."""
    rows = await parts.database.pool.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'award' AND indexname <> 'award_pkey'"
    )
    for row in rows:
        await parts.database.pool.execute(f"DROP INDEX {row['indexname']}")
    yield
    for row in rows:
        await parts.database.pool.execute(row["indexdef"], timeout=1_800)
    for table in ("award", "person", "achievement"):
        await parts.database.pool.execute(f"VACUUM ANALYZE {table}", timeout=1_800)


async def copied(parts: Parts, organisation_id: OrganisationId) -> float:
    """Seconds of COPY TO STDOUT of the columns of the feed."""
    size = 0

    async def swallow(data: bytes) -> None:
        nonlocal size
        size += len(data)

    async with parts.database.pool.acquire() as connection:
        started = time.perf_counter()
        await connection.copy_from_query(_COPIED, organisation_id, output=swallow, timeout=1_800)
        return time.perf_counter() - started


async def walked(client: httpx.AsyncClient, key: str, count: int) -> list[float]:
    """Seconds of each page of the feed, read to its end."""
    seconds, seen, start = [], 0, 0
    while True:
        query = {"source": "bench", "format": "json", "limit": str(PAGE), "start": str(start)}
        started = time.perf_counter()
        answer = await client.get("/v1.svc/achievements", params=query, headers={"apikey": key})
        seconds.append(time.perf_counter() - started)
        lines = len(re.findall(rb'"AchievementId":', answer.content))
        seen += lines
        start += PAGE
        if lines < PAGE:
            assert seen == count, (seen, count)
            return seconds[:-1]


async def edges(client: httpx.AsyncClient, key: str, count: int) -> tuple[float, float]:
    """Seconds of a page at the beginning and of the last whole page: the best of rounds taken in turns."""
    best = [float("inf"), float("inf")]
    for _ in range(EDGE_ROUNDS):
        for index, start in enumerate((PAGE, count - PAGE)):
            query = {"source": "bench", "format": "json", "limit": str(PAGE), "start": str(start)}
            started = time.perf_counter()
            answer = await client.get("/v1.svc/achievements", params=query, headers={"apikey": key})
            best[index] = min(best[index], time.perf_counter() - started)
            assert answer.content.count(b'"AchievementId":') == PAGE
    return best[0], best[1]


def peak_megabytes(url: str, organisation_id: OrganisationId, form: str) -> float:
    """The peak resident memory of a process that exports all awards."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._export", url, str(int(organisation_id)), form],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout.strip())


async def measure() -> list[Ratio]:
    """All ratios."""
    async with a_database() as (url, _):
        with TemporaryDirectory() as directory:
            settings = Settings(data_dir=Path(directory), database_url=url, pepper=PEPPER, master_key=PEPPER)
            async with open_parts(settings, url) as parts:
                async with without_indexes(parts):
                    few, _ = await fill(parts, FEW, PEOPLE // 5)
                    many, key = await fill(parts, AWARDS, PEOPLE)
                by_copy = await copied(parts, many)
                transport = in_process(parts)
                async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:
                    pages = await walked(client, key, AWARDS)
                    first, last = await edges(client, key, AWARDS)
                by_copy = min(by_copy, await copied(parts, many))
        peaks = {(form, size): peak_megabytes(url, of, form)
                 for form in ("csv", "parquet") for size, of in (("few", few), ("many", many))}  # fmt: skip
    note = f"{AWARDS / sum(pages):,.0f} rows/s against {AWARDS / by_copy:,.0f}"
    results = [
        Ratio("feed of awards as JSON / COPY of the same columns", by_copy / sum(pages), READ_LIMIT, READ_GOAL, note),
        Ratio(
            "first page of the feed / last page",
            first / last,
            PAGE_LIMIT,
            PAGE_GOAL,
            f"{first * 1000:.1f} ms and {last * 1000:.1f} ms, {AWARDS:,} awards",
        ),
    ]
    for form in ("csv", "parquet"):
        small, large = peaks[form, "few"], peaks[form, "many"]
        note = f"{small:.0f} MB for {FEW:,} rows, {large:.0f} MB for {AWARDS:,}"
        results.append(
            Ratio(f"peak memory of a {form} export, few / many", small / large, MEMORY_LIMIT, MEMORY_GOAL, note)
        )
    return results


def ratios() -> Iterator[Ratio]:
    """Reading, paging, memory."""
    logs.configure(level="warning", coloured=False)
    yield from asyncio.run(measure())

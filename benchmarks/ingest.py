"""Ingest: events recorded with everything that follows, against COPY of the same rows into a bare table with its key.

Limit and measured path take turns in slices of the same stream, on the same database. LAUREL_BENCH_EVENTS sets how many
events (default 1,000,000), LAUREL_BENCH_STORED how many lie there before in the third run (default 10,000,000).
"""

import asyncio
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks._world import a_database, a_spine, an_organisation, some_achievements, some_events, some_people
from benchmarks.measuring import Ratio
from laurel.base import json_text
from laurel.domain.events.model import NewEvent
from laurel.domain.record_events.ingest import record

EVENTS = int(os.environ.get("LAUREL_BENCH_EVENTS", "1000000"))
STORED = int(os.environ.get("LAUREL_BENCH_STORED", "10000000"))
PEOPLE = 100_000
SLICE = 50_000
COPIED = (
    "organisation_id",
    "person_id",
    "event_key",
    "name",
    "category",
    "sub_category",
    "source_id",
    "department_id",
    "tags",
    "occurred_at",
    "recorded_at",
    "payload",
)


def _row(event: NewEvent, now: datetime) -> tuple[Any, ...]:
    person = int(event.person[1][1:])
    return (1, person, event.key, event.name, "custom", "", "", None, None, event.occurred_at, now, event.payload)


async def _copy(database: Any, table: str, events: list[NewEvent]) -> float:
    rows = [_row(event, datetime.now(UTC)) for event in events]
    rows = [(*row[:-1], json_text.encode(row[-1])) for row in rows]
    async with database.pool.acquire() as connection:
        started = time.perf_counter()
        for start in range(0, len(rows), 1_000):
            await connection.copy_records_to_table(table, records=rows[start : start + 1_000], columns=COPIED)
        return time.perf_counter() - started


async def _bare_table(database: Any, table: str) -> None:
    async with database.pool.acquire() as connection:
        await connection.execute(
            f"""
            DROP TABLE IF EXISTS {table};
            CREATE TABLE {table} (LIKE event INCLUDING IDENTITY);
            ALTER TABLE {table} ADD PRIMARY KEY (organisation_id, person_id, event_key)
            """
        )


async def _prefill(database: Any, organisation_id: int, count: int) -> None:
    """Lay `count` earlier events into both tables without going through the spine."""
    async with database.pool.acquire() as connection:
        first = await connection.fetchval("SELECT min(id) FROM person WHERE organisation_id = $1", organisation_id)
        for table, organisation, offset in (("event", organisation_id, first - 1), ("bare", 1, 0)):
            await connection.execute(
                f"""
                INSERT INTO {table} (organisation_id, person_id, event_key, name, category, sub_category, source_id,
                                     occurred_at, recorded_at, payload)
                SELECT {organisation}, {offset} + 1 + (g::bigint * 7919) % {PEOPLE}, 'old-' || g, 'n' || g % 200, 'custom', '', '',
                       now(), now(), '{{"minutes": 5, "course": "c1"}}'::jsonb
                FROM generate_series(1, {count}) g
                """,
                timeout=3_600,
            )
            await connection.execute(f"VACUUM ANALYZE {table}", timeout=3_600)
        await connection.execute("CHECKPOINT", timeout=3_600)


async def _measure(database: Any, achievements: int, stored: int, seed: int) -> tuple[float, float]:
    """(ratio, events a second) of one setting."""
    organisation_id = await an_organisation(database)
    await some_achievements(database, organisation_id, achievements)
    await some_people(database, organisation_id, PEOPLE)
    await _bare_table(database, "bare")
    if stored:
        await _prefill(database, organisation_id, stored)
    spine = a_spine(database)
    copied = recorded = 0.0
    done = 0
    while done < EVENTS:
        events = some_events(min(SLICE, EVENTS - done), PEOPLE, seed + done)
        copied += await _copy(database, "bare", events)
        started = time.perf_counter()
        for start in range(0, len(events), 10_000):
            await record(spine, organisation_id, events[start : start + 10_000])
        recorded += time.perf_counter() - started
        done += len(events)
    return copied / recorded, done / recorded


async def _setting(achievements: int, stored: int, seed: int) -> tuple[float, float]:
    async with a_database() as (_, database):
        return await _measure(database, achievements, stored, seed)


def ratios() -> Iterator[Ratio]:
    """The ratios of this module; each setting has a database of its own."""
    plain, rate = asyncio.run(_setting(200, 0, 1))
    yield Ratio("ingest / COPY, 200 achievements", plain, 0.15, 0.35, f"{rate:,.0f} events/s")
    many, rate = asyncio.run(_setting(5_000, 0, 2))
    yield Ratio("… 5,000 achievements, of that figure", many / plain, 0.7, 0.9, f"{rate:,.0f} events/s")
    if STORED:
        full, rate = asyncio.run(_setting(200, STORED, 3))
        note = f"{rate:,.0f} events/s over {STORED:,} stored"
        yield Ratio("… with stored events, of that figure", full / plain, 0.7, 0.9, note)

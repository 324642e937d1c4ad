"""What benchmarks of the server stand on: an embedded PostgreSQL as it is served from, organisations, achievements, people.

The directory is LAUREL_BENCH_DIR (default: a temporary one that is removed).
"""

import os
import random
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from laurel.application import surfaces
from laurel.base import garbage
from laurel.base.ids import OrganisationId, new_uid
from laurel.database.embedded import EmbeddedPostgres
from laurel.database.migrate import migrate
from laurel.database.pool import Database, open_database
from laurel.domain.achievements import definitions, store
from laurel.domain.achievements.definitions import Definition
from laurel.domain.events.model import NewEvent
from laurel.domain.organisations import tenancy
from laurel.domain.parts import Parts
from laurel.domain.record_events.memory import Spine
from laurel.outside.clock import SystemClock
from laurel.web.server import create_web

NAMES = 200


@asynccontextmanager
async def a_database() -> AsyncIterator[tuple[str, Database]]:
    """A migrated embedded PostgreSQL with the settings that `laurel serve` gives it."""
    kept = os.environ.get("LAUREL_BENCH_DIR")
    directory = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="laurel-bench-"))
    server = EmbeddedPostgres(directory)
    try:
        url = server.start()
        await migrate(url)
        database = await open_database(url, connections_max=40, application_name="bench")
        try:
            yield url, database
        finally:
            await database.close()
    finally:
        server.stop()
        if not kept:
            shutil.rmtree(directory, ignore_errors=True)


def in_process(parts: Parts) -> httpx.ASGITransport:
    """The whole server as a transport of a client in the same process: no socket, no second process."""
    return httpx.ASGITransport(create_web(parts, surfaces()))  # type: ignore[arg-type]  # one protocol, two sets of types


def a_spine(database: Database) -> Spine:
    """The spine of a serving process, with the garbage collector set as it sets it."""
    garbage.look_rarely()
    garbage.leave_alone_what_is_there()
    return Spine(database, SystemClock())


async def an_organisation(database: Database) -> OrganisationId:
    """A fresh organisation."""
    slug = f"bench-{new_uid()}"
    async with database.every_organisation() as tx:
        made = await tenancy.add_organisation(tx, name=slug, slug=slug, now=datetime.now(UTC))
    return made.id


async def some_achievements(database: Database, organisation_id: OrganisationId, count: int) -> None:
    """`count` live achievements of three leaves; each of the NAMES event names matches three leaves.

    Beyond NAMES the achievements ask for other events: they are carried along and never match.
    """
    now = datetime.now(UTC)
    async with database.transaction(organisation_id) as tx:
        for index in range(count):
            asked = [f"n{(index + step) % NAMES}" if index < NAMES else f"other{index}.{step}" for step in range(3)]
            definition = msgspec.convert(
                {
                    "names": {"en": f"Achievement {index}"},
                    "status": "live",
                    "period": ("open", "monthly", "daily", "weekly")[index % 4],
                    "queries": [{"alias": alias, "event_name": name} for alias, name in zip("abc", asked, strict=True)],
                    "criteria": {
                        "type": "logical",
                        "operator": "and",
                        "conditions": [
                            {"type": "count", "query": "a", "value": 5},
                            {"type": "sum", "query": "b", "attribute": "minutes", "value": 300},
                            {"type": "count", "query": "c", "value": 3},
                        ],
                    },
                },
                Definition,
            )
            if index < NAMES:
                await definitions.create(tx, definition, actor="bench", now=now)
            else:
                await _insert_quickly(tx, definition, now)
        await store.bump_rules(tx)


async def _insert_quickly(tx: Any, definition: Definition, now: datetime) -> None:
    values = {
        name: value
        for name in ("names", "status", "period", "queries", "criteria")
        if (value := getattr(definition, name)) is not msgspec.UNSET
    }
    await tx.execute(
        """
        INSERT INTO achievement (organisation_id, uid, names, status, period, queries, criteria, live_spans, created_at,
                                 updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
        """,
        tx.organisation_id,
        new_uid(),
        *values.values(),
        [[now.isoformat(), None]],
        now,
    )


async def some_people(database: Database, organisation_id: OrganisationId, count: int) -> None:
    """People with external ids u1 to u`count`."""
    now = datetime.now(UTC)
    async with database.transaction(organisation_id) as tx:
        await tx.execute(
            """
            INSERT INTO person (organisation_id, uid, created_at, updated_at)
            SELECT $1, lpad(to_hex(g), 24, '0'), $2, $2 FROM generate_series(1, $3::int) g
            """,
            organisation_id,
            now,
            count,
        )
        await tx.execute(
            """
            INSERT INTO person_identifier (organisation_id, kind, value, person_id)
            SELECT $1, 'external', 'u' || row_number() OVER (ORDER BY id), id FROM person WHERE organisation_id = $1
            """,
            organisation_id,
        )


def some_events(count: int, people: int, seed: int) -> list[NewEvent]:
    """Events of random people, names and amounts; the same for the same seed."""
    chance = random.Random(seed)
    at = datetime.now(UTC) - timedelta(minutes=1)
    return [
        NewEvent(
            ("external", f"u{chance.randrange(people) + 1}"),
            f"n{chance.randrange(NAMES)}",
            f"{seed}-{index:09d}",
            occurred_at=at,
            payload={"minutes": chance.randrange(60), "course": f"c{chance.randrange(50)}"},
        )
        for index in range(count)
    ]


PEOPLE_UIDS = """
WITH made AS (
    INSERT INTO person (organisation_id, uid, first_name, last_name, email, created_at, updated_at)
    SELECT $1, lpad(to_hex(g), 24, '0'), 'First' || g, 'Last' || g, 'p' || g || '@example.org', $2, $2
    FROM generate_series(1, $3::int) g RETURNING id)
SELECT min(id) FROM made
"""
"""People with names and addresses, in one statement; the first id."""

"""Issuing in bulk, from intent to published row, against making the same documents in memory; and reading one of them.

LAUREL_BENCH_CREDENTIALS sets how many a job issues (default 10,000), in one process; `laurel issue`, in as many as there are
processors, issues four times as many and is measured from its start to its end. Reading is measured in this process, without a network:
what a socket costs would be added to both sides.
"""

import asyncio
import base64
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, Response

from benchmarks._world import a_database, an_organisation, some_people
from benchmarks.measuring import Ratio
from benchmarks.openbadges import template_signer
from laurel.application import message_formats
from laurel.base import garbage
from laurel.base.errors import LaurelError
from laurel.base.ids import OrganisationId
from laurel.database.pool import Database
from laurel.domain.achievements import definitions
from laurel.domain.achievements.definitions import Definition
from laurel.domain.parts import Parts
from laurel.domain.people import store as people
from laurel.domain.record_events.award import Gift, give
from laurel.domain.record_events.issue_waiting import issue_all
from laurel.domain.record_events.run import Run
from laurel.outside import logs
from laurel.outside.clock import SystemClock
from laurel.outside.http import OfflineHttp
from laurel.outside.mail import FileMailer
from laurel.web.api.wire import own_surface
from laurel.web.hot_routes import send_answer
from laurel.web.public import credentials
from laurel.web.server import create_web

CREDENTIALS = int(os.environ.get("LAUREL_BENCH_CREDENTIALS", "10000"))
OF_COMMAND = 4 * CREDENTIALS
READS = 2_000
CHUNK = 1_000
PUBLIC_URL = "https://badges.example.org"
PEPPER = b"p" * 32
MASTER_KEY = b"m" * 32


def parts_of(database: Database, directory: Any) -> Parts:
    """The parts of a serving process, with the garbage collector set as it sets it."""
    garbage.look_rarely()
    garbage.leave_alone_what_is_there()
    clock = SystemClock()
    return Parts(
        database=database,
        clock=clock,
        public_url=PUBLIC_URL,
        pepper=PEPPER,
        master_key=MASTER_KEY,
        http=OfflineHttp(),
        mailer=FileMailer(directory, "bench@example.org", clock),
        message_formats=message_formats(),
    )


async def intend(parts: Parts, organisation_id: OrganisationId, count: int) -> None:
    """As many credentials of one achievement, to be signed."""
    await some_people(parts.database, organisation_id, count)
    now = datetime.now(UTC)
    definition = msgspec.convert(
        {
            "names": {"en": "Welding, level 2"},
            "descriptions": {"en": "Joins steel plates in three positions, reads drawings and works safely."},
            "criteria_narrative": "Ten approved test pieces and a written examination.",
            "alignments": [{"targetName": "Weld", "targetUrl": "https://skills.example/weld"}],
            "tags": ["steel", "welding", "safety"],
            "status": "live",
        },
        Definition,
    )
    async with parts.database.transaction(organisation_id) as tx:
        achievement = await definitions.create(tx, definition, actor="bench", now=now)
        ids = [row["id"] for row in await tx.fetch("SELECT id FROM person WHERE organisation_id = $1", organisation_id)]
    for start in range(0, len(ids), CHUNK):
        async with parts.database.transaction(organisation_id) as tx:
            run = Run(tx, parts.spine, await parts.spine.open(tx), now, quiet=False)
            known = await people.find_many(tx, ids[start : start + CHUNK])
            gifts = [
                Gift(
                    person=person,
                    achievement=achievement,
                    awarded_at=now,
                    source="bench",
                    credential=True,
                    overrides={"recipient_email": f"p{person.id}@example.org", "recipient_name": f"Person {person.id}"},
                )
                for person in known.values()
            ]
            await give(run, gifts)
            await run.save()


async def seconds_of_get(web: Any, paths: list[str]) -> float:
    """Seconds per request, one after the other."""

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    started = time.perf_counter()
    for path in paths:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "https",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "state": {},
            "headers": [(b"accept", b"application/json")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
        }  # fmt: skip
        await web(scope, receive, send)
    seconds = (time.perf_counter() - started) / len(paths)
    if set(statuses) != {200}:
        raise AssertionError(f"answers other than 200: {set(statuses)}")
    return seconds


def _refuse(_request: Request[Any, Any, Any], error: LaurelError) -> Response[Any]:
    raise error


async def read(parts: Parts, organisation_id: OrganisationId) -> tuple[float, float, float]:
    """Seconds of a constant of the same length, of one credential over and over, of a different one each time."""
    async with parts.database.transaction(organisation_id) as tx:
        rows = await tx.fetch(
            "SELECT uid, document FROM signed_credential WHERE organisation_id = $1 LIMIT 5000", organisation_id
        )
    constant = rows[0]["document"].encode()

    async def answer(_scope: Any, _receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        await send_answer(send, 200, constant)

    web = create_web(parts, [own_surface([], {**credentials.HOT, ("GET", "/constant"): answer})])
    paths = [f"/c/{row['uid']}.json" for row in rows[:READS]]
    best = [float("inf")] * 3
    for _ in range(3):
        for place, wanted in enumerate((["/constant"] * READS, paths[:1] * READS, paths)):
            parts.issuer.forget(row["uid"] for row in rows)
            best[place] = min(best[place], await seconds_of_get(web, wanted))
    return best[0], best[1], best[2]


def seconds_of_template(count: int) -> float:
    """The mean of as many documents made and signed in memory, on the machine as busy as it is."""
    template = template_signer()
    started = time.perf_counter()
    for _ in range(count):
        next(template)
    return (time.perf_counter() - started) / count


async def seconds_of_command(parts: Parts, url: str) -> float:
    """Seconds per credential of `laurel issue`, its start and that of its processes included."""
    organisation_id = await an_organisation(parts.database)
    await intend(parts, organisation_id, OF_COMMAND)
    async with parts.database.transaction(organisation_id) as tx:
        uid = await tx.fetchval("SELECT uid FROM organisation WHERE organisation_id = $1", organisation_id)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAUREL_")} | {
        "LAUREL_DATABASE_URL": url,
        "LAUREL_PUBLIC_URL": PUBLIC_URL,
        "LAUREL_PEPPER": base64.b64encode(PEPPER).decode(),
        "LAUREL_MASTER_KEY": base64.b64encode(MASTER_KEY).decode(),
    }
    command = [sys.executable, "-m", "laurel.cli", "issue", "--organisation", uid]
    started = time.perf_counter()
    done = await asyncio.to_thread(
        subprocess.run, command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    seconds = time.perf_counter() - started
    if f"Dealt with {OF_COMMAND}; 0 wait" not in done.stdout:
        raise AssertionError(done.stdout)
    return seconds / OF_COMMAND


async def measure() -> list[Ratio]:
    """All ratios."""
    logs.configure(level="error", coloured=False)
    async with a_database() as (url, database):
        organisation_id = await an_organisation(database)
        parts = parts_of(database, "/nonexistent")
        await intend(parts, organisation_id, CREDENTIALS)
        before = seconds_of_template(CREDENTIALS)
        started = time.perf_counter()
        issued = await issue_all(parts.issuer, organisation_id)
        seconds = (time.perf_counter() - started) / issued
        yardstick = (before + seconds_of_template(CREDENTIALS)) / 2
        before = seconds_of_template(CREDENTIALS)
        command = await seconds_of_command(parts, url)
        command_yardstick = (before + seconds_of_template(CREDENTIALS)) / 2
        constant, reading, different = await read(parts, organisation_id)
    return [
        Ratio(
            f"issuing {OF_COMMAND:,} by `laurel issue` / template path",
            command_yardstick / command,
            0.1,
            0.5,
            f"{1 / command:,.0f} per second, with log and start of the command",
        ),
        Ratio(
            f"issuing {issued:,} by a job / template path",
            yardstick / seconds,
            0.05,
            0.5,
            f"{1 / seconds:,.0f} per second, with log",
        ),
        Ratio(
            "reading one credential / a constant answer", constant / reading, 0.4, 0.5, f"{1 / reading:,.0f} per second"
        ),
        Ratio(
            "reading another credential each time / a constant answer",
            constant / different,
            0.02,
            0.5,
            f"{1 / different:,.0f} per second",
        ),
    ]


def ratios() -> Iterator[Ratio]:
    """All ratios of issuing."""
    yield from asyncio.run(measure())

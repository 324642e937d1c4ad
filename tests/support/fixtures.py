"""Fixtures used everywhere: one real PostgreSQL a pytest process, and a fresh organisation with a key a test.

`api` speaks HTTP with that key to the whole application in this process; `stranger` has no key; `other_api` belongs to
another organisation.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
import pytest_asyncio
from litestar.types import ASGIApp

from laurel.application import message_formats, surfaces
from laurel.base.ids import new_uid
from laurel.database.embedded import EmbeddedPostgres
from laurel.database.migrate import migrate
from laurel.database.pool import Database, open_database
from laurel.domain.organisations.keys import IssuedKey
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.outside.clock import SettableClock
from laurel.outside.http import OfflineHttp
from laurel.outside.mail import FileMailer
from laurel.web.own_pages import own_pages
from laurel.web.server import create_web
from tests.support.builders import a_key, an_organisation
from tests.support.elsewhere import Elsewhere

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
BASE_URL = "https://laurel.test"


@pytest_asyncio.fixture(scope="session")
async def postgres_url() -> AsyncIterator[str]:
    """A migrated database of this pytest process: on the PostgreSQL of LAUREL_DATABASE_URL when that is set, else on one
    of its own.
    """
    outside = os.environ.get("LAUREL_DATABASE_URL")
    if outside:
        async with _database_on(outside) as url:
            await migrate(url)
            yield url
        return
    directory = Path(tempfile.mkdtemp(prefix="laurel-test-"))
    server = EmbeddedPostgres(directory)
    try:
        url = server.start()
        connection = await asyncpg.connect(url)
        await connection.execute("ALTER SYSTEM SET fsync = off")
        await connection.execute("ALTER SYSTEM SET synchronous_commit = off")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()
        await migrate(url)
        yield url
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@asynccontextmanager
async def _database_on(url: str) -> AsyncIterator[str]:
    """The address of a new database beside the one at `url`, dropped afterwards."""
    name = f"laurel_test_{new_uid()}"
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


@pytest_asyncio.fixture(scope="session")
async def database(postgres_url: str) -> AsyncIterator[Database]:
    """A pool on it."""
    opened = await open_database(postgres_url, connections_max=20, application_name="tests")
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def _clock() -> SettableClock:
    return SettableClock(NOON)


@pytest.fixture
def clock(_clock: SettableClock) -> SettableClock:
    """The application's clock; every test begins at noon of 14 March 2026."""
    _clock.set(NOON)
    return _clock


@pytest.fixture(scope="session")
def _http() -> OfflineHttp:
    return OfflineHttp()


@pytest.fixture
def outgoing(_http: OfflineHttp) -> OfflineHttp:
    """What would have been sent to others; empty at the start of every test, and answered with 200 unless told."""
    _http.sent.clear()
    _http.answers = None
    return _http


@pytest.fixture(scope="session")
def _mail_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mail")


@pytest.fixture
def mails(_mail_directory: Path) -> Path:
    """The directory of .eml files; empty at the start of every test."""
    for left_over in _mail_directory.glob("*.eml"):
        left_over.unlink()
    return _mail_directory


@pytest.fixture(scope="session")
def _parts(database: Database, _clock: SettableClock, _http: OfflineHttp, _mail_directory: Path) -> Parts:
    return Parts(
        database=database,
        clock=_clock,
        public_url=BASE_URL,
        pepper=b"p" * 32,
        master_key=b"m" * 32,
        http=_http,
        mailer=FileMailer(_mail_directory, "laurel@example.org", _clock),
        message_formats=message_formats(),
        signing_patience_seconds=60,  # tests look at what was issued, also on a machine that is busy with other things
    )


@pytest.fixture
def parts(_parts: Parts, clock: SettableClock, outgoing: OfflineHttp, mails: Path) -> Parts:
    """What use cases are handed."""
    return _parts


@pytest.fixture
def elsewhere(parts: Parts, outgoing: OfflineHttp) -> Elsewhere:
    """Other issuers' servers, of which nothing is remembered."""
    parts.verifier.forget()
    return Elsewhere(outgoing)


@pytest.fixture(scope="session")
def _web(_parts: Parts) -> ASGIApp:
    return create_web(_parts, surfaces())


@pytest.fixture
def application(_web: ASGIApp, parts: Parts, clock: SettableClock) -> httpx.ASGITransport:
    """The whole web application in this process; verifications find our own pages in it."""
    parts.verifier.answers_own(own_pages(_web))
    return httpx.ASGITransport(_web, raise_app_exceptions=True)


def client_of(transport: httpx.ASGITransport, key: IssuedKey | None = None) -> httpx.AsyncClient:
    """A client that presents `key`."""
    headers = {"Authorization": f"Bearer {key.text}"} if key else {}
    return httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers)


@pytest_asyncio.fixture
async def organisation(parts: Parts) -> Organisation:
    """A fresh organisation."""
    return await an_organisation(parts)


@pytest_asyncio.fixture
async def key(parts: Parts, organisation: Organisation) -> IssuedKey:
    """A key of it with every scope."""
    return await a_key(parts, organisation)


@pytest_asyncio.fixture
async def api(application: httpx.ASGITransport, key: IssuedKey) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks HTTP with that key."""
    async with client_of(application, key) as client:
        yield client


@pytest_asyncio.fixture
async def stranger(application: httpx.ASGITransport) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks HTTP without a key."""
    async with client_of(application) as client:
        yield client


@pytest_asyncio.fixture
async def other_organisation(parts: Parts) -> Organisation:
    """Another fresh organisation."""
    return await an_organisation(parts)


@pytest_asyncio.fixture
async def other_api(
    parts: Parts, application: httpx.ASGITransport, other_organisation: Organisation
) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks HTTP with a key of the other organisation."""
    async with client_of(application, await a_key(parts, other_organisation)) as client:
        yield client

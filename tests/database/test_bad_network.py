"""A connection to the database that breaks or falls silent costs its own transaction, and nothing after it."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from laurel.base.errors import Unavailable
from laurel.database.jobs import open_queue
from laurel.database.pool import RequestTransaction, open_database
from tests.support.proxy import BadNetwork

PATIENCE_SECONDS = 3
HUNG_SECONDS = 60
"""Far beyond every time-out in here: reached only by what waits for ever."""


@pytest.fixture
def network(postgres_url):
    there = urlsplit(postgres_url)
    folders = parse_qs(there.query).get("host")
    with BadNetwork(f"{folders[0]}/.s.PGSQL.5432" if folders else f"{there.hostname}:{there.port or 5432}") as proxy:
        yield proxy


@pytest.fixture
def address(postgres_url, network):
    there = urlsplit(postgres_url)
    who, _, _ = there.netloc.rpartition("@")
    return f"postgresql://{who}@127.0.0.1:{network.port}{there.path}?sslmode=disable"


@pytest_asyncio.fixture
async def far(address):
    database = await open_database(
        address, connections_max=3, application_name="far", statement_seconds_max=PATIENCE_SECONDS
    )
    yield database
    async with asyncio.timeout(HUNG_SECONDS):
        await database.close()


async def ask(database, organisation):
    async with database.transaction(organisation.id) as tx:
        return await tx.fetchval("SELECT 1")


async def test_a_silent_connection_is_given_up_and_so_are_its_neighbours(network, far, organisation):
    await asyncio.gather(*(ask(far, organisation) for _ in range(3)))
    async with asyncio.timeout(HUNG_SECONDS):
        assert network.half_open() == 3
        with pytest.raises(Unavailable):
            await ask(far, organisation)
        assert await asyncio.gather(*(ask(far, organisation) for _ in range(6))) == [1] * 6


async def test_a_connection_that_falls_silent_within_a_transaction_is_given_up(network, far, organisation):
    async def work():
        async with far.transaction(organisation.id) as tx:
            network.half_open()
            await tx.fetchval("SELECT 1")

    async with asyncio.timeout(HUNG_SECONDS):
        with pytest.raises(Unavailable):
            await work()
        assert await ask(far, organisation) == 1


async def test_a_request_whose_connection_falls_silent_gives_it_back(network, far, organisation):
    async def nothing(tx):
        del tx

    async with asyncio.timeout(HUNG_SECONDS):
        request = RequestTransaction(nothing)
        await request.join(far, organisation.id)
        network.half_open()
        await request.finish(commit=False)
        assert await ask(far, organisation) == 1


async def test_a_queue_that_falls_silent_says_so(network, address):
    async with asyncio.timeout(HUNG_SECONDS), open_queue(address, statement_seconds_max=PATIENCE_SECONDS) as queue:
        assert await queue.driver.fetch("SELECT 1 AS one") == [{"one": 1}]
        network.half_open()
        with pytest.raises(TimeoutError):
            await queue.driver.fetch("SELECT 1")

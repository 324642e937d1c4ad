"""S2: requests of many organisations in turns on one pooled connection, some of them failing half-way."""

import asyncio
import random

import pytest
import pytest_asyncio

from laurel.database.pool import open_database
from tests.support.builders import a_person, an_organisation
from tests.support.figures import a_seed, report, sized

ORGANISATIONS = 5


class Stopped(Exception):
    """A request that fails half-way."""


@pytest_asyncio.fixture
async def narrow(postgres_url):
    database = await open_database(postgres_url, connections_max=1, application_name="narrow")
    yield database
    await database.close()


async def seen(tx) -> set[int]:
    """The organisations whose people are shown to a query without any condition."""
    return {row["organisation_id"] for row in await tx.fetch("SELECT DISTINCT organisation_id FROM person")}


@pytest.mark.timeout(0)
async def test_requests_in_turns_on_one_connection_see_their_own_organisation_only(parts, narrow):
    seed, requests = a_seed(), sized(10_000, least=400)
    chance = random.Random(seed)
    organisations = [await an_organisation(parts) for _ in range(ORGANISATIONS)]
    people = {organisation.id: await a_person(parts, organisation) for organisation in organisations}
    leaks: list[str] = []
    kinds: dict[str, int] = {}

    async def ask(kind: str, organisation) -> None:
        kinds[kind] = kinds.get(kind, 0) + 1
        if kind == "everything":
            async with narrow.every_organisation() as tx:
                assert set(people) <= await seen(tx)
        elif kind == "one address":
            async with narrow.public_lookup(people[organisation.id].uid) as tx:
                if await seen(tx) != {organisation.id}:
                    leaks.append(kind)
        else:
            async with narrow.transaction(organisation.id) as tx:
                if await seen(tx) != {organisation.id}:
                    leaks.append(kind)
                if kind == "failing":
                    raise Stopped

    for _ in range(requests // 4):
        asked = [
            ask(
                chance.choice(["own", "own", "own", "failing", "one address", "everything"]),
                chance.choice(organisations),
            )
            for _ in range(4)
        ]
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(answer, BaseException) and not isinstance(answer, Stopped):
                raise answer
    report(f"seed {seed}: {sum(kinds.values())} requests on one connection ({kinds}), {len(leaks)} leaks")
    assert leaks == []

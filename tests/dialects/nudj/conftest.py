"""Speaking Nudj: `member` is a person of the app with a key that acts as them, `admin` the organisation."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.domain.people import registry
from laurel.domain.people.model import Person
from tests.dialects.nudj.wishes import Nudj
from tests.support.builders import a_key
from tests.support.fixtures import BASE_URL


async def a_member(parts: Parts, organisation: Organisation, external_id: str, **details) -> Person:
    async with parts.database.transaction(organisation.id) as tx:
        return await registry.create(tx, registry.Details(**details), {"external": external_id}, now=parts.clock.now())


def speaks(application: httpx.ASGITransport, token: str) -> Nudj:
    return Nudj(httpx.AsyncClient(transport=application, base_url=BASE_URL, headers={"x-api-token": token}))


@pytest_asyncio.fixture
async def person(parts: Parts, organisation: Organisation) -> Person:
    return await a_member(parts, organisation, "member-1", display_name="Ada")


@pytest_asyncio.fixture
async def member(
    parts: Parts, application: httpx.ASGITransport, organisation: Organisation, person: Person
) -> AsyncIterator[Nudj]:
    key = await a_key(parts, organisation, acting_person_id=person.id)
    client = speaks(application, key.text)
    yield client
    await client.http.aclose()


@pytest_asyncio.fixture
async def admin(parts: Parts, application: httpx.ASGITransport, organisation: Organisation) -> AsyncIterator[Nudj]:
    key = await a_key(parts, organisation)
    client = speaks(application, key.text)
    yield client
    await client.http.aclose()

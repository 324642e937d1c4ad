import pytest_asyncio

from laurel.domain.organisations import store as organisations
from tests.support.builders import a_key, a_number
from tests.support.fixtures import client_of


@pytest_asyncio.fixture
async def accredible(parts, application, organisation):
    """Speaks with a key of the organisation, spelled as the documentation does."""
    key = await a_key(parts, organisation)
    async with client_of(application) as client:
        client.headers["Authorization"] = f"Token token={key.text}"
        yield client


@pytest_asyncio.fixture
async def group(accredible):
    """A group with the default designs."""
    answer = await accredible.post("/v1/issuer/groups", json={"group": a_group()})
    assert answer.status_code == 200, answer.text
    return answer.json()["group"]


def a_group(**wishes):
    return {
        "name": "Course 101",
        "course_name": "Introduction to Programming",
        "course_description": "Loops, functions and tests",
        **wishes,
    }


async def set_for_dialect(parts, organisation, **settings):
    """Give the organisation settings of this dialect."""
    async with parts.database.transaction(organisation.id) as tx:
        await organisations.update_organisation(tx, {"settings": {"accredible": settings}}, parts.clock.now())


async def a_credential(client, group, **wishes):
    """A credential of the group; e-mail addresses differ unless one is given."""
    number = a_number()
    recipient = {"name": "Ann Example", "email": f"ann{number}@example.com", **wishes.pop("recipient", {})}
    answer = await client.post(
        "/v1/credentials", json={"credential": {"group_id": group["id"], "recipient": recipient, **wishes}}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["credential"]

from datetime import timedelta

import pytest
import pytest_asyncio

from laurel.domain.grants.model import READ_CREDENTIALS
from tests.support.applications import an_application
from tests.support.builders import a_key, a_person
from tests.support.fixtures import client_of

PROFILE = "/ims/ob/v3p0/profile"


@pytest_asyncio.fixture
async def person(parts, organisation):
    return await a_person(parts, organisation, first_name="Ada", last_name="Byron")


@pytest_asyncio.fixture
async def backpack(stranger):
    return await an_application(stranger)


async def tokens_of(parts, organisation, application, person, **wishes):
    key = await a_key(parts, organisation, acting_person_id=person.id)
    return await application.tokens(key.text, **wishes)


async def opens(stranger, tokens):
    answer = await stranger.get(PROFILE, headers={"Authorization": f"Bearer {tokens['access_token']}"})
    return answer.status_code == 200


async def test_consents_are_listed_with_who_to_whom_and_what_in_words(
    api, parts, organisation, backpack, person, clock
):
    other = await a_person(parts, organisation)
    await tokens_of(parts, organisation, backpack, other)
    clock.advance(timedelta(seconds=1))
    await tokens_of(parts, organisation, backpack, person, scope=READ_CREDENTIALS)
    newest, older = (await api.get("/api/v1/grants")).json()["items"]
    assert (newest["person"], older["person"]) == (person.uid, other.uid)
    assert newest["scopes"] == [{"scope": READ_CREDENTIALS, "meaning": "see your credentials"}]
    assert (newest["application_name"], newest["application_uri"]) == ("Backpack", "https://app.example.org")
    assert newest["used_at"] is not None
    (own,) = (await api.get(f"/api/v1/grants?person={person.uid}")).json()["items"]
    assert own == newest == (await api.get(f"/api/v1/grants/{newest['id']}")).json()
    assert len((await api.get(f"/api/v1/grants?application={newest['application']}")).json()["items"]) == 2
    first = (await api.get("/api/v1/grants?limit=1")).json()
    second = (await api.get(f"/api/v1/grants?limit=1&after={first['next']}")).json()
    assert [*first["items"], *second["items"]] == [newest, older]
    assert second.get("next") is None


async def test_a_revoked_consent_opens_nothing_and_is_listed_no_more(
    api, stranger, parts, organisation, backpack, person
):
    tokens = await tokens_of(parts, organisation, backpack, person)
    assert await opens(stranger, tokens)
    (grant,) = (await api.get("/api/v1/grants")).json()["items"]
    assert (await api.delete(f"/api/v1/grants/{grant['id']}")).status_code == 204
    assert not await opens(stranger, tokens)
    assert (await backpack.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])).status_code == 400
    assert (await api.get("/api/v1/grants")).json()["items"] == []
    assert (await api.delete(f"/api/v1/grants/{grant['id']}")).status_code == 404
    assert (await api.get("/api/v1/audit")).json()["items"][0]["action"] == "grant.revoke"


async def test_a_barred_application_gets_no_consent_until_it_is_admitted(
    api, stranger, parts, organisation, backpack, person
):
    tokens = await tokens_of(parts, organisation, backpack, person)
    (known,) = (await api.get("/api/v1/applications")).json()["items"]
    assert (known["name"], known["consents"], known["people"], known["barred_at"]) == ("Backpack", 1, 1, None)
    path = f"/api/v1/applications/{known['id']}"
    assert (await api.delete(path)).status_code == 204
    assert not await opens(stranger, tokens)
    barred = (await api.get(path)).json()
    assert (barred["consents"], barred["barred_at"] is not None) == (0, True)
    key = (await a_key(parts, organisation, acting_person_id=person.id)).text
    page = await stranger.post("/oauth/key", data={"request": backpack.request(), "key": key})
    link = page.text.partition('name="link" value="')[2].partition('"')[0]
    answer = await stranger.post("/oauth/decide", data={"link": link, "decision": "allow"})
    assert answer.status_code == 400
    assert "does not admit" in answer.text
    assert (await api.post(f"{path}/admit")).json()["barred_at"] is None
    assert await opens(stranger, await tokens_of(parts, organisation, backpack, person))


async def test_another_organisation_sees_and_ends_nothing(
    api, other_api, stranger, parts, organisation, backpack, person
):
    tokens = await tokens_of(parts, organisation, backpack, person)
    (grant,) = (await api.get("/api/v1/grants")).json()["items"]
    for path in ("/api/v1/grants", "/api/v1/applications"):
        assert (await other_api.get(path)).json()["items"] == []
    for path in (f"/api/v1/grants/{grant['id']}", f"/api/v1/applications/{grant['application']}"):
        assert (await other_api.get(path)).status_code == 404
        assert (await other_api.delete(path)).status_code == 404
    assert (await other_api.get(f"/api/v1/grants?person={person.uid}")).status_code == 404
    assert await opens(stranger, tokens)


@pytest.mark.parametrize("scopes", [("people:read",), ("grants:read",)])
async def test_consents_need_scopes_of_their_own(application, parts, organisation, scopes):
    client = client_of(application, await a_key(parts, organisation, scopes=scopes))
    assert (await client.get("/api/v1/grants")).status_code == (200 if "grants:read" in scopes else 403)
    assert (await client.delete(f"/api/v1/grants/{'0' * 24}")).status_code == 403


@pytest.mark.parametrize("name", ["x", "0" * 64, "0" * 63 + "é", "A" * 64])
async def test_what_is_no_application_is_not_found(api, name):
    for path in (f"/api/v1/applications/{name}", f"/api/v1/grants?application={name}"):
        answer = await api.get(path)
        assert answer.status_code in {200, 404}, answer.text
        assert answer.status_code == 404 or (name == "0" * 64 and answer.json()["items"] == [])

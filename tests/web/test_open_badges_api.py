import json
from datetime import timedelta

import msgspec
import pytest
import pytest_asyncio

from laurel.base import limits
from laurel.domain.credentials.addresses import subject_id
from laurel.openbadges import did, documents, vc_jwt
from tests.openbadges import builders
from tests.openbadges.test_vc_jwt import EC_KEY, sign_es256
from tests.support.applications import an_application
from tests.support.builders import a_key, a_person
from tests.support.credentials import an_award
from tests.support.fixtures import BASE_URL, client_of

BASE = "/ims/ob/v3p0"
CREDENTIALS = f"{BASE}/credentials"


@pytest_asyncio.fixture
async def person(parts, organisation):
    return await a_person(parts, organisation, email="ada@example.org", first_name="Ada", last_name="Byron")


@pytest_asyncio.fixture
async def backpack(parts, organisation, person, application, stranger, elsewhere):
    """An application's client with a token that acts for the person."""
    key = await a_key(parts, organisation, acting_person_id=person.id)
    tokens = await (await an_application(stranger)).tokens(key.text)
    async with client_of(application) as client:
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        yield client


@pytest.fixture
def awarded(parts, api, person):
    """Awards with a signed credential, the next one a second later."""

    async def give(times=1):
        for _ in range(times):
            await an_award(api, person={"id": person.uid})
            parts.clock.advance(timedelta(seconds=1))

    return give


def a_foreign_badge(**members):
    return builders.a_signed_badge(**members)


def refused(answer, status, minor):
    told = answer.json()
    assert answer.status_code == status, answer.text
    assert (told["imsx_codeMajor"], told["imsx_severity"]) == ("failure", "error")
    assert told["imsx_description"]
    assert told["imsx_codeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"] == minor
    return told


# ---------------------------------------------------------------------------------------------------------- discovery
async def test_discovery_is_open_and_names_what_certification_asks_for(stranger):
    told = (await stranger.get(f"{BASE}/discovery")).json()
    scheme = told["components"]["securitySchemes"]["OAuth2ACG"]
    flow = scheme["flows"]["authorizationCode"]
    assert told["openapi"].startswith("3.")
    assert {"title", "termsOfService", "x-imssf-privacyPolicyUrl"} <= set(told["info"])
    assert scheme["x-imssf-registrationUrl"] == f"{BASE_URL}/oauth/register"
    assert flow["authorizationUrl"] == f"{BASE_URL}/oauth/authorize"
    assert any(scope.endswith("credential.upsert") for scope in flow["scopes"])
    assert set(told["paths"]) == {"/discovery", "/credentials", "/profile"}


# ------------------------------------------------------------------------------------------------------------ reading
async def test_a_wallet_shows_what_was_issued_as_it_was_signed(backpack, awarded, parts, person):
    await awarded()
    told = (await backpack.get(CREDENTIALS)).json()
    (document,) = told["credential"]
    assert document["credentialSubject"]["id"] == subject_id(person.uid)
    assert document["proof"][0]["cryptosuite"] == "eddsa-rdfc-2022"
    assert told["compactJwsString"] == []


async def test_pages_are_counted_and_linked(backpack, awarded):
    await awarded(3)
    seen = []
    answer = await backpack.get(CREDENTIALS, params={"limit": 2})
    assert answer.headers["X-Total-Count"] == "3"
    seen += answer.json()["credential"]
    assert set(answer.links) == {"next", "last", "first"}
    answer = await backpack.get(answer.links["next"]["url"])
    assert set(answer.links) == {"prev", "last", "first"}
    seen += answer.json()["credential"]
    assert len({document["id"] for document in seen}) == 3


async def test_since_leaves_out_what_is_older(backpack, awarded, clock):
    await awarded()
    later = clock.now()
    await awarded()
    for since, count in ((None, 2), (later - timedelta(seconds=1), 1), (clock.now(), 0)):
        params = {} if since is None else {"since": since.isoformat()}
        answer = await backpack.get(CREDENTIALS, params=params)
        assert (len(answer.json()["credential"]), answer.headers["X-Total-Count"]) == (count, str(count))


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": limits.WALLET_PAGE_SIZE_MAX + 1},
        {"limit": "x"},
        {"offset": -1},
        {"offset": 10**30},
        {"since": "yesterday"},
        {"since": "2026-01-01T00:00:00"},
    ],
)
async def test_parameters_out_of_bounds_are_refused(backpack, params):
    refused(await backpack.get(CREDENTIALS, params=params), 400, "invalid_query_parameter")


async def test_nobody_sees_another_persons_wallet(parts, organisation, application, backpack, awarded):
    await awarded()
    other = await a_person(parts, organisation)
    async with client_of(application, await a_key(parts, organisation, acting_person_id=other.id)) as client:
        assert (await client.get(CREDENTIALS)).json()["credential"] == []


async def test_without_a_token_nothing_is_shown(stranger):
    answer = await stranger.get(CREDENTIALS)
    refused(answer, 401, "unauthorizedrequest")
    assert "error=" not in answer.headers["www-authenticate"]


async def test_a_token_that_is_no_good_is_told_apart_from_none(stranger):
    answer = await stranger.get(CREDENTIALS, headers={"Authorization": "Bearer x"})
    refused(answer, 401, "unauthorizedrequest")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_a_key_that_acts_for_nobody_has_no_wallet(api):
    refused(await api.get(CREDENTIALS), 403, "forbidden")


async def test_a_key_reads_only_what_its_scopes_say(parts, organisation, application, person):
    key = await a_key(parts, organisation, acting_person_id=person.id, scopes=("profiles:read",))
    async with client_of(application, key) as client:
        assert (await client.get(f"{BASE}/profile")).status_code == 200
        answer = await client.get(CREDENTIALS)
        refused(answer, 403, "forbidden")
        assert 'error="insufficient_scope", scope="https://purl.imsglobal.org/' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(("method", "path"), [("DELETE", CREDENTIALS), ("GET", f"{BASE}/other")])
async def test_what_is_not_there_is_refused_in_the_same_shape(backpack, method, path):
    answer = await backpack.request(method, path)
    assert answer.status_code in {404, 405}
    assert answer.json()["imsx_severity"] == "error"


# ------------------------------------------------------------------------------------------------------------ writing
async def test_another_issuers_badge_is_kept_once_it_is_verified(backpack, parts, person):
    badge = a_foreign_badge()
    answer = await backpack.post(CREDENTIALS, json=badge)
    assert (answer.status_code, answer.json()) == (201, badge)
    again = await backpack.post(CREDENTIALS, json=badge)
    assert again.status_code == 200
    told = await backpack.get(CREDENTIALS)
    assert told.json() == {"credential": [badge], "compactJwsString": []}
    assert told.headers["X-Total-Count"] == "1"


async def test_a_token_is_kept_as_a_token(backpack):
    token = vc_jwt.sign_token(
        documents.badge_document(builders.a_badge()),
        sign=sign_es256,
        algorithm="ES256",
        kid=did.method_id(builders.ISSUER, EC_KEY.public_key()),
    )
    answer = await backpack.post(CREDENTIALS, content=token, headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.text) == (201, token)
    assert answer.headers["content-type"].startswith("text/plain")
    assert (await backpack.get(CREDENTIALS)).json() == {"credential": [], "compactJwsString": [token]}


async def test_a_newer_version_replaces_an_older_one_and_never_the_other_way(backpack):
    older = a_foreign_badge(valid_from=builders.NOW - timedelta(days=1), name="Older")
    newer = a_foreign_badge(name="Newer")
    statuses = [(await backpack.post(CREDENTIALS, json=badge)).status_code for badge in (older, newer, older)]
    assert statuses == [201, 200, 304]
    assert (await backpack.get(CREDENTIALS)).json()["credential"] == [newer]


async def test_the_bytes_that_were_signed_are_kept(backpack):
    offered = json.dumps(a_foreign_badge(), indent=3, ensure_ascii=False).encode()
    await backpack.post(CREDENTIALS, content=offered, headers={"Content-Type": "application/ld+json"})
    assert offered in (await backpack.get(CREDENTIALS)).content


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "Doctor of everything"}, "signature"),
        ({"proof": []}, "proof"),
        ({"type": ["VerifiableCredential", "EndorsementCredential"]}, ""),
    ],
)
async def test_what_is_not_verified_is_not_kept(backpack, change, says):
    answer = await backpack.post(CREDENTIALS, json=a_foreign_badge() | change)
    assert says in refused(answer, 400, "invalid_data")["imsx_description"]
    assert (await backpack.get(CREDENTIALS)).headers["X-Total-Count"] == "0"


async def test_an_issuer_that_does_not_answer_is_not_believed(backpack, elsewhere):
    elsewhere.pages.clear()
    refused(await backpack.post(CREDENTIALS, json=a_foreign_badge()), 400, "invalid_data")


async def test_a_badge_that_names_somebody_else_is_refused(backpack):
    for address, status in (("eve@example.org", 403), ("ada@example.org", 201)):
        identity = documents.Identity(identifier=address, salt="s")
        badge = a_foreign_badge(id=f"urn:x:{status}", subject=documents.Subject(identities=(identity,)))
        assert (await backpack.post(CREDENTIALS, json=badge)).status_code == status


async def test_our_own_badge_is_the_persons_already(backpack, awarded):
    await awarded()
    (own,) = (await backpack.get(CREDENTIALS)).json()["credential"]
    answer = await backpack.post(CREDENTIALS, json=own)
    assert answer.status_code == 200, answer.text
    assert (await backpack.get(CREDENTIALS)).headers["X-Total-Count"] == "1"


async def test_our_own_badge_of_another_person_is_refused(backpack, awarded, parts, organisation, application):
    await awarded()
    (own,) = (await backpack.get(CREDENTIALS)).json()["credential"]
    other = await a_person(parts, organisation)
    async with client_of(application, await a_key(parts, organisation, acting_person_id=other.id)) as client:
        refused(await client.post(CREDENTIALS, json=own), 403, "forbidden")


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"a":' * 10_000, "application/json", 400),
        (b"not a token", "text/plain", 400),
        (b"eyJhbGciOiJub25lIn0.e30.", "text/plain", 400),
        (b"https://127.0.0.1/badge", "text/plain", 400),
        (b"\x89PNG\r\n\x1a\n", "text/plain", 400),
        (b"{}", "image/png", 415),
        (b"x" * 3_000_000, "application/json", 413),
    ],
)
async def test_bodies_that_are_no_credential_are_refused(backpack, content, media_type, status):
    answer = await backpack.post(CREDENTIALS, content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status, answer.text
    assert answer.json()["imsx_codeMajor"] == "failure"


async def test_a_large_badge_is_refused_with_the_limit(backpack):
    narratives = [documents.Evidence(name=f"{n}", narrative="x" * 9_000) for n in range(80)]
    badge = a_foreign_badge(evidence=tuple(narratives))
    told = refused(await backpack.post(CREDENTIALS, json=badge), 400, "invalid_data")
    assert str(limits.HELD_CREDENTIAL_BYTES_MAX) in told["imsx_description"]


# ------------------------------------------------------------------------------------------------------------ profile
async def test_a_profile_is_the_register_until_the_person_says_otherwise(backpack, api, person):
    told = (await backpack.get(f"{BASE}/profile")).json()
    assert (told["type"], told["email"], told["givenName"]) == (["Profile"], "ada@example.org", "Ada")
    written = {**told, "name": "Countess", "email": "eve@example.org", "url": "https://ada.example", "id": "urn:x:y"}
    answer = await backpack.put(f"{BASE}/profile", json=written)
    assert answer.status_code == 200, answer.text
    now = (await backpack.get(f"{BASE}/profile")).json()
    assert (now["name"], now["email"], now["url"]) == ("Countess", "ada@example.org", "https://ada.example")
    assert now["id"] == told["id"]
    registered = (await api.get(f"/api/v1/people/{person.uid}")).json()
    assert registered["first_name"] == "Ada"


@pytest.mark.parametrize(
    "profile",
    [
        {},
        {"type": ["Person"]},
        {"type": ["Profile"], "nickname": "a"},
        {"type": ["Profile"], "name": 7},
        {"type": ["Profile"], "name": None},
        {"type": ["Profile"], "dateOfBirth": "yesterday"},
        {"type": ["Profile"], "description": "x" * 20_000},
        {"type": ["Profile"], "address": "street"},
    ],
)
async def test_a_profile_that_is_none_is_refused(backpack, profile):
    refused(await backpack.put(f"{BASE}/profile", json=profile), 400, "invalid_data")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":' * 10_000, b'{"type":"Profile","name":"\\u0000"}'])
async def test_a_profile_that_cannot_be_read_is_refused(backpack, body):
    answer = await backpack.put(f"{BASE}/profile", content=body)
    assert answer.status_code == 400, answer.text
    assert msgspec.json.decode(answer.content)["imsx_codeMajor"] == "failure"

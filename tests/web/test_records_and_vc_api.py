from datetime import timedelta

import msgspec
import pytest
import pytest_asyncio

from laurel.base import limits
from laurel.domain.grants.model import READ_RECORDS, WRITE_RECORDS
from laurel.openbadges import documents, vc_jwt
from laurel.openbadges.multikey import parse_jwk
from tests.openbadges import builders
from tests.support.applications import EVERYTHING, an_application
from tests.support.builders import a_key, a_person
from tests.support.credentials import an_award, failed_checks, verdict
from tests.support.fixtures import BASE_URL, client_of

RECORDS = "/ims/clr/v2p0/credentials"


@pytest_asyncio.fixture
async def person(parts, organisation):
    return await a_person(parts, organisation, email="ada@example.org", first_name="Ada", last_name="Byron")


@pytest_asyncio.fixture
async def persons_api(parts, organisation, person, application):
    key = await a_key(parts, organisation, acting_person_id=person.id)
    async with client_of(application, key) as client:
        yield client


# ------------------------------------------------------------------------------------------------------------ records
async def test_a_record_holds_what_stands_and_is_verified(api, persons_api, person, stranger):
    awards = [await an_award(api, person={"id": person.uid}) for _ in range(3)]
    revoked = await api.post(f"/api/v1/awards/{awards[0]['id']}/revoke", json={"reason": "a mistake"})
    assert revoked.status_code == 200
    answer = await persons_api.get(RECORDS)
    (record,) = answer.json()["credential"]
    inside = {credential["id"] for credential in record["credentialSubject"]["verifiableCredential"]}
    assert inside == {f"{BASE_URL}/c/{award['credential']}" for award in awards[1:]}
    assert "ada@example.org" not in answer.text
    said = await verdict(stranger, record)
    assert (said["verified"], said["standard"]) == (True, "CLR 2.0"), said["checks"]
    assert sum(check["name"] == "embedded" for check in said["checks"]) == 2


async def test_a_changed_record_is_not_verified(api, persons_api, person, stranger):
    await an_award(api, person={"id": person.uid})
    (record,) = (await persons_api.get(RECORDS)).json()["credential"]
    record["name"] = "Somebody else's"
    assert failed_checks(await verdict(stranger, record)) == {"proof"}


async def test_who_earned_nothing_has_no_record(persons_api):
    answer = await persons_api.get(RECORDS)
    assert (answer.json()["credential"], answer.headers["X-Total-Count"]) == ([], "0")


async def test_a_record_needs_its_own_scope(parts, organisation, person, stranger):
    key = await a_key(parts, organisation, acting_person_id=person.id)
    backpack = await an_application(stranger, scope=f"{EVERYTHING} {READ_RECORDS}")
    for scope, status in ((EVERYTHING, 403), (READ_RECORDS, 200)):
        tokens = await backpack.tokens(key.text, scope=scope)
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await stranger.get(RECORDS, headers=headers)).status_code == status


async def test_the_service_of_records_describes_itself(stranger):
    told = (await stranger.get("/ims/clr/v2p0/discovery")).json()
    assert READ_RECORDS in str(told["components"])


# --------------------------------------------------------------------------------- records of others that a person keeps
def a_record_of_others(number=1, email="ada@example.org", **members):
    badge = builders.a_signed_badge(id=f"urn:uuid:0b1d1f3a-0000-4000-8000-00000000001{number}")
    values = {
        "id": f"urn:uuid:5e1b6f0e-0000-4000-8000-00000000000{number}",
        "name": "Learner record",
        "issuer": builders.a_profile(),
        "identities": (documents.Identity(identifier=email, salt="s"),),
        "credentials": (badge,),
        "valid_from": builders.NOW,
    }
    return builders.sign(documents.record_document(documents.Record(**values | members)))


async def test_a_record_of_another_issuer_is_kept_beside_our_own(api, persons_api, person, elsewhere):
    await an_award(api, person={"id": person.uid})
    offered = a_record_of_others()
    answer = await persons_api.post(RECORDS, json=offered)
    assert (answer.status_code, answer.json()) == (201, offered), answer.text
    assert (await persons_api.post(RECORDS, json=offered)).status_code == 200
    listed = await persons_api.get(RECORDS)
    own, kept = listed.json()["credential"]
    assert kept == offered
    assert own["issuer"]["id"].startswith("did:web:laurel.test")
    assert listed.headers["X-Total-Count"] == "2"
    first = await persons_api.get(f"{RECORDS}?limit=1")
    second = await persons_api.get(f"{RECORDS}?limit=1&offset=1")
    assert 'rel="next"' in first.headers["Link"]
    assert [first.json()["credential"][0]["issuer"], second.json()["credential"]] == [own["issuer"], [offered]]
    badges = (await persons_api.get("/ims/ob/v3p0/credentials")).json()["credential"]
    assert offered not in badges
    assert len(badges) == 1


async def test_a_newer_version_of_a_record_replaces_the_older_one(persons_api, elsewhere, clock):
    newer = a_record_of_others(name="Newer", valid_from=builders.NOW + timedelta(days=1))
    clock.advance(timedelta(days=3))
    assert (await persons_api.post(RECORDS, json=newer)).status_code == 201
    assert (await persons_api.post(RECORDS, json=a_record_of_others())).status_code == 304
    assert (await persons_api.get(RECORDS)).json()["credential"] == [newer]


async def test_what_is_no_record_of_the_person_is_not_kept(persons_api, elsewhere):
    changed = a_record_of_others()
    changed["credentialSubject"]["verifiableCredential"][0]["name"] = "changed"
    cases = {
        "changed inside": (changed, {400, 422}),
        "a badge": (builders.a_signed_badge(), {400, 422}),
        "of somebody else": (a_record_of_others(email="eve@example.org"), {403}),
    }
    for name, (offered, statuses) in cases.items():
        answer = await persons_api.post(RECORDS, json=offered)
        assert answer.status_code in statuses, (name, answer.text)
        assert answer.json()["imsx_codeMajor"] == "failure"
    assert (await persons_api.get(RECORDS)).headers["X-Total-Count"] == "0"
    answer = await persons_api.post("/ims/ob/v3p0/credentials", json=a_record_of_others())
    assert answer.status_code in {400, 422}


async def test_keeping_a_record_needs_its_own_scope(parts, organisation, person, stranger, elsewhere):
    key = await a_key(parts, organisation, acting_person_id=person.id)
    backpack = await an_application(stranger, scope=f"{READ_RECORDS} {WRITE_RECORDS}")
    for scope, status in ((READ_RECORDS, 403), (WRITE_RECORDS, 201)):
        tokens = await backpack.tokens(key.text, scope=scope)
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await stranger.post(RECORDS, headers=headers, json=a_record_of_others())).status_code == status


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 10_000}, {"offset": -1}, {"since": "2026-01-01T00:00:00"}])
async def test_parameters_of_records_out_of_bounds_are_refused(persons_api, params):
    answer = await persons_api.get(RECORDS, params=params)
    assert 400 <= answer.status_code < 500


# ------------------------------------------------------------------------------------------------- VC API: issuing
def a_draft(**members):
    document = documents.badge_document(builders.a_badge(id="urn:uuid:0b1d1f3a-0000-4000-8000-000000000001"))
    document.pop("issuer")
    return {**document, **members}


async def test_a_credential_composed_elsewhere_is_signed_and_verified(api, stranger, organisation):
    answer = await api.post("/credentials/issue", json={"credential": a_draft()})
    assert answer.status_code == 201, answer.text
    signed = answer.json()["verifiableCredential"]
    assert signed["issuer"]["id"] == f"did:web:laurel.test:i:{organisation.uid}"
    assert (await verdict(stranger, signed))["verified"]
    answer = await stranger.post("/credentials/verify", json={"verifiableCredential": signed})
    assert answer.json()["verified"]


async def test_what_is_missing_is_filled_in(api, stranger):
    draft = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "did:example:ada"},
    }
    signed = (await api.post("/credentials/issue", json={"credential": draft})).json()["verifiableCredential"]
    assert signed["id"].startswith("urn:uuid:")
    assert (await verdict(stranger, signed))["verified"]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"issuer": "did:web:evil.example"}, "credential.issuer"),
        ({"issuer": 7}, "credential.issuer"),
        ({"@context": ["https://www.w3.org/2018/credentials/v1"]}, "credential.@context"),
        ({"@context": ["https://www.w3.org/ns/credentials/v2", "https://evil.example/c"]}, "credential"),
        ({"type": ["Person"]}, "credential.type"),
        ({"proof": []}, "credential.proof"),
        ({"id": f"{BASE_URL}/c/{'0' * 24}"}, "credential.id"),
        ({"id": 7}, "credential.id"),
        ({"id": "relative"}, "credential"),
        ({"nonsense": "x"}, "credential"),
        ({"validFrom": "yesterday"}, "credential"),
        ({"validUntil": "2020-01-01T00:00:00Z"}, "credential.validUntil"),
        ({"credentialSubject": {}}, "credential"),
        ({"credentialSubject": "ada"}, "credential.credentialSubject"),
        ({"credentialStatus": {"id": f"{BASE_URL}/s/1#1", "type": "BitstringStatusListEntry"}}, "credential"),
        ({"name": "\u0007"}, "credential"),
    ],
)
async def test_what_this_issuer_may_not_sign_is_refused_with_the_place(api, members, field):
    answer = await api.post("/credentials/issue", json={"credential": a_draft(**members)})
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"].startswith(field)


async def issued_token(api, **members):
    body = {"credential": a_draft(**members), "options": {"proofFormat": "jwt"}}
    return await api.post("/credentials/issue", json=body)


async def test_a_credential_composed_elsewhere_is_signed_as_a_token(api, stranger, organisation):
    answer = await issued_token(api, validUntil="2130-01-01T00:00:00Z")
    assert answer.status_code == 201, answer.text
    enveloped = answer.json()["verifiableCredential"]
    assert enveloped["type"] == "EnvelopedVerifiableCredential"
    token = enveloped["id"].removeprefix("data:application/vc+jwt,")
    read = vc_jwt.parse_token(token)
    assert (read.header["alg"], read.claims["iss"]) == ("ES256", f"did:web:laurel.test:i:{organisation.uid}")
    assert read.claims["jti"] == a_draft()["id"]
    assert "proof" not in read.credential
    jwk = (await stranger.get(read.header["kid"].removeprefix(BASE_URL))).json()
    vc_jwt.check_token(read, parse_jwk(jwk))
    assert (await verdict(stranger, token.encode()))["verified"]
    assert (await verdict(stranger, enveloped))["verified"]
    answer = await stranger.post("/credentials/verify", json={"verifiableCredential": enveloped})
    assert answer.json()["verified"]
    changed = enveloped | {"id": enveloped["id"][:-8] + "AAAAAAAA"}
    assert not (await verdict(stranger, changed))["verified"]


async def test_a_token_needs_a_subject_that_it_can_name(api):
    subject = a_draft()["credentialSubject"]
    subject = {name: value for name, value in subject.items() if name != "id"}
    subject["identifier"] = [{"type": "IdentityObject", "hashed": False, "identityHash": "Ada", "identityType": "name"}]
    assert (await api.post("/credentials/issue", json={"credential": a_draft(credentialSubject=subject)})).is_success
    answer = await issued_token(api, credentialSubject=subject)
    assert (answer.status_code, answer.json()["code"]) == (400, "credential_not_signable")
    assert "sub" in answer.json()["field"]


@pytest.mark.parametrize("members", [{"nonsense": "x"}, {"issuer": "did:web:evil.example"}, {"exp": 1}, {"vc": {}}])
async def test_what_is_no_good_with_a_proof_is_no_good_as_a_token(api, members):
    assert (await issued_token(api, **members)).status_code == 400


@pytest.mark.parametrize("options", [7, [], {"proofFormat": "paper"}, {"proofFormat": ["jwt"]}])
async def test_options_that_are_not_offered_are_refused_by_name(api, options):
    answer = await api.post("/credentials/issue", json={"credential": a_draft(), "options": options})
    assert 400 <= answer.status_code < 500
    assert answer.json()["field"].startswith("options")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"credential": 7}', b'{"credential":' * 10_000])
async def test_a_body_that_asks_for_nothing_is_refused(api, body):
    assert (await api.post("/credentials/issue", content=body)).status_code in {400, 422}


async def test_strangers_and_readers_cannot_have_anything_signed(parts, organisation, application, stranger):
    assert (await stranger.post("/credentials/issue", json={"credential": a_draft()})).status_code == 401
    key = await a_key(parts, organisation, scopes=("credentials:read",))
    async with client_of(application, key) as client:
        assert (await client.post("/credentials/issue", json={"credential": a_draft()})).status_code == 403


# ------------------------------------------------------------------------------------------------- VC API: exchanges
async def test_a_wallet_fetches_a_credential_by_an_exchange(api, stranger):
    award = await an_award(api)
    told = await stranger.get(f"/workflows/credential/exchanges/{award['credential']}/protocols")
    url = told.json()["protocols"]["vcapi"]
    answer = await stranger.post(url, json={})
    (credential,) = answer.json()["verifiablePresentation"]["verifiableCredential"]
    assert credential["id"] == f"{BASE_URL}/c/{award['credential']}"
    assert (await verdict(stranger, credential))["verified"]
    await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "a mistake"})
    assert (await stranger.post(url, json={})).status_code == 410


@pytest.mark.parametrize("uid", ["0" * 24, "x", "%00"])
async def test_an_exchange_of_nothing_is_not_found(stranger, uid):
    assert (await stranger.post(f"/workflows/credential/exchanges/{uid}", json={})).status_code == 404


async def test_a_long_record_says_that_it_is_partial(api, parts, organisation, persons_api, person, stranger):
    body = {"person": {"id": person.uid}}
    for _ in range(limits.EMBEDDED_CREDENTIALS_MAX + 1):
        await an_award(api, **body)
    answer = await persons_api.get(RECORDS)
    (record,) = answer.json()["credential"]
    assert record["partial"] is True
    assert len(record["credentialSubject"]["verifiableCredential"]) == limits.EMBEDDED_CREDENTIALS_MAX
    said = await verdict(stranger, msgspec.json.encode(record))
    assert said["verified"], [check for check in said["checks"] if check["outcome"] != "passed"][:3]

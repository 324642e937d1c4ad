import asyncio
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from laurel.base.limits import HOLDER_BINDINGS_OPEN_MAX
from laurel.base.times import parse_time
from laurel.openbadges import did, proofs
from laurel.openbadges.canonical import canonicalise
from laurel.openbadges.documents import render_instant
from laurel.openbadges.multikey import base58
from tests.openbadges import builders
from tests.support.credentials import an_award, signed_document, verdict
from tests.support.fixtures import BASE_URL

WALLET = did.did_key(builders.KEY.public_key())
METHOD = f"{WALLET}#{WALLET.removeprefix('did:key:')}"
V2 = "https://www.w3.org/ns/credentials/v2"


async def an_exchange(api, award):
    answer = await api.post(f"/api/v1/credentials/{award['credential']}/bindings")
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def a_presentation(asked, clock, *, key=builders.KEY, method=METHOD, purpose="authentication", more=(), **members):
    """What a wallet signs: a presentation without credentials, for a challenge and a domain."""
    document = {"@context": [V2], "type": ["VerifiablePresentation"], "holder": WALLET, **members}
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": render_instant(clock.now()),
        "verificationMethod": method,
        "proofPurpose": purpose,
        "challenge": asked["challenge"],
        "domain": asked["domain"],
        **dict(more),
    }
    return signed(document, proof, key)


def signed(document, proof, key):
    text = proofs._hashes(  # the library signs no presentations, which wallets do
        canonicalise({**proof, "@context": document["@context"]}), canonicalise(document)
    )
    return {**document, "proof": {**proof, "proofValue": "z" + base58(key.sign(text))}}


async def asked_by(stranger, exchange):
    answer = await stranger.post(exchange["exchange"], json={})
    assert answer.status_code == 200, answer.text
    return answer.json()["verifiablePresentationRequest"]


async def test_a_wallet_that_proves_its_did_gets_the_credential_with_it_as_subject(api, stranger, clock):
    award = await an_award(api)
    before = await signed_document(stranger, award["credential"])
    clock.advance(timedelta(minutes=1))
    exchange = await an_exchange(api, award)
    asked = await asked_by(stranger, exchange)
    assert asked["query"][0]["type"] == "DIDAuthentication"
    assert (asked["challenge"], asked["domain"]) == (exchange["challenge"], BASE_URL)
    answer = await stranger.post(exchange["exchange"], json={"verifiablePresentation": a_presentation(asked, clock)})
    assert answer.status_code == 200, answer.text
    (bound,) = answer.json()["verifiablePresentation"]["verifiableCredential"]
    assert bound["credentialSubject"]["id"] == WALLET
    assert (bound["id"], bound["awardedDate"]) == (before["id"], before["awardedDate"])
    assert parse_time(bound["validFrom"], "validFrom") > parse_time(before["validFrom"], "validFrom")
    assert bound == await signed_document(stranger, award["credential"])
    said = await verdict(stranger, bound)
    assert said["verified"], said["checks"]
    assert (await api.get(f"/api/v1/credentials/{award['credential']}")).json()["holder"] == WALLET


async def test_a_bare_presentation_by_the_older_suite_is_answered_with_a_bare_one(api, stranger, clock):
    exchange = await an_exchange(api, await an_award(api))
    document = {
        "@context": [V2, "https://w3id.org/security/suites/ed25519-2020/v1"],
        "type": ["VerifiablePresentation"],
        "holder": WALLET,
    }
    proof = {
        "type": "Ed25519Signature2020",
        "created": render_instant(clock.now()),
        "verificationMethod": METHOD,
        "proofPurpose": "authentication",
        "challenge": exchange["challenge"],
        "domain": exchange["domain"],
    }
    answer = await stranger.post(exchange["exchange"], json=signed(document, proof, builders.KEY))
    assert answer.status_code == 200, answer.text
    assert answer.json()["verifiableCredential"][0]["credentialSubject"]["id"] == WALLET


async def test_a_presentation_counts_once(api, stranger, clock):
    award = await an_award(api)
    exchange = await an_exchange(api, award)
    body = {"verifiablePresentation": a_presentation(await asked_by(stranger, exchange), clock)}
    answers = await asyncio.gather(*(stranger.post(exchange["exchange"], json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    again = await stranger.post(exchange["exchange"], json=body)
    assert (again.status_code, again.json()["code"]) == (404, "binding_spent")
    assert (await stranger.post(exchange["exchange"], json={})).status_code == 404
    other = await an_exchange(api, award)
    replayed = await stranger.post(other["exchange"], json=body)
    assert (replayed.status_code, replayed.json()["field"]) == (400, "proof.challenge")


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"more": {"challenge": "another"}}, "proof.challenge"),
        ({"more": {"domain": "https://evil.example"}}, "proof.domain"),
        ({"key": builders.OTHER_KEY}, "proofValue"),
        ({"purpose": "assertionMethod"}, "proofPurpose"),
        ({"method": "did:jwk:evil#0"}, "proof.verificationMethod"),
        ({"method": "did:key:zzz#zzz"}, "proof"),
        ({"holder": "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"}, "holder"),
        ({"more": {"created": "2130-01-01T00:00:00Z"}}, "proof.created"),
        ({"more": {"expires": "2020-01-01T00:00:00Z"}}, "proof.expires"),
    ],
)
async def test_a_presentation_that_proves_nothing_is_refused_and_binds_nothing(api, stranger, clock, wishes, field):
    award = await an_award(api)
    exchange = await an_exchange(api, award)
    presentation = a_presentation(exchange, clock, **wishes)
    answer = await stranger.post(exchange["exchange"], json={"verifiablePresentation": presentation})
    assert (answer.status_code, answer.json()["code"]) == (400, "presentation_refused"), answer.text
    assert answer.json()["field"] == field or field == "proof"
    assert (await api.get(f"/api/v1/credentials/{award['credential']}")).json()["holder"] is None
    assert (await asked_by(stranger, exchange))["challenge"] == exchange["challenge"]


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{",
        b'{"verifiablePresentation": 7}',
        b'{"verifiablePresentation": {}}',
        b'{"verifiablePresentation": {"type": "VerifiablePresentation"}}',
        b'{"verifiablePresentation": {"type": "VerifiablePresentation", "proof": [7]}}',
        b'{"verifiablePresentation": {"type": "VerifiablePresentation", "proof": {"challenge": 1}}}',
        b'{"verifiablePresentation":' * 5_000,
    ],
)
async def test_a_body_that_is_no_presentation_is_refused(api, stranger, body):
    exchange = await an_exchange(api, await an_award(api))
    answer = await stranger.post(exchange["exchange"], content=body)
    assert 400 <= answer.status_code < 500, answer.text


async def test_an_exchange_ends_after_a_day_and_only_its_whole_address_opens_it(api, stranger, clock):
    exchange = await an_exchange(api, await an_award(api))
    url = exchange["exchange"]
    for wrong in (url[:-1], url.rpartition(".")[0], f"{BASE_URL}/workflows/binding/exchanges/x"):
        assert (await stranger.post(wrong, json={})).status_code == 404
    clock.advance(timedelta(hours=25))
    assert (await stranger.post(url, json={})).status_code == 404


async def test_what_is_revoked_is_bound_to_nobody(api, stranger, clock):
    award = await an_award(api)
    exchange = await an_exchange(api, award)
    await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "x"})
    body = {"verifiablePresentation": a_presentation(exchange, clock)}
    assert (await stranger.post(exchange["exchange"], json=body)).status_code == 409
    assert (await api.post(f"/api/v1/credentials/{award['credential']}/bindings")).status_code == 409


async def test_nobody_offers_a_binding_of_what_another_organisation_issued(api, other_api, stranger):
    award = await an_award(api)
    path = f"/api/v1/credentials/{award['credential']}/bindings"
    assert (await other_api.post(path)).status_code == 404
    assert (await stranger.post(path)).status_code == 401


async def test_a_binding_is_undone_and_open_exchanges_end_with_it(api, other_api, stranger, clock):
    award = await an_award(api)
    path = f"/api/v1/credentials/{award['credential']}/bindings"
    exchange = await an_exchange(api, award)
    body = {"verifiablePresentation": a_presentation(exchange, clock)}
    assert (await stranger.post(exchange["exchange"], json=body)).status_code == 200
    still_open = await an_exchange(api, award)
    assert (await other_api.delete(path)).status_code == 404
    assert (await stranger.delete(path)).status_code == 401
    clock.advance(timedelta(minutes=1))
    assert (await api.delete(path)).status_code == 204
    assert (await api.delete(path)).status_code == 204
    freed = await signed_document(stranger, award["credential"])
    assert freed["credentialSubject"]["id"].startswith("urn:uuid:")
    assert (await verdict(stranger, freed))["verified"]
    assert (await api.get(f"/api/v1/credentials/{award['credential']}")).json()["holder"] is None
    assert (await stranger.post(still_open["exchange"], json={})).status_code == 404
    actions = [one["action"] for one in (await api.get("/api/v1/audit")).json()["items"]]
    assert actions.count("credential.unbind") == 1


async def test_of_many_exchanges_for_one_credential_the_oldest_end(api, stranger, clock):
    award, other = await an_award(api), await an_award(api)
    elsewhere = await an_exchange(api, other)
    opened = []
    for _ in range(HOLDER_BINDINGS_OPEN_MAX + 1):
        opened.append(await an_exchange(api, award))
        clock.advance(timedelta(milliseconds=1))
    first, *rest = [(await stranger.post(one["exchange"], json={})).status_code for one in opened]
    assert (first, set(rest)) == (404, {200})
    assert (await stranger.post(elsewhere["exchange"], json={})).status_code == 200


async def test_the_link_for_the_wallet_names_the_exchange_and_who_asks(api):
    exchange = await an_exchange(api, await an_award(api))
    link = urlsplit(exchange["wallet_link"])
    assert (link.scheme, link.netloc, link.path) == ("https", "lcw.app", "/request")
    assert json.loads(parse_qs(link.query)["request"][0]) == {
        "credentialRequestOrigin": BASE_URL,
        "protocols": {"vcapi": exchange["exchange"]},
    }

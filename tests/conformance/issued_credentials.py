"""Credentials issued by the whole server, over HTTP, shown to verifiers that others have published."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from pyld import jsonld as pyld

from laurel.base.times import render_time
from laurel.openbadges import did, vc_jwt
from laurel.openbadges.canonical import canonicalise
from laurel.openbadges.jsonld import bundled_document
from laurel.openbadges.multikey import base58, base64url, render_jwk, render_multikey
from laurel.openbadges.structure import listed
from laurel.outside.clock import SystemClock
from tests.conformance.independent_verifiers import ask_verifiers
from tests.openbadges import builders
from tests.openbadges.test_vc_jwt import EC_KEY
from tests.support.credentials import an_award, signed_document
from tests.support.events import an_achievement
from tests.support.fixtures import BASE_URL


async def page_of(stranger, url):
    return (await stranger.get(url.partition("#")[0].removeprefix(BASE_URL))).json()


@pytest.mark.timeout(600)
async def test_published_verifiers_agree_about_what_was_issued(api, stranger, organisation, clock):
    clock.set(SystemClock().now())  # one of them compares the status list with the machine's clock, whatever it is told
    achievement = await an_achievement(
        api,
        description="Joins steel plates.",
        tags=["steel", "welding"],
        alignments=[{"targetName": "Weld", "targetUrl": "https://skills.example/weld"}],
    )
    wishes = {
        "plain": {},
        "with evidence": {"evidence": [{"id": "https://example.org/e", "name": "Piece 1", "narrative": "Ten plates."}]},
        "with everything said": {
            "narrative": "Well done \U0001f600",
            "license_id": "L-1",
            "expires_at": "2130-01-01T00:00:00Z",
        },
        "expired": {"expires_at": render_time(clock.now() + timedelta(days=1))},
        "revoked": {},
        "before the rotation": {},
        "changed": {},
    }
    awards = {name: await an_award(api, achievement, **wish) for name, wish in wishes.items()}
    await api.post("/api/v1/signing-keys/rotate")
    awards["after the rotation"] = await an_award(api, achievement)
    licence = await an_achievement(api, credential={"suspendable": True})
    endorsed = await an_achievement(api)
    wish = {"of": "achievement", "subject": endorsed["id"], "comment": "Hard to get"}
    assert (await api.post("/api/v1/endorsements", json=wish)).status_code == 201
    assert (await api.post("/api/v1/endorsements", json={"of": "issuer", "comment": "A school"})).status_code == 201
    awards["endorsed"] = await an_award(api, endorsed)
    for name in ("a licence", "suspended", "suspended and reinstated"):
        awards[name] = await an_award(api, licence)
    for name in ("suspended", "suspended and reinstated"):
        await api.post(f"/api/v1/credentials/{awards[name]['credential']}/suspend", json={"reason": "inquiry"})
    await api.post(f"/api/v1/credentials/{awards['suspended and reinstated']['credential']}/reinstate")
    await api.post(f"/api/v1/awards/{awards['revoked']['id']}/revoke", json={"reason": "plagiarism"})
    documents = {name: await signed_document(stranger, award["credential"]) for name, award in awards.items()}
    documents["changed"] |= {"name": "Welding, level 9"}
    issuer = documents["plain"]["issuer"]["id"]
    entries = [entry for document in documents.values() for entry in listed(document["credentialStatus"])]
    lists = {entry["statusListCredential"] for entry in entries}
    pages = {url: await page_of(stranger, url) for url in lists}
    pages[issuer] = (await stranger.get(f"/i/{organisation.uid}/did.json")).json()
    now = (clock.now() + timedelta(days=2)).isoformat()
    cases = {name: {"way": "digitalbazaar", "credential": document, "now": now} for name, document in documents.items()}
    token = (await stranger.get(f"/c/{awards['plain']['credential']}.jwt")).text
    jwk = await page_of(stranger, vc_jwt.parse_token(token).header["kid"])
    cases["token"] = {"way": "jose", "token": token, "jwk": jwk, "now": now}
    answers = await asyncio.to_thread(ask_verifiers, pages, cases)
    bad = {name for name, answer in answers.items() if not answer["verified"]}
    assert bad == {"expired", "revoked", "suspended", "changed"}, msgspec.json.encode(answers).decode()[:2_000]


@pytest.mark.timeout(600)
async def test_a_presentation_that_a_published_library_signed_binds_a_credential(api, stranger, clock):
    clock.set(SystemClock().now())
    award = await an_award(api)
    clock.advance(timedelta(minutes=1))
    exchange = (await api.post(f"/api/v1/credentials/{award['credential']}/bindings")).json()
    holder = did.did_key(builders.KEY.public_key())
    public = render_multikey(builders.KEY.public_key())
    key = {
        "id": f"{holder}#{public}",
        "type": "Multikey",
        "controller": holder,
        "publicKeyMultibase": public,
        "secretKeyMultibase": "z" + base58(b"\x80\x26" + bytes(range(32))),
    }
    case = {"way": "present", "key": key, "holder": holder, **{n: exchange[n] for n in ("challenge", "domain")}}
    answers = await asyncio.to_thread(ask_verifiers, {}, {"wallet": case})
    assert answers["wallet"]["verified"], answers["wallet"]["detail"]
    presentation = msgspec.json.decode(answers["wallet"]["detail"])
    answer = await stranger.post(exchange["exchange"], json={"verifiablePresentation": presentation})
    assert answer.status_code == 200, answer.text
    (bound,) = answer.json()["verifiablePresentation"]["verifiableCredential"]
    assert bound["credentialSubject"]["id"] == holder


@pytest.mark.timeout(600)
async def test_a_presentation_token_that_a_published_library_signed_binds_a_credential(api, stranger, clock):
    clock.set(SystemClock().now())
    award = await an_award(api)
    clock.advance(timedelta(minutes=1))
    exchange = (await api.post(f"/api/v1/credentials/{award['credential']}/bindings")).json()
    holder = did.did_key(EC_KEY.public_key())
    secret = base64url(EC_KEY.private_numbers().private_value.to_bytes(32))
    case = {
        "way": "present_token",
        "jwk": {**render_jwk(EC_KEY.public_key()), "d": secret},
        "kid": f"{holder}#{holder.removeprefix('did:key:')}",
        "holder": holder,
        **{name: exchange[name] for name in ("challenge", "domain")},
    }
    answers = await asyncio.to_thread(ask_verifiers, {}, {"wallet": case})
    assert answers["wallet"]["verified"], answers["wallet"]["detail"]
    answer = await stranger.post(exchange["exchange"], json={"vp_token": answers["wallet"]["detail"]})
    assert answer.status_code == 200, answer.text
    (bound,) = answer.json()["verifiablePresentation"]["verifiableCredential"]
    assert bound["credentialSubject"]["id"] == holder


async def test_pyld_gives_the_same_canonical_text_of_what_was_issued(api, stranger):
    award = await an_award(api, narrative="Well done", license_id="L-1")
    document = await signed_document(stranger, award["credential"])
    del document["proof"]

    def load(url, _options):
        return {"contextUrl": None, "documentUrl": url, "document": bundled_document(url)}

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    assert pyld.normalize(document, options) == canonicalise(document)

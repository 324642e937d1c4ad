"""Binding to wallets whose presentation is a token, and to holders whose DID is of the web."""

from datetime import timedelta

import jwt as pyjwt
import pytest

from laurel.base.limits import JWT_BYTES_MAX
from laurel.openbadges import did
from laurel.openbadges.documents import render_instant
from laurel.outside.http import HttpAnswer, Unreachable
from tests.openbadges import builders
from tests.openbadges.test_vc_jwt import EC_KEY
from tests.support.credentials import an_award, signed_document, verdict
from tests.web.test_holder_binding import V2, WALLET, an_exchange, asked_by, signed

WEB = "did:web:wallets.example.com:ada"
WEB_URL = "https://wallets.example.com/ada/did.json"
EC_WALLET = did.did_key(EC_KEY.public_key())
PRESENTATION = {"@context": [V2], "type": ["VerifiablePresentation"]}


def method(wallet, key=None):
    name = wallet.removeprefix("did:key:") if key is None else did.method_id(wallet, key.public_key()).partition("#")[2]
    return f"{wallet}#{name}"


def a_token(asked, clock, *, wallet=WALLET, key=builders.KEY, algorithm="EdDSA", kid=None, header=(), **claims):
    """What a wallet signs, as VC-JOSE-COSE has it: the presentation is the payload."""
    payload = PRESENTATION | {
        "holder": wallet,
        "iss": wallet,
        "nonce": asked["challenge"],
        "aud": asked["domain"],
        "iat": int(clock.now().timestamp()),
        "exp": int(clock.now().timestamp()) + 300,
        **claims,
    }
    payload = {name: value for name, value in payload.items() if value is not None}
    headers = {"typ": "vp+jwt", "kid": kid or method(wallet), **dict(header)}
    return pyjwt.encode(payload, key, algorithm=algorithm, headers={n: v for n, v in headers.items() if v is not None})


def web_document(*keys, **members):
    return did.did_document(WEB, [key.public_key() for key in keys]) | members


async def bound(stranger, clock, award, exchange, body):
    clock.advance(timedelta(seconds=1))  # what is issued again in the instant of its award would begin after it
    answer = await stranger.post(exchange["exchange"], json=body)
    assert answer.status_code == 200, answer.text
    document = await signed_document(stranger, award["credential"])
    said = await verdict(stranger, document)
    assert said["verified"], said["checks"]
    return document["credentialSubject"]["id"]


async def refused(api, stranger, award, exchange, body):
    answer = await stranger.post(exchange["exchange"], json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "presentation_refused"), answer.text
    assert (await api.get(f"/api/v1/credentials/{award['credential']}")).json()["holder"] is None
    return answer.json()


def in_an_envelope(token):
    return {"@context": [V2], "type": ["EnvelopedVerifiablePresentation"], "id": f"data:application/vp+jwt,{token}"}


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda token: {"verifiablePresentation": in_an_envelope(token)},
        in_an_envelope,
        lambda token: {"verifiablePresentation": token},
        lambda token: {"vp_token": token},
    ],
    ids=["in an envelope", "a bare envelope", "as text", "as vp_token"],
)
async def test_a_presentation_may_be_a_token(api, stranger, clock, wrapped):
    award = await an_award(api)
    exchange = await an_exchange(api, award)
    asked = await asked_by(stranger, exchange)
    assert asked["query"][0]["acceptedEnvelopes"] == ["application/vp+jwt"]
    assert await bound(stranger, clock, award, exchange, wrapped(a_token(asked, clock))) == WALLET


@pytest.mark.parametrize(
    "wishes",
    [
        {"wallet": EC_WALLET, "key": EC_KEY, "algorithm": "ES256"},
        {"aud": ["https://other.example", "https://laurel.test"]},
        {"vp": PRESENTATION, "@context": None, "type": None, "holder": None, "header": {"typ": "JWT"}},
        {"exp": None, "iat": None},
        {"header": {"kid": None}},
        {"kid": f"#{WALLET.removeprefix('did:key:')}"},
    ],
    ids=["by P-256", "for several", "as version 1.1 has it", "without times", "without a kid", "with a relative kid"],
)
async def test_tokens_in_other_forms_bind_too(api, stranger, clock, wishes):
    award = await an_award(api)
    exchange = await an_exchange(api, award)
    token = a_token(exchange, clock, **wishes)
    assert await bound(stranger, clock, award, exchange, {"vp_token": token}) == wishes.get("wallet", WALLET)


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": 7}, "nonce"),
        ({"aud": "https://evil.example"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": {"https://laurel.test": 1}}, "aud"),
        ({"exp": 1_000_000}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"exp": 1e300}, "exp"),
        ({"iat": 7_000_000_000}, "iat"),
        ({"nbf": 7_000_000_000}, "nbf"),
        ({"nbf": True}, "nbf"),
        ({"key": builders.OTHER_KEY}, "signature"),
        ({"key": EC_KEY, "algorithm": "ES256"}, "alg"),
        ({"key": "s" * 64, "algorithm": "HS256"}, "alg"),
        ({"key": None, "algorithm": "none"}, "alg"),
        ({"type": ["VerifiableCredential"]}, "type"),
        ({"vp": 7}, "vp"),
        ({"holder": EC_WALLET}, "holder"),
        ({"iss": EC_WALLET}, "holder"),
        ({"header": {"typ": "vc+jwt"}}, "typ"),
        ({"header": {"jku": "https://evil.example/keys"}}, "jku"),
        ({"kid": "https://evil.example/key"}, "kid"),
        ({"kid": "did:jwk:abc#0"}, "kid"),
        ({"header": {"kid": None}, "iss": None, "holder": None}, "kid"),
    ],
)
async def test_a_token_that_proves_nothing_is_refused_and_binds_nothing(api, stranger, clock, wishes, field):
    award = await an_award(api)
    exchange = await an_exchange(api, award)
    problem = await refused(api, stranger, award, exchange, {"vp_token": a_token(exchange, clock, **wishes)})
    assert problem["field"] == field


@pytest.mark.parametrize(
    "offered",
    [
        "",
        "a.b",
        "a.b.c",
        "x" * (JWT_BYTES_MAX + 1),
        {"type": "EnvelopedVerifiablePresentation"},
        {"type": "EnvelopedVerifiablePresentation", "id": "https://evil.example/vp"},
        {"type": "EnvelopedVerifiablePresentation", "id": ["data:application/vp+jwt,a"]},
        {"type": "EnvelopedVerifiablePresentation", "id": "data:application/vp+jwt,a.b.c"},
    ],
)
async def test_text_that_is_no_token_is_refused(api, stranger, offered):
    award = await an_award(api)
    await refused(api, stranger, award, await an_exchange(api, award), {"verifiablePresentation": offered})


async def test_a_token_counts_once_and_for_one_exchange(api, stranger, clock):
    award = await an_award(api)
    exchange, other = await an_exchange(api, award), await an_exchange(api, award)
    body = {"vp_token": a_token(exchange, clock)}
    assert (await refused(api, stranger, award, other, body))["field"] == "nonce"
    assert await bound(stranger, clock, award, exchange, body) == WALLET
    assert (await stranger.post(exchange["exchange"], json=body)).status_code == 404


def a_web_presentation(asked, clock, *, key=builders.KEY, **members):
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": render_instant(clock.now()),
        "verificationMethod": method(WEB, key),
        "proofPurpose": "authentication",
        "challenge": asked["challenge"],
        "domain": asked["domain"],
    }
    return signed(PRESENTATION | {"holder": WEB} | members, proof, key)


async def test_a_holder_of_the_web_proves_itself_by_the_key_in_its_document(api, stranger, clock, elsewhere):
    elsewhere.put(WEB_URL, web_document(builders.KEY, EC_KEY))
    award = await an_award(api)
    exchange = await an_exchange(api, award)
    assert {"method": "web"} in (await asked_by(stranger, exchange))["query"][0]["acceptedMethods"]
    body = {"verifiablePresentation": a_web_presentation(exchange, clock)}
    assert await bound(stranger, clock, award, exchange, body) == WEB
    award = await an_award(api)
    exchange = await an_exchange(api, award)
    token = a_token(exchange, clock, wallet=WEB, key=EC_KEY, algorithm="ES256", kid=method(WEB, EC_KEY))
    assert await bound(stranger, clock, award, exchange, {"vp_token": token}) == WEB
    assert elsewhere.asked.count(WEB_URL) == 1  # remembered for a while


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Unreachable("look-ups are switched off"), "look-ups are switched off"),
        (HttpAnswer(404, {}, b"", 1), "status 404"),
        (HttpAnswer(302, {"location": "https://evil.example/did.json"}, b"", 1), "leads elsewhere"),
        (HttpAnswer(200, {}, b"no JSON", 1), "JSON"),
        (web_document(builders.OTHER_KEY), "does not allow this key"),
        (web_document(builders.KEY, authentication=[]), "does not allow this key"),
        (web_document(builders.KEY, id="did:web:evil.example"), "does not belong"),
        (web_document(builders.KEY, verificationMethod=[]), "does not hold"),
    ],
    ids=["off", "absent", "elsewhere", "no JSON", "another key", "for assertions alone", "another DID", "no keys"],
)
@pytest.mark.parametrize("form", ["proof", "token"])
async def test_a_holder_of_the_web_whose_key_is_not_for_authentication_is_refused(
    api, stranger, clock, elsewhere, page, reason, form
):
    if isinstance(page, dict):
        elsewhere.put(WEB_URL, page)
    else:
        elsewhere.pages[WEB_URL] = page
    award = await an_award(api)
    exchange = await an_exchange(api, award)
    token = a_token(exchange, clock, wallet=WEB, kid=method(WEB, builders.KEY))
    body = {"verifiablePresentation": a_web_presentation(exchange, clock)} if form == "proof" else {"vp_token": token}
    problem = await refused(api, stranger, award, exchange, body)
    assert reason in problem["detail"]


@pytest.mark.parametrize("name", ["did:web:", "did:web:127.0.0.1%3A80", "did:web:evil.example:..:x", "did:web:a b"])
async def test_names_of_the_web_that_are_none_are_refused(api, stranger, clock, elsewhere, name):
    award = await an_award(api)
    exchange = await an_exchange(api, award)
    token = a_token(exchange, clock, wallet=name, kid=f"{name}#key")
    await refused(api, stranger, award, exchange, {"vp_token": token})

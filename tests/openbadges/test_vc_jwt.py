import json
from contextlib import nullcontext
from datetime import timedelta

import jwt as pyjwt
import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from laurel.openbadges import documents, multikey, vc_jwt
from laurel.openbadges.faults import KeyRefused, ProofRejected
from tests.openbadges import builders

EC_KEY = ec.derive_private_key(7, ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
KID = "https://badges.example.org/keys/1"


def sign_es256(data):
    r, s = decode_dss_signature(EC_KEY.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


SIGNERS = {
    "ES256": (sign_es256, EC_KEY.public_key()),
    "RS256": (lambda data: RSA_KEY.sign(data, padding.PKCS1v15(), hashes.SHA256()), RSA_KEY.public_key()),
    "EdDSA": (builders.KEY.sign, builders.KEY.public_key()),
}


def a_credential(**members):
    return documents.badge_document(builders.a_full_badge(**members))


def a_token(algorithm="ES256", **members):
    return vc_jwt.sign_token(a_credential(**members), sign=SIGNERS[algorithm][0], algorithm=algorithm, kid=KID)


def made_of(header, claims, algorithm="ES256"):
    data = ".".join(multikey.base64url(msgspec.json.encode(part)) for part in (header, claims))
    return f"{data}.{multikey.base64url(SIGNERS[algorithm][0](data.encode()))}"


@pytest.mark.parametrize("algorithm", vc_jwt.ALGORITHMS)
def test_tokens_hold_and_an_independent_library_reads_them(algorithm):
    text, key = a_token(algorithm), SIGNERS[algorithm][1]
    token = vc_jwt.parse_token(text)
    vc_jwt.check_token(token, key)
    assert token.credential == json.loads(msgspec.json.encode(a_credential()))
    options = {"verify_exp": False, "verify_nbf": False}
    claims = pyjwt.decode(text, key, algorithms=[algorithm], options=options)
    assert claims["iss"] == builders.ISSUER
    assert claims["jti"] == "https://badges.example.org/c/67aa"
    assert claims["nbf"] == int(builders.NOW.timestamp())
    assert set(pyjwt.get_unverified_header(text)) == {"alg", "typ", "kid"}


@pytest.mark.parametrize(("part", "holds"), [(0, True), (0.25, True), (0.5, False), (1, False)])
def test_tokens_of_others_may_name_the_whole_second(part, holds):
    credential = a_credential() | {"validFrom": (builders.NOW + timedelta(milliseconds=250)).isoformat()}
    claims = {**credential, **vc_jwt.registered_claims(credential), "nbf": builders.NOW.timestamp() + part}
    token = vc_jwt.parse_token(made_of({"alg": "ES256", "kid": KID}, claims))
    with nullcontext() if holds else pytest.raises(ProofRejected, match="nbf"):
        vc_jwt.check_token(token, EC_KEY.public_key())


@pytest.mark.parametrize("algorithm", vc_jwt.ALGORITHMS)
def test_another_key_and_a_changed_token_are_rejected(algorithm):
    token = vc_jwt.parse_token(a_token(algorithm))
    for other in set(vc_jwt.ALGORITHMS) - {algorithm}:
        with pytest.raises(ProofRejected):
            vc_jwt.check_token(token, SIGNERS[other][1])
    changed = msgspec.structs.replace(token, signing_input=token.signing_input + b"A")
    with pytest.raises(ProofRejected, match="signature"):
        vc_jwt.check_token(changed, SIGNERS[algorithm][1])


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"}, {"alg": "None"}, {"alg": "HS256"}, {"alg": "ES384"}, {}, {"alg": ["ES256"]},
        {"alg": "ES256", "jku": "https://evil.example/"}, {"alg": "ES256", "x5u": "https://evil.example/"},
        {"alg": "ES256", "crit": ["b64"]}, {"alg": "ES256", "zip": "DEF"},
    ],
)  # fmt: skip
def test_headers_that_could_mislead_are_refused(header):
    with pytest.raises(ProofRejected):
        vc_jwt.parse_token(made_of(header, a_credential()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a.b",
        "a.b.c.d",
        "!.!.!",
        "e30.e30.",
        "W10.e30.AAAA",
        "a" * 3_000_000 + ".b.c",
        "\u00e4.b.c",
        "eyJ4.e30.AAAA",
    ],
)
def test_text_that_is_no_token_is_refused(text):
    with pytest.raises(ProofRejected):
        vc_jwt.parse_token(text)


def test_a_deeply_nested_payload_is_refused():
    header = multikey.base64url(b'{"alg":"ES256"}')
    payload = multikey.base64url(b'{"a":' * 10_000 + b"1" + b"}" * 10_000)
    with pytest.raises(ProofRejected):
        vc_jwt.parse_token(f"{header}.{payload}.AAAA")


@pytest.mark.parametrize(
    ("claims", "field"),
    [
        ({"iss": "did:web:evil.example"}, "iss"),
        ({"jti": "urn:x:other"}, "jti"),
        ({"sub": "did:example:other"}, "sub"),
        ({"nbf": 1}, "nbf"),
        ({"exp": 1}, "exp"),
    ],
)
def test_claims_that_contradict_the_credential_are_rejected(claims, field):
    credential = a_credential()
    text = made_of({"alg": "ES256", "kid": KID}, credential | vc_jwt.registered_claims(credential) | claims)
    with pytest.raises(ProofRejected) as rejection:
        vc_jwt.check_token(vc_jwt.parse_token(text), SIGNERS["ES256"][1])
    assert rejection.value.field == field


def test_a_version_1_token_carries_its_credential_in_vc():
    credential = {"issuer": "urn:x:1", "issuanceDate": "2026-01-01T00:00:00Z"}
    token = vc_jwt.parse_token(made_of({"alg": "ES256"}, {"vc": credential, "iss": "urn:x:1", "nbf": 1767225600}))
    vc_jwt.check_token(token, SIGNERS["ES256"][1])
    assert token.credential == credential


def test_a_token_needs_a_subject_with_an_id():
    subject = documents.Subject(identities=(documents.Identity(identifier="a@example.org", salt="s"),))
    with pytest.raises(ProofRejected) as rejection:
        vc_jwt.prepare_token(documents.badge_document(builders.a_badge(subject=subject)), algorithm="ES256", kid=KID)
    assert rejection.value.field == "sub"


@pytest.mark.parametrize("settings", [{"algorithm": "HS256", "kid": KID}, {"algorithm": "ES256"}])
def test_a_token_needs_a_known_algorithm_and_a_key_name(settings):
    with pytest.raises(ProofRejected):
        vc_jwt.prepare_token(a_credential(), **settings)


@pytest.mark.parametrize("algorithm", vc_jwt.ALGORITHMS)
def test_keys_survive_the_way_through_a_jwk(algorithm):
    key = SIGNERS[algorithm][1]
    jwk = multikey.render_jwk(key)
    assert multikey.parse_jwk(jwk) == key
    assert jwk["alg"] == algorithm
    assert len(multikey.jwk_thumbprint(jwk)) == 43
    assert set(jwk) & {"d", "p", "q"} == set()


@pytest.mark.parametrize(
    "jwk",
    [
        None, {}, {"kty": "oct", "k": "AA"}, {"kty": "OKP", "crv": "Ed25519"}, {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "OKP", "crv": "Ed25519", "x": 5}, {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"},
    ],
)  # fmt: skip
def test_jwks_that_hold_no_usable_key_are_refused(jwk):
    with pytest.raises(KeyRefused):
        multikey.parse_jwk(jwk)

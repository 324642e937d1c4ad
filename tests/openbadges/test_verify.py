import asyncio
import copy
import json
from datetime import timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.base import limits
from laurel.openbadges import baking, did, documents, open_badges_2, proofs, status_list, vc_jwt, verdict
from laurel.openbadges.multikey import base64url, render_jwk, render_multikey
from laurel.openbadges.verdict import Outcome
from laurel.openbadges.verify import verify
from tests.openbadges import builders, reference
from tests.openbadges.test_baking import SVG, a_png
from tests.openbadges.test_vc_jwt import EC_KEY, sign_es256
from tests.openbadges.web_of_documents import Web

DID_URL = "https://badges.example.org/i/north/did.json"
LIST_URL = "https://badges.example.org/s/1"
KEY_URL = "https://badges.example.org/keys/1"


def a_web(*keys):
    keys = keys or (builders.KEY.public_key(), EC_KEY.public_key())
    return Web().put(DID_URL, did.did_document(builders.ISSUER, list(keys)))


def a_status_list(indexes=(), key=builders.KEY, **members):
    values = {
        "url": LIST_URL,
        "issuer": builders.ISSUER,
        "bits": status_list.bits_of(indexes),
        "valid_from": builders.NOW,
    }
    return builders.sign(status_list.status_list_document(**values | members), key=key)


def look_at(offered, web=None, now=builders.NOW, **settings):
    data = offered if isinstance(offered, bytes) else msgspec.json.encode(offered)
    return verdict.decide(verify(data, now=now, **settings), web if web is not None else a_web())


def outcomes(found):
    return {check.name: check.outcome for check in found.checks if check.outcome is not Outcome.NOTED}


def failed(found):
    return [check.name for check in found.checks if check.outcome in {Outcome.FAILED, Outcome.UNKNOWN}]


def test_a_good_badge_is_verified_and_says_whose_it_is():
    found = look_at(builders.a_signed_badge())
    assert found.verified
    assert (found.standard, found.issuer, found.key) == ("Open Badges 3.0", builders.ISSUER, builders.METHOD)
    assert set(outcomes(found)) == {"structure", "proof", "issuer", "validity"}


def test_an_asynchronous_resolver_comes_to_the_same_verdict():
    web = a_web()

    async def resolve(need):
        return web(need)

    data = msgspec.json.encode(builders.a_signed_badge())
    later = asyncio.run(verdict.decide_later(verify(data, now=builders.NOW), resolve))
    assert later == look_at(builders.a_signed_badge())


@pytest.mark.parametrize("carrier", ["png", "svg"])
def test_a_baked_badge_is_verified(carrier):
    text = msgspec.json.encode(builders.a_signed_badge()).decode()
    found = look_at(baking.bake(a_png() if carrier == "png" else SVG, text))
    assert found.verified
    assert found.carrier == carrier


def test_a_credential_signed_before_a_rotation_still_verifies_after_it():
    signed = builders.a_signed_badge()
    assert look_at(signed, a_web(builders.OTHER_KEY.public_key(), builders.KEY.public_key())).verified


def test_a_key_that_was_taken_back_no_longer_verifies():
    assert failed(look_at(builders.a_signed_badge(), a_web(builders.OTHER_KEY.public_key()))) == ["proof"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Doctor"},
        {"validFrom": "2020-01-01T00:00:00Z"},
        {"issuer": {"id": "did:web:other.example", "type": ["Profile"]}},
        {"proof": []},
        {"proof": None},
        {"proof": 7},
        {"nickname": "x"},
        {"@context": ["https://www.w3.org/ns/credentials/v2", "https://evil.example/"]},
    ],
)
def test_a_changed_badge_is_not_verified(change):
    found = look_at(builders.a_signed_badge() | change)
    assert not found.verified
    assert "proof" in failed(found)


def test_a_good_signature_by_somebody_else_is_not_the_issuers():
    key = builders.OTHER_KEY.public_key()
    method = f"{did.did_key(key)}#{did.did_key(key).removeprefix('did:key:')}"
    signed = builders.sign(
        documents.badge_document(builders.a_badge()), key=builders.OTHER_KEY, verification_method=method
    )
    assert failed(look_at(signed)) == ["issuer"]


def test_one_good_proof_among_bad_ones_suffices():
    signed = builders.sign(builders.a_signed_badge(), key=builders.OTHER_KEY)
    assert look_at(signed).verified


def test_without_the_issuers_document_only_integrity_is_known():
    found = look_at(builders.a_signed_badge(), verdict.offline)
    assert not found.verified
    assert outcomes(found)["proof"] is Outcome.PASSED
    assert outcomes(found)["issuer"] is Outcome.UNKNOWN


def test_dates_are_held_against_the_given_time():
    badge = builders.a_signed_badge(valid_until=builders.NOW + timedelta(days=1))
    assert look_at(badge).verified
    assert failed(look_at(badge, now=builders.NOW + timedelta(days=1))) == ["validity"]
    assert failed(look_at(badge, now=builders.NOW - timedelta(seconds=1))) == ["validity"]


def with_status(index=7, purpose="revocation"):
    return builders.a_signed_badge(status=status_list.status_entry(LIST_URL, index, purpose=purpose))


def test_revocation_and_suspension_are_read_from_the_issuers_list():
    assert look_at(with_status(), a_web().put(LIST_URL, a_status_list())).verified
    assert failed(look_at(with_status(), a_web().put(LIST_URL, a_status_list([7])))) == ["status"]
    suspended = a_web().put(LIST_URL, a_status_list([7], purpose="suspension"))
    assert failed(look_at(with_status(purpose="suspension"), suspended)) == ["status"]


@pytest.mark.parametrize(
    "page",
    [
        a_status_list(key=builders.OTHER_KEY),
        a_status_list(valid_until=builders.NOW + timedelta(seconds=0), valid_from=builders.NOW - timedelta(1)),
        a_status_list(purpose="suspension"),
        a_status_list(issuer="did:web:other.example"),
        {"a": 1},
        "nonsense",
        builders.a_signed_badge(),
    ],
)
def test_a_status_list_that_cannot_be_relied_on_leaves_the_credential_unverified(page):
    assert failed(look_at(with_status(), a_web().put(LIST_URL, page))) == ["status"]


def test_a_status_list_that_never_answers_leaves_the_status_unknown():
    assert outcomes(look_at(with_status()))["status"] is Outcome.UNKNOWN


def test_the_1edtech_list_is_read():
    signed = builders.a_signed_badge(status=status_list.revocation_status(LIST_URL))
    listing = status_list.revocation_list(url=LIST_URL, issuer=builders.ISSUER, revoked=[])
    assert look_at(signed, a_web().put(LIST_URL, listing)).verified
    listing = status_list.revocation_list(url=LIST_URL, issuer=builders.ISSUER, revoked=[(signed["id"], "mistake")])
    found = look_at(signed, a_web().put(LIST_URL, listing))
    assert failed(found) == ["status"]
    assert "mistake" in next(check.detail for check in found.checks if check.name == "status")


def test_an_unknown_kind_of_status_is_not_taken_for_good():
    assert outcomes(look_at(builders.a_signed_badge(status={"id": "urn:x:1", "type": "1EdTechCredentialRefresh"})))[
        "status"
    ] is (Outcome.UNKNOWN)


def test_the_recipient_is_compared_when_one_is_given():
    subject = documents.Subject(identities=(documents.Identity(identifier="ada@example.org", salt="s"),))
    signed = builders.a_signed_badge(subject=subject)
    assert look_at(signed, recipients=("eve@example.org", "ada@example.org")).verified
    assert failed(look_at(signed, recipients=("eve@example.org",))) == ["recipient"]


def test_endorsements_and_records_are_verified_one_by_one():
    bad = builders.a_signed_badge(id="urn:x:bad") | {"name": "changed"}
    record = documents.Record(
        id="urn:x:r",
        name="R",
        issuer=builders.a_profile(),
        subject_id="did:example:ada",
        credentials=(builders.a_signed_badge(), bad),
        valid_from=builders.NOW,
    )
    found = look_at(builders.sign(documents.record_document(record)))
    assert found.standard == "CLR 2.0"
    assert [(c.outcome, c.path) for c in found.checks if c.name == "embedded"] == [
        (Outcome.PASSED, "credentialSubject/verifiableCredential/0"),
        (Outcome.FAILED, "credentialSubject/verifiableCredential/1"),
    ]


def test_a_newer_version_is_noted():
    signed = builders.a_signed_badge(refresh_url="https://badges.example.org/c/67aa/refresh")
    newer = builders.a_signed_badge(valid_from=builders.NOW + timedelta(days=1))
    web = a_web().put("https://badges.example.org/c/67aa/refresh", newer)
    found = look_at(signed, web)
    assert found.verified
    assert "newer version" in next(check.detail for check in found.checks if check.name == "refresh")


def a_token(**members):
    settings = {"algorithm": "ES256", "kid": did.method_id(builders.ISSUER, EC_KEY.public_key())} | members
    return vc_jwt.sign_token(documents.badge_document(builders.a_full_badge()), sign=sign_es256, **settings).encode()


def test_tokens_are_verified_by_every_way_to_name_the_key():
    refresh = "https://badges.example.org/c/67aa/refresh"
    jwk = render_jwk(EC_KEY.public_key())
    web = a_web().put(KEY_URL, {**jwk, "kid": KEY_URL}).put(refresh, a_token())
    for settings_ in ({}, {"kid": KEY_URL}, {"kid": None, "jwk": jwk}):
        found = look_at(a_token(**settings_), web)
        assert found.verified, found.checks
        assert found.carrier == "jwt"


def test_a_token_with_a_strangers_key_is_not_the_issuers():
    jwk = render_jwk(EC_KEY.public_key())
    assert failed(look_at(a_token(kid=None, jwk=jwk), a_web(builders.KEY.public_key()))) == ["issuer"]
    web = a_web(builders.KEY.public_key()).put("https://evil.example/key", {**jwk, "kid": "https://evil.example/key"})
    assert failed(look_at(a_token(kid="https://evil.example/key"), web)) == ["issuer"]
    assert failed(look_at(a_token(kid="http://badges.example.org/key"), web)) == ["proof"]


@pytest.mark.parametrize("issuer", [builders.ISSUER, "https://north.example/"])
def test_a_page_elsewhere_that_claims_to_hold_the_issuers_key_is_not_believed(issuer):
    jwk = render_jwk(EC_KEY.public_key())
    url, evil_did = "https://evil.example/key", "did:web:evil.example"
    document = documents.badge_document(builders.a_badge(issuer=builders.a_profile(id=issuer)))
    token = vc_jwt.sign_token(document, sign=sign_es256, algorithm="ES256", kid=url).encode()
    web = a_web(builders.KEY.public_key())
    assert failed(look_at(token, web.put(url, {**jwk, "kid": url, "iss": issuer}))) == ["issuer"]
    key = builders.OTHER_KEY.public_key()
    multikey = {"type": "Multikey", "controller": issuer, "publicKeyMultibase": render_multikey(key)}
    signed = builders.sign(document, key=builders.OTHER_KEY, verification_method=url)
    assert failed(look_at(signed, web.put(url, {"id": url, **multikey}))) == ["issuer"]
    method = f"{evil_did}#{render_multikey(key)}"
    signed = builders.sign(document, key=builders.OTHER_KEY, verification_method=method)
    web.put("https://evil.example/.well-known/did.json", {"id": method, **multikey})
    assert failed(look_at(signed, web)) == ["issuer"]


def test_an_https_issuer_may_keep_its_keys_on_its_own_host():
    issuer, url, key = "https://north.example/", "https://north.example/keys/1", builders.OTHER_KEY.public_key()
    document = documents.badge_document(builders.a_badge(issuer=builders.a_profile(id=issuer)))
    signed = builders.sign(document, key=builders.OTHER_KEY, verification_method=url)
    page = {"id": url, "type": "Multikey", "controller": issuer, "publicKeyMultibase": render_multikey(key)}
    assert look_at(signed, Web().put(url, page)).verified
    assert failed(look_at(signed, Web().put(url, page | {"controller": "https://other.example/"}))) == ["issuer"]


def test_the_guides_badge_is_unchanged_but_its_issuer_does_not_answer():
    found = look_at(reference.read_json("vectors/obv3p0/signed.json"))
    assert outcomes(found)["proof"] is Outcome.PASSED
    assert outcomes(found)["issuer"] is Outcome.UNKNOWN


def test_a_version_1_credential_is_verified():
    document = {
        "@context": [
            "https://www.w3.org/2018/credentials/v1",
            "https://purl.imsglobal.org/spec/ob/v3p0/context.json",
            "https://w3id.org/security/data-integrity/v1",
        ],
        "id": "urn:x:1",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": builders.ISSUER, "type": "Profile"},
        "issuanceDate": "2026-01-01T00:00:00Z",
        "expirationDate": "2027-01-01T00:00:00Z",
        "credentialSubject": documents.badge_document(builders.a_badge())["credentialSubject"],
    }
    assert look_at(builders.sign(document)).verified


# ------------------------------------------------------------------------------------------------ Open Badges 2.0
OLD = "https://old.example"
RSA_KEY = rsa.generate_private_key(65537, 2048)


def an_old_web(**changes):
    profile = open_badges_2.profile_2(
        builders.a_profile(id=f"{OLD}/issuer", email="a@old.example"),
        revocation_list=f"{OLD}/revoked",
        public_key=f"{OLD}/key",
    )
    badge = open_badges_2.badge_class(
        builders.an_achievement(), id=f"{OLD}/badge", issuer_id=f"{OLD}/issuer", image=f"{OLD}/b.png"
    )
    pem = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    web = Web().put(f"{OLD}/issuer", profile).put(f"{OLD}/badge", badge).put(f"{OLD}/1", an_assertion())
    web.put(f"{OLD}/key", {"type": "CryptographicKey", "owner": f"{OLD}/issuer", "publicKeyPem": pem})
    web.put(
        f"{OLD}/revoked", open_badges_2.revocation_list_2(id=f"{OLD}/revoked", issuer_id=f"{OLD}/issuer", revoked=[])
    )
    for name, page in changes.items():
        web.put(f"{OLD}/{name}", page)
    return web


def an_assertion(**members):
    values = {
        "id": f"{OLD}/1",
        "badge": f"{OLD}/badge",
        "email": "ada@example.org",
        "salt": "s",
        "issued": builders.NOW,
    }
    return open_badges_2.hosted_assertion(**values | members)


def a_signed_assertion(**members):
    verification = {"type": "SignedBadge", "creator": f"{OLD}/key"}
    claims = an_assertion() | {"id": "urn:uuid:1", "verification": verification} | members
    data = ".".join(base64url(msgspec.json.encode(part)) for part in ({"alg": "RS256"}, claims)).encode()
    return data + b"." + base64url(RSA_KEY.sign(data, padding.PKCS1v15(), hashes.SHA256())).encode()


def test_a_hosted_assertion_is_verified_as_document_link_and_image():
    baked = baking.bake(a_png(), f"{OLD}/1", standard="openbadges2")
    for offered in (an_assertion(), f"{OLD}/1".encode(), baked):
        found = look_at(offered, an_old_web(), recipients=("ada@example.org",))
        assert found.verified, found.checks
        assert found.standard == "Open Badges 2.0"


def test_a_hosted_assertion_is_what_its_page_says_and_not_what_was_offered():
    assert not look_at(
        an_assertion(), an_old_web(**{"1": an_assertion(email="eve@example.org")}), recipients=("ada@example.org",)
    ).verified
    revoked = open_badges_2.revoked_assertion(id=f"{OLD}/1", reason="mistake")
    gone = an_old_web()
    gone.put(f"{OLD}/1", revoked, status=410)
    assert failed(look_at(an_assertion(), gone)) == ["status"]
    assert failed(look_at(an_assertion(), an_old_web(**{"1": revoked}))) == ["status"]
    assert failed(
        look_at(an_assertion(expires=builders.NOW), an_old_web(**{"1": an_assertion(expires=builders.NOW)}))
    ) == ["validity"]


def test_an_assertion_hosted_elsewhere_is_not_its_issuers():
    elsewhere = an_assertion(id="https://evil.example/1")
    web = an_old_web().put("https://evil.example/1", elsewhere)
    assert failed(look_at(elsewhere, web)) == ["proof"]


def test_a_signed_assertion_is_verified_and_its_revocation_noticed():
    assert look_at(a_signed_assertion(), an_old_web()).verified
    listing = open_badges_2.revocation_list_2(id="x", issuer_id="y", revoked=[("urn:uuid:1", "mistake")])
    assert failed(look_at(a_signed_assertion(), an_old_web(revoked=listing))) == ["status"]
    assert failed(
        look_at(a_signed_assertion(verification={"type": "SignedBadge", "creator": f"{OLD}/other"}), an_old_web())
    ) == ["proof"]


# ------------------------------------------------------------------------------- limits; hostile.py has the hostile bytes
def test_look_ups_are_limited():
    statuses = [{"id": f"https://a.example/{n}", "type": "1EdTechRevocationList"} for n in range(limits.PROOFS_MAX)]
    inner = [
        builders.a_signed_badge(id=f"urn:x:{n}")
        | {"credentialStatus": [{**s, "id": s["id"] + f"/{n}"} for s in statuses]}
        for n in range(20)
    ]
    web = a_web()
    found = look_at(builders.a_signed_badge() | {"endorsement": inner}, web)
    assert not found.verified
    assert len(web.asked) <= limits.VERIFICATION_LOOKUPS_MAX


def test_proofs_together_have_one_budget_of_work():
    evidence = [{"type": "Evidence", "id": f"urn:x:{n}", "name": "n"} for n in range(8_000)]
    document = builders.a_signed_badge() | {"evidence": evidence}
    found = look_at(document | {"proof": document["proof"] * limits.PROOFS_MAX})
    assert not found.verified
    assert any(f"{limits.VERIFICATION_WORK_MAX} steps" in check.detail for check in found.checks)


def test_contexts_written_out_in_a_document_cost_work():
    evidence = [{"type": "Evidence", "id": f"urn:x:{n}", "@context": [{"a": "urn:a"}]} for n in range(2_000)]
    document = builders.a_signed_badge() | {"evidence": evidence * 2}
    assert any("steps" in check.detail for check in look_at(document).checks)


def test_the_bytes_of_all_look_ups_are_limited():
    urls = [f"https://a.example/{n}" for n in range(8)]
    statuses = [{"id": url, "type": "1EdTechRevocationList"} for url in urls]
    web = a_web()
    for url in urls:
        web.put(url, b'{"a":"' + b"x" * 1_500_000 + b'"}')
    found = look_at(builders.a_signed_badge() | {"credentialStatus": statuses}, web)
    assert any("too much" in check.detail for check in found.checks)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.just("https://a.example/1"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "@value", "a"]), inner, max_size=3)
    ),
    max_leaves=5,
)
ORIGINALS = [
    builders.sign(documents.badge_document(builders.a_full_badge(status=status_list.status_entry(LIST_URL, 7)))),
    builders.a_signed_badge(status=status_list.revocation_status(LIST_URL)),
    reference.read_json("vectors/clrv2p0/signed.json"),
    an_assertion(),
]


def places(value, path=()):
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, member in members:
        yield from places(member, (*path, step))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_value_in_any_place_ends_in_a_verdict(data):
    document = copy.deepcopy(data.draw(st.sampled_from(ORIGINALS)))
    path = data.draw(st.sampled_from([path for path in places(document) if path]))
    part = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = data.draw(VALUES)
    web = an_old_web() if data.draw(st.booleans()) else a_web()
    web.put(DID_URL, did.did_document(builders.ISSUER, [builders.KEY.public_key()]))
    web.put(
        LIST_URL,
        data.draw(
            st.sampled_from([a_status_list(), {"revokedCredential": [[], {"id": []}], "issuer": builders.ISSUER}])
        ),
    )
    found = look_at(json.dumps(document).encode(), web)
    assert found.verified == (not failed(found))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_value_in_a_fetched_document_ends_in_a_verdict(data):
    url, page = data.draw(
        st.sampled_from([
            (DID_URL, did.did_document(builders.ISSUER, [builders.KEY.public_key()])),
            (LIST_URL, a_status_list()),
        ])
    )  # fmt: skip
    page = copy.deepcopy(page)
    path = data.draw(st.sampled_from([path for path in places(page) if path]))
    part = page
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = data.draw(VALUES)
    found = look_at(with_status(), a_web().put(LIST_URL, a_status_list()).put(url, page))
    assert found.verified == (not failed(found))


def test_a_proof_chain_of_the_w3c_is_accepted_by_the_engine():
    document = reference.read_json("vectors/w3c-vc-di-eddsa/proof-set-chain/signedProofChain2.json")
    found = look_at(document, loader=reference.loader())
    assert outcomes(found)["proof"] is Outcome.PASSED
    assert proofs.suite_of(document["proof"][0]) == "eddsa-rdfc-2022"

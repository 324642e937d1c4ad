import asyncio
import io
import json
from datetime import timedelta

import msgspec
import pytest

from laurel.base import limits
from laurel.base.errors import Limited
from laurel.domain.verification.verifier import Verifier
from laurel.openbadges import baking, did, documents, status_list, vc_jwt
from laurel.outside.http import Blocked
from tests.openbadges import builders
from tests.openbadges.hostile import OFFERED
from tests.openbadges.test_baking import SVG, a_png
from tests.openbadges.test_vc_jwt import EC_KEY, sign_es256
from tests.support.credentials import an_award
from tests.support.elsewhere import DID_URL
from tests.support.fixtures import BASE_URL

LIST_URL = "https://badges.example.org/s/1"


async def verified(client, offered, **rest):
    content = offered if isinstance(offered, bytes) else msgspec.json.encode(offered)
    answer = await client.post("/verify", content=content, **rest)
    assert answer.status_code == 200, answer.text
    return answer.json()


def outcome(verdict, name):
    return {check["name"]: check["outcome"] for check in verdict["checks"]}.get(name)


def a_status_list(indexes):
    made = status_list.status_list_document(
        url=LIST_URL, issuer=builders.ISSUER, bits=status_list.bits_of(indexes), valid_from=builders.NOW
    )
    return builders.sign(made)


def a_revocable_badge():
    entry = status_list.status_entry(list_url=LIST_URL, index=94_567, purpose="revocation")
    return builders.a_signed_badge(status=entry)


# ------------------------------------------------------------------------------------------------- what is verified
async def test_a_strangers_badge_of_another_issuer_is_verified(stranger, elsewhere):
    verdict = await verified(stranger, builders.a_signed_badge())
    assert verdict["verified"]
    assert (verdict["standard"], verdict["issuer"]) == ("Open Badges 3.0", builders.ISSUER)
    assert outcome(verdict, "proof") == "passed"
    assert builders.ISSUER in verdict["trust"]
    assert elsewhere.asked == [DID_URL]


async def test_a_token_is_verified(stranger, elsewhere):
    token = vc_jwt.sign_token(
        documents.badge_document(builders.a_badge()),
        sign=sign_es256,
        algorithm="ES256",
        kid=did.method_id(builders.ISSUER, EC_KEY.public_key()),
    )
    verdict = await verified(stranger, token.encode(), headers={"Content-Type": "text/plain"})
    assert (verdict["verified"], verdict["carrier"]) == (True, "jwt")


@pytest.mark.parametrize("carrier", ["png", "svg"])
async def test_an_uploaded_picture_is_verified(stranger, elsewhere, carrier):
    text = msgspec.json.encode(builders.a_signed_badge()).decode()
    picture = baking.bake(a_png() if carrier == "png" else SVG, text)
    answer = await stranger.post("/verify", files={"file": (f"badge.{carrier}", io.BytesIO(picture))})
    assert (answer.status_code, answer.json()["verified"], answer.json()["carrier"]) == (200, True, carrier)


@pytest.mark.parametrize("field", ["text", "url"])
async def test_a_form_may_carry_text_or_an_address(stranger, elsewhere, field):
    elsewhere.put("https://badges.example.org/c/67aa", builders.a_signed_badge())
    value = "https://badges.example.org/c/67aa" if field == "url" else json.dumps(builders.a_signed_badge())
    answer = await stranger.post("/verify", data={field: value})
    assert answer.json()["verified"], answer.text


@pytest.mark.parametrize(
    "body", [b"https://badges.example.org/c/67aa", b'{"url": "https://badges.example.org/c/67aa"}']
)
async def test_what_lies_at_an_address_is_verified(stranger, elsewhere, body):
    elsewhere.put("https://badges.example.org/c/67aa", builders.a_signed_badge())
    assert (await verified(stranger, body))["verified"]


async def test_an_address_of_an_old_badge_is_as_good_as_its_page(stranger, elsewhere):
    host = "https://old.example.org"
    profile = {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Issuer", "id": f"{host}/i", "name": "Old", "url": host, "email": "a@old.example.org",
    }  # fmt: skip
    badge = {
        "@context": "https://w3id.org/openbadges/v2", "type": "BadgeClass", "id": f"{host}/b", "name": "B",
        "description": "d", "image": f"{host}/b.png", "criteria": {"narrative": "n"}, "issuer": f"{host}/i",
    }  # fmt: skip
    assertion = {
        "@context": "https://w3id.org/openbadges/v2", "type": "Assertion", "id": f"{host}/a", "badge": f"{host}/b",
        "recipient": {"type": "email", "hashed": False, "identity": "ada@example.org"},
        "issuedOn": "2026-01-01T00:00:00Z", "verification": {"type": "HostedBadge"},
    }  # fmt: skip
    for url, page in ((f"{host}/i", profile), (f"{host}/b", badge), (f"{host}/a", assertion)):
        elsewhere.put(url, page)
    verdict = await verified(stranger, f"{host}/a".encode())
    assert (verdict["verified"], verdict["standard"]) == (True, "Open Badges 2.0")
    elsewhere.put(f"{host}/z", {**assertion, "id": f"{host}/a"})
    assert not (await verified(stranger, f"{host}/z".encode()))["verified"]


async def test_a_recipient_that_it_is_not_about_is_told(stranger, elsewhere):
    badge = builders.a_signed_badge(
        subject=documents.Subject(identities=(documents.Identity(identifier="ada@example.org", salt="s"),))
    )
    assert (await verified(stranger, badge, params={"recipient": "ada@example.org"}))["verified"]
    verdict = await verified(stranger, badge, params={"recipient": "eve@example.org"})
    assert (verdict["verified"], outcome(verdict, "recipient")) == (False, "failed")


# --------------------------------------------------------------------------------------------- what is not verified
async def test_a_changed_badge_is_not_verified(stranger, elsewhere):
    verdict = await verified(stranger, builders.a_signed_badge() | {"name": "Doctor of everything"})
    assert (verdict["verified"], outcome(verdict, "proof")) == (False, "failed")


@pytest.mark.parametrize(("indexes", "found"), [([94_567], "failed"), ([1], "passed")])
async def test_the_issuers_status_list_decides(stranger, elsewhere, indexes, found):
    elsewhere.put(LIST_URL, a_status_list(indexes))
    verdict = await verified(stranger, a_revocable_badge())
    assert (verdict["verified"], outcome(verdict, "status")) == (found == "passed", found)


class Silent:
    """Others, of whom one takes the question and never answers."""

    def __init__(self, others, silent):
        self.others = others
        self.silent = silent

    def check(self, url):
        self.others.check(url)

    async def send(self, method, url, *, headers=None, body=b""):
        if url == self.silent:
            await asyncio.Event().wait()
        return await self.others.send(method, url, headers=headers, body=body)


async def test_a_status_list_that_never_answers_leaves_the_verdict_open(elsewhere, clock):
    verifier = Verifier(Silent(elsewhere.outgoing, LIST_URL), clock, BASE_URL, seconds_max=1.5)
    verdict = msgspec.to_builtins(await verifier.verify(msgspec.json.encode(a_revocable_badge())))
    assert (verdict["verified"], outcome(verdict, "proof"), outcome(verdict, "status")) == (False, "passed", "unknown")


async def test_an_issuer_that_does_not_answer_leaves_the_verdict_open(stranger, elsewhere):
    elsewhere.fail(DID_URL, Blocked("the address is not a public one"))
    verdict = await verified(stranger, builders.a_signed_badge())
    assert (verdict["verified"], outcome(verdict, "issuer")) == (False, "unknown")
    assert "not a public one" in json.dumps(verdict["checks"])


HOSTILE = {
    **{name: OFFERED[name] for name in OFFERED if not name.startswith("50 MB")},
    "15 MB": lambda: b'{"a":"' + b"x" * 15_000_000 + b'"}',
    "a key in a private network": lambda: msgspec.json.encode(_badge_with_method("https://10.0.0.1/key")),
    "an address in a private network": lambda: b"https://127.0.0.1/badge.json",
    "an address without TLS": lambda: b"http://badges.example.org/c/1",
}


def _badge_with_method(method):
    badge = builders.a_signed_badge()
    return badge | {"proof": [{**badge["proof"][0], "verificationMethod": method}]}


@pytest.mark.parametrize("name", sorted(HOSTILE))
async def test_hostile_bytes_end_in_a_clear_verdict(stranger, elsewhere, name):
    verdict = await verified(stranger, HOSTILE[name]())
    assert not verdict["verified"]
    assert any(check["outcome"] in {"failed", "unknown"} and check["detail"] for check in verdict["checks"])
    assert not any("evil.example" in url for url in elsewhere.asked)


async def test_fifty_megabytes_are_refused_with_the_limit(stranger):
    answer = await stranger.post("/verify", content=b"x" * 50_000_000)
    assert (answer.status_code, answer.json()["limit"]) == (413, limits.BODY_BYTES_MAX)


@pytest.mark.parametrize("kind", ["json", "jwt", "png"])
async def test_what_a_program_sends_as_it_is_and_calls_a_form_is_verified(api, stranger, kind):
    award = await an_award(api)
    content = (await stranger.get(f"/c/{award['credential']}.{kind}")).content
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await stranger.post("/verify", content=content, headers=headers)
    assert answer.json()["verified"], answer.text
    address = await stranger.post("/verify", content=f"{BASE_URL}/c/{award['credential']}", headers=headers)
    assert address.json()["verified"], address.text


async def test_a_form_with_nothing_in_it_is_refused(stranger):
    answer = await stranger.post("/verify", data={"text": " "})
    assert (answer.status_code, answer.json()["field"]) == (422, "file")


async def test_only_so_many_recipients_may_be_named(stranger):
    answer = await stranger.post("/verify", content=b"{}", params={"recipient": ["a@b.example"] * 21})
    assert (answer.status_code, answer.json()["limit"]) == (422, limits.VERIFICATION_RECIPIENTS_MAX)


# --------------------------------------------------------------------------------------------------------- look-ups
async def test_answers_of_others_are_kept_for_a_while(stranger, elsewhere, clock):
    for _ in range(2):
        await verified(stranger, builders.a_signed_badge())
    assert elsewhere.asked == [DID_URL]
    clock.advance(timedelta(seconds=301))
    await verified(stranger, builders.a_signed_badge())
    assert elsewhere.asked == [DID_URL] * 2


async def test_a_redirect_of_a_key_is_not_followed(stranger, elsewhere):
    elsewhere.put(DID_URL, b"", 302, location="https://badges.example.org/elsewhere/did.json")
    keys = [builders.KEY.public_key()]
    elsewhere.put("https://badges.example.org/elsewhere/did.json", did.did_document(builders.ISSUER, keys))
    assert not (await verified(stranger, builders.a_signed_badge()))["verified"]
    assert elsewhere.asked == [DID_URL]


@pytest.mark.parametrize(("place", "followed"), [("/moved", True), ("https://other.example/c", False), ("//[", False)])
async def test_an_address_may_lead_on_within_its_host_only(stranger, elsewhere, place, followed):
    elsewhere.put("https://badges.example.org/c/67aa", b"", 302, location=place)
    for url in ("https://badges.example.org/moved", "https://other.example/c"):
        elsewhere.put(url, builders.a_signed_badge())
    assert (await verified(stranger, b"https://badges.example.org/c/67aa"))["verified"] is followed


async def test_redirects_in_a_circle_end(stranger, elsewhere):
    elsewhere.put("https://badges.example.org/c/67aa", b"", 302, location="/c/67aa")
    verdict = await verified(stranger, b"https://badges.example.org/c/67aa")
    assert outcome(verdict, "format") == "unknown"
    assert len(elsewhere.asked) == limits.LOOKUP_REDIRECTS_MAX + 1


async def test_our_own_addresses_are_answered_without_http(stranger, elsewhere):
    verdict = await verified(stranger, f"{BASE_URL.replace('http:', 'https:')}/c/{'0' * 24}".encode())
    assert "status 404" in verdict["checks"][0]["detail"]
    assert elsewhere.asked == []


async def test_too_many_verifications_at_once_are_refused(elsewhere, clock):
    verifier = Verifier(Silent(elsewhere.outgoing, DID_URL), clock, BASE_URL, seconds_max=1.2, at_once_max=1)
    offered = msgspec.json.encode(builders.a_signed_badge())
    results = await asyncio.gather(*(verifier.verify(offered) for _ in range(2)), return_exceptions=True)
    assert isinstance(results[1], Limited)
    assert results[0].verified is False
    assert not (await verifier.verify(b"{}")).verified


# ----------------------------------------------------------------------------------------------------------- VC API
async def test_the_vc_api_verifies(stranger, elsewhere):
    body = {"verifiableCredential": builders.a_signed_badge(), "options": {"returnCredential": True}}
    answer = await stranger.post("/credentials/verify", json=body)
    assert answer.status_code == 200
    assert (answer.json()["verified"], answer.json()["problemDetails"]) == (True, [])
    assert answer.json()["verifiableCredential"]["id"] == builders.a_signed_badge()["id"]


async def test_the_vc_api_names_the_problem(stranger, elsewhere):
    body = {"verifiableCredential": builders.a_signed_badge() | {"name": "Another"}}
    answer = (await stranger.post("/credentials/verify", json=body)).json()
    assert not answer["verified"]
    assert answer["problemDetails"][0]["type"].endswith("CRYPTOGRAPHIC_SECURITY_ERROR")


@pytest.mark.parametrize("body", [b"{}", b'{"verifiableCredential": 7}', b"[]", b"{", b'{"a":' * 10_000, b""])
async def test_the_vc_api_refuses_what_is_no_request(stranger, body):
    answer = await stranger.post("/credentials/verify", content=body)
    assert answer.status_code in {400, 422}
    assert answer.json()["field"] in {"body", "verifiableCredential"}


async def test_the_vc_api_refuses_what_is_no_credential(stranger):
    answer = await stranger.post("/credentials/verify", json={"verifiableCredential": {"type": "Person"}})
    assert (answer.status_code, answer.json()["verified"]) == (400, False)
    assert answer.json()["problemDetails"][0]["type"].endswith("PARSING_ERROR")

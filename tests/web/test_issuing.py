import asyncio
from datetime import datetime, timedelta

import msgspec
import pytest

from laurel.base.times import parse_time
from laurel.domain.credentials import store
from laurel.domain.credentials.issue import FEW_MAX, ask_to_issue, asking
from laurel.domain.credentials.model import ISSUE_JOB
from laurel.domain.record_events import issue_waiting
from laurel.openbadges import baking, vc_jwt
from laurel.openbadges.multikey import parse_jwk
from tests.openbadges.test_documents import check_schemas
from tests.support.credentials import an_award, failed_checks, signed_document, verdict
from tests.support.events import an_achievement, an_event, person_uid
from tests.support.fixtures import BASE_URL
from tests.support.work import run_jobs


def own_path(url):
    assert url.startswith(BASE_URL)
    return url.removeprefix(BASE_URL)


async def test_a_credential_created_over_http_is_signed_when_the_answer_arrives(api, stranger, organisation):
    award = await an_award(api)
    document = await signed_document(stranger, award["credential"])
    assert document["id"] == f"{BASE_URL}/c/{award['credential']}"
    assert document["issuer"]["id"] == f"did:web:laurel.test:i:{organisation.uid}"
    assert document["proof"][0]["cryptosuite"] == "eddsa-rdfc-2022"
    said = await verdict(stranger, document)
    assert said["verified"], said["checks"]
    assert {check["name"] for check in said["checks"]} >= {"proof", "issuer", "status", "validity"}


async def test_the_job_does_not_come_between_a_request_and_the_few_that_it_signs(api, parts, organisation):
    own = "entrypoint = $1 AND (convert_from(payload, 'UTF8')::jsonb ->> 'organisation_id')::bigint = $2"
    delays = f"SELECT execute_after > created AS later FROM pgqueuer WHERE {own} ORDER BY id"
    await an_award(api)
    async with parts.database.transaction(organisation.id) as tx:
        await ask_to_issue(tx, 1)
        with asking():
            await ask_to_issue(tx, FEW_MAX)
            await ask_to_issue(tx, 1)
        rows = await tx.fetch(delays, ISSUE_JOB, organisation.id)
    assert [row["later"] for row in rows] == [True, False, True, False]


async def test_what_events_complete_is_signed_by_the_job(api, stranger, parts, organisation):
    await an_achievement(api, issues_credential=True)
    await an_event(api, "ada")
    await run_jobs(parts, organisation)
    ada = await person_uid(parts, organisation, "ada")
    (award,) = (await api.get(f"/api/v1/people/{ada}/awards")).json()["items"]
    assert (await verdict(stranger, await signed_document(stranger, award["credential"])))["verified"]


async def test_the_address_of_a_person_is_only_in_the_document_as_a_salted_hash(api, stranger):
    award = await an_award(api, person={"email": "ada@example.org"}, recipient_name="ada@example.org")
    text = (await stranger.get(f"/c/{award['credential']}.json")).text
    assert "ada@example.org" not in text
    answer = await stranger.post("/verify?recipient=ada@example.org", content=text.encode())
    assert answer.json()["verified"]
    answer = await stranger.post("/verify?recipient=eve@example.org", content=text.encode())
    assert failed_checks(answer.json()) == {"recipient"}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/vc+ld+json", "application/vc+ld+json"),
        ("application/ld+json", "application/ld+json"),
        ("*/*", "application/json"),
        ("text/html;q=0.5, application/vc+jwt", "application/vc+jwt"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
    ],
)
async def test_the_form_follows_what_the_reader_accepts(api, stranger, accept, media_type):
    award = await an_award(api)
    answer = await stranger.get(f"/c/{award['credential']}", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["vary"].startswith("Accept")


async def test_the_token_is_signed_with_the_key_that_its_kid_leads_to(api, stranger):
    award = await an_award(api, expires_at="2030-01-01T00:00:00Z")
    answer = await stranger.get(f"/c/{award['credential']}.jwt")
    token = vc_jwt.parse_token(answer.text)
    key = (await stranger.get(own_path(token.header["kid"]))).json()
    vc_jwt.check_token(token, parse_jwk(key))
    assert key["iss"] == token.claims["iss"]
    said = await verdict(stranger, answer.content)
    assert said["verified"], said["checks"]


@pytest.mark.parametrize("kind", ["png", "svg"])
async def test_pictures_carry_the_signed_document(api, stranger, kind):
    award = await an_award(api)
    picture = await stranger.get(f"/c/{award['credential']}.{kind}")
    assert picture.status_code == 200
    found = baking.extract(picture.content)
    assert found.picture == kind
    assert msgspec.json.decode(found.text) == await signed_document(stranger, award["credential"])
    assert (await verdict(stranger, picture.content))["verified"]


async def test_a_reader_that_has_the_document_is_told_so(api, stranger):
    award = await an_award(api)
    path = f"/c/{award['credential']}.json"
    first = await stranger.get(path)
    again = await stranger.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "max-age" in first.headers["cache-control"]


async def test_private_credentials_open_with_their_key_only(api, stranger, parts, organisation):
    award = await an_award(api, private=True)
    uid = award["credential"]
    async with parts.database.transaction(organisation.id) as tx:
        key = (await store.find_by_uid(tx, uid)).access_key
    for path in (
        f"/c/{uid}.json",
        f"/c/{uid}.png",
        f"/c/{uid}/proof",
        f"/ob2/assertions/{uid}",
        f"/ob2/assertions/{uid}/badge.png",
    ):
        assert (await stranger.get(path)).status_code == 404
        assert (await stranger.get(f"{path}?key=wrong")).status_code == 404
    shown = await stranger.get(f"/c/{uid}.json?key={key}")
    assert shown.status_code == 200
    assert shown.headers["cache-control"].startswith("private")


@pytest.mark.parametrize("path", ["/c/{}.json", "/c/{}", "/c/{}/proof", "/i/{}", "/i/{}/did.json", "/a/{}", "/s/{}"])
@pytest.mark.parametrize("name", ["0" * 24, "x", "..%2f..", "a" * 300])
async def test_what_does_not_exist_is_not_found(stranger, path, name):
    answer = await stranger.get(path.format(name))
    assert answer.status_code == 404
    assert answer.json()["code"].endswith("not_found")


# ------------------------------------------------------------------------------------------------- revoking, correcting
async def test_a_revoked_credential_says_so_and_a_reinstated_one_no_longer(api, stranger):
    award = await an_award(api)
    document = await signed_document(stranger, award["credential"])
    before = await stranger.get(own_path(document["credentialStatus"]["statusListCredential"]))
    await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "plagiarism"})
    said = await verdict(stranger, document)
    assert (said["verified"], failed_checks(said)) == (False, {"status"})
    assert await signed_document(stranger, award["credential"]) == document
    after = await stranger.get(own_path(document["credentialStatus"]["statusListCredential"]))
    assert after.headers["etag"] != before.headers["etag"]
    assert (await stranger.get(f"/ob2/assertions/{award['credential']}")).status_code == 410
    await api.post(f"/api/v1/awards/{award['id']}/reinstate")
    assert (await verdict(stranger, document))["verified"]


async def test_revoking_one_leaves_the_others_alone(api, stranger):
    achievement = await an_achievement(api)
    awards = [await an_award(api, achievement) for _ in range(6)]
    await api.post(f"/api/v1/awards/{awards[2]['id']}/revoke", json={"reason": "x"})
    verdicts = [await verdict(stranger, await signed_document(stranger, award["credential"])) for award in awards]
    assert [said["verified"] for said in verdicts] == [True, True, False, True, True, True]


async def test_places_in_status_lists_are_never_given_twice(api, stranger):
    achievement = await an_achievement(api)
    statuses = [
        (await signed_document(stranger, (await an_award(api, achievement))["credential"]))["credentialStatus"]
        for _ in range(20)
    ]
    assert len({status["id"] for status in statuses}) == 20
    indexes = [int(status["statusListIndex"]) for status in statuses]
    assert indexes != sorted(indexes)


async def test_an_expired_credential_says_so_and_is_told_of_once(api, stranger, parts, organisation, clock):
    award = await an_award(api, expires_at="2026-04-01T00:00:00Z")
    document = await signed_document(stranger, award["credential"])
    assert (await verdict(stranger, document))["verified"]
    clock.advance(timedelta(days=60))
    assert failed_checks(await verdict(stranger, document)) == {"validity"}
    assert await issue_waiting.tell_expired(parts.issuer, organisation.id) == 1
    assert await issue_waiting.tell_expired(parts.issuer, organisation.id) == 0


async def test_a_corrected_credential_is_issued_again_under_the_same_id(api, stranger, parts, organisation, clock):
    award = await an_award(api)
    first = await signed_document(stranger, award["credential"])
    clock.advance(timedelta(days=3))
    await amended(parts, organisation, award["credential"], name="Welding, level 3")
    second = await signed_document(stranger, award["credential"])
    assert second["name"] == "Welding, level 3"
    for member in ("id", "awardedDate", "credentialStatus"):
        assert second[member] == first[member]
    assert second["credentialSubject"]["id"] == first["credentialSubject"]["id"]
    assert parse_time(second["validFrom"], "validFrom") > parse_time(first["validFrom"], "validFrom")
    assert (await verdict(stranger, second))["verified"]


async def test_what_is_issued_again_within_one_second_is_valid_at_once_and_newer_each_time(
    api, stranger, parts, organisation, clock
):
    clock.set(clock.now().replace(microsecond=0) + timedelta(milliseconds=200))
    award = await an_award(api)
    documents = [await signed_document(stranger, award["credential"])]
    for level, milliseconds in ((3, 250), (4, 1_000), (5, 3_000)):
        clock.advance(timedelta(milliseconds=milliseconds))
        await amended(parts, organisation, award["credential"], name=f"Welding, level {level}")
        documents.append(await signed_document(stranger, award["credential"]))
        answer = await verdict(stranger, documents[-1])
        assert answer["verified"], answer
        check_schemas(documents[-1], "badge")
    instants = [datetime.fromisoformat(document["validFrom"]) for document in documents]
    assert instants == sorted(set(instants))
    assert [instant - instants[0] for instant in instants] == [timedelta(seconds=number) for number in (0, 1, 2, 4)]
    token = (await stranger.get(f"/c/{award['credential']}.jwt")).text
    assert (await verdict(stranger, token.encode()))["verified"]


async def test_a_clock_that_was_set_back_still_makes_a_newer_one(api, stranger, parts, organisation, clock):
    award = await an_award(api)
    first = await signed_document(stranger, award["credential"])
    clock.set(clock.now() - timedelta(hours=1))
    await amended(parts, organisation, award["credential"], name="Welding, level 3")
    second = await signed_document(stranger, award["credential"])
    seconds = [datetime.fromisoformat(document["validFrom"]) for document in (first, second)]
    assert seconds[1] - seconds[0] == timedelta(seconds=1)


async def amended(parts, organisation, uid, **fields):
    from laurel.domain.record_events.amend import amend
    from laurel.domain.record_events.run import Run

    async with parts.database.transaction(organisation.id) as tx:
        run = Run(tx, parts.spine, await parts.spine.open(tx), parts.clock.now(), quiet=False)
        credential = await store.find_by_uid(tx, uid)
        await amend(run, credential, {"fields": {**credential.fields, **fields}})
        await run.save()
    await run_jobs(parts, organisation, "credentials.issue")


async def test_what_cannot_be_signed_is_refused_with_the_reason_until_it_is_changed(api, stranger, parts, organisation):
    award = await an_award(api, evidence=[{"id": "https://example.org/a b", "name": "a space"}])
    assert (await stranger.get(f"/c/{award['credential']}.json")).status_code == 404
    shown = (await api.get(f"/api/v1/credentials/{award['credential']}")).json()
    assert shown["state"] == "intended"
    assert "evidence[0].id" in shown["refusal"]
    assert (
        "text/html"
        in (await stranger.get(f"/c/{award['credential']}", headers={"Accept": "text/html"})).headers["content-type"]
    )
    await amended(parts, organisation, award["credential"], evidence=[])
    assert (await verdict(stranger, await signed_document(stranger, award["credential"])))["verified"]


HOSTILE = ["\U0001f600 \ue000", "\u202eright to left", 'quotes " and \\', "\x01\x7f control", "x" * 10_000, "\ufffd"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_text_is_signed_so_that_it_verifies_or_refused_with_the_reason(api, stranger, text):
    award = await an_award(api, narrative=text, name=text[:500], recipient_name=text[:500])
    answer = await stranger.get(f"/c/{award['credential']}.json")
    if answer.status_code == 200:
        assert (await verdict(stranger, answer.content))["verified"]
    else:
        assert (await api.get(f"/api/v1/credentials/{award['credential']}")).json()["refusal"]


# ----------------------------------------------------------------------------------------------------------------- keys
async def test_what_was_signed_before_a_rotation_still_verifies_after_it(api, stranger, organisation):
    achievement = await an_achievement(api)
    old = await signed_document(stranger, (await an_award(api, achievement))["credential"])
    before = (await api.get("/api/v1/signing-keys")).json()
    rotated = (await api.post("/api/v1/signing-keys/rotate")).json()
    assert {key["id"] for key in rotated}.isdisjoint(key["id"] for key in before)
    new = await signed_document(stranger, (await an_award(api, achievement))["credential"])
    assert new["proof"][0]["verificationMethod"] != old["proof"][0]["verificationMethod"]
    assert (await verdict(stranger, old))["verified"]
    assert (await verdict(stranger, new))["verified"]
    document = (await stranger.get(f"/i/{organisation.uid}/did.json")).json()
    assert len(document["assertionMethod"]) == 4


async def test_nothing_that_a_compromised_key_signed_verifies_and_what_stands_is_signed_again(api, stranger, clock):
    award = await an_award(api)
    clock.advance(timedelta(minutes=1))
    old = await signed_document(stranger, award["credential"])
    (key,) = [key for key in (await api.get("/api/v1/signing-keys")).json() if key["algorithm"] == "Ed25519"]
    done = (await api.post(f"/api/v1/signing-keys/{key['id']}/compromise", json={"reissue": True})).json()
    assert (done["credentials"], done["reissued"], done["key"]["state"]) == ([award["credential"]], 1, "compromised")
    assert not (await verdict(stranger, old))["verified"]
    new = await signed_document(stranger, award["credential"])
    assert new["proof"][0]["verificationMethod"] != old["proof"][0]["verificationMethod"]
    assert (await verdict(stranger, new))["verified"]
    assert (await api.post(f"/api/v1/signing-keys/{key['id']}/compromise", json={"reissue": True})).status_code == 409


async def test_keys_of_others_are_not_found(api, other_api):
    (key, _) = (await api.get("/api/v1/signing-keys")).json()
    answer = await other_api.post(f"/api/v1/signing-keys/{key['id']}/compromise", json={"reissue": False})
    assert answer.status_code == 404


async def kept_signatures(parts, organisation):
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch(
            "SELECT kind, subject, length(input_sha256) AS n FROM signature WHERE organisation_id = $1", organisation.id
        )
    return sorted((row["kind"], row["subject"], row["n"]) for row in rows)


async def test_every_signature_is_in_the_audit(api, stranger, parts, organisation):
    credential = (await an_award(api))["credential"]
    assert await kept_signatures(parts, organisation) == [("credential", credential, 32)]
    await stranger.get(f"/c/{credential}.jwt")
    assert await kept_signatures(parts, organisation) == [("credential", credential, 32), ("token", credential, 32)]


async def test_a_token_is_signed_once_whoever_asks_for_it_and_however_many(api, stranger, parts, organisation):
    credential = (await an_award(api))["credential"]
    answers = await asyncio.gather(*(stranger.get(f"/c/{credential}.jwt") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert [kind for kind, *_ in await kept_signatures(parts, organisation)] == ["credential", "token"]
    document = await signed_document(stranger, credential)
    document.pop("proof")
    assert vc_jwt.parse_token(answers[0].text).credential == document


async def test_a_token_says_what_the_newest_document_says(api, stranger, parts, organisation, clock):
    award = await an_award(api)
    first = (await stranger.get(f"/c/{award['credential']}.jwt")).text
    clock.advance(timedelta(minutes=1))
    await amended(parts, organisation, award["credential"], name="Welding, level 3")
    second = (await stranger.get(f"/c/{award['credential']}.jwt")).text
    assert vc_jwt.parse_token(first).claims["nbf"] < vc_jwt.parse_token(second).claims["nbf"]
    assert vc_jwt.parse_token(second).credential["name"] == "Welding, level 3"


async def test_a_document_that_somebody_has_changed_in_the_database_gets_no_token(api, stranger, parts, organisation):
    credential = (await an_award(api))["credential"]
    async with parts.database.transaction(organisation.id) as tx:
        changed = await tx.execute(
            """
            UPDATE signed_credential SET document = replace(document, '"AchievementSubject"', '"Profile"')
            WHERE organisation_id = $1 AND uid = $2
            """,
            organisation.id,
            credential,
        )
    assert changed == 1
    answer = await stranger.get(f"/c/{credential}.jwt")
    assert (answer.status_code, answer.json()["code"]) == (503, "self_verification_failed")
    assert [kind for kind, *_ in await kept_signatures(parts, organisation)] == ["credential"]


# -------------------------------------------------------------------------------------------------------- issuing many
async def many_waiting(api, parts, count, **wishes):
    achievement = await an_achievement(api, issues_credential=True, **wishes)
    events = [
        {"person": {"email": f"p{number}@example.org"}, "name": "lesson.completed", "key": f"k{number}"}
        for number in range(count)
    ]
    answer = await api.post("/api/v1/events?create_people=true", json=events)
    assert answer.status_code == 200, answer.text
    return achievement


async def test_many_are_issued_once_each_by_several_workers(api, stranger, parts, organisation):
    await many_waiting(api, parts, 120)
    await asyncio.gather(*(issue_waiting.issue_all(parts.issuer, organisation.id) for _ in range(3)))
    async with parts.database.transaction(organisation.id) as tx:
        assert await store.count_waiting(tx) == 0
        rows = await tx.fetch(
            "SELECT uid, log_number, status_index FROM credential WHERE organisation_id = $1", organisation.id
        )
        told = await tx.fetchval(
            "SELECT count(*) FROM outbox WHERE organisation_id = $1 AND topic = 'credential.issued'", organisation.id
        )
    assert len(rows) == told == 120
    assert sorted(row["log_number"] for row in rows) == list(range(120))
    assert len({row["status_index"] for row in rows}) == 120
    for row in rows[::30]:
        assert (await verdict(stranger, await signed_document(stranger, row["uid"])))["verified"]


async def test_issuing_in_bulk_can_be_stopped_and_goes_on_later(api, parts, organisation):
    await many_waiting(api, parts, 30)
    assert await issue_waiting.issue_all(parts.issuer, organisation.id, is_stopping=lambda: True) == 0
    assert await issue_waiting.issue_batch(parts.issuer, organisation.id, 10) == 10
    assert await issue_waiting.issue_all(parts.issuer, organisation.id) == 20
    assert await issue_waiting.issue_all(parts.issuer, organisation.id) == 0


# ----------------------------------------------------------------------------------------------------------- Published
async def test_the_issuer_and_the_achievement_are_published_as_the_credential_names_them(api, stranger, organisation):
    award = await an_award(api)
    document = await signed_document(stranger, award["credential"])
    achievement = document["credentialSubject"]["achievement"]
    shown = (await stranger.get(own_path(achievement["id"]))).json()
    assert (shown["id"], shown["name"]) == (achievement["id"], achievement["name"])
    picture = await stranger.get(own_path(achievement["image"]["id"]))
    assert picture.content.startswith(b"\x89PNG")
    profile = (await stranger.get(f"/i/{organisation.uid}")).json()
    assert profile["id"] == document["issuer"]["id"]
    keys = (await stranger.get(f"/i/{organisation.uid}/jwks.json")).json()["keys"]
    assert {key["alg"] for key in keys} == {"EdDSA", "ES256"}


async def test_drafts_are_not_published(api, stranger):
    achievement = await an_achievement(api, status="draft")
    assert (await stranger.get(f"/a/{achievement['id']}")).status_code == 404


async def test_open_badges_2_of_an_issuer_with_an_address(api, stranger, organisation):
    award = await an_award(api)
    path = f"/ob2/assertions/{award['credential']}"
    assert (await stranger.get(path)).json()["code"] == "no_open_badges_2"
    await api.patch("/api/v1/organisation", json={"email": "badges@example.org"})
    assertion = (await stranger.get(path)).json()
    badge = (await stranger.get(own_path(assertion["badge"]))).json()
    issuer = (await stranger.get(own_path(badge["issuer"]))).json()
    assert (assertion["type"], badge["type"], issuer["email"]) == ("Assertion", "BadgeClass", "badges@example.org")
    assert (await verdict(stranger, assertion))["verified"]
    picture = own_path(assertion["image"])
    for name in (picture, picture.replace(".png", ".svg")):
        shown = await stranger.get(name)
        baked = baking.extract(shown.content)
        assert baked.standard == "openbadges2"
        assert msgspec.json.decode(baked.text) == assertion
        assert (await verdict(stranger, shown.content))["verified"]
    await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "x"})
    gone = await stranger.get(picture)
    assert (gone.status_code, gone.json()["code"]) == (410, "badge_gone")


async def test_nobody_between_keeps_the_assertion_of_a_private_credential(api, stranger, parts, organisation):
    await api.patch("/api/v1/organisation", json={"email": "badges@example.org"})
    award = await an_award(api, private=True)
    async with parts.database.transaction(organisation.id) as tx:
        key = (await store.find_by_uid(tx, award["credential"])).access_key
    for path in ("", "/badge.png"):
        answer = await stranger.get(f"/ob2/assertions/{award['credential']}{path}?key={key}")
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"].startswith("private"), path


@pytest.mark.parametrize(("asked", "media_type"), [(".jws", "application/vc+jwt"), ("", "text/plain")])
async def test_the_token_comes_by_the_names_that_the_standard_uses(api, stranger, asked, media_type):
    award = await an_award(api)
    answer = await stranger.get(f"/c/{award['credential']}{asked}", headers={"Accept": "text/plain"})
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert (await verdict(stranger, answer.content))["verified"]
    usual = await stranger.get(f"/c/{award['credential']}", headers={"Accept": "application/json, text/plain, */*"})
    assert usual.json()["name"]


async def test_what_is_published_answers_head_as_get_without_a_body(api, stranger, organisation):
    award = await an_award(api)
    uid, achievement = award["credential"], award["achievement"]
    document = await signed_document(stranger, uid)
    list_path = own_path(document["credentialStatus"]["statusListCredential"])
    for path in (f"/c/{uid}", f"/c/{uid}.png", f"/a/{achievement}", f"/i/{organisation.uid}/did.json", list_path):
        shown, head = await stranger.get(path), await stranger.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        for name in ("content-type", "content-length", "etag", "cache-control"):
            assert head.headers.get(name) == shown.headers.get(name), (path, name)
    assert (await stranger.head("/c/x")).status_code == 404
    assert (await stranger.head("/credentials/verify")).status_code == 405


async def test_caches_tell_pages_from_documents_at_one_address(api, stranger, organisation):
    award = await an_award(api)
    for path in (f"/c/{award['credential']}", f"/a/{award['achievement']}", f"/i/{organisation.uid}"):
        for accept in ("application/ld+json", "text/html"):
            answer = await stranger.get(path, headers={"Accept": accept})
            assert "Accept" in answer.headers["vary"].split(", "), (path, accept)


async def test_pages_of_issuers_and_achievements_can_be_shared(api, stranger, organisation):
    achievement = await an_achievement(api, description="Joins plates.")
    for path in (f"/a/{achievement['id']}", f"/i/{organisation.uid}"):
        page = (await stranger.get(path, headers={"Accept": "text/html"})).text
        for name in ("og:title", "og:type", "og:url"):
            assert f'property="{name}" content=""' not in page
            assert f'property="{name}"' in page, (path, name)
        assert f'rel="canonical" href="{BASE_URL}{path}"' in page

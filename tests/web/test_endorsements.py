import json
from datetime import timedelta

import pytest

from laurel.base import limits
from laurel.base.times import parse_time, render_time
from laurel.domain.people import store as people
from laurel.domain.wallet.learner_record import record_of
from laurel.openbadges import documents, vc_jwt
from laurel.openbadges.multikey import render_multikey
from tests.openbadges import builders
from tests.openbadges.test_documents import an_endorsement, check_schemas
from tests.openbadges.test_vc_jwt import EC_KEY, SIGNERS
from tests.openbadges.test_verify import failed, look_at
from tests.support.credentials import an_award, failed_checks, signed_document, verdict
from tests.support.events import an_achievement
from tests.support.fixtures import BASE_URL
from tests.support.work import run_jobs


def by_others(subject, **members):
    """An endorsement of `subject` that a stranger to this server has signed."""
    return builders.sign(documents.endorsement_document(an_endorsement(subject_id=subject, **members)))


async def add(api, **body):
    answer = await api.post("/api/v1/endorsements", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def revoke(api, kept, **body):
    answer = await api.post(f"/api/v1/endorsements/{kept['id']}/revoke", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(api, **body):
    answer = await api.post("/api/v1/endorsements", json=body)
    assert 400 <= answer.status_code < 500, answer.text
    return answer.json()


def comments_in(holder):
    return [one["credentialSubject"]["endorsementComment"] for one in holder.get("endorsement", [])]


async def test_what_is_endorsed_says_so_in_everything_signed_from_then_on(api, stranger, organisation):
    achievement = await an_achievement(api, description="Joins plates.")
    before = await an_award(api, achievement)
    await add(api, of="issuer", comment="A school of ours")
    kept = await add(api, of="achievement", subject=achievement["id"], comment="Hard to get")
    assert (kept["own"], kept["endorser"]) == (True, f"did:web:laurel.test:i:{organisation.uid}")
    document = await signed_document(stranger, (await an_award(api, achievement))["credential"])
    assert comments_in(document["issuer"]) == ["A school of ours"]
    assert comments_in(document["credentialSubject"]["achievement"]) == ["Hard to get"]
    said = await verdict(stranger, document)
    assert said["verified"], said["checks"]
    assert [check["outcome"] for check in said["checks"] if check["name"] == "embedded"] == ["passed", "passed"]
    check_schemas(document, "badge")
    assert "endorsement" not in (await signed_document(stranger, before["credential"]))["issuer"]
    published = (await stranger.get(f"/a/{achievement['id']}", headers={"Accept": "application/json"})).json()
    assert comments_in(published) == ["Hard to get"]
    profile = (await stranger.get(f"/i/{organisation.uid}", headers={"Accept": "application/json"})).json()
    assert comments_in(profile) == ["A school of ours"]


async def test_a_credential_is_signed_again_with_its_endorsement_and_without_it(api, stranger):
    award = await an_award(api)
    first = await signed_document(stranger, award["credential"])
    kept = await add(api, of="credential", subject=award["credential"], comment="I saw it")
    second = await signed_document(stranger, award["credential"])
    assert (second["id"], second["awardedDate"]) == (first["id"], first["awardedDate"])
    assert parse_time(second["validFrom"], "validFrom") > parse_time(first["validFrom"], "validFrom")
    assert comments_in(second) == ["I saw it"]
    check_schemas(second, "badge")
    assert (await api.delete(f"/api/v1/endorsements/{kept['id']}")).status_code == 204
    assert "endorsement" not in await signed_document(stranger, award["credential"])
    assert (await api.get(f"/api/v1/endorsements/{kept['id']}")).status_code == 404


async def test_many_credentials_of_an_endorsed_achievement_are_signed_by_template(api, stranger, parts, organisation):
    achievement = await an_achievement(api, issues_credential=True)
    await add(api, of="achievement", subject=achievement["id"], comment="Good")
    events = [{"key": f"e{n}", "person": {"external_id": f"w{n}"}, "name": "lesson.completed"} for n in range(6)]
    await api.post("/api/v1/events?create_people=true", json=events)
    await run_jobs(parts, organisation)
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch("SELECT uid FROM credential WHERE organisation_id = $1", organisation.id)
    for row in rows:
        document = await signed_document(stranger, row["uid"])
        assert comments_in(document["credentialSubject"]["achievement"]) == ["Good"]
        assert (await verdict(stranger, document))["verified"]
    assert len(rows) == 6


async def test_the_endorsement_of_a_stranger_is_verified_and_embedded(api, stranger, elsewhere):
    achievement = await an_achievement(api)
    offered = by_others(f"{BASE_URL}/a/{achievement['id']}")
    kept = await add(api, of="achievement", subject=achievement["id"], document=offered)
    assert (kept["own"], kept["endorser"], kept["endorser_name"]) == (False, builders.ISSUER, "North College")
    award = await an_award(api, achievement)
    document = await signed_document(stranger, award["credential"])
    assert document["credentialSubject"]["achievement"]["endorsement"] == [offered]
    assert (await verdict(stranger, document))["verified"]
    check_schemas(document, "badge")
    page = await stranger.get(f"/c/{award['credential']}", headers={"Accept": "text/html"})
    assert "North College" in page.text
    assert "Well made." in page.text
    again = await refused(api, of="achievement", subject=achievement["id"], document=offered)
    assert again["code"] == "endorsement_known"
    listed = (await api.get(f"/api/v1/endorsements?of=achievement&subject={achievement['id']}")).json()
    assert [one["id"] for one in listed] == [kept["id"]]


async def test_an_endorsement_as_a_token_goes_into_tokens_only(api, stranger, elsewhere):
    achievement = await an_achievement(api)
    document = documents.endorsement_document(an_endorsement(subject_id=f"{BASE_URL}/a/{achievement['id']}"))
    kid = f"{builders.ISSUER}#{render_multikey(EC_KEY.public_key())}"
    token = vc_jwt.sign_token(document, sign=SIGNERS["ES256"][0], algorithm="ES256", kid=kid)
    kept = await add(api, of="achievement", subject=achievement["id"], document=token)
    assert kept["document"] == token
    award = await an_award(api, achievement)
    signed = await signed_document(stranger, award["credential"])
    assert "endorsementJwt" not in signed["credentialSubject"]["achievement"]
    text = (await stranger.get(f"/c/{award['credential']}.jwt")).text
    carried = vc_jwt.parse_token(text).credential
    assert carried["credentialSubject"]["achievement"]["endorsementJwt"] == [token]
    check_schemas(carried, "badge")
    said = await verdict(stranger, text.encode())
    assert said["verified"], said["checks"]


@pytest.mark.parametrize("what", ["changed", "of something else", "expired", "a badge", "single values", "undefined"])
async def test_what_is_no_good_endorsement_of_this_is_refused_with_the_reason(api, elsewhere, what):
    achievement = await an_achievement(api)
    own = f"{BASE_URL}/a/{achievement['id']}"
    single = documents.endorsement_document(an_endorsement(subject_id=own))
    single["credentialSubject"]["type"] = "EndorsementSubject"
    offered = {
        "changed": by_others(own) | {"name": "changed"},
        "of something else": by_others(f"{BASE_URL}/a/{'0' * 24}"),
        "expired": by_others(own, valid_until=builders.NOW + timedelta(seconds=1)),
        "a badge": builders.a_signed_badge(),
        "single values": builders.sign(single),
        "undefined": by_others(own) | {"invented": "x"},
    }[what]
    answer = await refused(api, of="achievement", subject=achievement["id"], document=offered)
    assert answer["code"] == "endorsement_refused"
    assert answer["field"].startswith("document")
    assert (await api.get(f"/api/v1/endorsements?of=achievement&subject={achievement['id']}")).json() == []


async def test_an_endorsement_that_ran_out_does_not_take_the_credential_with_it(api, stranger, clock):
    until = clock.now() + timedelta(days=2)
    achievement = await an_achievement(api)
    await add(api, of="achievement", subject=achievement["id"], comment="For now", valid_until=render_time(until))
    document = await signed_document(stranger, (await an_award(api, achievement))["credential"])
    clock.advance(timedelta(days=3))
    said = await verdict(stranger, document)
    assert said["verified"], said["checks"]
    assert [check["outcome"] for check in said["checks"] if check["name"] == "embedded"] == ["noted"]
    later = await signed_document(stranger, (await an_award(api, achievement))["credential"])
    assert "endorsement" not in later["credentialSubject"]["achievement"]


async def test_an_embedded_endorsement_that_was_changed_fails_the_credential():
    changed = by_others("https://badges.example.org/a/66f2") | {"name": "changed"}
    badge = builders.a_signed_badge(endorsements=(changed,))
    assert failed(look_at(badge)) == ["embedded"]


async def test_an_organisation_signs_an_endorsement_that_another_one_keeps(api, other_api, stranger):
    achievement = await an_achievement(api)
    body = {"subject": f"{BASE_URL}/a/{achievement['id']}", "comment": "Recognised here"}
    answer = await other_api.post("/api/v1/endorsements/sign", json=body)
    assert answer.status_code == 201, answer.text
    signed = answer.json()["document"]
    check_schemas(signed, "endorsement")
    kept = await add(api, of="achievement", subject=achievement["id"], document=signed)
    assert kept["own"] is False
    document = await signed_document(stranger, (await an_award(api, achievement))["credential"])
    assert comments_in(document["credentialSubject"]["achievement"]) == ["Recognised here"]
    assert (await verdict(stranger, document))["verified"]


async def test_our_own_endorsements_go_with_a_compromised_key(api, stranger, clock):
    achievement = await an_achievement(api)
    kept = await add(api, of="achievement", subject=achievement["id"], comment="x")
    await api.post("/api/v1/signing-keys/rotate")
    award = await an_award(api, achievement)
    document = await signed_document(stranger, award["credential"])
    name = kept["document"]["proof"][0]["verificationMethod"].partition("#")[2]
    assert name not in document["proof"][0]["verificationMethod"]
    keys = (await api.get("/api/v1/signing-keys")).json()
    (key,) = [one for one in (keys["items"] if isinstance(keys, dict) else keys) if one["name"] == name]
    clock.advance(timedelta(minutes=1))
    answer = await api.post(f"/api/v1/signing-keys/{key['id']}/compromise", json={"reissue": True})
    assert answer.json()["reissued"] == 1, answer.text
    subject = f"{BASE_URL}/a/{achievement['id']}"
    assert answer.json()["endorsements"] == [{"of": "achievement", "subject": subject, "comment": "x"}]
    assert not (await verdict(stranger, document))["verified"]
    again = await signed_document(stranger, award["credential"])
    assert "endorsement" not in again["credentialSubject"]["achievement"]
    said = await verdict(stranger, again)
    assert said["verified"], said["checks"]
    assert (await api.get(f"/api/v1/endorsements/{kept['id']}")).status_code == 404


async def test_a_revoked_endorsement_counts_for_no_verifier_and_is_put_into_nothing_new(api, stranger, clock):
    achievement = await an_achievement(api)
    kept = await add(api, of="achievement", subject=achievement["id"], comment="Hard to get")
    assert (kept["state"], kept["revocable"]) == ("valid", True)
    check_schemas(kept["document"], "endorsement")
    assert (await verdict(stranger, kept["document"]))["verified"]
    award = await an_award(api, achievement)
    embedding = await signed_document(stranger, award["credential"])
    check_schemas(embedding, "badge")
    assert {check["outcome"] for check in (await verdict(stranger, embedding))["checks"]} == {"passed"}
    revoked = await revoke(api, kept, reason="Granted by mistake")
    assert (revoked["state"], revoked["revoke_reason"]) == ("revoked", "Granted by mistake")
    clock.advance(timedelta(minutes=2))
    assert failed_checks(await verdict(stranger, kept["document"])) == {"status"}
    said = await verdict(stranger, embedding)
    assert said["verified"], said["checks"]
    (embedded,) = [check for check in said["checks"] if check["name"] == "embedded"]
    assert (embedded["outcome"], "revo" in embedded["detail"]) == ("noted", True)
    later = await signed_document(stranger, (await an_award(api, achievement))["credential"])
    assert "endorsement" not in later["credentialSubject"]["achievement"]
    page = await stranger.get(f"/a/{achievement['id']}", headers={"Accept": "text/html"})
    assert "Hard to get" not in page.text
    again = await api.post(f"/api/v1/endorsements/{kept['id']}/revoke", json={})
    assert (again.status_code, again.json()["code"]) == (409, "endorsement_revoked")
    assert (await api.delete(f"/api/v1/endorsements/{kept['id']}")).status_code == 204
    clock.advance(timedelta(days=8))
    assert failed_checks(await verdict(stranger, kept["document"])) == {"status"}


async def test_a_credential_is_signed_again_without_its_revoked_endorsement(api, stranger, clock):
    award = await an_award(api)
    clock.advance(timedelta(minutes=1))
    kept = await add(api, of="credential", subject=award["credential"], comment="I saw it")
    clock.advance(timedelta(minutes=1))
    await revoke(api, kept)
    document = await signed_document(stranger, award["credential"])
    assert "endorsement" not in document
    assert (await verdict(stranger, document))["verified"]


async def test_what_was_signed_for_another_issuer_is_listed_and_revoked_where_it_was_signed(api, other_api, stranger):
    achievement = await an_achievement(api)
    subject = f"{BASE_URL}/a/{achievement['id']}"
    signed = (await other_api.post("/api/v1/endorsements/sign", json={"subject": subject, "comment": "Good"})).json()
    kept = await add(api, of="achievement", subject=achievement["id"], document=signed["document"])
    first = (await other_api.get("/api/v1/endorsements/elsewhere")).json()["items"]
    assert [(one["id"], one["of"], one["subject"]) for one in first] == [(signed["id"], "elsewhere", subject)]
    assert (await api.get("/api/v1/endorsements/elsewhere")).json()["items"] == []
    refusal = await api.post(f"/api/v1/endorsements/{kept['id']}/revoke", json={"reason": "x"})
    assert (refusal.status_code, refusal.json()["code"]) == (409, "endorsement_not_revocable")
    await revoke(other_api, signed)
    assert failed_checks(await verdict(stranger, signed["document"])) == {"status"}


async def test_one_of_ours_that_is_kept_twice_is_revoked_in_both_places(api, stranger):
    achievement = await an_achievement(api)
    body = {"subject": f"{BASE_URL}/a/{achievement['id']}", "comment": "Ours"}
    signed = (await api.post("/api/v1/endorsements/sign", json=body)).json()
    kept = await add(api, of="achievement", subject=achievement["id"], document=signed["document"])
    assert kept["own"]
    await revoke(api, kept)
    assert (await api.get(f"/api/v1/endorsements/{signed['id']}")).json()["state"] == "revoked"
    assert failed_checks(await verdict(stranger, signed["document"])) == {"status"}


async def test_an_endorsement_that_was_signed_without_a_status_is_only_removed(api, parts, organisation):
    kept = await add(api, of="issuer", comment="Old")
    async with parts.database.transaction(organisation.id) as tx:
        await tx.execute(
            "UPDATE endorsement SET status_list_id = NULL, status_index = NULL WHERE organisation_id = $1",
            organisation.id,
        )
    answer = await api.post(f"/api/v1/endorsements/{kept['id']}/revoke", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "endorsement_not_revocable")
    assert (await api.get(f"/api/v1/endorsements/{kept['id']}")).json()["state"] == "valid"


async def test_a_record_of_endorsed_credentials_verifies_in_all_its_depth(api, stranger, parts, organisation):
    achievement = await an_achievement(api)
    kept = await add(api, of="achievement", subject=achievement["id"], comment="Good")
    award = await an_award(api, achievement)
    async with parts.database.transaction(organisation.id) as tx:
        person_id = await tx.fetchval(
            "SELECT person_id FROM credential WHERE organisation_id = $1 AND uid = $2",
            organisation.id,
            award["credential"],
        )
        person = (await people.find_many(tx, [person_id]))[person_id]
        record = await record_of(parts.issuer, tx, person, parts.clock.now())
    said = await verdict(stranger, record)
    assert said["verified"], said["checks"]
    assert {check["outcome"] for check in said["checks"] if check["name"] == "embedded"} == {"passed"}
    assert kept["document"]["credentialStatus"]["type"] == "BitstringStatusListEntry"


async def test_an_erased_persons_endorsement_keeps_nothing_but_its_place(api, parts, organisation):
    award = await an_award(api)
    await add(api, of="credential", subject=award["credential"], comment="Ada did it herself")
    await api.post(f"/api/v1/people/{award['person']}/erasure", json={})
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch("SELECT * FROM endorsement WHERE organisation_id = $1", organisation.id)
    (row,) = rows
    assert (row["content"], row["comment"], row["subject"]) == ("", "", "")
    assert row["status_index"] is not None


async def test_another_organisation_sees_and_changes_nothing(api, other_api):
    achievement = await an_achievement(api)
    kept = await add(api, of="achievement", subject=achievement["id"], comment="x")
    path = f"/api/v1/endorsements/{kept['id']}"
    assert (await other_api.get(path)).status_code == 404
    assert (await other_api.post(f"{path}/revoke", json={})).status_code == 404
    assert (await other_api.delete(path)).status_code == 404
    assert (await refused(other_api, of="achievement", subject=achievement["id"], comment="x"))["code"].endswith(
        "not_found"
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"of": "achievement"}, "subject"),
        ({"of": "weather", "subject": "x"}, "of"),
        ({"of": "issuer", "comment": "x" * 100_000}, "comment"),
        ({"of": "issuer", "document": {}, "comment": "x"}, "comment"),
        ({"of": "issuer", "document": "no.token.x"}, "document"),
        ({"of": "issuer", "document": {"a": "x"}}, "document"),
    ],
)
async def test_bad_input_is_refused_by_name(api, body, field):
    assert field in json.dumps(await refused(api, **body))


async def test_one_thing_has_few_endorsements_and_none_is_large(api, elsewhere):
    for number in range(limits.ENDORSEMENTS_PER_SUBJECT_MAX):
        await add(api, of="issuer", comment=f"{number}")
    assert (await refused(api, of="issuer", comment="one more"))["limit"] == limits.ENDORSEMENTS_PER_SUBJECT_MAX
    achievement = await an_achievement(api)
    names = tuple(documents.Identifier(identifier=f"{n}" * 50, type="identifier") for n in range(300))
    issuer = builders.a_profile(other_identifiers=names)
    large = by_others(f"{BASE_URL}/a/{achievement['id']}", issuer=issuer)
    answer = await refused(api, of="achievement", subject=achievement["id"], document=large)
    assert (answer["field"], answer["limit"]) == ("document", limits.ENDORSEMENT_BYTES_MAX)

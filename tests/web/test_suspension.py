from datetime import timedelta

import pytest

from laurel.base.times import parse_time, render_time
from tests.support.builders import a_key, a_person
from tests.support.credentials import an_award, failed_checks, signed_document, verdict
from tests.support.events import an_achievement
from tests.support.fixtures import BASE_URL, client_of
from tests.support.work import run_jobs


async def a_licence(api, **wishes):
    achievement = await an_achievement(api, description="May weld.", credential={"suspendable": True}, **wishes)
    return await an_award(api, achievement)


async def suspend(api, award, **wishes):
    answer = await api.post(f"/api/v1/credentials/{award['credential']}/suspend", json=wishes)
    assert answer.status_code == 200, answer.text
    return answer.json()


def status_of(said):
    return [check["detail"] for check in said["checks"] if check["name"] == "status" and check["outcome"] == "failed"]


async def test_a_licence_names_both_lists_and_declares_no_schema_that_forbids_it(api, stranger):
    document = await signed_document(stranger, (await a_licence(api))["credential"])
    revocation, suspension = document["credentialStatus"]
    assert [revocation["statusPurpose"], suspension["statusPurpose"]] == ["revocation", "suspension"]
    assert revocation["statusListIndex"] == suspension["statusListIndex"]
    assert suspension["statusListCredential"] == f"{revocation['statusListCredential']}/suspensions"
    assert "credentialSchema" not in document
    assert (await verdict(stranger, document))["verified"]


async def test_what_cannot_be_suspended_keeps_one_status_and_its_schema(api, stranger):
    document = await signed_document(stranger, (await an_award(api))["credential"])
    assert document["credentialStatus"]["statusPurpose"] == "revocation"
    assert "credentialSchema" in document


async def test_a_suspended_credential_is_called_suspended_and_counts_again_when_reinstated(api, stranger):
    award = await a_licence(api)
    document = await signed_document(stranger, award["credential"])
    said = await suspend(api, award, reason="Inquiry 12")
    assert (said["state"], said["suspend_reason"], said["suspended_until"]) == ("suspended", "Inquiry 12", None)
    assert await signed_document(stranger, award["credential"]) == document
    found = await verdict(stranger, document)
    assert (found["verified"], failed_checks(found), status_of(found)) == (False, {"status"}, ["suspended"])
    assert (await api.get(f"/api/v1/awards/{award['id']}")).json()["state"] == "active"
    answer = await api.post(f"/api/v1/credentials/{award['credential']}/reinstate")
    assert (answer.json()["state"], answer.json()["suspended_at"]) == ("issued", None)
    assert (await verdict(stranger, document))["verified"]


async def test_many_licences_are_signed_from_one_template_and_suspended_one_by_one(api, stranger, parts, organisation):
    achievement = await an_achievement(api, credential={"suspendable": True}, issues_credential=True)
    events = [{"key": f"e{n}", "person": {"external_id": f"w{n}"}, "name": "lesson.completed"} for n in range(6)]
    assert (await api.post("/api/v1/events?create_people=true", json=events)).status_code == 200
    await run_jobs(parts, organisation)
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch("SELECT uid FROM credential WHERE organisation_id = $1 ORDER BY id", organisation.id)
    assert len(rows) == 6, achievement
    documents = [await signed_document(stranger, row["uid"]) for row in rows]
    await suspend(api, {"credential": rows[2]["uid"]})
    verdicts = [await verdict(stranger, document) for document in documents]
    assert [said["verified"] for said in verdicts] == [True, True, False, True, True, True]


async def test_a_suspension_ends_by_itself_on_every_surface_and_is_told_of(api, stranger, parts, organisation, clock):
    await api.post("/api/v1/webhooks", json={"url": "https://hooks.example.org/x", "topics": []})
    award = await a_licence(api)
    document = await signed_document(stranger, award["credential"])
    until = clock.now() + timedelta(hours=6)
    await suspend(api, award, reason="Inquiry", until=render_time(until))
    status = (await stranger.get(document["credentialStatus"][1]["statusListCredential"].removeprefix(BASE_URL))).json()
    assert status["validUntil"] == render_time(until).replace(".000", "")
    assert not (await verdict(stranger, document))["verified"]
    clock.advance(timedelta(hours=6, seconds=1))
    assert (await verdict(stranger, document))["verified"]
    assert (await api.get(f"/api/v1/credentials/{award['credential']}")).json()["state"] == "issued"
    await run_jobs(parts, organisation, "credentials.end_suspension")
    assert (await api.get(f"/api/v1/credentials/{award['credential']}")).json()["suspended_at"] is None
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch("SELECT topic FROM outbox WHERE organisation_id = $1 ORDER BY id", organisation.id)
    topics = [row["topic"] for row in rows if row["topic"].startswith("credential.")]
    assert topics == ["credential.issued", "credential.suspended", "credential.reinstated"]


async def test_a_suspension_that_was_prolonged_is_not_ended_by_the_first_end(api, parts, organisation, clock):
    award = await a_licence(api)
    await suspend(api, award, until=render_time(clock.now() + timedelta(days=1)))
    await api.post(f"/api/v1/credentials/{award['credential']}/reinstate")
    await suspend(api, award, until=render_time(clock.now() + timedelta(days=9)))
    clock.advance(timedelta(days=2))
    await run_jobs(parts, organisation, "credentials.end_suspension")
    assert (await api.get(f"/api/v1/credentials/{award['credential']}")).json()["state"] == "suspended"


async def test_one_signed_before_is_signed_again_when_suspended_and_its_older_copies_stay_good(api, stranger):
    achievement = await an_achievement(api)
    award = await an_award(api, achievement)
    older = await signed_document(stranger, award["credential"])
    answer = await api.post(f"/api/v1/credentials/{award['credential']}/suspend", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_suspendable")
    await api.patch(f"/api/v1/achievements/{achievement['id']}", json={"credential": {"suspendable": True}})
    await suspend(api, award)
    newer = await signed_document(stranger, award["credential"])
    assert newer["id"] == older["id"]
    assert parse_time(newer["validFrom"], "validFrom") > parse_time(older["validFrom"], "validFrom")
    assert status_of(await verdict(stranger, newer)) == ["suspended"]
    assert (await verdict(stranger, older))["verified"]


async def test_revoking_ends_a_suspension_for_good(api, stranger):
    award = await a_licence(api)
    document = await signed_document(stranger, award["credential"])
    await suspend(api, award)
    await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "fraud"})
    assert status_of(await verdict(stranger, document)) == ["revoked"]
    answer = await api.post(f"/api/v1/credentials/{award['credential']}/suspend", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_revoked")
    await api.post(f"/api/v1/awards/{award['id']}/reinstate")
    assert (await verdict(stranger, document))["verified"]


@pytest.mark.parametrize(
    ("body", "field"),
    [({"until": "2020-01-01T00:00:00Z"}, "until"), ({"until": "soon"}, "until"), ({"reason": "x" * 100_000}, "reason")],
)
async def test_a_suspension_that_makes_no_sense_is_refused(api, body, field):
    award = await a_licence(api)
    answer = await api.post(f"/api/v1/credentials/{award['credential']}/suspend", json=body)
    assert 400 <= answer.status_code < 500
    assert field in answer.text
    answer = await api.post(f"/api/v1/credentials/{award['credential']}/reinstate")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_revoked")


async def test_a_record_of_what_stands_leaves_out_what_is_suspended(api, parts, organisation, application, clock):
    person = await a_person(parts, organisation)
    achievement = await an_achievement(api, credential={"suspendable": True})
    award = await an_award(api, achievement, person={"id": person.uid})
    await suspend(api, award, until=render_time(clock.now() + timedelta(hours=1)))
    async with client_of(application, await a_key(parts, organisation, acting_person_id=person.id)) as wallet:
        assert (await wallet.get("/ims/clr/v2p0/credentials")).json()["credential"] == []
        clock.advance(timedelta(hours=2))
        assert len((await wallet.get("/ims/clr/v2p0/credentials")).json()["credential"]) == 1


async def test_suspending_twice_is_a_conflict(api):
    award = await a_licence(api)
    await suspend(api, award)
    answer = await api.post(f"/api/v1/credentials/{award['credential']}/suspend", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_suspended")


async def test_nobody_suspends_what_another_organisation_issued(api, other_api):
    award = await a_licence(api)
    for verb in ("suspend", "reinstate"):
        answer = await other_api.post(f"/api/v1/credentials/{award['credential']}/{verb}", json={})
        assert answer.status_code == 404


async def test_pages_and_old_backpacks_say_that_it_is_suspended_and_why(api, stranger, clock):
    await api.patch("/api/v1/organisation", json={"email": "badges@example.org"})
    award = await a_licence(api)
    await suspend(api, award, reason="<b>Inquiry</b>", until=render_time(clock.now() + timedelta(days=3)))
    page = await stranger.get(f"/c/{award['credential']}", headers={"Accept": "text/html"})
    assert "has suspended this credential" in page.text
    assert "&lt;b&gt;Inquiry&lt;/b&gt;" in page.text
    checks = await stranger.get(f"/c/{award['credential']}/verification", headers={"X-Part": "1"})
    assert "suspended" in checks.text
    assert (await stranger.get(f"/c/{award['credential']}/certificate.pdf")).status_code == 410
    assertion = await stranger.get(f"/ob2/assertions/{award['credential']}")
    assert assertion.status_code == 410
    assert assertion.json()["revocationReason"].startswith("suspended until 20")
    await api.post(f"/api/v1/awards/{award['id']}/reinstate")
    assert (await stranger.get(f"/ob2/assertions/{award['credential']}")).status_code == 200


async def test_suspending_is_in_the_audit_and_in_the_log(api, stranger, organisation):
    award = await a_licence(api)
    await suspend(api, award)
    bundle = (await stranger.get(f"/i/{organisation.uid}/log/tile/entries/000.p/2")).content
    assert b"credential.suspended" in bundle
    entries = (await api.get("/api/v1/audit")).json()["items"]
    assert entries[0]["action"] == "credential.suspend"


async def test_a_compromised_key_has_the_list_of_suspensions_signed_again(api, stranger, parts, organisation):
    award = await a_licence(api)
    document = await signed_document(stranger, award["credential"])
    path = document["credentialStatus"][1]["statusListCredential"].removeprefix(BASE_URL)
    before = (await stranger.get(path)).json()["proof"][0]["verificationMethod"]
    keys = (await api.get("/api/v1/signing-keys")).json()
    keys = keys["items"] if isinstance(keys, dict) else keys
    key = next(one for one in keys if one["algorithm"].lower().startswith("ed"))
    answer = await api.post(f"/api/v1/signing-keys/{key['id']}/compromise", json={"reissue": True})
    assert answer.status_code == 200, answer.text
    assert (await stranger.get(path)).json()["proof"][0]["verificationMethod"] != before

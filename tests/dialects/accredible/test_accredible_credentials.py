from datetime import timedelta

import pytest

from laurel.domain.achievements import store as achievements
from laurel.domain.credentials import store as credentials
from tests.dialects.accredible.conftest import a_credential, a_group, set_for_dialect
from tests.support.builders import a_department, a_key
from tests.support.fixtures import client_of
from tests.support.work import run_jobs


async def awards_on_the_own_api(api, email):
    people = (await api.get("/api/v1/people", params={"limit": 1000})).json()["items"]
    person = next(one for one in people if one["email"] == email)
    return (await api.get(f"/api/v1/people/{person['id']}/awards")).json()["items"]


async def test_a_recipient_is_known_by_address_in_lower_case(accredible, group):
    made = await a_credential(accredible, group, recipient={"email": "Ann.Smith@Example.COM"})
    assert made["recipient"]["email"] == "ann.smith@example.com"
    found = await accredible.get("/v1/all_credentials", params={"email": "ANN.smith@example.com"})
    assert [one["id"] for one in found.json()["credentials"]] == [made["id"]]


async def test_integer_id_uuid_own_id_and_encoded_id_all_find_a_credential(accredible, group):
    made = await a_credential(accredible, group, id="STUDENT/42 x")
    assert isinstance(made["id"], int)
    assert len(made["encoded_id"]) == 8
    for reference in (made["id"], made["uuid"], made["encoded_id"]):
        answer = await accredible.get(f"/v1/credentials/{reference}")
        assert answer.json()["credential"]["id"] == made["id"], reference
    other = await a_credential(accredible, group, id="student-43")
    assert (await accredible.get("/v1/credentials/student-43")).json()["credential"]["id"] == other["id"]


async def test_a_published_credential_is_an_award_on_our_own_api(accredible, api, group):
    made = await a_credential(accredible, group, recipient={"email": "seen@example.com"})
    awards = await awards_on_the_own_api(api, "seen@example.com")
    assert [award["state"] for award in awards] == ["active"]
    assert made["url"].endswith(f"/c/{made['uuid']}")


async def test_an_unpublished_credential_counts_nowhere_until_it_is_published(accredible, api, stranger, group):
    made = await a_credential(accredible, group, approve=False, recipient={"email": "later@example.com"})
    assert made["approve"] is False
    assert made["unpublished_reason"] == "approve is false"
    assert await awards_on_the_own_api(api, "later@example.com") == []
    assert (await stranger.get(f"/c/{made['uuid']}")).status_code == 404
    answer = await accredible.put(f"/v1/credentials/{made['id']}", json={"credential": {"approve": True}})
    assert answer.json()["credential"]["approve"] is True
    assert len(await awards_on_the_own_api(api, "later@example.com")) == 1
    assert (await stranger.get(f"/c/{made['uuid']}")).status_code == 200


async def test_withdrawing_and_publishing_again_leaves_one_award(accredible, api, group):
    made = await a_credential(accredible, group, recipient={"email": "again@example.com"})
    withdrawn = await accredible.put(f"/v1/credentials/{made['id']}", json={"credential": {"approve": False}})
    assert withdrawn.json()["credential"]["unpublished_reason"] == "unpublished by the issuer"
    published = await accredible.put(f"/v1/credentials/{made['id']}", json={"credential": {"approve": True}})
    assert published.json()["credential"]["approve"] is True
    awards = await awards_on_the_own_api(api, "again@example.com")
    assert [award["state"] for award in awards] == ["active"]


async def test_what_was_revoked_with_a_reason_stays_revoked(accredible, api, group):
    made = await a_credential(accredible, group, recipient={"email": "cheat@example.com"})
    award = (await awards_on_the_own_api(api, "cheat@example.com"))[0]
    revoked = await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "copied"})
    assert revoked.status_code < 300, revoked.text
    shown = (await accredible.get(f"/v1/credentials/{made['id']}")).json()["credential"]
    assert (shown["approve"], shown["revoke_reason"]) == (False, "copied")
    refused = await accredible.put(f"/v1/credentials/{made['id']}", json={"credential": {"approve": True}})
    assert refused.status_code == 422
    assert "copied" in refused.json()["message"]


async def test_a_second_credential_for_one_address_is_refused_and_the_first_is_named(accredible, group):
    first = await a_credential(accredible, group, recipient={"email": "twice@example.com"})
    body = {"credential": {"group_id": group["id"], "recipient": {"name": "Other Name", "email": "TWICE@example.com"}}}
    answer = await accredible.post("/v1/credentials", json=body)
    assert answer.status_code == 422
    assert answer.json()["existing_credential_id"] == first["id"]
    assert "has already been taken" in answer.json()["errors"]["recipient.email"][0]
    assert answer.json()["errors"]["credential"] == answer.json()["errors"]["recipient.email"]


async def test_a_group_may_allow_duplicates(accredible):
    made = await accredible.post("/v1/issuer/groups", json={"group": a_group(allow_duplicate_credentials=True)})
    group = made.json()["group"]
    first = await a_credential(accredible, group, recipient={"email": "twice@example.com"})
    second = await a_credential(accredible, group, recipient={"email": "twice@example.com"})
    assert first["id"] != second["id"]


async def test_a_deleted_credential_is_gone_and_its_address_is_free_again(accredible, stranger, group):
    made = await a_credential(accredible, group, recipient={"email": "gone@example.com"})
    deleted = await accredible.delete(f"/v1/credentials/{made['id']}")
    assert (deleted.status_code, deleted.json()["credential"]["id"]) == (200, made["id"])
    assert (await accredible.get(f"/v1/credentials/{made['id']}")).status_code == 404
    assert (await stranger.get(f"/c/{made['uuid']}")).status_code == 404
    again = await a_credential(accredible, group, recipient={"email": "gone@example.com"})
    assert again["approve"] is True
    listed = (await accredible.get("/v1/all_credentials")).json()
    assert listed["meta"]["total_count"] == 1


async def test_only_what_is_given_changes(accredible, group):
    made = await a_credential(
        accredible,
        group,
        description="As it was",
        meta_data={"a": "b"},
        recipient={"id": "PK-1", "meta_data": {"c": 1}},
    )
    answer = await accredible.put(
        f"/v1/credentials/{made['id']}", json={"credential": {"recipient": {"name": "New Name"}, "grade": 91.5}}
    )
    changed = answer.json()["credential"]
    assert changed["recipient"] == {**made["recipient"], "name": "New Name"}
    assert changed["grade"] == 91.5
    assert {name: changed[name] for name in ("description", "meta_data", "issued_on", "url", "name")} == {
        name: made[name] for name in ("description", "meta_data", "issued_on", "url", "name")
    }


async def test_patch_with_a_time_and_a_trailing_blank_expires_a_credential(accredible, parts, organisation, group):
    made = await a_credential(accredible, group)
    answer = await accredible.patch(
        f"/v1/credentials/{made['id']}", json={"credential": {"expired_on": "2026-03-14 12:00:00 "}}
    )
    assert answer.json()["credential"]["expired_on"] == "2026-03-14"
    async with parts.database.transaction(organisation.id) as tx:
        stored = await credentials.find_by_uid(tx, made["uuid"])
    assert stored.state_at(parts.clock.now() + timedelta(seconds=1)) == "expired"


async def test_an_expiry_moved_back_before_the_last_signature_is_in_the_document(
    accredible, stranger, parts, organisation, group, clock
):
    made = await a_credential(accredible, group)
    for day, until in (("2026-03-20", "2026-03-20T00:00:00Z"), ("2026-03-14", "2026-03-14T12:00:01Z")):
        clock.advance(timedelta(minutes=5))
        answer = await accredible.patch(f"/v1/credentials/{made['id']}", json={"credential": {"expired_on": day}})
        assert answer.json()["credential"]["expired_on"] == day
        await run_jobs(parts, organisation)
        assert (await stranger.get(f"/c/{made['uuid']}.json")).json()["validUntil"] == until


@pytest.mark.parametrize(
    ("spelled", "day"),
    [
        ("2026-11-21", "2026-11-21"),
        ("2024-1-5", "2024-01-05"),
        ("21/11/2025", "2025-11-21"),
        ("2025/11/21", "2025-11-21"),
        ("2026-01-21 23:07:33 +0000", "2026-01-21"),
        ("2026-01-21T23:30:00-05:00", "2026-01-22"),
        ("2026-01-21 19:07:33 ", "2026-01-21"),
        (None, "2026-03-14"),
        ("", "2026-03-14"),
    ],
)
async def test_dates_are_read_in_every_spelling_and_written_in_one(accredible, group, spelled, day):
    assert (await a_credential(accredible, group, issued_on=spelled))["issued_on"] == day


@pytest.mark.parametrize("spelled", ["yesterday", "2026-13-01", "31/02/2026", "14.03.2026", {"year": 2026}])
async def test_a_date_that_is_none_is_refused_and_named(accredible, group, spelled):
    recipient = {"name": "Ann", "email": "ann@example.com"}
    body = {"credential": {"group_id": group["id"], "recipient": recipient, "issued_on": spelled}}
    answer = await accredible.post("/v1/credentials", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, "issued_on")


async def test_the_group_s_years_set_the_expiry(accredible):
    group = (await accredible.post("/v1/issuer/groups", json={"group": a_group(auto_expiry=2)})).json()["group"]
    assert (await a_credential(accredible, group, issued_on="2025-05-01"))["expired_on"] == "2027-05-01"
    assert (await a_credential(accredible, group, expired_on="2026-12-31"))["expired_on"] == "2026-12-31"


@pytest.mark.parametrize("empty", [[], None, {}])
async def test_empty_custom_attributes_come_in_every_spelling(accredible, group, empty):
    made = await a_credential(accredible, group, custom_attributes=empty, meta_data=empty)
    assert made["custom_attributes"] == {}


async def test_meta_data_keeps_its_numbers(accredible, group):
    assert (await a_credential(accredible, group, meta_data={"learndash_post_id": 7}))["meta_data"] == {
        "learndash_post_id": 7
    }


async def test_ids_are_taken_as_texts_and_answered_as_numbers(accredible, group):
    made = await a_credential(accredible, {"id": str(group["id"])}, recipient={"id": 77})
    assert (made["group_id"], made["recipient"]["id"]) == (group["id"], "77")


async def test_a_group_is_found_by_its_name(accredible, group):
    recipient = {"name": "Ann", "email": "byname@example.com"}
    body = {"credential": {"group_name": group["name"], "recipient": recipient}}
    made = await accredible.post("/v1/credentials", json=body)
    assert made.json()["credential"]["group_id"] == group["id"]


async def test_a_body_without_recipient_is_refused_in_the_known_words(accredible, group):
    answer = await accredible.post("/v1/credentials", json={"credential": {"group_id": group["id"]}})
    assert answer.status_code == 422
    assert answer.json()["errors"] == "Can not create credential without recipient data"


@pytest.mark.parametrize("reference", [10**12, "abc", -1, 0, "", None])
async def test_an_unknown_group_is_refused_in_the_known_words(accredible, reference):
    body = {"credential": {"group_id": reference, "recipient": {"name": "Ann", "email": "ann@example.com"}}}
    answer = await accredible.post("/v1/credentials", json=body)
    assert answer.status_code == 422
    assert "group" in str(answer.json()["errors"]).lower()


@pytest.mark.parametrize("address", ["not an address", "a@b", "x" * 300 + "@example.com", ""])
async def test_an_address_that_is_none_is_refused_and_named(accredible, group, address):
    body = {"credential": {"group_id": group["id"], "recipient": {"name": "Ann", "email": address}}}
    answer = await accredible.post("/v1/credentials", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, "recipient.email")


async def test_another_organisation_sees_nothing(accredible, other_api, group):
    made = await a_credential(accredible, group)
    for path in (
        f"/v1/credentials/{made['id']}",
        f"/v1/credentials/{made['uuid']}",
        f"/v1/issuer/groups/{group['id']}",
    ):
        assert (await other_api.get(path)).status_code == 404, path
    body = {"credential": {"group_id": group["id"], "recipient": {"name": "Ann", "email": "ann@example.com"}}}
    assert (await other_api.post("/v1/credentials", json=body)).json()["errors"] == "Invalid Group"
    assert (await other_api.delete(f"/v1/credentials/{made['id']}")).status_code == 404


async def test_a_department_s_key_sees_its_own_credentials_only(accredible, parts, application, organisation, group):
    department = await a_department(parts, organisation)
    key = await a_key(parts, organisation, department_id=department.id)
    elsewhere = await a_credential(accredible, group)
    async with client_of(application, key) as bound:
        own = (await bound.post("/v1/issuer/groups", json={"group": a_group()})).json()["group"]
        assert own["department_id"] == department.id
        made = await a_credential(bound, own)
        assert (await bound.get(f"/v1/credentials/{elsewhere['id']}")).status_code == 404
        assert (await bound.get(f"/v1/issuer/groups/{group['id']}")).status_code == 404
        for found in (
            (await bound.get("/v1/all_credentials")).json()["credentials"],
            (await bound.post("/v2/credentials/search", json={"query": {}})).json()["credentials"],
        ):
            assert [one["id"] for one in found] == [made["id"]]
        assert (await bound.post("/v1/departments", json={"department": {"name": "X"}})).status_code == 403
    assert (await accredible.get("/v1/all_credentials")).json()["meta"]["total_count"] == 2


async def test_markup_comes_back_as_it_was_and_is_escaped_on_the_page(accredible, stranger, group):
    script = "<script>alert('x')</script>"
    made = await a_credential(accredible, group, name=script, description=script, recipient={"name": script})
    assert (made["name"], made["description"], made["recipient"]["name"]) == (script, script, script)
    page = await stranger.get(f"/c/{made['uuid']}", headers={"Accept": "text/html"})
    assert script not in page.text


async def test_sandbox_mode_publishes_nothing_and_says_so(accredible, parts, organisation, group):
    await set_for_dialect(parts, organisation, sandbox_mode=True)
    made = await a_credential(accredible, group, approve=True)
    assert made["approve"] is False
    assert "sandbox" in made["unpublished_reason"]


async def test_credits_are_counted_by_person_and_year(accredible, parts, organisation, group):
    await set_for_dialect(parts, organisation, credits=1)
    first = await a_credential(accredible, group, recipient={"email": "one@example.com"})
    other = (await accredible.post("/v1/issuer/groups", json={"group": a_group(name="Second")})).json()["group"]
    same_person = await a_credential(accredible, other, recipient={"email": "one@example.com"})
    second = await a_credential(accredible, group, recipient={"email": "two@example.com"})
    assert [first["approve"], same_person["approve"], second["approve"]] == [True, True, False]
    assert "credits" in second["unpublished_reason"]
    assert (await accredible.get("/v1/issuer/details")).json()["issuer"]["certificate_left"] == 0


async def test_a_group_without_design_cannot_publish(accredible, group):
    await accredible.put(
        f"/v1/issuer/groups/{group['id']}", json={"group": {"certificate_design_id": None, "badge_design_id": None}}
    )
    made = await a_credential(accredible, group)
    assert (made["approve"], made["unpublished_reason"]) == (False, "the group has no design")
    assert made["certificate"] == {"image": {"preview": None}}
    link = await accredible.post("/v1/sso/generate_link", json={"credential_id": made["id"]})
    assert (link.status_code, link.json()["error"]) == (404, "No Published Credential with this attribute")


async def test_privacy_follows_credential_then_group_then_department(accredible, parts, organisation, group):
    assert (await a_credential(accredible, group))["private"] is False
    departments = (await accredible.post("/v1/departments/search", json={})).json()["departments"]
    url = f"/v1/departments/{departments[0]['id']}"
    await accredible.put(url, json={"department": {"generate_private_credential": True}})
    assert (await a_credential(accredible, group))["private"] is True
    await accredible.put(f"/v1/issuer/groups/{group['id']}", json={"group": {"generate_private_credential": False}})
    assert (await a_credential(accredible, group))["private"] is False
    assert (await a_credential(accredible, group, private=True))["private"] is True


async def test_another_address_gives_the_credential_to_another_person(accredible, api, group):
    made = await a_credential(accredible, group, recipient={"email": "wrong@example.com"})
    body = {"credential": {"recipient": {"email": "right@example.com"}}}
    changed = (await accredible.put(f"/v1/credentials/{made['id']}", json=body)).json()["credential"]
    assert (changed["id"], changed["recipient"]["email"]) == (made["id"], "right@example.com")
    assert await awards_on_the_own_api(api, "wrong@example.com") == []
    assert len(await awards_on_the_own_api(api, "right@example.com")) == 1


async def test_moving_to_another_group_takes_its_texts_and_keeps_the_counts_right(accredible, group):
    made = await a_credential(accredible, group, recipient={"email": "mover@example.com"})
    other = (await accredible.post("/v1/issuer/groups", json={"group": a_group(name="B", course_name="Second")})).json()
    body = {"credential": {"group_id": other["group"]["id"]}}
    moved = (await accredible.put(f"/v1/credentials/{made['id']}", json=body)).json()["credential"]
    assert (moved["group_name"], moved["name"]) == ("B", "Second")
    for one, count in ((group, 0), (other["group"], 1)):
        listed = await accredible.get("/v1/all_credentials", params={"group_id": one["id"]})
        assert listed.json()["meta"]["total_count"] == count
    await a_credential(accredible, group, recipient={"email": "mover@example.com"})
    back = await accredible.put(f"/v1/credentials/{made['id']}", json={"credential": {"group_id": group["id"]}})
    assert (back.status_code, "already been taken" in back.text) == (422, True)


async def test_what_a_group_says_later_does_not_change_what_was_issued(accredible, group):
    made = await a_credential(accredible, group)
    await accredible.put(f"/v1/issuer/groups/{group['id']}", json={"group": {"course_name": "Renamed"}})
    assert (await accredible.get(f"/v1/credentials/{made['id']}")).json()["credential"]["name"] == made["name"]


async def test_an_achievement_made_elsewhere_is_a_group(accredible, api, parts, organisation):
    body = {"names": {"en": "Made elsewhere"}, "status": "live"}
    answer = await api.post("/api/v1/achievements", json=body)
    assert answer.status_code < 300, answer.text
    async with parts.database.transaction(organisation.id) as tx:
        found = await achievements.find_by_uid(tx, answer.json()["id"])
    group = (await accredible.get(f"/v1/issuer/groups/{found.id}")).json()["group"]
    assert (group["name"], group["course_name"]) == ("Made elsewhere", "Made elsewhere")
    assert (await a_credential(accredible, group))["approve"] is True


async def test_changes_and_revocations_are_told(accredible, parts, organisation, group):
    made = await a_credential(accredible, group)
    await accredible.put(f"/v1/credentials/{made['id']}", json={"credential": {"grade": 5}})
    await accredible.delete(f"/v1/credentials/{made['id']}")
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch("SELECT topic FROM outbox WHERE organisation_id = $1 ORDER BY id", organisation.id)
    assert [row["topic"] for row in rows] == [
        "award.created",
        "credential.issued",
        "credential.updated",
        "award.revoked",
        "credential.revoked",
    ]

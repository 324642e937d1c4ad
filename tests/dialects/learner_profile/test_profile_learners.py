from datetime import timedelta

import pytest

from laurel.base.ids import uid_from_base62
from tests.dialects.learner_profile.profile_client import UNKNOWN, a_learner, an_address

DEFAULTS = {
    "middle_name": "",
    "suffix": "",
    "prefix": "",
    "preferred_name": "",
    "preferred_first_name": "",
    "preferred_middle_name": "",
    "preferred_last_name": "",
    "preferred_name_type": "PreferredName",
    "preferred_pronoun": "",
    "student_identifier": "",
    "student_identification_system": "",
    "personal_information_verification": "",
    "personal_information_type": "",
    "address_type": "",
    "street_number_and_name": "",
    "apartment_room_or_suite_number": "",
    "city": "",
    "state_abbreviation": "",
    "postal_code": "",
    "country_name": "",
    "country_code": "",
    "latitude": "",
    "longitude": "",
    "country_ansi_code": 10000,
    "address_do_not_publish_indicator": "Yes",
    "phone_number": {"mobile": {}, "telephone": {}},
    "email_address_type": "Work",
    "email_do_not_publish_indicator": "Yes",
    "backup_email_address": "",
    "birth_date": None,
    "gender": "NotSelected",
    "country_of_birth_code": None,
    "ethnicity": None,
    "organisation_email_id": "test@mail.com",
    "employer_id": "",
    "affiliation": "",
    "employer": "",
    "employer_email": "test@mail.com",
}
FULL = {
    "middle_name": "King",
    "suffix": "Jr",
    "prefix": "Dr",
    "preferred_name": "Ada",
    "preferred_first_name": "Ada",
    "preferred_middle_name": "K",
    "preferred_last_name": "L",
    "preferred_name_type": "NickName",
    "preferred_pronoun": "she",
    "student_identifier": "s-1",
    "student_identification_system": "sys",
    "personal_information_verification": "passport",
    "personal_information_type": "legal",
    "address_type": "home",
    "street_number_and_name": "1 Street",
    "apartment_room_or_suite_number": "2",
    "city": "London",
    "state_abbreviation": "LN",
    "postal_code": "N1",
    "country_name": "Britain",
    "country_code": "GB",
    "latitude": "51.5",
    "longitude": "0.1",
    "country_ansi_code": 10826,
    "address_do_not_publish_indicator": "No",
    "phone_number": {
        kind: {
            "phone_number_type": "Home",
            "primary_phone_number_indicator": "No",
            "phone_number": "+44",
            "phone_do_not_publish_indicator": "Unknown",
            "phone_number_listed_status": "Unlisted",
        }
        for kind in ("mobile", "telephone")
    },
    "email_address_type": "Home",
    "email_do_not_publish_indicator": "Unknown",
    "backup_email_address": "backup@example.org",
    "birth_date": "1815-12-10",
    "gender": "Female",
    "country_of_birth_code": "GB",
    "ethnicity": "none",
    "organisation_email_id": "org@example.org",
    "employer_id": "e1",
    "affiliation": "a",
    "employer": "e",
    "employer_email": "boss@example.org",
}
SERVER = ("uuid", "is_archived", "created_time", "last_modified_time")


async def test_a_learner_is_shown_with_every_default_and_nothing_else(service):
    body = a_learner()
    answer = await service.ask("POST", "/learner", json=body)
    assert answer.json()["message"] == "Successfully created the learner"
    made = answer.json()["data"]
    assert {name: value for name, value in made.items() if name not in SERVER} == {**DEFAULTS, **body}
    assert made["is_archived"] is False


async def test_everything_that_is_sent_is_shown_again(service):
    body = a_learner(**FULL)
    made = await service.done("POST", "/learner", json=body)
    assert {name: value for name, value in made.items() if name not in SERVER} == body
    answer = await service.ask("GET", f"/learner/{made['uuid']}")
    assert answer.json() == {"success": True, "message": "Successfully fetched the learner", "data": made}


async def test_a_phone_gets_its_defaults_when_it_is_given(service):
    made = await service.done("POST", "/learner", json=a_learner(phone_number={"mobile": {"phone_number": "1"}}))
    assert made["phone_number"]["telephone"] == {}
    assert made["phone_number"]["mobile"] == {
        "phone_number_type": "Work",
        "primary_phone_number_indicator": "Yes",
        "phone_number": "1",
        "phone_do_not_publish_indicator": "Yes",
        "phone_number_listed_status": "Listed",
    }


async def test_all_four_addresses_are_kept_in_lower_case(service):
    address = an_address()
    made = await service.done(
        "POST",
        "/learner",
        json=a_learner(
            email_address=address.upper(),
            backup_email_address="B@Example.ORG",
            organisation_email_id="O@Example.ORG",
            employer_email="E@Example.ORG",
        ),
    )
    assert made["email_address"] == address
    assert made["backup_email_address"] == "b@example.org"
    assert (made["organisation_email_id"], made["employer_email"]) == ("o@example.org", "e@example.org")


async def test_names_may_be_of_any_script(service):
    made = await service.done("POST", "/learner", json=a_learner(first_name="Łucja 2", last_name="李 — أحمد"))
    assert (made["first_name"], made["last_name"]) == ("Łucja 2", "李 — أحمد")


async def test_an_address_belongs_to_one_learner(service, other_service):
    address = an_address()
    await service.new_learner(email_address=address)
    body = await service.refused(409, "POST", "/learner", json=a_learner(email_address=address.upper()))
    assert body == {
        "success": False,
        "message": f"Learner with the given email address {address} already exists",
        "data": None,
    }
    await other_service.new_learner(email_address=address)


async def test_the_address_of_a_deleted_learner_is_free_again(service):
    address = an_address()
    await service.done("DELETE", f"/learner/{await service.new_learner(email_address=address)}")
    await service.new_learner(email_address=address)


async def test_an_update_does_not_take_another_learner_s_address(service):
    address = an_address()
    await service.new_learner(email_address=address)
    other = await service.new_learner()
    body = await service.refused(409, "PUT", f"/learner/{other}", json={"email_address": address})
    assert body["message"] == f"Learner with the given email address {address} already exists"


async def test_both_addresses_cannot_be_the_same(service):
    text = "Primary email address and backup email address cannot be the same."
    address = an_address()
    body = a_learner(email_address=address, backup_email_address=address.upper())
    await service.broken(text, "POST", "/learner", json=body)
    learner = await service.new_learner(email_address=address)
    await service.broken(text, "PUT", f"/learner/{learner}", json={"backup_email_address": address})
    await service.done("PUT", f"/learner/{learner}", json={"backup_email_address": "other@example.org"})
    await service.broken(text, "PUT", f"/learner/{learner}", json={"email_address": "OTHER@example.org"})


async def test_an_update_changes_what_is_given_and_nothing_else(service, clock):
    made = await service.done("POST", "/learner", json=a_learner(**FULL))
    clock.advance(timedelta(seconds=1))
    answer = await service.ask(
        "PUT", f"/learner/{made['uuid']}", json={"first_name": "Grace", "city": "Paris", "employer": None}
    )
    assert answer.json()["message"] == "Successfully updated the learner"
    changed = answer.json()["data"]
    assert {
        **made,
        "first_name": "Grace",
        "city": "Paris",
        "last_modified_time": "2026-03-14 12:00:01.000000+00:00",
    } == changed


async def test_a_learner_that_is_not_there_is_not_found(service):
    text = f"Learner with uuid {UNKNOWN} not found"
    await service.not_found(text, "GET", f"/learner/{UNKNOWN}")
    await service.not_found(text, "PUT", f"/learner/{UNKNOWN}", json={})
    await service.not_found(text, "DELETE", f"/learner/{UNKNOWN}")


async def test_deleting_a_learner_takes_the_profile_along(service):
    learner = await service.new_learner()
    await service.new_profile(learner)
    answer = await service.ask("DELETE", f"/learner/{learner}")
    assert answer.json() == {"success": True, "message": "Successfully deleted the learner"}
    text = f"Learner with uuid {learner} not found"
    await service.not_found(text, "GET", f"/learner/{learner}")
    await service.not_found(text, "GET", f"/learner/{learner}/learner-profile")
    await service.not_found(text, "DELETE", f"/learner/{learner}")
    assert (await service.done("GET", "/learner-profile"))["total_count"] == 0
    assert (await service.done("GET", "/learners"))["total_count"] == 0


async def test_archiving_a_learner_archives_the_profile_and_back(service):
    learner = await service.new_learner()
    await service.new_profile(learner)
    for archived in (True, False):
        changed = await service.done("PUT", f"/learner/{learner}", json={"is_archived": archived})
        assert changed["is_archived"] is archived
        profile = await service.done("GET", f"/learner/{learner}/learner-profile")
        assert profile["is_archived"] is archived


@pytest.mark.parametrize("sort_by", ["first_name", "last_name", "created_time"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
async def test_learners_are_listed_in_every_order_to_the_end(service, sort_by, order):
    names = [("Cy", "Ash"), ("Al", "Elm"), ("Bo", "Oak"), ("Al", "Yew"), ("Di", "Ash")]
    made = [await service.new_learner(first_name=a, last_name=b) for a, b in names]
    key = {"first_name": 0, "last_name": 1, "created_time": None}[sort_by]
    places = sorted(
        range(5), key=lambda i: (names[i][key] if key is not None else "", i), reverse=order == "descending"
    )
    wanted = [made[place] for place in places]
    query = f"sort_by={sort_by}&sort_order={order}"
    answer = await service.ask("GET", f"/learners?{query}")
    assert answer.json()["message"] == "Data fetched successfully"
    assert [one["uuid"] for one in answer.json()["data"]["records"]] == wanted
    assert answer.json()["data"]["total_count"] == 5
    seen, after = [], ""
    while page := (await service.done("GET", f"/learners?{query}&limit=2{after}"))["records"]:
        seen += [one["uuid"] for one in page]
        after = f"&after={seen[-1]}"
    assert seen == wanted
    skipped = (await service.done("GET", f"/learners?{query}&skip=3"))["records"]
    assert [one["uuid"] for one in skipped] == wanted[3:]


async def test_learners_are_newest_first_unless_asked_otherwise(service):
    made = [await service.new_learner() for _ in range(3)]
    assert [one["uuid"] for one in (await service.done("GET", "/learners"))["records"]] == made[::-1]
    await service.done("PUT", f"/learner/{made[0]}", json={"is_archived": True})
    for query, wanted in (("true", made[:1]), ("false", [made[2], made[1]])):
        data = await service.done("GET", f"/learners?fetch_archive={query}")
        assert ([one["uuid"] for one in data["records"]], data["total_count"]) == (wanted, len(wanted))


async def test_there_is_no_other_order(service):
    errors = await service.invalid("GET", "/learners?sort_by=age&sort_order=up")
    assert [(error["loc"][1], error["type"]) for error in errors] == [
        ("sort_by", "value_error.const"),
        ("sort_order", "value_error.const"),
    ]
    await service.not_found(f"Learner with uuid {UNKNOWN} not found", "GET", f"/learners?after={UNKNOWN}")


async def test_learners_are_found_by_first_name_or_address(service):
    address = an_address()
    ada = await service.new_learner(first_name="Ada", email_address=address)
    bob = await service.new_learner(first_name="Bob")
    for query, wanted in (
        ("first_name=Ada", [ada]),
        ("first_name=ada", []),
        (f"email_address={address.upper()}", [ada]),
        ("email_address=nobody@example.org", []),
        (f"first_name=Bob&email_address={address}", [bob]),
    ):
        answer = await service.ask("GET", f"/learner/search?{query}")
        assert answer.json()["message"] == "Successfully fetched the learners"
        assert [one["uuid"] for one in answer.json()["data"]] == wanted


async def test_a_search_needs_something_to_search_for(service):
    for query in ("", "?first_name=", "?email_address="):
        await service.broken("Missing or invalid request parameters", "GET", f"/learner/search{query}")
    await service.broken("Invalid email ID format: nobody", "GET", "/learner/search?email_address=nobody")
    await service.broken(
        "Invalid email ID format: a@example.org x", "GET", "/learner/search?email_address=a@example.org%20x"
    )


async def test_a_learner_is_a_person_of_the_organisation(service, api):
    learner = await service.new_learner(first_name="Ada")
    uid = uid_from_base62(learner)
    person = await api.get(f"/api/v1/people/{uid}")
    assert person.status_code == 200, person.text
    assert person.json()["first_name"] == "Ada"
    made = await api.post("/api/v1/people", json={"email": an_address(), "first_name": "Bob"})
    assert made.status_code in {200, 201}, made.text
    shown = (await service.done("GET", "/learners?limit=1"))["records"][0]
    assert (uid_from_base62(shown["uuid"]), shown["first_name"]) == (made.json()["id"], "Bob")
    assert {name: shown[name] for name in DEFAULTS} == DEFAULTS

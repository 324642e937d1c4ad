import asyncio

from tests.support.builders import a_person

ADA = {"email": "Ada@Example.org", "external_id": "emp-1", "first_name": "Ada", "last_name": "Lovelace"}


async def test_a_person_is_made_shown_changed_and_removed(api):
    made = await api.post("/api/v1/people", json=ADA)
    assert made.status_code == 201, made.text
    assert (made.json()["email"], made.json()["name"]) == ("ada@example.org", "Ada Lovelace")
    path = f"/api/v1/people/{made.json()['id']}"
    changed = await api.patch(path, json={"display_name": "Countess", "external_id": "emp-2"})
    assert (changed.json()["name"], changed.json()["external_id"]) == ("Countess", "emp-2")
    assert (await api.get(path)).json() == changed.json()
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404


async def test_an_address_belongs_to_one_person_in_any_case(api):
    await api.post("/api/v1/people", json=ADA)
    again = await api.post("/api/v1/people", json={"email": "ADA@EXAMPLE.ORG"})
    assert (again.status_code, again.json()["code"], again.json()["field"]) == (409, "email_taken", "email")


async def test_an_identifier_belongs_to_one_person(api):
    await api.post("/api/v1/people", json=ADA)
    again = await api.post("/api/v1/people", json={"external_id": "emp-1"})
    assert (again.status_code, again.json()["field"]) == (409, "identifiers.external")


async def test_a_conflict_leaves_nothing_behind(api):
    await api.post("/api/v1/people", json=ADA)
    await api.post("/api/v1/people", json={"email": "b@example.org", "external_id": "emp-1"})
    assert (await api.get("/api/v1/people", params={"email": "b@example.org"})).json()["items"] == []


async def test_of_many_who_make_the_same_person_one_succeeds(api):
    answers = await asyncio.gather(*(api.post("/api/v1/people", json=ADA) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_a_person_has_several_identifiers_and_is_found_by_address_and_external_id(api):
    made = await api.post("/api/v1/people", json={**ADA, "identifiers": {"lms": "77", "payroll": "x-9"}})
    assert made.json()["identifiers"] == {"lms": "77", "payroll": "x-9", "external": "emp-1"}
    for params in ({"email": "ADA@example.org"}, {"external_id": "emp-1"}):
        found = (await api.get("/api/v1/people", params=params)).json()["items"]
        assert [item["id"] for item in found] == [made.json()["id"]]


async def test_identifiers_that_are_given_become_the_only_ones(api):
    made = (await api.post("/api/v1/people", json={**ADA, "identifiers": {"lms": "77"}})).json()
    changed = await api.patch(f"/api/v1/people/{made['id']}", json={"identifiers": {"lms": "78"}})
    assert changed.json()["identifiers"] == {"lms": "78"}


async def test_the_address_of_a_removed_person_is_free(api):
    made = (await api.post("/api/v1/people", json=ADA)).json()
    await api.delete(f"/api/v1/people/{made['id']}")
    assert (await api.post("/api/v1/people", json=ADA)).status_code == 201


async def test_people_are_listed_newest_first_a_page_at_a_time(api, parts, organisation):
    made = [(await a_person(parts, organisation)).uid for _ in range(5)]
    first = (await api.get("/api/v1/people", params={"limit": 3})).json()
    rest = (await api.get("/api/v1/people", params={"limit": 3, "after": first["next"]})).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None


async def test_decimals_in_attributes_come_back_as_they_were_sent(api):
    made = await api.post("/api/v1/people", content=b'{"attributes": {"score": 0.1000000000000000000001}}')
    shown = await api.get(f"/api/v1/people/{made.json()['id']}")
    assert b"0.1000000000000000000001" in shown.content


async def test_what_is_no_address_is_named(api):
    answer = await api.post("/api/v1/people", json={"email": "not an address"})
    assert (answer.status_code, answer.json()["field"]) == (422, "email")


async def test_a_person_of_another_organisation_is_not_found(api, other_api):
    made = (await api.post("/api/v1/people", json=ADA)).json()
    for answer in (
        await other_api.get(f"/api/v1/people/{made['id']}"),
        await other_api.patch(f"/api/v1/people/{made['id']}", json={"first_name": "Eve"}),
        await other_api.delete(f"/api/v1/people/{made['id']}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "person_not_found")

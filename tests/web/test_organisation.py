async def test_a_key_shows_its_own_organisation(api, organisation):
    answer = await api.get("/api/v1/organisation")
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == organisation.uid


async def test_what_is_given_is_changed_and_the_rest_stays(api, organisation):
    answer = await api.patch("/api/v1/organisation", json={"description": "We teach", "time_zone": "Europe/Warsaw"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["name"] == organisation.name
    assert answer.json()["time_zone"] == "Europe/Warsaw"


async def test_an_unknown_field_is_named(api):
    answer = await api.patch("/api/v1/organisation", json={"colour": "red"})
    assert answer.status_code == 422
    assert answer.json()["field"] == "colour"


async def test_a_wrong_type_is_named_with_its_value(api):
    answer = await api.patch("/api/v1/organisation", json={"name": 5})
    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (422, "name", 5)


async def test_a_time_zone_that_does_not_exist_is_named(api):
    answer = await api.patch("/api/v1/organisation", json={"time_zone": "Mars/Olympus"})
    assert (answer.status_code, answer.json()["field"]) == (422, "time_zone")

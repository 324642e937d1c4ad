from tests.support.builders import a_department, a_key
from tests.support.events import an_event
from tests.support.fixtures import client_of


async def person_of(api, external_id):
    listed = (await api.get("/api/v1/people")).json()["items"]
    return next(one["id"] for one in listed if one["external_id"] == external_id)


async def test_events_of_a_person_are_listed_as_they_were_sent(api, parts, organisation):
    physics = await a_department(parts, organisation, name="Physics")
    sent = {"tags": ["lab"], "payload": {"minutes": 1.5, "deep": {"er": True}}, "department": physics.uid}
    await an_event(api, "ada", key="first", category="study", sub_category="lab", source_id="s1", **sent)
    await an_event(api, "ada", key="second", occurred_at="2020-02-29T23:59:59.123456Z")
    await an_event(api, "grace", key="other")
    person = await person_of(api, "ada")
    second, first = (await api.get(f"/api/v1/people/{person}/events")).json()["items"]
    assert {name: first[name] for name in sent} == sent
    assert (first["key"], first["category"], first["sub_category"], first["source_id"]) == (
        "first",
        "study",
        "lab",
        "s1",
    )
    assert (second["occurred_at"], second["department"]) == ("2020-02-29T23:59:59.123456Z", None)


async def test_a_retracted_event_is_listed_with_the_reason(api):
    await an_event(api, "ada", key="wrong")
    await an_event(api, "ada", key="right")
    person = await person_of(api, "ada")
    body = {"person": {"id": person}, "key": "wrong", "reason": "somebody else was logged in"}
    assert (await api.post("/api/v1/events/retractions", json=body)).status_code == 200
    listed = (await api.get(f"/api/v1/people/{person}/events")).json()["items"]
    assert {one["key"]: one["retracted"] for one in listed} == {"right": None, "wrong": body["reason"]}


async def test_pages_of_events_go_on_where_they_ended_and_are_narrowed_by_name(api):
    for number in range(5):
        await an_event(api, "ada", key=f"k{number}", name="odd" if number % 2 else "even")
    path = f"/api/v1/people/{await person_of(api, 'ada')}/events"
    first = (await api.get(path, params={"limit": 3})).json()
    rest = (await api.get(path, params={"limit": 3, "after": first["next"]})).json()
    assert [one["key"] for one in first["items"] + rest["items"]] == ["k4", "k3", "k2", "k1", "k0"]
    assert rest["next"] is None
    assert [one["key"] for one in (await api.get(path, params={"name": "odd"})).json()["items"]] == ["k3", "k1"]


async def test_another_organisations_person_is_absent(api, other_api):
    await an_event(other_api, "ada")
    foreign = await person_of(other_api, "ada")
    assert (await api.get(f"/api/v1/people/{foreign}/events")).status_code == 404


async def test_a_key_of_a_department_sees_the_events_of_its_department(api, parts, application, organisation):
    physics = await a_department(parts, organisation, name="Physics")
    await an_event(api, "ada", key="theirs", department=physics.uid)
    await an_event(api, "ada", key="everybodys")
    person = await person_of(api, "ada")
    async with client_of(application, await a_key(parts, organisation, department_id=physics.id)) as bound:
        listed = (await bound.get(f"/api/v1/people/{person}/events")).json()["items"]
    assert [one["key"] for one in listed] == ["theirs"]

from datetime import timedelta

import pytest

from laurel.base.limits import STREAK_FREEZES_MAX, STREAK_TRIGGERS_MAX, XP_RULES_MAX
from tests.support.builders import a_department, a_key
from tests.support.events import an_event
from tests.support.fixtures import client_of

PATH = "/api/v1/streaks/organisation"


async def set_streak(api, **wishes):
    answer = await api.put(PATH, json={"event_names": ["lesson.completed"], **wishes})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def standing(api):
    person = (await api.get("/api/v1/people")).json()["items"][0]["id"]
    [found] = (await api.get(f"/api/v1/people/{person}/streaks")).json()
    return found


async def test_days_in_a_row_are_counted_and_a_missed_one_ends_them(api, clock):
    rule = await set_streak(api)
    for _ in range(3):
        await an_event(api, "ada")
        clock.advance(timedelta(days=1))
    found = await standing(api)
    assert (found["streak"], found["current"], found["longest"], found["done_today"]) == (rule["id"], 3, 3, False)
    clock.advance(timedelta(days=1))
    found = await standing(api)
    assert (found["current"], found["longest"]) == (0, 3)


async def test_a_freeze_saves_a_missed_day(api, clock):
    await set_streak(api, freezes_max=1, freeze_every=2)
    for _ in range(2):
        await an_event(api, "ada")
        clock.advance(timedelta(days=1))
    clock.advance(timedelta(days=1))
    assert ((await standing(api))["current"], (await standing(api))["freezes"]) == (2, 1)
    await an_event(api, "ada")
    found = await standing(api)
    assert (found["current"], found["freezes"], found["done_today"]) == (3, 0, True)


async def test_a_streak_is_changed_in_part_and_listed(api, parts, organisation):
    physics = await a_department(parts, organisation, name="Physics")
    own = await set_streak(api, freezes_max=2)
    changed = (await api.put(PATH, json={"enabled": False})).json()
    assert (changed["id"], changed["enabled"], changed["freezes_max"]) == (own["id"], False, 2)
    theirs = (await api.put(f"/api/v1/streaks/{physics.uid}", json={"sub_categories": ["quiz"]})).json()
    assert (theirs["department"], theirs["event_names"]) == (physics.uid, [])
    assert [one["id"] for one in (await api.get("/api/v1/streaks")).json()] == [own["id"], theirs["id"]]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"freezes_max": STREAK_FREEZES_MAX + 1}, "freezes_max"),
        ({"freeze_every": -1}, "freeze_every"),
        ({"event_names": ["x"] * (STREAK_TRIGGERS_MAX + 1)}, "event_names"),
        ({"event_names": ["x" * 10_000]}, "event_names[0]"),
        ({"names": ["x"]}, "names"),
    ],
)
async def test_what_cannot_be_a_streak_is_refused_by_field(api, wrong, field):
    answer = await api.put(PATH, json=wrong)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await api.get("/api/v1/streaks")).json() == []


async def test_a_key_of_a_department_sets_its_own_streak_alone(api, parts, application, organisation):
    physics, law = [await a_department(parts, organisation, name=name) for name in ("Physics", "Law")]
    own = await set_streak(api)
    async with client_of(application, await a_key(parts, organisation, department_id=physics.id)) as bound:
        assert (await bound.put(PATH, json={"enabled": False})).status_code == 403
        assert (await bound.put("/api/v1/xp-rules", json={"rules": []})).status_code == 403
        assert (await bound.put(f"/api/v1/streaks/{law.uid}", json={})).status_code == 404
        made = (await bound.put(f"/api/v1/streaks/{physics.uid}", json={})).json()
        assert [one["id"] for one in (await bound.get("/api/v1/streaks")).json()] == [made["id"]]
    assert (await api.get("/api/v1/streaks")).json()[0] == own


async def test_xp_rules_pay_for_events_and_replace_each_other(api):
    rule = {"category": "custom", "description": "Anything", "amounts": {"total": 3, "loyalty": 2}}
    [kept] = (await api.put("/api/v1/xp-rules", json={"rules": [rule]})).json()
    assert (kept["sub_category"], kept["amounts"]) == ("", {"total": 3, "loyalty": 2})
    await an_event(api, "ada")
    person = (await api.get("/api/v1/people")).json()["items"][0]["id"]
    balances = (await api.get(f"/api/v1/people/{person}/balances")).json()
    assert {(one["dimension"], one["amount"]) for one in balances if one["unit"] == "xp"} == {("", 3), ("loyalty", 2)}
    [kept] = (await api.put("/api/v1/xp-rules", json={"rules": [{**rule, "amounts": {}}]})).json()
    assert kept["amounts"] == {}
    assert (await api.get("/api/v1/xp-rules")).json() == [kept]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ([{"category": "custom", "amounts": {"total": -1}}], "rules[0].total"),
        ([{"category": "custom", "amounts": {"wisdom": 1}}], "rules[0].amounts"),
        ([{"category": "x" * 10_000, "amounts": {}}], "rules[0].category"),
        ([{"category": "custom", "amounts": {}}] * (XP_RULES_MAX + 1), "rules"),
    ],
)
async def test_what_cannot_be_an_xp_rule_is_refused_by_field(api, wrong, field):
    answer = await api.put("/api/v1/xp-rules", json={"rules": wrong})
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert (await api.get("/api/v1/xp-rules")).json() == []


async def test_another_organisations_person_has_no_streaks_here(api, other_api):
    await set_streak(other_api)
    await an_event(other_api, "ada")
    foreign = (await other_api.get("/api/v1/people")).json()["items"][0]["id"]
    assert (await api.get(f"/api/v1/people/{foreign}/streaks")).status_code == 404
    assert (await api.get("/api/v1/streaks")).json() == []

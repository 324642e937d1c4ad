"""Levels inside one achievement: earned in order, each once; shown, paid and certified by themselves; bad plans refused."""

from decimal import Decimal

import pytest

from laurel.base import limits
from tests.support.events import an_achievement, an_event, person_uid
from tests.support.work import run_jobs

METALS = {
    "steps": [
        {"target": 2, "names": {"en": "Bronze", "de": "Bronze"}},
        {"target": 5, "names": {"en": "Silver"}, "rewards": {"points": 50}},
        {"target": 9, "names": {"en": "Gold"}, "rewards": {"points": 250, "claim": "manual"}},
    ]
}


def lessons(value, **more):
    return {"type": "count", "query": "lessons", "operator": ">=", "value": value, **more}


def minutes(value):
    return {"type": "sum", "query": "lessons", "attribute": "minutes", "operator": ">=", "value": value}


async def progress_of(api, parts, organisation, person="ada"):
    uid = await person_uid(parts, organisation, person)
    (item,) = (await api.get(f"/api/v1/people/{uid}/progress")).json()["items"]
    return item


async def test_each_level_is_earned_once_in_order_and_pays_by_its_own_plan(api, parts, organisation):
    made = await an_achievement(api, name="Reader", criteria=lessons(2), levels=METALS, rewards={"points": 10})
    assert [step["target"] for step in made["levels"]["steps"]] == [2, 5, 9]
    unlocked = []
    for number in range(1, 12):
        unlocked += [
            (number, one["level"], one["name"], one["points"], one["claimable"])
            for one in (await an_event(api, key=str(number))).get("unlocked", [])
        ]
    assert unlocked == [
        (2, 1, "Reader: Bronze", 10, False),
        (5, 2, "Reader: Silver", 50, False),
        (9, 3, "Reader: Gold", 0, True),
    ]
    ada = await person_uid(parts, organisation, "ada")
    gold, silver, bronze = (await api.get(f"/api/v1/people/{ada}/awards")).json()["items"]
    assert [(one["level"], one["period"]) for one in (bronze, silver, gold)] == [(1, ""), (2, "#2"), (3, "#3")]
    claimed = await api.post(f"/api/v1/awards/{gold['id']}/claim", json={})
    assert (claimed.status_code, claimed.json()["points"], claimed.json()["level"]) == (200, 250, 3)


async def test_progress_shows_the_level_and_what_the_next_one_takes(api, parts, organisation):
    await an_achievement(api, criteria=lessons(2), levels=METALS)
    shown = []
    for number in range(10):
        await an_event(api, key=str(number))
        item = await progress_of(api, parts, organisation)
        level = item["level"]
        node = item["progress"]
        shown.append((level["reached"], level["name"], level.get("next_target"), item["complete"], node["is_complete"]))
        assert (node["current_value"], node["target_value"]) == (number + 1, level.get("next_target") or 9)
        assert (level["highest"], item["times_completed"]) == (3, level["reached"])
    assert list(dict.fromkeys(shown)) == [
        (0, "", 2, False, False),
        (1, "Bronze", 5, False, False),
        (2, "Silver", 9, False, False),
        (3, "Gold", None, True, True),
    ]


async def test_a_formula_makes_levels_and_one_event_may_bring_several(api):
    formula = {"target": "10 * level ^ 1.5", "highest": 4}  # 10, 28.28…, 51.96…, 80
    made = await an_achievement(api, name="Listener", criteria=minutes(10), levels=formula)
    assert made["levels"] == {"steps": [], **formula}
    steps = [(9, []), (1, [1]), (18, []), (1, [2]), (0.5, []), (60, [3, 4]), (1000, [])]
    for number, (amount, levels) in enumerate(steps):
        result = await an_event(api, key=str(number), payload={"minutes": amount})
        assert [one["level"] for one in result.get("unlocked", [])] == levels, number
        assert [one["name"] for one in result.get("unlocked", [])] == [f"Listener {level}" for level in levels]


async def test_levels_begin_anew_in_every_period(api, parts, organisation):
    await an_achievement(api, criteria=lessons(1), period="daily", levels={"target": "level", "highest": 2})
    earned = []
    for number, day in enumerate([14, 14, 14, 13, 13]):
        result = await an_event(api, key=str(number), occurred_at=f"2026-03-{day}T10:00:00Z")
        earned += [one["period"] for one in result.get("unlocked", [])]
    assert earned == ["d:2026-03-14", "d:2026-03-14#2", "d:2026-03-13", "d:2026-03-13#2"]
    assert (await progress_of(api, parts, organisation))["level"]["reached"] == 2


async def test_a_retraction_takes_the_levels_that_no_longer_hold(api):
    await an_achievement(api, criteria=lessons(1), levels={"target": "level", "highest": 3}, revoke_on_retraction=True)
    for key in "abc":
        await an_event(api, key=key)
    body = {"person": {"external_id": "ada"}, "key": "a", "reason": "a mistake"}
    answer = (await api.post("/api/v1/events/retractions", json=body)).json()
    assert [award["level"] for award in answer["revoked"]] == [3]


async def test_a_level_feeds_other_achievements_by_its_number(api):
    await an_achievement(api, criteria=lessons(1), levels={"target": "level", "highest": 3})
    queries = [
        {
            "alias": "high",
            "sub_category": "achievement-completion",
            "where": [{"attribute": "level", "operator": ">=", "value": 3}],
        }
    ]
    veteran = await an_achievement(api, queries=queries, criteria={"type": "count", "query": "high", "value": 1})
    unlocked = [(await an_event(api, key=key)).get("unlocked", []) for key in "abc"]
    assert [[one["achievement"] == veteran["id"] for one in some] for some in unlocked] == [
        [False],
        [False],
        [False, True],
    ]


async def test_each_level_has_a_credential_that_names_it(api, stranger, parts, organisation):
    await an_achievement(api, name="Reader", criteria=lessons(2), levels=METALS, issues_credential=True)
    for number in range(5):
        await an_event(api, key=str(number))
    await run_jobs(parts, organisation, "credentials.issue")
    ada = await person_uid(parts, organisation, "ada")
    awards = (await api.get(f"/api/v1/people/{ada}/awards")).json()["items"]
    documents = [(await stranger.get(f"/c/{award['credential']}")).json() for award in awards]
    assert [document["name"] for document in documents] == ["Reader: Silver", "Reader: Bronze"]


async def test_more_levels_count_for_what_was_done_before(api, parts, organisation):
    made = await an_achievement(api, criteria=lessons(1))
    for key in "abc":
        await an_event(api, key=key)
    body = {"levels": {"steps": [{"target": 1}, {"target": 3}, {"target": 4}]}}
    assert (await api.patch(f"/api/v1/achievements/{made['id']}", json=body)).status_code == 200
    assert (await progress_of(api, parts, organisation))["progress"]["target_value"] == 4
    result = await an_event(api, key="d")
    assert [one["level"] for one in result["unlocked"]] == [3]  # the second one is what the third lesson brought
    assert (await progress_of(api, parts, organisation))["level"]["reached"] == 3


@pytest.mark.parametrize(
    ("levels", "criteria", "field"),
    [
        ({}, lessons(1), "levels"),
        ({"steps": [{"target": 1}], "target": "level", "highest": 2}, lessons(1), "levels"),
        ({"steps": [{"target": 2}, {"target": 2}]}, lessons(2), "levels.steps[1].target"),
        ({"steps": [{"target": 0}]}, lessons(0), "levels.steps[0].target"),
        ({"steps": [{"target": 1.5}]}, lessons(1), "levels.steps[0].target"),
        ({"steps": [{"target": 1}] * (limits.ACHIEVEMENT_LEVELS_MAX + 1)}, lessons(1), "levels.steps"),
        ({"steps": [{"target": 1, "names": {"en": "x" * (limits.NAME_LENGTH_MAX + 1)}}]}, lessons(1), "levels.steps[0].names.en"),
        ({"steps": [{"target": 1, "rewards": {"points": -1}}]}, lessons(1), "levels.steps[0].rewards.points"),
        ({"steps": [{"target": 1, "rewards": {"items": [{"reward": "0" * 24, "kind": "assets"}]}}]}, lessons(1),
         "levels.steps[0].rewards.items[0].reward"),
        ({"steps": [{"target": 3}]}, lessons(2), "criteria.value"),
        ({"steps": [{"target": 3}]}, lessons(3, operator=">"), "criteria"),
        ({"steps": [{"target": 3}]}, None, "criteria"),
        ({"steps": [{"target": 3}]}, {"type": "logical", "operator": "and", "conditions": [lessons(3)]}, "criteria"),
        ({"target": "level", "highest": 0}, lessons(1), "levels.highest"),
        ({"target": "level", "highest": limits.ACHIEVEMENT_LEVELS_MAX + 1}, lessons(1), "levels.highest"),
        ({"target": "10 -", "highest": 2}, lessons(10), "levels.target"),
        ({"target": "__import__('os')", "highest": 2}, lessons(10), "levels.target"),
        ({"target": "level ^ 7", "highest": 2}, lessons(1), "levels.target"),
        ({"target": "(1 - level) ^ 0.5", "highest": 2}, lessons(1), "levels.target"),
        ({"target": "1 / (level - 1)", "highest": 2}, lessons(1), "levels.target"),
        ({"target": "5 - level", "highest": 3}, lessons(4), "levels.target"),
        ({"target": "level * 10 ^ 6 * 10 ^ 6 * 10 ^ 6", "highest": 2}, lessons(1), "levels.target"),
        ({"target": "9" * (limits.FORMULA_LENGTH_MAX + 1), "highest": 2}, lessons(1), "levels.target"),
    ],
)  # fmt: skip
async def test_levels_that_cannot_be_kept_are_refused_by_field(api, levels, criteria, field):
    body = {
        "name": "x",
        "queries": [{"alias": "lessons", "event_name": "lesson.completed"}],
        "criteria": criteria,
        "levels": levels,
    }
    answer = await api.post("/api/v1/achievements", json=body)
    assert (answer.status_code, answer.json().get("field")) in {(422, field), (404, field)}, answer.text


async def test_criteria_cannot_be_changed_away_from_under_levels(api):
    made = await an_achievement(api, criteria=lessons(2), levels=METALS)
    path = f"/api/v1/achievements/{made['id']}"
    refused = await api.patch(path, json={"criteria": lessons(3)})
    assert (refused.status_code, refused.json()["field"]) == (422, "criteria.value")
    gone = await api.patch(path, json={"criteria": lessons(3), "levels": None})
    assert (gone.status_code, gone.json()["levels"]) == (200, None)


async def test_a_level_given_directly_is_the_first(api, parts, organisation):
    made = await an_achievement(api, criteria=lessons(2), levels=METALS)
    body = {"person": {"external_id": "ada"}, "create_person": True}
    given = (await api.post(f"/api/v1/achievements/{made['id']}/awards", json=body)).json()
    assert (given["level"], given["period"]) == (1, "")
    results = [await an_event(api, key=str(number)) for number in range(5)]
    assert [[one["level"] for one in result.get("unlocked", [])] for result in results] == [[], [], [], [], [2]]
    assert Decimal((await progress_of(api, parts, organisation))["level"]["reached"]) == 2

from datetime import timedelta

import pytest

from tests.support.events import an_achievement, an_event, person_uid

QUERIES = [{"alias": "a", "event_name": "lesson.completed"}]


def count(value=1, **rest):
    return {"type": "count", "query": "a", "value": value, **rest}


def nested(depth):
    node = count()
    for _ in range(depth - 1):
        node = {"type": "logical", "operator": "and", "conditions": [node]}
    return node


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"criteria": {"type": "count", "query": "b", "value": 1}}, "criteria.query", "unknown_alias"),
        (
            {
                "criteria": {
                    "type": "logical",
                    "operator": "or",
                    "conditions": [count(), {"type": "sum", "query": "z", "attribute": "x", "value": 1}],
                }
            },
            "criteria.conditions[1].query",
            "unknown_alias",
        ),
        ({"criteria": {"type": "logical", "operator": "and", "conditions": []}}, "criteria.conditions", "invalid"),
        ({"criteria": nested(11)}, "criteria" + ".conditions[0]" * 10, "too_large"),
        ({"criteria": {"type": "logical", "operator": "and", "conditions": [count()] * 200}}, "criteria", "too_large"),
        ({"criteria": count(1.5)}, "criteria.value", "invalid"),
        ({"criteria": count(10**18)}, "criteria.value", "too_large"),
        ({"criteria": {"type": "sum", "query": "a", "attribute": "a..b", "value": 1}}, "criteria.attribute", "invalid"),
        ({"criteria": count(operator="=~")}, "criteria.operator", "invalid"),
        ({"criteria": {"type": "median"}}, "criteria", "invalid"),
        ({"queries": [*QUERIES, *QUERIES]}, "queries[1].alias", "invalid"),
        ({"queries": [{"alias": ""}]}, "queries[0].alias", "invalid"),
        ({"queries": [{"alias": "a", "cap": {"count": 0, "window": "day"}}]}, "queries[0].cap.count", "invalid"),
        ({"queries": [{"alias": f"q{n}"} for n in range(51)]}, "queries", "too_large"),
        ({"prerequisites": ["0" * 24]}, "prerequisites[0]", "achievement_not_found"),
        ({"starts_at": "2026-04-01T00:00:00Z", "expires_at": "2026-03-01T00:00:00Z"}, "expires_at", "invalid"),
        ({"starts_at": "2026-04-01T00:00:00"}, "starts_at", "invalid"),
        ({"name": "x" * 513}, "names.en", "too_large"),
        ({"name": " "}, "names", "invalid"),
        ({"description": "x" * 10_001}, "descriptions.en", "too_large"),
        ({"tags": ["x" * 101]}, "tags[0]", "too_large"),
        ({"tags": ["x"] * 101}, "tags", "too_large"),
        ({"rewards": {"points": -1}}, "rewards.points", "invalid"),
        ({"rewards": {"xp": {"luck": 1}}}, "rewards.xp.luck", "invalid"),
        ({"credential": {"valid_days": 0}}, "credential.valid_days", "invalid"),
        ({"credits": -1}, "credits", "invalid"),
        ({"department": "0" * 24}, "department", "not_found"),
        ({"period": "hourly"}, "period", "invalid"),
        ({"revision": 7}, "revision", "invalid"),
    ],
)
async def test_a_bad_definition_names_its_field(api, change, field, code):
    body = {"name": "x", "queries": QUERIES, "criteria": count(), **change}
    answer = await api.post("/api/v1/achievements", json=body)
    assert answer.status_code in (404, 422), answer.text
    problem = answer.json()
    assert problem["code"] == code, answer.text
    assert field in (problem.get("field"), None) or field in problem["detail"], answer.text
    assert (await api.get("/api/v1/achievements")).json()["items"] == []


async def test_an_achievement_cannot_need_itself(api):
    achievement = await an_achievement(api)
    answer = await api.patch(f"/api/v1/achievements/{achievement['id']}", json={"prerequisites": [achievement["id"]]})
    assert (answer.status_code, answer.json()["field"]) == (422, "prerequisites[0]")


async def test_the_status_follows_the_clock(api, clock):
    start, end = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=2)
    achievement = await an_achievement(api, starts_at=start.isoformat(), expires_at=end.isoformat())
    assert achievement["status"] == "scheduled"
    assert "unlocked" not in await an_event(api, "early")
    clock.set(start)
    assert (await api.get(f"/api/v1/achievements/{achievement['id']}")).json()["status"] == "live"
    assert len((await an_event(api, "timely"))["unlocked"]) == 1
    clock.set(end)
    assert (await api.get(f"/api/v1/achievements/{achievement['id']}")).json()["status"] == "expired"
    assert "unlocked" not in await an_event(api, "late")


async def test_a_live_achievement_cannot_become_a_draft(api):
    achievement = await an_achievement(api)
    answer = await api.patch(f"/api/v1/achievements/{achievement['id']}", json={"status": "draft"})
    assert (answer.status_code, answer.json()["code"]) == (409, "status_change_refused")
    for status in ("archived", "draft", "live"):
        answer = await api.patch(f"/api/v1/achievements/{achievement['id']}", json={"status": status})
        assert answer.status_code == 200, answer.text


async def test_what_was_counted_by_an_older_definition_is_counted_anew(api, parts, organisation):
    achievement = await an_achievement(api, queries=QUERIES, criteria=count(3), name="Three lessons")
    await an_event(api, "ada", payload={"minutes": 10})
    await an_event(api, "ada", payload={"minutes": 20})
    changed = await api.patch(
        f"/api/v1/achievements/{achievement['id']}",
        json={"criteria": {"type": "sum", "query": "a", "attribute": "minutes", "value": 40}},
    )
    assert changed.json()["revision"] == 2
    ada = await person_uid(parts, organisation, "ada")
    (progress,) = (await api.get(f"/api/v1/people/{ada}/progress")).json()["items"]
    assert progress["progress"]["current_value"] == 30
    assert len((await an_event(api, "ada", payload={"minutes": 10}))["unlocked"]) == 1


async def test_events_of_a_pause_do_not_count_afterwards(api, parts, organisation, clock):
    achievement = await an_achievement(api, queries=QUERIES, criteria=count(5))
    await an_event(api, "ada")
    clock.advance(timedelta(minutes=1))
    await api.patch(f"/api/v1/achievements/{achievement['id']}", json={"status": "archived"})
    clock.advance(timedelta(minutes=1))
    await an_event(api, "ada")
    clock.advance(timedelta(minutes=1))
    await api.patch(f"/api/v1/achievements/{achievement['id']}", json={"status": "live"})
    clock.advance(timedelta(minutes=1))
    await an_event(api, "ada")
    ada = await person_uid(parts, organisation, "ada")
    (progress,) = (await api.get(f"/api/v1/people/{ada}/progress")).json()["items"]
    assert progress["progress"]["current_value"] == 2


async def test_hidden_achievements_show_once_earned(api, parts, organisation):
    await an_achievement(api, hidden=True, queries=QUERIES, criteria=count(2))
    first = await an_event(api, "ada")
    assert "advanced" not in first
    ada = await person_uid(parts, organisation, "ada")
    assert (await api.get(f"/api/v1/people/{ada}/progress")).json()["items"] == []
    await an_event(api, "ada")
    assert len((await api.get(f"/api/v1/people/{ada}/progress")).json()["items"]) == 1


async def test_caps_count_so_many_a_day(api, parts, organisation):
    await an_achievement(
        api,
        queries=[{"alias": "a", "event_name": "lesson.completed", "cap": {"count": 2, "window": "day"}}],
        criteria=count(10),
    )
    for day in ("12", "12", "12", "13"):
        await an_event(api, "ada", occurred_at=f"2026-03-{day}T10:00:00Z")
    ada = await person_uid(parts, organisation, "ada")
    (progress,) = (await api.get(f"/api/v1/people/{ada}/progress")).json()["items"]
    assert progress["progress"]["current_value"] == 3


async def test_payload_conditions_decide_what_counts(api, parts, organisation):
    await an_achievement(
        api,
        queries=[
            {
                "alias": "a",
                "event_name": "lesson.completed",
                "where": [
                    {"attribute": "score.scaled", "operator": ">=", "value": 0.8},
                    {"attribute": "subject", "operator": "==", "value": "maths"},
                ],
            }
        ],
        criteria=count(10),
    )
    for payload in (
        {"score": {"scaled": 0.8}, "subject": "maths"},
        {"score": {"scaled": 0.79}, "subject": "maths"},
        {"score": {"scaled": "0.9"}, "subject": "maths"},
        {"subject": "maths"},
        {"score": {"scaled": 1}, "subject": "art"},
    ):
        await an_event(api, "ada", payload=payload)
    ada = await person_uid(parts, organisation, "ada")
    (progress,) = (await api.get(f"/api/v1/people/{ada}/progress")).json()["items"]
    assert progress["progress"]["current_value"] == 1

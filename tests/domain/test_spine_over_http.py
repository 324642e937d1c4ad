import json

import pytest

from tests.support.events import an_achievement, an_event, person_uid
from tests.support.work import run_jobs


async def test_one_event_becomes_an_award_with_a_credential(api, stranger, parts, organisation):
    achievement = await an_achievement(api, issues_credential=True, rewards={"points": 10, "xp": {"knowledge": 5}})
    result = await an_event(api, "ada", key="e1")
    assert result["status"] == "accepted"
    assert result["advanced"] == [{"achievement": achievement["id"], "query": "lessons", "value": 1}]
    (unlocked,) = result["unlocked"]
    assert (unlocked["achievement"], unlocked["points"], unlocked["xp"]) == (achievement["id"], 10, 5)
    ada = await person_uid(parts, organisation, "ada")
    (award,) = (await api.get(f"/api/v1/people/{ada}/awards")).json()["items"]
    assert award["id"] == unlocked["award"]
    await run_jobs(parts, organisation, "credentials.issue")
    document = (await stranger.get(f"/c/{award['credential']}")).json()
    assert document["name"] == achievement["name"]
    html = await stranger.get(f"/c/{award['credential']}", headers={"Accept": "text/html"})
    assert achievement["name"] in html.text


async def test_the_same_key_with_the_same_body_is_a_replay_without_effect(api, parts, organisation):
    await an_achievement(api, criteria={"type": "count", "query": "lessons", "value": 2})
    body = {"person": {"external_id": "ada"}, "name": "lesson.completed", "key": "e1", "payload": {"minutes": 1.50}}
    first = await api.post("/api/v1/events?create_people=true", json=body)
    again = await api.post("/api/v1/events", json=body)
    assert (first.json()["accepted"], again.json()["replayed"]) == (1, 1)
    ada = await person_uid(parts, organisation, "ada")
    (progress,) = (await api.get(f"/api/v1/people/{ada}/progress")).json()["items"]
    assert progress["progress"]["current_value"] == 1


async def test_the_same_key_with_another_body_is_a_conflict(api):
    await an_event(api, "ada", key="e1")
    body = {"person": {"external_id": "ada"}, "name": "lesson.started", "key": "e1"}
    answer = await api.post("/api/v1/events", json=body)
    assert answer.status_code == 409
    assert answer.json()["results"][0]["error"]["code"] == "event_key_reused"


async def test_repeats_within_one_batch_count_once(api):
    await an_achievement(api, criteria={"type": "count", "query": "lessons", "value": 5})
    event = {"person": {"external_id": "ada"}, "name": "lesson.completed", "key": "e1"}
    answer = (await api.post("/api/v1/events?create_people=true", json=[event, event, {**event, "name": "x"}])).json()
    assert [result["status"] for result in answer["results"]] == ["accepted", "replayed", "refused"]


async def test_lines_are_recorded_and_bad_ones_answered_by_number(api):
    lines = "\n".join(
        [
            json.dumps({"person": {"external_id": "ada"}, "name": "a", "key": "1"}),
            "{not json",
            "",
            json.dumps({"person": {"external_id": "ada"}, "name": "a", "key": "2", "surprise": 1}),
            json.dumps({"person": {"external_id": "bob"}, "name": "a", "key": "3"}),
        ]
    )
    headers = {"Content-Type": "application/x-ndjson"}
    answer = (await api.post("/api/v1/events?create_people=true", content=lines, headers=headers)).json()
    assert (answer["accepted"], answer["refused"]) == (2, 2)
    assert [(result.get("line"), result["status"]) for result in answer["results"]] == [
        (1, "accepted"),
        (2, "refused"),
        (4, "refused"),
        (5, "accepted"),
    ]
    assert "surprise" in answer["results"][2]["error"]["detail"]


async def test_an_atomic_batch_with_a_bad_line_records_nothing(api):
    lines = json.dumps({"person": {"external_id": "ada"}, "name": "a", "key": "1"}) + "\n{bad"
    headers = {"Content-Type": "application/x-ndjson"}
    answer = await api.post("/api/v1/events?create_people=true&atomic=true", content=lines, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["details"]["refused"][0]["line"] == 2
    again = await api.post("/api/v1/events?atomic=true", content=lines.split("\n")[0], headers=headers)
    assert again.json()["details"]["refused"][0]["error"]["code"] == "person_not_found"


async def test_an_unknown_person_is_refused_without_create_people(api):
    answer = await api.post("/api/v1/events", json={"person": {"external_id": "nobody"}, "name": "a"})
    assert answer.status_code == 404
    assert answer.json()["results"][0]["error"]["code"] == "person_not_found"


async def test_a_dry_run_says_what_would_be_and_records_nothing(api, parts, organisation):
    await an_achievement(api)
    body = {"person": {"external_id": "ada"}, "name": "lesson.completed", "key": "e1"}
    dry = (await api.post("/api/v1/events?create_people=true&dry_run=true", json=body)).json()
    assert dry["dry_run"] is True
    assert len(dry["results"][0]["unlocked"]) == 1
    assert await person_uid(parts, organisation, "ada") is None
    real = (await api.post("/api/v1/events?create_people=true", json=body)).json()
    assert real["accepted"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"payload": {"n": 10**18}}, "event.payload.n"),
        ({"payload": {"n": "x" * 20_000}}, "event.payload"),
        ({"payload": {"a": [[[[[[[[[[1]]]]]]]]]]}}, "event.payload.a[0]"),
        ({"name": "x" * 201}, "event.name"),
        ({"name": ""}, "event.name"),
        ({"key": "k" * 201}, "event.key"),
        ({"tags": ["t"] * 51}, "event.tags"),
        ({"occurred_at": "2026-03-15T12:00:01Z"}, "event.occurred_at"),
        ({"occurred_at": "2026-03-14T12:00:01"}, "event.occurred_at"),
        ({"person": {"external_id": "a", "email": "a@b.cd"}}, "event.person"),
        ({"person": {"email": "nonsense"}}, "event.person.email"),
        ({"department": "0" * 24}, "event.department"),
        ({"name": 5}, "event.name"),
        ({"surprise": 1}, "event"),
    ],
)
async def test_bad_input_names_its_field(api, change, field):
    body = {"person": {"external_id": "ada"}, "name": "a", **change}
    answer = await api.post("/api/v1/events?create_people=true", json=body)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["field"].startswith(field), answer.text


@pytest.mark.parametrize("body", ["", "[", "NaN", '{"person":{"external_id":"a"},"name":"a","payload":{"n":NaN}}'])
async def test_malformed_json_is_a_400(api, body):
    answer = await api.post("/api/v1/events", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text


async def test_more_events_than_the_limit_are_refused(api):
    event = {"person": {"external_id": "ada"}, "name": "a"}
    answer = await api.post("/api/v1/events", json=[event] * 10_001)
    assert answer.status_code == 422
    assert answer.json()["limit"] == 10_000


async def test_decimals_add_up_exactly(api, parts, organisation):
    await an_achievement(
        api, criteria={"type": "sum", "query": "lessons", "attribute": "hours", "operator": "==", "value": 0.3}
    )
    await an_event(api, "ada", payload={"hours": 0.1})
    result = await an_event(api, "ada", payload={"hours": 0.2})
    assert len(result["unlocked"]) == 1


async def test_achievements_cascade_through_prerequisites_and_completion_events(api):
    first = await an_achievement(api)
    second = await an_achievement(
        api,
        queries=[{"alias": "done", "category": "achievement", "source_id": first["id"]}],
        criteria={"type": "count", "query": "done", "value": 1},
    )
    diploma = await an_achievement(api, queries=[], criteria=None, prerequisites=[first["id"], second["id"]])
    result = await an_event(api, "ada")
    assert {unlocked["achievement"] for unlocked in result["unlocked"]} == {first["id"], second["id"], diploma["id"]}


async def test_a_daily_achievement_completes_once_a_day_also_out_of_order(api):
    await an_achievement(api, period="daily")
    for day, expected in (("14", 1), ("14", 0), ("12", 1), ("13", 1), ("12", 0)):
        result = await an_event(api, "ada", occurred_at=f"2026-03-{day}T10:00:00Z")
        assert len(result.get("unlocked", [])) == expected, day


async def test_retraction_rolls_progress_back_and_revokes_where_asked(api, parts, organisation):
    keeps = await an_achievement(api)
    loses = await an_achievement(api, revoke_on_retraction=True)
    await an_event(api, "ada", key="e1")
    answer = await api.post(
        "/api/v1/events/retractions", json={"person": {"external_id": "ada"}, "key": "e1", "reason": "a mistake"}
    )
    assert [award["achievement"] for award in answer.json()["revoked"]] == [loses["id"]]
    ada = await person_uid(parts, organisation, "ada")
    progress = {p["achievement"]: p for p in (await api.get(f"/api/v1/people/{ada}/progress")).json()["items"]}
    assert progress[keeps["id"]]["progress"]["current_value"] == 0
    assert progress[keeps["id"]]["complete"] is True
    assert progress[loses["id"]]["complete"] is False
    again = await api.post("/api/v1/events/retractions", json={"person": {"external_id": "ada"}, "key": "e1"})
    assert again.json()["revoked"] == []


async def test_explain_says_what_is_missing_and_why_events_did_not_count(api, parts, organisation):
    achievement = await an_achievement(
        api,
        queries=[{"alias": "lessons", "event_name": "lesson.completed", "tags": ["maths"]}],
        criteria={"type": "count", "query": "lessons", "value": 2},
    )
    await an_event(api, "ada", key="good", tags=["maths"])
    await an_event(api, "ada", key="untagged")
    await an_event(api, "ada", key="other", name="lesson.started")
    ada = await person_uid(parts, organisation, "ada")
    explained = (await api.get(f"/api/v1/achievements/{achievement['id']}/explain?person={ada}")).json()
    assert explained["complete"] is False
    assert explained["sentences"] == ["lessons: 1 events, >= 2 needed."]
    verdicts = {event["key"]: event for event in explained["events"]}
    assert verdicts["good"]["counted"] is True
    assert verdicts["untagged"]["reasons"] == ["it has none of the tags maths"]
    assert verdicts["other"]["reasons"] == ["no query asks for lesson.started in custom"]


async def test_giving_twice_is_a_conflict_that_names_the_award(api):
    achievement = await an_achievement(api)
    body = {"person": {"email": "Ada@Example.org"}, "create_person": True, "score": "85"}
    given = await api.post(f"/api/v1/achievements/{achievement['id']}/awards", json=body)
    assert given.status_code == 201, given.text
    again = await api.post(f"/api/v1/achievements/{achievement['id']}/awards", json=body)
    assert again.status_code == 409
    assert again.json()["details"]["award"] == given.json()["id"]
    more = await api.post(f"/api/v1/achievements/{achievement['id']}/awards", json={**body, "again": True})
    assert more.status_code == 201


async def test_revoking_and_reinstating_an_award(api, stranger):
    achievement = await an_achievement(api)
    body = {"person": {"email": "ada@example.org"}, "create_person": True}
    award = (await api.post(f"/api/v1/achievements/{achievement['id']}/awards", json=body)).json()
    revoked = await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "plagiarism"})
    assert revoked.json()["state"] == "revoked"
    shown = (await stranger.get(f"/c/{award['credential']}", headers={"Accept": "text/html"})).text
    assert "plagiarism" in shown
    assert (await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "x"})).status_code == 409
    assert (await api.post(f"/api/v1/awards/{award['id']}/reinstate")).json()["state"] == "active"
    assert (await api.post(f"/api/v1/awards/{award['id']}/reinstate")).status_code == 409


async def test_manual_claims_pay_once(api, parts, organisation):
    await an_achievement(api, rewards={"points": 7, "claim": "manual"})
    (unlocked,) = (await an_event(api, "ada"))["unlocked"]
    assert (unlocked["claimable"], unlocked["points"]) == (True, 0)
    claimed = await api.post(f"/api/v1/awards/{unlocked['award']}/claim", json={})
    assert claimed.json()["points"] == 7
    assert (await api.post(f"/api/v1/awards/{unlocked['award']}/claim", json={})).status_code == 409
    ada = await person_uid(parts, organisation, "ada")
    balances = (await api.get(f"/api/v1/people/{ada}/balances")).json()
    assert balances == [{"unit": "points", "dimension": "", "amount": 7}]


async def test_another_organisation_sees_and_touches_nothing(api, other_api):
    achievement = await an_achievement(api)
    (unlocked,) = (await an_event(api, "ada"))["unlocked"]
    for method, path, body in (
        ("GET", f"/api/v1/achievements/{achievement['id']}", None),
        ("PATCH", f"/api/v1/achievements/{achievement['id']}", {"name": "mine"}),
        ("GET", f"/api/v1/awards/{unlocked['award']}", None),
        ("POST", f"/api/v1/awards/{unlocked['award']}/revoke", {"reason": "x"}),
    ):
        answer = await other_api.request(method, path, json=body)
        assert answer.status_code == 404, (method, path, answer.text)

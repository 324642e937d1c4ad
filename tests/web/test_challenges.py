from datetime import timedelta

import pytest

from laurel.base.limits import ACTIONS_PER_CHALLENGE_MAX, CHALLENGE_KEYS_MAX
from tests.support.events import an_event

ABSENT = "0" * 24
CHALLENGES = "/api/v1/challenges"


async def a_challenge(api, **wishes):
    answer = await api.post(CHALLENGES, json={"name": "Take a walk", "status": "live", **wishes})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def ada(api):
    """The id of a person, who is made by an event."""
    await an_event(api, "ada", name="came")
    [person] = (await api.get("/api/v1/people")).json()["items"]
    return person["id"]


async def taking(api, challenge, action, status=200, **given):
    body = {"person": {"external_id": "ada"}, "action": action["id"], "input": given}
    answer = await api.post(f"{CHALLENGES}/{challenge['id']}/participations", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_challenge_is_made_shown_changed_and_removed(api):
    made = await a_challenge(
        api, description="Outside", tags=["health"], rewards={"points": 5}, actions=[{"name": "Here"}]
    )
    path = f"{CHALLENGES}/{made['id']}"
    assert (made["status"], made["started"], made["completed"], made["rewards"]["points"]) == ("live", 0, 0, 5)
    assert (await api.get(path)).json() == made
    changed = (await api.patch(path, json={"name": "Run", "names": {"de": "Lauf"}, "status": "archived"})).json()
    assert (changed["name"], changed["names"], changed["status"]) == ("Run", {"en": "Run", "de": "Lauf"}, "archived")
    assert (changed["actions"], changed["descriptions"]) == (made["actions"], {"en": "Outside"})
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
    trail = (await api.get("/api/v1/audit")).json()["items"]
    assert {"challenge.create", "challenge.change", "challenge.delete"} <= {one["action"] for one in trail}


async def test_the_status_is_what_the_clock_makes_of_it(api, clock):
    soon, later = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=2)
    made = await a_challenge(api, starts_at=soon.isoformat(), expires_at=later.isoformat())
    path = f"{CHALLENGES}/{made['id']}"
    assert made["status"] == "scheduled"
    clock.set(soon)
    assert (await api.get(path)).json()["status"] == "live"
    clock.set(later)
    assert (await api.get(path)).json()["status"] == "expired"


async def test_challenges_are_listed_newest_first_page_by_page_and_by_status(api):
    made = [await a_challenge(api, status=status) for status in ("live", "draft", "live", "archived")]
    seen, after = [], ""
    while after is not None:
        page = (await api.get(f"{CHALLENGES}?limit=2{after and '&after=' + after}")).json()
        seen += [one["id"] for one in page["items"]]
        after = page["next"]
    assert seen == [one["id"] for one in reversed(made)]
    drafts = (await api.get(f"{CHALLENGES}?status=draft")).json()["items"]
    assert [one["id"] for one in drafts] == [made[1]["id"]]


async def test_changing_actions_keeps_what_is_not_said_of_them(api):
    judged = {"name": "Answer", "type": "quiz", "rewards": {"points": 3}, "judging": {"answers": ["42"]}}
    made = await a_challenge(api, actions=[judged, {"name": "Go"}])
    first, second = made["actions"]
    wish = {"actions": [{"id": second["id"]}, {"id": first["id"], "name": "Reply"}, {"name": "Rest"}]}
    actions = (await api.patch(f"{CHALLENGES}/{made['id']}", json=wish)).json()["actions"]
    assert actions[0] == second
    assert actions[1] == {**first, "names": {"en": "Reply"}}
    assert actions[2]["names"] == {"en": "Rest"}
    free = {"actions": [{"id": first["id"], "judging": None}]}
    [action] = (await api.patch(f"{CHALLENGES}/{made['id']}", json=free)).json()["actions"]
    assert (action["id"], action["judging"]) == (first["id"], None)


async def test_a_person_is_led_through_a_challenge(api):
    person = await ada(api)
    made = await a_challenge(api, rewards={"points": 10})
    path = f"{CHALLENGES}/{made['id']}/attempts/{person}"
    assert (await api.get(path)).json()["status"] == "not-started"
    assert (await api.post(f"{path}/complete")).status_code == 422
    assert (await api.post(f"{path}/start")).json()["status"] == "in-progress"
    done = (await api.post(f"{path}/complete")).json()
    assert (done["status"], done["completions"], done["person"]) == ("completed", 1, person)
    assert (await api.post(f"{path}/complete")).json() == done
    assert (await api.get(path)).json() == done
    shown = (await api.get(f"{CHALLENGES}/{made['id']}")).json()
    assert (shown["started"], shown["completed"]) == (1, 1)
    [entry] = (await api.get(f"/api/v1/people/{person}/ledger")).json()["items"]
    assert entry["amount"] == 10


async def test_keys_unlock_a_challenge_once(api):
    person = await ada(api)
    made = await a_challenge(api, unlock_keys=2)
    path = f"{CHALLENGES}/{made['id']}/attempts/{person}"
    assert (await api.get(path)).json()["status"] == "locked"
    assert (await api.post(f"{path}/unlock")).status_code == 409
    await api.post(f"/api/v1/people/{person}/ledger", json={"amount": 3, "unit": "keys"})
    assert (await api.post(f"{path}/unlock")).json()["status"] == "not-started"
    again = await api.post(f"{path}/unlock")
    assert (again.status_code, again.json()["code"]) == (409, "already_unlocked")


async def test_participations_are_judged_kept_and_listed(api):
    person = await ada(api)
    quiz = {"name": "Answer", "judging": {"answers": ["42"]}}
    made = await a_challenge(api, actions=[quiz, {"name": "Go"}], rewards={"points": 10})
    first, second = made["actions"]
    wrong = await taking(api, made, first, answer="41", nonce="1")
    assert (wrong["participation"]["met"], wrong["participation"]["remark"]) == (False, "The answer is not right")
    right = await taking(api, made, first, answer="42", nonce="2")
    assert (right["participation"]["met"], right["attempt"]["done"]) == (True, [first["id"]])
    assert (await taking(api, made, first, answer="42", nonce="2"))["participation"] == right["participation"]
    conflict = await taking(api, made, first, status=409, answer="43", nonce="2")
    assert (conflict["code"], conflict["field"]) == ("nonce_reused", "input.nonce")
    last = await taking(api, made, second)
    assert last["attempt"]["status"] == "completed"
    ids = {one["participation"]["id"] for one in (wrong, right, last)}
    path = f"{CHALLENGES}/{made['id']}/participations"
    page = (await api.get(f"{path}?limit=2&person={person}")).json()
    rest = (await api.get(f"{path}?limit=2", params={"after": page["next"], "limit": 2})).json()
    listed = page["items"] + rest["items"]
    assert {one["id"] for one in listed} == ids
    assert [one["id"] for one in listed] == sorted(ids, reverse=True)
    assert rest["next"] is None


async def test_a_retracted_participation_is_shown_as_such(api):
    await ada(api)
    made = await a_challenge(api, actions=[{"name": "Here"}], rewards={"points": 10})
    done = (await taking(api, made, made["actions"][0]))["participation"]
    wish = {"person": {"external_id": "ada"}, "key": f"participation:{done['id']}", "reason": "a mistake"}
    assert (await api.post("/api/v1/events/retractions", json=wish)).json()["points"] == 10
    [listed] = (await api.get(f"{CHALLENGES}/{made['id']}/participations")).json()["items"]
    assert (listed["id"], listed["retracted_at"] is None) == (done["id"], False)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "names"),
        ({"name": "x" * 1_000}, "names.en"),
        ({"status": "scheduled"}, "status"),
        ({"starts_at": "2026-01-01T00:00:00"}, "starts_at"),
        ({"starts_at": "2026-02-01T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"}, "expires_at"),
        ({"unlock_keys": 0}, "unlock_keys"),
        ({"unlock_keys": CHALLENGE_KEYS_MAX + 1}, "unlock_keys"),
        ({"department": ABSENT}, "department"),
        ({"rewards": {"points": -1}}, "rewards.points"),
        ({"rewards": {"items": [{"reward": ABSENT}]}}, "rewards.items[0].reward"),
        ({"actions": [{"type": "quiz"}]}, "actions[0].name"),
        ({"actions": [{"name": "x" * 1_000}]}, "actions[0].names.en"),
        ({"actions": [{"name": "A", "type": "x" * 1_000}]}, "actions[0].type"),
        ({"actions": [{"name": "A", "id": ABSENT}]}, "actions[0].id"),
        (
            {"actions": [{"name": "A", "rewards": {"items": [{"reward": ABSENT}]}}]},
            "actions[0].rewards.items[0].reward",
        ),
        (
            {"actions": [{"name": "A", "judging": {"questions": [{"id": "q", "answers": []}]}}]},
            "actions[0].judging.questions[0].answers",
        ),
        ({"actions": [{"name": "A", "judging": {"code": "x", "colour": "red"}}]}, "actions[0].judging.colour"),
        ({"actions": [{"name": "A"}] * (ACTIONS_PER_CHALLENGE_MAX + 1)}, "actions"),
        ({"details": {}}, "details"),
    ],
)
async def test_what_cannot_be_a_challenge_is_refused_by_field(api, wrong, field):
    answer = await api.post(CHALLENGES, json={"name": "Walk", **wrong})
    assert answer.status_code in {404, 422}, answer.text
    assert answer.json()["field"] == field, answer.text
    assert (await api.get(CHALLENGES)).json()["items"] == []


async def test_participations_that_do_not_fit_are_refused_by_field(api):
    await ada(api)
    made = await a_challenge(api, actions=[{"name": "Answer", "judging": {"answers": ["42"]}}])
    [action] = made["actions"]
    assert (await taking(api, made, {"id": ABSENT}, status=404))["field"] == "action"
    assert (await taking(api, made, action, status=422, answer=7))["field"] == "input.answer"
    assert (await taking(api, made, action, status=422, nonce=7))["field"] == "input.nonce"
    assert (await taking(api, made, action, status=422, answer="x" * 100_000))["field"] == "input"
    stranger = {"person": {"external_id": "nobody"}, "action": action["id"]}
    answer = await api.post(f"{CHALLENGES}/{made['id']}/participations", json=stranger)
    assert (answer.status_code, answer.json()["field"]) == (404, "person")


async def test_nobody_else_reaches_a_challenge(api, other_api):
    person = await ada(api)
    made = await a_challenge(api, actions=[{"name": "Here"}])
    path = f"{CHALLENGES}/{made['id']}"
    body = {"person": {"external_id": "ada"}, "action": made["actions"][0]["id"]}
    for answer in (
        await other_api.get(path),
        await other_api.patch(path, json={"name": "Mine"}),
        await other_api.delete(path),
        await other_api.get(f"{path}/participations"),
        await other_api.post(f"{path}/participations", json=body),
        await other_api.get(f"{path}/attempts/{person}"),
        await other_api.post(f"{path}/attempts/{person}/start"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "challenge_not_found")
    assert (await other_api.get(CHALLENGES)).json()["items"] == []

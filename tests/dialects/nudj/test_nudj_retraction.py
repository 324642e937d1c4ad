"""What is taken back with a challenge when one of its events is retracted."""

import pytest

from tests.dialects.nudj.test_nudj_challenges import a_challenge, act, taking
from tests.dialects.nudj.wishes import ADMIN, USER, a_distribution

TRIES = f"{USER}/action-participations"


async def of_the_member(admin, what):
    """The address of something of the person's in our own API."""
    [person] = (await admin.http.get("/api/v1/people")).json()["items"]
    return f"/api/v1/people/{person['id']}/{what}"


async def happened(admin, sub_category):
    """The keys of the person's events of a kind that count, oldest first."""
    answer = await admin.http.get(await of_the_member(admin, "events"))
    assert answer.status_code == 200, answer.text
    return [
        one["key"]
        for one in reversed(answer.json()["items"])
        if one["sub_category"] == sub_category and one["retracted"] is None
    ]


async def retract(admin, key):
    wish = {"person": {"external_id": "member-1"}, "key": key, "reason": "it was somebody else"}
    answer = await admin.http.post("/api/v1/events/retractions", json=wish)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def standing(member, challenge):
    shown = await member.get(f"{USER}/challenges/{challenge['id']}")
    return shown["userState"]["status"], [action["isComplete"] for action in shown["actions"]]


async def purse(member):
    me = await member.get(f"{USER}/me")
    return me["points"], me["xp"]["total"], me["completedChallenges"]


async def test_a_retracted_completion_gives_back_what_the_challenge_paid_and_can_be_reached_again(admin, member):
    challenge = await a_challenge(admin)
    await admin.post(f"{ADMIN}/challenges/{challenge['id']}/distribution", a_distribution(points=10, xp=4))
    await act(member, challenge, "start")
    await act(member, challenge, "complete")
    assert await purse(member) == (10, 4, 1)
    [key] = await happened(admin, "challenge-completion")
    undone = await retract(admin, key)
    assert (undone["points"], undone["xp"]) == (10, 4)
    assert await purse(member) == (0, 0, 0)
    assert (await standing(member, challenge))[0] == "in-progress"
    assert (await retract(admin, key))["points"] == 0
    await act(member, challenge, "complete")
    assert await purse(member) == (10, 4, 1)


async def test_a_retracted_participation_takes_the_action_and_the_completion_with_it(admin, member):
    challenge = await a_challenge(admin, "Here", "There")
    first, second = challenge["actions"]
    await admin.post(f"{ADMIN}/actions/{first['id']}/distribution", a_distribution(points=5))
    await admin.post(f"{ADMIN}/challenges/{challenge['id']}/distribution", a_distribution(points=10, xp=4))
    taken = await member.post(TRIES, taking(first))
    await member.post(TRIES, taking(second))
    assert await purse(member) == (15, 4, 1)
    undone = await retract(admin, f"participation:{taken['id']}")
    assert (undone["points"], undone["xp"]) == (15, 4)
    assert await purse(member) == (0, 0, 0)
    assert await standing(member, challenge) == ("in-progress", [False, True])
    assert await happened(admin, "challenge-completion") == []
    again = {**taking(first), "actionInput": {"key": "visit", "nonce": "n-2"}}
    assert (await member.post(TRIES, again))["challengeStatus"] == "completed"
    assert await purse(member) == (15, 4, 1)


async def test_what_was_done_twice_stays_done_when_one_of_them_is_retracted(admin, member):
    challenge = await a_challenge(admin, "Here", "There")
    first = challenge["actions"][0]
    await admin.post(f"{ADMIN}/actions/{first['id']}/distribution", a_distribution(points=5))
    ids = []
    for nonce in ("n-1", "n-2"):
        taken = await member.post(TRIES, {**taking(first), "actionInput": {"key": "visit", "nonce": nonce}})
        ids.append(taken["id"])
    assert (await retract(admin, f"participation:{ids[0]}"))["points"] == 0
    assert await standing(member, challenge) == ("in-progress", [True, False])
    assert (await retract(admin, f"participation:{ids[1]}"))["points"] == 5
    assert await standing(member, challenge) == ("in-progress", [False, False])
    assert await purse(member) == (0, 0, 0)


async def test_an_earlier_completion_goes_without_the_round_that_was_begun_since(admin, member):
    challenge = await a_challenge(admin, "Here", isRepeatable=True)
    [action] = challenge["actions"]
    await admin.post(f"{ADMIN}/challenges/{challenge['id']}/distribution", a_distribution(points=10))
    for nonce in ("n-1", "n-2", "n-3"):
        await member.post(TRIES, {**taking(action), "actionInput": {"key": "visit", "nonce": nonce}})
    assert await purse(member) == (30, 0, 1)
    tried = await happened(admin, "action-participation")
    assert (await retract(admin, tried[1]))["points"] == 10
    assert (await standing(member, challenge))[0] == "completed"
    assert (await admin.get(f"{ADMIN}/challenges/{challenge['id']}"))["completedCount"] == 2
    assert (await retract(admin, tried[2]))["points"] == 10
    assert await standing(member, challenge) == ("in-progress", [False])
    await member.post(TRIES, {**taking(action), "actionInput": {"key": "visit", "nonce": "n-4"}})
    assert await purse(member) == (20, 0, 1)
    assert (await admin.get(f"{ADMIN}/challenges/{challenge['id']}"))["completedCount"] == 2


async def test_points_of_a_challenge_come_back_as_far_as_they_are_unspent(admin, member):
    challenge = await a_challenge(admin)
    await admin.post(f"{ADMIN}/challenges/{challenge['id']}/distribution", a_distribution(points=10))
    await act(member, challenge, "start")
    await act(member, challenge, "complete")
    spent = await admin.http.post(await of_the_member(admin, "ledger"), json={"amount": -7, "reference": "mug"})
    assert spent.status_code < 300, spent.text
    [key] = await happened(admin, "challenge-completion")
    assert (await retract(admin, key))["points"] == 3
    assert (await purse(member))[0] == 0


@pytest.mark.parametrize(
    "payload", [{"challenge_id": 10**17, "round": 0}, {"challenge_id": True, "round": True}, {"round": "0"}]
)
async def test_an_event_that_only_looks_like_a_completion_undoes_none(admin, member, payload):
    challenge = await a_challenge(admin)
    await act(member, challenge, "start")
    await act(member, challenge, "complete")
    event = {
        "person": {"external_id": "member-1"},
        "name": "challenge-completion",
        "category": "challenge",
        "sub_category": "challenge-completion",
        "key": "challenge-completion:mine",
        "payload": payload,
    }
    answer = await admin.http.post("/api/v1/events", json=event)
    assert answer.status_code == 200, answer.text
    await retract(admin, "challenge-completion:mine")
    assert (await standing(member, challenge))[0] == "completed"

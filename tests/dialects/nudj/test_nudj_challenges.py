import asyncio
from datetime import timedelta

import pytest

from tests.dialects.nudj.wishes import ADMIN, USER, a_count, a_distribution, an_allocation


async def a_challenge(admin, *actions, **wish):
    body = {
        "details": {"title": "Take a walk", "description": ""},
        "status": "live",
        "actions": [{"details": {"title": name}, "type": "interaction-visit"} for name in actions],
        **wish,
    }
    return await admin.post(f"{ADMIN}/challenges", body)


def taking(action, **wish):
    return {
        "actionId": action["id"],
        "actionInput": {"key": "visit", "nonce": "n-1"},
        "allocationId": action["allocationId"],
        **wish,
    }


async def act(member, challenge, name):
    return await member.post(f"{USER}/challenges/{challenge['id']}/{name}")


async def an_achievement_for(admin, sub_category, value=1):
    query = {
        "type": "event",
        "alias": "q",
        "parameters": {"eventCategory": "challenge", "eventSubCategory": sub_category},
    }
    return await admin.achievement(queries=[query], criteria=a_count(value, "q"))


async def test_a_challenge_is_started_and_completed_once(admin, member):
    challenge = await a_challenge(admin)
    counted = await an_achievement_for(admin, "challenge-completion", 2)
    early = await member.refused("POST", f"{USER}/challenges/{challenge['id']}/complete", 400)
    assert early["data"]["path"] == "completeChallenge"
    assert (await act(member, challenge, "start"))["userState"]["status"] == "in-progress"
    done = await act(member, challenge, "complete")
    assert (done["userState"]["status"], done["completedCount"], done["startedCount"]) == ("completed", 1, 1)
    assert await act(member, challenge, "complete") == done
    await act(member, challenge, "start")
    await act(member, challenge, "complete")
    state = (await member.get(f"{USER}/achievements/{counted['id']}"))["userState"]
    assert state["currentValue"] == 1
    assert (await member.get(f"{USER}/me"))["completedChallenges"] == 1


async def test_starting_again_is_an_event_again(admin, member):
    challenge = await a_challenge(admin)
    counted = await an_achievement_for(admin, "challenge-started", 2)
    await act(member, challenge, "start")
    await act(member, challenge, "start")
    state = (await member.get(f"{USER}/achievements/{counted['id']}"))["userState"]
    assert state["status"] == "completed"


async def test_a_repeatable_challenge_pays_each_time_and_another_once(admin, member):
    once, often = await a_challenge(admin), await a_challenge(admin, isRepeatable=True)
    for challenge in (once, often):
        await admin.post(f"{ADMIN}/challenges/{challenge['id']}/distribution", a_distribution(points=10))
        for _ in range(2):
            await act(member, challenge, "start")
            await act(member, challenge, "complete")
    assert (await member.get(f"{USER}/me"))["points"] == 30


async def test_the_last_action_completes_the_challenge(admin, member):
    mug = await admin.reward()
    challenge = await a_challenge(admin, "Here", "There")
    first, second = challenge["actions"]
    answer = await admin.post(f"{ADMIN}/actions/{first['id']}/distribution", a_distribution(points=5))
    assert (answer["actionId"], answer["pointsToDistribute"]) == (first["id"], 5)
    shares = [an_allocation(mug, supply=4)]
    answer = await admin.post(f"{ADMIN}/challenges/{challenge['id']}/distribution", a_distribution(shares, xp=7))
    assert answer["rewardsConfig"]["allocations"][0]["supply"] == 4
    path = f"{USER}/action-participations"
    taken = await member.post(path, taking(first))
    [status] = taken["participationStatuses"]
    assert (status["criteriaMet"], status["status"], status["output"]["key"]) == (True, "completed", "visit")
    assert taken["challengeStatus"] == "in-progress"
    assert (await member.post(path, taking(first)))["id"] == taken["id"]
    assert (await member.get(f"{USER}/me"))["points"] == 5
    await member.refused("POST", f"{USER}/challenges/{challenge['id']}/complete", 400)
    assert (await member.post(path, taking(second)))["challengeStatus"] == "completed"
    shown = await member.get(f"{USER}/challenges/{challenge['id']}")
    assert [action["isComplete"] for action in shown["actions"]] == [True, True]
    assert shown["reward"]["items"][0]["remainingSupply"] == 3
    me = await member.get(f"{USER}/me")
    assert (me["xp"]["total"], me["earnedRewards"], me["completedChallenges"]) == (7, 1, 1)


async def test_a_preview_leaves_nothing_behind(admin, member):
    challenge = await a_challenge(admin, "Here")
    await member.post(f"{USER}/action-participations", taking(challenge["actions"][0], isPreview=True))
    shown = await member.get(f"{USER}/challenges/{challenge['id']}")
    assert shown["userState"]["status"] == "not-started"


async def test_participations_that_do_not_fit_are_refused(admin, member):
    challenge = await a_challenge(admin, "Here", "There")
    action = challenge["actions"][0]
    path = f"{USER}/action-participations"
    wrong = await member.refused("POST", path, 400, taking(action, allocationId="elsewhere"))
    assert wrong["data"]["field"] == "body.allocationId"
    await member.refused("POST", path, 404, taking({**action, "id": "0" * 24}))
    await member.post(path, taking(action))
    other = {**taking(action), "actionInput": {"key": "other", "nonce": "n-1"}}
    await member.refused("POST", path, 409, other)
    await member.refused("POST", path, 400, {**taking(action), "actionInput": {"key": "x", "nonce": 7}})


# --------------------------------------------------------------------------------------------------------- right or wrong
TAKING = f"{USER}/action-participations"


async def a_judged_challenge(admin, judging, **wish):
    actions = [{"details": {"title": "Quiz"}, "type": "question-quiz", "judging": judging}]
    made = await admin.post(
        f"{ADMIN}/challenges", {"details": {"title": "Q"}, "status": "live", "actions": actions, **wish}
    )
    await admin.post(f"{ADMIN}/actions/{made['actions'][0]['id']}/distribution", a_distribution(points=10))
    return made


async def tries(member, challenge, number=1, **given):
    action = challenge["actions"][0]
    answer = await member.post(TAKING, taking(action, actionInput={"key": "k", "nonce": f"n-{number}", **given}))
    [status] = answer["participationStatuses"]
    return status["criteriaMet"], answer["challengeStatus"]


QUIZ = [
    {"id": "capital", "answers": ["Paris"]},
    {"id": "primes", "answers": ["2", "3", "5"], "every": True},
    {"id": "sea", "answers": ["North Sea", "Nordsee"]},
]


@pytest.mark.parametrize(
    ("judging", "given", "met"),
    [
        ({"answers": ["Paris", "paname"]}, {"answer": " PARIS "}, True),
        ({"answers": ["Paris"]}, {"answer": "Rome"}, False),
        ({"code": "s3cret"}, {"code": "s3cret"}, True),
        ({"code": "s3cret"}, {"code": "S3cret"}, False),
        ({"code": "x", "answers": ["y"]}, {"code": "x", "answer": "z"}, False),
        ({"questions": QUIZ}, {"answers": {"capital": "paris", "primes": ["5", "3", "2"], "sea": "nordsee"}}, True),
        ({"questions": QUIZ}, {"answers": {"capital": "paris", "primes": ["3", "2"], "sea": "nordsee"}}, False),
        (
            {"questions": QUIZ},
            {"answers": {"capital": "paris", "primes": ["2", "3", "5", "7"], "sea": "nordsee"}},
            False,
        ),
        ({"questions": QUIZ, "passMark": 2}, {"answers": {"capital": ["Paris"], "sea": "North Sea"}}, True),
        ({"questions": QUIZ, "passMark": 2}, {"answers": {"capital": ["Paris", "Rome"], "sea": "North Sea"}}, False),
        ({"questions": QUIZ}, {"answers": {}}, False),
        ({}, {}, True),
    ],
)
async def test_an_action_is_judged_by_its_right_answers(admin, member, judging, given, met):
    challenge = await a_judged_challenge(admin, judging)
    assert await tries(member, challenge, **given) == (met, "completed" if met else "in-progress")
    assert (await member.get(f"{USER}/me"))["points"] == (10 if met else 0)


async def test_what_is_wrong_brings_nothing_and_can_be_tried_again(admin, member):
    challenge = await a_judged_challenge(admin, {"answers": ["right"]})
    query = {"type": "event", "alias": "q", "parameters": {"eventSubCategory": "action-participation"}}
    counted = await admin.achievement(queries=[query], criteria=a_count(5, "q"))
    board = {"name": "B", "metricType": "total-actions-completed", "startsAt": "2020-01-01T00:00:00Z", "status": "live"}
    board = await admin.post(f"{ADMIN}/leaderboards", {**board, "period": "open"})
    assert await tries(member, challenge, 1, answer="wrong") == (False, "in-progress")
    assert await tries(member, challenge, 1, answer="wrong") == (False, "in-progress")
    assert (await member.get(f"{USER}/leaderboards/{board['id']}/ranking"))["userState"] is None
    assert await tries(member, challenge, 2, answer="right") == (True, "completed")
    assert await tries(member, challenge, 3, answer="wrong") == (False, "completed")
    assert await tries(member, challenge, 1, answer="wrong") == (False, "completed")
    assert (await member.get(f"{USER}/me"))["points"] == 10
    state = (await member.get(f"{USER}/achievements/{counted['id']}"))["userState"]
    assert state["currentValue"] == 1
    assert (await member.get(f"{USER}/leaderboards/{board['id']}/ranking"))["userState"]["score"] == 1


async def test_attempts_run_out_until_the_challenge_is_completed(admin, member):
    judging = {"answers": ["right"], "attemptsMax": 2}
    challenge = await a_judged_challenge(admin, judging, isRepeatable=True)
    assert await tries(member, challenge, 1, answer="wrong") == (False, "in-progress")
    await act(member, challenge, "start")
    assert await tries(member, challenge, 2, answer="right") == (True, "completed")
    for number in (3, 4):
        assert (await tries(member, challenge, number, answer="wrong"))[0] is False
    error = await member.refused(
        "POST", TAKING, 409, taking(challenge["actions"][0], actionInput={"nonce": "n-5", "answer": "right"})
    )
    assert (error["code"], error["data"]["limit"]) == ("CONFLICT", 2)
    assert (await tries(member, challenge, 4, answer="wrong"))[0] is False
    assert (await member.get(f"{USER}/me"))["points"] == 10


async def test_of_many_tries_at_once_no_more_are_judged_than_allowed(admin, member):
    challenge = await a_judged_challenge(admin, {"code": "7", "attemptsMax": 3})
    action = challenge["actions"][0]
    bodies = [taking(action, actionInput={"nonce": f"n-{number}", "code": str(number)}) for number in range(20, 28)]
    answers = await asyncio.gather(*(member.http.post(TAKING, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 5


async def test_right_answers_are_shown_to_the_organisation_alone_and_not_tried_out_by_previews(admin, member):
    judging = {"code": "s3cret", "answers": [], "questions": QUIZ, "passMark": 2, "attemptsMax": 1}
    challenge = await a_judged_challenge(admin, judging)
    shown = (await admin.get(f"{ADMIN}/challenges/{challenge['id']}"))["actions"][0]["judging"]
    assert shown == {**judging, "questions": [{"every": False, **question} for question in QUIZ]}
    for path in (f"{USER}/challenges/{challenge['id']}", f"{USER}/challenges"):
        answer = await member.http.get(path)
        assert "s3cret" not in answer.text
        assert "Nordsee" not in answer.text
    given = {"code": "s3cret", "answers": {"capital": "Paris", "sea": "Nordsee"}}
    preview = await member.post(TAKING, taking(challenge["actions"][0], actionInput=given, isPreview=True))
    [status] = preview["participationStatuses"]
    assert (status["status"], status["criteriaMet"]) == ("pending", False)
    assert await tries(member, challenge, **given) == (True, "completed")


@pytest.mark.parametrize(
    ("judging", "place"),
    [
        ({"code": " "}, "code"),
        ({"answers": [""]}, "answers[0]"),
        ({"answers": ["x" * 501]}, "answers[0]"),
        ({"questions": [{"id": "a", "answers": []}]}, "questions[0].answers"),
        ({"questions": [{"id": "a", "answers": ["b"]}, {"id": "a", "answers": ["b"]}]}, "questions[1].id"),
        ({"questions": [{"id": "a", "answers": ["b"]}], "passMark": 2}, "passMark"),
        ({"passMark": 1}, "passMark"),
        ({"attemptsMax": 0}, "attemptsMax"),
    ],
)
async def test_judging_that_makes_no_sense_is_refused(admin, judging, place):
    actions = [{"details": {"title": "Quiz"}, "judging": judging}]
    error = await admin.refused("POST", f"{ADMIN}/challenges", 400, {"details": {"title": "Q"}, "actions": actions})
    assert error["data"]["field"] == f"body.actions[0].judging.{place}"


@pytest.mark.parametrize(
    ("judging", "given", "place"),
    [
        ({"code": "x"}, {}, "code"),
        ({"code": "x"}, {"code": 7}, "code"),
        ({"answers": ["x"]}, {"answer": ["x"]}, "answer"),
        ({"questions": QUIZ}, {"answers": "x"}, "answers"),
        ({"questions": QUIZ}, {"answers": {"capital": 7}}, "answers.capital"),
    ],
)
async def test_input_of_the_wrong_kind_is_refused_and_does_not_count_as_a_try(admin, member, judging, given, place):
    challenge = await a_judged_challenge(admin, {**judging, "attemptsMax": 1})
    body = taking(challenge["actions"][0], actionInput=given)
    for _ in range(2):
        error = await member.refused("POST", TAKING, 400, body)
        assert error["data"]["field"] == f"body.actionInput.{place}"
    assert (await member.get(f"{USER}/challenges/{challenge['id']}"))["userState"]["status"] == "not-started"


async def test_changing_an_action_keeps_its_right_answers_unless_they_are_named(admin):
    challenge = await a_judged_challenge(admin, {"code": "s3cret"})
    action = {"id": challenge["actions"][0]["id"], "details": {"title": "Renamed"}}
    path = f"{ADMIN}/challenges/{challenge['id']}"
    assert (await admin.post(path, {"actions": [action]}))["actions"][0]["judging"]["code"] == "s3cret"
    assert (await admin.post(path, {"actions": [{**action, "judging": None}]}))["actions"][0]["judging"] is None


async def test_keys_unlock_a_challenge_once(admin, member):
    challenge = await a_challenge(admin, unlockAmount=3)
    unlock = f"{USER}/challenges/{challenge['id']}/unlock"
    await member.refused("POST", f"{USER}/challenges/{challenge['id']}/start", 400)
    await member.refused("POST", unlock, 409, {"amount": 3})
    keys = {"amount": 5, "direction": "credit", "externalTransactionReference": "k", "unit": "keys"}
    await admin.post(f"{ADMIN}/users/member-1/points-transaction", keys)
    wrong = await member.refused("POST", unlock, 400, {"amount": 2})
    assert wrong["data"]["field"] == "body.amount"
    answer = await member.post(unlock, {"amount": 3})
    assert answer == {"amountDebited": 3, "challengeStatus": "not-started"}
    assert (await member.get(f"{USER}/me"))["keys"] == 2
    await member.refused("POST", unlock, 409, {"amount": 3})
    await act(member, challenge, "start")


async def test_challenges_are_listed_changed_and_taken_away(admin, member):
    draft = await a_challenge(admin, status="draft")
    live = await a_challenge(admin, "Here")
    assert [edge["id"] for edge in (await member.get(f"{USER}/challenges"))["edges"]] == [live["id"]]
    assert (await admin.get(f"{ADMIN}/challenges"))["totalCount"] == 2
    await member.refused("GET", f"{USER}/challenges/{draft['id']}", 404)
    action = live["actions"][0]
    change = {"actions": [{"id": action["id"], "details": {"title": "Moved"}, "type": "x"}], "featured": True}
    changed = await admin.post(f"{ADMIN}/challenges/{live['id']}", change)
    assert (changed["actions"][0]["id"], changed["actions"][0]["details"]["title"]) == (action["id"], "Moved")
    assert await admin.get(f"{ADMIN}/challenges/{live['id']}") == changed
    assert await admin.send("DELETE", f"{ADMIN}/challenges/{live['id']}") == {"success": True}
    await member.refused("POST", f"{USER}/challenges/{live['id']}/start", 404)


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        ({"unlockAmount": 0}, "unlockAmount"),
        ({"details": {"title": ""}}, "details.title"),
        ({"startsAt": "2026-05-01T00:00:00Z", "expiresAt": "2026-04-01T00:00:00Z"}, "expiresAt"),
        ({"status": "odd"}, "status"),
    ],
)
async def test_bad_challenges_are_refused_with_the_path(admin, wish, place):
    body = {"details": {"title": "C"}, "status": "live", **wish}
    error = await admin.refused("POST", f"{ADMIN}/challenges", 400, body)
    assert error["data"]["field"] == f"body.{place}"


async def a_group(admin, challenges, **wish):
    body = {"details": {"title": "Daily"}, "status": "live", "challenges": [c["id"] for c in challenges], **wish}
    return await admin.post(f"{ADMIN}/challenge-groups", body)


async def offered(member, group):
    shown = await member.get(f"{USER}/challenge-groups/{group['id']}")
    return [challenge["id"] for challenge in shown["challenges"]]


async def test_a_sequential_group_offers_the_next_ones(admin, member):
    challenges = [await a_challenge(admin) for _ in range(3)]
    group = await a_group(admin, challenges, type="sequential", activeAmount=2)
    assert await offered(member, group) == [challenges[0]["id"], challenges[1]["id"]]
    await act(member, challenges[0], "start")
    await act(member, challenges[0], "complete")
    assert await offered(member, group) == [challenges[1]["id"], challenges[2]["id"]]


async def test_a_random_group_offers_the_same_all_day_and_others_on_other_days(admin, member, clock):
    challenges = [await a_challenge(admin) for _ in range(8)]
    group = await a_group(admin, challenges, type="random", activeAmount=3, period="daily")
    today = await offered(member, group)
    clock.advance(timedelta(hours=11))
    assert await offered(member, group) == today
    seen = {tuple(today)}
    for _ in range(6):
        clock.advance(timedelta(days=1))
        seen.add(tuple(await offered(member, group)))
    assert len(seen) > 1
    assert all(len(set(one)) == 3 for one in seen)


async def test_groups_are_written_and_listed(admin, member):
    challenge = await a_challenge(admin)
    draft = await a_group(admin, [challenge], status="draft")
    assert (await member.get(f"{USER}/challenge-groups"))["edges"] == []
    live = await admin.post(f"{ADMIN}/challenge-groups/{draft['id']}", {"status": "live"})
    assert [c["id"] for c in live["challenges"]] == [challenge["id"]]
    assert (await member.get(f"{USER}/challenge-groups"))["totalCount"] == 1
    assert (await admin.get(f"{ADMIN}/challenge-groups"))["edges"] == [live]
    bad = await admin.refused(
        "POST", f"{ADMIN}/challenge-groups", 400, {"details": {"title": "G"}, "challenges": ["0" * 24]}
    )
    assert bad["data"]["field"] == "body.challenges[0]"
    bad = await admin.refused("POST", f"{ADMIN}/challenge-groups", 400, {"details": {"title": "G"}, "activeAmount": 0})
    assert bad["data"]["field"] == "body.activeAmount"


async def test_a_group_is_shown_to_the_organisation_and_taken_away(admin, member):
    challenge = await a_challenge(admin)
    group = await a_group(admin, [challenge], status="draft")
    path = f"{ADMIN}/challenge-groups/{group['id']}"
    assert await admin.get(path) == group
    await member.refused("GET", f"{USER}/challenge-groups/{group['id']}", 404)
    assert await admin.send("DELETE", path) == {"success": True}
    await admin.refused("GET", path, 404)
    assert (await admin.get(f"{ADMIN}/challenges/{challenge['id']}"))["id"] == challenge["id"]

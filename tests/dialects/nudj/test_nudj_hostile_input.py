"""What clients get wrong, on purpose or not: a 4xx in tRPC's shape, never a 5xx, and nothing half done."""

import json
import os
import random

import pytest

from tests.dialects.nudj.conftest import speaks
from tests.dialects.nudj.wishes import (
    ADMIN,
    USER,
    a_count,
    a_distribution,
    a_query,
    a_sum,
    all_of,
    an_achievement,
    an_allocation,
)
from tests.support.builders import a_key

ODD = (
    None, "", " ", "x" * 20_000, "a\u0000b", "\ud800", "NaN", "Infinity", "-1", "0" * 24, "F" * 24, -1, 0, 1.5, 10**30, -(10**30),
    1e300, True, [], {}, [[]], [None], {"": None}, {"a": {"b": {"c": [1]}}}, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-13-01T00:00:00Z", "../../etc", "💥" * 300, ["x"] * 500, 2**63, 2**31, "1e400",
)  # fmt: skip
TRIED = int(os.environ.get("LAUREL_ODD_VALUES", "2"))


async def the_world(admin):
    """The ids of one thing of every kind."""
    reward = await admin.reward(assetsSupply=5, isSharedAssetsSupply=True, assetPointsPrice=1)
    achievement = await admin.achievement(claimMode="manual", criteria=a_count(1))
    action = {"details": {"title": "A"}, "judging": {"code": "x"}}
    wish = {"details": {"title": "C"}, "status": "live", "actions": [action], "unlockAmount": 1}
    challenge = await admin.post(f"{ADMIN}/challenges", wish)
    group = {"details": {"title": "G"}, "challenges": [challenge["id"]]}
    window = {"startDate": "2026-03-01T00:00:00.000Z", "endDate": "2026-04-01T00:00:00.000Z"}
    board = {
        "name": "B",
        "metricType": "total-xp",
        "startsAt": "2020-01-01T00:00:00Z",
        "status": "live",
        "period": "open",
    }
    return {
        "reward": reward["id"],
        "achievement": achievement["id"],
        "challenge": challenge["id"],
        "action": challenge["actions"][0]["id"],
        "allocation": challenge["actions"][0]["allocationId"],
        "group": (await admin.post(f"{ADMIN}/challenge-groups", group))["id"],
        "tag": (await admin.post(f"{ADMIN}/tags", {"value": "t"}))["id"],
        "campaign": (await admin.post(f"{ADMIN}/campaigns", {"name": "c", **window}))["id"],
        "board": (await admin.post(f"{ADMIN}/leaderboards", board))["id"],
        "streak": (await admin.post(f"{ADMIN}/streaks/configs", {"triggerEvents": {"custom": ["x"]}}))["id"],
        "community": (await admin.get(f"{ADMIN}/communities"))["edges"][0]["id"],
    }


def writes(ids):
    """A good body for every route that takes one: (client, method, path, body)."""
    details = {"title": "T", "description": "D", "light": {"primaryImageUrl": "https://x.example/1"}, "dark": {}}
    labels = {"tags": [ids["tag"]], "campaigns": [ids["campaign"]], "communityId": ids["community"], "featured": True}
    times = {"status": "live", "startsAt": "2026-01-01T00:00:00Z", "expiresAt": "2027-01-01T00:00:00Z"}
    achievement = {
        **an_achievement(), "details": details, "queryDescriptions": {"lessons": "L"}, "claimMode": "manual", **labels, **times,
        "criteria": all_of(a_count(1), a_sum(2)), "queries": [a_query(tags=["x"], cap={"count": 1, "window": "day"})],
    }  # fmt: skip
    reward = {
        "details": details, **labels, **times, "assetsSupply": 9, "entriesSupply": 9, "maxAssetsPerUser": 2, "assetPointsPrice": 1.5,
        "allocations": [{"id": "a", "supply": 3, "amountToDistribute": 1, "isShop": True}], "metadata": {"a": 1},
        "redemptionConfig": {"type": "rich-text", "autoRedeem": False, "redeemByDate": "2026-12-01T00:00:00Z"},
        "additionalCommunityIds": [ids["community"]], "drawsAt": "2026-01-01T00:00:00Z", "allocationsType": "assets-only",
    }  # fmt: skip
    share = {"id": "s", "supply": 2, "rewardId": ids["reward"], "allocationType": "assets", "amountToDistribute": 1}
    plan = a_distribution([share], points=1, xp=1)
    question = {"id": "q", "answers": ["a"], "every": True}
    judging = {"code": "c", "answers": ["a"], "questions": [question], "passMark": 1, "attemptsMax": 3}
    challenge = {
        "details": details, **labels, **times, "unlockAmount": 1, "isRepeatable": True,
        "actions": [{"details": details, "type": "question-quiz", "config": {"a": 1}, "judging": judging}],
    }  # fmt: skip
    group = {
        "details": details,
        "type": "random",
        "period": "daily",
        "activeAmount": 1,
        "challenges": [ids["challenge"]],
    }
    event = {"eventName": "e", "payload": {"a": 1}, "communityId": ids["community"]}
    named = {**event, "userId": "member-1", "tags": ["x"], "idempotencyKey": "k", "occurredAt": "2026-03-14T10:00:00Z"}
    item = {"rewardId": ids["reward"], "allocationType": "assets", "quantity": 1}
    by_hand = {
        "rewards": [item], "xpToDistribute": 1, "pointsToDistribute": 1, "distributionMechanism": "all", "amountToDistribute": 1,
        "userIds": ["member-1"], "communityId": ids["community"],
    }  # fmt: skip
    prize = {"startRank": 1, "endRank": 2, "points": 1, "completionXp": 1, "items": [{"rewardId": ids["reward"]}]}
    board = {
        "name": "B", "metricType": "total-xp", "period": "daily", "description": "d", "rewardsConfig": [prize], **times,
        "conditions": [{"type": "community", "communityId": ids["community"]}],
    }  # fmt: skip
    streak = {
        "isEnabled": True,
        "maxFreezes": 1,
        "freezeEveryDays": 2,
        "triggerEvents": {"platform": ["x"], "custom": ["y"]},
    }
    rule = {"eventCategory": "custom", "eventSubCategory": "", "description": "d", "total": 1, "loyalty": 2}
    user = {
        "email": "g@example.org",
        "username": "g",
        "displayName": "G",
        "externalUserId": "g",
        "profilePictureUrl": "https://x.example",
    }
    money = {
        "amount": 1,
        "direction": "credit",
        "externalTransactionReference": "r",
        "communityId": ids["community"],
        "unit": "points",
    }
    hook = {
        "url": "https://hooks.example.org/x", "httpMethod": "PUT", "isEnabled": True, "maxRetries": 1, "headers": {"X-A": "b"},
        "events": ["achievement-completion"],
    }  # fmt: skip
    taking = {
        "actionId": ids["action"],
        "actionInput": {"code": "x", "nonce": "n"},
        "allocationId": ids["allocation"],
        "isPreview": True,
    }
    return [
        ("admin", "POST", f"{ADMIN}/achievements", achievement),
        ("admin", "POST", f"{ADMIN}/achievements/{ids['achievement']}", {"featured": True, "queryDescriptions": {"lessons": "x"}}),
        ("admin", "POST", f"{ADMIN}/achievements/{ids['achievement']}/distribution", plan),
        ("member", "POST", f"{USER}/achievements/{ids['achievement']}/claim", {"rewardIds": [ids["reward"]]}),
        ("admin", "POST", f"{ADMIN}/rewards", reward),
        ("admin", "POST", f"{ADMIN}/rewards/manual-distribution", by_hand),
        ("admin", "POST", f"{ADMIN}/rewards/{ids['reward']}/draw", {"numberOfWinners": 1, "quantity": 1, "seed": "s"}),
        ("admin", "POST", f"{ADMIN}/rewards/{ids['reward']}/process-giveaway", {"winners": [{"userId": "nobody", "quantity": 1}]}),
        ("member", "POST", f"{USER}/rewards/{ids['reward']}/purchase", {"quantity": 1, "allocationType": "assets", "externalTransactionReference": "r"}),
        ("admin", "POST", f"{ADMIN}/challenges", challenge),
        ("admin", "POST", f"{ADMIN}/challenges/{ids['challenge']}/distribution", plan),
        ("admin", "POST", f"{ADMIN}/actions/{ids['action']}/distribution", plan),
        ("admin", "POST", f"{ADMIN}/challenge-groups", group),
        ("member", "POST", f"{USER}/challenges/{ids['challenge']}/unlock", {"amount": 1}),
        ("member", "POST", f"{USER}/action-participations", taking),
        ("admin", "POST", f"{ADMIN}/events/custom", named),
        ("member", "POST", f"{USER}/events/custom", event),
        ("admin", "POST", f"{ADMIN}/events/custom/link", {**event, "expiryTime": 60, "isSingleUse": False}),
        ("admin", "POST", f"{ADMIN}/users", user),
        ("admin", "POST", f"{ADMIN}/users/member-1/points-transaction", money),
        ("admin", "POST", f"{ADMIN}/tags", {"value": "x", "config": {"filtering": ["reward"], "iconifyIcon": "i"}}),
        ("admin", "POST", f"{ADMIN}/campaigns", {"name": "c", "startDate": "2026-01-01T00:00:00Z", "endDate": "2026-02-01T00:00:00Z", "status": "live"}),
        ("admin", "POST", f"{ADMIN}/leaderboards", board),
        ("admin", "POST", f"{ADMIN}/leaderboards/{ids['board']}", board),
        ("admin", "POST", f"{ADMIN}/streaks/configs", streak),
        ("admin", "PATCH", f"{ADMIN}/streaks/configs/{ids['streak']}", streak),
        ("admin", "PATCH", f"{ADMIN}/xp-config", {"xpConfigs": [rule]}),
        ("admin", "PUT", f"{ADMIN}/webhooks/configs", hook),
    ]  # fmt: skip


def places(value, path=()):
    """Every place in a body, the whole of it too."""
    yield path
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in below:
        yield from places(inner, (*path, step))


def with_odd(body, path, odd):
    if not path:
        return odd
    changed = dict(body) if isinstance(body, dict) else list(body)
    changed[path[0]] = with_odd(body[path[0]], path[1:], odd)
    return changed


def complaint(answer, what):
    """What is wrong with an answer to a bad request, None when nothing is."""
    if answer.status_code == 200:
        return None
    error = answer.json()
    right = (
        400 <= answer.status_code < 500
        and set(error) == {"message", "code", "data"}
        and error["data"]["httpStatus"] == answer.status_code
    )
    return None if right else (what, answer.status_code, answer.text[:300])


async def test_odd_values_anywhere_in_a_body_are_taken_or_refused(admin, member, clock):
    clients, chance, wrong, sent = {"admin": admin.http, "member": member.http}, random.Random(4), [], 0
    for who, method, path, body in writes(await the_world(admin)):
        good = await clients[who].request(method, path, json=body)
        assert good.status_code in (200, 400, 404, 409), (path, good.text)
        for place in places(body):
            for odd in chance.sample(ODD, TRIED):
                content = json.dumps(with_odd(body, place, odd))
                answer = await clients[who].request(method, path, content=content)
                sent += 1
                wrong.append(complaint(answer, (method, path, place, repr(odd)[:60])))
    assert sent > 400
    assert not any(wrong), "\n".join(map(str, filter(None, wrong)))


async def test_who_may_only_read_writes_nothing(admin, application, parts, organisation, person):
    key = await a_key(parts, organisation, scopes=("*:read",), acting_person_id=person.id)
    viewer = speaks(application, key.text)
    for _, method, path, body in writes(await the_world(admin)):
        error = await viewer.refused(method, path, 403, body)
        assert (error["code"], error["message"]) == ("FORBIDDEN", "Insufficient permissions for this operation.")
    await viewer.http.aclose()


@pytest.mark.parametrize("odd", ["%00", "a%00b", "%ED%A0%80", "%FF", "x" * 3000, "..%2f..%2f", "💥", "-1", "%20"])
async def test_odd_ids_in_a_path_are_not_found(admin, member, odd):
    wrong = []
    for client, method, path in (
        (admin, "GET", "achievements/{}"), (admin, "DELETE", "achievements/{}"), (admin, "GET", "rewards/{}"),
        (admin, "GET", "rewards/{}/draw"), (admin, "GET", "challenges/{}"), (admin, "DELETE", "challenges/{}"),
        (admin, "GET", "tags/{}"), (admin, "DELETE", "tags/{}"), (admin, "GET", "campaigns/{}"), (admin, "GET", "users/{}"),
        (admin, "GET", "communities/{}"), (admin, "GET", "leaderboards/configs/{}"), (admin, "DELETE", "webhooks/configs/{}"),
        (admin, "DELETE", "leaderboards/{}"), (admin, "GET", "challenge-groups/{}"), (admin, "DELETE", "challenge-groups/{}"),
        (admin, "POST", "webhooks/logs/{}/retry"), (member, "GET", "achievements/{}"), (member, "POST", "achievements/{}/claim"),
        (member, "GET", "challenges/{}"), (member, "POST", "challenges/{}/start"), (member, "GET", "challenge-groups/{}"),
        (member, "GET", "me/rewards/{}"), (member, "POST", "me/rewards/{}/redeem"), (member, "GET", "me/reward-entries/{}"),
        (member, "GET", "communities/{}"), (member, "GET", "leaderboards/{}/ranking"), (member, "POST", "events/links/{}"),
    ):  # fmt: skip
        url = f"{ADMIN if client is admin else USER}/{path.format(odd)}"
        answer = await client.http.request(method, url)
        if answer.status_code not in (404, 405, 400):
            wrong.append((method, url[:80], answer.status_code, answer.text[:200]))
        wrong.append(complaint(answer, (method, url[:80])))
    assert not any(wrong), "\n".join(map(str, filter(None, wrong)))


# ------------------------------------------------------------------------------------------- refused whole, or not at all
async def holdings(admin, member, reward):
    """Everything that a payment would move."""
    shown, user = await admin.get(f"{ADMIN}/rewards/{reward['id']}"), await admin.get(f"{ADMIN}/users/member-1")
    owned = [await member.get(f"{USER}/me/{what}") for what in ("rewards", "reward-entries")]
    return shown["assetsRemaining"], shown["allocations"], user["points"], user["keys"], user["xp"], owned


def of_two(reward, **second):
    return [an_allocation(reward, id="first", supply=1), an_allocation(reward, id="second", **second)]


def by_hand(*rewards, **wish):
    items = [{"rewardId": uid, "allocationType": "assets", "quantity": 1} for uid in rewards]
    return {
        "rewards": items, "xpToDistribute": 5, "pointsToDistribute": 5, "distributionMechanism": "all", "amountToDistribute": 1,
        "userIds": ["member-1"], "communityId": None, **wish,
    }  # fmt: skip


NOBODY = "0" * 24
BAD = [
    ("achievements/{a}/distribution", lambda r: a_distribution(of_two(r, rewardId=NOBODY), points=1), 404, "rewardsConfig.allocations[1].rewardId"),
    ("achievements/{a}/distribution", lambda r: a_distribution(of_two(r, supply=-1)), 400, "rewardsConfig.allocations[1].supply"),
    ("achievements/{a}/distribution", lambda r: a_distribution(of_two(r, amountToDistribute=0)), 400, "rewardsConfig.allocations[1].amountToDistribute"),
    ("achievements/{a}/distribution", lambda r: {**a_distribution(of_two(r)), "pointsToDistribute": -1}, 400, "pointsToDistribute"),
    ("achievements/{a}/distribution", lambda r: {**a_distribution(of_two(r)), "bonusXpToDistribute": "NaN"}, 400, "bonusXpToDistribute"),
    ("achievements/{a}/distribution", lambda r: a_distribution(of_two(r), mechanism="best"), 400, "rewardsConfig.mechanism"),
    ("rewards/manual-distribution", lambda r: by_hand(r["id"], NOBODY), 404, "rewards[1].rewardId"),
    ("rewards/manual-distribution", lambda r: by_hand(r["id"], communityId=NOBODY), 400, "communityId"),
    ("rewards/manual-distribution", lambda r: by_hand(r["id"], pointsToDistribute=-1), 400, "pointsToDistribute"),
    ("rewards/manual-distribution", lambda r: by_hand(r["id"], userIds=["x"] * 1001), 400, "userIds"),
    ("rewards/{r}/process-giveaway", lambda r: {"winners": [{"userId": "member-1"}, {"userId": "nobody"}]}, 404, "winners[1].userId"),
    ("rewards/{r}/process-giveaway", lambda r: {"winners": [{"userId": "member-1", "quantity": 9}]}, 409, "winners"),
    ("rewards/{r}", lambda r: {"assetsSupply": 4, "maxAssetsPerUser": 0}, 400, "maxAssetsPerUser"),
    ("rewards/{r}", lambda r: {"allocations": [{"id": "x", "supply": 1}, {"id": "x"}]}, 400, "allocations[1].id"),
    ("rewards/{r}", lambda r: {"startsAt": "2026-05-01T00:00:00Z", "expiresAt": "2026-04-01T00:00:00Z"}, 400, "expiresAt"),
    ("users/member-1/points-transaction", lambda r: {"amount": 11, "direction": "debit", "externalTransactionReference": "x"}, 409, "amount"),
    ("users/member-1/points-transaction", lambda r: {"amount": "NaN", "direction": "credit", "externalTransactionReference": "x"}, 400, "amount"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "status", "place"), BAD, ids=[f"{path}-{place}" for path, _, _, place in BAD])
async def test_a_refused_payment_moves_nothing(admin, member, path, body, status, place):
    reward, achievement = await admin.reward(assetsSupply=5, isSharedAssetsSupply=True), await admin.achievement()
    start = {"amount": 10, "direction": "credit", "externalTransactionReference": "start"}
    await admin.post(f"{ADMIN}/users/member-1/points-transaction", start)
    before = await holdings(admin, member, reward)
    url = f"{ADMIN}/{path.format(a=achievement['id'], r=reward['id'])}"
    error = await admin.refused("POST", url, status, body(reward))
    assert error["data"]["field"] == f"body.{place}"
    assert await holdings(admin, member, reward) == before


async def test_a_refused_choice_leaves_the_claim_open(admin, member):
    first, second = await admin.reward(), await admin.reward()
    made = await admin.achievement(criteria=a_count(1))
    await admin.distribute(made, [an_allocation(first), an_allocation(second)], mechanism="select", points=3)
    await admin.event()
    claim = f"{USER}/achievements/{made['id']}/claim"
    for chosen in ([first["id"], second["id"]], [first["id"], NOBODY], [NOBODY]):
        error = await member.refused("POST", claim, 400, {"rewardIds": chosen})
        assert error["data"]["field"] == "body.rewardIds"
        assert (await member.get(f"{USER}/me"))["points"] == 0
    state = (await member.post(claim, {"rewardIds": [second["id"]]}))["userState"]
    assert (state["earnedPoints"], [asset["rewardId"] for asset in state["earnedRewardAssets"]]) == (3, [second["id"]])


@pytest.mark.parametrize("path", ["achievements", "rewards", "challenges"])
async def test_an_end_before_the_start_is_refused_in_changes_too(admin, path):
    body = {"details": {"title": "T"}, "startsAt": "2026-05-01T00:00:00Z"}
    made = await admin.post(f"{ADMIN}/{path}", body)
    error = await admin.refused("POST", f"{ADMIN}/{path}/{made['id']}", 400, {"expiresAt": "2026-05-01T00:00:00Z"})
    assert error["data"]["field"] == "body.expiresAt"
    assert (await admin.get(f"{ADMIN}/{path}/{made['id']}"))["expiresAt"] is None

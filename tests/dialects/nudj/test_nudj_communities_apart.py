"""A key that is bound to a community sees and changes what is that community's, as if there were no others."""

import pytest
import pytest_asyncio

from tests.dialects.nudj.conftest import speaks
from tests.dialects.nudj.wishes import ADMIN, USER, a_count, a_distribution, a_query, an_allocation
from tests.support.builders import a_department, a_key


@pytest_asyncio.fixture
async def here(parts, organisation):
    return await a_department(parts, organisation, name="Here")


@pytest_asyncio.fixture
async def there(parts, organisation):
    return await a_department(parts, organisation, name="There")


@pytest_asyncio.fixture
async def bound(parts, application, organisation, person, here):
    key = await a_key(parts, organisation, department_id=here.id, acting_person_id=person.id)
    client = speaks(application, key.text)
    yield client
    await client.http.aclose()


BOARD = {"name": "B", "metricType": "total-xp", "startsAt": "2020-01-01T00:00:00Z", "status": "live", "period": "open"}
STREAK = {"isEnabled": True, "triggerEvents": {"custom": ["lesson"]}}


async def one_of_each(admin, community):
    """The ids of one thing of every kind, all of one community."""
    of = {"communityId": community.uid}
    made = {
        "achievement": await admin.achievement(**of, criteria=a_count(1), queries=[a_query(name=community.name)]),
        "reward": await admin.reward(**of),
        "challenge": await admin.post(
            f"{ADMIN}/challenges",
            {**of, "details": {"title": "C"}, "status": "live", "actions": [{"details": {"title": "A"}}]},
        ),
        "board": await admin.post(
            f"{ADMIN}/leaderboards", {**BOARD, "conditions": [{"type": "community", "communityId": community.uid}]}
        ),
        "streak": await admin.post(f"{ADMIN}/streaks/configs", {**STREAK, **of}),
    }
    wish = {**of, "details": {"title": "G"}, "status": "live", "challenges": [made["challenge"]["id"]]}
    made["group"] = await admin.post(f"{ADMIN}/challenge-groups", wish)
    await admin.distribute(made["achievement"], [an_allocation(made["reward"])], points=3, xp=5)
    return {**{name: one["id"] for name, one in made.items()}, "action": made["challenge"]["actions"][0]["id"]}


LISTS = (
    ("achievement", f"{ADMIN}/achievements"),
    ("achievement", f"{USER}/achievements"),
    ("reward", f"{ADMIN}/rewards"),
    ("reward", f"{USER}/rewards"),
    ("challenge", f"{ADMIN}/challenges"),
    ("challenge", f"{USER}/challenges"),
    ("group", f"{ADMIN}/challenge-groups"),
    ("group", f"{USER}/challenge-groups"),
    ("board", f"{ADMIN}/leaderboards/configs"),
    ("board", f"{USER}/leaderboards/configs"),
)
PAYS = a_distribution(points=1)
ONE_BY_ONE = (
    ("GET", ADMIN + "/achievements/{achievement}", None),
    ("GET", USER + "/achievements/{achievement}", None),
    ("POST", ADMIN + "/achievements/{achievement}", {"featured": True}),
    ("POST", ADMIN + "/achievements/{achievement}/distribution", PAYS),
    ("GET", ADMIN + "/rewards/{reward}", None),
    ("POST", ADMIN + "/rewards/{reward}", {"featured": True}),
    ("POST", ADMIN + "/rewards/{reward}/process-giveaway", {"winners": [{"userId": "member-1"}]}),
    ("GET", ADMIN + "/rewards/{reward}/draw", None),
    ("GET", ADMIN + "/challenges/{challenge}", None),
    ("GET", USER + "/challenges/{challenge}", None),
    ("POST", ADMIN + "/challenges/{challenge}", {"featured": True}),
    ("POST", ADMIN + "/challenges/{challenge}/distribution", PAYS),
    ("POST", ADMIN + "/actions/{action}/distribution", PAYS),
    ("POST", USER + "/challenges/{challenge}/start", None),
    ("GET", USER + "/challenge-groups/{group}", None),
    ("POST", ADMIN + "/challenge-groups/{group}", {"activeAmount": 2}),
    ("GET", ADMIN + "/leaderboards/configs/{board}", None),
    ("GET", USER + "/leaderboards/{board}/ranking", None),
    ("PATCH", ADMIN + "/streaks/configs/{streak}", {"isEnabled": True}),
    ("DELETE", ADMIN + "/challenges/{challenge}", None),
    ("DELETE", ADMIN + "/achievements/{achievement}", None),
)


async def test_what_belongs_to_another_community_is_absent_and_its_own_is_there(admin, bound, here, there):
    own, foreign = await one_of_each(admin, here), await one_of_each(admin, there)
    for kind, path in LISTS:
        page = await bound.get(path)
        assert (page["totalCount"], [edge["id"] for edge in page["edges"]]) == (1, [own[kind]]), path
    for configs in (await bound.get(f"{ADMIN}/streaks/configs"), await bound.get(f"{USER}/me/streaks")):
        assert [config["id"] for config in configs] == [own["streak"]]
    for method, path, body in ONE_BY_ONE:
        await bound.refused(method, path.format(**foreign), 404, body)
        answer = await bound.http.request(method, path.format(**own), json=body)
        assert answer.status_code == 200, (path, answer.text)


async def test_what_has_no_community_is_the_default_ones(admin, bound, parts, organisation, application, person):
    made = [
        ("achievements", (await admin.achievement())["id"]),
        ("rewards", (await admin.reward())["id"]),
        ("challenges", (await admin.post(f"{ADMIN}/challenges", {"details": {"title": "C"}}))["id"]),
        ("leaderboards/configs", (await admin.post(f"{ADMIN}/leaderboards", BOARD))["id"]),
    ]
    await admin.post(f"{ADMIN}/streaks/configs", STREAK)
    async with parts.database.transaction(organisation.id) as tx:
        default = await tx.fetchval(
            "SELECT id FROM department WHERE organisation_id = $1 AND is_default", tx.organisation_id
        )
    of_default = speaks(application, (await a_key(parts, organisation, department_id=default)).text)
    for path, uid in made:
        assert (await of_default.get(f"{ADMIN}/{path}/{uid}"))["id"] == uid
        await bound.refused("GET", f"{ADMIN}/{path}/{uid}", 404)
    assert len(await of_default.get(f"{ADMIN}/streaks/configs")) == 1
    assert await bound.get(f"{ADMIN}/streaks/configs") == []
    await of_default.http.aclose()


@pytest.mark.parametrize("named", [{}, {"communityId": None}])
async def test_what_a_bound_key_makes_is_of_its_community(bound, here, named):
    details = {"details": {"title": "Ours"}, **named}
    for path in ("achievements", "rewards", "challenges", "challenge-groups"):
        made = await bound.post(f"{ADMIN}/{path}", details)
        assert made["communityId"] == here.uid, path
        changed = await bound.post(f"{ADMIN}/{path}/{made['id']}", {"communityId": None})
        assert changed["communityId"] == here.uid, path
    board = await bound.post(f"{ADMIN}/leaderboards", BOARD)
    assert board["conditions"] == [{"type": "community", "communityId": here.uid}]
    assert (await bound.post(f"{ADMIN}/streaks/configs", {**STREAK, **named}))["communityId"] == here.uid


async def test_another_community_cannot_be_named(bound, person, there):
    of = {"communityId": there.uid}
    transaction = {"amount": 1, "direction": "credit", "externalTransactionReference": "r", **of}
    by_hand = {
        "rewards": [],
        "xpToDistribute": 0,
        "pointsToDistribute": 1,
        "distributionMechanism": "all",
        "amountToDistribute": 1,
        "userIds": [person.uid],
        **of,
    }
    for path, body in (
        ("achievements", {"details": {"title": "A"}, **of}),
        ("rewards", {"details": {"title": "A"}, **of}),
        ("challenges", {"details": {"title": "A"}, **of}),
        ("challenge-groups", {"details": {"title": "A"}, **of}),
        ("streaks/configs", {**STREAK, **of}),
        ("events/custom", {"eventName": "x", "payload": {}, "userId": "member-1", **of}),
        ("events/custom/link", {"eventName": "x", "payload": {}, **of}),
        ("users/member-1/points-transaction", transaction),
        ("rewards/manual-distribution", by_hand),
    ):
        error = await bound.refused("POST", f"{ADMIN}/{path}", 400, body)
        assert error["data"]["field"] == "body.communityId", path
    body = {**BOARD, "conditions": [{"type": "community", "communityId": there.uid}]}
    error = await bound.refused("POST", f"{ADMIN}/leaderboards", 400, body)
    assert error["data"]["field"] == "body.conditions[0].communityId"


async def test_a_reward_of_another_community_cannot_be_given(admin, bound, person, there):
    foreign = await admin.reward(communityId=there.uid)
    made = await bound.achievement()
    plan = a_distribution([an_allocation(foreign)])
    await bound.refused("POST", f"{ADMIN}/achievements/{made['id']}/distribution", 404, plan)
    prize = {"startRank": 1, "endRank": 1, "items": [{"rewardId": foreign["id"]}]}
    await bound.refused("POST", f"{ADMIN}/leaderboards", 404, {**BOARD, "rewardsConfig": [prize]})


async def test_a_user_is_shown_with_what_is_the_communitys(admin, bound, here, there):
    await one_of_each(admin, here)
    await one_of_each(admin, there)
    for community in (here, there):
        body = {"eventName": community.name, "payload": {}, "userId": "member-1", "communityId": community.uid}
        await admin.post(f"{ADMIN}/events/custom", body)
    whole, cut = await admin.get(f"{ADMIN}/users/member-1"), await bound.get(f"{ADMIN}/users/member-1")
    assert (whole["points"], whole["xp"]["total"]) == (6, 10)
    assert {one["communityId"] for one in whole["communityData"]} == {here.uid, there.uid}
    assert (cut["points"], cut["xp"]["total"]) == (3, 5)
    assert [one["communityId"] for one in cut["communityData"]] == [here.uid]
    assert (await bound.get(f"{USER}/me"))["earnedRewards"] == 1
    assert (await bound.get(f"{USER}/me/rewards"))["totalCount"] == 1


async def test_an_asset_of_another_community_cannot_be_used(admin, member, bound, there):
    await one_of_each(admin, there)
    body = {"eventName": there.name, "payload": {}, "userId": "member-1", "communityId": there.uid}
    await admin.post(f"{ADMIN}/events/custom", body)
    [asset] = (await member.get(f"{USER}/me/rewards"))["edges"]
    for method, path in (("GET", ""), ("POST", "/claim"), ("POST", "/redeem")):
        await bound.refused(method, f"{USER}/me/rewards/{asset['id']}{path}", 404)
    assert (await member.post(f"{USER}/me/rewards/{asset['id']}/redeem"))["redeemedAt"]


async def test_an_event_counts_everywhere_and_tells_of_its_community_alone(admin, member, bound, here, there):
    ours = await admin.achievement(communityId=here.uid, criteria=a_count(1))
    theirs = await admin.achievement(communityId=there.uid, criteria=a_count(1))
    assert (await bound.event())["completedAchievementIds"] == [ours["id"]]
    assert (await member.get(f"{USER}/achievements/{theirs['id']}"))["userState"]["status"] == "completed"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "webhooks/configs", None),
        ("GET", "webhooks/logs", None),
        ("PUT", "webhooks/configs", {"url": "https://hooks.example.org/x"}),
        ("PATCH", "xp-config", {"xpConfigs": []}),
        ("POST", "auth-config/tokens/token-1/revoke", None),
        ("POST", "tags", {"value": "x"}),
        ("POST", "campaigns", {"name": "x"}),
    ],
)
async def test_what_concerns_the_whole_organisation_is_forbidden(bound, method, path, body):
    error = await bound.refused(method, f"{ADMIN}/{path}", 403, body)
    assert error["message"] == "Insufficient permissions for this operation."

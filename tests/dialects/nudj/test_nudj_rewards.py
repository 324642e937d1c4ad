import asyncio

import pytest

from tests.dialects.nudj.conftest import a_member, speaks
from tests.dialects.nudj.wishes import ADMIN, USER, a_count, an_allocation
from tests.support.builders import a_key


async def completed(admin, made):
    for _ in range(3):
        await admin.event()
    return made


async def state_of(member, made):
    return (await member.get(f"{USER}/achievements/{made['id']}"))["userState"]


async def test_a_completion_pays_points_xp_and_items_at_once(admin, member):
    mug = await admin.reward(assetsSupply=5, isSharedAssetsSupply=True)
    made = await admin.achievement()
    await admin.distribute(made, [an_allocation(mug, amountToDistribute=2)], points=50, xp=20)
    shown = await member.get(f"{USER}/achievements/{made['id']}")
    assert shown["reward"]["points"] == 50
    assert shown["reward"]["completionXp"] == 20
    assert [(i["id"], i["totalSupply"], i["remainingSupply"]) for i in shown["reward"]["items"]] == [(mug["id"], 5, 5)]
    await completed(admin, made)
    state = await state_of(member, made)
    assert (state["earnedPoints"], state["earnedXp"], state["isClaimed"], state["isClaimable"]) == (50, 20, True, False)
    [asset] = state["earnedRewardAssets"]
    assert (asset["rewardId"], asset["metadata"]["amount"], asset["eventSubCategory"]) == (
        mug["id"],
        2,
        "achievement-completion",
    )
    after = await member.get(f"{USER}/achievements/{made['id']}")
    assert after["reward"]["items"][0]["remainingSupply"] == 3
    assert after["stats"]["completedCount"] == 1


async def test_a_manual_claim_pays_once(admin, member):
    made = await admin.achievement(claimMode="manual")
    await admin.distribute(made, points=50)
    early = await member.refused("POST", f"{USER}/achievements/{made['id']}/claim", 400)
    assert early["code"] == "BAD_REQUEST"
    await completed(admin, made)
    waiting = await state_of(member, made)
    assert (waiting["isClaimable"], waiting["isClaimed"], waiting["earnedPoints"]) == (True, False, 0)
    answer = await member.post(f"{USER}/achievements/{made['id']}/claim")
    assert (answer["userState"]["isClaimed"], answer["userState"]["earnedPoints"]) == (True, 50)
    again = await member.refused("POST", f"{USER}/achievements/{made['id']}/claim", 409)
    assert again["code"] == "CONFLICT"
    assert again["data"]["path"] == "claimAchievement"


async def test_the_person_chooses_where_the_mechanism_is_select(admin, member):
    mug, cap = await admin.reward(), await admin.reward(details={"title": "Cap"})
    made = await admin.achievement()
    await admin.distribute(made, [an_allocation(mug), an_allocation(cap)], mechanism="select", number=1)
    await completed(admin, made)
    claim = f"{USER}/achievements/{made['id']}/claim"
    await member.refused("POST", claim, 400, {"rewardIds": [mug["id"], cap["id"]]})
    await member.refused("POST", claim, 400, {"rewardIds": ["0" * 24]})
    answer = await member.post(claim, {"rewardIds": [cap["id"]]})
    assert [asset["rewardId"] for asset in answer["userState"]["earnedRewardAssets"]] == [cap["id"]]


async def test_priority_takes_the_first_with_supply(admin, member):
    gone = await admin.reward(assetsSupply=0, isSharedAssetsSupply=True)
    second, third = await admin.reward(), await admin.reward()
    made = await admin.achievement()
    shares = [an_allocation(gone), an_allocation(second), an_allocation(third)]
    await admin.distribute(made, shares, mechanism="priority", number=1)
    await completed(admin, made)
    assert [a["rewardId"] for a in (await state_of(member, made))["earnedRewardAssets"]] == [second["id"]]


async def test_without_supply_the_achievement_still_completes_and_pays_the_rest(admin, member):
    gone = await admin.reward(assetsSupply=0, isSharedAssetsSupply=True)
    made = await admin.achievement()
    await admin.distribute(made, [an_allocation(gone)], points=5)
    await completed(admin, made)
    state = await state_of(member, made)
    assert (state["status"], state["earnedPoints"], state["earnedRewardAssets"]) == ("completed", 5, [])


async def test_an_allocation_with_its_own_supply_leaves_the_shared_one_alone(admin, member):
    mug = await admin.reward(assetsSupply=7, isSharedAssetsSupply=True)
    made = await admin.achievement()
    await admin.distribute(made, [an_allocation(mug, supply=3)])
    await completed(admin, made)
    shown = await admin.get(f"{ADMIN}/rewards/{mug['id']}")
    assert shown["assetsRemaining"] == 7
    assert [(a["supply"], a["distributed"]) for a in shown["allocations"]] == [(3, 1)]


async def test_a_person_gets_at_most_the_maximum(admin, member):
    mug = await admin.reward(maxAssetsPerUser=1)
    for _ in range(2):
        made = await admin.achievement()
        await admin.distribute(made, [an_allocation(mug)])
    await completed(admin, made)
    assert (await member.get(f"{USER}/me/rewards"))["totalCount"] == 1


async def test_a_draft_reward_queues_until_it_goes_live(admin, member):
    mug = await admin.reward(status="draft")
    made = await admin.achievement()
    await admin.distribute(made, [an_allocation(mug)])
    await completed(admin, made)
    assert (await member.get(f"{USER}/me/rewards"))["totalCount"] == 0
    await admin.post(f"{ADMIN}/rewards/{mug['id']}", {"status": "live"})
    [asset] = (await member.get(f"{USER}/me/rewards"))["edges"]
    assert asset["rewardId"] == mug["id"]


async def test_redeeming_happens_once(admin, member):
    mug = await admin.reward()
    made = await admin.achievement()
    await admin.distribute(made, [an_allocation(mug)])
    await completed(admin, made)
    [asset] = (await member.get(f"{USER}/me/rewards"))["edges"]
    assert "redeemedAt" not in asset
    redeemed = await member.post(f"{USER}/me/rewards/{asset['id']}/redeem")
    assert redeemed["redeemedAt"] == redeemed["claimedAt"] == "2026-03-14T12:00:00.000Z"
    assert (await member.get(f"{USER}/me/rewards/{asset['id']}"))["redeemedAt"]
    again = await member.refused("POST", f"{USER}/me/rewards/{asset['id']}/redeem", 409)
    assert again["code"] == "CONFLICT"
    await member.refused("POST", f"{USER}/me/rewards/{asset['id']}/claim", 409)
    await member.refused("POST", f"{USER}/me/rewards/{'0' * 24}/redeem", 404)


async def test_claiming_an_asset_happens_once(admin, member):
    made = await admin.achievement()
    await admin.distribute(made, [an_allocation(await admin.reward())])
    await completed(admin, made)
    [asset] = (await member.get(f"{USER}/me/rewards"))["edges"]
    assert (await member.post(f"{USER}/me/rewards/{asset['id']}/claim"))["claimedAt"]
    await member.refused("POST", f"{USER}/me/rewards/{asset['id']}/claim", 409)


async def test_rewards_that_redeem_themselves_come_redeemed(admin, member):
    mug = await admin.reward(redemptionConfig={"type": "rich-text", "content": "Enjoy", "autoRedeem": True})
    made = await admin.achievement()
    await admin.distribute(made, [an_allocation(mug)])
    await completed(admin, made)
    [asset] = (await member.get(f"{USER}/me/rewards"))["edges"]
    assert asset["redeemedAt"]
    assert asset["redeemable"]["content"] == "Enjoy"


async def test_somebody_elses_asset_is_not_there(admin, member, parts, organisation, application):
    made = await admin.achievement()
    await admin.distribute(made, [an_allocation(await admin.reward())])
    await completed(admin, made)
    [asset] = (await member.get(f"{USER}/me/rewards"))["edges"]
    other = await a_member(parts, organisation, "member-2")
    stranger = speaks(application, (await a_key(parts, organisation, acting_person_id=other.id)).text)
    await stranger.refused("GET", f"{USER}/me/rewards/{asset['id']}", 404)
    await stranger.refused("POST", f"{USER}/me/rewards/{asset['id']}/redeem", 404)
    await stranger.http.aclose()


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        ({"assetsSupply": -1}, "body.assetsSupply"),
        ({"maxAssetsPerUser": 0}, "body.maxAssetsPerUser"),
        ({"assetPointsPrice": -5}, "body.assetPointsPrice"),
        ({"startsAt": "2026-05-01T00:00:00Z", "expiresAt": "2026-05-01T00:00:00Z"}, "body.expiresAt"),
        ({"status": "gone"}, "body.status"),
        ({"details": {"title": "  "}}, "body.details.title"),
    ],
)
async def test_bad_rewards_are_refused_with_the_path(admin, wish, place):
    body = {"details": {"title": "Mug"}, "status": "live", **wish}
    error = await admin.refused("POST", f"{ADMIN}/rewards", 400, body)
    assert error["message"].endswith(f" for {place}")


async def test_a_supply_below_what_was_given_is_a_conflict(admin, member):
    mug = await admin.reward(assetsSupply=5, isSharedAssetsSupply=True)
    made = await admin.achievement()
    await admin.distribute(made, [an_allocation(mug, amountToDistribute=2)])
    await completed(admin, made)
    await admin.refused("POST", f"{ADMIN}/rewards/{mug['id']}", 409, {"assetsSupply": 1})
    assert (await admin.get(f"{ADMIN}/rewards/{mug['id']}"))["assetsSupply"] == 5


async def test_64_claimants_on_a_supply_of_10_give_exactly_10(admin, parts, organisation, application):
    mug = await admin.reward(assetsSupply=10, isSharedAssetsSupply=True)
    made = await admin.achievement(claimMode="manual", criteria=a_count(1))
    await admin.distribute(made, [an_allocation(mug)], points=1)
    claimants = []
    for number in range(64):
        person = await a_member(parts, organisation, f"claimant-{number}")
        await admin.event(user=f"claimant-{number}")
        claimants.append(speaks(application, (await a_key(parts, organisation, acting_person_id=person.id)).text))
    answers = await asyncio.gather(*(c.post(f"{USER}/achievements/{made['id']}/claim") for c in claimants))
    got = [len(answer["userState"]["earnedRewardAssets"]) for answer in answers]
    assert sum(got) == 10
    assert set(got) == {0, 1}
    assert all(answer["userState"]["earnedPoints"] == 1 for answer in answers)
    assert (await admin.get(f"{ADMIN}/rewards/{mug['id']}"))["assetsRemaining"] == 0
    for claimant in claimants:
        await claimant.http.aclose()


async def test_one_person_claiming_from_many_places_is_paid_once(admin, member):
    made = await admin.achievement(claimMode="manual", criteria=a_count(1))
    await admin.distribute(made, [an_allocation(await admin.reward())], points=3)
    await admin.event()
    tries = [member.http.post(f"{USER}/achievements/{made['id']}/claim") for _ in range(16)]
    statuses = sorted([answer.status_code for answer in await asyncio.gather(*tries)])
    assert statuses == [200] + [409] * 15
    assert (await state_of(member, made))["earnedPoints"] == 3


async def test_rewards_are_distributed_by_hand(admin, member, person):
    mug = await admin.reward(assetsSupply=1, isSharedAssetsSupply=True)
    body = {
        "rewards": [{"rewardId": mug["id"], "allocationType": "assets", "quantity": 1}],
        "xpToDistribute": 7,
        "pointsToDistribute": 9,
        "distributionMechanism": "all",
        "amountToDistribute": 1,
        "userIds": [person.uid, "nobody"],
        "communityId": None,
    }
    answer = await admin.post(f"{ADMIN}/rewards/manual-distribution", body)
    assert (answer["success"], answer["usersProcessed"], answer["failedUserIds"]) == (False, 1, ["nobody"])
    [asset] = (await member.get(f"{USER}/me/rewards"))["edges"]
    assert asset["eventSubCategory"] == "reward-distribution"
    error = await admin.refused("POST", f"{ADMIN}/rewards/manual-distribution", 400, {**body, "userIds": []})
    assert error["data"]["field"] == "body.userIds"


async def test_a_seeded_draw_can_be_repeated_and_happens_once(admin, parts, organisation, member):
    car = await admin.reward(details={"title": "Car"}, allocationsType="entries-only")
    made = await admin.achievement(criteria=a_count(1))
    await admin.distribute(made, [an_allocation(car, allocationType="entries", amountToDistribute=3)])
    for number in range(6):
        await a_member(parts, organisation, f"player-{number}")
        await admin.event(user=f"player-{number}")
    await admin.event()
    [entry] = (await member.get(f"{USER}/me/reward-entries"))["edges"]
    assert (entry["totalEntries"], entry["status"]) == (3, "pending")
    wish = {"numberOfWinners": 2, "seed": "a public seed"}
    drawn = await admin.post(f"{ADMIN}/rewards/{car['id']}/draw", wish)
    assert len({winner["userId"] for winner in drawn["winners"]}) == 2
    assert drawn["totalEntries"] == 21
    assert await admin.get(f"{ADMIN}/rewards/{car['id']}/draw") == drawn
    again = await admin.refused("POST", f"{ADMIN}/rewards/{car['id']}/draw", 409, wish)
    assert again["code"] == "CONFLICT"
    after = await member.get(f"{USER}/me/reward-entries/{entry['id']}")
    assert after["status"] in ("won", "lost")
    assert after["drawnAt"]


@pytest.mark.parametrize("status", ["live", "draft"])
async def test_entries_of_a_reward_that_redeems_itself_take_part_in_the_draw(admin, member, status):
    car = await admin.reward(redemptionConfig={"autoRedeem": True}, status=status)
    made = await admin.achievement(criteria=a_count(1))
    await admin.distribute(made, [an_allocation(car, allocationType="entries")])
    await admin.event()
    await admin.post(f"{ADMIN}/rewards/{car['id']}", {"status": "live"})
    [entry] = (await member.get(f"{USER}/me/reward-entries"))["edges"]
    assert entry["status"] == "pending"
    drawn = await admin.post(f"{ADMIN}/rewards/{car['id']}/draw", {"numberOfWinners": 1})
    assert drawn["totalEntries"] == 1
    [asset] = (await member.get(f"{USER}/me/rewards"))["edges"]
    assert asset["redeemedAt"]


async def test_winners_can_be_named_by_hand(admin, member, person):
    car = await admin.reward(isManualGiveaway=True)
    winners = {"winners": [{"userId": "member-1", "quantity": 2}]}
    assert (await admin.post(f"{ADMIN}/rewards/{car['id']}/process-giveaway", winners))["success"] is True
    [asset] = (await member.get(f"{USER}/me/rewards"))["edges"]
    assert (asset["rewardId"], asset["metadata"]["amount"]) == (car["id"], 2)
    await admin.refused("POST", f"{ADMIN}/rewards/{car['id']}/process-giveaway", 409, winners)
    other = await admin.reward()
    unknown = {"winners": [{"userId": "nobody", "quantity": 1}]}
    await admin.refused("POST", f"{ADMIN}/rewards/{other['id']}/process-giveaway", 404, unknown)


async def test_a_draw_before_its_time_is_refused(admin, member):
    car = await admin.reward(drawsAt="2026-04-01T00:00:00.000Z")
    error = await admin.refused("POST", f"{ADMIN}/rewards/{car['id']}/draw", 400, {"numberOfWinners": 1})
    assert error["data"]["field"] == "body.drawsAt"


async def test_too_few_prizes_undo_the_draw(admin, member):
    car = await admin.reward(assetsSupply=1, isSharedAssetsSupply=True)
    winners = {"winners": [{"userId": "member-1", "quantity": 2}]}
    await admin.refused("POST", f"{ADMIN}/rewards/{car['id']}/process-giveaway", 409, winners)
    assert (await member.get(f"{USER}/me/rewards"))["totalCount"] == 0
    await admin.refused("GET", f"{ADMIN}/rewards/{car['id']}/draw", 404)


async def test_what_the_server_raises_feeds_the_same_rules(admin, member):
    mug = await admin.reward()
    first = await admin.achievement(criteria=a_count(1))
    await admin.distribute(first, [an_allocation(mug)], points=30, xp=4)
    queries = [
        {"type": "event", "alias": "goods", "parameters": {"eventSubCategory": "reward-distribution"}},
        {"type": "event", "alias": "points", "parameters": {"eventCategory": "points"}},
        {
            "type": "event",
            "alias": "redeemed",
            "parameters": {"eventCategory": "reward", "eventSubCategory": "reward-redemption"},
        },
    ]
    goods = await admin.achievement(criteria=a_count(1, "goods"), queries=queries)
    total = {"type": "sum", "parameters": {"query": "points", "operator": ">=", "attribute": "amount", "value": 30}}
    rich = await admin.achievement(criteria=total, queries=queries)
    used = await admin.achievement(criteria=a_count(1, "redeemed"), queries=queries)
    answer = await admin.event()
    assert set(answer["completedAchievementIds"]) == {first["id"], goods["id"], rich["id"]}
    [asset] = (await member.get(f"{USER}/me/rewards"))["edges"]
    await member.post(f"{USER}/me/rewards/{asset['id']}/redeem")
    assert (await state_of(member, used))["status"] == "completed"


# ---------------------------------------------------------------------------------------------- many claimants at once
CLAIMANTS = 8
UNITS = 3


@pytest.mark.parametrize("supplied", ["shared", "per allocation"])
@pytest.mark.parametrize("mechanism", ["all", "priority", "random", "select"])
async def test_whatever_the_mechanism_claimants_at_once_get_what_there_is_and_no_more(
    admin, parts, organisation, application, mechanism, supplied
):
    shared = {"assetsSupply": UNITS, "isSharedAssetsSupply": True} if supplied == "shared" else {}
    mugs = [await admin.reward(maxAssetsPerUser=1, **shared) for _ in range(3)]
    own = {"supply": UNITS} if supplied == "per allocation" else {}
    made = [await admin.achievement(claimMode="manual", criteria=a_count(1)) for _ in range(2)]
    for achievement in made:
        shares = [an_allocation(mug, **own) for mug in mugs]
        await admin.distribute(achievement, shares, mechanism=mechanism, number=2, points=1)
    claimants = []
    for number in range(CLAIMANTS):
        person = await a_member(parts, organisation, f"claimant-{number}")
        await admin.event(user=f"claimant-{number}")
        claimants.append(speaks(application, (await a_key(parts, organisation, acting_person_id=person.id)).text))
    choice = {"rewardIds": [mugs[0]["id"], mugs[2]["id"]]} if mechanism == "select" else {}
    claims = [c.post(f"{USER}/achievements/{one['id']}/claim", choice) for c in claimants for one in made]
    await asyncio.gather(*claims)
    given = {mug["id"]: 0 for mug in mugs}
    for claimant in claimants:
        owned = [asset["rewardId"] for asset in (await claimant.get(f"{USER}/me/rewards"))["edges"]]
        assert len(owned) == len(set(owned)), "a person got more than the maximum"
        assert (await claimant.get(f"{USER}/me"))["points"] == 2
        for reward_id in owned:
            given[reward_id] += 1
        await claimant.http.aclose()
    # A supply of its own has each of the two achievements.
    most = UNITS if supplied == "shared" else 2 * UNITS
    assert all(count <= most for count in given.values())
    if supplied == "shared" or mechanism in ("all", "select"):
        # There are more claimants than units, so nothing is left of what could be had.
        assert sum(given.values()) == (2 if mechanism == "select" else 3) * most
    for mug in mugs:
        shown = await admin.get(f"{ADMIN}/rewards/{mug['id']}")
        granted = (
            UNITS - shown["assetsRemaining"]
            if supplied == "shared"
            else sum(share["distributed"] for share in shown["allocations"])
        )
        assert granted == given[mug["id"]]


@pytest.mark.parametrize("mechanism", ["all", "priority", "random", "select"])
async def test_distributions_at_once_keep_to_supply_and_maximum(admin, parts, organisation, mechanism):
    mugs = [await admin.reward(assetsSupply=7, isSharedAssetsSupply=True, maxAssetsPerUser=2) for _ in range(2)]
    people = [await a_member(parts, organisation, f"person-{number}") for number in range(5)]
    body = {
        "rewards": [{"rewardId": mug["id"], "allocationType": "assets", "quantity": 1} for mug in mugs],
        "xpToDistribute": 1,
        "pointsToDistribute": 0,
        "distributionMechanism": mechanism,
        "amountToDistribute": 2,
        "userIds": [person.uid for person in people],
        "communityId": None,
    }
    path = f"{ADMIN}/rewards/manual-distribution"
    answers = await asyncio.gather(*(admin.http.post(path, json=body) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch(
            """
            SELECT r.uid, g.person_id, sum(g.amount)::int AS units FROM reward_grant g
            JOIN reward r ON r.organisation_id = $1 AND r.id = g.reward_id
            WHERE g.organisation_id = $1 GROUP BY 1, 2
            """,
            organisation.id,
        )
    assert max(row["units"] for row in rows) == 2
    for mug in mugs:
        assert sum(row["units"] for row in rows if row["uid"] == mug["id"]) == 7
        assert (await admin.get(f"{ADMIN}/rewards/{mug['id']}"))["assetsRemaining"] == 0
    for person in people:
        assert (await admin.get(f"{ADMIN}/users/{person.uid}"))["xp"]["total"] == 4

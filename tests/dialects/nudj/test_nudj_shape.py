"""The answer to GET /achievements/{id}, key by key: exactly what the documented example shows, each with its kind of value."""

import re
from datetime import datetime

import pytest

from tests.dialects.nudj.wishes import ADMIN, USER, a_count, a_sum, all_of, an_allocation

IMAGES = {"primaryImageUrl": str, "secondaryImageUrl": str}
DETAILS = {"title": str, "description": str, "light": IMAGES, "dark": IMAGES}
ANYTHING = dict


class Time:
    """Text such as 2026-03-14T12:00:00.000Z."""


class Id:
    """24 hexadecimal digits."""


REDEEMABLE = {
    "instructions": str, "instructionsImageUrl": str, "supportEmail": str, "supportPhoneNumber": str, "supportUrl": str,
    "type": str, "additionalInformation": [object], "redeemByDate": Time, "content": str,
}  # fmt: skip
ASSET = {
    "id": Id, "organisationId": Id, "communityId": Id, "rewardId": Id, "allocationId": Id, "userId": Id, "details": DETAILS,
    "redeemable": REDEEMABLE, "eventCategory": str, "eventSubCategory": str, "eventSourceId": Id, "tags": [Id],
    "campaigns": [Id], "metadata": ANYTHING, "claimedAt": Time, "redeemedAt": Time, "expiresAt": Time, "createdAt": Time,
    "updatedAt": Time, "additionalCommunityIds": [Id],
}  # fmt: skip
ENTRY = {
    "id": Id, "organisationId": Id, "communityId": Id, "rewardId": Id, "userId": Id, "rewardAssetIds": [Id],
    "details": DETAILS, "totalEntries": int, "entries": [{"allocationId": Id, "amount": int, "createdAt": Time}],
    "tags": [Id], "campaigns": [Id], "checkByDate": Time, "checkedAt": Time, "drawnAt": Time, "createdAt": Time,
    "updatedAt": Time, "additionalCommunityIds": [Id], "status": str, "rewardAssets": [ASSET],
}  # fmt: skip
LEAF = {"type": str, "isComplete": bool, "currentValue": int, "targetValue": int, "conditions": []}
PROGRESS = {**LEAF, "conditions": [LEAF]}
USER_STATE = {
    "status": str, "completedAt": Time, "timesCompleted": int, "isClaimable": bool, "isClaimed": bool, "updatedAt": Time,
    "earnedPoints": int, "earnedRewardAssets": [ASSET], "earnedRewardEntries": [ENTRY], "earnedXp": int,
    "progressResetsAt": Time, **PROGRESS,
}  # fmt: skip
ITEM = {
    "id": Id,
    "details": DETAILS,
    "type": str,
    "amountToDistribute": int,
    "totalSupply": int,
    "remainingSupply": int,
}
REWARD = {
    "points": int, "completionXp": int, "items": [ITEM], "rewardSelectionMethod": str, "numberOfRewardsToReceive": int,
    "distributionEventId": Id,
}  # fmt: skip
QUERY = {
    "type": str, "alias": str, "isCommunityScoped": bool,
    "parameters": {
        "eventName": str, "eventCategory": str, "eventSubCategory": str, "eventSourceId": str, "tags": [str],
    },
}  # fmt: skip
SUM = {"type": str, "parameters": {"query": str, "operator": str, "attribute": str, "value": int}}
DEFINITION = {
    "id": Id, "organisationId": Id, "communityId": Id, "details": DETAILS, "progressPeriod": str, "displayMode": str,
    "tags": [Id], "campaigns": [Id], "criteria": {"type": str, "parameters": {"operator": str, "conditions": [SUM]}},
    "queries": [QUERY], "queryDescriptions": {"lessons": str}, "status": str, "featured": bool,
    "availableAsTemplateForOrganisations": [Id], "isGlobalTemplate": bool, "startsAt": Time, "expiresAt": Time,
    "createdAt": Time, "updatedAt": Time,
}  # fmt: skip
RARITY = {"share": object, "band": str}  # the one addition of ours to what the example shows
ACHIEVEMENT = {
    **DEFINITION, "userState": USER_STATE, "stats": {"completedCount": int, "rarity": RARITY}, "reward": REWARD,
}  # fmt: skip
SHARE = {"rewardId": Id, "allocationId": Id, "allocationType": str, "amountToDistribute": int}
ADMIN_ACHIEVEMENT = {
    **DEFINITION, "createdBy": str, "updatedBy": str, "claimMode": str,
    "rewardDistribution": {
        "points": int, "xp": int, "rewardSelectionMethod": str, "distributionEventId": Id, "rewardAllocations": [SHARE],
        "numberOfRewardsToReceive": int,
    },
}  # fmt: skip


def mismatches(shape, value, path=""):
    """Every way in which `value` is not of `shape`: keys that are missing, keys that are too many, values of another kind."""
    if shape is Time:
        right = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value)
        return [] if right and datetime.fromisoformat(value) else [f"{path}: {value!r} is no time"]
    if shape is Id:
        return [] if isinstance(value, str) and re.fullmatch("[0-9a-f]{24}", value) else [f"{path}: {value!r} is no id"]
    if shape == []:
        return [] if value == [] else [f"{path}: {value!r} is no empty list"]
    if isinstance(shape, list):
        if not isinstance(value, list) or not value:
            return [f"{path}: {value!r} is no list with something in it"]
        return [wrong for index, one in enumerate(value) for wrong in mismatches(shape[0], one, f"{path}[{index}]")]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{path}: {value!r} is no object"]
        wrong = [f"{path}.{name} is missing" for name in shape if name not in value]
        wrong += [f"{path}.{name} is not in the example" for name in value if name not in shape]
        return wrong + [
            found for name in shape if name in value for found in mismatches(shape[name], value[name], f"{path}.{name}")
        ]
    right = isinstance(value, int) and not isinstance(value, bool) if shape is int else isinstance(value, shape)
    return [] if right else [f"{path}: {value!r} is no {shape.__name__}"]


@pytest.mark.parametrize(
    ("shape", "value", "found"),
    [
        ({"a": int}, {"a": 1, "b": 2}, [".b is not in the example"]),
        ({"a": {"b": int}}, {"a": {}}, [".a.b is missing"]),
        ({"a": int}, {"a": True}, [".a: True is no int"]),
        ({"a": [Id]}, {"a": ["x"]}, [".a[0]: 'x' is no id"]),
        (Time, "2026-03-14T12:00:00Z", [": '2026-03-14T12:00:00Z' is no time"]),
    ],
)
def test_the_comparison_sees_what_differs(shape, value, found):
    assert mismatches(shape, value) == found


async def test_every_key_of_the_documented_example_is_answered_from_real_state_and_no_other(
    admin, member, organisation
):
    home = (await admin.get(f"{ADMIN}/communities"))["edges"][0]["id"]
    tag = (await admin.post(f"{ADMIN}/tags", {"value": "gold"}))["id"]
    window = {"name": "Spring", "startDate": "2026-03-01T00:00:00.000Z", "endDate": "2026-04-01T00:00:00.000Z"}
    campaign = (await admin.post(f"{ADMIN}/campaigns", window))["id"]
    images = {"primaryImageUrl": "https://img.example.org/1.png", "secondaryImageUrl": "https://img.example.org/2.png"}
    details = {"title": "Prize", "description": "A prize", "light": images, "dark": images}
    common = {
        "communityId": home, "additionalCommunityIds": [home], "tags": [tag], "campaigns": [campaign], "details": details,
        "assetsSupply": 9, "expiresAt": "2027-01-01T00:00:00.000Z",
        "redemptionConfig": {
            "type": "rich-text", "content": "Show this", "instructions": "At the desk", "autoRedeem": True,
            "instructionsImageUrl": "https://img.example.org/3.png", "supportEmail": "desk@example.org",
            "supportPhoneNumber": "+49 30 1", "supportUrl": "https://example.org", "redeemByDate": "2026-12-01T00:00:00.000Z",
            "additionalInformation": [{"variableConfigId": "size", "required": True, "position": 1}],
        },
    }  # fmt: skip
    mug = await admin.reward(**common)
    draw = await admin.reward(**common, entriesSupply=9, drawsAt="2026-03-14T11:00:00.000Z")
    counted = {
        "eventName": "lesson",
        "eventCategory": "custom",
        "eventSubCategory": "",
        "eventSourceId": "",
        "tags": ["gold"],
    }
    never = {
        "eventName": "x", "eventCategory": "action", "eventSubCategory": "question-quiz", "eventSourceId": tag, "tags": ["x"],
    }  # fmt: skip
    made = await admin.achievement(
        communityId=home, details=details, progressPeriod="daily", tags=[tag], campaigns=[campaign], featured=True,
        startsAt="2026-03-01T00:00:00.000Z", expiresAt="2027-03-01T00:00:00.000Z", isGlobalTemplate=True,
        availableAsTemplateForOrganisations=[organisation.uid], queryDescriptions={"lessons": "Lessons taken"},
        queries=[
            {"type": "event", "alias": "lessons", "isCommunityScoped": False, "parameters": counted},
            {"type": "event", "alias": "never", "isCommunityScoped": True, "parameters": never},
        ],
        criteria=all_of(a_sum(1), a_sum(2)),
    )  # fmt: skip
    shares = [an_allocation(mug), an_allocation(draw, allocationType="entries", amountToDistribute=2)]
    await admin.distribute(made, shares, points=5, xp=7)
    assert (await admin.event(amount=2, tags=["gold"]))["completedAchievementIds"] == [made["id"]]
    await admin.post(f"{ADMIN}/rewards/{draw['id']}/draw", {"numberOfWinners": 1})
    shown = await member.get(f"{USER}/achievements/{made['id']}")
    assert mismatches(ACHIEVEMENT, shown) == []
    assert (await member.get(f"{USER}/achievements"))["edges"] == [shown]
    assert mismatches(ADMIN_ACHIEVEMENT, await admin.get(f"{ADMIN}/achievements/{made['id']}")) == []


async def test_a_user_without_events_gets_a_full_state_of_zeros(admin, member):
    made = await admin.achievement()
    state = (await member.get(f"{USER}/achievements/{made['id']}"))["userState"]
    assert state == {
        "status": "not-started", "timesCompleted": 0, "isClaimable": False, "isClaimed": False,
        "updatedAt": made["updatedAt"], "earnedPoints": 0, "earnedRewardAssets": [], "earnedRewardEntries": [],
        "earnedXp": 0, "type": "count", "isComplete": False, "currentValue": 0, "targetValue": 3, "conditions": [],
    }  # fmt: skip


async def test_texts_are_answered_in_the_language_asked_for(admin, member):
    made = await admin.achievement(queryDescriptions={"lessons": "Lessons"})
    path = f"{ADMIN}/achievements/{made['id']}"
    german = {"details": {"title": "Drei Stunden"}, "queryDescriptions": {"lessons": "Stunden"}}
    await admin.post(path, german, headers={"x-language": "de"})

    async def seen(language):
        headers = {} if language is None else {"x-language": language}
        shown = await member.get(f"{USER}/achievements/{made['id']}", headers=headers)
        return shown["details"]["title"], shown["queryDescriptions"]["lessons"]

    assert await seen("de") == await seen("de-AT") == await seen("german") == ("Drei Stunden", "Stunden")
    assert await seen(None) == await seen("en-GB") == await seen("xx") == ("Three lessons", "Lessons")


async def test_statuses_follow_the_clock(admin, member, clock):
    made = await admin.achievement(startsAt="2026-03-15T00:00:00.000Z", expiresAt="2026-03-16T00:00:00.000Z")
    statuses = []
    for day in (14, 15, 16):
        clock.set(datetime.fromisoformat(f"2026-03-{day}T12:00:00+00:00"))
        await admin.event()
        statuses.append((await member.get(f"{USER}/achievements/{made['id']}"))["status"])
    assert statuses == ["scheduled", "live", "expired"]
    state = (await member.get(f"{USER}/achievements/{made['id']}"))["userState"]
    assert state["currentValue"] == 1
    await admin.post(f"{ADMIN}/achievements/{made['id']}", {"status": "archived"})
    await member.refused("GET", f"{USER}/achievements/{made['id']}", 404)
    back = await admin.post(f"{ADMIN}/achievements/{made['id']}", {"status": "draft"})
    assert back["status"] == "draft"


async def test_templates_are_listed_and_achievements_deleted(admin):
    await admin.achievement()
    template = await admin.achievement(isGlobalTemplate=True)
    listed = await admin.get(f"{ADMIN}/templates/achievements")
    assert [edge["id"] for edge in listed["edges"]] == [template["id"]]
    reward = await admin.reward(isGlobalTemplate=True)
    assert [edge["id"] for edge in (await admin.get(f"{ADMIN}/templates/rewards"))["edges"]] == [reward["id"]]
    assert await admin.send("DELETE", f"{ADMIN}/achievements/{template['id']}") == {"success": True}
    assert (await admin.get(f"{ADMIN}/templates/achievements"))["totalCount"] == 0
    await admin.refused("GET", f"{ADMIN}/achievements/{template['id']}", 404)


async def test_a_secret_achievement_is_seen_once_it_is_held(admin, member, api):
    made = await admin.achievement(criteria=a_count(1))
    assert (await api.patch(f"/api/v1/achievements/{made['id']}", json={"secret": True})).status_code == 200
    assert (await member.get(f"{USER}/achievements"))["totalCount"] == 0
    await member.refused("GET", f"{USER}/achievements/{made['id']}", 404)
    await admin.event()
    assert (await member.get(f"{USER}/achievements"))["totalCount"] == 1
    assert (await member.get(f"{USER}/achievements/{made['id']}"))["userState"]["status"] == "completed"

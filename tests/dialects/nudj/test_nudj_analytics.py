from datetime import timedelta

from tests.dialects.nudj.conftest import a_member
from tests.dialects.nudj.wishes import ADMIN, USER, a_count
from tests.support.builders import a_department

USERS = "/api/v2/analytics/users"


def moving(amount, direction="credit", **wish):
    return {"amount": amount, "direction": direction, "externalTransactionReference": f"r-{amount}", **wish}


async def test_users_are_shown_with_how_they_stand(admin, member, parts, organisation):
    images = {"primaryImageUrl": "https://img.example.org/1.png"}
    details = {"title": "Two lessons", "description": "Take two", "light": images}
    two = await admin.achievement(criteria=a_count(2), details=details)
    one = await admin.achievement(criteria=a_count(1))
    await admin.achievement(
        criteria=a_count(1), queries=[{"type": "event", "alias": "lessons", "parameters": {"eventName": "x"}}]
    )
    await a_member(parts, organisation, "member-2")
    await admin.event()
    page = await admin.get(f"{USERS}/details", params={"limit": 1, "sort": "createdAt"})
    assert page["pagination"] == {"total": 2, "skip": 0, "limit": 1}
    [user] = page["data"]
    assert user["externalUserId"] == "member-1"
    by_id = {row.pop("achievementId"): row for row in user["achievements"]}
    assert by_id == {
        two["id"]: {
            "achievementName": "Two lessons",
            "progress": 1,
            "progressMax": 2,
            "isCompleted": False,
            "achievementDescription": "Take two",
            "bannerUrl": "https://img.example.org/1.png",
        },
        one["id"]: {
            "achievementName": "Three lessons",
            "progress": 1,
            "progressMax": 1,
            "isCompleted": True,
            "achievementDescription": "Finish three lessons",
            "completedAt": "2026-03-14T12:00:00.000Z",
            "lastUpdatedAt": "2026-03-14T12:00:00.000Z",
        },
    }
    [other] = (await admin.get(f"{USERS}/details", params={"skip": 1, "sort": "createdAt"}))["data"]
    assert other["achievements"] == []


async def test_what_moved_a_users_points_is_listed(admin, person, parts, organisation, clock):
    there = await a_department(parts, organisation)
    home = next(one["id"] for one in (await admin.get(f"{ADMIN}/communities"))["edges"] if one["id"] != there.uid)
    path = f"{ADMIN}/users/member-1/points-transaction"
    first = (await admin.post(path, moving(10, communityId=there.uid)))["transaction"]
    clock.advance(timedelta(days=1))
    await admin.post(path, moving(4, "debit", communityId=there.uid))
    await admin.post(path, moving(7, communityId=home))
    page = await admin.get(f"{USERS}/points-transactions", params={"userId": "member-1", "skip": 1})
    assert page["pagination"] == {"total": 3, "skip": 1, "limit": 10}
    assert [(one["accountingDirection"], one["amount"]) for one in page["data"]] == [("debit", 4), ("credit", 10)]
    assert page["data"][1] == first
    of_there = {"userId": person.uid, "communityId": there.uid, "toDate": "2026-03-14"}
    assert (await admin.get(f"{USERS}/points-transactions", params=of_there))["data"] == [first]
    of_home = {"userId": person.uid, "communityId": home}
    assert [one["amount"] for one in (await admin.get(f"{USERS}/points-transactions", params=of_home))["data"]] == [7]


async def test_analytics_are_the_organisations_and_refuse_in_shape(admin, member, other_api, person):
    for params, status in (({}, 400), ({"userId": "nobody"}, 404), ({"userId": "member-1", "communityId": "x"}, 400)):
        error = await admin.refused("GET", f"{USERS}/points-transactions", status, params=params)
        assert error["data"]["path"] == "getPointsTransactions"
    await admin.refused("GET", "/api/v2/analytics/nothing", 404)
    assert (await other_api.get(f"{USERS}/details")).json()["data"] == []
    assert (await other_api.get(f"{USERS}/points-transactions?userId={person.uid}")).status_code == 404
    assert (await member.get(f"{USER}/me"))["points"] == 0

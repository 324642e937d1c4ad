import pytest

from tests.dialects.nudj.wishes import ADMIN, USER, a_count, a_query, a_sum, all_of, an_achievement


async def test_an_achievement_completes_after_its_events(admin, member):
    made = await admin.achievement()
    before = await member.get(f"{USER}/achievements/{made['id']}")
    assert before["userState"]["status"] == "not-started"
    await admin.event()
    await admin.event()
    during = await member.get(f"{USER}/achievements/{made['id']}")
    assert (during["userState"]["status"], during["userState"]["currentValue"]) == ("in-progress", 2)
    answer = await admin.event()
    assert answer["completedAchievementIds"] == [made["id"]]
    after = (await member.get(f"{USER}/achievements/{made['id']}"))["userState"]
    assert (after["status"], after["isComplete"], after["timesCompleted"]) == ("completed", True, 1)
    assert after["completedAt"] == "2026-03-14T12:00:00.000Z"


async def test_the_list_counts_all_and_shows_a_page(admin, member):
    for number in range(3):
        await admin.achievement(details={"title": f"Number {number}", "description": ""})
    page = await member.get(f"{USER}/achievements", params={"limit": 2, "skip": 1})
    assert page["totalCount"] == 3
    assert [edge["details"]["title"] for edge in page["edges"]] == ["Number 1", "Number 0"]


async def test_drafts_are_not_shown_to_users(admin, member):
    made = await admin.achievement(status="draft")
    error = await member.refused("GET", f"{USER}/achievements/{made['id']}", 404)
    assert error["code"] == "NOT_FOUND"
    assert error["data"]["path"] == "getAchievement"
    assert (await admin.get(f"{ADMIN}/achievements/{made['id']}"))["status"] == "draft"


async def test_trees_nest_and_progress_is_flattened_into_the_state(admin, member):
    criteria = all_of(a_count(1), all_of(a_sum(5), a_count(9), operator="or"))
    made = await admin.achievement(criteria=criteria)
    assert made["criteria"] == criteria
    await admin.event(amount=2.5)
    state = (await member.get(f"{USER}/achievements/{made['id']}"))["userState"]
    assert (state["type"], state["currentValue"], state["targetValue"]) == ("logical", 1, 2)
    assert state["conditions"][1]["conditions"][0] == {
        "type": "sum",
        "isComplete": False,
        "currentValue": 2.5,
        "targetValue": 5,
        "conditions": [],
    }


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        ({"criteria": a_count(query="nobody")}, "body.criteria.parameters.query"),
        ({"criteria": a_count(operator="=~")}, "body.criteria.parameters.operator"),
        ({"criteria": {"type": "median", "parameters": {}}}, "body.criteria.type"),
        ({"criteria": all_of()}, "body.criteria.parameters.conditions"),
        (
            {"criteria": all_of(a_count(), all_of(a_count(query="x")))},
            "body.criteria.parameters.conditions[1].parameters.conditions[0].parameters.query",
        ),
        ({"queries": [a_query(), a_query()]}, "body.queries[1].alias"),
        ({"queries": [a_query(eventCategory="weather")]}, "body.queries[0].parameters.eventCategory"),
        ({"progressPeriod": "hourly"}, "body.progressPeriod"),
        ({"details": {"description": "no title"}}, "body.details.title"),
        (
            {"startsAt": "2026-05-01T00:00:00.000Z", "expiresAt": "2026-04-01T00:00:00.000Z"},
            "body.expiresAt",
        ),
        ({"communityId": "0" * 24}, "body.communityId"),
    ],
)
async def test_bad_input_is_refused_with_the_path_of_the_field(admin, wish, place):
    error = await admin.refused("POST", f"{ADMIN}/achievements", 400, an_achievement(**wish))
    assert error["code"] == "BAD_REQUEST"
    assert error["message"].startswith("Invalid input: ")
    assert error["message"].endswith(f" for {place}")


async def test_a_tree_that_is_too_deep_is_refused_with_the_limit(admin):
    criteria = a_count()
    for _ in range(10):
        criteria = all_of(criteria)
    error = await admin.refused("POST", f"{ADMIN}/achievements", 400, an_achievement(criteria=criteria))
    assert error["data"]["limit"] == 10

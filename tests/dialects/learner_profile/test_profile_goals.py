from tests.dialects.learner_profile.profile_client import UNKNOWN

FULL = {
    "name": "Read more",
    "description": "d",
    "type": "t",
    "aligned_skills": ["s"],
    "aligned_workforces": [{"w": 1}],
    "aligned_credentials": ["c"],
    "aligned_learning_experiences": [1.5],
}


async def a_goal(service, **fields):
    return await service.done("POST", "/goal", json={"name": "Read", **fields})


async def test_a_goal_is_shown_with_its_defaults(service):
    answer = await service.ask("POST", "/goal", json={"name": "Read"})
    assert answer.json()["message"] == "Successfully created the goal"
    made = answer.json()["data"]
    assert {name: made[name] for name in (*FULL, "is_archived")} == {
        "name": "Read",
        "description": "",
        "type": "",
        "aligned_skills": [],
        "aligned_workforces": [],
        "aligned_credentials": [],
        "aligned_learning_experiences": [],
        "is_archived": False,
    }
    assert set(made) == {*FULL, "is_archived", "uuid", "created_time", "last_modified_time"}


async def test_everything_that_is_sent_is_kept_and_read(service):
    made = await a_goal(service, **FULL)
    assert {name: made[name] for name in FULL} == FULL
    answer = await service.ask("GET", f"/goal/{made['uuid']}")
    assert answer.json() == {"success": True, "message": "Successfully fetched the goal", "data": made}


async def test_an_update_changes_what_is_given(service):
    made = await a_goal(service, **FULL)
    answer = await service.ask(
        "PUT", f"/goal/{made['uuid']}", json={"name": "Write", "type": None, "is_archived": True}
    )
    assert answer.json()["message"] == "Successfully updated the goal"
    assert answer.json()["data"] == {**made, "name": "Write", "is_archived": True}


async def test_a_deleted_goal_is_gone(service):
    uuid = (await a_goal(service))["uuid"]
    answer = await service.ask("DELETE", f"/goal/{uuid}")
    assert answer.json() == {"success": True, "message": "Successfully deleted the goal"}
    for method in ("GET", "DELETE"):
        await service.not_found(f"Goal with uuid {uuid} not found", method, f"/goal/{uuid}")
    await service.not_found(f"Goal with uuid {uuid} not found", "PUT", f"/goal/{uuid}", json={})
    assert await service.done("GET", "/goal") == {"records": [], "total_count": 0}
    assert await service.done("GET", "/goal/search?name=Read") == []


async def test_goals_are_listed_newest_first_by_type_and_archive(service):
    one, two, three = [await a_goal(service, type=type_) for type_ in ("a", "b", "a")]
    answer = await service.ask("GET", "/goal")
    assert answer.json()["message"] == "Successfully fetched the goal"
    assert answer.json()["data"] == {"records": [three, two, one], "total_count": 3}
    assert (await service.done("GET", "/goal?goal_type=a"))["total_count"] == 2
    assert (await service.done("GET", "/goal?limit=1&skip=1"))["records"] == [two]
    assert (await service.done("GET", f"/goal?after={two['uuid']}"))["records"] == [one]
    archived = await service.done("PUT", f"/goal/{one['uuid']}", json={"is_archived": True})
    assert await service.done("GET", "/goal?fetch_archive=true") == {"records": [archived], "total_count": 1}
    assert (await service.done("GET", "/goal?fetch_archive=false"))["records"] == [three, two]
    await service.not_found(f"Goal with uuid {UNKNOWN} not found", "GET", f"/goal?after={UNKNOWN}")


async def test_goals_are_searched_by_their_whole_name(service):
    made = await a_goal(service, name="Read")
    await a_goal(service, name="Reading")
    answer = await service.ask("GET", "/goal/search?name=Read")
    assert answer.json() == {"success": True, "message": "Successfully fetched the goals", "data": [made]}
    await service.broken("Missing or invalid request parameters", "GET", "/goal/search")

import re

from tests.dialects.learner_profile.profile_client import UNKNOWN
from tests.dialects.learner_profile.seed_bodies import (
    ACHIEVEMENT_CREATED,
    ACHIEVEMENT_REQUEST,
    ACHIEVEMENT_UPDATE,
    PROFILE_CREATED,
    PROFILE_REQUEST,
    PROFILE_UPDATE,
    parsed,
    without_made_up,
)

JSON = {"Content-Type": "application/json"}
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00")


async def create_achievement(service):
    return (await service.ask("POST", "/achievement", content=ACHIEVEMENT_REQUEST, headers=JSON)).json()


async def test_creating_an_achievement_answers_as_on_the_page(service):
    answer = await service.ask("POST", "/achievement", content=ACHIEVEMENT_REQUEST, headers=JSON)
    assert answer.status_code == 200
    assert without_made_up(answer.json()) == without_made_up(parsed(ACHIEVEMENT_CREATED))
    assert answer.json()["data"].keys() == parsed(ACHIEVEMENT_CREATED)["data"].keys()


async def test_ids_are_20_letters_and_digits_and_times_have_six_digits(service):
    data = (await create_achievement(service))["data"]
    assert re.fullmatch(r"[A-Za-z0-9]{20}", data["uuid"])
    assert TIME.fullmatch(data["created_time"])
    assert TIME.fullmatch(data["last_modified_time"])


async def test_listing_achievements_answers_as_on_the_page_with_the_true_count(service):
    made = await create_achievement(service)
    answer = (await service.ask("GET", "/achievements?skip=0&limit=10")).json()
    assert answer == {
        "success": True,
        "message": "Successfully fetched the achievements",
        "data": {"records": [made["data"]], "total_count": 1},
    }


async def test_getting_an_achievement_answers_as_on_the_page(service):
    made = await create_achievement(service)
    answer = (await service.ask("GET", f"/achievement/{made['data']['uuid']}")).json()
    assert answer == {**made, "message": "Successfully fetched the achievement"}


async def test_an_achievement_that_is_not_there_answers_as_on_the_page(service):
    answer = await service.ask("GET", "/achievement/random_id")
    assert answer.status_code == 404
    assert answer.json() == {"success": False, "message": "Achievement with uuid random_id not found", "data": None}


async def test_updating_an_achievement_takes_the_pages_whole_envelope(service):
    made = await create_achievement(service)
    answer = await service.ask("PUT", f"/achievement/{made['data']['uuid']}", content=ACHIEVEMENT_UPDATE, headers=JSON)
    assert answer.status_code == 200, answer.text
    assert answer.json()["message"] == "Successfully updated the achievement"
    wanted = parsed(ACHIEVEMENT_UPDATE)["data"]
    assert {name: answer.json()["data"][name] for name in wanted} == wanted
    assert answer.json()["data"]["uuid"] == made["data"]["uuid"]


async def test_updating_an_achievement_takes_the_bare_object_too(service):
    made = await create_achievement(service)
    changed = await service.done("PUT", f"/achievement/{made['data']['uuid']}", json=parsed(ACHIEVEMENT_UPDATE)["data"])
    assert changed["type"] == "competency"


async def test_updating_and_deleting_what_is_not_there_answers_as_on_the_page(service):
    text = f"Achievement with uuid {UNKNOWN} not found"
    await service.not_found(text, "PUT", f"/achievement/{UNKNOWN}", content=ACHIEVEMENT_UPDATE, headers=JSON)
    await service.not_found(text, "DELETE", f"/achievement/{UNKNOWN}")


async def test_deleting_an_achievement_answers_as_on_the_page(service):
    made = await create_achievement(service)
    answer = await service.ask("DELETE", f"/achievement/{made['data']['uuid']}")
    assert answer.json() == {"success": True, "message": "Successfully deleted the achievement"}


async def create_profile(service):
    learner = await service.new_learner()
    path = f"/learner/{learner}/learner-profile"
    answer = await service.ask("POST", path, content=PROFILE_REQUEST, headers=JSON)
    assert answer.status_code == 200, answer.text
    return learner, answer.json()


async def test_creating_a_profile_answers_as_on_the_page_and_names_the_learner(service):
    learner, made = await create_profile(service)
    wanted = without_made_up(parsed(PROFILE_CREATED))
    wanted["data"]["learner_id"] = learner
    assert without_made_up(made) == wanted


async def test_getting_a_profile_answers_as_on_the_page(service):
    learner, made = await create_profile(service)
    for path in (f"/{made['data']['uuid']}", ""):
        answer = (await service.ask("GET", f"/learner/{learner}/learner-profile{path}")).json()
        assert answer == {**made, "message": "Successfully fetched the learner profile"}


async def test_updating_a_profile_answers_as_on_the_page(service):
    learner, made = await create_profile(service)
    for path in (f"/{made['data']['uuid']}", ""):
        answer = await service.ask(
            "PUT", f"/learner/{learner}/learner-profile{path}", content=PROFILE_UPDATE, headers=JSON
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["message"] == "Successfully updated the learner profile"
        wanted = parsed(PROFILE_UPDATE)
        assert {name: answer.json()["data"][name] for name in wanted} == wanted


async def test_a_learner_that_is_not_there_answers_as_on_the_page(service):
    text = f"Learner with uuid {UNKNOWN} not found"
    path = f"/learner/{UNKNOWN}/learner-profile"
    await service.not_found(text, "POST", path, content=PROFILE_REQUEST, headers=JSON)
    await service.not_found(text, "GET", f"{path}/5k5OG88iCAaY56DkAk9J")
    await service.not_found(text, "PUT", f"{path}/5k5OG88iCAaY56DkAk9J", content=PROFILE_UPDATE, headers=JSON)


async def test_updating_a_profile_that_is_not_there_answers_as_on_the_page(service):
    learner = await service.new_learner()
    await service.not_found(
        "Learner with uuid 5k5OG88iCAaY56DkAk9k not found",
        "PUT",
        f"/learner/{learner}/learner-profile/5k5OG88iCAaY56DkAk9k",
        content=PROFILE_UPDATE,
        headers=JSON,
    )

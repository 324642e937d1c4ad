import pytest

from laurel.base.ids import uid_from_base62
from tests.dialects.learner_profile.profile_client import BASE, UNKNOWN
from tests.support.builders import a_key
from tests.support.fixtures import client_of

DEFAULTS = {
    "learning_goals": [],
    "learning_constraints": None,
    "learning_preferences": {},
    "patterns_of_participation": {},
    "employment_status": "",
    "employment_history": {},
    "education_history": {},
    "potential_career_fields": [],
    "personal_goals": "",
    "account_settings": {},
    "contact_preferences": {"email": False, "phone": False},
    "enrollment_information": {},
    "attestation_object": {},
    "progress": {
        "curriculum_pathways": {},
        "learning_experiences": {},
        "learning_objects": {},
        "learning_resources": {},
        "assessments": {},
    },
    "achievements": [],
    "tagged_skills": [],
    "tagged_competencies": [],
    "mastered_skills": [],
    "mastered_competencies": [],
}
NODE = {
    "name": "n",
    "status": "not_attempted",
    "is_optional": False,
    "is_hidden": True,
    "parent_node": None,
    "is_locked": True,
    "progress": 0.0,
    "last_attempted": None,
    "num_attempts": None,
    "child_count": None,
    "completed_child_count": None,
    "ungate": False,
    "instruction_completed": None,
}
SERVER = ("uuid", "learner_id", "is_archived", "created_time", "last_modified_time")


def path_of(learner, profile=""):
    return f"/learner/{learner}/learner-profile" + (f"/{profile}" if profile else "")


async def held_at_our_api(api, learner):
    person = uid_from_base62(learner)
    answer = await api.get(f"/api/v1/people/{person}/awards")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


# ---------------------------------------------------------------------------------------------- create, get, update
async def test_an_empty_body_makes_a_profile_of_defaults(service):
    learner = await service.new_learner()
    made = await service.new_profile(learner)
    assert {name: value for name, value in made.items() if name not in SERVER} == DEFAULTS
    assert (made["learner_id"], made["is_archived"]) == (learner, False)


async def test_everything_that_is_sent_is_kept(service):
    body = {
        "learning_goals": ["a", {"b": 1.5}],
        "learning_constraints": {"weekly_study_time": 30},
        "learning_preferences": {"pace": "slow", "deep": {"er": [1, None]}},
        "patterns_of_participation": {"x": True},
        "employment_status": "Full-time",
        "potential_career_fields": ["a", "b", "c"],
        "personal_goals": "x" * 500,
        "contact_preferences": {"email": True, "phone": False},
        "enrollment_information": {"e": 1},
        "attestation_object": {"a": 1},
        "progress": {**DEFAULTS["progress"], "assessments": {"id": {**NODE, "progress": 0.5, "status": "completed"}}},
        "tagged_skills": ["s"],
        "tagged_competencies": ["c"],
        "mastered_skills": ["m"],
        "mastered_competencies": ["n"],
    }
    learner = await service.new_learner()
    made = await service.new_profile(learner, **body)
    assert {name: made[name] for name in body} == body
    assert await service.done("GET", path_of(learner)) == made


async def test_nodes_and_contact_get_their_defaults(service):
    progress = {"learning_objects": {"x": {"name": "n"}}}
    made = await service.new_profile(
        await service.new_learner(), progress=progress, contact_preferences={"phone": True}, learning_constraints={}
    )
    assert made["progress"] == {**DEFAULTS["progress"], "learning_objects": {"x": NODE}}
    assert made["contact_preferences"] == {"email": False, "phone": True}
    assert made["learning_constraints"] == {"weekly_study_time": 0}


async def test_a_learner_id_in_the_body_is_ignored(service):
    learner = await service.new_learner()
    assert (await service.new_profile(learner, learner_id="other"))["learner_id"] == learner


async def test_a_learner_has_one_profile(service):
    learner = await service.new_learner()
    await service.new_profile(learner)
    body = await service.refused(409, "POST", path_of(learner), json={})
    assert body == {
        "success": False,
        "message": f"Learner Profile with the given learner id: {learner} already exists",
        "data": None,
    }


async def test_a_deleted_profile_leaves_room_for_a_new_one(service):
    learner = await service.new_learner()
    first = await service.new_profile(learner, personal_goals="old")
    answer = await service.ask("DELETE", path_of(learner))
    assert answer.json() == {"success": True, "message": "Successfully deleted the learner profile"}
    await service.not_found(f"LearnerProfile with learner id {learner} not found", "GET", path_of(learner))
    await service.not_found(
        f"Learner profile with uuid {first['uuid']} not found", "GET", path_of(learner, first["uuid"])
    )
    second = await service.new_profile(learner)
    assert second["uuid"] != first["uuid"]
    assert second["personal_goals"] == ""


async def test_an_archived_learner_gets_no_profile(service):
    learner = await service.new_learner()
    await service.done("PUT", f"/learner/{learner}", json={"is_archived": True})
    text = f"Learner Profile cannot be created for the Learner id: {learner} which is archived"
    await service.broken(text, "POST", path_of(learner), json={"achievements": ["unknown"]})


async def test_the_order_of_checks_is_learner_then_profile_then_achievements(service):
    learner = await service.new_learner()
    body = {"achievements": ["no"]}
    await service.not_found(f"Learner with uuid {UNKNOWN} not found", "POST", path_of(UNKNOWN), json=body)
    await service.not_found("Achievement with uuid no not found", "POST", path_of(learner), json=body)
    await service.not_found(f"LearnerProfile with learner id {learner} not found", "GET", path_of(learner))
    await service.new_profile(learner)
    await service.refused(409, "POST", path_of(learner), json=body)


async def test_a_profile_that_is_not_there_is_not_found(service):
    learner = await service.new_learner()
    text = f"LearnerProfile with learner id {learner} not found"
    await service.not_found(text, "GET", path_of(learner))
    await service.not_found(text, "PUT", path_of(learner), json={})
    await service.not_found(text, "DELETE", path_of(learner))
    text = f"Learner profile with uuid {UNKNOWN} not found"
    await service.not_found(text, "GET", path_of(learner, UNKNOWN))
    await service.not_found(text, "DELETE", path_of(learner, UNKNOWN))
    await service.not_found(f"Learner with uuid {UNKNOWN} not found", "PUT", path_of(learner, UNKNOWN), json={})


async def test_the_profile_of_another_learner_is_not_found_with_the_service_s_ten_blanks(service):
    one, two = await service.new_learner(), await service.new_learner()
    profile = (await service.new_profile(two))["uuid"]
    text = f"Learner profile with uuid '{profile}' and learner id           '{one}' not found"
    await service.not_found(text, "GET", path_of(one, profile))
    await service.not_found(text, "PUT", path_of(one, profile), json={})
    await service.not_found(text, "DELETE", path_of(one, profile))


async def test_a_profile_is_deleted_by_its_own_id_too(service):
    learner = await service.new_learner()
    profile = (await service.new_profile(learner))["uuid"]
    assert await service.done("DELETE", path_of(learner, profile)) is None
    await service.not_found(f"Learner profile with uuid {profile} not found", "DELETE", path_of(learner, profile))


async def test_an_update_changes_what_is_given_and_nothing_else(service):
    learner = await service.new_learner()
    made = await service.new_profile(
        learner, learning_goals=["a"], learning_preferences={"x": 1, "y": 2}, tagged_skills=["s"]
    )
    answer = await service.ask(
        "PUT", path_of(learner), json={"learning_preferences": {"y": 3}, "tagged_skills": None, "personal_goals": "p"}
    )
    assert answer.json()["message"] == "Successfully updated the learner profile"
    assert answer.json()["data"] == {**made, "learning_preferences": {"y": 3}, "personal_goals": "p"}


async def test_a_profile_can_be_archived_alone(service):
    learner = await service.new_learner()
    await service.new_profile(learner)
    assert (await service.done("PUT", path_of(learner), json={"is_archived": True}))["is_archived"] is True
    assert (await service.done("GET", f"/learner/{learner}"))["is_archived"] is False
    for query, count in (("", 1), ("?fetch_archive=true", 1), ("?fetch_archive=false", 0)):
        assert (await service.done("GET", f"/learner-profile{query}"))["total_count"] == count
    assert (await service.done("PUT", path_of(learner), json={"is_archived": False}))["is_archived"] is False


# ------------------------------------------------------------------------------------------------------ achievements
async def test_listing_an_achievement_awards_it(service, api):
    achievement = await service.new_achievement()
    learner = await service.new_learner()
    made = await service.new_profile(learner, achievements=[achievement, achievement])
    assert made["achievements"] == [achievement]
    (award,) = await held_at_our_api(api, learner)
    assert award["state"] == "active"


async def test_achievements_are_added_and_removed_by_the_list(service, api):
    one, two, three = [await service.new_achievement() for _ in range(3)]
    learner = await service.new_learner()
    await service.new_profile(learner, achievements=[one, two])
    changed = await service.done("PUT", path_of(learner), json={"achievements": [two, three]})
    assert changed["achievements"] == [two, three]
    awards = {award["state"]: award for award in await held_at_our_api(api, learner)}
    assert awards["revoked"]["revoke_reason"] == "removed from the learner profile"
    again = await service.done("PUT", path_of(learner), json={"achievements": [one, two, three]})
    assert sorted(again["achievements"]) == sorted([one, two, three])
    assert (await service.done("PUT", path_of(learner), json={"achievements": []}))["achievements"] == []
    assert (await service.done("PUT", path_of(learner), json={"personal_goals": "x"}))["achievements"] == []


async def test_an_award_by_rules_is_in_the_profile_at_once_and_can_be_taken_out(service, api):
    wish = {
        "names": {"en": "Walker"},
        "status": "live",
        "queries": [{"alias": "walks", "event_name": "walk"}],
        "criteria": {"type": "count", "query": "walks", "value": 2},
    }
    made = await api.post("/api/v1/achievements", json=wish)
    assert made.status_code in {200, 201}, made.text
    learner = await service.new_learner()
    await service.new_profile(learner)
    person = {"id": uid_from_base62(learner)}
    for key in ("a", "b"):
        answer = await api.post("/api/v1/events", json={"name": "walk", "key": key, "person": person})
        assert answer.status_code in {200, 201, 202}, answer.text
    profile = await service.done("GET", path_of(learner))
    assert [uid_from_base62(uuid) for uuid in profile["achievements"]] == [made.json()["id"]]
    assert (await service.done("PUT", path_of(learner), json={"achievements": []}))["achievements"] == []
    assert [award["state"] for award in await held_at_our_api(api, learner)] == ["revoked"]


async def test_awards_from_before_the_profile_are_in_it_and_stay(service):
    one, two = await service.new_achievement(), await service.new_achievement()
    learner = await service.new_learner()
    await service.new_profile(learner, achievements=[one])
    await service.done("DELETE", path_of(learner))
    assert (await service.new_profile(learner))["achievements"] == [one]
    await service.done("DELETE", path_of(learner))
    assert (await service.new_profile(learner, achievements=[two]))["achievements"] == [one, two]


async def test_an_unknown_achievement_changes_nothing(service, api):
    achievement = await service.new_achievement()
    learner = await service.new_learner()
    await service.new_profile(learner, personal_goals="before")
    body = {"personal_goals": "after", "achievements": [achievement, UNKNOWN]}
    await service.not_found(f"Achievement with uuid {UNKNOWN} not found", "PUT", path_of(learner), json=body)
    profile = await service.done("GET", path_of(learner))
    assert (profile["personal_goals"], profile["achievements"]) == ("before", [])
    assert await held_at_our_api(api, learner) == []
    for odd, shown in ((7, "7"), (None, "None"), ("\x00", ""), ("é" * 30, "é" * 30)):
        await service.not_found(
            f"Achievement with uuid {shown} not found", "PUT", path_of(learner), json={"achievements": [odd]}
        )


async def test_a_deleted_achievement_leaves_every_profile_also_a_deleted_one(service):
    kept, gone = await service.new_achievement(), await service.new_achievement()
    one, two = await service.new_learner(), await service.new_learner()
    await service.new_profile(one, achievements=[gone, kept])
    await service.new_profile(two, achievements=[gone])
    await service.done("DELETE", path_of(two))
    await service.done("DELETE", f"/achievement/{gone}")
    assert (await service.done("GET", path_of(one)))["achievements"] == [kept]
    assert (await service.done("GET", "/learner-profile"))["records"][0]["achievements"] == [kept]
    await service.not_found(
        f"Achievement with uuid {gone} not found", "PUT", path_of(one), json={"achievements": [gone]}
    )


async def test_an_archived_achievement_stays_held(service):
    achievement = await service.new_achievement()
    learner = await service.new_learner()
    await service.new_profile(learner, achievements=[achievement])
    await service.done("PUT", f"/achievement/{achievement}", json={"is_archived": True})
    assert (await service.done("GET", path_of(learner)))["achievements"] == [achievement]


async def test_giving_through_a_profile_needs_the_scope_for_awards(parts, organisation, application, service):
    achievement, learner = await service.new_achievement(), await service.new_learner()
    key = await a_key(parts, organisation, scopes=("profiles:write",))
    async with client_of(application, key) as client:
        made = await client.post(BASE + path_of(learner), json={"achievements": []})
        assert made.status_code == 200, made.text
        refused = await client.put(BASE + path_of(learner), json={"achievements": [achievement]})
        assert (refused.status_code, refused.json()["success"]) == (403, False)
    assert (await service.done("GET", path_of(learner)))["achievements"] == []


# ---------------------------------------------------------------------------------------------- lists, search, fields
async def test_profiles_are_listed_newest_first_and_by_goal(service):
    made = [
        await service.new_profile(await service.new_learner(), learning_goals=goals)
        for goals in (["a"], ["a", "b"], ["b"], ["ab"], [{"a": "b"}])
    ]
    answer = await service.ask("GET", "/learner-profile")
    assert answer.json()["message"] == "Successfully fetched the learner profile/s"
    assert answer.json()["data"] == {"records": made[::-1], "total_count": 5}
    for goal, wanted in (("a", [1, 0]), ("b", [2, 1]), ("c", [])):
        data = await service.done("GET", f"/learner-profile?learning_goal={goal}")
        assert data == {"records": [made[place] for place in wanted], "total_count": len(wanted)}
    page = await service.done("GET", f"/learner-profile?limit=2&skip=1&after={made[4]['uuid']}")
    assert page == {"records": [made[2], made[1]], "total_count": 5}
    await service.not_found(
        f"Learner profile with uuid {UNKNOWN} not found", "GET", f"/learner-profile?after={UNKNOWN}"
    )


async def test_searching_answers_the_one_profile_of_a_learner(service):
    learner = await service.new_learner()
    search = f"/learner-profile/search?learner_id={learner}"
    await service.not_found(f"LearnerProfile with learner id {learner} not found", "GET", search)
    made = await service.new_profile(learner)
    answer = await service.ask("GET", search)
    assert answer.json() == {"success": True, "message": "Successfully fetched the learner profiles", "data": [made]}
    await service.not_found(
        "Learner with uuid Random_ID not found", "GET", "/learner-profile/search?learner_id=Random_ID"
    )
    for query in ("", "?learner_id="):
        await service.broken("Missing or invalid request parameters", "GET", f"/learner-profile/search{query}")


async def test_education_fields_are_three_lists(service):
    answer = await service.ask("GET", "/learner-profile/education-fields")
    assert answer.json()["message"] == (
        "Successfully fetched the possible options for education goals, employment status, potential career fields"
    )
    data = answer.json()["data"]
    assert {name: len(members) for name, members in data.items()} == {
        "education_goals": 8,
        "employment_status": 4,
        "potential_career_fields": 18,
    }
    assert all(set(field) == {"field_name", "examples"} for field in data["potential_career_fields"])
    assert data["employment_status"] == ["Full-time", "Part-time", "Seeking work", "Unemployed"]


@pytest.mark.parametrize("field", ["learning_preferences", "attestation_object"])
async def test_an_object_over_the_limit_is_named(service, field):
    learner = await service.new_learner()
    errors = await service.invalid("POST", path_of(learner), json={field: {"a": "x" * 600_000}})
    assert errors[0]["loc"] == ["body", field]
    assert errors[0]["ctx"] == {"limit_value": 512 * 1024}
    await service.not_found(f"LearnerProfile with learner id {learner} not found", "GET", path_of(learner))

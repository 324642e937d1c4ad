import httpx
import pytest

from laurel.application import surfaces
from laurel.settings import Settings
from laurel.web.server import create_web
from tests.dialects.learner_profile.profile_client import BASE, UNKNOWN, Service, a_learner, an_achievement, first
from tests.support.builders import a_key, an_organisation
from tests.support.fixtures import BASE_URL, client_of

JSON = {"Content-Type": "application/json"}
ROUTES = [
    ("POST", "/achievement"),
    ("GET", "/achievements"),
    ("GET", "/achievement/x"),
    ("PUT", "/achievement/x"),
    ("DELETE", "/achievement/x"),
    ("GET", "/achievement/search"),
    ("POST", "/achievement/import/json"),
    ("POST", "/learner/x/learner-profile"),
    ("GET", "/learner/x/learner-profile"),
    ("GET", "/learner/x/learner-profile/y"),
    ("PUT", "/learner/x/learner-profile"),
    ("PUT", "/learner/x/learner-profile/y"),
    ("DELETE", "/learner/x/learner-profile"),
    ("DELETE", "/learner/x/learner-profile/y"),
    ("GET", "/learner-profile"),
    ("GET", "/learner-profile/search"),
    ("POST", "/learner-profile/import/json"),
    ("GET", "/learner-profile/education-fields"),
    ("POST", "/learner"),
    ("GET", "/learners"),
    ("GET", "/learner/x"),
    ("PUT", "/learner/x"),
    ("DELETE", "/learner/x"),
    ("GET", "/learner/search"),
    ("POST", "/learner/import/json"),
    ("POST", "/goal"),
    ("GET", "/goal"),
    ("GET", "/goal/x"),
    ("PUT", "/goal/x"),
    ("DELETE", "/goal/x"),
    ("GET", "/goal/search"),
    ("POST", "/goal/import/json"),
    ("GET", "/learner/x/achievements"),
    ("GET", "/learner/x/progress"),
    ("GET", "/learner/x/curriculum-pathway"),
    ("GET", "/learner/x/curriculum-pathway/p/instructor"),
    ("GET", "/learner/x/curriculum-pathway/p/instructors"),
    ("GET", "/learner/x/coach"),
    ("POST", "/mastery"),
    ("POST", "/mastery/train"),
    ("POST", "/import/somewhere"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_route_needs_a_bearer_key(stranger, method, path):
    for headers in ({}, {"Authorization": "Token abc"}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}):
        answer = await stranger.request(method, BASE + path, headers=headers)
        assert answer.status_code == 401, answer.text
        assert answer.json() == {"success": False, "message": "Unauthorized", "data": None}


async def test_a_key_that_is_not_valid_gets_the_message_of_who_refused_it(stranger):
    answer = await stranger.get(f"{BASE}/achievements", headers={"Authorization": "Bearer lrl_abc_def"})
    assert (answer.status_code, answer.json()["message"]) == (401, "the API key is not valid")
    assert answer.json()["data"] is None


async def test_ping_needs_no_key_and_stands_outside_the_base_path(stranger):
    answer = await stranger.get("/ping")
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "message": "Successfully reached student learner profile microservice",
        "data": {},
    }


async def test_an_unknown_path_is_answered_without_the_envelope(stranger):
    for path in (f"{BASE}/nothing", "/learner-profile-service/elsewhere", f"{BASE}/achievement/a/b"):
        answer = await stranger.get(path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


async def test_an_unknown_method_is_answered_without_the_envelope(stranger):
    for method, path in (("DELETE", "/achievements"), ("PATCH", "/learner"), ("PUT", "/goal")):
        answer = await stranger.request(method, BASE + path)
        assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})


async def test_a_slash_at_the_end_is_sent_to_the_path_without(api):
    answer = await api.get(f"{BASE}/achievements/?limit=1")
    assert answer.status_code == 307
    assert answer.headers["location"].endswith(f"{BASE}/achievements?limit=1")
    followed = await api.post(f"{BASE}/achievement/", json=an_achievement(), follow_redirects=True)
    assert followed.status_code == 200, followed.text


# ------------------------------------------------------------------------------------------------- the order of checks
async def test_malformed_json_comes_before_the_key(stranger):
    answer = await stranger.post(f"{BASE}/achievement", content=b"{", headers=JSON)
    assert answer.status_code == 422
    answer = await stranger.post(f"{BASE}/achievement", content=b"{}", headers=JSON)
    assert answer.status_code == 401


async def test_the_shape_comes_before_existence(service):
    errors = await service.invalid("PUT", f"/achievement/{UNKNOWN}", json={"colour": "red"})
    assert first(errors) == (["body", "colour"], "extra fields not permitted", "value_error.extra")
    errors = await service.invalid("POST", f"/learner/{UNKNOWN}/learner-profile", json={"learning_goals": 1})
    assert first(errors) == (["body", "learning_goals"], "value is not a valid list", "type_error.list")


# ------------------------------------------------------------------------------------------------------------ bodies
@pytest.mark.parametrize(
    ("text", "msg", "position"),
    [
        (b"not json", "Expecting value: line 1 column 1 (char 0)", 0),
        (b'{"name": }', "Expecting value: line 1 column 10 (char 9)", 9),
        (b'{"name": "x"', "Expecting ',' delimiter: line 1 column 13 (char 12)", 12),
        (b"{name: 1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)", 1),
        (b"{} x", "Extra data: line 1 column 4 (char 3)", 3),
        (b'{"name": "x', "Unterminated string starting at: line 1 column 10 (char 9)", 9),
    ],
)
async def test_malformed_json_is_explained_as_the_service_does(service, text, msg, position):
    for method, path in (("POST", "/achievement"), ("PUT", f"/goal/{UNKNOWN}")):
        errors = await service.invalid(method, path, content=text, headers=JSON)
        assert first(errors) == (["body", position], msg, "value_error.jsondecode")


async def test_json_that_is_less_strict_than_ours_is_refused_too(service):
    for text in (b'{"name": NaN}', b'{"name": 1e999}', b'{"name": "\\ud800"}'):
        errors = await service.invalid("POST", "/goal", content=text, headers=JSON)
        assert errors[0]["type"] == "value_error.jsondecode"


async def test_text_that_is_not_utf_8_cannot_be_parsed(api):
    answer = await api.post(f"{BASE}/goal", content=b'{"name": "\xff"}', headers=JSON)
    assert (answer.status_code, answer.json()) == (400, {"detail": "There was an error parsing the body"})


async def test_no_body_is_a_missing_body(service):
    for rest in ({}, {"content": b"null", "headers": JSON}):
        errors = await service.invalid("POST", "/achievement", **rest)
        assert errors == [{"loc": ["body"], "msg": "field required", "type": "value_error.missing"}]


@pytest.mark.parametrize("body", ["text", 7, True, ["a"], 1.5])
async def test_a_body_that_is_no_object_is_said(service, body):
    errors = await service.invalid("POST", "/achievement", json=body)
    assert errors == [{"loc": ["body"], "msg": "value is not a valid dict", "type": "type_error.dict"}]


async def test_a_body_of_another_media_type_is_no_object(service):
    errors = await service.invalid("POST", "/goal", content=b'{"name": "x"}', headers={"Content-Type": "text/plain"})
    assert first(errors)[1] == "value is not a valid dict"


async def test_json_of_a_vendor_s_media_type_and_of_none_is_read(service):
    for headers in ({"Content-Type": "application/vnd.api+json; charset=utf-8"}, {}):
        await service.done("POST", "/goal", content=b'{"name": "x"}', headers=headers)


async def test_a_body_over_the_limit_is_refused_in_the_envelope(service):
    body = await service.refused(413, "POST", "/goal", content=b" " * (21 * 1024 * 1024), headers=JSON)
    assert body["data"] is None


async def test_a_body_that_nests_too_deep_is_refused(service):
    deep = b'{"learning_preferences": ' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}"
    learner = await service.new_learner()
    errors = await service.invalid("POST", f"/learner/{learner}/learner-profile", content=deep, headers=JSON)
    assert errors[0]["loc"] == ["body"]


# ------------------------------------------------------------------------------------------------------------ access
@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("achievements:read", "GET", "/achievements"),
        ("people:read", "GET", "/learners"),
        ("profiles:read", "GET", "/learner-profile"),
        ("profiles:read", "GET", "/goal"),
    ],
)
async def test_a_key_needs_the_scope_of_the_resource(parts, organisation, application, scope, method, path):
    others = {"achievements:read", "people:read", "profiles:read"} - {scope}
    for scopes, status in (({scope}, 200), (others, 403)):
        key = await a_key(parts, organisation, scopes=tuple(scopes))
        async with client_of(application, key) as client:
            answer = await client.request(method, BASE + path)
            assert answer.status_code == status, answer.text
            assert answer.json()["success"] is (status == 200)


async def test_reading_does_not_allow_writing(parts, organisation, application):
    key = await a_key(parts, organisation, scopes=("*:read",))
    async with client_of(application, key) as client:
        for path, body in (("/achievement", an_achievement()), ("/learner", a_learner()), ("/goal", {"name": "x"})):
            refusal = await Service(client).refused(403, "POST", path, json=body)
            assert refusal["data"] is None


async def test_another_organisation_sees_and_changes_nothing(service, other_service):
    achievement = await service.new_achievement()
    learner = await service.new_learner()
    profile = await service.new_profile(learner)
    goal = (await service.done("POST", "/goal", json={"name": "x"}))["uuid"]
    for path, text in (
        (f"/achievement/{achievement}", f"Achievement with uuid {achievement} not found"),
        (f"/learner/{learner}", f"Learner with uuid {learner} not found"),
        (f"/goal/{goal}", f"Goal with uuid {goal} not found"),
        (f"/learner/{learner}/learner-profile", f"Learner with uuid {learner} not found"),
    ):
        await other_service.not_found(text, "GET", path)
        await other_service.not_found(text, "PUT", path, json={})
        await other_service.not_found(text, "DELETE", path)
    own = await other_service.new_learner()
    await other_service.not_found(
        f"Learner profile with uuid {profile['uuid']} not found",
        "GET",
        f"/learner/{own}/learner-profile/{profile['uuid']}",
    )
    await other_service.not_found(
        f"Achievement with uuid {achievement} not found",
        "POST",
        f"/learner/{own}/learner-profile",
        json={"achievements": [achievement]},
    )
    for path in ("/achievements", "/learner-profile", "/goal"):
        assert (await other_service.done("GET", path))["total_count"] == 0
    await other_service.not_found(
        f"Achievement with uuid {achievement} not found", "GET", f"/achievements?after={achievement}"
    )


# ----------------------------------------------------------------------------------------------------------- gateway
async def behind_a_gateway(parts, organisation_uid):
    web = create_web(parts, surfaces(Settings(learner_profile_organisation=organisation_uid)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url=BASE_URL)


async def test_behind_a_gateway_no_key_is_needed(parts):
    organisation, other = await an_organisation(parts), await an_organisation(parts)
    key = await a_key(parts, other, scopes=("achievements:read",))
    async with await behind_a_gateway(parts, organisation.uid) as client:
        made = await client.post(f"{BASE}/achievement", json=an_achievement())
        assert made.status_code == 200, made.text
        for headers in ({}, {"Authorization": "Bearer of-the-gateway"}):
            listed = await client.get(f"{BASE}/achievements", headers=headers)
            assert listed.json()["data"]["total_count"] == 1
        named = {"Authorization": f"Bearer {key.text}"}
        assert (await client.get(f"{BASE}/achievements", headers=named)).json()["data"]["total_count"] == 0
        assert (await client.get(f"{BASE}/learners", headers=named)).status_code == 403
        assert (await client.get(f"{BASE}/goal", headers={"Authorization": "Bearer lrl_a_b"})).status_code == 401
        assert (await client.get("/api/v1/organisation")).status_code == 401


async def test_a_gateway_without_its_organisation_lets_nobody_in(parts):
    async with await behind_a_gateway(parts, "f" * 24) as client:
        answer = await client.get(f"{BASE}/achievements")
        assert (answer.status_code, answer.json()["success"]) == (401, False)


# --------------------------------------------------------------------------------------------- routes that end early
async def test_what_was_never_built_says_so(service):
    for path in ("/mastery?learner_profile_id=x", "/mastery/train", "/import/anywhere"):
        body = await service.refused(501, "POST", path)
        assert (body["message"], body["data"]) == ("API Not Implemented", None)


async def test_achievements_of_a_pathway_end_at_the_pathway(service):
    errors = await service.invalid("GET", f"/learner/{UNKNOWN}/achievements")
    assert first(errors) == (["query", "program_pathway_id"], "field required", "value_error.missing")
    await service.not_found(
        "curriculum_pathways with id X is not found", "GET", f"/learner/{UNKNOWN}/achievements?program_pathway_id=X"
    )


async def test_progress_of_a_node_ends_at_the_node(service):
    path = f"/learner/{UNKNOWN}/progress"
    errors = await service.invalid("GET", f"{path}?node_id=X&node_type=planets")
    assert errors[0]["loc"] == ["query", "node_type"]
    assert errors[0]["type"] == "value_error.const"
    assert [error["loc"][1] for error in await service.invalid("GET", path)] == ["node_id", "node_type"]
    await service.not_found("assessments with id X is not found", "GET", f"{path}?node_id=X&node_type=assessments")


async def test_coach_instructors_and_pathway_end_at_the_learner_or_the_learner_s_user(service):
    learner = await service.new_learner()
    for tail in ("coach", "curriculum-pathway", "curriculum-pathway/P/instructor", "curriculum-pathway/P/instructors"):
        await service.not_found(f"Learner with uuid {UNKNOWN} not found", "GET", f"/learner/{UNKNOWN}/{tail}")
        await service.not_found(f"User with user_type_ref {learner} not found", "GET", f"/learner/{learner}/{tail}")

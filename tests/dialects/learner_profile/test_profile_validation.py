"""The rows of the service's table of validation messages, each through HTTP."""

import pytest

from tests.dialects.learner_profile.profile_client import UNKNOWN, a_learner, an_achievement, first

PROFILE = f"/learner/{UNKNOWN}/learner-profile"


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("/achievement", ["type", "name"]),
        ("/learner", ["first_name", "last_name", "email_address"]),
        ("/goal", ["name"]),
    ],
)
async def test_what_is_required_and_missing_is_named_in_order(service, path, missing):
    errors = await service.invalid("POST", path, json={})
    assert errors == [
        {"loc": ["body", name], "msg": "field required", "type": "value_error.missing"} for name in missing
    ]


@pytest.mark.parametrize("path", ["/achievement/x", "/learner/x", "/goal/x", "/learner/x/learner-profile"])
async def test_unknown_keys_are_refused_in_a_put_by_name(service, path):
    errors = await service.invalid("PUT", path, json={"uuid": "1", "colour": 2, "created_time": "3"})
    assert errors == [
        {"loc": ["body", name], "msg": "extra fields not permitted", "type": "value_error.extra"}
        for name in ("colour", "created_time", "uuid")
    ]


async def test_declared_fields_are_complained_of_before_unknown_ones(service):
    errors = await service.invalid("PUT", "/achievement/x", json={"alpha": 1, "tags": 5, "credits_available": "much"})
    assert [error["loc"][-1] for error in errors] == ["credits_available", "tags", "alpha"]


async def test_unknown_keys_are_ignored_in_a_post(service):
    made = await service.done("POST", "/achievement", json=an_achievement(colour="red", uuid="mine", is_archived=True))
    assert "colour" not in made
    assert made["uuid"] != "mine"
    assert made["is_archived"] is False
    learner = await service.done("POST", "/learner", json=a_learner(colour="red", is_archived=True))
    assert ("colour" in learner, learner["is_archived"]) == (False, False)


async def test_only_some_fields_may_be_put(service):
    for path, names in (
        ("/learner/x", ("middle_name", "suffix", "prefix", "created_time", "uuid")),
        (PROFILE, ("enrollment_information", "learner_id")),
    ):
        for name in names:
            errors = await service.invalid("PUT", path, json={name: {}})
            assert first(errors) == (["body", name], "extra fields not permitted", "value_error.extra")


async def test_a_value_that_is_not_of_the_choice_is_shown_with_the_choice(service):
    errors = await service.invalid("POST", "/achievement", json=an_achievement(type="planet"))
    assert errors == [
        {
            "loc": ["body", "type"],
            "msg": "unexpected value; permitted: 'course equate', 'competency', 'level'",
            "type": "value_error.const",
            "ctx": {"given": "planet", "permitted": ["course equate", "competency", "level"]},
        }
    ]


@pytest.mark.parametrize("value", [["level"], {"a": 1}, 7, ""])
async def test_a_choice_of_another_type_is_no_choice(service, value):
    errors = await service.invalid("POST", "/achievement", json=an_achievement(type=value))
    assert (errors[0]["type"], errors[0]["ctx"]["given"]) == ("value_error.const", value)


@pytest.mark.parametrize(
    ("query", "msg", "type_", "limit"),
    [
        ("skip=-1", "ensure this value is greater than or equal to 0", "value_error.number.not_ge", 0),
        ("skip=2001", "ensure this value is less than or equal to 2000", "value_error.number.not_le", 2000),
        ("limit=0", "ensure this value is greater than or equal to 1", "value_error.number.not_ge", 1),
        ("limit=101", "ensure this value is less than or equal to 100", "value_error.number.not_le", 100),
    ],
)
@pytest.mark.parametrize("path", ["/achievements", "/learners", "/learner-profile", "/goal"])
async def test_pages_have_their_range(service, path, query, msg, type_, limit):
    errors = await service.invalid("GET", f"{path}?{query}")
    loc = ["query", query.partition("=")[0]]
    assert errors == [{"loc": loc, "msg": msg, "type": type_, "ctx": {"limit_value": limit}}]


@pytest.mark.parametrize("path", ["/achievements", "/learners", "/learner-profile", "/goal"])
async def test_pages_take_numbers_and_booleans_as_words(service, path):
    errors = await service.invalid("GET", f"{path}?skip=a&limit=&fetch_archive=perhaps")
    assert errors == [
        {"loc": ["query", "skip"], "msg": "value is not a valid integer", "type": "type_error.integer"},
        {"loc": ["query", "limit"], "msg": "value is not a valid integer", "type": "type_error.integer"},
        {
            "loc": ["query", "fetch_archive"],
            "msg": "value could not be parsed to a boolean",
            "type": "type_error.bool",
        },
    ]
    for word in ("true", "1", "on", "Yes", "t", "FALSE", "0", "off", "n"):
        await service.done("GET", f"{path}?fetch_archive={word}")


@pytest.mark.parametrize(
    ("field", "value", "msg", "type_"),
    [
        ("learning_constraints", {"weekly_study_time": "much"}, "value is not a valid integer", "type_error.integer"),
        ("learning_constraints", 5, "value is not a valid dict", "type_error.dict"),
        ("learning_constraints", {"weekly_study_time": 31}, "ensure this value is less than or equal to 30", "value_error.number.not_le"),
        ("learning_constraints", {"weekly_study_time": -1}, "ensure this value is greater than or equal to 0", "value_error.number.not_ge"),
        ("contact_preferences", {"email": "perhaps"}, "value could not be parsed to a boolean", "type_error.bool"),
        ("personal_goals", ["a"], "str type expected", "type_error.str"),
        ("personal_goals", "x" * 501, "ensure this value has at most 500 characters", "value_error.any_str.max_length"),
        ("learning_goals", "a", "value is not a valid list", "type_error.list"),
        ("learning_goals", {}, "value is not a valid list", "type_error.list"),
        ("learning_preferences", "a", "value is not a valid dict", "type_error.dict"),
        ("attestation_object", [1], "value is not a valid dict", "type_error.dict"),
        ("potential_career_fields", ["a", "b", "c", "d"], "ensure this value has at most 3 items", "value_error.list.max_items"),
        ("employment_history", {"a": 1}, "Only an empty dictionary is allowed.", "value_error"),
        ("education_history", {"a": 1}, "Only an empty dictionary is allowed.", "value_error"),
        ("account_settings", {"a": 1}, "Only an empty dictionary is allowed.", "value_error"),
        ("employment_status", "unemployed", "unexpected value; permitted: 'Full-time', 'Part-time', 'Seeking work', 'Unemployed', ''", "value_error.const"),
        ("progress", {"assessments": {"a": {"progress": "much", "name": "n"}}}, "value is not a valid float", "type_error.float"),
        ("progress", {"assessments": {"a": {}}}, "field required", "value_error.missing"),
        ("progress", {"assessments": {"a": 5}}, "value is not a valid dict", "type_error.dict"),
    ],
)  # fmt: skip
async def test_each_kind_of_profile_field_has_its_words(service, field, value, msg, type_):
    for method in ("POST", "PUT"):
        errors = await service.invalid(method, PROFILE, json={field: value})
        assert len(errors) == 1
        assert errors[0]["loc"][:2] == ["body", field]
        assert (errors[0]["msg"], errors[0]["type"]) == (msg, type_)


async def test_an_error_deep_inside_says_where(service):
    progress = {"learning_objects": {"x": {"name": "n", "status": "lost"}}}
    errors = await service.invalid("POST", PROFILE, json={"progress": progress})
    assert errors[0]["loc"] == ["body", "progress", "learning_objects", "x", "status"]


@pytest.mark.parametrize(
    ("field", "value", "msg", "type_"),
    [
        ("first_name", "", "Invalid first format", "value_error"),
        ("first_name", "x" * 61, "Invalid first format", "value_error"),
        ("last_name", "", "Invalid last name format", "value_error"),
        ("last_name", "x" * 61, "Invalid last name format", "value_error"),
        ("first_name", ["x"], "str type expected", "type_error.str"),
        ("email_address", "a@b.co", "ensure this value has at least 7 characters", "value_error.any_str.min_length"),
        ("email_address", "a" * 120 + "@example.org", "ensure this value has at most 128 characters", "value_error.any_str.max_length"),
        ("email_address", "nobody at all", r'string does not match regex "\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}\b"', "value_error.str.regex"),
        ("email_address", "a@example.org and more", r'string does not match regex "\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}\b"', "value_error.str.regex"),
        ("organisation_email_id", "", "ensure this value has at least 7 characters", "value_error.any_str.min_length"),
        ("employer_email", "", "ensure this value has at least 7 characters", "value_error.any_str.min_length"),
        ("preferred_name", "x y", 'string does not match regex "^[a-zA-Z0-9]*$"', "value_error.str.regex"),
        ("preferred_first_name", "x" * 101, "ensure this value has at most 100 characters", "value_error.any_str.max_length"),
        ("preferred_middle_name", "ä", 'string does not match regex "^[a-zA-Z0-9]*$"', "value_error.str.regex"),
        ("preferred_last_name", "-", 'string does not match regex "^[a-zA-Z0-9]*$"', "value_error.str.regex"),
        ("preferred_name_type", "Pseudonym", "unexpected value; permitted: 'Alias', 'NickName', 'PreferredName', 'PreviousLegalName', 'PreferredFamilyName', 'PreferredGivenName', 'FullName'", "value_error.const"),
        ("student_identifier", "x" * 41, "ensure this value has at most 40 characters", "value_error.any_str.max_length"),
        ("student_identification_system", "x" * 16, "ensure this value has at most 15 characters", "value_error.any_str.max_length"),
        ("address_type", "x" * 31, "ensure this value has at most 30 characters", "value_error.any_str.max_length"),
        ("street_number_and_name", "x" * 101, "ensure this value has at most 100 characters", "value_error.any_str.max_length"),
        ("apartment_room_or_suite_number", "x" * 101, "ensure this value has at most 100 characters", "value_error.any_str.max_length"),
        ("city", "x" * 101, "ensure this value has at most 100 characters", "value_error.any_str.max_length"),
        ("state_abbreviation", "xyz", "ensure this value has at most 2 characters", "value_error.any_str.max_length"),
        ("postal_code", "x" * 18, "ensure this value has at most 17 characters", "value_error.any_str.max_length"),
        ("country_name", "x" * 31, "ensure this value has at most 30 characters", "value_error.any_str.max_length"),
        ("country_code", "xyz", "ensure this value has at most 2 characters", "value_error.any_str.max_length"),
        ("latitude", "x" * 21, "ensure this value has at most 20 characters", "value_error.any_str.max_length"),
        ("longitude", "x" * 21, "ensure this value has at most 20 characters", "value_error.any_str.max_length"),
        ("country_ansi_code", 9_999, "ensure this value is greater than or equal to 10000", "value_error.number.not_ge"),
        ("country_ansi_code", 100_000, "ensure this value is less than or equal to 99999", "value_error.number.not_le"),
        ("country_ansi_code", "far", "value is not a valid integer", "type_error.integer"),
        ("address_do_not_publish_indicator", "Never", "unexpected value; permitted: 'Yes', 'No', 'Unknown'", "value_error.const"),
        ("email_do_not_publish_indicator", "Never", "unexpected value; permitted: 'Yes', 'No', 'Unknown'", "value_error.const"),
        ("email_address_type", "Moon", "unexpected value; permitted: 'Home', 'Work', 'Organizational', 'Other'", "value_error.const"),
        ("gender", "male", "unexpected value; permitted: 'Male', 'Female', 'NotSelected'", "value_error.const"),
        ("ethnicity", "x" * 101, "ensure this value has at most 100 characters", "value_error.any_str.max_length"),
        ("phone_number", {"mobile": {"phone_number": "1" * 25}}, "ensure this value has at most 24 characters", "value_error.any_str.max_length"),
        ("phone_number", {"telephone": {"phone_number_type": "Tin"}}, "unexpected value; permitted: 'Home', 'Work', 'Mobile', 'Fax', 'Other'", "value_error.const"),
        ("phone_number", {"mobile": {"primary_phone_number_indicator": "?"}}, "unexpected value; permitted: 'Yes', 'No'", "value_error.const"),
        ("phone_number", {"mobile": {"phone_number_listed_status": "?"}}, "unexpected value; permitted: 'Listed', 'Unlisted', 'Unknown'", "value_error.const"),
        ("phone_number", 5, "value is not a valid dict", "type_error.dict"),
    ],
)  # fmt: skip
async def test_each_kind_of_learner_field_has_its_words(service, field, value, msg, type_):
    for method, path, body in (("POST", "/learner", a_learner()), ("PUT", f"/learner/{UNKNOWN}", {})):
        errors = await service.invalid(method, path, json={**body, field: value})
        assert len(errors) == 1
        assert errors[0]["loc"][:2] == ["body", field]
        assert (errors[0]["msg"], errors[0]["type"]) == (msg, type_)


@pytest.mark.parametrize(
    ("field", "value", "msg"),
    [
        ("middle_name", "x" * 61, "ensure this value has at most 60 characters"),
        ("middle_name", "é", r'string does not match regex "[a-zA-Z0-9`!#&*%_[\]{}\\;:' + "'" + r'\,.\?\s-]*$"'),
        ("suffix", "x" * 11, "ensure this value has at most 10 characters"),
        ("suffix", "Jr.", 'string does not match regex "^[a-zA-Z0-9]*$"'),
        ("prefix", "x" * 31, "ensure this value has at most 30 characters"),
        ("prefix", "Dr.", 'string does not match regex "^[a-zA-Z0-9]*$"'),
    ],
)
async def test_names_around_the_name_have_their_words(service, field, value, msg):
    assert (await service.invalid("POST", "/learner", json=a_learner(**{field: value})))[0]["msg"] == msg


async def test_limits_and_patterns_are_in_the_context(service):
    body = a_learner(email_address="a@b.co", suffix="Jr.")
    by_field = {error["loc"][1]: error["ctx"] for error in await service.invalid("POST", "/learner", json=body)}
    assert by_field == {"email_address": {"limit_value": 7}, "suffix": {"pattern": "^[a-zA-Z0-9]*$"}}


async def test_a_required_field_is_never_null(service):
    errors = await service.invalid("POST", "/achievement", json={"type": None, "name": "x"})
    assert first(errors) == (["body", "type"], "none is not an allowed value", "type_error.none.not_allowed")


async def test_numbers_become_text_and_text_becomes_numbers(service):
    made = await service.done(
        "POST", "/achievement", json=an_achievement(name=7, credits_available="1.5", tags=[1, 2.5])
    )
    assert (made["name"], made["credits_available"], made["tags"]) == ("7", 1.5, ["1", "2.5"])
    profile = await service.new_profile(
        await service.new_learner(),
        learning_constraints={"weekly_study_time": "12"},
        contact_preferences={"email": "yes", "phone": 1},
    )
    assert profile["learning_constraints"] == {"weekly_study_time": 12}
    assert profile["contact_preferences"] == {"email": True, "phone": True}


@pytest.mark.parametrize("empty", ["", []])
async def test_empty_text_and_an_empty_list_are_an_empty_object(service, empty):
    profile = await service.new_profile(
        await service.new_learner(),
        learning_preferences=empty,
        employment_history=empty,
        learning_constraints=empty,
        progress=empty,
    )
    assert (profile["learning_preferences"], profile["employment_history"]) == ({}, {})
    assert profile["learning_constraints"] == {"weekly_study_time": 0}
    assert profile["progress"]["assessments"] == {}
    achievement = await service.done("POST", "/achievement", json=an_achievement(metadata=empty, alignments=empty))
    assert achievement["metadata"] == {"design_config": {}}


async def test_goals_have_the_same_words(service):
    errors = await service.invalid("POST", "/goal", json={"name": [], "aligned_skills": "x", "description": {}})
    assert [(error["loc"][1], error["msg"]) for error in errors] == [
        ("name", "str type expected"),
        ("description", "str type expected"),
        ("aligned_skills", "value is not a valid list"),
    ]

import pytest

from tests.dialects.learner_profile.profile_client import BASE, a_learner, an_achievement, an_address

IMPORTS = ["/achievement/import/json", "/learner/import/json", "/learner-profile/import/json", "/goal/import/json"]


async def refusal(service, path, content, name="items.json"):
    answer = await service.import_file(path, content, name)
    return answer.status_code, answer.json()


async def counts(service):
    paths = ("/achievements", "/learners", "/learner-profile", "/goal")
    return [(await service.done("GET", path))["total_count"] for path in paths]


async def test_achievements_are_imported_in_order(service):
    answer = await service.import_file("/achievement/import/json", [an_achievement(name=f"n{i}") for i in range(3)])
    assert (answer.status_code, answer.json()["message"]) == (200, "Successfully created the achievements")
    shown = [(await service.done("GET", f"/achievement/{uuid}"))["name"] for uuid in answer.json()["data"]]
    assert shown == ["n0", "n1", "n2"]


async def test_one_object_is_a_list_of_one(service):
    answer = await service.import_file("/achievement/import/json", an_achievement())
    assert len(answer.json()["data"]) == 1


async def test_an_empty_array_imports_nothing(service):
    for path in IMPORTS:
        assert (await service.import_file(path, [])).json()["data"] == []


@pytest.mark.parametrize("path", IMPORTS[:2])
async def test_the_file_s_name_must_end_in_json(service, path):
    for name in ("items.txt", "json", "items.json.csv"):
        status, body = await refusal(service, path, "not json either", name)
        assert (status, body["message"], body["data"]) == (422, "Valid JSON file type is supported", None)


@pytest.mark.parametrize("path", IMPORTS[2:])
async def test_other_imports_take_any_name(service, path):
    assert (await service.import_file(path, [], "items.txt")).status_code == 200


@pytest.mark.parametrize("path", IMPORTS)
async def test_what_is_no_json_is_refused(service, path):
    for content in ("{", "", b"\xff", '[{"name": NaN}]', "[" * 100 + "]" * 100):
        status, body = await refusal(service, path, content)
        assert (status, body["message"], body["data"]) == (422, "Provided JSON is invalid", None)


@pytest.mark.parametrize("path", IMPORTS)
async def test_a_file_of_three_megabytes_is_too_large(service, path):
    status, body = await refusal(service, path, b'["' + b"x" * 3_000_000 + b'"]', "big.json")
    assert (status, body) == (413, {"success": False, "message": "File size is too large: big.json", "data": None})


async def test_the_limit_of_a_file_is_two_mebibytes_exactly(service):
    limit = 2 * 1024 * 1024
    text = b"[]".ljust(limit)
    assert (await service.import_file("/goal/import/json", text)).status_code == 200
    assert (await service.import_file("/goal/import/json", text + b" ")).status_code == 413


@pytest.mark.parametrize("path", IMPORTS)
async def test_without_the_file_the_part_is_missing(service, api, path):
    missing = [{"loc": ["body", "json_file"], "msg": "field required", "type": "value_error.missing"}]
    for rest in ({}, {"json": {"json_file": []}}, {"files": {"other": ("items.json", "[]")}}, {"data": {"x": "y"}}):
        assert await service.invalid("POST", path, **rest) == missing


async def test_a_field_is_no_file(service):
    for rest in ({"data": {"json_file": "[]"}}, {"data": {"json_file": "[]"}, "files": {"other": ("a", "b")}}):
        errors = await service.invalid("POST", "/goal/import/json", **rest)
        assert errors == [
            {
                "loc": ["body", "json_file"],
                "msg": "Expected UploadFile, received: <class 'str'>",
                "type": "value_error",
            }
        ]


async def test_a_broken_upload_is_refused(api):
    for content in (b"--x\r\nnonsense", b"", b'--x\r\nContent-Disposition: form-data; name="json_file"'):
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = await api.post(f"{BASE}/goal/import/json", content=content, headers=headers)
        assert answer.status_code in {400, 422}, answer.text
    answer = await api.post(f"{BASE}/goal/import/json", content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert answer.status_code in {400, 422}, answer.text


async def test_the_first_item_that_does_not_fit_is_named_with_all_its_fields(service):
    status, body = await refusal(service, "/achievement/import/json", [an_achievement(), {}, {"name": 1}])
    assert (status, body["message"]) == (422, "Missing required fields - 'type','name'")
    assert body["data"] == [
        {"loc": [name], "msg": "field required", "type": "value_error.missing", "ctx": {"item": 1}}
        for name in ("type", "name")
    ]
    bad = {"last_name": "L", "employer_email": "x"}
    status, body = await refusal(service, "/learner/import/json", bad)
    assert (status, body["message"]) == (
        422,
        "Missing required fields - 'first_name','email_address','employer_email'",
    )
    assert [error["loc"] for error in body["data"]] == [["first_name"], ["email_address"], ["employer_email"]]
    assert await counts(service) == [0, 0, 0, 0]


async def test_an_item_that_is_no_object_is_refused(service):
    for path in IMPORTS:
        status, body = await refusal(service, path, ["text"])
        assert (status, body["message"]) == (422, "Missing required fields - '__root__'")


@pytest.mark.parametrize(
    ("path", "good", "bad", "field"),
    [
        ("/achievement/import/json", {"type": "level", "name": "x"}, {"type": "level"}, "name"),
        ("/achievement/import/json", {"type": "level", "name": "x"}, {"type": "level", "name": " "}, "name"),
        ("/goal/import/json", {"name": "x"}, {"type": "x"}, "name"),
    ],
)
async def test_of_ten_thousand_items_one_bad_one_stops_all(service, path, good, bad, field):
    rows = [good] * 5_000 + [bad] + [good] * 4_999
    status, body = await refusal(service, path, rows)
    assert (status, body["message"]) == (422, f"Missing required fields - '{field}'")
    assert (body["data"][0]["loc"], body["data"][0]["ctx"]["item"]) == ([field], 5_000)
    assert await counts(service) == [0, 0, 0, 0]


async def test_ten_thousand_items_are_the_most(service):
    status, body = await refusal(service, "/goal/import/json", [{"name": "x"}] * 10_001)
    assert (status, body["message"]) == (422, "The file has 10001 items, the limit is 10000")


async def test_learners_are_imported_and_known_addresses_are_brought_up_to_date(service):
    address = an_address()
    known = await service.new_learner(email_address=address, first_name="Old", city="Rome")
    rows = [
        a_learner(email_address=address.upper(), first_name="New"),
        a_learner(first_name="Other"),
        a_learner(email_address=address, last_name="Twice"),
    ]
    answer = await service.import_file("/learner/import/json", rows)
    assert (answer.status_code, answer.json()["message"]) == (200, "Successfully created the learners")
    first, second, third = answer.json()["data"]
    assert (first, third) == (known, known)
    assert second != known
    shown = await service.done("GET", f"/learner/{known}")
    assert (shown["last_name"], shown["email_address"]) == ("Twice", address)


async def test_equal_addresses_in_an_import_store_nothing(service):
    address = an_address()
    rows = [a_learner(), a_learner(email_address=address, backup_email_address=address)]
    status, body = await refusal(service, "/learner/import/json", rows)
    text = "Primary email address and backup email address cannot be the same."
    assert (status, body["message"]) == (422, text)
    assert await counts(service) == [0, 0, 0, 0]


async def test_profiles_are_imported_with_keys_of_other_versions(service):
    learner = await service.new_learner()
    achievement = await service.new_achievement()
    rows = [{"learner_id": learner, "learning_constraints": {"weekly_study_hours": 8}, "achievements": [achievement]}]
    answer = await service.import_file("/learner-profile/import/json", rows)
    assert (answer.status_code, answer.json()["message"]) == (200, "Successfully created the learner profiles")
    profile = await service.done("GET", f"/learner/{learner}/learner-profile")
    assert [profile["uuid"]] == answer.json()["data"]
    assert profile["learning_constraints"] == {"weekly_study_time": 0}
    assert profile["achievements"] == [achievement]


async def test_a_learner_from_elsewhere_is_found_by_the_old_id(service, other_service):
    old = "kh5FoIBOx5qDsfh4ZRuv"
    answer = await service.import_file("/learner-profile/import/json", [{"learner_id": old, "learning_goals": ["a"]}])
    assert answer.status_code == 200, answer.text
    profile = await service.done("GET", f"/learner/{old}/learner-profile")
    assert profile["learning_goals"] == ["a"]
    assert profile["learner_id"] != old
    assert await service.done("GET", f"/learner/{profile['learner_id']}/learner-profile") == profile
    assert (await service.done("PUT", f"/learner/{old}", json={"first_name": "Ada"}))["first_name"] == "Ada"
    await other_service.not_found(f"Learner with uuid {old} not found", "GET", f"/learner/{old}")
    await service.done("DELETE", f"/learner/{old}")
    await service.not_found(f"Learner with uuid {old} not found", "GET", f"/learner/{old}")


async def test_an_import_of_profiles_stores_all_or_nothing(service):
    learner = await service.new_learner()
    await service.new_profile(learner)
    path = "/learner-profile/import/json"
    status, body = await refusal(service, path, [{"learner_id": "new-one"}, {"learner_id": learner}])
    assert (status, body["message"]) == (409, f"Learner Profile with the given learner id: {learner} already exists")
    status, body = await refusal(service, path, [{"learner_id": "new-one"}, {}])
    assert (status, body["message"]) == (422, "Missing required fields - 'learner_id'")
    status, body = await refusal(service, path, [{"learner_id": "new-one", "achievements": ["none"]}])
    assert (status, body["message"]) == (404, "Achievement with uuid none not found")
    assert await counts(service) == [0, 1, 1, 0]


async def test_goals_are_imported(service):
    answer = await service.import_file("/goal/import/json", [{"name": "a"}, {"name": "b"}])
    assert (answer.status_code, answer.json()["message"]) == (200, "Successfully created the goals")
    shown = [(await service.done("GET", f"/goal/{uuid}"))["name"] for uuid in answer.json()["data"]]
    assert shown == ["a", "b"]

from laurel.base.limits import BODY_BYTES_MAX, JSON_DEPTH_MAX


async def refusal(answer, status, code):
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


async def test_an_unknown_address_is_not_found(stranger):
    await refusal(await stranger.get("/api/v1/nothing-here"), 404, "route_not_found")


async def test_a_method_that_the_address_does_not_take_is_said(api):
    answer = await api.delete("/api/v1/organisation")
    await refusal(answer, 405, "method_not_allowed")
    assert {"GET", "HEAD", "PATCH"} <= set(answer.headers["allow"].split(", "))


async def test_a_character_that_cannot_be_stored_is_named_with_its_place(api):
    award = {"person": {"email": "x@example.org"}, "create_person": True, "evidence": [{"name": "a\x00b"}]}
    achievement = (await api.post("/api/v1/achievements", json={"name": "x", "status": "live"})).json()["id"]
    answer = await api.post(f"/api/v1/achievements/{achievement}/awards", json=award)
    body = await refusal(answer, 422, "cannot_be_stored")
    assert (body["field"], "U+0000" in body["detail"]) == ("evidence[0].name", True)


async def test_malformed_json_is_said(api):
    await refusal(await api.post("/api/v1/departments", content=b'{"name": '), 400, "malformed_body")


async def test_an_empty_body_is_refused(api):
    answer = await api.post("/api/v1/departments")
    assert answer.status_code in {400, 422}, answer.text


async def test_text_that_is_not_utf_8_is_malformed(api):
    await refusal(await api.post("/api/v1/departments", content=b'{"name": "\xff"}'), 400, "malformed_body")


async def test_a_lone_surrogate_is_refused_or_cleaned(api):
    answer = await api.post("/api/v1/departments", content=b'{"name": "a\\ud800b"}')
    assert answer.status_code < 500, answer.text


async def test_a_missing_field_is_named(api):
    body = await refusal(await api.post("/api/v1/departments", json={}), 422, "invalid")
    assert body["field"] == "name"


async def test_a_wrong_type_deep_inside_is_named_with_its_value(api):
    answer = await api.post("/api/v1/keys", json={"name": "x", "scopes": ["people:read", 7]})
    body = await refusal(answer, 422, "invalid")
    assert (body["field"], body["value"]) == ("scopes[1]", 7)


async def test_a_number_in_quotation_marks_is_not_a_number(api, key):
    answer = await api.post(f"/api/v1/keys/{key.key.uid}/rotate", json={"overlap_seconds": "5"})
    assert (await refusal(answer, 422, "invalid"))["field"] == "overlap_seconds"


async def test_a_word_outside_the_choices_is_answered_with_the_choices(api):
    body = await refusal(await api.post("/api/v1/achievements", json={"name": "x", "status": "on"}), 422, "invalid")
    assert body["detail"].endswith("it is one of archived, draft, live")
    broken = {"name": "x", "criteria": {"type": "logical", "operator": "and", "conditions": [{"type": "cnt"}]}}
    body = await refusal(await api.post("/api/v1/achievements", json=broken), 422, "invalid")
    assert "it is one of count, sum, streak, logical" in body["detail"]


async def test_a_misspelt_field_is_answered_with_the_name_that_was_meant(api):
    body = await refusal(await api.post("/api/v1/departments", json={"nmae": "x"}), 422, "invalid")
    assert body["field"] == "nmae"
    assert body["detail"].endswith("did you mean name?")


async def test_a_field_name_of_a_megabyte_is_refused_and_not_repeated(api):
    body = await refusal(await api.post("/api/v1/departments", json={"name": "x", "y" * 1_000_000: 1}), 422, "invalid")
    assert len(body["detail"]) < 1_000
    assert len(body["field"]) < 1_000


async def test_a_body_over_the_limit_is_refused_by_what_it_declares(api):
    answer = await api.post("/api/v1/departments", headers={"Content-Length": str(BODY_BYTES_MAX + 1)}, content=b"{}")
    body = await refusal(answer, 413, "body_too_large")
    assert (body["limit"], body["value"]) == (BODY_BYTES_MAX, BODY_BYTES_MAX + 1)


async def test_a_body_over_the_limit_is_refused_while_it_arrives(api):
    async def endless():
        for _ in range(BODY_BYTES_MAX // 1_000_000 + 2):
            yield b" " * 1_000_000

    await refusal(await api.post("/api/v1/departments", content=endless()), 413, "body_too_large")


async def test_a_body_that_nests_too_deep_is_refused(api):
    depth = JSON_DEPTH_MAX + 1
    answer = await api.post("/api/v1/departments", content=b'{"name": ' + b"[" * depth + b"]" * depth + b"}")
    body = await refusal(answer, 422, "too_large")
    assert (body["limit"], body["value"]) == (JSON_DEPTH_MAX, depth + 1)


async def test_brackets_inside_strings_do_not_count_as_depth(api):
    answer = await api.post("/api/v1/departments", json={"name": "Brackets", "description": '[{"\\' * 60})
    assert answer.status_code == 201, answer.text


async def test_a_request_id_is_taken_over_when_it_is_plain(stranger):
    answer = await stranger.get("/healthz", headers={"X-Request-Id": "trace-42"})
    assert answer.headers["X-Request-Id"] == "trace-42"


async def test_a_request_id_with_other_characters_is_replaced(stranger):
    answer = await stranger.get("/healthz", headers={"X-Request-Id": "a b\tc"})
    assert answer.headers["X-Request-Id"] != "a b\tc"


async def test_a_limit_outside_its_bounds_is_named(api):
    answer = await api.get("/api/v1/keys", params={"limit": 0})
    assert (await refusal(answer, 422, "invalid"))["field"] == "limit"


async def test_a_cursor_that_is_none_is_named(api):
    answer = await api.get("/api/v1/keys", params={"after": "rubbish!"})
    assert (await refusal(answer, 422, "invalid"))["field"] == "after"


async def test_double_and_trailing_slashes_do_not_matter(api):
    assert (await api.get("/api//v1//organisation/")).status_code == 200


async def test_a_query_parameter_is_named_as_it_is_spelled_with_its_choices(api):
    body = await refusal(await api.get("/api/v1/awards", params={"state": "lost"}), 422, "invalid")
    assert body["field"] == "state"
    assert body["detail"].startswith("state: ")
    assert body["detail"].endswith("it is one of active, pending, revoked")

from datetime import timedelta

import pytest

from laurel.base.ids import uid_from_base62
from tests.dialects.learner_profile.profile_client import UNKNOWN, an_achievement

ASSOCIATIONS = (
    "exact_match_of",
    "exemplar",
    "has_skill_level",
    "is_child_of",
    "is_parent_of",
    "is_part_of",
    "is_peer_of",
    "is_related_to",
    "precedes",
    "replaced_by",
)
EMPTY_ASSOCIATIONS = {name: [] for name in ASSOCIATIONS}


async def records(service, query=""):
    return (await service.done("GET", f"/achievements?{query}"))["records"]


async def test_what_is_omitted_is_shown_with_its_default(service):
    made = await service.done("POST", "/achievement", json={"type": "level", "name": "Seven"})
    assert {
        name: value for name, value in made.items() if name not in ("uuid", "created_time", "last_modified_time")
    } == {
        "type": "level",
        "name": "Seven",
        "description": None,
        "alignments": {"competency_alignments": [], "skill_alignments": []},
        "associations": EMPTY_ASSOCIATIONS,
        "credits_available": None,
        "field_of_study": None,
        "metadata": {"design_config": {}},
        "image": None,
        "result_descriptions": None,
        "tags": None,
        "timestamp": None,
        "is_archived": False,
    }


async def test_everything_that_is_sent_is_kept(service):
    body = an_achievement(
        description="How to write",
        alignments={"competency_alignments": [{"a": 1.25}], "skill_alignments": ["s"]},
        associations={**EMPTY_ASSOCIATIONS, "precedes": ["x"]},
        credits_available=2.5,
        field_of_study="Letters",
        metadata={"design_config": {"shape": "round", "theme": "t", "illustration": "i"}},
        image="https://example.org/i.png",
        result_descriptions=["good"],
        tags=["a", "b"],
        timestamp="yesterday",
    )
    made = await service.done("POST", "/achievement", json=body)
    assert {name: made[name] for name in body} == body
    assert await service.done("GET", f"/achievement/{made['uuid']}") == made


async def test_empty_lists_and_texts_stay_empty_and_nothing_stays_nothing(service):
    made = await service.done(
        "POST",
        "/achievement",
        json=an_achievement(tags=[], result_descriptions=[], description="", credits_available=0),
    )
    assert (made["tags"], made["result_descriptions"], made["description"], made["credits_available"]) == (
        [],
        [],
        "",
        0.0,
    )
    made = await service.done("POST", "/achievement", json=an_achievement(tags=None, metadata=None, alignments=None))
    assert (made["tags"], made["metadata"]) == (None, {"design_config": {}})


async def test_only_the_design_of_the_metadata_is_shown(service):
    made = await service.done(
        "POST", "/achievement", json=an_achievement(metadata={"design_config": {"shape": "s"}, "more": 1})
    )
    assert made["metadata"] == {"design_config": {"shape": "s", "theme": "", "illustration": ""}}


async def test_names_need_not_be_unique(service):
    assert await service.new_achievement(name="Same") != await service.new_achievement(name="Same")


async def test_an_update_changes_what_is_given_and_nothing_else(service, clock):
    made = await service.done(
        "POST",
        "/achievement",
        json=an_achievement(tags=["a"], metadata={"design_config": {"shape": "s"}}, description="d"),
    )
    clock.advance(timedelta(seconds=5))
    changed = await service.done("PUT", f"/achievement/{made['uuid']}", json={"name": "New", "tags": None})
    assert changed["last_modified_time"] == "2026-03-14 12:00:05.000000+00:00"
    assert {**changed, "last_modified_time": made["last_modified_time"]} == {**made, "name": "New"}
    assert await service.done("GET", f"/achievement/{made['uuid']}") == changed


async def test_a_given_object_replaces_the_stored_one_whole(service):
    uuid = await service.new_achievement(
        alignments={"competency_alignments": ["a"], "skill_alignments": ["b"]}, associations={"precedes": ["x"]}
    )
    body = {"alignments": {"skill_alignments": ["c"]}, "associations": {"exemplar": ["y"]}}
    changed = await service.done("PUT", f"/achievement/{uuid}", json=body)
    assert changed["alignments"] == {"competency_alignments": None, "skill_alignments": ["c"]}
    assert changed["associations"] == {**dict.fromkeys(EMPTY_ASSOCIATIONS), "exemplar": ["y"]}


async def test_a_type_that_is_none_is_refused_in_an_update_too(service):
    uuid = await service.new_achievement()
    assert (await service.invalid("PUT", f"/achievement/{uuid}", json={"type": "planet"}))[0][
        "type"
    ] == "value_error.const"


async def test_an_envelope_with_anything_else_in_it_is_no_envelope(service):
    uuid = await service.new_achievement()
    body = {"success": True, "message": "", "data": {"name": "x"}, "more": 1}
    errors = await service.invalid("PUT", f"/achievement/{uuid}", json=body)
    assert [error["loc"][1] for error in errors] == ["data", "message", "more", "success"]
    await service.invalid("PUT", f"/achievement/{uuid}", json={"success": True, "message": "", "data": []})


async def test_a_deleted_achievement_is_gone_everywhere(service):
    uuid = await service.new_achievement()
    await service.done("DELETE", f"/achievement/{uuid}")
    text = f"Achievement with uuid {uuid} not found"
    for method in ("GET", "PUT", "DELETE"):
        await service.not_found(text, method, f"/achievement/{uuid}", **({"json": {}} if method == "PUT" else {}))
    assert await records(service) == []
    assert await service.done("GET", "/achievement/search?type=competency") == []


async def test_archiving_hides_from_lists_that_ask_so_and_can_be_undone(service):
    archived, live = await service.new_achievement(), await service.new_achievement()
    assert (await service.done("PUT", f"/achievement/{archived}", json={"is_archived": True}))["is_archived"] is True
    assert [one["uuid"] for one in await records(service)] == [live, archived]
    assert [one["uuid"] for one in await records(service, "fetch_archive=true")] == [archived]
    assert [one["uuid"] for one in await records(service, "fetch_archive=false")] == [live]
    assert (await service.done("GET", f"/achievement/{archived}"))["is_archived"] is True
    assert (await service.done("PUT", f"/achievement/{archived}", json={"is_archived": False}))["is_archived"] is False


async def test_lists_are_newest_first_and_paged(service):
    made = [await service.new_achievement(name=f"n{number}") for number in range(12)]
    newest_first = made[::-1]
    assert [one["uuid"] for one in await records(service)] == newest_first[:10]
    assert [one["uuid"] for one in await records(service, "skip=3&limit=4")] == newest_first[3:7]
    assert [one["uuid"] for one in await records(service, f"limit=5&after={newest_first[4]}")] == newest_first[5:10]
    assert [one["uuid"] for one in await records(service, f"skip=1&after={newest_first[9]}")] == newest_first[11:]
    assert await records(service, f"after={newest_first[-1]}") == []
    assert (await service.done("GET", "/achievements?limit=1"))["total_count"] == 12


async def test_a_page_may_begin_behind_something_deleted_and_not_behind_something_unknown(service):
    made = [await service.new_achievement() for _ in range(3)]
    await service.done("DELETE", f"/achievement/{made[1]}")
    assert [one["uuid"] for one in await records(service, f"after={made[1]}")] == [made[0]]
    await service.not_found(f"Achievement with uuid {UNKNOWN} not found", "GET", f"/achievements?after={UNKNOWN}")


async def test_filters_can_be_combined_and_are_counted(service):
    for name, type_, tags in (
        ("A", "level", ["x"]),
        ("A", "competency", ["x", "y"]),
        ("B", "level", None),
        ("a", "level", ["y"]),
    ):
        await service.new_achievement(name=name, type=type_, tags=tags)
    for query, names in (
        ("name=A", ["A", "A"]),
        ("achievement_type=level", ["a", "B", "A"]),
        ("tag=y", ["a", "A"]),
        ("tag=x&achievement_type=level&name=A", ["A"]),
        ("name=C", []),
    ):
        data = await service.done("GET", f"/achievements?{query}")
        assert ([one["name"] for one in data["records"]], data["total_count"]) == (names, len(names))


async def test_the_filter_by_type_takes_types_only(service):
    errors = await service.invalid("GET", "/achievements?achievement_type=planet")
    assert (errors[0]["loc"], errors[0]["type"]) == (["query", "achievement_type"], "value_error.const")
    assert (await service.invalid("GET", "/achievement/search?type=planet"))[0]["loc"] == ["query", "type"]


async def test_searching_answers_all_of_a_type_and_none_without_one(service):
    made = [await service.new_achievement(type="level") for _ in range(12)]
    await service.new_achievement(type="competency")
    answer = await service.ask("GET", "/achievement/search?type=level")
    assert answer.json()["message"] == "Successfully fetched the achievements"
    assert [one["uuid"] for one in answer.json()["data"]] == made[::-1]
    assert await service.done("GET", "/achievement/search") == []


async def test_an_achievement_of_our_own_api_is_seen_here_and_the_other_way_round(service, api):
    own = await api.post("/api/v1/achievements", json={"names": {"en": "Walker"}, "type": "Badge"})
    assert own.status_code in {200, 201}, own.text
    (shown,) = await records(service)
    assert (uid_from_base62(shown["uuid"]), shown["name"], shown["type"]) == (own.json()["id"], "Walker", "competency")
    uuid = await service.new_achievement(name="Course", type="course equate")
    there = await api.get(f"/api/v1/achievements/{uid_from_base62(uuid)}")
    assert there.status_code == 200, there.text
    assert (there.json()["names"], there.json()["type"]) == ({"en": "Course"}, "Course")


@pytest.mark.parametrize("shown", ["competency", "level", "course equate"])
async def test_the_filter_by_type_finds_what_is_shown_as_it(service, api, shown):
    await api.post("/api/v1/achievements", json={"names": {"en": "Walker"}, "type": "Badge"})
    for type_ in ("competency", "level", "course equate"):
        await service.new_achievement(type=type_)
    found = await records(service, f"achievement_type={shown}")
    assert {one["type"] for one in found} == {shown}
    assert len(found) == sum(one["type"] == shown for one in await records(service))


@pytest.mark.parametrize(
    ("fields", "loc"),
    [
        ({"name": "x" * 513}, ["body", "name"]),
        ({"name": ""}, ["body", "name"]),
        ({"name": "  "}, ["body", "name"]),
        ({"description": "x" * 10_001}, ["body", "description"]),
        ({"tags": ["x" * 101]}, ["body", "tags", 0]),
        ({"tags": ["x"] * 101}, ["body", "tags"]),
        ({"image": "x" * 2_049}, ["body", "image"]),
        ({"credits_available": -1}, ["body", "credits_available"]),
        ({"credits_available": 1e300}, ["body", "credits_available"]),
        ({"credits_available": "nan"}, ["body", "credits_available"]),
        ({"associations": {"precedes": ["x" * 70_000]}}, ["body", "associations"]),
        ({"alignments": {"skill_alignments": ["x" * 70_000]}}, ["body", "metadata"]),
        ({"alignments": {"skill_alignments": ["x"] * 1_001}}, ["body", "alignments", "skill_alignments"]),
        ({"result_descriptions": ["x"] * 51}, ["body", "result_descriptions"]),
        ({"result_descriptions": [{}]}, ["body", "result_descriptions", 0]),
    ],
)
async def test_what_is_over_a_limit_is_named(service, fields, loc):
    assert (await service.invalid("POST", "/achievement", json=an_achievement(**fields)))[0]["loc"] == loc
    uuid = await service.new_achievement()
    assert (await service.invalid("PUT", f"/achievement/{uuid}", json=fields))[0]["loc"] == loc

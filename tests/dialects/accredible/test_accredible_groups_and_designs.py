import base64
import json

import pytest

from laurel.rendering import builtin_designs, encode_design
from tests.dialects.accredible.conftest import a_credential, a_group
from tests.support.builders import a_department, a_key
from tests.support.fixtures import client_of


async def made_group(client, **wishes):
    answer = await client.post("/v1/issuer/groups", json={"group": a_group(**wishes)})
    assert answer.status_code == 200, answer.text
    return answer.json()["group"]


# ---------------------------------------------------------------------------------------------------------------- groups
async def test_a_group_without_design_gets_the_default_ones_even_when_null_is_given(accredible):
    group = await made_group(accredible, certificate_design_id=None, badge_design_id=None, primary_design_id=None)
    assert group["design_id"] == group["certificate_design_id"]
    assert group["primary_design_id"] == group["badge_design_id"]
    design = await accredible.get(f"/v1/designs/{group['primary_design_id']}")
    assert design.json()["design"]["rasterized_content_url"].startswith("http")


async def test_everything_that_a_group_is_told_comes_back(accredible):
    said = {
        "course_link": "https://example.com/course",
        "language": "fr",
        "attach_pdf": True,
        "blockchain": True,
        "meta_data": {"batch_id": "271"},
        "learning_outcomes": ["Reading", {"name": "Writing", "url": "https://example.com/skills/2"}],
        "generate_private_credential": False,
        "auto_expiry": 3,
        "signup_url": "https://example.com/join",
        "signup_url_show": True,
        "course_link_show": True,
        "organization_link_show": True,
        "achievement_type": "Certificate",
    }
    group = await made_group(accredible, **said, skill_category_id=4)
    assert {name: group[name] for name in said} == said
    assert group["skill_category"]["id"] == 4
    unchanged = (await accredible.put(f"/v1/issuer/groups/{group['id']}", json={"group": {"name": "Renamed"}})).json()
    assert unchanged["group"] | {"name": group["name"], "updated_at": ""} == group | {"updated_at": ""}


async def test_a_group_without_texts_is_refused_field_by_field(accredible):
    answer = await accredible.post("/v1/issuer/groups", json={"group": {"name": "Only a name"}})
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"course_name": ["can't be blank"], "course_description": ["can't be blank"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"language": "xx"},
        {"skill_category_id": 999},
        {"certificate_design_id": 10**9},
        {"department_id": 10**9},
        {"course_link": "javascript:alert(1)"},
        {"collections": [{"id": "nowhere"}]},
        {"auto_expiry": "soon"},
        {"name": "x" * 600},
        {"meta_data": "text"},
    ],
)
async def test_a_wrong_value_is_refused_and_named(accredible, wrong):
    answer = await accredible.post("/v1/issuer/groups", json={"group": a_group(**wrong)})
    assert answer.status_code in {404, 422}
    assert answer.json()["field"].split("[")[0] in {*wrong, "id"}


async def test_a_badge_is_not_a_certificate(accredible, group):
    body = {"group": {"certificate_design_id": group["badge_design_id"]}}
    answer = await accredible.put(f"/v1/issuer/groups/{group['id']}", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, "certificate_design_id")


async def test_a_clone_is_called_copy_and_takes_what_is_given(accredible):
    group = await made_group(accredible, course_link="https://example.com/x", auto_expiry=2)
    plain = (await accredible.post(f"/v1/issuer/groups/{group['id']}/clone", json={})).json()["group"]
    assert plain["name"] == f"Copy {group['name']}"
    assert plain["id"] != group["id"]
    assert (plain["course_link"], plain["auto_expiry"]) == ("https://example.com/x", 2)
    assert plain["badge_design_id"] == group["badge_design_id"]
    body = {"group": {"name": "Other", "course_name": "Other course"}}
    other = (await accredible.post(f"/v1/issuer/groups/{group['id']}/clone", json=body)).json()["group"]
    assert (other["name"], other["course_name"]) == ("Other", "Other course")


async def test_a_deleted_group_is_gone_and_its_credentials_stay(accredible, group):
    made = await a_credential(accredible, group)
    deleted = (await accredible.delete(f"/v1/issuer/groups/{group['id']}")).json()["group"]
    assert deleted["id"] == group["id"]
    assert "collections" not in deleted
    gone = await accredible.get(f"/v1/issuer/groups/{group['id']}")
    assert (gone.status_code, gone.json()["errors"]) == (404, "Doesn't exist")
    shown = (await accredible.get(f"/v1/credentials/{made['id']}")).json()["credential"]
    assert shown["group_name"] == group["name"]


async def test_groups_are_found_by_parts_of_names_own_data_and_ids(accredible):
    first = await made_group(accredible, name="Alpha 100%", course_name="Maths", meta_data={"course_id": 7})
    second = await made_group(accredible, name="Beta", course_name="More maths", meta_data={"course_id": "8"})
    for query, expected in (
        ({"name": "lph"}, [first]),
        ({"name": "100%"}, [first]),
        ({"name": "%"}, [first]),
        ({"course_name": "MATHS"}, [first, second]),
        ({"ids": [second["id"]]}, [second]),
        ({"meta_data": {"course_id": "7"}}, [first]),
        ({"meta_data": {"course_id": 8}}, [second]),
        ({"start_updated_date": "2026-03-14", "end_updated_date": "2026-03-14"}, [first, second]),
        ({"start_updated_date": "2026-03-15"}, []),
        ({"department_id": first["department_id"], "name": "Beta"}, [second]),
    ):
        answer = await accredible.post("/v1/issuer/groups/search", json=query)
        assert [one["id"] for one in answer.json()["groups"]] == [one["id"] for one in expected], query
    rows = (await accredible.get("/v1/issuer/all_groups", params={"page_size": 1, "page": 2})).json()
    assert [one["id"] for one in rows["groups"]] == [second["id"]]
    assert "collections" not in rows["groups"][0]


async def test_earning_criteria_are_a_whole_list(accredible, group):
    url = f"/v1/issuer/groups/{group['id']}"
    criteria = [{"kind": "exam", "text": "<b>Pass</b>", "required": True}, {"kind": "reading", "text": "Read"}]
    shown = (await accredible.put(url, json={"group": {"earning_criteria": criteria}})).json()["group"][
        "earning_criteria"
    ]
    assert [one["kind"] for one in shown] == ["exam", "reading"]
    kept = {
        "group": {"earning_criteria": [{"id": shown[1]["id"], "text": "Read twice"}, {"kind": "skill", "text": "S"}]}
    }
    changed = (await accredible.put(url, json=kept)).json()["group"]["earning_criteria"]
    assert [(one["kind"], one["text"], one["position"]) for one in changed] == [
        ("reading", "Read twice", 0),
        ("skill", "S", 1),
    ]
    foreign = await accredible.put(url, json={"group": {"earning_criteria": [{"id": "nobody", "text": "x"}]}})
    assert foreign.status_code == 400
    assert (await accredible.get(url)).json()["group"]["earning_criteria"] == changed
    cleared = await accredible.put(url, json={"group": {"earning_criteria": None}})
    assert cleared.json()["group"]["earning_criteria"] == []


# ----------------------------------------------------------------------------------------------------------- collections
async def test_collections_hold_groups_and_say_so_on_both_sides(accredible, group):
    made = (await accredible.post("/v1/collections", json={"collection": {"name": "Sciences", "public": True}})).json()
    collection = made["collection"]
    url = f"/v1/collections/{collection['id']}"
    filled = await accredible.put(url, json={"collection": {"groups": [{"id": group["id"]}]}})
    assert (filled.json()["collection"]["groups"], filled.json()["collection"]["groups_count"]) == (
        [{"id": group["id"]}],
        1,
    )
    assert filled.json()["collection"]["public"] is True
    shown = (await accredible.get(f"/v1/issuer/groups/{group['id']}")).json()["group"]
    assert shown["collections"] == [{"id": collection["id"], "name": "Sciences", "description": None}]
    await accredible.put(f"/v1/issuer/groups/{group['id']}", json={"group": {"collections": []}})
    emptied = await accredible.post("/v1/collections/search", json={"query": {"ids": [collection["id"]]}})
    assert emptied.json()["collections"][0]["groups"] == []
    gone = await accredible.delete(url)
    assert (gone.status_code, gone.content) == (200, b"")
    assert (await accredible.put(url, json={"collection": {"name": "x"}})).status_code == 404


async def test_collections_are_searched_sorted_and_paged(accredible):
    ids = {}
    for name in ("Beta", "Alpha", "Gamma"):
        body = {"collection": {"name": name, "public": name == "Beta"}}
        ids[name] = (await accredible.post("/v1/collections", json=body)).json()["collection"]["id"]

    async def names(body):
        return [
            one["name"] for one in (await accredible.post("/v1/collections/search", json=body)).json()["collections"]
        ]

    assert await names({"query": {}, "sort": {"name": "asc"}}) == ["Alpha", "Beta", "Gamma"]
    assert await names({"query": {"name": "ALPH"}}) == ["Alpha"]
    assert await names({"query": {"public": True}}) == ["Beta"]
    assert await names({"query": {"exclusion_list": [ids["Beta"]]}, "sort": {"name": "desc"}}) == ["Gamma", "Alpha"]
    page = {"query": {}, "sort": {"name": "asc"}, "meta": {"page_number": "2", "per_page": "2"}}
    answer = (await accredible.post("/v1/collections/search", json=page)).json()
    assert ([one["name"] for one in answer["collections"]], answer["meta"]["page_size"]) == (["Gamma"], 2)
    assert (await accredible.post("/v1/collections/search", json={"sort": {"x": "asc"}})).status_code == 400


# --------------------------------------------------------------------------------------------------------------- designs
async def test_there_is_always_a_design(accredible):
    for path in ("/v1/issuer/all_designs?page_size=50&page=1", "/v1/designs"):
        designs = (await accredible.get(path)).json()["designs"]
        assert {design["kind"] for design in designs} == {"badge", "certificate"}
        assert all(isinstance(design["id"], int) for design in designs)
    only = (await accredible.get("/v1/designs?kind=certificates")).json()
    assert [design["kind"] for design in only["designs"]] == ["certificate"]
    assert only["meta"]["next_page"] is None


@pytest.mark.parametrize("encoded", [True, False])
async def test_a_design_in_our_format_is_drawn_as_itself(accredible, stranger, encoded):
    content = encode_design(builtin_designs()["badge-prism"]).decode()
    sent = base64.b64encode(content.encode()).decode() if encoded else content
    body = {"design": {"name": "Mine", "kind": "badge", "encoded_content": sent}}
    design = (await accredible.post("/v1/designs", json=body)).json()["design"]
    assert design["drawn_as"] == "itself"
    assert json.loads(design["encoded_content"])["name"] == json.loads(content)["name"]
    link = await accredible.post(f"/v1/designs/{design['id']}/preview", json={"recipient.name": "Zoë", "custom.x": "y"})
    address = link.json()["link"]
    picture = await stranger.get(address)
    assert (picture.status_code, picture.content[:8]) == (200, b"\x89PNG\r\n\x1a\n")
    assert (await stranger.get(address[:-1] + ("0" if address[-1] != "0" else "1"))).status_code == 404


async def test_a_foreign_design_is_kept_and_drawn_as_the_default_one(accredible, stranger):
    body = {
        "design": {"name": "Theirs", "kind": "certificate", "encoded_content": "31884284f406b9e4", "size": "us-letter"}
    }
    design = (await accredible.post("/v1/designs", json=body)).json()["design"]
    assert (design["encoded_content"], design["size"]) == ("31884284f406b9e4", "us-letter")
    assert "foreign" in design["drawn_as"]
    picture = await stranger.get(design["rasterized_content_url"])
    assert picture.content[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "poster"}, "kind"),
        ({"encoded_content": ""}, "encoded_content"),
        ({"encoded_content": '{"format": "laurel-design/1", "name": 5}'}, "name"),
        ({"orientation": "diagonal"}, "orientation"),
        ({"size": "a3"}, "size"),
    ],
)
async def test_a_wrong_design_is_refused_and_named(accredible, wrong, field):
    body = {"name": "D", "kind": "badge", "encoded_content": "x", **wrong}
    answer = await accredible.post("/v1/designs", json={"design": body})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_designs_are_copied_changed_deleted_and_found(accredible, group):
    original = (await accredible.get(f"/v1/designs/{group['badge_design_id']}")).json()["design"]
    assert [one["id"] for one in original["groups"]] == [group["id"]]
    copy = (await accredible.post(f"/v1/designs/{original['id']}/copy", json={"design": {}})).json()["design"]
    body = {"design": {"name": "Renamed", "meta_data": {"k": "v"}, "background_bleeds": True}}
    changed = (await accredible.put(f"/v1/designs/{copy['id']}", json=body)).json()["design"]
    assert (changed["name"], changed["meta_data"], changed["background_bleeds"]) == ("Renamed", {"k": "v"}, True)
    assert changed["encoded_content"] == original["encoded_content"]
    found = (await accredible.post("/v1/designs/search", json={"kind": "badge", "meta_data": {"k": "v"}})).json()
    assert [one["id"] for one in found["designs"]] == [copy["id"]]
    assert "groups" not in found["designs"][0]
    assert (await accredible.delete(f"/v1/designs/{copy['id']}")).json()["design"]["id"] == copy["id"]
    assert (await accredible.get(f"/v1/designs/{copy['id']}")).status_code == 404


async def test_the_designers_begin_with_a_copy_of_the_default_design(accredible, group):
    for kind in ("badge", "certificate"):
        begun = (await accredible.post(f"/v1/designers/{kind}/initialize", json={})).json()
        assert ":" in begun["token"]
        assert (await accredible.get(f"/v1/designs/{begun['design_id']}")).json()["design"]["kind"] == kind
    wrong = await accredible.post("/v1/designers/badge/initialize", json={"design_id": group["certificate_design_id"]})
    assert wrong.status_code == 422


# ----------------------------------------------------------------------------------------- departments, attributes, team
async def test_departments_are_made_changed_found_and_deleted(accredible):
    said = {
        "name": "Physics",
        "description": "We measure",
        "url": "https://example.com",
        "logo": "https://example.com/logo.png",
        "page_banner": "https://example.com/banner.png",
        "whitelabel_logo": "https://example.com/white.png",
        "linkedin_company_id": "5098253",
        "meta_data": {"faculty": "physics"},
        "generate_private_credential": False,
    }
    made = (await accredible.post("/v1/departments", json={"department": said})).json()["department"]
    assert {name: made[name] for name in said} == said
    twin = await accredible.post("/v1/departments", json={"department": said})
    assert twin.json()["department"]["id"] != made["id"]
    url = f"/v1/departments/{made['id']}"
    changed = (await accredible.put(url, json={"department": {"description": "Again"}})).json()["department"]
    assert changed == {**made, "description": "Again"}
    found = (await accredible.post("/v1/departments/search", json={"meta_data": {"faculty": "physics"}})).json()
    assert [one["id"] for one in found["departments"]] == [made["id"], twin.json()["department"]["id"]]
    assert (await accredible.delete(url)).json()["department"]["id"] == made["id"]
    assert (await accredible.get(url)).status_code == 404
    missing = await accredible.post("/v1/departments", json={"department": {"name": "No address"}})
    assert set(missing.json()["errors"]) == {"url", "logo"}


async def test_a_department_s_key_reads_its_own_department_alone(accredible, parts, application, organisation):
    own, other = await a_department(parts, organisation), await a_department(parts, organisation)
    key = await a_key(parts, organisation, department_id=own.id)
    async with client_of(application, key) as bound:
        assert (await bound.get(f"/v1/departments/{own.id}")).status_code == 200
        assert (await bound.get(f"/v1/departments/{other.id}")).status_code == 404
        refused = await bound.delete(f"/v1/departments/{own.id}")
        assert (refused.status_code, refused.json()["error"]) == (403, "No Permission to manage Departments.")
        found = (await bound.post("/v1/departments/search", json={})).json()["departments"]
        assert [one["id"] for one in found] == [own.id]


async def test_attribute_keys_are_made_once_and_found(accredible):
    body = {"attribute_key": {"name": "Location", "kind": "text"}}
    made = (await accredible.post("/v1/attribute_keys", json=body)).json()["attribute_key"]
    assert (await accredible.post("/v1/attribute_keys", json=body)).status_code == 422
    wrong = await accredible.post("/v1/attribute_keys", json={"attribute_key": {"name": "X", "kind": "number"}})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "kind")
    found = (await accredible.post("/v1/attribute_keys/search", json={"name": "loc", "kind": "text"})).json()
    assert found["attribute_keys"] == [made]


async def test_team_members_are_accounts_with_permissions(accredible, api):
    departments = (await accredible.post("/v1/departments/search", json={})).json()["departments"]
    permissions = {"designs": True, "role": "editor", "groups": [1, 2]}
    body = {
        "team_member": {
            "name": "Jo",
            "email": "Jo@Example.com",
            "department_permissions": [{"department": departments[0]["id"], "permissions": permissions}],
        }
    }
    made = (await accredible.post("/v1/team_members", json=body)).json()["team_member"]
    assert made["email"] == "jo@example.com"
    shown = made["department_permissions"][0]
    assert shown["department_id"] == shown["department"] == departments[0]["id"]
    assert (shown["permissions"]["designs"], shown["permissions"]["emails"]) == (True, False)
    assert "jo@example.com" in (await api.get("/api/v1/accounts")).text
    url = f"/v1/team_members/{made['id']}"
    changed = (
        await accredible.put(
            url, json={"team_member": {"name": "", "email": "x@example.com", "department_permissions": []}}
        )
    ).json()["team_member"]
    assert changed == {**made, "department_permissions": []}
    taken = await accredible.post("/v1/team_members", json=body)
    assert taken.status_code == 422
    assert (await accredible.delete(url)).json()["team_member"]["id"] == made["id"]
    assert (await accredible.get(url)).status_code == 404

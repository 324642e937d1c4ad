import pytest

from laurel.base.limits import (
    DESIGN_PREVIEWS_PER_MINUTE_MAX,
    KEY_VALUES_MAX,
    PICTURE_WIDTH_MAX,
    PREVIEW_TEXT_LENGTH_MAX,
)
from tests.support.builders import a_department, a_key
from tests.support.events import an_achievement
from tests.support.fixtures import client_of

BUILTIN = "badge-meridian"


async def a_design(api, **wishes):
    answer = await api.post("/api/v1/designs", json={"like": BUILTIN, **wishes})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_builtin_design_is_copied_changed_and_handed_back(api):
    made = await a_design(api, name="Ours")
    path = f"/api/v1/designs/{made['id']}"
    assert (made["name"], made["kind"], made["revision"]) == ("Ours", "badge", 1)
    content = {**made["content"], "background": "#123456"}
    changed = (await api.patch(path, json={"content": content, "revision": 1})).json()
    assert (changed["content"]["background"], changed["revision"]) == ("#123456", 2)
    assert (await api.get(path)).json() == changed
    again = (await api.post("/api/v1/designs", json={"content": changed["content"], "name": "Again"})).json()
    assert again["content"] == changed["content"]
    assert [one["name"] for one in (await api.get("/api/v1/designs?kind=badge")).json()["items"]] == ["Again", "Ours"]
    assert (await api.get("/api/v1/designs?kind=certificate")).json()["items"] == []
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404


async def test_builtin_designs_are_listed_and_shown_by_their_key(api):
    listed = (await api.get("/api/v1/designs/builtin")).json()
    assert {one["kind"] for one in listed} == {"badge", "certificate"}
    assert len(listed) == 10
    assert (await api.get(f"/api/v1/designs/{BUILTIN}")).json() in listed
    assert (await api.patch(f"/api/v1/designs/{BUILTIN}", json={"name": "Mine"})).status_code == 404


@pytest.mark.parametrize(("wanted", "begins"), [("png", b"\x89PNG"), ("svg", b"<svg"), ("pdf", b"%PDF")])
async def test_a_design_is_drawn_with_what_it_is_given(api, wanted, begins):
    made = await a_design(api)
    asked = {"values": {"recipient.name": "Ada Lovelace", "achievement.name": "Engines"}}
    answer = await api.post(f"/api/v1/designs/{made['id']}/picture?format={wanted}", json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(begins)
    other = await api.post(
        f"/api/v1/designs/{BUILTIN}/picture?format={wanted}", json={"values": {"achievement.name": "B"}}
    )
    assert other.content != answer.content


async def test_a_change_that_began_from_an_older_revision_is_a_conflict(api):
    made = await a_design(api)
    path = f"/api/v1/designs/{made['id']}"
    await api.patch(path, json={"name": "First"})
    answer = await api.patch(path, json={"name": "Second", "revision": made["revision"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "design_changed")
    assert (await api.get(path)).json()["name"] == "First"


async def test_a_design_that_is_used_or_the_default_is_kept(api):
    used, default = await a_design(api), await a_design(api, is_default=True)
    assert default["is_default"]
    await an_achievement(api, name="Engines", credential={"badge_design": used["id"]})
    for made, word in ((used, "Engines"), (default, "default")):
        answer = await api.delete(f"/api/v1/designs/{made['id']}")
        assert (answer.status_code, answer.json()["code"]) == (409, "design_in_use")
        assert word in answer.json()["detail"]


async def test_what_cannot_be_a_design_is_refused_by_field(api):
    good = (await api.get(f"/api/v1/designs/{BUILTIN}")).json()["content"]
    for wrong, field in (
        ({}, "content"),
        ({"like": BUILTIN, "content": good}, "content"),
        ({"like": "no-such-design"}, "like"),
        ({"content": {"canvas": 1}}, "content"),
        ({"content": {**good, "canvas": {"width": -1, "height": 5}}}, "content.canvas.width"),
        ({"content": good, "name": ""}, "name"),
        ({"content": good, "name": "x" * 10_000}, "name"),
    ):
        answer = await api.post("/api/v1/designs", json=wrong)
        assert answer.status_code in {404, 422}, (wrong, answer.text)
        assert answer.json()["field"] == field, answer.text
    made = await a_design(api)
    answer = await api.patch(f"/api/v1/designs/{made['id']}", json={"like": BUILTIN})
    assert (answer.status_code, answer.json()["field"]) == (422, "like")
    certificate = next(one for one in (await api.get("/api/v1/designs/builtin")).json() if one["kind"] == "certificate")
    answer = await api.patch(f"/api/v1/designs/{made['id']}", json={"content": certificate["content"]})
    assert (answer.status_code, answer.json()["field"]) == (422, "content.kind")


async def test_what_cannot_be_drawn_is_refused_by_field(api):
    path = f"/api/v1/designs/{BUILTIN}/picture"
    for asked, field in (
        ({"width": 1}, "width"),
        ({"width": PICTURE_WIDTH_MAX + 1}, "width"),
        ({"values": {f"custom.{number}": "x" for number in range(KEY_VALUES_MAX + 1)}}, "values"),
        ({"values": {"recipient.name": "x" * (PREVIEW_TEXT_LENGTH_MAX + 1)}}, "values.recipient.name"),
        ({"language": "x" * 1_000}, "language"),
    ):
        answer = await api.post(path, json=asked)
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    answer = await api.post(f"{path}?format=gif", json={})
    assert (answer.status_code, answer.json()["field"]) == (422, "format")


async def test_more_pictures_than_a_minute_allows_have_to_wait(api):
    for _ in range(2 * DESIGN_PREVIEWS_PER_MINUTE_MAX + 1):
        answer = await api.post(f"/api/v1/designs/{BUILTIN}/picture", json={"width": 1})
        if answer.status_code == 429:
            break
    assert (answer.status_code, answer.json()["limit"]) == (429, DESIGN_PREVIEWS_PER_MINUTE_MAX)
    assert 0 <= int(answer.headers["retry-after"]) <= 60


async def test_designs_of_other_organisations_and_departments_are_absent(
    api, other_api, parts, application, organisation
):
    made = await a_design(api)
    physics = await a_department(parts, organisation, name="Physics")
    async with client_of(application, await a_key(parts, organisation, department_id=physics.id)) as bound:
        own = await a_design(bound)
        for client in (other_api, bound):
            for answer in (
                await client.get(f"/api/v1/designs/{made['id']}"),
                await client.patch(f"/api/v1/designs/{made['id']}", json={"name": "Mine"}),
                await client.delete(f"/api/v1/designs/{made['id']}"),
                await client.post(f"/api/v1/designs/{made['id']}/picture", json={}),
                await client.post("/api/v1/designs", json={"like": made["id"]}),
            ):
                assert answer.status_code == 404, answer.text
        assert [one["id"] for one in (await bound.get("/api/v1/designs")).json()["items"]] == [own["id"]]
    assert (await other_api.get("/api/v1/designs")).json()["items"] == []

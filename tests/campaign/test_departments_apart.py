"""A key that is bound to a department sees and changes its own department's things, as if there were no others."""

import pytest
import pytest_asyncio

from tests.support.builders import a_department, a_key
from tests.support.events import an_achievement, an_event
from tests.support.fixtures import client_of


@pytest_asyncio.fixture
async def physics(parts, organisation):
    return await a_department(parts, organisation, name="Physics")


@pytest_asyncio.fixture
async def law(parts, organisation):
    return await a_department(parts, organisation, name="Law")


@pytest_asyncio.fixture
async def bound(parts, application, organisation, physics):
    async with client_of(application, await a_key(parts, organisation, department_id=physics.id)) as client:
        yield client


async def a_department_with_an_award(api, department, name="lesson.completed"):
    made = await an_achievement(
        api,
        department=department.uid,
        issues_credential=True,
        queries=[{"alias": "lessons", "event_name": name}],
    )
    event = await an_event(api, "ada", name=name, department=department.uid, key=f"of-{department.uid}")
    return made["id"], event["unlocked"][0]["award"]


async def test_achievements_and_awards_of_another_department_are_absent(api, bound, physics, law):
    own, own_award = await a_department_with_an_award(api, physics)
    other, other_award = await a_department_with_an_award(api, law, "case.read")
    assert [item["id"] for item in (await bound.get("/api/v1/achievements")).json()["items"]] == [own]
    for method, path, body in (
        ("GET", "/api/v1/achievements/{achievement}", None),
        ("PATCH", "/api/v1/achievements/{achievement}", {"name": "Mine"}),
        ("POST", "/api/v1/achievements/{achievement}/backfill", {}),
        ("POST", "/api/v1/achievements/{achievement}/awards", {"person": {"external_id": "ada"}, "again": True}),
        ("GET", "/api/v1/awards/{award}", None),
        ("POST", "/api/v1/awards/{award}/revoke", {"reason": "because"}),
        ("DELETE", "/api/v1/achievements/{achievement}", None),
    ):
        foreign = await bound.request(method, path.format(achievement=other, award=other_award), json=body)
        assert foreign.status_code == 404, (path, foreign.text)
        mine = await bound.request(method, path.format(achievement=own, award=own_award), json=body)
        assert mine.is_success, (path, mine.text)
    shown = (await api.get(f"/api/v1/awards/{other_award}")).json()
    assert (shown["state"], shown["achievement"]) == ("active", other)


async def test_a_persons_awards_and_progress_are_cut_to_the_department(api, bound, physics, law):
    own, own_award = await a_department_with_an_award(api, physics)
    await a_department_with_an_award(api, law, "case.read")
    person = (await api.get(f"/api/v1/awards/{own_award}")).json()["person"]
    awards = (await bound.get(f"/api/v1/people/{person}/awards")).json()["items"]
    assert [award["achievement"] for award in awards] == [own]
    progress = (await bound.get(f"/api/v1/people/{person}/progress")).json()["items"]
    assert [item["achievement"] for item in progress] == [own]
    assert len((await api.get(f"/api/v1/people/{person}/awards")).json()["items"]) == 2


async def test_an_event_counts_everywhere_and_tells_the_caller_of_its_department_alone(api, bound, physics, law):
    own = await an_achievement(api, department=physics.uid)
    await an_achievement(api, department=law.uid)
    event = await an_event(bound, "grace")
    assert [unlock["achievement"] for unlock in event["unlocked"]] == [own["id"]]


async def test_an_event_of_another_department_cannot_be_retracted(api, bound, law):
    await an_event(api, "ada", key="k", department=law.uid)
    body = {"person": {"external_id": "ada"}, "key": "k"}
    assert (await bound.post("/api/v1/events/retractions", json=body)).status_code == 404
    assert (await api.post("/api/v1/events/retractions", json=body)).status_code == 200


async def test_what_a_bound_key_makes_is_of_its_department(api, bound, physics):
    made = await an_achievement(bound)
    assert made["department"] == physics.uid
    freed = await bound.patch(f"/api/v1/achievements/{made['id']}", json={"department": None})
    assert freed.json()["department"] == physics.uid


async def test_rewards_of_another_department_are_absent(api, bound):
    other = (await api.post("/api/v1/rewards", json={"name": "Mug"})).json()["id"]
    own = (await bound.post("/api/v1/rewards", json={"name": "Cap"})).json()["id"]
    assert [item["id"] for item in (await bound.get("/api/v1/rewards")).json()["items"]] == [own]
    for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        assert (await bound.request(method, f"/api/v1/rewards/{other}", json=body)).status_code == 404
        assert (await bound.request(method, f"/api/v1/rewards/{own}", json=body)).is_success
    plan = {"items": [{"reward": other}]}
    refused = await bound.post("/api/v1/achievements", json={"name": "Prize", "rewards": plan})
    assert refused.status_code == 404


async def test_what_has_no_department_is_the_default_ones(api, parts, application, organisation, bound):
    made = await an_achievement(api)
    async with parts.database.transaction(organisation.id) as tx:
        default = await tx.fetchval(
            "SELECT id FROM department WHERE organisation_id = $1 AND is_default", organisation.id
        )
    async with client_of(application, await a_key(parts, organisation, department_id=default)) as of_default:
        assert (await of_default.get(f"/api/v1/achievements/{made['id']}")).status_code == 200
    assert (await bound.get(f"/api/v1/achievements/{made['id']}")).status_code == 404


async def test_other_surfaces_are_cut_as_well(api, bound, physics, law):
    own, _ = await a_department_with_an_award(api, physics)
    other, _ = await a_department_with_an_award(api, law, "case.read")
    for path in (
        "/v1.svc/achievements?source=tests&format=json",
        "/learner-profile-service/api/v1/achievements",
        "/learner-profile-service/api/v1/learner-profile",
        "/api/v2/admin/achievements",
        "/v1.svc/courses?source=tests&format=json",
    ):
        shown = await bound.get(
            path,
            headers={
                "apikey": bound.headers["authorization"].split()[1],
                "x-api-token": bound.headers["authorization"].split()[1],
            },
        )
        assert shown.status_code == 200, (path, shown.text)
        assert other not in shown.text, path
    assert (
        own
        in (
            await bound.get(
                "/api/v2/admin/achievements", headers={"x-api-token": bound.headers["authorization"].split()[1]}
            )
        ).text
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/v1/organisation"),
        ("GET", "/api/v1/accounts"),
        ("GET", "/api/v1/audit"),
        ("GET", "/api/v1/webhooks"),
        ("GET", "/api/v1/grants"),
        ("GET", "/api/v1/applications"),
        ("POST", "/api/v1/departments"),
    ],
)
async def test_what_concerns_the_whole_organisation_is_forbidden(bound, method, path):
    answer = await bound.request(method, path, json={"name": "New"} if method != "GET" else None)
    assert answer.status_code == 403, answer.text

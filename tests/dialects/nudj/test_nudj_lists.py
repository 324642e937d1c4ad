"""What every list takes: limit, skip, search, sort, dates. Totals know nothing of limit and skip."""

from datetime import timedelta

import pytest

from tests.dialects.nudj.wishes import ADMIN, USER, a_count, a_query, an_achievement, an_allocation

LISTS = (
    f"{ADMIN}/achievements", f"{ADMIN}/rewards", f"{ADMIN}/users", f"{ADMIN}/challenges", f"{ADMIN}/challenge-groups",
    f"{ADMIN}/tags", f"{ADMIN}/campaigns", f"{ADMIN}/leaderboards/configs", f"{ADMIN}/communities",
)  # fmt: skip
OF_THE_USER = (
    f"{USER}/achievements",
    f"{USER}/rewards",
    f"{USER}/challenges",
    f"{USER}/challenge-groups",
    f"{USER}/leaderboards/configs",
)


async def one_of_each(admin, clock, name):
    window = {"startDate": "2026-03-01T00:00:00.000Z", "endDate": "2026-04-01T00:00:00.000Z"}
    details = {"title": name}
    board = {
        "name": name,
        "metricType": "total-xp",
        "startsAt": "2020-01-01T00:00:00Z",
        "status": "live",
        "period": "open",
    }
    made = {}
    for path, body in (
        ("achievements", an_achievement(details=details)),
        ("rewards", {"details": details, "status": "live"}),
        ("users", {"displayName": name}),
        ("challenges", {"details": details, "status": "live"}),
        ("challenge-groups", {"details": details, "status": "live"}),
        ("tags", {"value": name}),
        ("campaigns", {"name": name, **window}),
        ("leaderboards", board),
    ):
        made[path.removesuffix("s")] = (await admin.post(f"{ADMIN}/{path}", body))["id"]
    clock.advance(timedelta(days=1))
    return made


@pytest.fixture
def ids():
    return lambda page: [edge["id"] for edge in page["edges"]]


async def test_lists_are_searched_sorted_and_cut(admin, member, clock, ids):
    first = await one_of_each(admin, clock, "Ärmel first")
    second = await one_of_each(admin, clock, "Second")
    for client, paths in ((admin, LISTS[:-1]), (member, OF_THE_USER)):
        for path in paths:
            kind = path.split("/")[4].removesuffix("s")
            old, new = first[kind], second[kind]
            assert ids(await client.get(path, params={"search": "ärmel"})) == [old], path
            assert ids(await client.get(path, params={"search": "%"})) == [], path
            whole = await client.get(path)
            assert [one for one in ids(whole) if one in (old, new)] == [new, old], path
            oldest = await client.get(path, params={"sort": "createdAt", "limit": 1})
            assert (oldest["totalCount"], ids(oldest)) == (whole["totalCount"], ids(whole)[-1:]), path
            dated = {"fromDate": "2026-03-15T00:00:00.000Z", "toDate": "2026-03-15"}
            assert ids(await client.get(path, params=dated)) == [new], path
            assert ids(await client.get(path, params={"skip": 1000})) == []


async def test_what_one_owns_is_searched_sorted_and_cut_as_well(admin, member, clock):
    for name in ("Mug", "Cap"):
        made = await admin.achievement(criteria=a_count(1), queries=[a_query(name=name)])
        await admin.distribute(made, [an_allocation(await admin.reward(details={"title": name}))])
        await admin.event(name)
        clock.advance(timedelta(days=1))

    async def titles(**params):
        page = await member.get(f"{USER}/me/rewards", params=params)
        return page["totalCount"], [edge["details"]["title"] for edge in page["edges"]]

    assert await titles() == (2, ["Cap", "Mug"])
    assert await titles(sort="createdAt", limit=1) == (2, ["Mug"])
    assert await titles(search="MU") == (1, ["Mug"])
    assert await titles(fromDate="2026-03-15") == (1, ["Cap"])
    assert await titles(toDate="2026-03-14", skip=1) == (1, [])


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("name", "value"),
    [("sort", "-name"), ("fromDate", "soon"), ("toDate", "2026-02-30"), ("search", "x" * 201), ("limit", "0")],
)
async def test_parameters_that_make_no_sense_are_refused_by_name(admin, path, name, value):
    error = await admin.refused("GET", path, 400, params={name: value})
    assert error["data"]["field"] == f"query.{name}"


async def test_boards_are_filtered_by_the_status_that_the_clock_makes(admin, clock, ids):
    board = {"name": "B", "metricType": "total-xp", "status": "live", "period": "open"}
    now = await admin.post(f"{ADMIN}/leaderboards", {**board, "startsAt": "2020-01-01T00:00:00Z"})
    later = await admin.post(f"{ADMIN}/leaderboards", {**board, "startsAt": "2030-01-01T00:00:00Z"})
    over = {"startsAt": "2020-01-01T00:00:00Z", "expiresAt": "2021-01-01T00:00:00Z"}
    past = await admin.post(f"{ADMIN}/leaderboards", {**board, **over})
    for status, wanted in (("live", now), ("scheduled", later), ("expired", past)):
        assert ids(await admin.get(f"{ADMIN}/leaderboards/configs", params={"status": status})) == [wanted["id"]]
        assert wanted["status"] == status


async def test_the_users_rewards_carry_their_labels_as_objects(admin, member):
    tag = await admin.post(
        f"{ADMIN}/tags", {"value": "gold", "config": {"display": ["reward"], "iconifyIcon": "mdi:star"}}
    )
    window = {"name": "Spring", "startDate": "2026-03-01T00:00:00.000Z", "endDate": "2026-04-01T00:00:00.000Z"}
    campaign = await admin.post(f"{ADMIN}/campaigns", window)
    made = await admin.reward(tags=[tag["id"]], campaigns=[campaign["id"]])
    assert (made["tags"], made["campaigns"]) == ([tag["id"]], [campaign["id"]])
    [shown] = (await member.get(f"{USER}/rewards"))["edges"]
    assert (shown["tags"], shown["campaigns"]) == ([tag], [campaign])
    assert tag["config"] == {"filtering": [], "display": ["reward"], "iconifyIcon": "mdi:star"}
    bad = await admin.refused("POST", f"{ADMIN}/tags", 400, {"value": "x", "config": {"display": ["moon"]}})
    assert bad["data"]["field"] == "body.config.display[0]"


@pytest.mark.parametrize("path", ["achievements", "rewards", "challenges"])
async def test_nothing_is_scheduled_without_a_start_to_come(admin, path):
    body = {"details": {"title": "Later"}, "status": "scheduled"}
    for more in ({}, {"startsAt": "2026-03-14T12:00:00.000Z"}, {"startsAt": None}):
        error = await admin.refused("POST", f"{ADMIN}/{path}", 400, {**body, **more})
        assert error["data"]["field"] == "body.startsAt"
    made = await admin.post(f"{ADMIN}/{path}", {**body, "startsAt": "2026-03-14T12:00:01.000Z"})
    assert made["status"] == "scheduled"
    again = await admin.post(f"{ADMIN}/{path}/{made['id']}", {"status": "scheduled", "featured": True})
    assert (again["status"], again["featured"]) == ("scheduled", True)
    over = await admin.post(
        f"{ADMIN}/{path}/{made['id']}", {"status": "expired", "startsAt": "2026-03-01T00:00:00.000Z"}
    )
    assert (over["status"], over["expiresAt"]) == ("expired", "2026-03-14T12:00:00.000Z")

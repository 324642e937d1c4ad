from datetime import timedelta

from laurel.base.limits import LEADERBOARD_PRIZES_MAX, RANKING_OFFSET_MAX
from laurel.web.paging import write_cursor
from tests.support.events import an_achievement, an_event

ABSENT = "0" * 24


async def a_leaderboard(api, **wishes):
    answer = await api.post(
        "/api/v1/leaderboards", json={"name": "XP", "metric": "xp", "period": "open", "status": "live", **wishes}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def an_achievement_that_pays(api, xp, name):
    query = {"alias": "done", "event_name": name}
    return await an_achievement(
        api, queries=[query], criteria={"type": "count", "query": "done", "value": 1}, rewards={"xp": {"": xp}}
    )


async def three_places(api):
    """Ada and Grace with 30 each, Alan with 10; their ids."""
    await an_achievement_that_pays(api, 30, "thirty")
    await an_achievement_that_pays(api, 10, "ten")
    for person, name in (("ada", "thirty"), ("grace", "thirty"), ("alan", "ten")):
        await an_event(api, person, name=name)
    listed = (await api.get("/api/v1/people")).json()["items"]
    return {one["external_id"]: one["id"] for one in listed}


async def test_a_leaderboard_is_made_shown_changed_and_removed(api):
    board = await a_leaderboard(api, description="All time")
    path = f"/api/v1/leaderboards/{board['id']}"
    assert (await api.get(path)).json() == board
    assert [one["id"] for one in (await api.get("/api/v1/leaderboards?status=live")).json()["items"]] == [board["id"]]
    assert (await api.get("/api/v1/leaderboards?status=archived")).json()["items"] == []
    changed = (await api.patch(path, json={"name": "Points", "status": "archived"})).json()
    assert (changed["name"], changed["status"], changed["metric"]) == ("Points", "archived", "xp")
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404


async def test_equal_scores_share_a_rank_and_pages_go_on_where_they_ended(api):
    board = await a_leaderboard(api)
    ids = await three_places(api)
    path = f"/api/v1/leaderboards/{board['id']}/ranking"
    first = (await api.get(path, params={"limit": 2})).json()
    second = (await api.get(path, params={"limit": 2, "after": first["next"]})).json()
    places = [(one["rank"], one["person"], one["score"]) for one in first["items"] + second["items"]]
    assert places == [(1, ids["ada"], 30), (1, ids["grace"], 30), (3, ids["alan"], 10)]
    assert (first["participants"], first["period_starts_at"], second["next"]) == (3, None, None)


async def test_one_persons_place_is_shown_also_before_anything_was_gathered(api):
    board = await a_leaderboard(api)
    ids = await three_places(api)
    await an_event(api, "nobody", name="unheard.of")
    listed = (await api.get("/api/v1/people")).json()["items"]
    nobody = next(one["id"] for one in listed if one["external_id"] == "nobody")
    path = f"/api/v1/leaderboards/{board['id']}/ranking"
    place = (await api.get(f"{path}/{ids['alan']}")).json()
    assert (place["rank"], place["score"]) == (3, 10)
    place = (await api.get(f"{path}/{nobody}")).json()
    assert (place["rank"], place["score"], place["reached_at"]) == (None, 0, None)


async def test_a_place_never_shows_an_address(api):
    board = await a_leaderboard(api)
    await an_achievement_that_pays(api, 5, "five")
    await api.post("/api/v1/events?create_people=true", json={"person": {"email": "ada@example.org"}, "name": "five"})
    answer = await api.get(f"/api/v1/leaderboards/{board['id']}/ranking")
    assert len(answer.json()["items"]) == 1
    assert "ada@example.org" not in answer.text


async def test_an_earlier_period_can_still_be_read(api, clock):
    board = await a_leaderboard(api, period="daily")
    await three_places(api)
    path = f"/api/v1/leaderboards/{board['id']}/ranking"
    then = clock.now().isoformat()
    clock.advance(timedelta(days=1))
    assert (await api.get(path)).json()["participants"] == 0
    before = (await api.get(path, params={"at": then})).json()
    assert before["participants"] == 3
    assert before["period_starts_at"] <= then.replace("+00:00", "Z") < before["period_ends_at"]


async def test_metric_and_period_stay_once_they_are_chosen(api):
    board = await a_leaderboard(api)
    for change in ({"metric": "actions_completed"}, {"period": "weekly"}):
        answer = await api.patch(f"/api/v1/leaderboards/{board['id']}", json=change)
        assert (answer.status_code, answer.json()["field"]) == (409, next(iter(change)))


async def test_what_cannot_be_a_leaderboard_is_refused_by_field(api):
    good = {"name": "XP", "metric": "xp", "period": "open"}
    prize = {"first": 1, "last": 1, "plan": {"points": 5}}
    no_reward = {"first": 1, "last": 1, "plan": {"items": [{"reward": ABSENT}]}}
    for wrong, field in (
        ({"name": " "}, "name"),
        ({"metric": "height"}, "metric"),
        ({"period": "hourly"}, "period"),
        ({"starts_at": "2026-01-01T00:00:00"}, "starts_at"),
        ({"starts_at": "2026-02-01T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"}, "expires_at"),
        ({"departments": [ABSENT]}, "departments[0]"),
        ({"prizes": [{**prize, "first": 2}]}, "prizes[0]"),
        ({"prizes": [{**prize, "last": 3}, {**prize, "first": 2, "last": 2}]}, "prizes[1]"),
        ({"prizes": [prize] * (LEADERBOARD_PRIZES_MAX + 1)}, "prizes"),
        ({"prizes": [no_reward]}, "prizes[0].plan.items[0].reward"),
    ):
        answer = await api.post("/api/v1/leaderboards", json={**good, **wrong})
        assert answer.status_code in {404, 422}, (wrong, answer.text)
        assert answer.json()["field"] == field, (wrong, answer.text)
    assert (await api.get("/api/v1/leaderboards")).json()["items"] == []


async def test_a_cursor_beyond_the_listed_places_is_refused(api):
    board = await a_leaderboard(api)
    for offset in (-1, RANKING_OFFSET_MAX + 1):
        answer = await api.get(f"/api/v1/leaderboards/{board['id']}/ranking", params={"after": write_cursor(offset)})
        assert (answer.status_code, answer.json()["field"]) == (422, "after")


async def test_another_organisations_leaderboard_is_absent(api, other_api):
    board = await a_leaderboard(other_api)
    ids = await three_places(api)
    own = await a_leaderboard(api)
    foreign = f"/api/v1/leaderboards/{board['id']}"
    for answer in (
        await api.get(foreign),
        await api.patch(foreign, json={"name": "Mine"}),
        await api.delete(foreign),
        await api.get(f"{foreign}/ranking"),
        await api.get(f"{foreign}/ranking/{ids['ada']}"),
        await other_api.get(f"{foreign}/ranking/{ids['ada']}"),
        await other_api.get(f"/api/v1/leaderboards/{own['id']}/ranking"),
    ):
        assert answer.status_code == 404, answer.text

import asyncio

from tests.support.events import an_achievement, an_event


async def a_reward(api, **wishes):
    answer = await api.post("/api/v1/rewards", json={"name": "Jacket", "status": "live", **wishes})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_reward_is_made_changed_shown_and_removed(api):
    reward = await a_reward(api, assets_supply=3, description="Warm")
    assert reward["supply"] == [{"kind": "assets", "allocation": "", "total": 3, "granted": 0, "remaining": 3}]
    changed = await api.patch(f"/api/v1/rewards/{reward['id']}", json={"name": "Coat", "assets_supply": None})
    assert (changed.json()["name"], changed.json()["supply"][0]["total"]) == ("Coat", None)
    assert [item["id"] for item in (await api.get("/api/v1/rewards")).json()["items"]] == [reward["id"]]
    assert (await api.delete(f"/api/v1/rewards/{reward['id']}")).status_code == 204
    assert (await api.get(f"/api/v1/rewards/{reward['id']}")).status_code == 404


async def test_sixty_four_at_once_on_a_supply_of_ten_get_exactly_ten(api):
    reward = await a_reward(api, assets_supply=10)
    await an_achievement(api, rewards={"items": [{"reward": reward["id"]}]})
    results = await asyncio.gather(*(an_event(api, f"person-{number}") for number in range(64)))
    unlocked = [result["unlocked"][0] for result in results]
    assert sum(len(award["rewards"]) for award in unlocked) == 10
    assert sum(len(award["shortages"]) for award in unlocked) == 54
    (supply,) = (await api.get(f"/api/v1/rewards/{reward['id']}")).json()["supply"]
    assert (supply["granted"], supply["remaining"]) == (10, 0)


async def test_less_supply_than_was_given_away_is_a_conflict(api):
    reward = await a_reward(api, assets_supply=2)
    await an_achievement(api, rewards={"items": [{"reward": reward["id"], "amount": 2}]})
    await an_event(api, "ada")
    answer = await api.patch(f"/api/v1/rewards/{reward['id']}", json={"assets_supply": 1})
    assert answer.status_code == 409
    assert answer.json()["code"] == "supply_below_granted"


async def test_a_negative_supply_names_its_field(api):
    answer = await api.post("/api/v1/rewards", json={"name": "x", "assets_supply": -1})
    assert (answer.status_code, answer.json()["field"]) == (422, "assets_supply")


async def test_an_achievement_that_pays_an_unknown_reward_is_refused(api):
    answer = await api.post("/api/v1/achievements", json={"name": "x", "rewards": {"items": [{"reward": "0" * 24}]}})
    assert (answer.status_code, answer.json()["field"]) == (404, "rewards.items[0].reward")


async def test_what_waited_for_a_draft_is_given_and_told_when_it_goes_live(api):
    reward = await a_reward(api, status="draft")
    await an_achievement(api, rewards={"items": [{"reward": reward["id"]}]})
    await an_event(api, "ada")
    told = {"queries": [{"alias": "got", "event_name": "reward-distribution", "source_id": reward["id"]}]}
    criteria = {"type": "count", "query": "got", "operator": ">=", "value": 1}
    second = await an_achievement(api, **told, criteria=criteria)
    answer = await api.patch(f"/api/v1/rewards/{reward['id']}", json={"status": "live"})
    assert answer.status_code == 200, answer.text
    (person,) = (await api.get("/api/v1/people")).json()["items"]
    held = (await api.get(f"/api/v1/people/{person['id']}/awards")).json()
    assert second["id"] in str(held)

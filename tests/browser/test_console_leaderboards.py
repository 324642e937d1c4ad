"""Leaderboards in the console, by pointer, by keyboard alone, and without scripts."""

from datetime import timedelta

from playwright.async_api import expect

from laurel.domain.give_rewards.prizes import pay_prizes
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from tests.support.browsing import admit, violations
from tests.support.events import an_achievement, an_event
from tests.support.hands import Hands


async def gained(api, parts: Parts, organisation: Organisation, *xp: int) -> None:
    """People called person-0, person-1 … who gained so much XP each."""
    for index, amount in enumerate(xp):
        await an_achievement(
            api,
            queries=[{"alias": "one", "event_name": f"lesson-{index}"}],
            criteria={"type": "count", "query": "one", "operator": ">=", "value": 1},
            rewards={"xp": {"total": str(amount)}},
        )
        await an_event(api, f"person-{index}", name=f"lesson-{index}")


async def test_a_board_is_made_ranks_people_and_pays_its_prizes(
    hands: Hands, api, parts: Parts, organisation: Organisation, clock
):
    reward = (await api.post("/api/v1/rewards", json={"name": "Cup", "status": "live", "assets_supply": None})).json()
    await hands.go("/console/leaderboards")
    await hands.send(hands.page.get_by_role("link", name="New leaderboard"))
    await hands.fill(hands.field("Name"), "Learner of the week")
    await hands.choose(hands.field("Begins anew"), "every Monday")
    await hands.press(hands.button("Add a prize"))
    prize = hands.page.get_by_role("group", name="Prize 1")
    await hands.fill(hands.field("From rank", prize), "1")
    await hands.fill(hands.field("to rank", prize), "0")
    await hands.fill(hands.field("Points", prize), "50")
    await hands.choose(hands.field("Reward", prize), "Cup")
    await hands.send(hands.button("Save"))
    await expect(hands.page.get_by_text("say a whole number of at least 1")).to_be_visible()
    await hands.fill(hands.field("to rank", hands.page.get_by_role("group", name="Prize 1")), "2")
    await hands.send(hands.button("Save"))
    await expect(hands.page.get_by_role("heading", name="Learner of the week", level=1)).to_be_visible()
    await expect(hands.page.get_by_text("50 points")).to_be_visible()

    await gained(api, parts, organisation, 30, 20, 20, 10)
    await hands.page.reload()
    await expect(hands.page.get_by_role("row")).to_have_count(5)
    await hands.fill(hands.page.get_by_label("Person"), "person-3")
    await hands.submit(hands.page.get_by_label("Person"), hands.button("Find"))
    await expect(hands.page.get_by_text("is on rank 4 of 4 with 10")).to_be_visible()
    clock.advance(timedelta(days=7))
    assert await pay_prizes(parts.spine, organisation.id) == 3
    (shown,) = (await api.get("/api/v1/rewards")).json()["items"]
    assert (shown["id"], shown["supply"][0]["granted"]) == (reward["id"], 3)
    await admit(hands.page.context, hands.site, parts, organisation)  # the session of a week ago has ended
    await hands.go(hands.page.url.removeprefix(hands.site).partition("?")[0])
    await hands.send(hands.page.get_by_role("link", name="Period before"))
    await expect(hands.page.locator(".pill", has_text="paid")).to_be_visible()
    await hands.send(hands.button("Archive"))
    await expect(hands.page.get_by_text("It is archived")).to_be_visible()


async def test_a_person_far_down_is_found_on_their_page(page, site, parts: Parts, organisation: Organisation, api):
    await admit(page.context, site, parts, organisation)
    await page.goto(f"{site}/console/leaderboards/new")
    await page.get_by_label("Name").fill("All time")
    await page.get_by_label("Begins anew").select_option("open")
    await page.get_by_role("button", name="Save").last.click()
    await expect(page.get_by_role("heading", name="All time")).to_be_visible()
    await gained(api, parts, organisation, *range(40, 5, -1))
    await page.reload()
    await expect(page.get_by_text("35 people take part")).to_be_visible()
    await page.get_by_role("link", name="Next page").click()
    await expect(page.get_by_role("row")).to_have_count(6)
    board = page.url.partition("?")[0]
    await page.goto(f"{board}?q=person-33")
    await expect(page.get_by_text("is on rank 34 of 35")).to_be_visible()
    await expect(page.get_by_text("Page 2")).to_be_visible()
    for query, status in (
        ("?page=0", 422), ("?page=x", 422), ("?page=99999999", 422), ("?q=nobody", 200), ("?period=77", 200), ("?page=9", 200),
    ):  # fmt: skip
        answer = await page.goto(board + query)
        assert answer is not None
        assert answer.status == status, query


async def test_bad_values_are_named_and_nothing_is_saved(page, site, parts: Parts, organisation: Organisation, api):
    await admit(page.context, site, parts, organisation)
    address = f"{site}/console/leaderboards"
    await page.goto(f"{address}/new")
    fields = await page.evaluate("Object.fromEntries(new FormData(document.querySelector('main form')))")
    good = {**fields, "name": "Board"}
    for form, status in (
        ({**good, "name": ""}, 422),
        ({**good, "metric": "nonsense"}, 422),
        ({**good, "period": "hourly"}, 422),
        ({**good, "starts_at": "tomorrow"}, 422),
        ({**good, "starts_at": "2026-04-01T00:00", "expires_at": "2026-03-01T00:00"}, 422),
        ({**good, "prize_first": "x"}, 422),
        ({**good, "prize_first": "", "prize_points": "5"}, 422),
        ({**good, "prize_first": "1", "prize_last": "99999999"}, 422),
        ({**good, "prize_first": "1", "prize_points": "-5"}, 422),
        ({**good, "prize_first": "1", "prize_reward": "0" * 24}, 404),
        ({**good, "once": "x"}, 422),
    ):
        answer = await page.request.post(f"{address}/new", form=form)
        assert answer.status == status, (form, answer.status)
    await page.goto(address)
    await expect(page.get_by_text("There is no leaderboard yet")).to_be_visible()
    answers = [await page.request.post(f"{address}/new", form=good) for _ in range(2)]
    assert answers[0].url == answers[1].url
    changed = await page.request.post(f"{answers[0].url}/edit", form={**good, "period": "daily"})
    assert changed.status == 409
    await page.goto(answers[0].url)
    await page.get_by_text("Delete this leaderboard").click()
    await page.get_by_role("button", name="Delete it").click()
    await expect(page.get_by_text("The leaderboard is deleted.")).to_be_visible()


async def test_the_pages_of_leaderboards_keep_to_wcag(page, narrow, site, parts: Parts, organisation, api):
    await admit(page.context, site, parts, organisation)
    await narrow.context.add_cookies(await page.context.cookies())
    await page.goto(f"{site}/console/leaderboards/new")
    await page.get_by_label("Name").fill("A ranking with a name that is rather long for a telephone")
    await page.get_by_role("button", name="Add a prize").click()
    await page.get_by_label("From rank").fill("1")
    await page.get_by_label("Points").fill("5")
    await page.get_by_role("button", name="Save").last.click()
    await expect(page.get_by_role("heading", name="Prizes")).to_be_visible()
    board = page.url.removeprefix(site)
    await gained(api, parts, organisation, 1_000, 20)
    for path in ("/console/leaderboards", board, f"{board}/edit"):
        await page.goto(site + path)
        assert await violations(page) == [], path
        await narrow.goto(site + path)
        assert await narrow.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert await violations(narrow) == [], path

"""Rewards in the console, by pointer, by keyboard alone, and without scripts."""

import re

from playwright.async_api import expect

from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from tests.support.browsing import admit, violations
from tests.support.events import an_achievement, an_event
from tests.support.hands import Hands


async def a_reward(api, **wishes):
    answer = await api.post("/api/v1/rewards", json={"name": "Jacket", "status": "live", "assets_supply": 2, **wishes})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_reward_is_made_and_an_achievement_pays_it(hands: Hands, api):
    await hands.go("/console/rewards")
    await hands.send(hands.page.get_by_role("link", name="New reward"))
    await hands.fill(hands.field("Name"), "Coffee voucher")
    await hands.fill(hands.field("How many there are"), "two")
    await hands.fill(hands.field("Price in points"), "2,5")
    await hands.choose(hands.field("Status"), "Live: it is paid at once")
    await hands.send(hands.button("Save"))
    await expect(hands.page.get_by_text("say a whole number of at least 0")).to_be_visible()
    await expect(hands.field("Name")).to_have_value("Coffee voucher")
    await hands.fill(hands.field("How many there are"), "5")
    await hands.send(hands.button("Save"))
    await expect(hands.page.get_by_role("heading", name="Coffee voucher", level=1)).to_be_visible()
    await expect(hands.page.get_by_text("2.5 points in the shop")).to_be_visible()

    await hands.go("/console/achievements/new")
    await hands.fill(hands.field("Name"), "Early bird")
    await hands.fill(hands.field("When this happens"), "lesson.completed")
    await hands.fill(hands.field("Points"), "10")
    await hands.press(hands.button("Add a reward"))
    line = hands.page.get_by_role("group", name="Reward 1")
    await hands.choose(hands.field("Reward", line), "Coffee voucher")
    await hands.fill(hands.field("how many", line), "2")
    await hands.choose(hands.field("Status"), "Live: events count")
    await hands.send(hands.button("Save"))
    await expect(hands.page.get_by_role("heading", name="Early bird", level=1)).to_be_visible()
    await expect(hands.page.get_by_text("2 × Coffee voucher")).to_be_visible()
    result = await an_event(api, "ada")
    (reward,) = (await api.get("/api/v1/rewards")).json()["items"]
    assert result["unlocked"][0]["rewards"]
    assert reward["supply"][0]["remaining"] == 3


async def test_a_supply_is_raised_and_a_gift_given_and_taken_back(hands: Hands, api):
    reward = await a_reward(api)
    await an_event(api, "ada")
    await hands.go(f"/console/rewards/{reward['id']}")
    await hands.fill(hands.field("How many there are, to keep"), "7")
    await hands.send(hands.button("Set the number, to keep"))
    await expect(hands.page.get_by_text("The supply is changed.")).to_be_visible()
    await hands.fill(hands.field("To whom?"), "nobody@example.org")
    await hands.send(hands.button("Give it"))
    await expect(hands.page.get_by_text("nobody has this address, name or id")).to_be_visible()
    await hands.fill(hands.field("To whom?"), "ada")
    await hands.fill(hands.field("How many?"), "3")
    await hands.send(hands.button("Give it"))
    await expect(hands.page.locator("#supply")).to_contain_text(re.compile(r"3 given.*4.*left of 7", re.DOTALL))
    await hands.send(hands.page.get_by_role("button", name=re.compile("^Take back")))
    await expect(hands.page.locator("#supply")).to_contain_text("0 given")
    await expect(hands.page.get_by_role("cell", name="taken back")).to_be_visible()


async def test_what_waits_for_a_draft_is_refused_or_given_with_it(hands: Hands, api):
    reward = await a_reward(api, status="draft")
    for person in ("ada", "grace"):
        await an_event(api, person)
        await hands.go(f"/console/rewards/{reward['id']}")
        await hands.fill(hands.field("To whom?"), person)
        await hands.send(hands.button("Give it"))
    await expect(hands.page.get_by_text("2 gifts wait for it")).to_be_visible()
    await hands.send(hands.page.get_by_role("button", name=re.compile("^Take back")).first)
    await expect(hands.page.get_by_text("1 person waits for it")).to_be_visible()
    await hands.send(hands.button("Make it live"))
    await expect(hands.page.get_by_text("It is live; 1 that waited are given.")).to_be_visible()
    await hands.send(hands.button("Archive"))
    await expect(hands.page.get_by_text("It is archived")).to_be_visible()


async def test_winners_are_drawn_once(hands: Hands, api):
    reward = await a_reward(api, entries_supply=None)
    await an_event(api, "ada")
    await hands.go(f"/console/rewards/{reward['id']}")
    await hands.press(hands.page.locator("summary", has_text="Draw winners"))
    await hands.send(hands.button("Draw"))
    await expect(hands.page.get_by_text("nobody has an entry")).to_be_visible()
    await hands.fill(hands.field("To whom?"), "ada")
    await hands.choose(hands.field("As"), "draw tickets")
    await hands.send(hands.button("Give it"))
    await hands.press(hands.page.locator("summary", has_text="Draw winners"))
    await hands.send(hands.button("Draw"))
    await expect(hands.page.get_by_text("One winner is drawn.")).to_be_visible()
    await expect(hands.page.locator("summary", has_text="How to repeat it")).to_be_visible()


async def test_the_supply_is_live_and_leaves_a_half_written_form_alone_when_the_session_ends(
    page, site, parts: Parts, organisation: Organisation, api
):
    reward = await a_reward(api)
    await an_achievement(api, rewards={"items": [{"reward": reward["id"]}]})
    await admit(page.context, site, parts, organisation)
    await page.goto(f"{site}/console/rewards/{reward['id']}")
    await page.get_by_label("To whom?").fill("somebody half writ")
    await an_event(api, "ada")
    await page.evaluate("htmx.trigger('#supply', 'refresh')")
    await expect(page.locator("#supply")).to_contain_text("1 given")
    await page.context.clear_cookies()
    await page.evaluate("htmx.trigger('#supply', 'refresh')")
    await expect(page.get_by_text("Your session has ended.")).to_be_visible()
    await expect(page.get_by_label("To whom?")).to_have_value("somebody half writ")
    assert await violations(page) == []
    await page.get_by_role("button", name="Give it").click()
    await expect(page.get_by_text("what you typed is kept")).to_be_visible()


async def test_a_form_sent_twice_gives_once_and_bad_values_change_nothing(page, site, parts: Parts, organisation, api):
    reward = await a_reward(api)
    await an_event(api, "ada")
    await admit(page.context, site, parts, organisation)
    address = f"{site}/console/rewards/{reward['id']}"
    await page.goto(address)
    fields = await page.evaluate("Object.fromEntries(new FormData(document.querySelector('form[action$=\"/give\"]')))")
    for _ in range(2):
        answer = await page.request.post(f"{address}/give", form={**fields, "person": "ada", "amount": "2"})
        assert answer.status == 200, await answer.text()
    token = {"token": fields["token"]}
    for path, form, status in (
        ("/give", {"person": "ada", "amount": "1", "once": "x"}, 422),
        ("/give", {**fields, "once": fields["once"], "person": "", "amount": "1"}, 422),
        ("/give", {"person": "ada", "amount": "1e9"}, 422),
        ("/supply", {"kind": "assets", "total": "1"}, 409),
        ("/supply", {"kind": "assets", "total": "-1"}, 422),
        ("/draw", {"winners": "0"}, 422),
        ("/draw", {"winners": "1"}, 422),
        ("", {"change": "nonsense"}, 422),
        ("", {"change": "back", "grant": "0" * 24}, 409),
        ("/edit", {"name": "", "status": "live"}, 422),
        ("/edit", {"name": "x", "status": "nonsense"}, 422),
        ("/edit", {"name": "x", "status": "live", "starts_at": "soon"}, 422),
        ("/edit", {"name": "x", "status": "live", "redeem_by": "9999-99-99"}, 422),
        ("/edit", {"name": "x" * 5_000, "status": "live"}, 422),
        ("/edit", {"name": "x", "status": "live", "starts_at": "2026-04-01T00:00", "expires_at": "2026-03-01T00:00"}, 422),
        ("/edit", {"name": "x", "status": "draft"}, 409),
    ):  # fmt: skip
        answer = await page.request.post(f"{address}{path}", form={**token, **form})
        assert answer.status == status, (path, form, answer.status)
    now = (await api.get(f"/api/v1/rewards/{reward['id']}")).json()
    assert (now["name"], now["supply"][0]["granted"], now["supply"][0]["total"]) == ("Jacket", 2, 2)


async def test_the_pages_of_rewards_keep_to_wcag(page, narrow, site, parts: Parts, organisation: Organisation, api):
    reward = await a_reward(api, name="A voucher with a rather long name that has to wrap on a telephone")
    await an_event(api, "ada")
    await admit(page.context, site, parts, organisation)
    await narrow.context.add_cookies(await page.context.cookies())  # what one gives the other takes
    await page.goto(f"{site}/console/rewards/{reward['id']}")
    await page.get_by_label("To whom?").fill("ada")
    await page.get_by_role("button", name="Give it").click()
    await expect(page.get_by_text("gets it")).to_be_visible()
    for path in ("", "/new", f"/{reward['id']}", f"/{reward['id']}/edit"):
        await page.goto(f"{site}/console/rewards{path}")
        assert await violations(page) == [], path
        await narrow.goto(f"{site}/console/rewards{path}")
        assert await narrow.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert await violations(narrow) == [], path

"""Challenges, XP, levels, streaks and points in the console, by pointer, by keyboard alone, and without scripts."""

from playwright.async_api import expect

from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from tests.support.browsing import admit, violations
from tests.support.events import an_event, person_uid
from tests.support.hands import Hands


async def test_a_challenge_is_made_changed_and_archived(hands: Hands):
    await hands.go("/console/challenges")
    await hands.send(hands.page.get_by_role("link", name="New challenge"))
    await hands.fill(hands.field("Name"), "First week")
    first = hands.page.get_by_role("group", name="Step 1")
    await hands.fill(hands.field("What is to be done", first), "Read the handbook")
    await hands.fill(hands.field("Points for it", first), "many")
    await hands.press(hands.button("Add another step"))
    second = hands.page.get_by_role("group", name="Step 2")
    await hands.fill(hands.field("What is to be done", second), "Answer the quiz")
    await hands.fill(hands.field("Kind", second), "question-quiz")
    await hands.fill(hands.field("XP"), "25")
    await hands.send(hands.button("Save"))
    await expect(hands.page.locator("#mistake-action_points_0")).to_contain_text("say a number")
    await hands.fill(hands.field("Points for it", hands.page.get_by_role("group", name="Step 1")), "5")
    await hands.send(hands.button("Save"))
    await expect(hands.page.get_by_role("heading", name="First week", level=1)).to_be_visible()
    await expect(hands.page.locator("tbody").get_by_role("row")).to_have_count(2)
    await expect(hands.page.get_by_text("25 XP")).to_be_visible()
    await hands.send(hands.page.get_by_role("link", name="Change"))
    await hands.press(hands.button("Remove step 2"))
    await expect(hands.page.get_by_role("group", name="Step 2")).to_have_count(0)
    await hands.fill(hands.field("Keys that open it"), "3")
    await hands.send(hands.button("Save"))
    await expect(hands.page.locator("tbody").get_by_role("row")).to_have_count(1)
    await expect(hands.page.get_by_text("for 3 keys")).to_be_visible()
    await hands.send(hands.button("Make it live"))
    await hands.send(hands.button("Archive"))
    await expect(hands.page.get_by_text("It is archived")).to_be_visible()


async def test_xp_levels_and_streaks_are_set(hands: Hands, api):
    await hands.go("/console/experience")
    await hands.fill(hands.field("Category"), "custom")
    await hands.fill(hands.field("XP for each"), "15")
    await hands.send(hands.button("Save the rule"))
    await expect(hands.page.locator("tbody").first.get_by_role("row")).to_contain_text(["custom"])
    await hands.fill(hands.field("XP that a level takes"), "level ** level")
    await hands.send(hands.button("Save levels"))
    await expect(hands.field("XP that a level takes")).to_have_attribute("aria-invalid", "true")
    await hands.fill(hands.field("XP that a level takes"), "10 * (level - 1)")
    await hands.submit(hands.field("XP that a level takes"), hands.button("Save levels"))
    await expect(hands.page.get_by_role("cell", name="90", exact=True)).to_be_visible()
    await hands.fill(hands.field("Events of your own"), "lesson.completed, quiz.answered")
    await hands.fill(hands.field("Freezes kept at most"), "2")
    await hands.send(hands.button("Save streaks"))
    await expect(hands.field("Events of your own")).to_have_value("lesson.completed, quiz.answered")
    await an_event(api, "ada")
    (person,) = (await api.get("/api/v1/people")).json()["items"]
    await hands.go(f"/console/people/{person['id']}")
    await expect(hands.page.get_by_text("+15 xp")).to_be_visible()
    await hands.go("/console/experience")
    await hands.send(hands.button("Pay no more XP for custom"))
    await expect(hands.button("Pay no more XP for custom")).to_have_count(0)


async def test_points_are_given_and_taken_never_below_zero(hands: Hands, api, parts: Parts, organisation: Organisation):
    await an_event(api, "ada")
    await hands.go(f"/console/people/{await person_uid(parts, organisation, 'ada')}")
    await hands.fill(hands.field("How many points"), "40")
    await hands.send(hands.button("Book it"))
    await expect(hands.page.get_by_text("The points are given.")).to_be_visible()
    await hands.choose(hands.field("Do what"), "take")
    await hands.fill(hands.field("How many points"), "50")
    await hands.send(hands.button("Book it"))
    await expect(hands.page.locator("#mistake-amount")).to_contain_text("the balance is lower than the amount")
    await hands.fill(hands.field("How many points"), "15")
    await hands.submit(hands.field("How many points"), hands.button("Book it"))
    await expect(hands.page.get_by_text("The points are taken.")).to_be_visible()
    await expect(hands.page.locator(".tile").first).to_contain_text("25")


async def test_bad_values_are_refused(page, site, parts: Parts, organisation: Organisation):
    await admit(page.context, site, parts, organisation)
    await page.goto(f"{site}/console/challenges/new")
    fields = {name: await page.locator(f"main input[name={name}]").input_value() for name in ("token", "once")}
    for path, form, status in (
        ("/challenges/new", {"name": "", "status": "live"}, 422),
        ("/challenges/new", {"name": "x", "status": "nonsense"}, 422),
        ("/challenges/new", {"name": "x", "status": "live", "unlock_keys": "0"}, 422),
        ("/challenges/new", {"name": "x", "status": "live", "unlock_keys": "9999999999"}, 422),
        ("/challenges/new", {"name": "x", "status": "live", "action_points": "5"}, 422),
        ("/challenges/new", {"name": "x", "status": "live", "line_reward": "0" * 24, "line_amount": "1"}, 404),
        ("/challenges/new", {"name": "x", "status": "live", "starts_at": "x"}, 422),
        ("/experience", {"change": "rule", "category": "", "total": "1"}, 422),
        ("/experience", {"change": "rule", "category": "x" * 5_000, "total": "1"}, 422),
        ("/experience", {"change": "rule", "category": "x", "total": ""}, 422),
        ("/experience", {"change": "levels", "target": "__import__('os')", "highest": "5"}, 422),
        ("/experience", {"change": "levels", "target": "level", "highest": "0"}, 422),
        ("/experience", {"change": "streak", "freezes_max": "9999"}, 422),
        ("/experience", {"change": "streak", "names": ",".join(["x"] * 5_000)}, 422),
        ("/experience", {"change": "nonsense"}, 422),
    ):
        answer = await page.request.post(f"{site}/console{path}", form={**fields, "line_kind": "assets", **form})
        assert answer.status == status, (path, form)
        assert 'role="alert"' in await answer.text(), (path, form)


async def test_the_pages_keep_to_wcag(page, narrow, site, parts: Parts, organisation: Organisation, api):
    await admit(page.context, site, parts, organisation)
    await narrow.context.add_cookies(await page.context.cookies())
    await page.goto(f"{site}/console/challenges/new")
    await page.get_by_label("Name").fill("A challenge with a name that is rather long for a telephone")
    await page.get_by_label("What is to be done").fill("Read the handbook")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("heading", name="Steps")).to_be_visible()
    challenge = page.url.removeprefix(site)
    await an_event(api, "ada")
    person = f"/console/people/{await person_uid(parts, organisation, 'ada')}"
    for path in ("/console/challenges", challenge, f"{challenge}/edit", "/console/experience", "/console/keys", person):
        await page.goto(site + path)
        assert await violations(page) == [], path
        await narrow.goto(site + path)
        assert await narrow.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert await violations(narrow) == [], path

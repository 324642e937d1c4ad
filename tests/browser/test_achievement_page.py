from playwright.async_api import Page, expect

from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from tests.browser.test_designs import a_copy
from tests.support.browsing import XSS, sign_in, violations
from tests.support.events import an_achievement


async def given(api, achievement, email: str) -> str:
    """A credential of the achievement; the uid of the award."""
    answer = await api.post(
        f"/api/v1/achievements/{achievement['id']}/awards",
        json={"person": {"email": email}, "create_person": True},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_an_achievement_lists_its_own_credentials_and_finds_among_them(
    page: Page, site: str, parts: Parts, organisation: Organisation, api
):
    wanted = await an_achievement(api, name="First aid", issues_credential=True)
    other = await an_achievement(api, name="Something else", issues_credential=True)
    for email in ("ada@example.org", "grace@example.org"):
        await given(api, wanted, email)
    await given(api, other, "mary@example.org")
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/achievements/{wanted['id']}")
    rows = page.locator("main table tbody tr")
    await expect(rows).to_have_count(2)
    await expect(page.get_by_text("mary@example.org")).to_have_count(0)
    await page.get_by_role("link", name="ada@example.org").click()
    await page.get_by_text("Revoke this credential").click()
    await page.get_by_label("Why?").fill("By mistake")
    await page.get_by_role("button", name="Revoke it").click()
    await page.goto(f"{site}/console/achievements/{wanted['id']}")
    for state, found in (("revoked", "ada@example.org"), ("valid", "grace@example.org")):
        await page.get_by_label("State").select_option(state)
        await page.get_by_role("button", name="Find").click()
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text(found)
    await page.get_by_label("E-mail address, exact name or number").fill("nobody@example.org")
    await page.get_by_role("button", name="Find").click()
    await expect(page.get_by_role("heading", name="Nothing is found")).to_be_visible()
    await page.get_by_role("link", name="Who holds it").click()
    await expect(rows).to_have_count(1)


async def test_looks_link_dates_and_letters_are_chosen_in_the_form(
    page: Page, site: str, parts: Parts, organisation: Organisation, api
):
    await sign_in(page, site, parts, organisation)
    uid = await a_copy(page, site)
    await page.goto(f"{site}/console/achievements/new")
    await page.get_by_label("Name", exact=True).fill("Welding")
    look = page.locator("#look img").first
    await expect(look).to_have_attribute("src", "/console/designs/default-badge/picture.png?name=Welding")
    await page.get_by_label("Meridian (copy)").check()
    await expect(look).to_have_attribute("src", f"/console/designs/{uid}/picture.png?name=Welding")
    await page.get_by_label("Counts from").fill("2026-04-01T08:00")
    await page.get_by_label("Counts until").fill("2026-03-01T08:00")
    await page.get_by_label("Tell recipients by mail").uncheck()
    await page.get_by_label("Course link").fill("javascript:alert(1)")
    await page.evaluate("document.querySelector('#achievement').noValidate = true")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("write a web address that begins with https://")).to_be_visible()
    await page.get_by_label("Course link").fill("https://example.org/welding")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("must be after")).to_be_visible()
    await page.get_by_label("Counts until").fill("2027-03-01T08:00")
    await page.get_by_role("combobox", name="Status").select_option("live")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("link", name="https://example.org/welding")).to_be_visible()
    await expect(page.get_by_role("img", name="Badge: Meridian (copy)")).to_be_visible()
    (made,) = (await api.get("/api/v1/achievements")).json()["items"]
    assert made["credential"]["badge_design"] == uid
    assert made["credential"]["certificate_design"] is None
    assert made["credential"]["letters"] is False
    assert made["criteria_url"] == "https://example.org/welding"
    assert made["starts_at"].startswith("2026-04-01T08:00")


async def test_levels_calendar_and_secrecy_are_chosen_in_the_form(
    page: Page, site: str, parts: Parts, organisation: Organisation, api
):
    made = await an_achievement(api, levels={"steps": [{"target": 1, "names": {"en": "Bronze"}}, {"target": 5}]})
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/achievements/{made['id']}/edit")
    levels = page.get_by_label("Levels")
    await expect(levels).to_have_value("1, 5")
    for wrong, said in (
        ("1, five", "numbers with commas between"),
        ("5, 1", "must be above 5"),
        ("level +, up to 3", ""),
    ):
        await levels.fill(wrong)
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator("#mistake-levels")).to_contain_text(said)
        await expect(levels).to_have_value(wrong)
    await levels.fill("1, 10, 50")
    await page.get_by_label("Whose days are counted?").select_option("person")
    await page.get_by_label("Secret").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page).to_have_url(f"{site}/console/achievements/{made['id']}")
    [kept] = (await api.get("/api/v1/achievements")).json()["items"]
    assert [(step["target"], step["names"]) for step in kept["levels"]["steps"]] == [
        (1, {"en": "Bronze"}), (10, {}), (50, {}),
    ]  # fmt: skip
    assert (kept["calendar"], kept["secret"]) == ("person", True)
    await page.goto(f"{site}/console/achievements/{made['id']}/edit")
    await page.get_by_label("Levels").fill("level ^ 1.5, up to 4")
    await page.get_by_role("button", name="Save").click()
    await expect(page).to_have_url(f"{site}/console/achievements/{made['id']}")
    [kept] = (await api.get("/api/v1/achievements")).json()["items"]
    assert (kept["levels"]["target"], kept["levels"]["highest"]) == ("level ^ 1.5", 4)


async def test_an_achievement_is_archived_and_brought_back(
    page: Page, site: str, parts: Parts, organisation: Organisation, api
):
    achievement = await an_achievement(api, name="First aid", issues_credential=True)
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/achievements/{achievement['id']}")
    await page.get_by_role("button", name="Archive it").click()
    await expect(page.get_by_text("It is archived: nothing counts any more")).to_be_visible()
    await expect(page.get_by_role("link", name="Issue", exact=True)).to_have_count(1)  # the one in the navigation
    await page.get_by_role("button", name="Make it live").click()
    await expect(page.get_by_text("It is live.")).to_be_visible()
    await page.get_by_role("link", name="Issue many").click()
    await expect(page.get_by_label("Achievement")).to_have_value(achievement["id"])


async def test_the_page_of_an_achievement_keeps_to_wcag_and_runs_nothing(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation, api
):
    achievement = await an_achievement(api, name=XSS, issues_credential=True)
    await given(api, achievement, "ada@example.org")
    await sign_in(page, site, parts, organisation)
    await narrow.context.add_cookies(await page.context.cookies())  # type: ignore[arg-type] # what one gives the other takes
    for path in ("", "?tab=holders", f"?q={XSS}&state={XSS}&tab={XSS}", "/edit"):
        for one in (page, narrow):
            answer = await one.goto(f"{site}/console/achievements/{achievement['id']}{path}")
            assert answer is not None
            assert answer.status == 200, path
            assert await one.title() != "owned", path
            assert await one.locator("main script, main img[onerror]").count() == 0, path
            assert await violations(one) == [], path
        assert await narrow.evaluate("document.documentElement.scrollWidth <= innerWidth"), path

import re

import pytest
from playwright.async_api import Page, expect

from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.domain.rosters.issuing import issue_roster
from tests.support.browsing import PASSWORD, XSS, sign_in, violations
from tests.support.builders import an_account
from tests.support.credentials import an_award
from tests.support.events import an_achievement, an_event


async def test_a_first_credential_is_issued_in_three_fields(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    await sign_in(page, site, parts, organisation)
    await page.get_by_label("What was achieved?").fill("First aid")
    await page.get_by_label("By whom?").fill("Ada Lovelace")
    await page.get_by_label("Their e-mail address").fill("ada@example.org")
    await page.get_by_role("button", name="Issue it").click()
    await expect(page.get_by_text("Your first credential is issued.")).to_be_visible()
    await page.get_by_role("link", name="Open the public page").click()
    await expect(page.get_by_role("heading", name="First aid", level=1)).to_be_visible()
    await expect(page.get_by_text("Ada Lovelace").first).to_be_visible()


async def test_the_first_form_sent_twice_issues_once(
    page: Page, site: str, parts: Parts, organisation: Organisation, api
):
    await sign_in(page, site, parts, organisation)
    fields = await page.evaluate("Object.fromEntries(new FormData(document.querySelector('main form')))")
    form = {**fields, "achievement": "First aid", "recipient": "Ada", "email": "ada@example.org"}
    answers = [await page.request.post(f"{site}/console/first", form=form) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].url == answers[1].url
    assert len((await api.get("/api/v1/achievements")).json()["items"]) == 1


async def test_a_wrong_password_is_refused_beside_the_field(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    account = await an_account(parts, organisation, password=PASSWORD)
    await page.goto(f"{site}/console/people?q=x")
    await page.get_by_label("E-mail address").fill(account.email)
    await page.get_by_label("Password").fill("something else")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("the e-mail address or the password is not right")).to_be_visible()
    await expect(page.get_by_label("E-mail address")).to_have_value(account.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{site}/console/people?q=x")


async def test_a_form_whose_session_has_ended_is_kept(page: Page, site: str, parts: Parts, organisation: Organisation):
    account = await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/people/new")
    await page.get_by_label("First name").fill("Grace")
    await page.get_by_label("Last name").fill("Hopper")
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("what you typed is kept")).to_be_visible()
    await page.get_by_label("E-mail address").fill(account.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("Hopper")).to_be_visible()
    await page.get_by_role("button", name="Send it now").click()
    await expect(page.get_by_role("heading", name="Grace Hopper")).to_be_visible()


async def test_a_form_sent_twice_makes_one(page: Page, site: str, parts: Parts, organisation: Organisation):
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/people/new")
    fields = await page.evaluate("Object.fromEntries(new FormData(document.querySelector('main form')))")
    form = {**fields, "display_name": "Only Once"}
    for _ in range(2):
        answer = await page.request.post(f"{site}/console/people/new", form=form)
        assert answer.ok
    await page.goto(f"{site}/console/people?q=Only")
    await expect(page.get_by_role("link", name="Only Once")).to_have_count(1)


async def test_the_builder_tries_rules_on_recorded_events(
    page: Page, site: str, parts: Parts, organisation: Organisation, api
):
    for person in ("ada", "ada", "grace"):
        await an_event(api, person, payload={"score": 90})
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/achievements/new")
    await page.get_by_label("Name", exact=True).fill("Twice")
    await page.get_by_label("When this happens").fill("lesson.completed")
    await page.get_by_label("at least").fill("2")
    await expect(page.get_by_text("1 of 2 people")).to_be_visible()
    await page.get_by_role("button", name="Add another rule").click()
    await expect(page.get_by_role("group", name="Rule 2")).to_be_visible()
    second = page.get_by_role("group", name="Rule 2")
    await second.get_by_label("When this happens").fill("lesson.completed")
    await second.get_by_label("at least").fill("100")
    await second.get_by_label("counted as").select_option("sum")
    await second.get_by_label("of attribute").fill("score")
    await page.get_by_role("combobox", name="Status").select_option("live")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Twice")).to_be_visible()
    await expect(page.get_by_text("in total of")).to_be_visible()


async def test_the_explorer_says_why_an_event_did_not_count(
    page: Page, site: str, parts: Parts, organisation: Organisation, api
):
    await an_achievement(
        api,
        name="High score",
        queries=[
            {
                "alias": "good",
                "event_name": "lesson.completed",
                "where": [{"attribute": "score", "operator": ">=", "value": 80}],
            }
        ],
        criteria={"type": "count", "query": "good", "operator": ">=", "value": 1},
    )
    await an_event(api, "ada", payload={"score": 20})
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/events")
    await page.get_by_label("Person").fill("ada")
    await page.get_by_label("Achievement").select_option(label="High score")
    await page.get_by_role("button", name="Why did it not count?").click()
    await expect(page.get_by_role("cell", name=re.compile("no.*score"))).to_be_visible()


async def test_a_list_is_previewed_with_its_mistakes_and_worked_off(
    page: Page, site: str, parts: Parts, organisation: Organisation, api
):
    achievement = await an_achievement(api, name="Attended")
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/issue/many?achievement={achievement['id']}")
    await page.get_by_label("CSV file").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": "name;email\nJosé;jose@example.org\n".encode("cp1252")}
    )
    await page.get_by_role("button", name="Look at it first").click()
    await expect(page.get_by_text(re.compile("line 2 is not written in UTF-8"))).to_be_visible()
    await page.get_by_label("Written in").select_option("cp1252")
    await page.get_by_label("CSV file").set_input_files(
        {
            "name": "people.csv",
            "mimeType": "text/csv",
            "buffer": "name;email\nJosé;jose@example.org\nAda;ada@example.org\nAda;ada@example.org\nNobody;nowhere\n".encode(
                "cp1252"
            ),
        }
    )
    await page.get_by_role("button", name="Look at it first").click()
    await expect(page.get_by_text("the same address as in line 3")).to_be_visible()
    await expect(page.get_by_text("nowhere is no e-mail address")).to_be_visible()
    await page.get_by_role("button", name="Issue 2 credentials").click()
    await expect(page.get_by_role("progressbar")).to_be_visible()
    await issue_roster(parts.spine, organisation.id, page.url.rpartition("/")[2])
    await expect(page.get_by_text("2 credentials are issued")).to_be_visible()


async def test_a_credential_is_revoked_with_a_reason_and_reinstated(
    page: Page, site: str, parts: Parts, organisation: Organisation, api
):
    achievement = await an_achievement(api, name="Attended")
    given = await api.post(
        f"/api/v1/achievements/{achievement['id']}/awards",
        json={"person": {"email": "ada@example.org"}, "create_person": True},
    )
    assert given.status_code == 201, given.text
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/credentials")
    await page.get_by_role("link", name="ada@example.org").click()
    await page.get_by_text("Revoke this credential").click()
    await page.get_by_label("Why?").fill("Given by mistake")
    await page.get_by_role("button", name="Revoke it").click()
    await expect(page.get_by_text("The credential is revoked.")).to_be_visible()
    await page.get_by_role("link", name="Open the public page").click()
    await expect(page.get_by_text("Given by mistake")).to_be_visible()
    await page.go_back()
    await page.get_by_role("button", name="Reinstate it").click()
    await expect(page.get_by_text("The credential counts again.")).to_be_visible()


async def test_a_licence_is_suspended_until_a_day(page: Page, site: str, parts: Parts, organisation: Organisation, api):
    achievement = await an_achievement(api, name="Welding licence", credential={"suspendable": True})
    award = await an_award(api, achievement)
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/credentials/{award['credential']}")
    await page.get_by_text("Suspend this credential").click()
    await page.get_by_label("Why?").first.fill("Inquiry 12")
    await page.get_by_label("Until").fill("2020-01-01")
    await page.get_by_role("button", name="Suspend it").click()
    await expect(page.get_by_text("must lie ahead")).to_be_visible()
    await page.get_by_label("Until").fill("2130-01-01")
    await page.get_by_role("button", name="Suspend it").click()
    await expect(page.get_by_text("The credential is suspended.")).to_be_visible()
    await page.get_by_role("link", name="Open the public page").click()
    await expect(page.get_by_text("Inquiry 12")).to_be_visible()
    await page.go_back()
    await page.get_by_role("button", name="Reinstate it").click()
    await expect(page.get_by_text("The credential counts again.")).to_be_visible()


async def test_a_key_is_shown_once_and_revoked(page: Page, site: str, parts: Parts, organisation: Organisation):
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/keys")
    await page.get_by_label("What is it for?").fill("Platform")
    await page.get_by_role("button", name="Make it").click()
    await expect(page.get_by_label("The new key")).to_have_value(re.compile("^lrl_"))
    await page.goto(f"{site}/console/keys")
    await expect(page.get_by_label("The new key")).to_have_count(0)
    await page.get_by_label("Revoke Platform…").click()
    await page.get_by_role("button", name="Revoke Platform").click()
    await expect(page.get_by_text("The key is revoked.")).to_be_visible()


async def test_settings_are_saved_and_the_colour_stays_readable(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/settings")
    await page.get_by_label("Name", exact=True).fill("Łódź Evening School")
    await page.get_by_label("Web site").fill("nowhere")
    await page.get_by_label("Tell people by mail").uncheck()
    await page.get_by_label("Colour", exact=True).fill("#ffee00")
    await page.get_by_label("Use this colour").check()
    await page.evaluate("document.querySelector('main form').noValidate = true")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("url must be an http or https address")).to_be_visible()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Łódź Evening School")
    await page.get_by_label("Web site").fill("https://example.org")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.get_by_label("Tell people by mail")).not_to_be_checked()
    assert await violations(page) == []


async def test_a_viewer_cannot_change_anything(page: Page, site: str, parts: Parts, organisation: Organisation):
    await sign_in(page, site, parts, organisation, role="viewer")
    await expect(page.get_by_role("link", name="API keys")).to_have_count(0)
    for path in ("keys", "settings", "people/new", "issue", "achievements/new", "team", "audit"):
        answer = await page.goto(f"{site}/console/{path}")
        assert answer is not None
        assert answer.status == 403, path
    token = await page.request.get(f"{site}/console")
    found = re.search(r'name="token" value="([0-9a-f]+)"', await token.text())
    assert found is not None
    answer = await page.request.post(f"{site}/console/people/new", form={"token": found[1], "display_name": "x"})
    assert answer.status == 403


async def test_a_form_from_elsewhere_is_refused(page: Page, site: str, parts: Parts, organisation: Organisation):
    await sign_in(page, site, parts, organisation)
    for token in ("", "0" * 64):
        answer = await page.request.post(
            f"{site}/console/team",
            form={"token": token, "name": "Mallory", "email": "m@example.org", "role": "owner"},
            headers={"sec-fetch-site": "cross-site"},
        )
        assert answer.status == 403


async def test_what_people_type_is_never_run(page: Page, site: str, parts: Parts, organisation: Organisation, api):
    achievement = await an_achievement(api, name=XSS, description=XSS, criteria_narrative=XSS, tags=["<b>x"])
    await an_event(api, "mallory", payload={"note": XSS, "</script><script>document.title='owned'</script>": 1})
    people = await api.get("/api/v1/people")
    person = people.json()["items"][0]["id"]
    await api.patch(f"/api/v1/people/{person}", json={"display_name": XSS})
    await api.patch("/api/v1/organisation", json={"name": XSS, "description": XSS})
    await sign_in(page, site, parts, organisation)
    for path in (
        "", "/achievements", f"/achievements/{achievement['id']}", f"/achievements/{achievement['id']}/edit", "/people",
        f"/people/{person}", f"/people/{person}/edit", f"/events?person={person}&achievement={achievement['id']}",
        "/credentials", "/settings", "/audit?action=%3Cscript%3Edocument.title%3D%27owned%27%3C/script%3E",
        "/people?q=%22%3E%3Cscript%3Edocument.title%3D'owned'%3C/script%3E", "/issue",
    ):  # fmt: skip
        answer = await page.goto(f"{site}/console{path}")
        assert answer is not None
        assert answer.status == 200, path
        assert await page.title() != "owned", path
        assert await page.locator("main script, main img[onerror]").count() == 0, path
        assert "49" not in await page.locator("h1").inner_text(), path
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy


PAGES = (
    "", "/issue", "/issue/many", "/credentials", "/achievements", "/achievements/new", "/people", "/people/new", "/events",
    "/keys", "/webhooks", "/team", "/settings", "/audit", "/account", "/requests", "/rewards", "/leaderboards", "/challenges", "/experience",
    "/settings/sign-in", "/organisations",
)  # fmt: skip


# The pages that between them show every part in the dark colours.
DARK_TOO = ("", "/achievements/new", "/people", "/events", "/keys", "/audit")


async def test_the_console_keeps_to_wcag_in_light_and_dark(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation, api
):
    await an_achievement(api, name="Attended")
    await an_event(api, "ada")
    await sign_in(page, site, parts, organisation)
    await narrow.context.add_cookies(await page.context.cookies())  # type: ignore[arg-type] # what one gives the other takes
    for path in PAGES:
        await page.goto(f"{site}/console{path}")
        assert await violations(page) == [], path
        await narrow.goto(f"{site}/console{path}")
        assert await narrow.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        if path in DARK_TOO:
            assert await violations(narrow) == [], path


@pytest.mark.parametrize("path", ["/console", "/console/people/new"])
async def test_everything_is_reached_by_keyboard(
    page: Page, site: str, parts: Parts, organisation: Organisation, path: str
):
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}{path}")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    wanted = await page.locator("main input:visible, main textarea:visible, main button:visible").count()
    reached = set()
    for _ in range(60):
        await page.keyboard.press("Tab")
        reached.add(await page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        if len(reached) >= wanted:
            break
    assert len(reached) >= wanted

"""Which applications have access: for the organisation in the console, for the person in the wallet."""

import pytest_asyncio
from playwright.async_api import Page, expect

from laurel.domain.access import signed_links
from laurel.domain.grants.model import SCOPES
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.web.pages.visits import WALLET
from laurel.web.pages.wallet_pages import SCOPE_WORDS
from tests.support.applications import an_application
from tests.support.browsing import XSS, admit, violations
from tests.support.builders import a_key, a_person
from tests.support.hands import Hands


@pytest_asyncio.fixture
async def person(parts: Parts, organisation: Organisation, stranger):
    person = await a_person(parts, organisation, first_name="Ada", last_name="Byron")
    key = await a_key(parts, organisation, acting_person_id=person.id)
    for name in ("Backpack", XSS):
        await (await an_application(stranger, client_name=name)).tokens(key.text)
    return person


async def test_an_application_is_barred_and_admitted_and_one_access_taken_away(hands: Hands, person):
    await hands.go("/console/applications")
    await hands.send(hands.page.get_by_role("link", name="Backpack", exact=True))
    await expect(hands.page.get_by_text("see their credentials")).to_be_visible()
    await hands.send(hands.button("Take away the access to Ada Byron"))
    await expect(hands.page.get_by_text("The access is taken away.")).to_be_visible()
    await expect(hands.page.get_by_text("Nobody does at present.")).to_be_visible()
    await hands.press(hands.page.locator("summary", has_text="Bar this application"))
    await hands.send(hands.button("Bar it"))
    await expect(hands.page.get_by_text("The application is barred")).to_be_visible()
    await hands.send(hands.button("Admit it"))
    await expect(hands.page.get_by_text("The application may ask people again.")).to_be_visible()


async def test_a_person_takes_access_away_in_the_wallet(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation, person, api
):
    cookie = signed_links.sign(parts.pepper, signed_links.WALLET, person.email, organisation.id, parts.clock.now())
    for context in (page.context, narrow.context):
        await context.add_cookies([{"name": WALLET, "value": cookie, "url": site}])
    await page.goto(f"{site}/wallet")
    assert await violations(page) == []
    await narrow.goto(f"{site}/wallet?lang=ar")
    assert await narrow.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.goto(f"{site}/wallet?lang=de")
    await expect(page.get_by_text("darf Ihre Nachweise sehen").first).to_be_visible()
    assert await page.title() != "owned"
    await page.get_by_role("button", name="Zugriff entziehen Backpack").click()
    await expect(page.get_by_text("Die Anwendung hat keinen Zugriff mehr.")).to_be_visible()
    (left,) = (await api.get("/api/v1/grants")).json()["items"]
    assert left["application_name"] != "Backpack"


async def test_somebody_elses_access_is_none_of_theirs(page: Page, site: str, parts: Parts, person, organisation, api):
    other = await a_person(parts, organisation, email="mallory@example.org")
    cookie = signed_links.sign(parts.pepper, signed_links.WALLET, other.email, organisation.id, parts.clock.now())
    await page.context.add_cookies([{"name": WALLET, "value": cookie, "url": site}])
    await page.goto(f"{site}/wallet")
    token = await page.locator("input[name=token]").first.input_value()
    grants = (await api.get("/api/v1/grants")).json()["items"]
    form = {"token": token, "organisation": organisation.uid, "change": "leave", "grant": grants[0]["id"]}
    answer = await page.request.post(f"{site}/wallet/change", form=form)
    assert answer.status == 404
    assert len((await api.get("/api/v1/grants")).json()["items"]) == len(grants)


async def test_the_pages_of_applications_keep_to_wcag(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation, person, api
):
    await admit(page.context, site, parts, organisation)
    await narrow.context.add_cookies(await page.context.cookies())  # type: ignore[arg-type] # what one gives the other takes
    applications = (await api.get("/api/v1/applications")).json()["items"]
    for path in ("", *(f"/{one['id']}" for one in applications)):
        await page.goto(f"{site}/console/applications{path}")
        assert await violations(page) == [], path
        assert await page.title() != "owned"
        await narrow.goto(f"{site}/console/applications{path}")
        assert await narrow.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    answer = await page.goto(f"{site}/console/applications/{'0' * 64}")
    assert answer is not None
    assert answer.status == 404


def test_every_scope_has_words_in_the_wallet():
    assert set(SCOPE_WORDS) == set(SCOPES)

import json
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, expect

from laurel.domain.access import signed_links
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.web.pages.languages import LANGUAGES
from laurel.web.pages.visits import WALLET
from tests.support.browsing import violations
from tests.support.builders import a_number
from tests.support.credentials import an_award, signed_document
from tests.support.hands import TOUCH, WAYS, Hands, working
from tests.web import test_holder_binding as wallet_app


@pytest.fixture
def address() -> str:
    return f"learner{a_number()}@example.org"


@pytest_asyncio.fixture(params=list(WAYS))
async def learner(
    request: pytest.FixtureRequest, browser: Browser, site: str, parts: Parts, organisation: Organisation, address: str
) -> AsyncIterator[Hands]:
    """A learner with their wallet open, in each way in which people work."""
    cookie = signed_links.sign(parts.pepper, signed_links.WALLET, address, organisation.id, parts.clock.now())

    async def open_wallet(context: BrowserContext) -> None:
        await context.add_cookies([{"name": WALLET, "value": cookie, "url": site}])

    async with working(request.param, browser, site, open_wallet) as somebody:
        yield somebody


async def accept(stranger, clock, link: str) -> str:
    """What the app does with the link that it was opened with; the exchange's address."""
    request = json.loads(parse_qs(urlsplit(link).query)["request"][0])
    exchange = request["protocols"]["vcapi"]
    assert exchange.startswith(request["credentialRequestOrigin"])
    asked = (await stranger.post(exchange, json={})).json()["verifiablePresentationRequest"]
    body = {"verifiablePresentation": wallet_app.a_presentation(asked, clock)}
    answer = await stranger.post(exchange, json=body)
    assert answer.status_code == 200, answer.text
    return exchange


async def test_a_learner_binds_a_credential_to_an_app_and_takes_it_back(
    learner: Hands, api, stranger, clock, address: str
):
    award = await an_award(api, person={"email": address})
    uid = award["credential"]
    await learner.go(f"/c/{uid}")
    page = learner.page
    await expect(page.get_by_role("heading", name="This credential is yours")).to_be_visible()
    await learner.send(page.get_by_role("link", name="Wallet app", exact=True))
    await expect(page.get_by_text("It is not bound to an app.")).to_be_visible()
    await learner.send(learner.button("Bind it to an app"))
    await expect(page.get_by_role("img", name="Scan this")).to_be_visible()
    assert await violations_of(learner) == []
    link = await page.get_by_role("link", name="Open in Learner Credential Wallet").get_attribute("href")
    assert link is not None
    assert link.startswith("https://lcw.app/request?request=")
    exchange = await accept(stranger, clock, link)
    await learner.press(page.locator("summary", has_text="For another app"))
    await expect(page.get_by_text(exchange)).to_be_visible()
    if isinstance(learner, WAYS[TOUCH]):
        await learner.send(page.get_by_role("link", name="Look again"))
    else:
        await expect(page.get_by_text("Done: the app holds the credential")).to_be_visible()
        await learner.send(page.get_by_role("link", name="See how it stands"))
    await expect(page.get_by_text(wallet_app.WALLET)).to_be_visible()
    assert (await signed_document(stranger, uid))["credentialSubject"]["id"] == wallet_app.WALLET
    await learner.go("/wallet")
    await expect(page.get_by_text("Bound to an app")).to_be_visible()
    await learner.go(f"/wallet/binding/{uid}")
    await learner.send(learner.button("Undo the binding"))
    await expect(page.get_by_text("It is bound to no app any more")).to_be_visible()
    await expect(page.get_by_text("It is not bound to an app.")).to_be_visible()
    assert (await signed_document(stranger, uid))["credentialSubject"]["id"].startswith("urn:uuid:")


async def violations_of(learner: Hands) -> list[str]:
    """Those of a page that may run scripts; axe needs them."""
    return [] if isinstance(learner, WAYS[TOUCH]) else await violations(learner.page)


async def test_nobody_but_its_person_is_offered_a_binding(
    learner: Hands, api, site: str, address: str, clock, stranger
):
    theirs = await an_award(api, person={"email": f"other{a_number()}@example.org"})
    page = learner.page
    await learner.go(f"/c/{theirs['credential']}")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await expect(page.get_by_text("This credential is yours")).to_have_count(0)
    for uid in (theirs["credential"], "x", "0" * 24):
        assert (await page.request.get(f"{site}/wallet/binding/{uid}")).status == 404, uid
    own = await an_award(api, person={"email": address})
    await learner.go(f"/wallet/binding/{own['credential']}")
    token = await page.locator("input[name=token]").first.get_attribute("value")
    assert token is not None
    for uid, change, status in (
        (theirs["credential"], "offer", 404),
        (theirs["credential"], "free", 404),
        (own["credential"], "steal", 422),
    ):
        answer = await page.request.post(f"{site}/wallet/binding/{uid}", form={"token": token, "change": change})
        assert answer.status == status, (uid, change)
    seen = await stranger.get(f"/c/{own['credential']}", headers={"accept": "text/html"})
    assert "This credential is yours" not in seen.text
    await page.context.clear_cookies()
    await learner.go(f"/wallet/binding/{own['credential']}")
    await expect(page.get_by_role("button", name="Send me the link")).to_be_visible()


async def test_what_is_revoked_is_offered_to_no_app(learner: Hands, api, address: str, site: str):
    award = await an_award(api, person={"email": address})
    await learner.go(f"/wallet/binding/{award['credential']}")
    page = learner.page
    await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "x"})
    await learner.send(learner.button("Bind it to an app"))
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_role("button", name="Bind it to an app")).to_have_count(0)
    await learner.go("/wallet")
    await expect(page.get_by_role("link", name=re.compile("^Wallet app"))).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_offer_speaks_every_language_on_a_narrow_screen(
    browser: Browser, api, site: str, parts: Parts, organisation: Organisation, address: str, language: str
):
    award = await an_award(api, person={"email": address})
    context = await browser.new_context(locale="en-GB", viewport={"width": 320, "height": 720})
    cookie = signed_links.sign(parts.pepper, signed_links.WALLET, address, organisation.id, parts.clock.now())
    await context.add_cookies([{"name": WALLET, "value": cookie, "url": site}])
    page = await context.new_page()
    await page.goto(f"{site}/wallet/binding/{award['credential']}?lang={language}")
    await page.locator("button[value=offer]").click()
    await expect(page.locator("svg.qr")).to_be_visible()
    assert await page.locator("html").get_attribute("lang") == language
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await violations(page) == []
    await context.close()

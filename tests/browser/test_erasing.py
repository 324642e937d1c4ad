import asyncio

from playwright.async_api import Page, expect

from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from tests.browser.test_wallet import a_learner
from tests.support.browsing import sign_in, violations


async def vanishes(page: Page, address: str) -> bool:
    """Whether an address is answered with 404, at the latest when what a process remembers of a page has run out."""
    for _ in range(200):
        if (await page.request.get(address, headers={"accept": "text/html"})).status == 404:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_person_is_erased_only_by_somebody_who_is_sure(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation, api
):
    address, uid = await a_learner(api)
    await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/people?q={address}")
    await page.get_by_role("main").get_by_role("link", name=address).first.click()
    person = page.url
    await page.get_by_text("Erase this person").click()
    assert await violations(page) == []
    await narrow.context.add_cookies(await page.context.cookies())  # type: ignore[arg-type] # what one gives the other takes
    await narrow.goto(person)
    await narrow.get_by_text("Erase this person").click()
    assert await violations(narrow) == []
    # By keyboard: the button first, which does nothing yet.
    await page.get_by_role("button", name="Erase them").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("tick the box to say that you are sure")).to_be_visible()
    assert (await page.request.get(f"{site}/c/{uid}", headers={"accept": "text/html"})).status == 200
    await page.get_by_text("Erase this person").focus()
    await page.keyboard.press("Enter")
    await page.get_by_label("I am sure").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Erase them").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("The person is erased")).to_be_visible()
    await expect(page.get_by_text(address)).to_have_count(0)
    assert await vanishes(page, f"{site}/c/{uid}")
    assert (await page.request.get(person)).status == 404

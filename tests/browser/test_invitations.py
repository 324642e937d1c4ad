"""Coming into a team by letter: invited on one browser, come on another."""

import re
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from laurel.domain.access.invitations import INVITATION_JOB
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from tests.browser.test_wallet import body_of, read_mails
from tests.support.browsing import PASSWORD, admit, violations
from tests.support.builders import a_number
from tests.support.identity import CLIENT_ID, CLIENT_SECRET, an_identity_provider
from tests.support.work import run_jobs


async def link_in_the_letter(parts: Parts, organisation: Organisation, mails: Path) -> str:
    """Where the newest letter leads, after the job that sends it."""
    assert await run_jobs(parts, organisation, INVITATION_JOB) == 1
    link = re.search(r"/console/invitation\?link=\S+", body_of(read_mails(mails)[-1]))
    assert link is not None
    return link[0]


async def add(page: Page, site: str, name: str) -> str:
    """Add somebody to the team by the form; their address."""
    address = f"{name.lower()}{a_number()}@example.org"
    await page.goto(f"{site}/console/team")
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("E-mail address").fill(address)
    await page.get_by_label("Role", exact=True).select_option("manager")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_text(f"A letter goes to {address}.")).to_be_visible()
    return address


async def test_somebody_is_invited_chooses_a_password_and_is_in(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation, mails: Path
):
    await admit(page.context, site, parts, organisation)
    address = await add(page, site, "Grace")
    await expect(page.get_by_text(re.compile("^Invited"))).to_be_visible()
    assert await violations(page) == []
    first = await link_in_the_letter(parts, organisation, mails)
    await page.get_by_role("button", name="Invite again: Grace").click()
    await expect(page.get_by_text(f"A letter goes to {address}.")).to_be_visible()
    link = await link_in_the_letter(parts, organisation, mails)

    await narrow.goto(site + first)
    await expect(narrow.get_by_role("heading", name="This invitation is not open")).to_be_visible()
    assert await violations(narrow) == []
    await narrow.goto(site + link)
    await expect(narrow.get_by_role("heading", name=f"{organisation.name} invites you")).to_be_visible()
    await expect(narrow.get_by_text(address)).to_be_visible()
    assert await violations(narrow) == []
    await narrow.get_by_label("Choose a password").fill("short")
    await narrow.get_by_role("button", name="Set it and sign in").click()
    await expect(narrow.get_by_text("password must have 10 to")).to_be_visible()
    assert await violations(narrow) == []
    await narrow.get_by_label("Choose a password").fill(PASSWORD)
    await narrow.get_by_role("button", name="Set it and sign in").click()
    await narrow.wait_for_url(f"{site}/console")

    await page.goto(f"{site}/console/team")
    await expect(page.get_by_text(re.compile("^Invited"))).to_have_count(0)
    await page.goto(site + link)
    await expect(page.get_by_role("heading", name="This invitation is not open")).to_be_visible()


async def test_without_scripts_and_by_keyboard_alone(
    page: Page, browser: Browser, site: str, parts: Parts, organisation: Organisation, mails: Path
):
    await admit(page.context, site, parts, organisation)
    await add(page, site, "Alan")
    link = await link_in_the_letter(parts, organisation, mails)
    context = await browser.new_context(java_script_enabled=False)
    plain = await context.new_page()
    await plain.goto(site + link)
    await plain.get_by_label("Choose a password").focus()
    await plain.keyboard.type(PASSWORD)
    await plain.keyboard.press("Enter")
    await plain.wait_for_url(f"{site}/console")
    await context.close()


async def test_the_identity_provider_is_a_way_in_and_closes_the_invitation(
    page: Page, narrow: Page, open_site, organisation: Organisation, mails: Path
):
    site, parts = open_site
    async with an_identity_provider(parts) as provider:
        await admit(page.context, site, parts, organisation)
        await page.goto(f"{site}/console/settings/sign-in")
        await page.get_by_label("Its address").fill(provider.issuer)
        await page.get_by_label("Client ID").fill(CLIENT_ID)
        await page.get_by_label("Client secret").fill(CLIENT_SECRET)
        await page.get_by_label("What people call it").fill("Example ID")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved: the provider answered.")).to_be_visible()
        address = await add(page, site, "Hedy")
        link = await link_in_the_letter(parts, organisation, mails)
        provider.claims |= {"sub": address, "email": address}
        await narrow.goto(site + link)
        assert await violations(narrow) == []
        await narrow.get_by_role("button", name="Continue with Example ID").click()
        await narrow.wait_for_url(f"{site}/console")
        await page.goto(site + link)
        await expect(page.get_by_role("heading", name="This invitation is not open")).to_be_visible()

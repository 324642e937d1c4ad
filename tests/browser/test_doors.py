"""Coming in: through an identity provider, and choosing among organisations."""

from playwright.async_api import Browser, Page, expect

from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from tests.support.browsing import PASSWORD, sign_in, violations
from tests.support.builders import a_number, an_account, an_organisation
from tests.support.identity import CLIENT_ID, CLIENT_SECRET, an_identity_provider


async def test_an_owner_sets_the_provider_and_everybody_comes_in_through_it(
    page: Page, narrow: Page, browser: Browser, open_site, organisation: Organisation
):
    site, parts = open_site
    async with an_identity_provider(parts) as provider:
        owner = await sign_in(page, site, parts, organisation)
        await page.goto(f"{site}/console/settings")
        await page.get_by_role("link", name="Sign-in", exact=True).click()
        await page.get_by_label("Its address").fill("https://127.0.0.1:1")
        await page.get_by_label("Client ID").fill(CLIENT_ID)
        await page.get_by_label("Client secret").fill(CLIENT_SECRET)
        await page.get_by_label("What people call it").fill("Example ID")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("the identity provider does not answer at")).to_be_visible()
        assert await violations(page) == []
        await page.get_by_label("Its address").fill(provider.issuer)
        await page.get_by_label("Client secret").fill(CLIENT_SECRET)
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved: the provider answered.")).to_be_visible()
        await page.get_by_label("Passwords open the console too").uncheck()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("an owner must have signed in through this provider once")).to_be_visible()
        own_door = await page.get_by_label("Your own sign-in address").input_value()
        assert await violations(page) == []

        # Without scripts, by keyboard alone, on a telephone's width.
        provider.claims["email"] = owner.email
        context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
        plain = await context.new_page()
        await plain.goto(own_door)
        await plain.get_by_role("button", name="Continue").focus()
        await plain.keyboard.press("Enter")
        await plain.wait_for_url(f"{site}/console")
        await expect(plain.get_by_role("link", name=organisation.name).first).to_be_visible()
        await context.close()

        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved: the provider answered.")).to_be_visible()
        await page.goto(f"{site}/console/team")
        await expect(page.get_by_text("Linked to the identity provider")).to_be_visible()
        assert await violations(page) == []

        # The door to the organisation, in dark colours; who is nobody here reads why.
        await narrow.goto(own_door)
        assert await violations(narrow) == []
        provider.claims |= {"sub": "another", "email": "stranger@example.org"}
        await narrow.get_by_role("button", name="Continue").click()
        await expect(narrow.get_by_text("there is no account for stranger@example.org")).to_be_visible()
        assert await violations(narrow) == []
        await narrow.get_by_role("button", name="Through your organisation").click()
        await expect(narrow.get_by_text("Your address tells which organisation")).to_be_visible()
        assert await violations(narrow) == []
        await narrow.get_by_label("E-mail address").fill(f"x@nowhere{a_number()}.example")
        await narrow.get_by_role("button", name="Go on").click()
        await expect(narrow.get_by_text("no organisation here signs in that way")).to_be_visible()


async def test_who_signs_out_is_told_of_the_provider(page: Page, open_site, organisation: Organisation):
    site, parts = open_site
    async with an_identity_provider(parts) as provider:
        await sign_in(page, site, parts, organisation)
        await page.goto(f"{site}/console/settings/sign-in")
        await page.get_by_label("Its address").fill(provider.issuer)
        await page.get_by_label("Client ID").fill(CLIENT_ID)
        await page.get_by_label("Client secret").fill(CLIENT_SECRET)
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved: the provider answered.")).to_be_visible()
        provider.claims["email"] = (await an_account(parts, organisation)).email
        await page.get_by_role("button", name="Sign out").first.click()
        await expect(page.get_by_text("You are signed out.")).to_be_visible()
        await page.goto(f"{site}/console/sign-in/at/{organisation.slug}")
        await page.get_by_role("button", name="Continue").click()
        await page.wait_for_url(f"{site}/console")
        await page.get_by_role("button", name="Sign out").first.click()
        assert await violations(page) == []
        await page.get_by_role("link", name="Sign out there too").click()
        await expect(page.get_by_role("heading", name="Signed out there")).to_be_visible()


async def test_an_address_with_accounts_in_several_organisations_chooses_and_switches(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation
):
    other = await an_organisation(parts, name="Second School")
    third = await an_organisation(parts, name="Third School")
    address = f"ada{a_number()}@example.org"
    for one, password in ((organisation, PASSWORD), (other, PASSWORD), (third, "another password")):
        await an_account(parts, one, email=address, role="owner", password=password)
    for visitor in (page, narrow):
        await visitor.goto(f"{site}/console/people?q=x")
        await visitor.get_by_label("E-mail address").fill(address)
        await visitor.get_by_label("Password").fill(PASSWORD)
        await visitor.get_by_role("button", name="Sign in", exact=True).click()
        await expect(visitor.get_by_role("heading", name="Choose the organisation")).to_be_visible()
        assert await violations(visitor) == []
    # The same address with another password is not among them.
    await expect(page.get_by_role("button", name="Third School")).to_have_count(0)
    await page.get_by_role("button", name="Second School").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{site}/console/people?q=x")
    await expect(page.get_by_role("link", name="Second School").first).to_be_visible()
    await page.get_by_role("link", name="Switch organisation").first.click()
    await expect(page.get_by_text("you are here")).to_be_visible()
    await page.get_by_role("button", name=organisation.name).click()
    await expect(page.get_by_role("link", name=organisation.name).first).to_be_visible()
    # Another password opens the third one beside them.
    await page.goto(f"{site}/console/organisations")
    await page.get_by_role("link", name="Sign in to another organisation").click()
    await page.get_by_label("E-mail address").fill(address)
    await page.get_by_label("Password").fill("another password")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("link", name="Third School").first).to_be_visible()
    await page.goto(f"{site}/console/organisations")
    assert await page.get_by_role("button").count() == 3
    # Signing out leaves none of them.
    await page.goto(f"{site}/console")
    cookies = await page.context.cookies()
    await page.get_by_role("button", name="Sign out").first.click()
    await page.context.add_cookies(cookies)  # type: ignore[arg-type] # what one gives the other takes
    await page.goto(f"{site}/console/organisations")
    await expect(page).to_have_url(f"{site}/console/sign-in")


async def test_an_interrupted_form_survives_the_choice(page: Page, site: str, parts: Parts, organisation: Organisation):
    other = await an_organisation(parts)
    account = await sign_in(page, site, parts, organisation)
    await an_account(parts, other, email=account.email, password=PASSWORD)
    await page.goto(f"{site}/console/people/new")
    await page.get_by_label("First name").fill("Grace")
    await page.get_by_label("Last name").fill("Hopper")
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Save").click()
    await page.get_by_label("E-mail address").fill(account.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("button", name=organisation.name).click()
    await page.get_by_role("button", name="Send it now").click()
    await expect(page.get_by_role("heading", name="Grace Hopper")).to_be_visible()

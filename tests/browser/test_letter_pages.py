import dataclasses

from playwright.async_api import Browser, Page, expect

from laurel.application import surfaces
from laurel.domain.letters import sending
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.outside.mail import SmtpMailer
from laurel.web.server import create_web
from tests.browser.test_wallet import a_learner, body_of, credential_id, read_mails
from tests.support.browsing import XSS, sign_in, violations
from tests.support.mail_server import a_mail_server
from tests.support.served import served


async def test_a_letter_is_written_seen_tried_and_saved(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation, mails, api
):
    account = await sign_in(page, site, parts, organisation)
    await page.goto(f"{site}/console/settings")
    await page.get_by_role("link", name="Letters").click()
    assert await violations(page) == []
    await page.get_by_role("link", name="A credential is issued: English").click()
    await expect(page.get_by_text("has issued you the credential").first).to_be_visible()
    await page.get_by_label("Subject").fill("Well done, [recipient.nmae]")
    await page.get_by_label("Text", exact=True).fill(f"[achievement.name] is yours.\nReally.\n\n{XSS}")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("[recipient.nmae] is not known here")).to_be_visible()
    await expect(page.get_by_label("Text", exact=True)).to_have_value(f"[achievement.name] is yours.\nReally.\n\n{XSS}")
    assert await violations(page) == []
    await page.get_by_label("Subject").fill("Well done, [recipient.name]")
    await page.get_by_role("button", name="Look at it").click()
    await expect(page.get_by_text("Well done, Ada Lovelace")).to_be_visible()
    await expect(page.get_by_text("Analytical Engines is yours.").first).to_be_visible()
    assert await page.title() != "owned"
    assert await violations(page) == []
    await page.get_by_role("button", name="Send it to me").click()
    await expect(page.get_by_text("The letter is on its way to")).to_be_visible()
    (mail,) = read_mails(mails)
    assert (mail["To"], mail["Subject"]) == (account.email, "Well done, Ada Lovelace")
    assert "<script>" not in body_of(mail, "html")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved: letters in this language have your words")).to_be_visible()
    await narrow.context.add_cookies(await page.context.cookies())  # type: ignore[arg-type] # what one gives the other takes
    await narrow.goto(page.url)
    assert await narrow.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await violations(narrow) == []
    _, uid = await a_learner(api)
    await sending.send_letters(
        parts, {"organisation_id": organisation.id, "credentials": [await credential_id(parts, organisation, uid)]}
    )
    assert "Night owl is yours." in "".join(body_of(one) for one in read_mails(mails))
    await page.get_by_role("button", name="Use the built-in words again").click()
    await expect(page.get_by_text("The built-in words are used again.")).to_be_visible()


async def test_a_letter_is_written_without_scripts_by_keyboard(
    browser: Browser, page: Page, site: str, parts: Parts, organisation: Organisation
):
    await sign_in(page, site, parts, organisation)
    context = await browser.new_context(java_script_enabled=False)
    await context.add_cookies(await page.context.cookies())  # type: ignore[arg-type] # what one gives the other takes
    plain = await context.new_page()
    await plain.goto(f"{site}/console/settings/letters/link/ar")
    await plain.get_by_label("Subject").focus()
    await plain.keyboard.type("مرحبا")
    await plain.keyboard.press("Tab")
    await plain.keyboard.type("[issuer.name]")
    await plain.keyboard.press("Tab")
    await plain.keyboard.press("Enter")
    await expect(plain.get_by_text("Saved: letters in this language")).to_be_visible()
    await context.close()


async def test_a_mail_server_that_refuses_is_named_and_an_address_that_bounced_is_cleared(
    page: Page, narrow: Page, parts: Parts, organisation: Organisation, api
):
    async with a_mail_server() as server:
        posting = dataclasses.replace(parts, mailer=SmtpMailer(server.url, "laurel@example.org", parts.clock))
        async with served(create_web(posting, surfaces())) as site:
            account = await sign_in(page, site, posting, organisation)
            address, uid = await a_learner(api)
            server.answers = {address: "550 5.1.1 no such mailbox here", account.email: "450 come back later"}
            job = {"organisation_id": organisation.id, "credentials": [await credential_id(parts, organisation, uid)]}
            await sending.send_letters(posting, job)
            await page.goto(f"{site}/console/settings/letters/issued/en")
            await page.get_by_label("Subject").fill("Hello")
            await page.get_by_label("Text", exact=True).fill("There")
            await page.get_by_role("button", name="Send it to me").click()
            await expect(page.get_by_text("the mail server did not take a letter")).to_be_visible()
            await expect(page.get_by_label("Subject")).to_have_value("Hello")
            await page.goto(f"{site}/console/people?q={address}")
            await page.get_by_role("main").get_by_role("link", name=address).first.click()
            await expect(page.get_by_text(f"Letters to {address} do not arrive.")).to_be_visible()
            await expect(page.get_by_text("no such mailbox here")).to_be_visible()
            assert await violations(page) == []
            await narrow.context.add_cookies(await page.context.cookies())  # type: ignore[arg-type] # as above
            await narrow.goto(page.url)
            assert await violations(narrow) == []
            await page.get_by_role("button", name="Send letters there again").click()
            await expect(page.get_by_text("Letters go to this address again.")).to_be_visible()
            await expect(page.get_by_text("do not arrive")).to_have_count(0)

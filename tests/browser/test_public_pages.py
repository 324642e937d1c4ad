import io
import json
from urllib.parse import urlsplit

import pypdfium2 as pdfium
import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect

from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.domain.record_events import issue_waiting
from laurel.web.pages.languages import LANGUAGES
from tests.support.browsing import XSS, violations
from tests.support.events import an_achievement


async def a_credential(api, **wishes):
    """The uid of a credential given over the API, and its access key when it is private."""
    achievement = await an_achievement(
        api, name=wishes.pop("achievement_name", "Night owl"), tags=wishes.pop("tags", [])
    )
    answer = await api.post(
        f"/api/v1/achievements/{achievement['id']}/awards",
        json={
            "person": {"email": "ada@example.org"},
            "create_person": True,
            "recipient_name": "Ada Lovelace",
            **wishes,
        },
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["credential"], answer.json()["id"], achievement["id"]


async def test_a_stranger_sees_the_credential_and_its_checks(page: Page, site: str, parts: Parts, api):
    uid, _, _ = await a_credential(api, tags=["astronomy"], narrative="With distinction.")
    await page.goto(f"{site}/c/{uid}")
    await expect(page.get_by_role("heading", name="Night owl", level=1)).to_be_visible()
    await expect(page.get_by_text("Ada Lovelace")).to_be_visible()
    await expect(page.get_by_text("With distinction.")).to_be_visible()
    await expect(page.get_by_text("astronomy")).to_be_visible()
    await expect(page.get_by_text("It is in the issuer’s register")).to_be_visible()
    await expect(page.get_by_text("It is neither revoked nor suspended")).to_be_visible()
    linkedin = await page.get_by_role("link", name="Add to LinkedIn").get_attribute("href")
    assert linkedin is not None
    assert "certId=" + uid in linkedin
    assert (
        await page.locator("meta[property='og:image']").get_attribute("content")
        == f"{parts.public_url}/c/{uid}/badge.png"
    )
    structured = json.loads(await page.locator("script[type='application/ld+json']").text_content() or "")
    assert structured["@type"] == "EducationalOccupationalCredential"


async def test_a_signed_credential_passes_every_check_in_view(
    page: Page, site: str, parts: Parts, organisation: Organisation, api
):
    uid, _, _ = await a_credential(api)
    await issue_waiting.issue_all(parts.issuer, organisation.id)
    await page.goto(f"{site}/c/{uid}")
    await expect(page.locator(".stamp")).to_have_text("Valid credential")
    for check in (
        "It was signed and not changed since",
        "It is neither revoked nor suspended",
        "It is in the public log",
    ):
        await expect(page.get_by_text(check)).to_be_visible()
    await expect(page.get_by_text("Every check has passed.")).to_be_visible()
    baked = await page.request.get(f"{site}{await page.get_by_role('link', name='Badge (PNG)').get_attribute('href')}")
    await page.goto(f"{site}/verify")
    await page.get_by_label("A badge or document").set_input_files(
        {"name": "badge.png", "mimeType": "image/png", "buffer": await baked.body()}
    )
    await page.get_by_role("button", name="Verify").click()
    await expect(page.locator(".stamp")).to_have_text("Verified")


async def test_pictures_and_the_certificate_are_served(site: str, page: Page, api):
    uid, _, _ = await a_credential(api)
    for name, start in (("badge.png", b"\x89PNG"), ("certificate.png", b"\x89PNG"), ("certificate.pdf", b"%PDF-1.7")):
        answer = await page.request.get(f"{site}/c/{uid}/{name}")
        assert (await answer.body()).startswith(start), name
        again = await page.request.get(f"{site}/c/{uid}/{name}", headers={"if-none-match": answer.headers["etag"]})
        assert again.status == 304, name


@pytest.mark.parametrize(
    ("language", "direction", "word"),
    [("en", "ltr", "Awarded to"), ("de", "ltr", "Verliehen an"), ("es", "ltr", "Otorgado a"), ("fr", "ltr", "Décerné à"),
     ("ja", "ltr", "授与先"), ("ar", "rtl", "مُنحت إلى")],
)  # fmt: skip
async def test_the_page_speaks_the_readers_language(
    page: Page, site: str, api, language: str, direction: str, word: str
):
    uid, _, _ = await a_credential(api)
    answer = await page.request.get(
        f"{site}/c/{uid}", headers={"accept": "text/html", "accept-language": f"xx, {language};q=0.5"}
    )
    text = await answer.text()
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert word in text


async def test_programs_still_get_json(page: Page, site: str, api):
    uid, _, _ = await a_credential(api)
    answer = await page.request.get(f"{site}/c/{uid}", headers={"accept": "application/json"})
    assert (await answer.json())["name"] == "Night owl"
    missing = await page.request.get(f"{site}/c/{'0' * 24}", headers={"accept": "application/json"})
    assert missing.status == 404
    assert (await missing.json())["code"] == "credential_not_found"


async def test_a_private_credential_opens_only_with_its_key(
    page: Page, site: str, api, parts: Parts, organisation: Organisation
):
    uid, _, _ = await a_credential(api, private=True)
    async with parts.database.transaction(organisation.id) as tx:
        key = await tx.fetchval(
            "SELECT access_key FROM credential WHERE organisation_id = $1 AND uid = $2", organisation.id, uid
        )
    for part in ("", "/badge.png", "/certificate.pdf", "/verification", "/embed"):
        for wrong in ("", "?key=wrong", "?key="):
            answer = await page.request.get(f"{site}/c/{uid}{part}{wrong}", headers={"accept": "text/html"})
            assert answer.status == 404, part
            assert "Ada" not in await answer.text()
        answer = await page.request.get(f"{site}/c/{uid}{part}?key={key}", headers={"accept": "text/html"})
        assert answer.status == 200, part
    await page.goto(f"{site}/c/{uid}?key={key}")
    await expect(page.get_by_text("It is neither revoked nor suspended")).to_be_visible()
    assert await page.evaluate("document.querySelector('.picture img').naturalWidth") > 0


async def test_a_revoked_credential_looks_so(page: Page, site: str, api):
    uid, award, _ = await a_credential(api)
    revoked = await api.post(f"/api/v1/awards/{award}/revoke", json={"reason": "Mixed up with a namesake"})
    assert revoked.status_code < 300, revoked.text
    await page.goto(f"{site}/c/{uid}")
    await expect(page.locator(".stamp")).to_have_text("Revoked")
    await expect(page.get_by_text("Mixed up with a namesake").first).to_be_visible()
    await expect(page.get_by_text("Not every check has passed.")).to_be_visible()
    assert (await page.request.get(f"{site}/c/{uid}/certificate.pdf")).status == 410


async def test_an_expired_credential_looks_so(page: Page, site: str, api):
    uid, _, _ = await a_credential(api, expires_at="2026-03-01T00:00:00Z")
    await page.goto(f"{site}/c/{uid}")
    await expect(page.locator(".stamp")).to_have_text("Expired")


async def test_other_sites_may_frame_the_widget_and_nothing_else(page: Page, site: str, api):
    uid, _, _ = await a_credential(api)
    widget = await page.request.get(f"{site}/c/{uid}/embed")
    assert "frame-ancestors *" in widget.headers["content-security-policy"]
    assert "x-frame-options" not in widget.headers
    whole = await page.request.get(f"{site}/c/{uid}", headers={"accept": "text/html"})
    assert "frame-ancestors 'none'" in whole.headers["content-security-policy"]
    assert whole.headers["x-frame-options"] == "DENY"


async def test_the_issuer_and_the_achievement_have_pages(page: Page, site: str, api, organisation: Organisation):
    _, _, achievement = await a_credential(api)
    await page.goto(f"{site}/i/{organisation.uid}")
    await page.get_by_role("link", name="Night owl").click()
    await expect(page.get_by_role("heading", name="Night owl")).to_be_visible()
    assert page.url.startswith(f"{site}/a/{achievement}")
    assert await violations(page) == []


async def test_what_a_credential_says_is_never_run(page: Page, site: str, api, organisation: Organisation):
    await api.patch("/api/v1/organisation", json={"name": XSS, "description": XSS})
    uid, award, achievement = await a_credential(
        api,
        achievement_name=XSS,
        tags=["</script><script>document.title='owned'</script>"],
        description="</script><script>document.title='owned'</script>",
        narrative=XSS,
        recipient_name=XSS,
        evidence=[{"id": "javascript:document.title='owned'", "name": XSS, "narrative": XSS}],
    )
    await api.post(f"/api/v1/awards/{award}/revoke", json={"reason": XSS})
    for path in (
        f"/c/{uid}",
        f"/c/{uid}/verification",
        f"/c/{uid}/embed",
        f"/a/{achievement}",
        f"/i/{organisation.uid}",
    ):
        answer = await page.goto(f"{site}{path}")
        assert answer is not None
        assert answer.status == 200, path
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert await page.title() != "owned", path
        assert await page.locator("a[href^='javascript']").count() == 0
        assert await page.locator("img[onerror]").count() == 0


async def test_the_verifier_explains_each_check(page: Page, site: str):
    await page.goto(f"{site}/verify")
    assert await violations(page) == []
    await page.get_by_label("or paste it").fill('{"not": "a credential"}')
    await page.get_by_role("button", name="Verify").click()
    await expect(page.get_by_text("Not verified")).to_be_visible()
    await page.get_by_label("or paste it").fill("")
    await page.get_by_role("button", name="Verify").click()
    await expect(page.get_by_text("choose a file, or paste")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_public_pages_keep_to_wcag_in_every_language(
    page: Page, narrow: Page, site: str, api, organisation: Organisation, language: str
):
    uid, award, achievement = await a_credential(api, tags=["astronomy"], narrative="With distinction.")
    places = ["/", "/verify", "/wallet", f"/a/{achievement}", f"/i/{organisation.uid}", f"/c/{'0' * 24}", f"/c/{uid}"]
    for one in (page, narrow):
        for place in places:
            await one.goto(f"{site}{place}?lang={language}")
            if place == f"/c/{uid}":
                await expect(one.locator(".checks")).to_be_visible()
            assert await violations(one) == [], place
            assert await one.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
    revoked = await api.post(f"/api/v1/awards/{award}/revoke", json={"reason": "Mixed up"})
    assert revoked.status_code < 300
    for place in (f"/c/{uid}", f"/c/{uid}/embed"):
        await page.goto(f"{site}{place}?lang={language}")
        assert await violations(page) == [], place


LONG = "Maximiliana Alexandrovna Konstantinopolitanskaya-Featherstonehaugh de la Fuente y Villanueva"


async def test_at_400_percent_nothing_leaves_the_page(browser: Browser, site: str, api):
    """1,280 pixels at 400 % (WCAG 2.2, 1.4.10) are 320: every page is read without scrolling sideways."""
    uid, _, achievement = await a_credential(api, achievement_name=LONG, recipient_name=LONG)
    context = await browser.new_context(viewport={"width": 320, "height": 256}, device_scale_factor=4)
    page = await context.new_page()
    for place in (
        f"/c/{uid}",
        f"/c/{uid}?lang=ar",
        f"/c/{uid}/embed",
        f"/a/{achievement}?lang=de",
        "/verify?lang=fr",
        "/",
    ):
        await page.goto(f"{site}{place}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, place
    await context.close()


async def test_forced_colours_and_reduced_motion_are_kept(browser: Browser, site: str, api):
    uid, _, _ = await a_credential(api)
    context = await browser.new_context(forced_colors="active", reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(f"{site}/c/{uid}")
    border = "getComputedStyle(document.querySelector('{}')).borderTopWidth"
    for outlined in (".stamp", ".languages [aria-current]", ".actions .button"):
        assert await page.evaluate(border.format(outlined)) != "0px", outlined
    await page.locator(".actions .button").first.hover()
    assert await page.evaluate("document.getAnimations().length") == 0
    assert await page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    await context.close()


async def test_a_credential_is_printed_on_one_page_with_its_address(page: Page, site: str, parts: Parts, api):
    uid, _, _ = await a_credential(api, tags=["astronomy"], narrative="With distinction.")
    await page.goto(f"{site}/c/{uid}")
    await expect(page.locator(".checks")).to_be_visible()
    printed = pdfium.PdfDocument(await page.pdf(format="A4"))
    assert len(printed) == 1
    text = printed[0].get_textpage().get_text_bounded().replace("\r\n", "")
    assert f"{parts.public_url}/c/{uid}" in text
    assert "Add to LinkedIn" not in text
    assert "Deutsch" not in text


async def test_pictures_say_that_a_credential_does_not_count(page: Page, site: str, api):
    uid, award, _ = await a_credential(api)
    before = await page.request.get(f"{site}/c/{uid}/badge.png?lang=en")
    assert "accept-language" in before.headers["vary"].lower()
    await api.post(f"/api/v1/awards/{award}/revoke", json={"reason": "Mixed up"})
    revoked = await page.request.get(
        f"{site}/c/{uid}/badge.png?lang=en", headers={"if-none-match": before.headers["etag"]}
    )
    assert revoked.status == 200
    picture = Image.open(io.BytesIO(await revoked.body())).convert("RGB")
    colours = {colour: count for count, colour in picture.getcolors(500_000)}
    assert colours[0xA1, 0x21, 0x1B] > 10_000
    assert all(
        max(colour) - min(colour) < 3
        for colour, count in colours.items()
        if count > 800 and colour != (0xA1, 0x21, 0x1B)
    )
    german = await page.request.get(f"{site}/c/{uid}/badge.png?lang=de")
    assert await german.body() != await revoked.body()


async def test_the_widget_keeps_its_size_whatever_the_names(browser: Browser, site: str, api):
    uid, _, _ = await a_credential(api, achievement_name=LONG, recipient_name=LONG)
    context = await browser.new_context(viewport={"width": 480, "height": 140})
    page = await context.new_page()
    await page.goto(f"{site}/c/{uid}/embed")
    assert await page.evaluate("document.documentElement.scrollHeight") <= 140
    await context.close()


async def test_the_public_page_keeps_to_its_weight(page: Page, site: str, api):
    uid, _, _ = await a_credential(api, tags=["astronomy"], narrative="With distinction.")
    await page.goto(f"{site}/c/{uid}")
    await expect(page.locator(".checks")).to_be_visible()
    sizes = await page.evaluate(
        "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
        ".filter(one => !one.name.includes('.png')).map(one => [one.name, one.decodedBodySize])"
    )
    assert sum(size for _, size in sizes) < 150_000, sizes
    blocking = await page.evaluate(
        "performance.getEntriesByType('resource').filter(one => one.renderBlockingStatus === 'blocking').map(one => one.name)"
    )
    # Two round trips to the first paint: the page, and one stylesheet. Letters and pictures come when they come.
    assert [urlsplit(name).path for name in blocking] == ["/static/laurel.css"]

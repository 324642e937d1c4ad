import asyncio
import contextlib
import io
import re

from PIL import Image
from playwright.async_api import Browser, Error, Page, Route, expect

from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from tests.browser.test_designs import a_copy
from tests.support.browsing import XSS, sign_in, violations

BOMB = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><defs><g id="a0"><rect width="1" height="1"/></g>'
    + "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 9))
    + '</defs><use href="#a8"/></svg>'
).encode()


def a_png(width: int = 40, height: int = 30) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#a02010").save(out, "PNG")
    return out.getvalue()


def a_file(data: bytes, name: str = "logo.png", kind: str = "image/png"):
    return {"name": name, "mimeType": kind, "buffer": data}


async def in_editor(
    page: Page, site: str, parts: Parts, organisation: Organisation, *, of: str = "badge-meridian"
) -> str:
    """Signed in, in the editor of a fresh copy; its address."""
    await sign_in(page, site, parts, organisation)
    uid = await a_copy(page, site, of=of)
    return f"{site}/console/designs/{uid}/edit"


async def picture(page: Page) -> str:
    """The drawing that is shown."""
    return await page.locator("#preview img").get_attribute("src") or ""


async def press(page: Page, name: str) -> None:
    """A button pressed, and its answer shown."""
    async with page.expect_response(re.compile("/edit$")):
        await page.get_by_role("button", name=name, exact=True).click()
    await expect(page.locator("#studio.htmx-request, #studio.htmx-settling, #studio.htmx-swapping")).to_have_count(0)


async def open_layer(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()
    await expect(page.get_by_role("heading", name=name, exact=True, level=2)).to_be_visible()


async def test_the_picture_follows_what_is_typed_and_saving_keeps_it(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    address = await in_editor(page, site, parts, organisation)
    await open_layer(page, "[achievement.name]")
    before = await picture(page)
    await page.get_by_label("Words", exact=True).fill("Finished: [achievement.name]")
    await expect(page.locator("#preview img")).not_to_have_attribute("src", before)
    await page.get_by_label("With which name on it").select_option("arabic")
    await page.get_by_label("Colour", exact=True).fill("#ff8800")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved. Credentials look like this now.")).to_be_visible()
    await page.goto(f"{address}?layer=10")
    await expect(page.get_by_label("Words", exact=True)).to_have_value("Finished: [achievement.name]")
    await expect(page.get_by_label("Colour", exact=True)).to_have_value("#ff8800")


async def test_layers_are_added_moved_copied_and_removed_by_keyboard_alone(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    await in_editor(page, site, parts, organisation)
    rows = page.locator(".layers .name")
    count = await rows.count()
    await page.get_by_label("Add a layer").focus()
    await page.keyboard.type("Star")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(rows).to_have_count(count + 1)
    await expect(rows.first).to_have_text("Star")
    await expect(page.get_by_label("Outline")).to_be_visible()
    await page.get_by_role("button", name="Move down: Star").focus()
    await page.keyboard.press("Enter")
    await expect(rows.nth(1)).to_have_text("Star")
    await expect(page.get_by_role("button", name="Move down: Star")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(rows.nth(2)).to_have_text("Star")
    await page.get_by_role("button", name="Copy: Star").focus()
    await page.keyboard.press("Enter")
    await expect(rows).to_have_count(count + 2)
    await page.get_by_role("button", name="Remove: Star").focus()
    await page.keyboard.press("Enter")
    await expect(rows).to_have_count(count + 1)
    await page.get_by_role("button", name="Save").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(rows).to_have_count(count + 1)


async def test_what_was_done_is_undone_and_done_again(page: Page, site: str, parts: Parts, organisation: Organisation):
    await in_editor(page, site, parts, organisation)
    rows = page.locator(".layers .name")
    count = await rows.count()
    await open_layer(page, "[issuer.name]")
    before = await picture(page)
    await page.get_by_label("Size").fill("40")
    await expect(page.locator("#preview img")).not_to_have_attribute("src", before)
    await page.get_by_role("button", name="Remove: [issuer.name]").click()
    await expect(rows).to_have_count(count - 1)
    await page.get_by_role("button", name="Undo").click()
    await expect(rows).to_have_count(count)
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("#preview img")).to_have_attribute("src", before)
    await page.get_by_role("button", name="Redo").click()
    await page.get_by_role("button", name="Redo").click()
    await expect(rows).to_have_count(count - 1)
    await page.get_by_role("link", name="Revert to saved").click()
    await expect(rows).to_have_count(count)


async def test_a_picture_that_comes_late_takes_nothing_back(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    await in_editor(page, site, parts, organisation)
    await open_layer(page, "[issuer.name]")
    rows = page.locator(".layers .name")
    count = await rows.count()
    go_on = asyncio.Event()

    async def late(route: Route) -> None:
        await go_on.wait()
        with contextlib.suppress(Error):  # the editor has given the request up
            await route.continue_()

    await page.route(re.compile("/preview$"), late)
    async with page.expect_request(re.compile("/preview$")):
        await page.get_by_label("Size").fill("30")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(rows).to_have_count(count + 1)
    go_on.set()
    await page.unroute_all(behavior="wait")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(rows).to_have_count(count + 1)


async def test_a_layer_is_moved_and_sized_in_the_picture(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    await in_editor(page, site, parts, organisation)
    await open_layer(page, "Star")
    left, width = await page.get_by_label("Left").input_value(), await page.get_by_label("Width").first.input_value()
    box = await page.locator(".handles .mark").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 30, y + 10, steps=3)
    async with page.expect_response(re.compile("/preview$")):
        await page.mouse.up()
    await expect(page.get_by_label("Left")).not_to_have_value(left)
    await expect(page.locator("#preview.htmx-request, #preview.htmx-swapping, #preview.htmx-settling")).to_have_count(0)
    await expect(page.locator("#preview [data-layer='6']")).to_have_attribute(
        "x", await page.get_by_label("Left").input_value()
    )
    grip = await page.locator("[data-grip]").bounding_box()
    assert grip is not None
    await page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    await page.mouse.down()
    await page.mouse.move(grip["x"] + 40, grip["y"] + 40, steps=3)
    await page.mouse.up()
    await expect(page.get_by_label("Width").first).not_to_have_value(width)


async def test_what_is_mirrored_follows_the_pointer_too(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    await in_editor(page, site, parts, organisation, of="certificate-sterling-a4-landscape")
    await page.get_by_label("With which name on it").select_option("arabic")
    await expect(page.locator(".handles[data-mirrored]")).to_have_count(1)
    await open_layer(page, "[credential.issued_on]")
    left = float(await page.get_by_label("Left").input_value())
    box = await page.locator(".handles .mark").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x - 30, y, steps=3)
    moved = await page.locator(".handles .mark").bounding_box()
    await page.mouse.up()
    assert moved is not None
    assert moved["x"] < box["x"] - 20
    await expect(page.get_by_label("Left")).not_to_have_value(f"{left:g}")
    assert float(await page.get_by_label("Left").input_value()) > left


async def test_a_mistake_is_said_beside_its_field_and_nothing_is_lost(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    await in_editor(page, site, parts, organisation)
    await open_layer(page, "[achievement.name]")
    for label, wrong, said in (
        ("Left", "90000", "must be at most 5000"),
        ("Size", "1", "must be at least 3"),
        ("Shrinks down to", "400", "more than its size"),
        ("Lines at most", "2.5", "whole number"),
        ("Colour", "sea green", "write a colour"),
        ("Colour", "@nothing", "names the colour @nothing"),
    ):
        field = page.get_by_label(label, exact=True)
        right = await field.input_value()
        await field.fill(wrong)
        mistake = page.locator(".field").filter(has=field).locator(".mistake")
        await expect(mistake).to_contain_text(said)
        await expect(field).to_have_attribute("aria-invalid", "true")
        await press(page, "Save")
        await expect(page.get_by_text("Something needs your attention below")).to_be_visible()
        await expect(field).to_have_value(wrong)
        await expect(mistake).to_contain_text(said)
        await field.fill(right)
        await expect(mistake).to_have_count(0)
    await page.get_by_label("Words", exact=True).fill("")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("write some words, or remove this layer")).to_be_visible()


async def test_pictures_are_placed_and_bad_files_are_refused_beside_the_field(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    await in_editor(page, site, parts, organisation)
    field = page.get_by_label("Picture to add")
    for data, said in (
        (BOMB, "elements, with every reference drawn, the limit is 20000"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "not well-formed"),
        (a_png()[:60], "cannot be read as a picture"),
        (b"#!/bin/sh\necho hello", "none of PNG, JPEG, GIF, WebP, SVG"),
        (a_png(13_000, 1), "pixels on a side, the limit is 12000"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * (5 * 1024 * 1024), "the limit is 5242880"),
    ):
        await field.set_input_files(a_file(data))
        await expect(page.locator("#slot-added_picture .mistake")).to_contain_text(said)
    await field.set_input_files(a_file(a_png()))
    await expect(page.locator(".layers .name").first).to_have_text("Picture")
    await expect(page.locator("#slot-added_picture .mistake")).to_have_count(0)
    await page.get_by_label("What it shows").fill("Our logo")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.get_by_role("button", name="Our logo", exact=True)).to_be_visible()
    before = await picture(page)
    await page.get_by_label("Another picture").set_input_files(
        a_file(
            b"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'><script>alert(1)</script><circle r='20'/></svg>"
        )
    )
    await expect(page.locator("#preview img")).not_to_have_attribute("src", before)
    await page.get_by_role("button", name="Source").click()
    await expect(page.get_by_label("The design as JSON")).to_have_value(re.compile(r'"upload:[0-9a-f]{24}"'))


async def test_the_source_says_the_line_of_a_mistake(page: Page, site: str, parts: Parts, organisation: Organisation):
    await in_editor(page, site, parts, organisation)
    await page.get_by_role("button", name="Source").click()
    source = page.get_by_label("The design as JSON")
    text = await source.input_value()
    line = text[: text.index('"outline": "star"')].count("\n") + 1
    for wrong, said in (
        (
            text.replace('"outline": "star"', '"outline": "stars"'),
            f"line {line}: nodes[6].outline: there is no 'stars' to choose",
        ),
        (text.replace('"canvas":', '"canvas"'), "this is no JSON"),
        (text.replace('"name": "Meridian (copy)"', '"name": "x", "colour": 1'), "unknown field `colour`"),
        ("[" * 500, "nested 500 levels deep, the limit is 32"),
        ('{"nodes": {"a": 1}}', "nodes must be a list"),
        ("12", "a design is a JSON object"),
        (text.replace('"kind": "badge"', '"kind": "certificate"'), "this is a badge, and stays one"),
    ):
        await source.fill(wrong)
        await press(page, "Save")
        await expect(page.locator("#slot-source .mistake")).to_contain_text(said)
        await expect(source).to_have_value(wrong)
    await source.fill(text.replace("[credential.issued_on]", "Since [credential.issued_on]"))
    await page.get_by_role("button", name="Design", exact=True).click()
    await expect(page.get_by_role("button", name="Since [credential.issued_on]", exact=True)).to_be_visible()


async def test_two_editors_notice_each_other(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation
):
    address = await in_editor(page, site, parts, organisation)
    await sign_in(narrow, site, parts, organisation)
    await narrow.goto(address)
    await narrow.get_by_label("Name", exact=True).fill("Theirs")
    await narrow.get_by_role("button", name="Save").click()
    await expect(narrow.get_by_text("Saved.")).to_be_visible()
    await page.get_by_label("Name", exact=True).fill("Mine")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("changed this design since you opened it")).to_be_visible()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Mine")
    await page.get_by_role("button", name="Save mine over it").click()
    await expect(page.get_by_role("heading", name="Mine", level=1)).to_be_visible()


async def test_everything_works_without_scripts(
    browser: Browser, page: Page, site: str, parts: Parts, organisation: Organisation
):
    address = await in_editor(page, site, parts, organisation)
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    await context.add_cookies(await page.context.cookies())  # type: ignore[arg-type] # what one gives the other takes
    plain = await context.new_page()
    await plain.goto(address)
    await plain.get_by_role("button", name="[achievement.name]", exact=True).click()
    before = await picture(plain)
    await plain.get_by_label("Words", exact=True).fill("Well done")
    await plain.get_by_role("button", name="Preview").click()
    assert await picture(plain) != before
    await plain.get_by_label("Filled in from the credential").select_option("recipient.name")
    await plain.get_by_role("button", name="Insert").click()
    assert await plain.get_by_label("Words", exact=True).input_value() == "Well done [recipient.name]"
    await plain.get_by_text("In another language").click()
    await plain.get_by_label("Language").fill("de")
    await plain.get_by_role("button", name="Add it").click()
    await plain.get_by_label("Words (de)").fill("Gut gemacht")
    await plain.get_by_label("Size").fill("")
    await plain.get_by_role("button", name="Save").click()
    await expect(plain.get_by_text("write a number")).to_be_visible()
    await plain.get_by_label("Size").fill("30")
    await plain.get_by_label("Picture to add").set_input_files(a_file(a_png()))
    await plain.get_by_label("Add a layer").select_option("picture")
    await plain.get_by_role("button", name="Add", exact=True).click()
    await expect(plain.get_by_role("button", name="Picture", exact=True)).to_be_visible()
    await plain.get_by_role("button", name="Save").click()
    await expect(plain.get_by_text("Saved.")).to_be_visible()
    await plain.get_by_role("button", name="Source").click()
    assert '"de": "Gut gemacht"' in await plain.get_by_label("The design as JSON").input_value()
    await context.close()


async def test_what_designers_type_is_never_run(page: Page, site: str, parts: Parts, organisation: Organisation):
    address = await in_editor(page, site, parts, organisation)
    await page.get_by_label("Name", exact=True).fill(XSS[:200])
    await page.get_by_role("button", name="Add", exact=True).click()
    await page.get_by_label("Words", exact=True).fill(XSS)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    uid = address.split("/")[-2]
    for path in (
        f"/console/designs/{uid}/edit?layer=11&sample={XSS}",
        f"/console/designs/{uid}?sample={XSS}",
        "/console/designs",
    ):
        answer = await page.goto(f"{site}{path}")
        assert answer is not None
        assert answer.status == 200
        assert await page.title() != "owned", path
        assert await page.locator("main script, main img[onerror]").count() == 0, path
        assert "unsafe" not in answer.headers["content-security-policy"]
    await page.goto(f"{address}?layer=11")
    await page.get_by_role("button", name="Source").click()
    await expect(page.get_by_label("The design as JSON")).to_have_value(re.compile("onerror"))
    assert await page.title() != "owned"


async def test_a_session_that_ends_in_the_middle_loses_nothing(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    await in_editor(page, site, parts, organisation)
    await open_layer(page, "[achievement.name]")
    await page.get_by_label("Words", exact=True).fill("Typed before the session ended")
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("what you typed is kept")).to_be_visible()


async def test_designs_keep_to_wcag_in_light_and_dark(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation
):
    address = await in_editor(page, site, parts, organisation, of="certificate-sterling-a4-landscape")
    await narrow.context.add_cookies(await page.context.cookies())  # type: ignore[arg-type] # what one gives the other takes
    uid = address.split("/")[-2]
    for path in ("", f"/{uid}", "/badge-orbit", f"/{uid}/edit", f"/{uid}/edit?layer=0", f"/{uid}/edit?layer=12"):
        for one in (page, narrow):
            await one.goto(f"{site}/console/designs{path}")
            assert await violations(one) == [], path
        assert await narrow.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    await page.get_by_role("button", name="Source").click()
    await expect(page.get_by_label("The design as JSON")).to_be_visible()
    assert await violations(page) == []

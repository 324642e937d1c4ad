"""The logo of an organisation in the console, by pointer, by keyboard alone, and without scripts."""

import re

from playwright.async_api import expect

from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.outside.http import HttpAnswer
from tests.rendering.uploads import a_png
from tests.support.browsing import violations
from tests.support.hands import Hands, Touch
from tests.support.work import run_jobs

_DRAWN = "one => one.complete && one.naturalWidth"


def a_file(data: bytes):
    return {"name": "logo.png", "mimeType": "image/png", "buffer": data}


async def test_a_logo_is_uploaded_fetched_and_removed(hands: Hands, parts: Parts, organisation: Organisation, outgoing):
    page = hands.page
    await hands.go("/console/settings")
    await hands.send(page.get_by_role("link", name="Add a logo"))
    await hands.send(hands.button("Upload"))
    await expect(page.locator("#mistake-file")).to_contain_text("choose a file first")
    await hands.attach(hands.field("Picture"), a_file(b"#!/bin/sh"))
    await hands.send(hands.button("Upload"))
    await expect(page.locator("#mistake-file")).to_contain_text("the file is none of PNG, JPEG")
    await hands.attach(hands.field("Picture"), a_file(a_png(320, 160, "#c0392b")))
    await hands.send(hands.button("Upload"))
    await expect(page.get_by_text("This is your logo now.")).to_be_visible()
    shown = page.get_by_role("img", name=f"The logo of {organisation.name}")
    assert await shown.evaluate(_DRAWN) == 160
    assert await page.locator(".brand img").locator("visible=true").first.evaluate(_DRAWN) == 160
    if not isinstance(hands, Touch):  # axe is a script
        assert await violations(page) == []

    await hands.fill(hands.field("Address of a picture"), "https://127.0.0.1/x.png")
    await hands.send(hands.button("Fetch it"))
    await expect(page.locator("#mistake-address")).to_contain_text("not a public one")
    await expect(hands.field("Address of a picture")).to_have_value("https://127.0.0.1/x.png")
    for status, body, said in ((404, b"", "the address answers 404"), (200, a_png(50, 50), "50 by 50 pixels")):
        outgoing.answers = lambda _, status=status, body=body: HttpAnswer(status, {}, body, 1)
        await hands.fill(hands.field("Address of a picture"), "https://pictures.example.org/x.png")
        await hands.send(hands.button("Fetch it"))
        await expect(page.get_by_text("A picture is being fetched from pictures.example.org.")).to_be_visible()
        await run_jobs(parts, organisation, "logos.fetch")
        await hands.send(page.get_by_role("link", name="See whether it is there"))
        await expect(page.get_by_text(re.compile(said))).to_be_visible()

    await hands.press(hands.folded("Remove the logo…"))
    await hands.send(hands.button("Remove the logo"))
    await expect(page.get_by_text("There is no logo any more.")).to_be_visible()
    await expect(shown).to_have_count(0)

"""The ways in which people work a page: with a pointer, with the keyboard alone, by touch on a telephone without scripts.

A flow written once over `Hands` is driven in each way. The keyboard goes to a field by Tab, and fails where the focus
cannot be seen.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page

from tests.support.browsing import PATIENCE_MILLISECONDS

_TRIES_MAX = 200
_SEEN = """one => {
  const shown = [one, one.closest('.choice')].filter(Boolean).map(element => getComputedStyle(element));
  return shown.some(style => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2);
}"""
_STEPS = """one => {
  const now = document.activeElement;
  if (now === one) return 0;
  const stops = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter(
    element => element.tabIndex >= 0 && !element.disabled && element.type !== 'hidden' && element.checkVisibility());
  const from = now && now !== document.body
    ? stops.findLastIndex(stop => stop === now || now.compareDocumentPosition(stop) & Node.DOCUMENT_POSITION_PRECEDING) : -1;
  return stops.indexOf(one) - from || 1;
}"""


class Hands:
    """With a pointer."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site

    async def go(self, path: str) -> None:
        """Open a page."""
        await self.page.goto(f"{self.site}{path}")

    def field(self, label: str | re.Pattern[str], inside: Any = None) -> Locator:
        """A field by its label: all of it, or what a pattern finds."""
        named = (inside or self.page.locator("main")).get_by_label(label, exact=True)
        return named.and_(self.page.locator("input, select, textarea"))

    def button(self, name: str) -> Locator:
        """A button by its words."""
        return self.page.get_by_role("button", name=name, exact=True)

    def folded(self, name: str) -> Locator:
        """What opens when it is pressed, by its name."""
        return self.page.locator(f'summary[aria-label="{name}"]')

    async def fill(self, field: Locator, text: str) -> None:
        """Write into a field what it shall say."""
        await field.fill(text)

    async def choose(self, field: Locator, words: str) -> None:
        """Choose an option of a list by its words."""
        await field.select_option(label=words)

    async def tick(self, box: Locator, *, on: bool = True) -> None:
        """Tick a box, or take the tick away."""
        await box.set_checked(on)

    async def press(self, target: Locator) -> None:
        """Press a button or open what is folded, on the same page."""
        await target.click()

    async def send(self, target: Locator) -> None:
        """Press a button or follow a link that leads to another page."""
        async with self.page.expect_navigation():
            await self.press(target)

    async def attach(self, field: Locator, file: Any) -> None:
        """Choose a file."""
        await field.set_input_files(file)

    async def submit(self, field: Locator, button: Locator) -> None:
        """Send a form after its last field was written."""
        del field
        await self.send(button)


class Keyboard(Hands):
    """With the keyboard alone."""

    async def reach(self, target: Locator) -> None:
        """Go to something by Tab (or Shift+Tab when it lies before)."""
        for tried in range(_TRIES_MAX):
            steps = await target.evaluate(_STEPS)
            if not steps:
                assert await target.evaluate(_SEEN), f"the focus on {target} cannot be seen"
                return
            for _ in range(
                1 if tried else abs(steps)
            ):  # dates have several stops, radio buttons one: then step by step
                await self.page.keyboard.press("Tab" if steps > 0 else "Shift+Tab")
        raise AssertionError(f"{target} cannot be reached by Tab")

    async def go(self, path: str) -> None:
        """Open a page and skip its navigation."""
        await super().go(path)
        await self.skip()

    async def skip(self) -> None:
        """Skip the navigation, as the first link of every page offers."""
        await self.page.keyboard.press("Tab")
        if await self.page.evaluate("document.activeElement.matches('.skip')"):
            await self.page.keyboard.press("Enter")

    async def fill(self, field: Locator, text: str) -> None:
        """Write into a field with the keys."""
        await self.reach(field)
        await self.page.keyboard.press("Control+a")
        await self.page.keyboard.press("Delete")
        await self.page.keyboard.insert_text(text)

    async def choose(self, field: Locator, words: str) -> None:
        """Choose with the arrow keys."""
        await self.reach(field)
        steps = await field.evaluate(
            "(one, words) => [...one.options].findIndex(option => option.label === words) - one.selectedIndex", words
        )
        for _ in range(abs(steps)):
            await self.page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
        assert await field.evaluate("one => one.selectedOptions[0].label") == words

    async def tick(self, box: Locator, *, on: bool = True) -> None:
        """Tick with the space bar."""
        await self.reach(box)
        if await box.is_checked() != on:
            await self.page.keyboard.press("Space")

    async def press(self, target: Locator) -> None:
        """Press with the Enter key."""
        await self.reach(target)
        await self.page.keyboard.press("Enter")

    async def send(self, target: Locator) -> None:
        """Press with the Enter key, and skip the navigation of the page that comes."""
        await self.reach(target)
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")
        if await self.page.locator("[aria-invalid=true]").count() == 0:
            await self.skip()

    async def attach(self, field: Locator, file: Any) -> None:
        """Open the chooser of files with the space bar."""
        await self.reach(field)
        async with self.page.expect_file_chooser() as opened:
            await self.page.keyboard.press("Space")
        await (await opened.value).set_files(file)

    async def submit(self, field: Locator, button: Locator) -> None:
        """Enter in the last field sends the form."""
        del button
        await self.send(field)


class Touch(Hands):
    """With a finger."""

    async def press(self, target: Locator) -> None:
        """Tap."""
        await target.tap()


TOUCH = "touch without scripts"
WAYS: dict[str, type[Hands]] = {"pointer": Hands, "keyboard": Keyboard, TOUCH: Touch}
TELEPHONE: dict[str, Any] = {
    "java_script_enabled": False,
    "has_touch": True,
    "viewport": {"width": 390, "height": 844},
}


@asynccontextmanager
async def working(
    way: str, browser: Browser, site: str, enter: Callable[[BrowserContext], Awaitable[object]]
) -> AsyncIterator[Hands]:
    """Somebody at work in one of the ways in which people work, after `enter` has let them in; no script may have failed."""
    telephone = TELEPHONE if way == TOUCH else {}
    context = await browser.new_context(locale="en-GB", timezone_id="UTC", reduced_motion="reduce", **telephone)
    await enter(context)
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield WAYS[way](page, site)
    await context.close()
    assert errors == []

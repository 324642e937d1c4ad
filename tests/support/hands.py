"""The ways in which people work a page: with a pointer, with the keyboard alone, with a pointer and no scripts.

A flow written once over `Hands` is driven in each way. The keyboard goes to a field by Tab, and fails where the focus
cannot be seen.
"""

import re
from typing import Any

from playwright.async_api import Locator, Page

_TABS_MAX = 250
_SEEN = """one => {
  const shown = [one, one.closest('.choice')].filter(Boolean).map(element => getComputedStyle(element));
  return shown.some(style => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2);
}"""
_WHERE = """one => {
  const now = document.activeElement;
  if (now === one) return 'here';
  return now && now !== document.body && now.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING ? 'before' : 'after';
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
        key = "Shift+Tab" if await target.evaluate(_WHERE) == "before" else "Tab"
        for _ in range(_TABS_MAX):
            if await target.evaluate(_WHERE) == "here":
                assert await target.evaluate(_SEEN), f"the focus on {target} cannot be seen"
                return
            await self.page.keyboard.press(key)
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


WAYS: dict[str, type[Hands]] = {"pointer": Hands, "keyboard": Keyboard, "no script": Hands}

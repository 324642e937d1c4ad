"""Pages seen through a real Chromium, the one that the system has.

Where there is none, these tests are left out with a notice; in CI that is a failure.
"""

import dataclasses
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from laurel.application import surfaces
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.outside.http import GuardedHttp
from laurel.web.server import create_web
from tests.support.browsing import PATIENCE_MILLISECONDS, admit
from tests.support.hands import WAYS, Hands, working
from tests.support.served import free_port, served

HERE = Path(__file__).parent
# The first is the same browser without a window of its own: a third of the processor time of the others.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)
MISSING = "Browser tests need Chromium, and none is on the PATH: install it (Debian: apt-get install chromium-headless-shell)."
IN_CI = bool(os.environ.get("CI"))
# No sandbox of its own: the tests may run as root, and every page they open is ours.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
expect.set_options(timeout=PATIENCE_MILLISECONDS)
left_out: list[pytest.Item] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = [item for item in items if item.path.is_relative_to(HERE)]
    for item in here:
        item.add_marker(pytest.mark.browser)
    if CHROMIUM is None and not IN_CI and here:
        left_out.extend(here)
        items[:] = [item for item in items if item not in here]
        config.hook.pytest_deselected(items=here)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if left_out:
        terminalreporter.write_line(f"{MISSING} Left out: {len(left_out)}.", yellow=True)


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.fail(MISSING)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page in a context of its own; a script error or a breach of the content policy fails the test."""
    context = await browser.new_context(locale="en-GB", timezone_id="UTC")
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None
    )
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    yield page
    await context.close()
    assert errors == []


@pytest_asyncio.fixture(scope="session")
async def site(_parts: Parts) -> AsyncIterator[str]:
    """The address of the whole application, over the tests' database and clock. Jobs are run by the tests that need them."""
    async with served(create_web(_parts, surfaces())) as address:
        yield address


@pytest_asyncio.fixture
async def narrow(browser: Browser) -> AsyncIterator[Page]:
    """A telephone in dark mode."""
    context = await browser.new_context(
        locale="en-GB", timezone_id="UTC", color_scheme="dark", viewport={"width": 390, "height": 844}
    )
    yield await context.new_page()
    await context.close()


@pytest_asyncio.fixture(scope="module")
async def open_site(_parts: Parts) -> AsyncIterator[tuple[str, Parts]]:
    """The application at its own public address, allowed to ask providers on loopback."""
    port = free_port()
    http = GuardedHttp(["127.0.0.0/8"])
    parts = dataclasses.replace(_parts, http=http, public_url=f"http://127.0.0.1:{port}")
    async with served(create_web(parts, surfaces()), port=port) as address:
        yield address, parts
    await http.close()


@pytest_asyncio.fixture(params=list(WAYS))
async def hands(
    request: pytest.FixtureRequest, browser: Browser, site: str, parts: Parts, organisation: Organisation
) -> AsyncIterator[Hands]:
    """An owner of the organisation at work in the console, in each way in which people work."""
    async with working(
        request.param, browser, site, lambda context: admit(context, site, parts, organisation)
    ) as somebody:
        yield somebody

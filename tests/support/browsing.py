"""What browser tests do over and over: sign in, and look at a page with axe."""

from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page

from laurel.domain.access import sessions
from laurel.domain.organisations.model import Account, Organisation
from laurel.domain.parts import Parts
from laurel.web.pages.visits import SESSION
from tests.support.builders import an_account

AXE = Path(__file__).parents[1] / "browser" / "axe" / "axe.min.js"
PATIENCE_MILLISECONDS = 30_000
"""What a busy machine may take for one step; only a test that fails waits as long."""
PASSWORD = "correct horse battery"
XSS = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>'\"{{7*7}}"


async def sign_in(page: Page, site: str, parts: Parts, organisation: Organisation, *, role: str = "owner") -> Account:
    """A fresh account of the organisation, signed in on `page`."""
    account = await an_account(parts, organisation, role=role, password=PASSWORD)
    await page.goto(f"{site}/console/sign-in")
    await page.get_by_label("E-mail address").fill(account.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{site}/console")
    return account


async def admit(context: BrowserContext, site: str, parts: Parts, organisation: Organisation, **wishes: Any) -> Account:
    """A fresh account of the organisation, with its session in the context's cookies: where signing in is not the matter."""
    account = await an_account(parts, organisation, **{"role": "owner", **wishes})
    async with parts.database.transaction(organisation.id) as tx:
        opened = await sessions.open_for(tx, account, pepper=parts.pepper, now=parts.clock.now())
    await context.add_cookies([{"name": SESSION, "value": opened.cookie, "url": site}])
    return account


async def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA on the page as it is, as readable lines."""
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("Page.setBypassCSP", {"enabled": True})
    await cdp.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    found: dict[str, Any] = await page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations']})"
    )
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]

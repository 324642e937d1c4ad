from playwright.async_api import Page, expect

from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from tests.support.browsing import sign_in
from tests.support.events import an_achievement


async def a_copy(page: Page, site: str, *, of: str = "badge-meridian") -> str:
    """A copy of a built-in design; its uid."""
    await page.goto(f"{site}/console/designs/{of}")
    await page.get_by_role("button", name="Make it your own").click()
    await page.wait_for_url(f"{site}/console/designs/*/edit")
    return page.url.split("/")[-2]


async def test_a_built_in_design_is_copied_renamed_and_used(
    page: Page, site: str, parts: Parts, organisation: Organisation, api
):
    achievement = await an_achievement(api, name="First aid")
    await sign_in(page, site, parts, organisation)
    uid = await a_copy(page, site)
    await page.goto(f"{site}/console/designs/{uid}")
    await page.get_by_label("Name", exact=True).fill("Our own badge")
    await page.get_by_role("button", name="Rename it").click()
    await expect(page.get_by_role("heading", name="Our own badge", level=1)).to_be_visible()
    await page.get_by_label("Use it for").select_option(label="First aid")
    await page.get_by_role("button", name="Use it").click()
    await expect(page.get_by_text("The badge of First aid looks like this now.")).to_be_visible()
    await page.goto(f"{site}/console/designs")
    await expect(page.get_by_role("listitem").filter(has_text="Our own badge")).to_contain_text("used by 1 achievement")
    seen = await api.get(f"/api/v1/achievements/{achievement['id']}")
    assert seen.json()["credential"]["badge_design"] == uid


async def test_a_design_that_is_used_or_default_is_not_deleted_and_says_why(
    page: Page, site: str, parts: Parts, organisation: Organisation, api
):
    achievement = await an_achievement(api, name="First aid")
    await sign_in(page, site, parts, organisation)
    uid = await a_copy(page, site)
    await page.goto(f"{site}/console/designs/{uid}")
    await page.get_by_label("Use it for").select_option(achievement["id"])
    await page.get_by_role("button", name="Use it").click()
    await page.get_by_text("Delete this design").click()
    await page.get_by_role("button", name="Delete it").click()
    await expect(page.get_by_text("credentials of First aid look like this")).to_be_visible()
    await page.goto(f"{site}/console/designs/badge-orbit")
    await page.get_by_label("Use it for").select_option(achievement["id"])
    await page.get_by_role("button", name="Use it").click()
    await page.goto(f"{site}/console/designs/{uid}")
    await page.get_by_role("button", name="Make it the default").click()
    await page.get_by_text("Delete this design").click()
    await page.get_by_role("button", name="Delete it").click()
    await expect(page.get_by_text("this is the default badge")).to_be_visible()
    await page.goto(f"{site}/console/designs/badge-prism")
    await page.get_by_role("button", name="Make it the default").click()
    await page.goto(f"{site}/console/designs/{uid}")
    await page.get_by_text("Delete this design").click()
    await page.get_by_role("button", name="Delete it").click()
    await expect(page.get_by_text("The design is deleted.")).to_be_visible()
    gone = await page.goto(f"{site}/console/designs/{uid}")
    assert gone is not None
    assert gone.status == 404


async def test_a_picture_of_a_design_is_known_again_by_its_hash(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    await sign_in(page, site, parts, organisation)
    address = f"{site}/console/designs/certificate-sterling-a4-landscape/picture.png?sample="
    first = await page.request.get(address + "long")
    assert (await first.body()).startswith(b"\x89PNG")
    again = await page.request.get(address + "long", headers={"if-none-match": first.headers["etag"]})
    assert (again.status, await again.body()) == (304, b"")
    other = await page.request.get(address + "arabic")
    assert other.headers["etag"] != first.headers["etag"]


async def test_nobody_sees_or_changes_the_designs_of_another_organisation(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation, other_organisation: Organisation
):
    await sign_in(page, site, parts, organisation)
    uid = await a_copy(page, site)
    await sign_in(narrow, site, parts, other_organisation)
    for path in ("", "/picture.png", "/edit"):
        answer = await narrow.goto(f"{site}/console/designs/{uid}{path}")
        assert answer is not None
        assert answer.status == 404, path
    token = await narrow.request.get(f"{site}/console/designs")
    found = (await token.text()).split('name="token" value="')[1].split('"')[0]
    for change in ("copy", "rename", "delete", "default", "use"):
        refused = await narrow.request.post(
            f"{site}/console/designs/{uid}", form={"token": found, "change": change, "name": "Stolen"}
        )
        assert refused.status == 404, change


async def test_a_viewer_looks_at_designs_and_changes_none(
    page: Page, site: str, parts: Parts, organisation: Organisation
):
    await sign_in(page, site, parts, organisation, role="viewer")
    await page.goto(f"{site}/console/designs")
    await expect(page.get_by_role("heading", name="Built in")).to_be_visible()
    await expect(page.get_by_role("button", name="Make it your own")).to_have_count(0)
    await page.goto(f"{site}/console/designs/badge-orbit")
    await expect(page.get_by_role("button", name="Make it the default")).to_have_count(0)

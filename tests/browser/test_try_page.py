import httpx
from playwright.async_api import Page, Route, expect

from tests.support.fixtures import BASE_URL


async def through(page: Page, application: httpx.ASGITransport) -> None:
    """Have the page's requests answered by the application in this process."""
    client = httpx.AsyncClient(transport=application, base_url=BASE_URL)

    async def answer(route: Route) -> None:
        asked = route.request
        given = await client.request(
            asked.method, asked.url, headers=await asked.all_headers(), content=asked.post_data_buffer
        )
        await route.fulfill(status=given.status_code, headers=dict(given.headers), body=given.content)

    await page.route("**/*", answer)


async def test_the_api_can_be_tried_by_hand(page: Page, application, key, organisation):
    await through(page, application)
    await page.goto(f"{BASE_URL}/docs")
    await page.get_by_label("API key").fill(key.text)
    await page.get_by_label("Find").fill("departments post")
    operation = page.locator("details:visible")
    await expect(operation).to_have_count(1)
    await operation.locator("summary").click()
    await operation.get_by_label("Body").fill('{"name": "<b>Night school</b>"}')
    await operation.get_by_role("button", name="Send").click()
    output = operation.locator("pre")
    await expect(output).to_contain_text("201 in")
    await expect(output).to_contain_text("<b>Night school</b>")
    assert await operation.locator("pre b").count() == 0

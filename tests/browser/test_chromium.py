from playwright.async_api import Page, expect


async def test_the_browser_runs_scripts_and_shows_what_they_do(page: Page):
    await page.set_content("<h1>before</h1><script>document.querySelector('h1').textContent = 'after'</script>")
    await expect(page.get_by_role("heading")).to_have_text("after")

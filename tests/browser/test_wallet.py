import email
import email.policy
import json
import re
from pathlib import Path

from playwright.async_api import Page, expect

from laurel.domain.letters import sending
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from tests.support.browsing import sign_in, violations
from tests.support.builders import a_number
from tests.support.events import an_achievement


def read_mails(mails: Path) -> list[email.message.EmailMessage]:
    """The mails that were written, oldest first."""
    found = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in sorted(mails.glob("*.eml"))
    ]
    return [mail for mail in found if isinstance(mail, email.message.EmailMessage)]


def body_of(mail: email.message.EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return part.get_content()


async def a_learner(api, **wishes) -> tuple[str, str]:
    """(address, uid of a credential issued to it)."""
    address = f"learner{a_number()}@example.org"
    achievement = await an_achievement(api, name="Night owl")
    answer = await api.post(
        f"/api/v1/achievements/{achievement['id']}/awards",
        json={"person": {"email": address}, "create_person": True, "recipient_name": "Ada Lovelace", **wishes},
    )
    assert answer.status_code == 201, answer.text
    return address, answer.json()["credential"]


async def open_wallet(
    page: Page, site: str, parts: Parts, organisation: Organisation, mails: Path, address: str
) -> str:
    """The wallet of an address, opened through its mail; the link that was used."""
    await page.goto(f"{site}/wallet")
    await page.get_by_label("E-mail address").fill(address)
    await page.get_by_role("button", name="Send me the link").click()
    await expect(page.get_by_text("Look into your mail.")).to_be_visible()
    await sending.send_link(parts, {"organisation_id": organisation.id, "email": address, "language": "en"})
    link = re.search(r"/wallet/open\?link=\S+", body_of(read_mails(mails)[-1]))
    assert link is not None
    await page.goto(site + link[0])
    await page.get_by_role("button", name="Open my wallet").click()
    await expect(page.get_by_role("heading", name="Your wallet")).to_be_visible()
    return link[0]


async def credential_id(parts: Parts, organisation: Organisation, uid: str) -> int:
    async with parts.database.transaction(organisation.id) as tx:
        return await tx.fetchval(
            "SELECT id FROM credential WHERE organisation_id = $1 AND uid = $2", organisation.id, uid
        )


async def test_a_link_by_mail_opens_the_wallet_once(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation, mails: Path, api
):
    address, _ = await a_learner(api)
    link = await open_wallet(page, site, parts, organisation, mails, address)
    await expect(page.get_by_role("heading", name="Night owl")).to_be_visible()
    assert await violations(page) == []
    await narrow.goto(site + link)
    await narrow.get_by_role("button", name="Open my wallet").click()
    await expect(narrow.get_by_text("this link was opened before")).to_be_visible()
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_role("button", name="Send me the link")).to_be_visible()


async def test_a_learner_makes_a_credential_private_and_public_again(
    page: Page, site: str, parts: Parts, organisation: Organisation, mails: Path, api
):
    address, uid = await a_learner(api)
    await open_wallet(page, site, parts, organisation, mails, address)
    await page.get_by_role("button", name="Make private").click()
    await expect(page.get_by_text("It is private now")).to_be_visible()
    answer = await page.request.get(f"{site}/c/{uid}", headers={"accept": "text/html"})
    assert answer.status == 404
    await page.get_by_role("link", name="Night owl", exact=True).click()
    await expect(page.get_by_role("heading", name="Night owl", level=1)).to_be_visible()
    await page.go_back()
    await page.get_by_role("button", name="Show to everybody").click()
    answer = await page.request.get(f"{site}/c/{uid}", headers={"accept": "text/html"})
    assert answer.status == 200
    archive = await page.request.get(f"{site}/wallet/all.zip")
    assert (await archive.body()).startswith(b"PK")


async def test_a_learner_takes_everything_along_as_one_signed_record(
    page: Page, site: str, parts: Parts, organisation: Organisation, mails: Path, api, stranger, other_organisation
):
    address, uid = await a_learner(api)
    await open_wallet(page, site, parts, organisation, mails, address)
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="As one signed record").click()
    download = await waiting.value
    assert download.suggested_filename == f"record-{organisation.slug}.json"
    record = json.loads(Path(await download.path()).read_bytes())
    assert "ClrCredential" in record["type"]
    held = record["credentialSubject"]["verifiableCredential"]
    assert [uid in one["id"] for one in held] == [True]
    verdict = await stranger.post("/credentials/verify", json={"verifiableCredential": record})
    assert (verdict.status_code, verdict.json()["verified"]) == (200, True), verdict.text
    for elsewhere in (other_organisation.uid, "x"):
        answer = await page.request.get(f"{site}/wallet/record/{elsewhere}.json")
        assert answer.status == 404
    await page.context.clear_cookies()
    await page.goto(f"{site}/wallet/record/{organisation.uid}.json")
    await expect(page).to_have_url(f"{site}/wallet")


async def test_the_wallet_of_one_address_does_not_reach_another(
    page: Page, site: str, parts: Parts, organisation: Organisation, mails: Path, api
):
    _, theirs = await a_learner(api)
    address, _ = await a_learner(api)
    await open_wallet(page, site, parts, organisation, mails, address)
    token = await page.locator("input[name=token]").first.get_attribute("value")
    assert token is not None
    answer = await page.request.post(
        f"{site}/wallet/change",
        form={"token": token, "organisation": organisation.uid, "credential": theirs, "change": "hide"},
    )
    assert answer.status == 404
    assert (await page.request.get(f"{site}/c/{theirs}", headers={"accept": "text/html"})).status == 200


async def test_a_name_is_changed_and_a_learner_erased_on_request(
    page: Page, narrow: Page, site: str, parts: Parts, organisation: Organisation, mails: Path, api
):
    address, uid = await a_learner(api)
    await open_wallet(page, site, parts, organisation, mails, address)
    await page.get_by_text("Your wishes to").click()
    await page.get_by_label("The name on your credentials").fill("Augusta King")
    await page.get_by_role("button", name="Ask for this name").click()
    await sign_in(narrow, site, parts, organisation)
    await narrow.goto(f"{site}/console/requests")
    assert await violations(narrow) == []
    await narrow.get_by_role("button", name="Change the name").click()
    await expect(narrow.get_by_text("The request is answered.")).to_be_visible()
    shown = await page.request.get(f"{site}/c/{uid}?lang=en", headers={"accept": "text/html"})
    assert "Augusta King" in await shown.text()
    await page.get_by_text("Your wishes to").click()
    await page.get_by_role("button", name="Ask to be erased").click()
    await narrow.reload()
    await narrow.get_by_role("button", name="Erase them").click()
    await expect(narrow.get_by_text("The request is answered.")).to_be_visible()
    for path in ("", ".json", "/badge.png"):
        gone = await page.request.get(f"{site}/c/{uid}{path}?lang=de", headers={"accept": "text/html"})
        assert gone.status == 404, path
    async with parts.database.transaction(organisation.id) as tx:
        left = await tx.fetchval(
            "SELECT count(*) FROM person WHERE organisation_id = $1 AND email = $2", organisation.id, address
        )
    assert left == 0


async def test_a_letter_tells_of_a_credential_once_and_can_be_stopped(
    page: Page, site: str, parts: Parts, organisation: Organisation, mails: Path, api
):
    address, uid = await a_learner(api)
    payload = {"organisation_id": organisation.id, "credentials": [await credential_id(parts, organisation, uid)]}
    await sending.send_letters(parts, payload)
    await sending.send_letters(parts, payload)
    (mail,) = read_mails(mails)
    assert mail["To"] == address
    assert f"/c/{uid}" in body_of(mail)
    assert f"/c/{uid}" in body_of(mail, "html")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = str(mail["List-Unsubscribe"]).strip("<>").replace(parts.public_url, site)
    await page.goto(stop)
    await page.get_by_role("button", name="Stop them").click()
    await expect(page.get_by_role("heading", name="No more letters")).to_be_visible()
    await sending.send_letters(parts, {**payload, "kind": "expiring_7"})
    assert len(read_mails(mails)) == 1


async def test_no_letter_tells_of_what_an_achievement_keeps_to_itself(
    parts: Parts, organisation: Organisation, mails: Path, api
):
    _, uid = await a_learner(api)
    (achievement,) = (await api.get("/api/v1/achievements")).json()["items"]
    plan = {"credential": {**achievement["credential"], "letters": False}}
    changed = await api.patch(f"/api/v1/achievements/{achievement['id']}", json=plan)
    assert changed.status_code == 200, changed.text
    await sending.send_letters(
        parts, {"organisation_id": organisation.id, "credentials": [await credential_id(parts, organisation, uid)]}
    )
    assert read_mails(mails) == []


async def test_letters_speak_the_persons_language_and_escape_what_they_say(
    parts: Parts, organisation: Organisation, mails: Path, api
):
    address, uid = await a_learner(api, name="<b>Übung</b>\r\nBcc: x@example.org")
    people = (await api.get("/api/v1/people")).json()["items"]
    person = next(one["id"] for one in people if one["email"] == address)
    await api.patch(f"/api/v1/people/{person}", json={"language": "de"})
    await sending.send_letters(
        parts, {"organisation_id": organisation.id, "credentials": [await credential_id(parts, organisation, uid)]}
    )
    (mail,) = read_mails(mails)
    assert "Nachweis" in str(mail["Subject"])
    assert mail["Bcc"] is None
    assert "<b>Übung" not in body_of(mail, "html")
    assert "&lt;b&gt;Übung" in body_of(mail, "html")


async def test_what_expires_soon_is_announced(parts: Parts, organisation: Organisation, api):
    _, uid = await a_learner(api, expires_at="2026-03-18T00:00:00Z")
    await sending.remind(parts)
    async with parts.database.transaction(organisation.id) as tx:
        payloads = await tx.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'letters.send'")
    wanted = await credential_id(parts, organisation, uid)
    assert any(f'"credentials":[{wanted}],"kind":"expiring_7"' in (row["payload"] or b"").decode() for row in payloads)

import json

from playwright.async_api import expect

from laurel.domain.endorsements import store
from tests.support.browsing import violations
from tests.support.credentials import an_award, failed_checks, signed_document, verdict
from tests.support.events import an_achievement
from tests.support.fixtures import BASE_URL
from tests.support.hands import Hands, Touch


async def test_an_achievement_is_endorsed_and_the_endorsement_revoked_and_removed(hands: Hands, api, stranger, clock):
    achievement = await an_achievement(api, name="Welding", issues_credential=True)
    address = f"/console/achievements/{achievement['id']}"
    page = hands.page
    await hands.go(address)
    await hands.send(page.locator("main").get_by_role("link", name="none yet"))
    await expect(page.get_by_role("heading", name="Nobody has endorsed it yet")).to_be_visible()
    await hands.fill(hands.field("What you endorse it for"), "Asks a lot")
    await hands.send(hands.button("Endorse it"))
    await expect(page.get_by_text("It is endorsed")).to_be_visible()
    await expect(page.locator("main li", has_text="Asks a lot")).to_contain_text("our own")
    if not isinstance(hands, Touch):
        assert await violations(page) == []
    document = await signed_document(stranger, (await an_award(api, achievement))["credential"])
    (signed,) = document["credentialSubject"]["achievement"]["endorsement"]
    assert signed["credentialSubject"]["endorsementComment"] == "Asks a lot"
    await hands.press(page.locator("summary", has_text="Revoke…"))
    await hands.fill(hands.field("Why? (optional)"), "Too soon")
    await hands.send(page.get_by_role("button", name="Revoke that of"))
    await expect(page.get_by_text("The endorsement is revoked")).to_be_visible()
    await expect(page.locator("main li", has_text="Too soon")).to_be_visible()
    await expect(page.locator("summary", has_text="Revoke…")).to_have_count(0)
    assert failed_checks(await verdict(stranger, signed)) == {"status"}
    await hands.press(page.locator("summary", has_text="Remove…"))
    await hands.send(page.get_by_role("button", name="Remove that of"))
    await expect(page.get_by_role("heading", name="Nobody has endorsed it yet")).to_be_visible()


async def test_the_endorsement_of_somebody_else_is_pasted_verified_and_kept(hands: Hands, api, other_api, stranger):
    achievement = await an_achievement(api, name="Welding", issues_credential=True)
    page = hands.page
    body = {"subject": f"{BASE_URL}/a/{achievement['id']}", "comment": "Recognised by us"}
    signed = (await other_api.post("/api/v1/endorsements/sign", json=body)).json()["document"]
    await hands.go(f"/console/achievements/{achievement['id']}/endorsements")
    await hands.fill(hands.field("What they signed"), json.dumps(signed | {"name": "changed"}))
    await hands.send(hands.button("Verify and keep it"))
    await expect(page.locator("#mistake-document")).to_contain_text("not verified")
    await hands.fill(hands.field("What they signed"), json.dumps(signed, indent=2))
    await hands.send(hands.button("Verify and keep it"))
    await expect(page.get_by_text("The endorsement was verified and is kept")).to_be_visible()
    await expect(page.locator("main li", has_text="Recognised by us")).to_be_visible()
    await expect(page.locator("summary", has_text="Revoke…")).to_have_count(0)
    document = await signed_document(stranger, (await an_award(api, achievement))["credential"])
    assert document["credentialSubject"]["achievement"]["endorsement"] == [signed]
    await hands.press(page.locator("summary", has_text="Remove…"))
    await hands.send(page.get_by_role("button", name="Remove that of"))
    await expect(page.get_by_text("put into nothing new")).to_be_visible()


async def test_a_form_that_is_sent_twice_endorses_once_and_reaches_its_own_achievement_alone(
    hands: Hands, api, site: str, parts, organisation
):
    achievement, other = await an_achievement(api), await an_achievement(api)
    page = hands.page
    theirs = (await api.post("/api/v1/endorsements", json={"of": "issuer", "comment": "x"})).json()["id"]
    await hands.go(f"/console/achievements/{achievement['id']}/endorsements")
    form = {
        name: await page.locator(f"input[name={name}]").first.get_attribute("value") or "" for name in ("token", "once")
    }
    address = f"{site}/console/achievements/{achievement['id']}/endorsements"
    for _ in range(2):
        sent = await page.request.post(address, form=form | {"change": "endorse", "comment": "Good"})
        assert sent.ok
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch(
            "SELECT uid FROM endorsement WHERE organisation_id = $1 AND kind = 'achievement'", organisation.id
        )
        (kept,) = [await store.find(tx, row["uid"]) for row in rows]
    assert kept is not None
    for change in ("revoke", "remove"):
        for uid, where in ((theirs, achievement), (kept.uid, other)):
            there = f"{site}/console/achievements/{where['id']}/endorsements"
            answer = await page.request.post(there, form=form | {"change": change, "endorsement": uid})
            assert answer.status == 422, (change, where)
    assert (await page.request.post(address, form=form | {"change": "bless"})).status == 422
    await page.reload()
    form["once"] = await page.locator("input[name=once]").first.get_attribute("value") or ""
    for day in ("2020-01-01", "soon"):
        wrong = await page.request.post(address, form=form | {"change": "endorse", "comment": "x", "until": day})
        assert wrong.status == 422
        assert "mistake-until" in await wrong.text()
    long = await page.request.post(address, form=form | {"change": "endorse", "comment": "x" * 20_000})
    assert long.status == 422
    assert "mistake-comment" in await long.text()

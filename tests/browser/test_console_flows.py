"""What an organisation does in the console, each flow by pointer, by keyboard alone, and without scripts."""

import re
from datetime import timedelta

from playwright.async_api import expect

from laurel.domain.learner_requests.asking import ask
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.domain.rosters.issuing import issue_roster
from laurel.outside.http import HttpAnswer
from tests.support.browsing import PASSWORD, admit
from tests.support.builders import a_person, an_account
from tests.support.events import an_achievement, an_event
from tests.support.hands import Hands
from tests.support.work import run_jobs


async def test_from_the_first_page_to_a_first_credential(hands: Hands, parts: Parts, organisation: Organisation):
    account = await an_account(parts, organisation, role="owner", password=PASSWORD)
    await hands.page.context.clear_cookies()
    await hands.go("/")
    await hands.send(hands.page.get_by_role("link", name=re.compile("console", re.IGNORECASE)).first)
    await hands.fill(hands.field("E-mail address"), account.email)
    await hands.fill(hands.field("Password"), PASSWORD)
    await hands.submit(hands.field("Password"), hands.button("Sign in"))
    await expect(hands.page.get_by_role("heading", name="Welcome to Laurel")).to_be_visible()
    await hands.fill(hands.field("What was achieved?"), "First aid")
    await hands.fill(hands.field("By whom?"), "Ada Lovelace")
    await hands.fill(hands.field("Their e-mail address"), "ada@example.org")
    await hands.submit(hands.field("Their e-mail address"), hands.button("Issue it"))
    await expect(hands.page.get_by_text("Your first credential is issued.")).to_be_visible()
    await hands.send(hands.page.get_by_role("link", name="Open the public page"))
    await expect(hands.page.get_by_role("heading", name="First aid", level=1)).to_be_visible()


async def test_a_webhook_is_added_tested_fails_and_is_sent_again(
    hands: Hands, parts: Parts, organisation: Organisation, outgoing
):
    await hands.go("/console/webhooks")
    await hands.fill(hands.field("Address"), "https://127.0.0.1/hook")
    await hands.tick(hands.field("award.created"))
    await hands.send(hands.button("Add"))
    await expect(hands.field("Address")).to_have_value("https://127.0.0.1/hook")
    await expect(hands.field("Address")).to_have_attribute("aria-invalid", "true")
    await expect(hands.field("award.created")).to_be_checked()
    await hands.fill(hands.field("Address"), "https://hooks.example.org/laurel")
    await hands.send(hands.button("Add"))
    await expect(hands.page.get_by_label("The signing secret")).to_have_value(re.compile("^whsec_"))
    await hands.send(hands.page.get_by_role("link", name="https://hooks.example.org/laurel"))
    outgoing.answers = lambda _request: HttpAnswer(503, {}, b"later", 3)
    await hands.send(hands.button("Send a test"))
    await expect(hands.page.get_by_text("A test is on its way.")).to_be_visible()
    await run_jobs(parts, organisation, "notifications.deliver", "notifications.send")
    await hands.page.reload()
    await expect(hands.page.get_by_text("answered 503").first).to_be_visible()
    outgoing.answers = None
    await hands.send(hands.button("Send again"))
    await run_jobs(parts, organisation, "notifications.deliver", "notifications.send")
    await hands.page.reload()
    await expect(hands.page.get_by_text("answered 200")).to_be_visible()
    await hands.send(hands.button("Disable"))
    await expect(hands.button("Send a test")).to_have_count(0)
    await hands.press(hands.folded("Delete the webhook…"))
    await hands.send(hands.button("Delete the webhook"))
    await expect(hands.page.get_by_text("The webhook is deleted.")).to_be_visible()


async def test_somebody_joins_the_team_changes_role_and_leaves(hands: Hands):
    await hands.go("/console/team")
    await hands.fill(hands.field("Name"), "Grace Hopper")
    await hands.fill(hands.field("E-mail address"), "grace@example.org")
    await hands.choose(hands.field("Role"), "moderator")
    await hands.fill(hands.field("First password"), "short")
    await hands.send(hands.button("Add"))
    await expect(hands.page.locator("#mistake-password")).to_contain_text("characters")
    await expect(hands.field("Name")).to_have_value("Grace Hopper")
    await hands.fill(hands.field("First password"), "long enough for anybody")
    await hands.send(hands.button("Add"))
    await expect(hands.page.get_by_text("The account is made.")).to_be_visible()
    await hands.choose(hands.field("Role of Grace Hopper"), "manager")
    row = hands.page.get_by_role("row", name=re.compile("Grace Hopper"))
    await hands.send(row.get_by_role("button", name="Change"))
    await expect(hands.field("Role of Grace Hopper")).to_have_value("manager")
    await hands.press(hands.folded("Remove Grace Hopper…"))
    await hands.send(hands.button("Remove Grace Hopper"))
    await expect(hands.page.get_by_text("grace@example.org")).to_have_count(0)
    await hands.press(hands.folded("Remove Ada…"))
    await hands.send(hands.button("Remove Ada"))
    await expect(hands.page.get_by_text("you cannot remove yourself")).to_be_visible()


async def test_a_key_is_made_and_revoked_and_the_audit_trail_tells(hands: Hands):
    await hands.go("/console/keys")
    await hands.fill(hands.field("What is it for?"), "Platform")
    await hands.tick(hands.field("achievements: read"))
    await hands.fill(hands.field("Runs out after days"), "soon")
    await hands.send(hands.button("Make it"))
    await expect(hands.page.get_by_text("say a number of days from 1 to 3650").last).to_be_visible()
    await expect(hands.field("achievements: read")).to_be_checked()
    await hands.fill(hands.field("Runs out after days"), "30")
    await hands.submit(hands.field("Runs out after days"), hands.button("Make it"))
    await expect(hands.page.get_by_label("The new key")).to_have_value(re.compile("^lrl_"))
    await hands.press(hands.folded("Revoke Platform…"))
    await hands.send(hands.button("Revoke Platform"))
    await expect(hands.page.get_by_text("The key is revoked.")).to_be_visible()

    await hands.go("/console/audit")
    rows = hands.page.locator("tbody").get_by_role("row")
    await hands.fill(hands.field("Did what"), "key.revoke")
    await hands.submit(hands.field("Did what"), hands.button("Find"))
    await expect(rows).to_have_count(1)
    await hands.send(hands.page.get_by_role("link", name="Show everything"))
    await hands.choose(hands.field("Who"), "Ada")
    await hands.fill(hands.field("To what"), "key")
    await hands.send(hands.button("Find"))
    await expect(rows).to_have_count(2)
    await hands.send(hands.page.get_by_role("link", name="key.create"))
    await expect(rows).to_have_count(1)


async def test_settings_and_branding_are_saved_or_refused_beside_the_field(hands: Hands):
    await hands.go("/console/settings")
    await hands.fill(hands.field("Name"), "Łódź Evening School")
    await hands.fill(hands.field("Who signs certificates"), "x" * 3_000)
    await hands.tick(hands.field(re.compile("^Tell people by mail")), on=False)
    await hands.send(hands.button("Save"))
    await expect(hands.field("Who signs certificates")).to_have_attribute("aria-invalid", "true")
    await expect(hands.field("Name")).to_have_value("Łódź Evening School")
    await hands.fill(hands.field("Who signs certificates"), "Dr Grace Hopper")
    await hands.choose(hands.field("Language"), "Deutsch")
    await hands.tick(hands.field(re.compile("^Use this colour")))
    await hands.send(hands.button("Save"))
    await expect(hands.page.get_by_text("Saved.")).to_be_visible()
    await expect(hands.field("Who signs certificates")).to_have_value("Dr Grace Hopper")
    await expect(hands.field(re.compile("^Use this colour"))).to_be_checked()


async def test_rules_are_built_tried_and_one_is_taken_away(hands: Hands, api):
    for person in ("ada", "ada", "grace"):
        await an_event(api, person, payload={"score": 90})
    await hands.go("/console/achievements/new")
    await hands.fill(hands.field("Name"), "Twice")
    await hands.fill(hands.field("When this happens"), "lesson.completed")
    await hands.fill(hands.field("at least"), "2")
    await hands.fill(hands.field("only where"), "score")
    await hands.choose(hands.field("compares"), "is at least")
    await hands.fill(hands.field("with"), "80")
    await hands.press(hands.button("Try"))
    await expect(hands.page.get_by_text("1 of 2 people")).to_be_visible()
    await hands.press(hands.button("Add another rule"))
    second = hands.page.get_by_role("group", name="Rule 2")
    await hands.fill(hands.field("When this happens", second), "exam.passed")
    await hands.press(hands.button("Add another rule"))
    third = hands.page.get_by_role("group", name="Rule 3")
    await hands.fill(hands.field("When this happens", third), "never.happens")
    await hands.press(hands.button("Remove rule 3"))
    await expect(third).to_have_count(0)
    await hands.choose(hands.field("To earn it"), "one rule is enough")
    await hands.fill(hands.field("Name"), "Twice, or an exam")
    await hands.submit(hands.field("Name"), hands.button("Save"))
    await expect(hands.page.get_by_role("heading", name="Twice, or an exam", level=1)).to_be_visible()
    await expect(hands.page.get_by_text("One of")).to_be_visible()
    await expect(hands.page.get_by_text("exam.passed")).to_be_visible()


async def test_a_list_is_read_in_the_right_encoding_previewed_and_issued(
    hands: Hands, parts: Parts, organisation: Organisation, api
):
    await an_achievement(api, name="Attended")
    text = "name;email\nJosé;jose@example.org\nAda;ada@example.org\nAda;ada@example.org\nNobody;nowhere\n"
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode("cp1252")}
    await hands.go("/console/issue/many")
    await hands.attach(hands.field("CSV file"), file)
    await hands.send(hands.button("Look at it first"))
    await expect(hands.page.get_by_text(re.compile("line 2 is not written in UTF-8"))).to_be_visible()
    await hands.attach(hands.field("CSV file"), file)
    await hands.choose(hands.field("Written in"), "Windows-1252 (Western Europe)")
    await hands.send(hands.button("Look at it first"))
    await expect(hands.page.get_by_text("the same address as in line 3")).to_be_visible()
    await expect(hands.page.get_by_role("cell", name="José").first).to_be_visible()
    await hands.send(hands.button("Issue 2 credentials"))
    await issue_roster(parts.spine, organisation.id, hands.page.url.rpartition("/")[2].partition("#")[0])
    await hands.page.reload()
    await expect(hands.page.get_by_text("2 credentials are issued")).to_be_visible()


async def test_one_credential_is_issued_and_revoked(hands: Hands, api):
    await an_achievement(api, name="Attended")
    await hands.go("/console/issue")
    await hands.choose(hands.field("Achievement"), "Attended")
    await hands.fill(hands.field("Name on the credential"), "Ada Lovelace")
    await hands.fill(hands.field("E-mail address"), "ada@example.org")
    await hands.press(hands.page.locator("summary", has_text="Dates, evidence and more"))
    await hands.fill(hands.field("Evidence"), "https://example.org/work")
    await hands.send(hands.button("Issue it"))
    await expect(hands.page.get_by_text("The credential is issued.")).to_be_visible()
    await hands.press(hands.page.locator("summary", has_text="Revoke this credential"))
    await hands.fill(hands.field("Why?").last, "Given by mistake")
    await hands.submit(hands.field("Why?").last, hands.button("Revoke it"))
    await expect(hands.page.get_by_text("The credential is revoked.")).to_be_visible()
    await hands.send(hands.page.get_by_role("link", name="Open the public page"))
    await expect(hands.page.get_by_text("Given by mistake")).to_be_visible()


async def test_what_was_typed_outlives_a_session(hands: Hands, parts: Parts, organisation: Organisation, clock):
    account = await an_account(parts, organisation, role="owner", password=PASSWORD)
    await hands.go("/console/rewards/new")
    await hands.fill(hands.field("Name"), "Jacket")
    await hands.fill(hands.field("Description"), "Warm, with a hood")
    clock.advance(timedelta(days=2))
    await hands.send(hands.button("Save"))
    await expect(hands.page.get_by_text("what you typed is kept")).to_be_visible()
    await hands.fill(hands.field("E-mail address"), account.email)
    await hands.fill(hands.field("Password"), PASSWORD)
    await hands.send(hands.button("Sign in"))
    await expect(hands.page.get_by_text("Warm, with a hood")).to_be_visible()
    await hands.send(hands.button("Send it now"))
    await expect(hands.page.get_by_role("heading", name="Jacket", level=1)).to_be_visible()


async def test_a_person_is_added_changed_and_deleted(hands: Hands):
    await hands.go("/console/people")
    await hands.send(hands.page.get_by_role("link", name="Add somebody"))
    await hands.fill(hands.field("First name"), "Grace")
    await hands.fill(hands.field("Last name"), "Hopper")
    await hands.fill(hands.field("E-mail address"), "grace.hopper@example.org")
    await hands.submit(hands.field("E-mail address"), hands.button("Save"))
    await expect(hands.page.get_by_role("heading", name="Grace Hopper", level=1)).to_be_visible()
    await hands.send(hands.page.get_by_role("link", name="Change"))
    await hands.fill(hands.field("Last name"), "Murray Hopper")
    await hands.send(hands.button("Save"))
    await expect(hands.page.get_by_role("heading", name="Grace Murray Hopper", level=1)).to_be_visible()
    await hands.press(hands.page.locator("summary", has_text="Delete this person"))
    await hands.send(hands.button("Delete them"))
    await expect(hands.page.get_by_text("The person is deleted")).to_be_visible()


async def test_it_is_explained_why_an_event_did_not_count(hands: Hands, api):
    await an_achievement(
        api,
        name="High score",
        queries=[
            {
                "alias": "good",
                "event_name": "lesson.completed",
                "where": [{"attribute": "score", "operator": ">=", "value": 80}],
            }
        ],
        criteria={"type": "count", "query": "good", "operator": ">=", "value": 1},
    )
    await an_event(api, "ada", payload={"score": 20})
    await hands.go("/console/events")
    await hands.fill(hands.field("Person"), "ada")
    await hands.choose(hands.field("Achievement"), "High score")
    await hands.send(hands.button("Why did it not count?"))
    await expect(hands.page.get_by_role("cell", name=re.compile("no.*score")).first).to_be_visible()


async def test_a_learners_wish_is_answered_and_ones_own_name_changed(
    hands: Hands, parts: Parts, organisation: Organisation
):
    person = await a_person(parts, organisation, first_name="Ada", last_name="Byron")
    async with parts.database.transaction(organisation.id) as tx:
        await ask(tx, person, "name", "Ada Lovelace", parts.clock.now())
    await hands.go("/console/requests")
    await hands.send(hands.page.get_by_role("button", name=re.compile("Agree|Yes|Change")).first)
    await expect(hands.page.get_by_text("The request is answered.")).to_be_visible()
    await hands.go("/console/account")
    await hands.fill(hands.field("Your name"), "Augusta")
    await hands.submit(hands.field("Your name"), hands.button("Save"))
    await expect(hands.page.get_by_text("Saved.")).to_be_visible()
    await expect(hands.field("Your name")).to_have_value("Augusta")


async def test_forms_sent_twice_make_one_of_each(page, site, parts: Parts, organisation: Organisation, api):
    await admit(page.context, site, parts, organisation)
    achievement = await an_achievement(api, name="Attended")
    person = {"recipient": "Ada", "email": "ada@example.org", "again": "on"}
    wishes = (
        ("/console/keys", 'form[action="/console/keys"]', {"name": "Platform", "scopes": "events:write"}),
        ("/console/webhooks", 'form[action="/console/webhooks"]', {"url": "https://hooks.example.org/x"}),
        ("/console/issue", "main form.wide", {"achievement": achievement["id"], **person}),
    )
    for path, form, values in wishes:
        await page.goto(site + path)
        fields = await page.evaluate("form => Object.fromEntries(new FormData(document.querySelector(form)))", form)
        for _ in range(2):
            answer = await page.request.post(site + path, form={**fields, **values})
            assert answer.status == 200, (path, await answer.text())
    keys = (await api.get("/api/v1/keys")).json()["items"]
    assert [one["name"] for one in keys].count("Platform") == 1
    assert len((await api.get("/api/v1/webhooks")).json()["items"]) == 1
    (who,) = (await api.get("/api/v1/people")).json()["items"]
    assert len((await api.get(f"/api/v1/people/{who['id']}/awards")).json()["items"]) == 1

import dataclasses
import email
import email.policy

import pytest
import pytest_asyncio

from laurel.base.errors import Invalid, Unavailable
from laurel.domain.letters import bounce_messages, bounces, sending
from laurel.outside.mail import MailDeferred, SmtpMailer
from tests.support.builders import a_number
from tests.support.events import an_achievement
from tests.support.mail_server import a_mail_server, a_report

TEMPLATES = "/api/v1/letter-templates"


async def issue_to(api, parts, organisation, *addresses, **wishes) -> dict:
    """A letter job for a credential issued to each address."""
    achievement = await an_achievement(api, name="Night owl")
    ids = []
    for address in addresses:
        answer = await api.post(
            f"/api/v1/achievements/{achievement['id']}/awards",
            json={"person": {"email": address}, "create_person": True, "recipient_name": "Ada Lovelace", **wishes},
        )
        assert answer.status_code == 201, answer.text
        async with parts.database.transaction(organisation.id) as tx:
            sql = "SELECT id FROM credential WHERE organisation_id = $1 AND uid = $2"
            ids.append(await tx.fetchval(sql, organisation.id, answer.json()["credential"]))
    return {"organisation_id": organisation.id, "credentials": ids}


def addresses(count: int) -> list[str]:
    return [f"learner{a_number()}@example.org" for _ in range(count)]


def mails_in(directory) -> list[email.message.EmailMessage]:
    found = [
        email.message_from_bytes(one.read_bytes(), policy=email.policy.default)
        for one in sorted(directory.glob("*.eml"))
    ]
    return [one for one in found if isinstance(one, email.message.EmailMessage)]


def body_of(mail, kind="plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return part.get_content()


# ----------------------------------------------------------------------------------------------------------- templates
async def test_a_letter_has_the_organisations_own_words_and_keeps_its_way_out(api, parts, organisation, mails):
    made = await api.put(
        f"{TEMPLATES}/issued/en",
        json={
            "subject": "Well done, [recipient.name]!",
            "body": "You earned <b>[achievement.name]</b>\non [credential.issued_on].\n\nCourse: [custom.course] [custom.none]",
        },
    )
    assert made.status_code == 200, made.text
    (address,) = addresses(1)
    job = await issue_to(
        api, parts, organisation, address, name="Owl & Co", custom={"course": "Birds [recipient.name]"}
    )
    await sending.send_letters(parts, job)
    (mail,) = mails_in(mails)
    assert mail["Subject"] == "Well done, Ada Lovelace!"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "You earned <b>Owl & Co</b>\non 14 March 2026.\n\nCourse: Birds [recipient.name]" in body_of(mail)
    html = body_of(mail, "html")
    assert "&lt;b&gt;Owl &amp; Co&lt;/b&gt;<br>on 14 March 2026." in html
    for text in (body_of(mail), html):
        assert "/letters/stop?who=" in text
        assert "/c/" in text
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_other_languages_and_kinds_keep_the_built_in_words(api, parts, organisation, mails):
    await api.put(f"{TEMPLATES}/issued/de", json={"subject": "Gut gemacht", "body": "Text"})
    (address,) = addresses(1)
    await sending.send_letters(parts, await issue_to(api, parts, organisation, address))
    assert "your credential from" in mails_in(mails)[0]["Subject"]
    assert (await api.delete(f"{TEMPLATES}/issued/de")).status_code == 204
    assert (await api.delete(f"{TEMPLATES}/issued/de")).status_code == 404


async def test_the_wallets_link_speaks_for_one_organisation_only_where_it_is_alone(api, parts, organisation, mails):
    await api.put(f"{TEMPLATES}/link/en", json={"subject": "[issuer.name] here", "body": "Hello."})
    job = {"organisation_id": organisation.id, "email": "ada@example.org", "language": "en"}
    await sending.send_link(parts, {**job, "alone": True})
    await sending.send_link(parts, {**job, "alone": False})
    built_in, own = sorted(mails_in(mails), key=lambda mail: "Hello." in body_of(mail))
    assert own["Subject"] == f"{organisation.name} here"
    assert "did not ask for it" in body_of(own)
    assert built_in["Subject"] == "Your link to your credentials"


BAD = [
    ("issued/en", {"subject": "[recipient.nmae]", "body": "x"}, "subject", "unknown_placeholder"),
    ("issued/en", {"subject": "x", "body": "Hi [person.name]"}, "body", "unknown_placeholder"),
    ("link/en", {"subject": "x", "body": "[recipient.name]"}, "body", "unknown_placeholder"),
    ("link/en", {"subject": "x", "body": "[custom.x]"}, "body", "unknown_placeholder"),
    ("issued/en", {"subject": " ", "body": "x"}, "subject", "invalid"),
    ("issued/en", {"subject": "x" * 201, "body": "x"}, "subject", "too_large"),
    ("issued/en", {"subject": "x", "body": "x" * 5_001}, "body", "too_large"),
    ("goodbye/en", {"subject": "x", "body": "x"}, "kind", "not_found"),
    ("issued/tlh", {"subject": "x", "body": "x"}, "language", "not_found"),
]


@pytest.mark.parametrize(("path", "body", "field", "code"), BAD)
async def test_words_that_cannot_be_used_are_named(api, path, body, field, code):
    answer = await api.put(f"{TEMPLATES}/{path}", json=body)
    assert (answer.json()["field"], answer.json()["code"]) == (field, code)
    assert answer.status_code in {400, 404, 413, 422}
    assert (await api.get(TEMPLATES)).json()["items"] == []


async def test_a_subject_stays_one_line_whatever_fills_it(api, parts, organisation, mails):
    await api.put(f"{TEMPLATES}/issued/en", json={"subject": "[achievement.name]", "body": "x"})
    (address,) = addresses(1)
    await sending.send_letters(
        parts, await issue_to(api, parts, organisation, address, name="Owl\r\nBcc: mallory@example.org")
    )
    (mail,) = mails_in(mails)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Owl Bcc: mallory@example.org"


# ------------------------------------------------------------------------------------------------------------- bounces
@pytest_asyncio.fixture
async def posting(parts):
    """A mail server, and parts that post through it."""
    async with a_mail_server() as server:
        mailer = SmtpMailer(server.url, "Laurel <laurel@example.org>", parts.clock, "bounces@mail.example.org")
        yield server, dataclasses.replace(parts, mailer=mailer)


async def test_an_address_that_is_refused_for_good_gets_no_more_letters_until_it_is_cleared(api, organisation, posting):
    server, parts = posting
    refused, fine = addresses(2)
    server.answers[refused] = "550 5.1.1 <x>: no such mailbox"
    job = await issue_to(api, parts, organisation, refused, fine)
    await sending.send_letters(parts, job)
    assert [one.recipient for one in server.handed] == [fine]
    (noted,) = (await api.get("/api/v1/bounces")).json()["items"]
    assert (noted["address"], noted["source"], noted["status"]) == (refused, "refused", "5.1.1")
    assert "no such mailbox" in noted["diagnostic"]
    server.answers.clear()
    await sending.send_letters(parts, {**job, "kind": "expiring_7"})
    assert [one.recipient for one in server.handed] == [fine, fine]
    assert (await api.delete(f"/api/v1/bounces/{refused}")).status_code == 204
    await sending.send_letters(parts, {**job, "kind": "expiring_30"})
    assert sorted(one.recipient for one in server.handed[2:]) == sorted([fine, refused])


async def test_another_address_of_the_same_person_gets_letters(api, organisation, posting):
    server, parts = posting
    old, new = addresses(2)
    server.answers[old] = "550 no"
    job = await issue_to(api, parts, organisation, old)
    await sending.send_letters(parts, job)
    people = (await api.get("/api/v1/people")).json()["items"]
    person = next(one["id"] for one in people if one["email"] == old)
    assert (await api.patch(f"/api/v1/people/{person}", json={"email": new})).status_code == 200
    await sending.send_letters(parts, {**job, "kind": "expiring_7"})
    assert [one.recipient for one in server.handed] == [new]


@pytest.mark.parametrize(
    "answer", ["450 4.2.0 greylisted", "421 busy", "550 5.7.1 your network is blocked", "552 5.3.4 too big"]
)
async def test_what_is_deferred_is_tried_again_and_holds_up_nobody(api, organisation, posting, answer):
    server, parts = posting
    later, fine = addresses(2)
    server.answers[later] = answer
    job = await issue_to(api, parts, organisation, later, fine)
    with pytest.raises(Unavailable):
        await sending.send_letters(parts, job)
    assert fine in [one.recipient for one in server.handed]
    assert (await api.get("/api/v1/bounces")).json()["items"] == []
    server.answers.clear()
    await sending.send_letters(parts, job)
    assert sorted(one.recipient for one in server.handed) == sorted([fine, later])


async def test_deferrals_are_of_their_own_kind(api, organisation, posting):
    server, parts = posting
    (later,) = addresses(1)
    server.answers[later] = "450 later"
    with pytest.raises(MailDeferred):
        await sending.send_letters(parts, await issue_to(api, parts, organisation, later))


async def a_sent_letter(api, parts, organisation, server) -> tuple[str, str, str]:
    """(address, number, envelope sender) of a letter that was handed over."""
    (address,) = addresses(1)
    await sending.send_letters(parts, await issue_to(api, parts, organisation, address))
    handed = server.handed[-1]
    number = str(handed.message["Message-ID"]).strip("<>").partition("@")[0]
    assert handed.sender == f"bounces+{number}@mail.example.org"
    return address, number, handed.sender


async def report(api, message: bytes) -> str:
    answer = await api.post("/api/v1/bounces", content=message, headers={"Content-Type": "message/rfc822"})
    assert answer.status_code == 200, answer.text
    return answer.json()["outcome"]


@pytest.mark.parametrize("found_by", ["the returned letter", "the envelope"])
async def test_a_report_names_its_letter(api, organisation, posting, found_by):
    server, parts = posting
    address, number, sender = await a_sent_letter(api, parts, organisation, server)
    message = a_report(number) if found_by == "the returned letter" else a_report("0" * 24, to=sender)
    assert await report(api, message) == "noted"
    (noted,) = (await api.get("/api/v1/bounces")).json()["items"]
    assert (noted["address"], noted["source"], noted["status"]) == (address, "reported", "5.1.1")


async def test_other_mail_changes_nothing(api, other_api, organisation, posting):
    server, parts = posting
    address, number, _ = await a_sent_letter(api, parts, organisation, server)
    assert await report(api, a_report(number, action="delayed", status="4.4.1")) == "deferred"
    assert await report(api, a_report(number, status="5.7.1")) == "deferred"
    assert await report(api, a_report("f" * 24)) == "unknown_letter"
    assert await report(other_api, a_report(number)) == "unknown_letter"
    assert await report(api, b"Subject: out of office\n\nI am away.") == "no_report"
    assert (await api.get("/api/v1/bounces")).json()["items"] == []
    people = (await api.get("/api/v1/people")).json()["items"]
    person = next(one["id"] for one in people if one["email"] == address)
    await api.patch(f"/api/v1/people/{person}", json={"email": f"new-{address}"})
    assert await report(api, a_report(number)) == "address_changed"


async def test_hostile_reports_are_refused_by_name(api):
    for message, status in (
        (b"\x00\xff no headers", 422),
        (b"", 422),
        (b"Subject: x\n\n" + b"x" * 1_100_000, 422),
    ):
        answer = await api.post("/api/v1/bounces", content=message, headers={"Content-Type": "message/rfc822"})
        assert (answer.status_code, answer.json().get("field")) == (status, "message"), message[:20]


def test_parts_within_parts_do_not_exhaust_the_stack():
    nested = b"".join(b"Content-Type: message/rfc822\n\n" for _ in range(20_000))
    with pytest.raises(Invalid) as refused:
        bounce_messages.read(b"MIME-Version: 1.0\n" + nested + b"Subject: x\n\nx")
    assert refused.value.field == "message"


async def test_the_command_takes_a_report_from_a_mail_servers_pipe(api, organisation, posting):
    server, parts = posting
    address, number, _ = await a_sent_letter(api, parts, organisation, server)
    assert (
        await bounces.take_in(parts.database, a_report(number), pepper=parts.pepper, now=parts.clock.now()) == "noted"
    )
    assert [one["address"] for one in (await api.get("/api/v1/bounces")).json()["items"]] == [address]

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from laurel.domain.notifications import send
from laurel.domain.notifications.endpoint_secrets import seal, unseal
from laurel.outside.http import Blocked, GuardedHttp, HttpAnswer, Unreachable
from tests.support.builders import an_account
from tests.support.events import an_achievement, an_event
from tests.support.work import run_jobs

RECEIVER = "https://receiver.example/hook"


async def a_webhook(api, **wishes):
    answer = await api.post("/api/v1/webhooks", json={"url": RECEIVER, **wishes})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def the_delivery(api, webhook):
    (delivery,) = (await api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries")).json()["items"]
    return (await api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries/{delivery['id']}")).json()


def verified(request, secret):
    """The body, if the signature is right (the library insists on the present, so it signs anew for comparison)."""
    at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    wanted = Webhook(secret).sign(request.headers["webhook-id"], at, request.body.decode())
    assert wanted in request.headers["webhook-signature"].split(" ")
    return json.loads(request.body)


async def test_an_award_is_told_signed_to_who_subscribes(api, parts, organisation, outgoing):
    webhook = await a_webhook(api)
    achievement = await an_achievement(api, name="Diver")
    await an_event(api, "ada")
    await run_jobs(parts, organisation)
    (request,) = outgoing.sent
    body = verified(request, webhook["secret"])
    assert (body["type"], body["data"]["achievement"], body["data"]["name"]) == (
        "award.created",
        achievement["id"],
        "Diver",
    )
    delivery = await the_delivery(api, webhook)
    assert (delivery["state"], delivery["attempts"], delivery["body"]) == ("delivered", 1, body)
    assert [attempt["status"] for attempt in delivery["log"]] == [200]


async def test_the_library_of_the_standard_verifies_what_is_sent_now(parts):
    sealed = seal(parts.pepper, "e", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    now = datetime.now(UTC)

    class Endpoint:
        uid, sealed_secret, sealed_secret_before, secret_before_until = "e", sealed, None, None

    class Delivery:
        message_uid, body = "m", b'{"a": 1}'

    headers = send.signed_headers(parts.pepper, Endpoint, Delivery, now)
    assert Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").verify(b'{"a": 1}', headers) == {"a": 1}
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").verify(b'{"a": 2}', headers)


async def test_topics_that_are_not_subscribed_are_not_told(api, parts, organisation, outgoing):
    await a_webhook(api, topics=["award.revoked"])
    await an_achievement(api)
    await an_event(api, "ada")
    await run_jobs(parts, organisation)
    assert outgoing.sent == []


async def test_delivering_the_same_messages_twice_sends_once(api, parts, organisation, outgoing):
    await a_webhook(api)
    await an_achievement(api)
    await an_event(api, "ada")
    row = await parts.database.pool.fetchrow(
        "SELECT payload FROM pgqueuer WHERE entrypoint = 'notifications.deliver' AND "
        "(convert_from(payload, 'UTF8')::jsonb ->> 'organisation_id')::bigint = $1",
        organisation.id,
    )
    await run_jobs(parts, organisation)
    await send_again(parts, organisation, json.loads(row["payload"]))
    assert len(outgoing.sent) == 1


async def send_again(parts, organisation, payload):
    from laurel.domain.notifications import fan_out

    await fan_out.deliver(parts, payload)
    await run_jobs(parts, organisation)


async def test_a_failed_delivery_is_tried_again_later_with_the_same_id_and_body(
    api, parts, organisation, outgoing, clock
):
    webhook = await a_webhook(api)
    outgoing.answers = lambda _: HttpAnswer(500, {}, b"sorry", 3)
    await an_achievement(api)
    await an_event(api, "ada")
    await run_jobs(parts, organisation)
    delivery = await the_delivery(api, webhook)
    assert (delivery["state"], delivery["attempts"]) == ("waiting", 1)
    assert delivery["log"][0]["answer"] == "sorry"
    outgoing.answers = None
    await send.sweep(parts)
    assert len(outgoing.sent) == 1
    clock.advance(timedelta(seconds=7))
    await send.sweep(parts)
    await run_jobs(parts, organisation)
    first, second = outgoing.sent
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert (await the_delivery(api, webhook))["state"] == "delivered"


async def test_what_was_delivered_can_be_sent_again_by_hand_unchanged(api, parts, organisation, outgoing):
    webhook = await a_webhook(api)
    achievement = await an_achievement(api, name="Before")
    await an_event(api, "ada")
    await run_jobs(parts, organisation)
    await api.patch(f"/api/v1/achievements/{achievement['id']}", json={"name": "After"})
    delivery = await the_delivery(api, webhook)
    answer = await api.post(f"/api/v1/webhooks/{webhook['id']}/deliveries/{delivery['id']}/redeliver")
    assert answer.status_code == 202, answer.text
    await run_jobs(parts, organisation)
    first, second = outgoing.sent
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert [attempt["manual"] for attempt in (await the_delivery(api, webhook))["log"]] == [False, True]


async def test_an_endpoint_that_fails_for_three_days_is_disabled_and_the_administrators_get_a_mail(
    api, parts, organisation, outgoing, clock, mails
):
    owner = await an_account(parts, organisation, role="owner")
    webhook = await a_webhook(api)
    outgoing.answers = lambda _: Unreachable("no answer within 10 seconds")
    await an_achievement(api)
    await an_event(api, "ada")
    await run_jobs(parts, organisation)
    for _ in range(8):
        clock.advance(timedelta(hours=13))
        await send.sweep(parts)
        await run_jobs(parts, organisation)
    shown = (await api.get(f"/api/v1/webhooks/{webhook['id']}")).json()
    assert (shown["state"], shown["disabled_reason"]) == ("disabled", "nothing was taken for 3 days")
    assert (await the_delivery(api, webhook))["state"] == "failed"
    (mail,) = mails.glob("*.eml")
    assert f"To: {owner.email}" in mail.read_text()
    refused = await api.post(f"/api/v1/webhooks/{webhook['id']}/test")
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_disabled")


async def test_after_enabling_what_failed_can_be_sent_again(api, parts, organisation, outgoing):
    webhook = await a_webhook(api)
    outgoing.answers = lambda _: HttpAnswer(410, {}, b"", 1)
    await an_achievement(api)
    await an_event(api, "ada")
    await run_jobs(parts, organisation)
    assert (await api.get(f"/api/v1/webhooks/{webhook['id']}")).json()["state"] == "disabled"
    outgoing.answers = None
    await api.patch(f"/api/v1/webhooks/{webhook['id']}", json={"state": "active"})
    answer = await api.post(
        f"/api/v1/webhooks/{webhook['id']}/redeliver-failed", json={"since": "2026-03-01T00:00:00Z"}
    )
    assert (answer.status_code, answer.json()) == (202, {"count": 1})
    await run_jobs(parts, organisation)
    assert (await the_delivery(api, webhook))["state"] == "delivered"


async def test_during_a_rotation_both_secrets_verify_and_afterwards_the_new_one_alone(
    api, parts, organisation, outgoing, clock
):
    old = await a_webhook(api)
    answer = await api.post(f"/api/v1/webhooks/{old['id']}/rotate-secret", json={"overlap_seconds": 3600})
    new = answer.json()
    await api.post(f"/api/v1/webhooks/{old['id']}/test")
    await run_jobs(parts, organisation)
    verified(outgoing.sent[0], old["secret"])
    verified(outgoing.sent[0], new["secret"])
    clock.advance(timedelta(hours=2))
    await api.post(f"/api/v1/webhooks/{old['id']}/test")
    await run_jobs(parts, organisation)
    verified(outgoing.sent[1], new["secret"])
    assert len(outgoing.sent[1].headers["webhook-signature"].split(" ")) == 1


async def test_a_webhook_of_another_organisation_is_not_found(api, other_api):
    webhook = await a_webhook(api)
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/test"),
        ("GET", "/deliveries"),
        ("POST", "/rotate-secret"),
    ):
        answer = await other_api.request(
            method,
            f"/api/v1/webhooks/{webhook['id']}{path}",
            json={} if method in {"PATCH", "POST"} else None,
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "webhook_not_found"), (method, path)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"url": "http://receiver.example/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "url"),
        ({"url": "https://user:password@receiver.example/"}, "url"),
        ({"url": "ftp://receiver.example/"}, "url"),
        ({"url": "https://receiver.example/" + "a" * 3000}, "url"),
        ({"format": "carrier-pigeon"}, "format"),
        ({"topics": ["award.created", "weather"]}, "topics[1]"),
        ({"secret": "hunter2"}, "secret"),
    ],
)
async def test_a_bad_webhook_is_refused_by_field(api, wish, field):
    answer = await api.post("/api/v1/webhooks", json={"url": RECEIVER, **wish})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_sealed_secret_opens_only_for_its_endpoint(parts):
    sealed = seal(parts.pepper, "one", "whsec_abc")
    assert unseal(parts.pepper, "one", sealed) == "whsec_abc"
    assert b"whsec_abc" not in sealed
    with pytest.raises(Exception, match=r"^$"):
        unseal(parts.pepper, "two", sealed)


@given(st.integers(0, 60), st.floats(0, 4 * 86_400))
def test_retries_end_after_three_days_and_never_wait_longer_than_twelve_hours(attempts, age):
    now = datetime(2026, 3, 14, tzinfo=UTC)

    class Delivery:
        first_attempt_at = now - timedelta(seconds=age)

    Delivery.attempts = attempts
    again = send.next_attempt_at(Delivery, now, now, None)
    if again is None:
        assert age + 12 * 3600 * 1.2 >= 3 * 86_400
    else:
        assert timedelta(seconds=3) < again - now <= timedelta(hours=12 * 1.2)
        assert again <= Delivery.first_attempt_at + timedelta(days=3)


# --------------------------------------------------------------------------------------------------------- the guard
PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.5.5",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "240.0.0.1",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd12::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_to_a_private_address_is_not_connected_to(address):
    async def resolve(host, port):
        return ["93.184.215.14", address]

    with pytest.raises(Blocked):
        await GuardedHttp(resolve=resolve).send("GET", "https://receiver.example/")


@pytest.mark.parametrize(
    "url",
    [
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://localhost/",
        "https://[::1%25lo]/",
        "https://127.0.0.1.:1/",
        "http://93.184.215.14/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "https://",
        "https://a b/",
        "https://[::1/",
        "https://host:99999/",
        "https://example.org\\@127.0.0.1/",
    ],
)
async def test_odd_spellings_reach_nobody(url):
    with pytest.raises(Unreachable):
        await GuardedHttp().send("GET", url)


@asynccontextmanager
async def a_receiver(answer: bytes, *, pause: float = 0.0):
    seen = []

    async def serve(reader, writer):
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        await asyncio.sleep(pause)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], seen


async def test_an_allowed_network_is_reached_by_plain_http_under_its_name():
    async def resolve(host, port):
        return ["127.0.0.1"]

    async with a_receiver(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok") as (port, seen):
        http = GuardedHttp(["127.0.0.0/8"], resolve=resolve)
        answer = await http.send("POST", f"http://receiver.example:{port}/hook", body=b"{}")
        await http.close()
    assert (answer.status, answer.body) == (202, b"ok")
    assert f"host: receiver.example:{port}".encode() in seen[0].lower()


async def test_redirects_are_answers_and_are_not_followed():
    head = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with a_receiver(head) as (port, _):
        http = GuardedHttp(["127.0.0.0/8"])
        answer = await http.send("GET", f"http://127.0.0.1:{port}/")
        await http.close()
    assert answer.status == 302


async def test_an_endless_answer_is_cut_off():
    body = b"x" * (2 * 1024 * 1024)
    async with a_receiver(b"HTTP/1.1 200 OK\r\n\r\n" + body) as (port, _):
        http = GuardedHttp(["127.0.0.0/8"])
        with pytest.raises(Unreachable, match="over"):
            await http.send("GET", f"http://127.0.0.1:{port}/")
        await http.close()

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from laurel.domain.notifications.send import sweep
from laurel.outside.http import HttpAnswer, Unreachable
from tests.dialects.nudj.wishes import ADMIN, a_count, an_allocation
from tests.support.work import run_jobs

ADDRESS = "https://hooks.example.org/nudj"
CONFIGS = f"{ADMIN}/webhooks/configs"
LOGS = f"{ADMIN}/webhooks/logs"


def a_config(**wish):
    return {"url": ADDRESS, "httpMethod": "POST", "isEnabled": True, **wish}


async def test_an_address_is_told_the_envelope_of_what_it_asked_for(
    admin, member, person, parts, organisation, outgoing
):
    made = await admin.achievement(criteria=a_count(1))
    mug = await admin.reward()
    await admin.distribute(made, [an_allocation(mug)], points=5)
    config = await admin.send("PUT", CONFIGS, a_config(events=["achievement-completion", "reward-distribution"]))
    assert config["secret"]
    await admin.event()
    await run_jobs(parts, organisation)
    bodies = [json.loads(request.body) for request in outgoing.sent]
    by_kind = {body["eventSubCategory"]: body for body in bodies}
    assert set(by_kind) == {"achievement-completion", "reward-distribution"}
    completion = by_kind["achievement-completion"]
    assert set(completion) == {
        "id",
        "eventCategory",
        "eventSubCategory",
        "organisationId",
        "communityId",
        "userId",
        "eventSourceId",
        "payload",
        "createdAt",
    }
    assert (completion["eventCategory"], completion["userId"]) == ("achievement", person.uid)
    assert completion["eventSourceId"] == made["id"]
    assert by_kind["reward-distribution"]["eventSourceId"] == mug["id"]


async def test_every_attempt_is_logged_and_can_be_repeated_by_hand(admin, member, parts, organisation, outgoing):
    await admin.achievement(criteria=a_count(1))
    await admin.send("PUT", CONFIGS, a_config())
    await admin.event()
    await run_jobs(parts, organisation)
    [log] = (await admin.get(LOGS))["edges"]
    assert (log["status"], log["eventSubCategory"]) == ("success", "achievement-completion")
    assert [attempt["responseStatus"] for attempt in log["attempts"]] == [200]
    await admin.post(f"{LOGS}/{log['id']}/retry")
    await run_jobs(parts, organisation)
    [again] = (await admin.get(LOGS))["edges"]
    assert again["payload"] == log["payload"]
    assert [attempt["isManual"] for attempt in again["attempts"]] == [False, True]
    assert outgoing.sent[0].body == outgoing.sent[1].body
    await admin.refused("POST", f"{LOGS}/{'0' * 24}/retry", 404)


async def test_a_configuration_is_changed_by_its_address_and_taken_away(admin):
    made = await admin.send("PUT", CONFIGS, a_config(maxRetries=5))
    changed = await admin.send("PUT", CONFIGS, a_config(isEnabled=False, events=["streak-extended"]))
    assert (changed["id"], changed["isEnabled"], changed["events"]) == (made["id"], False, ["streak-extended"])
    assert "secret" not in changed
    assert (await admin.get(CONFIGS))["edges"] == [changed]
    assert await admin.send("DELETE", f"{CONFIGS}/{made['id']}") == {"success": True}
    assert (await admin.get(CONFIGS))["totalCount"] == 0


async def test_what_cannot_be_done_is_refused(admin):
    for wish, place in (
        ({"url": "http://127.0.0.1/x"}, "url"),
        ({"url": "https://10.1.2.3/x", "headers": {"X-Key": "y"}}, "url"),
        ({"httpMethod": "GET"}, "httpMethod"),
        ({"httpMethod": "DELETE"}, "httpMethod"),
        ({"maxRetries": -1}, "maxRetries"),
        ({"maxRetries": 101}, "maxRetries"),
        ({"headers": {f"X-{number}": "y" for number in range(21)}}, "headers"),
    ):
        error = await admin.refused("PUT", CONFIGS, 400, a_config(**wish))
        assert error["data"]["field"] == f"body.{place}"
    assert (await admin.get(CONFIGS))["totalCount"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "internal"),
        ("content-LENGTH", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("Cookie", "a=b"),
        ("Webhook-Signature", "v1,x"),
        ("X-Nudj-Signature", "sha256=x"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("Proxy-Authorization", "x"),
        ("X Y", "z"),
        ("X:Y", "z"),
        ("", "z"),
        ("X-Key", ""),
        ("X-Key", "a\r\nHost: internal"),
        ("X-Key", "a\x00"),
        ("X-Key", "é"),
        ("X-Key", "x" * 1001),
    ],
)
async def test_headers_that_could_do_harm_are_refused(admin, name, value):
    error = await admin.refused("PUT", CONFIGS, 400, a_config(headers={name: value}))
    assert error["data"]["field"].startswith("body.headers")


async def test_requests_are_made_as_the_owner_wants_them(admin, member, parts, organisation, outgoing):
    await admin.achievement(criteria=a_count(1))
    wanted = {"Authorization": "Bearer s3cret", "X-Team": "a b"}
    config = await admin.send("PUT", CONFIGS, a_config(httpMethod="put", headers=wanted))
    shown = {"Authorization": "********", "X-Team": "********"}
    assert (config["httpMethod"], config["headers"]) == ("PUT", shown)
    await admin.event()
    await run_jobs(parts, organisation)
    [request] = outgoing.sent
    assert request.method == "PUT"
    assert {name: request.headers[name] for name in wanted} == wanted
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["X-Nudj-Event"] == "achievement-completion"
    [log] = (await admin.get(LOGS))["edges"]
    assert request.headers["X-Nudj-Delivery-Id"] == log["id"]
    signature = hmac.new(config["secret"].encode(), request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Nudj-Signature"] == f"sha256={signature}"
    assert request.headers["webhook-signature"].startswith("v1,")
    [stored] = await parts.database.pool.fetch(
        "SELECT details::text AS details FROM webhook_endpoint WHERE organisation_id = $1", organisation.id
    )
    assert "s3cret" not in stored["details"]


async def test_a_header_sent_back_as_it_is_shown_stays(admin, member, parts, organisation, outgoing):
    await admin.achievement(criteria=a_count(1))
    await admin.send("PUT", CONFIGS, a_config(headers={"X-Key": "old", "X-Other": "gone"}))
    config = await admin.send("PUT", CONFIGS, a_config(headers={"x-key": "********", "X-New": "new"}))
    assert set(config["headers"]) == {"x-key", "X-New"}
    await admin.event()
    await run_jobs(parts, organisation)
    assert (outgoing.sent[0].headers["x-key"], outgoing.sent[0].headers["X-New"]) == ("old", "new")
    assert "X-Other" not in outgoing.sent[0].headers


@pytest.mark.parametrize(
    ("retries", "answer", "attempts"),
    [
        (0, HttpAnswer(500, {}, b"", 1), 1),
        (2, HttpAnswer(503, {}, b"", 1), 3),
        (3, Unreachable("nobody there"), 4),
        (9, HttpAnswer(400, {}, b"", 1), 1),
        (1, HttpAnswer(429, {}, b"", 1), 2),
    ],
)
async def test_outages_are_tried_again_as_often_as_is_wanted_and_refusals_are_not(
    admin, person, parts, organisation, clock, retries, answer, attempts
):
    outgoing = parts.http
    await admin.achievement(criteria=a_count(1))
    await admin.send("PUT", CONFIGS, a_config() if retries == 3 else a_config(maxRetries=retries))
    outgoing.answers = lambda _: answer
    await admin.event()
    for _ in range(6):
        await run_jobs(parts, organisation)
        clock.advance(timedelta(hours=1))
        await sweep(parts)
    [log] = (await admin.get(LOGS))["edges"]
    assert (log["status"], len(log["attempts"]), log["nextAttemptAt"]) == ("failed", attempts, None)
    outgoing.answers = None
    await admin.post(f"{LOGS}/{log['id']}/retry")
    await run_jobs(parts, organisation)
    assert (await admin.get(LOGS))["edges"][0]["status"] == "success"


async def test_sub_categories_that_we_do_not_raise_are_taken_and_tell_nothing(
    admin, member, parts, organisation, outgoing
):
    await admin.achievement(criteria=a_count(1))
    config = await admin.send("PUT", CONFIGS, a_config(events=["tiktok-follow"]))
    assert config["events"] == ["tiktok-follow"]
    await admin.event()
    await run_jobs(parts, organisation)
    assert outgoing.sent == []

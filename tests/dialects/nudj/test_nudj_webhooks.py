import json

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
        ({"httpMethod": "PUT"}, "httpMethod"),
        ({"headers": {"x": "y"}}, "headers"),
        ({"maxRetries": -1}, "maxRetries"),
    ):
        error = await admin.refused("PUT", CONFIGS, 400, a_config(**wish))
        assert error["data"]["field"] == f"body.{place}"


async def test_sub_categories_that_we_do_not_raise_are_taken_and_tell_nothing(
    admin, member, parts, organisation, outgoing
):
    await admin.achievement(criteria=a_count(1))
    config = await admin.send("PUT", CONFIGS, a_config(events=["tiktok-follow"]))
    assert config["events"] == ["tiktok-follow"]
    await admin.event()
    await run_jobs(parts, organisation)
    assert outgoing.sent == []

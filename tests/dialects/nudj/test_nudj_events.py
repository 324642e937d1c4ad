import asyncio
from datetime import timedelta

import pytest

from tests.dialects.nudj.conftest import a_member, speaks
from tests.dialects.nudj.wishes import ADMIN, USER, a_count, a_query, a_sum
from tests.support.builders import a_key

LINK = f"{ADMIN}/events/custom/link"


def a_body(**wish):
    return {"eventName": "lesson", "payload": {}, "userId": "member-1", **wish}


def path_of(answer):
    return answer["url"].removeprefix("http://laurel.test")


async def test_users_are_named_by_both_ids_and_made_where_asked(admin, person):
    assert (await admin.post(f"{ADMIN}/events/custom", a_body()))["userId"] == person.uid
    answer = await admin.post(f"{ADMIN}/events/custom", a_body(userId=person.uid.upper()))
    assert (answer["userId"], answer["externalUserId"], answer["name"]) == (person.uid, "member-1", "lesson")
    error = await admin.refused("POST", f"{ADMIN}/events/custom", 404, a_body(userId="newcomer"))
    assert error["code"] == "NOT_FOUND"
    made = await admin.post(f"{ADMIN}/events/custom", a_body(userId="newcomer", autoCreateUser=True))
    assert made["externalUserId"] == "newcomer"
    hexadecimal = "ab" * 12
    made = await admin.post(f"{ADMIN}/events/custom", a_body(userId=hexadecimal, autoCreateUser=True))
    assert made["externalUserId"] == hexadecimal


async def test_a_key_makes_an_event_count_once(admin, member):
    made = await admin.achievement(criteria=a_count(5))
    for replayed in (False, True):
        answer = await admin.post(f"{ADMIN}/events/custom", a_body(idempotencyKey="e-1"))
        assert answer["idempotentReplayed"] is replayed
    await admin.refused("POST", f"{ADMIN}/events/custom", 409, a_body(idempotencyKey="e-1", payload={"a": 1}))
    assert (await member.get(f"{USER}/achievements/{made['id']}"))["userState"]["currentValue"] == 1


async def test_sums_are_exact_and_take_numbers_only(admin, member):
    made = await admin.achievement(criteria=a_sum(1, attribute="order.total"))
    for total in (0.1, 0.2, "5", True, None):
        await admin.post(f"{ADMIN}/events/custom", a_body(payload={"order": {"total": total}}))
    assert (await member.get(f"{USER}/achievements/{made['id']}"))["userState"]["currentValue"] == 0.3


async def test_at_most_so_many_events_of_a_window_count(admin, member, clock):
    made = await admin.achievement(queries=[a_query(cap={"count": 2, "window": "day"})], criteria=a_count(9))
    assert made["queries"][0]["parameters"]["cap"] == {"count": 2, "window": "day"}
    for _ in range(4):
        await admin.event()
    clock.advance(timedelta(days=1))
    await admin.event()
    assert (await member.get(f"{USER}/achievements/{made['id']}"))["userState"]["currentValue"] == 3


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        ({"eventName": ""}, "eventName"),
        ({"eventName": "x" * 201}, "eventName"),
        ({"userId": None}, "userId"),
        ({"userId": ""}, "userId"),
        ({"payload": []}, "payload"),
        ({"payload": {"a": 10**19}}, "payload.a"),
        ({"occurredAt": "yesterday"}, "occurredAt"),
        ({"communityId": "nowhere"}, "communityId"),
    ],
)
async def test_bad_events_are_refused_with_the_path(admin, person, wish, place):
    error = await admin.refused("POST", f"{ADMIN}/events/custom", 400, a_body(**wish))
    assert error["data"]["field"] == f"body.{place}"


async def test_a_link_records_its_event_for_one_user_once(admin, member, parts, organisation, application):
    made = await admin.achievement(criteria=a_count(1))
    path = path_of(await admin.post(LINK, {"eventName": "lesson", "payload": {"amount": 3}}))
    answer = await member.post(path)
    assert answer["completedAchievementIds"] == [made["id"]]
    again = await member.refused("POST", path, 409)
    assert again["code"] == "CONFLICT"
    other = await a_member(parts, organisation, "member-2")
    somebody = speaks(application, (await a_key(parts, organisation, acting_person_id=other.id)).text)
    await somebody.refused("GET", path, 409)
    await somebody.http.aclose()


async def test_a_link_for_many_records_once_for_each(admin, member, parts, organisation, application):
    path = path_of(await admin.post(LINK, {"eventName": "lesson", "payload": {}, "isSingleUse": False}))
    other = await a_member(parts, organisation, "member-2")
    somebody = speaks(application, (await a_key(parts, organisation, acting_person_id=other.id)).text)
    for user in (member, somebody):
        assert (await user.get(path))["name"] == "lesson"
        await user.refused("GET", path, 409)
    await somebody.http.aclose()


async def test_of_many_at_once_one_uses_the_link(admin, parts, organisation, application):
    path = path_of(await admin.post(LINK, {"eventName": "lesson", "payload": {}}))
    users = []
    for number in range(8):
        person = await a_member(parts, organisation, f"racer-{number}")
        users.append(speaks(application, (await a_key(parts, organisation, acting_person_id=person.id)).text))
    answers = await asyncio.gather(*(user.http.post(path) for user in users))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    for user in users:
        await user.http.aclose()


async def test_links_that_ran_out_or_are_forged_open_nothing(admin, member, other_api, clock):
    path = path_of(await admin.post(LINK, {"eventName": "lesson", "payload": {}, "expiryTime": 60}))
    forged = path[:-1] + ("0" if path[-1] != "0" else "1")
    await member.refused("POST", forged, 404)
    await member.refused("POST", f"{USER}/events/links/nonsense", 404)
    clock.advance(timedelta(seconds=60))
    await member.refused("POST", path, 404)
    error = await admin.refused("POST", LINK, 400, {"eventName": "lesson", "payload": {}, "expiryTime": 0})
    assert error["data"]["field"] == "body.expiryTime"
    await admin.refused("POST", LINK, 400, {"eventName": "", "payload": {}})

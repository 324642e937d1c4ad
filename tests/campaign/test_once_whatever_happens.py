"""One key in many hands at once, and clocks that jump: every effect happens once, and nothing is dated later than now."""

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.support.events import an_achievement, an_event
from tests.support.figures import report, sized
from tests.support.fixtures import NOON
from tests.support.work import run_jobs

HANDS, KEYS = 50, sized(200, least=3)


async def insist(api, sent):
    """The answer of somebody who asks again for as long as the request is in work elsewhere."""
    while (answer := await api.post("/api/v1/departments", **sent)).status_code == 409:
        assert answer.json()["code"] == "request_in_flight"
    assert answer.status_code == 201, answer.text
    return answer


async def test_one_idempotency_key_in_fifty_hands_has_one_effect(api):
    for number in range(KEYS):
        sent = {"headers": {"Idempotency-Key": f"order-{number}"}, "json": {"name": f"Nursing {number}"}}
        answers = await asyncio.gather(*(insist(api, sent) for _ in range(HANDS)))
        made = {answer.json()["id"] for answer in answers}
        assert len(made) == 1
        again = await api.post("/api/v1/departments", **sent)
        assert (again.status_code, again.json()["id"]) == (201, made.pop())
        other = await api.post("/api/v1/departments", headers=sent["headers"], json={"name": "Law"})
        assert other.json()["code"] == "idempotency_key_reused"
    report(f"{KEYS} keys, each in {HANDS} hands that insist: one effect each, equal answers")
    names = [item["name"] for item in (await api.get("/api/v1/departments?limit=100")).json()["items"]]
    assert len([name for name in names if name.startswith("Nursing")]) == KEYS


async def test_one_event_key_in_fifty_hands_counts_once(api):
    await an_achievement(api, criteria={"type": "count", "query": "lessons", "operator": ">=", "value": 2})
    first = await an_event(api, "ada", key="k0")
    event = {"person": {"external_id": "ada"}, "name": "lesson.completed", "key": "k1"}
    answers = await asyncio.gather(*(api.post("/api/v1/events", json=event) for _ in range(HANDS)))
    results = [answer.json()["results"][0] for answer in answers]
    assert first["status"] == "accepted"
    assert [result["status"] for result in results].count("accepted") == 1
    assert {result["status"] for result in results} == {"accepted", "replayed"}
    assert sum(len(result.get("unlocked", [])) for result in results) == 1


JUMPS = [timedelta(days=1), timedelta(days=-1), timedelta(hours=-1), timedelta(days=1, hours=-1), timedelta(0)]


@pytest.mark.parametrize("period", ["open", "daily"])
async def test_a_clock_that_jumps_awards_nobody_twice_and_dates_nothing_ahead(parts, organisation, api, clock, period):
    made = await an_achievement(api, period=period, issues_credential=True)
    days = set()
    for number, jump in enumerate(JUMPS):
        clock.set(NOON + jump)
        days.add(clock.now().date())
        event = await an_event(api, "ada", key=f"k{number}")
        for unlock in event.get("unlocked", []):
            award = (await api.get(f"/api/v1/awards/{unlock['award']}")).json()
            assert datetime.fromisoformat(award["awarded_at"]) <= clock.now()
            await run_jobs(parts, organisation)
            document = (await api.get(f"/c/{award['credential']}.json")).json()
            assert datetime.fromisoformat(document["validFrom"]) <= clock.now()
    clock.set(NOON)
    person = (await api.get("/api/v1/people?external_id=ada")).json()["items"][0]["id"]
    awards = (await api.get(f"/api/v1/people/{person}/awards")).json()["items"]
    assert len(awards) == len({(award["achievement"], award["period"]) for award in awards})
    assert len(awards) == (1 if period == "open" else len(days))
    assert {award["achievement"] for award in awards} == {made["id"]}


async def test_a_key_used_before_the_clock_went_back_is_still_remembered(api, clock):
    sent = {"headers": {"Idempotency-Key": "order"}, "json": {"name": "Nursing"}}
    first = await api.post("/api/v1/departments", **sent)
    clock.set(NOON - timedelta(hours=1))
    assert (await api.post("/api/v1/departments", **sent)).json() == first.json()


async def test_an_event_from_the_future_is_not_awarded_in_the_future(api, clock):
    await an_achievement(api, issues_credential=True)
    event = await an_event(api, "ada", occurred_at=(clock.now() + timedelta(hours=23)).isoformat())
    award = (await api.get(f"/api/v1/awards/{event['unlocked'][0]['award']}")).json()
    assert datetime.fromisoformat(award["awarded_at"]) <= clock.now()

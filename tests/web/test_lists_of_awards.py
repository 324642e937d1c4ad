"""/api/v1/awards and /api/v1/credentials as lists, and points moved by hand."""

import asyncio
from datetime import timedelta

from laurel.domain.credentials.model import ISSUE_JOB
from tests.support.events import an_achievement, an_event
from tests.support.work import run_jobs

ABSENT = "0" * 24


async def ids_of(api, path, **narrowed):
    answer = await api.get(path, params=narrowed)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def two_awards(api):
    """Two achievements, both earned by ada, the second also by grace; (achievements, awards oldest first)."""
    made = [await an_achievement(api, issues_credential=True, queries=[{"alias": "lessons", "event_name": n}])
            for n in ("one", "two")]  # fmt: skip
    awards = [
        (await an_event(api, person, name=name))["unlocked"][0]["award"]
        for person, name in (("ada", "one"), ("ada", "two"), ("grace", "two"))
    ]
    return [one["id"] for one in made], awards


async def test_awards_are_listed_newest_first_and_narrowed_down(api):
    (first, second), awards = await two_awards(api)
    assert await ids_of(api, "/api/v1/awards") == awards[::-1]
    assert await ids_of(api, "/api/v1/awards", achievement=second) == [awards[2], awards[1]]
    person = (await api.get(f"/api/v1/awards/{awards[0]}")).json()["person"]
    assert await ids_of(api, "/api/v1/awards", person=person) == [awards[1], awards[0]]
    assert await ids_of(api, "/api/v1/awards", person=person, achievement=first) == [awards[0]]
    await api.post(f"/api/v1/awards/{awards[0]}/revoke", json={"reason": "mistake"})
    assert await ids_of(api, "/api/v1/awards", state="revoked") == [awards[0]]
    page = (await api.get("/api/v1/awards", params={"limit": 2})).json()
    assert await ids_of(api, "/api/v1/awards", limit=2, after=page["next"]) == [awards[0]]


async def test_credentials_are_listed_by_what_the_clock_makes_of_them(api, parts, organisation, clock):
    lasting, _ = await two_awards(api)
    plan = {"valid_days": 30}
    short = await an_achievement(api, issues_credential=True, credential=plan)
    await an_event(api, "ada")
    everything = (await api.get("/api/v1/credentials")).json()["items"]
    assert len(everything) == 4
    assert {one["achievement"] for one in everything} == {*lasting, short["id"]}
    assert len(await ids_of(api, "/api/v1/credentials", state="intended")) == 4
    await run_jobs(parts, organisation, ISSUE_JOB)
    assert len(await ids_of(api, "/api/v1/credentials", state="issued")) == 4
    clock.advance(timedelta(days=31))
    [expired] = (await api.get("/api/v1/credentials", params={"state": "expired"})).json()["items"]
    assert (expired["achievement"], expired["state"]) == (short["id"], "expired")
    assert len(await ids_of(api, "/api/v1/credentials", state="issued")) == 3
    assert await ids_of(api, "/api/v1/credentials", person=expired["person"], achievement=short["id"]) == [
        expired["id"]
    ]
    for state in ("suspended", "revoked", "intended"):
        assert await ids_of(api, "/api/v1/credentials", state=state) == []


async def test_what_a_list_is_narrowed_down_to_must_exist(api, other_api):
    (foreign, _), _ = await two_awards(other_api)
    for path in ("/api/v1/awards", "/api/v1/credentials"):
        for narrowed in ({"achievement": foreign}, {"person": ABSENT}):
            answer = await api.get(path, params=narrowed)
            assert (answer.status_code, answer.json()["field"]) == (404, next(iter(narrowed)))
        answer = await api.get(path, params={"state": "lost"})
        assert (answer.status_code, answer.json()["field"]) == (422, "state")
        assert await ids_of(api, path) == []


async def a_person(api):
    answer = await api.post("/api/v1/people", json={"email": "ada@example.org"})
    return answer.json()["id"]


async def test_points_are_credited_once_a_reference_and_never_debited_below_zero(api):
    path = f"/api/v1/people/{await a_person(api)}/ledger"
    booked = (await api.post(path, json={"amount": 10, "reference": "r1", "reason": "Welcome"})).json()
    assert (booked["entry"]["amount"], booked["entry"]["reason"], booked["replayed"]) == (10, "Welcome", False)
    again = (await api.post(path, json={"amount": 10, "reference": "r1", "reason": "Welcome"})).json()
    assert (again["entry"]["number"], again["replayed"]) == (booked["entry"]["number"], True)
    other = await api.post(path, json={"amount": 11, "reference": "r1"})
    assert (other.status_code, other.json()["code"]) == (409, "reference_reused")
    low = await api.post(path, json={"amount": -11})
    assert (low.status_code, low.json()["field"], low.json()["limit"]) == (409, "amount", "10")
    assert (await api.post(path, json={"amount": -10})).status_code == 200
    assert [one["amount"] for one in (await api.get(path)).json()["items"]] == [-10, 10]


async def test_ten_debits_at_once_take_what_is_there_and_no_more(api):
    path = f"/api/v1/people/{await a_person(api)}/ledger"
    await api.post(path, json={"amount": 3})
    answers = await asyncio.gather(*(api.post(path, json={"amount": -1}) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 7


async def test_an_amount_that_is_none_is_refused(api):
    path = f"/api/v1/people/{await a_person(api)}/ledger"
    for wrong, field in (
        ({"amount": 0}, "amount"),
        ({"amount": 10**7}, "amount"),
        ({"amount": "five"}, "amount"),
        ({"amount": 1, "unit": "xp"}, "unit"),
        ({"amount": 1, "reference": ""}, "reference"),
        ({"amount": 1, "department": ABSENT}, "department"),
    ):
        answer = await api.post(path, json=wrong)
        assert answer.status_code in {404, 422}, answer.text
        assert answer.json()["field"] == field, answer.text
    assert (await api.get(path)).json()["items"] == []

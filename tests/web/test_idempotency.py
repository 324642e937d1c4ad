import asyncio
from datetime import timedelta

KEY = {"Idempotency-Key": "order-17"}


async def test_same_key_and_body_gets_the_stored_answer(api):
    first = await api.post("/api/v1/departments", json={"name": "Nursing"}, headers=KEY)
    again = await api.post("/api/v1/departments", json={"name": "Nursing"}, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    names = [item["name"] for item in (await api.get("/api/v1/departments")).json()["items"]]
    assert names.count("Nursing") == 1


async def test_same_key_with_another_body_is_a_conflict(api):
    await api.post("/api/v1/departments", json={"name": "Nursing"}, headers=KEY)
    other = await api.post("/api/v1/departments", json={"name": "Law"}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_same_key_at_another_address_is_a_conflict(api):
    await api.post("/api/v1/departments", json={"name": "Nursing"}, headers=KEY)
    other = await api.post("/api/v1/keys", json={"name": "Nursing"}, headers=KEY)
    assert other.json()["code"] == "idempotency_key_reused"


async def test_a_refusal_undoes_everything_and_leaves_the_key_free(api):
    await api.post("/api/v1/departments", json={"name": "Nursing"})
    refused = await api.post("/api/v1/departments", json={"name": "Nursing"}, headers=KEY)
    assert refused.status_code == 409
    made = await api.post("/api/v1/departments", json={"name": "Law"}, headers=KEY)
    assert made.status_code == 201


async def test_the_same_key_of_another_organisation_is_another_key(api, other_api):
    await api.post("/api/v1/departments", json={"name": "Nursing"}, headers=KEY)
    other = await other_api.post("/api/v1/departments", json={"name": "Nursing"}, headers=KEY)
    assert other.status_code == 201
    assert "Idempotency-Replayed" not in other.headers


async def test_a_key_is_free_again_after_a_day(api, clock):
    first = await api.post("/api/v1/departments", json={"name": "Nursing"}, headers=KEY)
    clock.advance(timedelta(hours=24, seconds=1))
    later = await api.post("/api/v1/departments", json={"name": "Law"}, headers=KEY)
    assert later.status_code == 201
    assert later.json()["id"] != first.json()["id"]


async def test_of_concurrent_requests_one_acts_and_the_others_conflict_or_replay(api):
    answers = await asyncio.gather(
        *(api.post("/api/v1/departments", json={"name": "Nursing"}, headers=KEY) for _ in range(8))
    )
    made = [answer for answer in answers if answer.status_code == 201]
    assert made
    assert len({answer.json()["id"] for answer in made}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in made) == 1
    assert all(answer.json()["code"] == "request_in_flight" for answer in answers if answer.status_code != 201)


async def test_a_key_over_the_limit_is_named(api):
    answer = await api.post("/api/v1/departments", json={"name": "Nursing"}, headers={"Idempotency-Key": "k" * 256})
    assert (answer.status_code, answer.json()["field"], answer.json()["limit"]) == (422, "Idempotency-Key", 255)


async def test_an_empty_key_is_refused(api):
    answer = await api.post("/api/v1/departments", json={"name": "Nursing"}, headers={"Idempotency-Key": " "})
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


async def test_without_an_api_key_the_usual_refusal_comes(stranger):
    answer = await stranger.post("/api/v1/departments", json={"name": "Nursing"}, headers=KEY)
    assert answer.status_code == 401

import asyncio
from datetime import timedelta

import pytest

from laurel.domain.organisations import keys
from laurel.domain.organisations.api_keys import store as api_keys
from laurel.web import callers
from tests.support.builders import a_department, a_key, an_account
from tests.support.fixtures import client_of


async def status(client):
    return (await client.get("/api/v1/organisation")).status_code


async def test_unknown_and_wrong_keys_get_the_same_answer(stranger, key):
    wrong = key.text[:-8] + "00000000"
    answers = [
        await stranger.get("/api/v1/organisation", headers={"Authorization": f"Bearer {text}"})
        for text in (wrong, keys.new_key_text(), "rubbish", "lrl_x")
    ]
    bodies = [{**answer.json(), "request_id": None} for answer in answers]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert all(body == bodies[0] for body in bodies)
    assert answers[0].headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_key_reads_as_documented_and_carries_its_checksum(key):
    prefix, identifier, rest = key.text.split("_")
    assert (prefix, identifier) == ("lrl", key.key.uid)
    assert rest[43:] == keys.checksum(rest[:43])


async def test_the_secret_is_stored_nowhere(parts, key):
    async with parts.database.public_lookup(key.key.uid) as tx:
        row = await tx.fetchrow("SELECT to_jsonb(api_key)::text AS everything FROM api_key WHERE uid = $1", key.key.uid)
    secret = key.text.split("_")[2]
    assert secret not in row["everything"]
    assert secret[:20] not in row["everything"]


async def test_a_made_key_works_and_is_shown_once(api, application):
    made = await api.post("/api/v1/keys", json={"name": "Importer", "scopes": ["people:write"]})
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    shown = await api.get(f"/api/v1/keys/{made.json()['id']}")
    assert "key" not in shown.json()
    assert shown.json()["scopes"] == ["people:write"]
    refused = await api.get("/api/v1/organisation", headers={"Authorization": f"Bearer {made.json()['key']}"})
    assert (refused.status_code, refused.json()["details"]["scope"]) == (403, "organisation:read")


async def test_writing_includes_reading_and_reading_everything_is_not_writing(parts, application, organisation):
    async with client_of(application, await a_key(parts, organisation, scopes=("organisation:write",))) as writer:
        assert await status(writer) == 200
    async with client_of(application, await a_key(parts, organisation, scopes=("*:read",))) as reader:
        assert await status(reader) == 200
        assert (await reader.patch("/api/v1/organisation", json={})).status_code == 403


async def test_a_key_cannot_give_what_it_does_not_hold(parts, application, organisation):
    holder = await a_key(parts, organisation, scopes=("keys:write", "people:read"))
    async with client_of(application, holder) as client:
        refused = await client.post("/api/v1/keys", json={"name": "x", "scopes": ["people:read", "events:write"]})
        assert (refused.status_code, refused.json()["field"]) == (403, "scopes[1]")
        assert (await client.post("/api/v1/keys", json={"name": "x"})).status_code == 403


async def test_a_scope_that_does_not_exist_is_named(api):
    answer = await api.post("/api/v1/keys", json={"name": "x", "scopes": ["people:eat"]})
    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (422, "scopes[0]", "people:eat")


async def test_a_key_of_a_department_keeps_within_it(parts, application, organisation):
    department = await a_department(parts, organisation)
    other = await a_department(parts, organisation)
    bound = await a_key(parts, organisation, department_id=department.id)
    async with client_of(application, bound) as client:
        listed = (await client.get("/api/v1/departments")).json()["items"]
        assert [item["id"] for item in listed] == [department.uid]
        assert (await client.get(f"/api/v1/departments/{other.uid}")).status_code == 404
        made = await client.post("/api/v1/keys", json={"name": "child"})
        assert made.json()["department"] == department.id
        assert (await client.post("/api/v1/keys", json={"name": "x", "department": other.uid})).status_code == 404


async def test_a_revoked_key_is_refused_within_a_second(parts, application, api, organisation):
    victim = await a_key(parts, organisation)
    async with client_of(application, victim) as client:
        assert await status(client) == 200
        async with parts.database.transaction(organisation.id) as tx:  # as another process would
            await keys.revoke(tx, victim.key.uid, by="test", now=parts.clock.now())
        await asyncio.sleep(callers.REMEMBERED_SECONDS)
        assert await status(client) == 401


async def test_a_key_revoked_here_is_refused_at_once_and_revoking_is_idempotent(parts, application, api, organisation):
    victim = await a_key(parts, organisation)
    async with client_of(application, victim) as client:
        assert await status(client) == 200
        assert (await api.delete(f"/api/v1/keys/{victim.key.uid}")).status_code == 204
        assert await status(client) == 401
    assert (await api.delete(f"/api/v1/keys/{victim.key.uid}")).status_code == 204
    actions = [item["action"] for item in (await api.get("/api/v1/audit")).json()["items"]]
    assert actions.count("key.revoke") == 1


async def test_a_key_that_has_run_out_is_refused(parts, application, organisation, clock):
    short = await a_key(parts, organisation, expires_at=clock.now() + timedelta(hours=1))
    clock.advance(timedelta(hours=1))
    async with client_of(application, short) as client:
        assert await status(client) == 401


async def test_both_keys_work_during_the_overlap_of_a_rotation(parts, application, api, organisation, clock):
    old = await a_key(parts, organisation, scopes=("organisation:read",))
    answer = await api.post(f"/api/v1/keys/{old.key.uid}/rotate", json={"overlap_seconds": 600})
    assert answer.status_code == 201, answer.text
    new = {"Authorization": f"Bearer {answer.json()['key']}"}
    async with client_of(application, old) as client:
        assert await status(client) == 200
        assert (await client.get("/api/v1/organisation", headers=new)).status_code == 200
        again = await api.post(f"/api/v1/keys/{old.key.uid}/rotate", json={})
        assert again.status_code == 409
        clock.advance(timedelta(seconds=601))
        await asyncio.sleep(callers.REMEMBERED_SECONDS)
        assert await status(client) == 401
        assert (await client.get("/api/v1/organisation", headers=new)).status_code == 200
    assert answer.json()["scopes"] == ["organisation:read"]


async def test_the_last_use_is_noted_at_most_once_a_minute(parts, application, organisation, clock):
    used = await a_key(parts, organisation)
    async with client_of(application, used) as client:
        await status(client)
    async with parts.database.transaction(organisation.id) as tx:
        assert (await api_keys.find(tx, used.key.uid)).last_used_at == clock.now()
        await api_keys.touch(
            tx, used.key.id, clock.now() + timedelta(seconds=59), at_most_every=callers.LAST_USED_EVERY
        )
        assert (await api_keys.find(tx, used.key.uid)).last_used_at == clock.now()


async def test_many_failures_from_one_address_are_throttled_and_known_keys_still_pass(parts, organisation, key):
    recogniser = callers.Callers(parts)
    await recogniser.by_key(key.text, "203.0.113.7")
    for _ in range(callers.FAILURES_PER_MINUTE_MAX):
        with pytest.raises(callers.Unauthenticated):
            await recogniser.by_key(keys.new_key_text(), "203.0.113.7")
    recogniser.forget()
    with pytest.raises(callers.Limited) as refused:
        await recogniser.by_key(keys.new_key_text(), "203.0.113.7")
    assert refused.value.retry_after_seconds <= 60
    assert (await recogniser.by_key(key.text, "203.0.113.7")).key_id == key.key.id
    with pytest.raises(callers.Unauthenticated):
        await recogniser.by_key(keys.new_key_text(), "203.0.113.8")


async def test_guesses_at_one_key_from_many_addresses_are_throttled(parts, key):
    recogniser = callers.Callers(parts)
    for number in range(callers.FAILURES_PER_MINUTE_MAX):
        with pytest.raises(callers.Unauthenticated):
            await recogniser.by_key(key.text + "x", f"203.0.113.{number}")
    with pytest.raises(callers.Limited):
        await recogniser.by_key(key.text + "x", "198.51.100.1")


async def test_a_key_of_any_text_is_found_again(parts, application, organisation):
    odd = await a_key(parts, organisation, text="lrl_for-the-workshop")
    async with client_of(application, odd) as client:
        assert await status(client) == 200
    assert "workshop" not in odd.key.uid


async def test_a_key_acts_as_the_account_of_its_maker_unless_told_otherwise(parts, application, organisation):
    account = await an_account(parts, organisation)
    maker = await a_key(parts, organisation, account_id=account.id)
    async with client_of(application, maker) as client:
        made = await client.post("/api/v1/keys", json={"name": "child"})
    async with parts.database.transaction(organisation.id) as tx:
        assert (await api_keys.find(tx, made.json()["id"])).account_id == account.id


async def test_pages_end_and_hold_every_key_once(api):
    for number in range(5):
        await api.post("/api/v1/keys", json={"name": f"Key {number}"})
    seen, after = [], None
    while True:
        page = (await api.get("/api/v1/keys", params={"limit": 2, **({"after": after} if after else {})})).json()
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 6

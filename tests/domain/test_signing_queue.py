"""What waits to be signed stands in a queue that the database keeps, and signing leaves the indexes of credentials alone."""

import itertools
import random

from laurel.domain.credentials import store
from laurel.domain.credentials.issue import FEW_MAX
from tests.support.credentials import an_award
from tests.support.events import an_achievement

CHANGED_BY_SIGNING = {"state", "issued_at", "status_list_id", "status_index", "log_number"}


async def test_no_index_looks_at_what_signing_changes(parts, organisation):
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch(
            """
            SELECT i.indexrelid::regclass::text AS name, a.attname
            FROM pg_index i
            JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                            AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
            WHERE i.indrelid = 'credential'::regclass
            """
        )
    looked_at = {(row["name"], row["attname"]) for row in rows}
    assert ("credential_changed", "updated_at") in looked_at
    assert ("credential_changed", "deleted_at") in looked_at, "conditions of partial indexes are looked at too"
    assert {(name, column) for name, column in looked_at if column in CHANGED_BY_SIGNING} == set()


async def test_signing_rewrites_rows_on_their_own_pages(api, parts, organisation):
    await an_award(api, await an_achievement(api))
    async with parts.database.transaction(organisation.id) as tx:
        before = await tx.fetchval("SELECT pg_stat_get_xact_tuples_hot_updated('credential'::regclass)")
        row = await tx.fetchrow(
            "SELECT person_id, id, status_list_id, status_index, log_number, uid FROM credential WHERE organisation_id = $1",
            organisation.id,
        )
        await tx.execute("UPDATE credential SET state = 'intended' WHERE organisation_id = $1", organisation.id)
        assert await store.count_waiting(tx) == 1
        await store.set_issued(tx, [store.NewlySigned(*row, "{}")], 1, parts.clock.now())
        assert await store.count_waiting(tx) == 0
        assert await tx.fetchval("SELECT pg_stat_get_xact_tuples_hot_updated('credential'::regclass)") == before + 2


async def test_the_queue_holds_what_waits_whatever_changes(api, parts, organisation):
    await an_award(api, await an_achievement(api))
    conditions = list(itertools.product(("intended", "issued", "revoked"), (True, False), (True, False), (True, False)))
    random.shuffle(conditions)
    async with parts.database.transaction(organisation.id) as tx:
        for state, published, deleted, refused in conditions * 2:
            await tx.execute(
                """
                UPDATE credential
                SET state = $2, revoked_at = CASE WHEN $2 = 'revoked' THEN created_at END,
                    published_at = CASE WHEN $3 THEN created_at END, deleted_at = CASE WHEN $4 THEN created_at END,
                    refusal = CASE WHEN $5 THEN 'no' END
                WHERE organisation_id = $1
                """,
                organisation.id,
                state,
                published,
                deleted,
                refused,
            )
            waits = state == "intended" and published and not deleted and not refused
            assert await store.count_waiting(tx) == waits, (state, published, deleted, refused)
            assert len(await store.take_waiting(tx, 10)) == waits


async def test_the_queue_says_which_have_a_place_in_a_status_list(api, parts, organisation):
    await an_award(api, await an_achievement(api))
    async with parts.database.transaction(organisation.id) as tx:
        await tx.execute("UPDATE credential SET state = 'intended' WHERE organisation_id = $1", organisation.id)
        assert await store.waiting(tx, 10) == (1, 0)
    await an_achievement(api, issues_credential=True)
    events = [
        {"person": {"external_id": f"p{number}"}, "name": "lesson.completed", "key": str(number)}
        for number in range(FEW_MAX + 1)
    ]
    answer = await api.post("/api/v1/events?create_people=true", json=events)
    assert answer.status_code == 200, answer.text
    async with parts.database.transaction(organisation.id) as tx:
        assert await store.waiting(tx, 100) == (FEW_MAX + 2, FEW_MAX + 1)
        assert await store.waiting(tx, 10) == (10, 9)

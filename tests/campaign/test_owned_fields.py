"""Fields that the server owns, sent to routes that write: refused or ignored, and found nowhere afterwards."""

import pytest

from tests.support.builders import a_number
from tests.support.events import an_achievement

UID = "f" * 24
NUMBER = 1_999_999_999
LONG_AGO = "1999-01-01T00:00:00Z"
OWNED = {
    "id": UID, "uid": UID, "number": NUMBER, "organisation_id": NUMBER, "organisation": UID, "created_at": LONG_AGO,
    "updated_at": LONG_AGO, "recorded_at": LONG_AGO, "deleted_at": LONG_AGO, "revoked_at": LONG_AGO, "created_by": "canary",
    "updated_by": "canary", "revision": NUMBER, "points": NUMBER, "granted": NUMBER, "document": "canary",
    "last_used_at": LONG_AGO, "live_spans": [[LONG_AGO, None]], "rules_version": NUMBER, "issued_by": "canary",
}  # fmt: skip

WRITES = {
    "/api/v1/departments": {"name": "Physics"},
    "/api/v1/keys": {"name": "another"},
    "/api/v1/accounts": {"name": "Grace", "email": "grace@example.org"},
    "/api/v1/people": {"display_name": "Ada"},
    "/api/v1/achievements": {"name": "Diver"},
    "/api/v1/rewards": {"name": "Mug"},
    "/api/v1/webhooks": {"url": "https://receiver.example/hook"},
    "/api/v1/events?create_people=true": {"person": {"external_id": "ada"}, "name": "dive"},
    "/learner-profile-service/api/v1/achievement": {"name": "Writing", "type": "competency"},
    "/learner-profile-service/api/v1/goal": {"name": "Swim", "type": "personal"},
    "/learner-profile-service/api/v1/learner": {"first_name": "A", "last_name": "B", "email_address": "a@example.org"},
    "/api/v2/admin/achievements": {"details": {"title": "Swim", "description": "Swim"}, "status": "draft"},
    "/api/v2/admin/rewards": {"details": {"title": "Cap", "description": "A cap"}, "status": "draft"},
}
CHANGES = ("departments", "accounts", "people", "achievements", "rewards", "webhooks")


async def planted(parts, organisation) -> list[tuple[str, str]]:
    """Where a planted value stands in a column that the server owns: (table, column)."""
    found = []
    async with parts.database.transaction(organisation.id) as tx:
        columns = await tx.fetch(
            """
            SELECT c.relname AS name, a.attname AS column FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            JOIN pg_attribute o ON o.attrelid = c.oid AND o.attname = 'organisation_id'
            WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
              AND a.attname = ANY(ARRAY['id', 'uid', 'created_at', 'updated_at', 'recorded_at', 'deleted_at', 'revoked_at',
                'created_by', 'updated_by', 'revision', 'points', 'granted', 'document', 'last_used_at', 'rules_version'])
            """
        )
        for row in columns:
            hit = await tx.fetchval(
                f"""
                SELECT EXISTS (SELECT FROM {row["name"]}
                WHERE organisation_id = $1 AND {row["column"]}::text = ANY($2::text[])
                   OR {row["column"]}::text LIKE '1999-01-01%')
                """,
                organisation.id,
                [UID, str(NUMBER), "canary"],
            )
            if hit:
                found.append((row["name"], row["column"]))
    return found


@pytest.mark.parametrize("path", WRITES)
async def test_what_is_made_keeps_none_of_them(parts, organisation, api, key, path):
    headers = {"x-api-token": key.text}
    assert (await api.post(path, json=WRITES[path], headers=headers)).is_success
    for name, value in OWNED.items():
        body = {**WRITES[path], name: value}
        for unique in ("email", "email_address"):
            if unique in body:
                body[unique] = f"other{a_number()}@example.org"
        answer = await api.post(path, json=body, headers=headers)
        assert answer.status_code < 500, answer.text
    assert await planted(parts, organisation) == []


@pytest.mark.parametrize("resource", CHANGES)
async def test_what_is_changed_keeps_none_of_them(parts, organisation, api, resource):
    thing = (await api.post(f"/api/v1/{resource}", json=WRITES[f"/api/v1/{resource}"])).json()["id"]
    for name, value in OWNED.items():
        answer = await api.patch(f"/api/v1/{resource}/{thing}", json={name: value})
        assert answer.status_code < 500, answer.text
    assert await planted(parts, organisation) == []


async def test_a_gift_and_a_claim_keep_none_of_them(parts, organisation, api):
    made = await an_achievement(api, issues_credential=True)
    gift = {"person": {"external_id": "ada"}, "create_person": True, "again": True}
    for name, value in OWNED.items():
        answer = await api.post(f"/api/v1/achievements/{made['id']}/awards", json={**gift, name: value})
        assert answer.status_code < 500, answer.text
    assert await planted(parts, organisation) == []


async def test_the_organisation_keeps_none_of_them(parts, organisation, api):
    for name, value in OWNED.items():
        assert (await api.patch("/api/v1/organisation", json={name: value})).status_code < 500
    assert await planted(parts, organisation) == []

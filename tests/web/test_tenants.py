"""Row-level security: every table with an organisation keeps its rows to it, whatever a query asks for."""

import asyncpg
import pytest

from laurel.base.ids import new_uid


async def tables(connection):
    return await connection.fetch(
        """
        SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS guarded FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organisation_id' AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace ORDER BY 1
        """
    )


async def columns(connection, table):
    return await connection.fetch(
        """
        SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AND NOT a.atthasdef
               AND a.attidentity = '' AS needed
        FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
        """,
        table,
    )


VALUES = {
    "bigint": "7", "integer": "7", "smallint": "7", "numeric": "7", "jsonb": "'{}'", "bytea": "'\\x00'",
    "timestamp with time zone": "now()", "date": "current_date", "boolean": "false", "text[]": "'{}'", "bigint[]": "'{}'",
    "double precision": "7", "uuid": "gen_random_uuid()",
}  # fmt: skip
# Columns whose values a CHECK narrows down.
NARROW = {
    "role": "'viewer'", "status": "'draft'", "period": "'open'", "state": "'active'", "claim": "'granted'",
}  # fmt: skip


async def a_row(connection, table, organisation_id):
    """Put one row of the organisation into the table as the superuser, past every constraint but its columns'."""
    named = {"organisation_id": str(organisation_id)}
    for column in await columns(connection, table):
        if column["needed"] and column["name"] not in named:
            narrow = NARROW.get(column["name"]) if column["type"] == "text" else None
            text = f"'{new_uid()}'" if column["type"] == "text" else None
            named[column["name"]] = narrow or text or VALUES[column["type"]]
    checks = await connection.fetch(
        "SELECT conname FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('c', 'f')", table
    )
    for check in checks:
        await connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{check["conname"]}"')
    await connection.execute(
        f"INSERT INTO {table} ({', '.join(named)}) VALUES ({', '.join(named.values())}) ON CONFLICT DO NOTHING"
    )


async def test_every_table_of_a_tenant_is_guarded(parts):
    async with parts.database.every_organisation() as tx:
        found = await tables(tx.connection)
    assert len(found) > 20
    assert [row["name"] for row in found if not row["guarded"]] == []


async def test_no_table_shows_takes_or_changes_another_organisations_rows(
    parts, postgres_url, organisation, other_organisation
):
    connection = await asyncpg.connect(postgres_url)
    begun = connection.transaction()
    await begun.start()
    try:
        for table in [row["name"] for row in await tables(connection)]:
            await a_row(connection, table, other_organisation.id)
            await a_row(connection, table, organisation.id)
            there = await connection.fetchval(
                f"SELECT count(*) FROM {table} WHERE organisation_id = $1", other_organisation.id
            )
            assert there > 0, table
            await connection.execute("SAVEPOINT as_superuser")
            await connection.execute(
                f"SET LOCAL ROLE laurel_tenant; SET LOCAL laurel.organisation_id = {organisation.id}"
            )
            seen = await connection.fetch(f"SELECT DISTINCT organisation_id FROM {table}")
            assert [row[0] for row in seen] == [organisation.id], table
            for change in ("SET organisation_id = organisation_id", f"SET organisation_id = {other_organisation.id}"):
                await connection.execute("SAVEPOINT attempt")
                try:
                    touched = await connection.execute(
                        f"UPDATE {table} {change} WHERE organisation_id = $1", other_organisation.id
                    )
                    assert touched == "UPDATE 0", table
                finally:
                    await connection.execute("ROLLBACK TO SAVEPOINT attempt")
            await connection.execute("SAVEPOINT attempt")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"UPDATE {table} SET organisation_id = {other_organisation.id}")
            await connection.execute("ROLLBACK TO SAVEPOINT attempt")
            touched = await connection.execute(f"DELETE FROM {table} WHERE organisation_id = $1", other_organisation.id)
            assert touched == "DELETE 0", table
            await connection.execute("ROLLBACK TO SAVEPOINT as_superuser")
    finally:
        await begun.rollback()
        await connection.close()


async def test_without_an_organisation_nothing_is_seen(postgres_url, organisation):
    connection = await asyncpg.connect(postgres_url)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE laurel_tenant")
            for table in [row["name"] for row in await tables(connection)]:
                assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    finally:
        await connection.close()


async def test_another_organisations_things_are_not_found_over_http(api, other_api):
    department = (await api.post("/api/v1/departments", json={"name": "Law"})).json()["id"]
    key = (await api.post("/api/v1/keys", json={"name": "x"})).json()["id"]
    for path in (f"/api/v1/departments/{department}", f"/api/v1/keys/{key}"):
        assert (await other_api.get(path)).status_code == 404
        assert (await other_api.delete(path)).status_code == 404

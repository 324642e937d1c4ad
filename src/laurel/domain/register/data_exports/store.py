"""The SQL of exports and of the rows that they hold. Decides nothing."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from laurel.base.ids import DepartmentId
from laurel.database.pool import Row, Transaction
from laurel.database.rows import insert_row
from laurel.domain.register.model import Department
from laurel.domain.register.store import TITLE

_EXPORT = "id, department_id, entity, status, files, created_at"
_OF_DEPARTMENT = "({table}.department_id = $2 OR ($3 AND {table}.department_id IS NULL))"
_ROWS = {
    "organizations": (
        "d.id, d.name, d.description, d.url, d.image, d.created_at",
        "department d WHERE d.organisation_id = $1 AND d.id = $2 AND $3::boolean IS NOT NULL",
        "d",
    ),
    "credentials": (
        f"""c.id, c.uid, c.license_id, c.fields ->> 'name', c.fields ->> 'description', a.id, {TITLE},
        c.fields ->> 'recipient_name', c.fields ->> 'recipient_email', c.fields ->> 'recipient_id', c.issued_on,
        (c.expires_at AT TIME ZONE 'UTC')::date, (c.published_at AT TIME ZONE 'UTC')::date, c.revoked_at, c.private,
        c.created_at, c.updated_at""",
        f"""credential c JOIN achievement a ON a.organisation_id = $1 AND a.id = c.achievement_id
        WHERE c.organisation_id = $1 AND c.deleted_at IS NULL AND {_OF_DEPARTMENT.format(table="a")}""",
        "c",
    ),
    "credential_analytics": (
        "v.id, v.credential_id, v.license_id, v.achievement_id, v.event, v.at",
        f"""credential_activity v JOIN achievement a ON a.organisation_id = $1 AND a.id = v.achievement_id
        WHERE v.organisation_id = $1 AND {_OF_DEPARTMENT.format(table="a")}""",
        "v",
    ),
    "groups": (
        f"a.id, a.uid, {TITLE}, jsonb_path_query_first(a.names, '$.*') #>> '{{}}', a.department_id, a.status, a.created_at, a.updated_at",
        f"achievement a WHERE a.organisation_id = $1 AND a.deleted_at IS NULL AND {_OF_DEPARTMENT.format(table='a')}",
        "a",
    ),
    "designs": (
        "s.id, s.uid, s.name, s.kind, s.department_id, s.created_at, s.updated_at",
        f"design s WHERE s.organisation_id = $1 AND s.deleted_at IS NULL AND {_OF_DEPARTMENT.format(table='s')}",
        "s",
    ),
}


def _made_at(entity: str) -> str:
    return f"{_ROWS[entity][2]}.{'at' if entity == 'credential_analytics' else 'created_at'}"


async def insert(tx: Transaction, department_id: DepartmentId, entity: str, now: datetime) -> Row:
    """A scheduled export."""
    values = {
        "department_id": department_id, "entity": entity, "status": "scheduled", "created_at": now, "updated_at": now,
    }  # fmt: skip
    return await insert_row(tx, "data_export", values, _EXPORT)


async def newest(tx: Transaction, department_id: DepartmentId | None, limit: int) -> list[Row]:
    """Newest first."""
    return await tx.fetch(
        f"""
        SELECT {_EXPORT} FROM data_export
        WHERE organisation_id = $1 AND ($2::bigint IS NULL OR department_id = $2) ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        department_id,
        limit,
    )


async def find(tx: Transaction, export_id: int) -> Row | None:
    """By integer id."""
    return await tx.fetchrow(
        f"SELECT {_EXPORT} FROM data_export WHERE organisation_id = $1 AND id = $2", tx.organisation_id, export_id
    )


async def begin(tx: Transaction, export_id: int, now: datetime) -> bool:
    """Note that the export is being written; False when it is finished. One that was left behind is begun again."""
    begun = await tx.execute(
        """
        UPDATE data_export SET status = 'processing', updated_at = $3
        WHERE organisation_id = $1 AND id = $2 AND status <> 'completed'
        """,
        tx.organisation_id,
        export_id,
        now,
    )
    return begun == 1


async def finish(tx: Transaction, export_id: int, status: str, files: list[dict[str, Any]], now: datetime) -> None:
    """Note how it ended."""
    await tx.execute(
        "UPDATE data_export SET status = $3, files = $4, updated_at = $5 WHERE organisation_id = $1 AND id = $2",
        tx.organisation_id,
        export_id,
        status,
        files,
        now,
    )


async def is_default_department(tx: Transaction, department_id: DepartmentId) -> bool:
    """Whether it owns what names no department."""
    return bool(
        await tx.fetchval(
            "SELECT is_default FROM department WHERE organisation_id = $1 AND id = $2",
            tx.organisation_id,
            department_id,
        )
    )


async def years(tx: Transaction, entity: str, department: Department) -> list[int]:
    """The years in which something of this kind was made."""
    rows = await tx.fetch(
        f"SELECT DISTINCT extract(year FROM {_made_at(entity)} AT TIME ZONE 'UTC')::integer AS year FROM {_ROWS[entity][1]}",
        tx.organisation_id,
        department.id,
        department.is_default,
    )
    return sorted(row["year"] for row in rows)


async def rows(tx: Transaction, entity: str, department: Department, year: int) -> AsyncIterator[Row]:
    """The rows of one year, in the order of making, as they come from the database."""
    columns, source, alias = _ROWS[entity]
    async for row in tx.stream(
        f"""
        SELECT {columns} FROM {source} AND extract(year FROM {_made_at(entity)} AT TIME ZONE 'UTC') = $4
        ORDER BY {alias}.id
        """,
        tx.organisation_id,
        department.id,
        department.is_default,
        year,
    ):
        yield row

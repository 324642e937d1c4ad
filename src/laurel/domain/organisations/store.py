"""The SQL of organisations and departments. Decides nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from laurel.base.errors import Conflict
from laurel.base.ids import DepartmentId, new_uid
from laurel.database.pool import Row, Transaction, UniqueViolation
from laurel.database.rows import insert_row_once, update_row, update_rows
from laurel.database.slices import Slice, page_of
from laurel.domain.organisations.model import Department, Organisation

_ORGANISATION = """organisation_id AS id, uid, slug, name, description, url, email, image, logo, time_zone, language, settings,
    created_at, updated_at"""
_DEPARTMENT = "id, uid, name, slug, description, url, image, is_default, details, created_at, updated_at"
_BOOTSTRAP_LOCK = 0x1A0E_E2  # any constant: one first start at a time per database


# ------------------------------------------------------------------------------------------------------ organisations
async def lock_first_start(tx: Transaction) -> None:
    """Wait until no other process prepares this database; held until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _BOOTSTRAP_LOCK)


async def oldest_organisation(tx: Transaction) -> Organisation | None:
    """The first organisation of the database, for start-up."""
    row = await tx.fetchrow(
        f"SELECT {_ORGANISATION} FROM organisation WHERE deleted_at IS NULL ORDER BY organisation_id LIMIT 1"
    )
    return Organisation(**row) if row else None


async def organisations(tx: Transaction) -> list[Organisation]:
    """All organisations, for the command line (needs a transaction across organisations)."""
    rows = await tx.fetch(f"SELECT {_ORGANISATION} FROM organisation WHERE deleted_at IS NULL ORDER BY organisation_id")
    return [Organisation(**row) for row in rows]


async def organisation_by_slug_or_uid(tx: Transaction, text: str) -> Organisation | None:
    """For the command line (needs a transaction across organisations)."""
    row = await tx.fetchrow(
        f"SELECT {_ORGANISATION} FROM organisation WHERE (slug = $1 OR uid = $1) AND deleted_at IS NULL", text
    )
    return Organisation(**row) if row else None


async def insert_organisation(
    tx: Transaction, *, slug: str, name: str, time_zone: str, language: str, email: str | None, now: datetime
) -> Organisation:
    """Needs a transaction across organisations. Raises Conflict when the slug is taken."""
    try:
        row = await tx.fetchrow(
            f"""
            INSERT INTO organisation (uid, slug, name, time_zone, language, email, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING {_ORGANISATION}
            """,
            new_uid(),
            slug,
            name,
            time_zone,
            language,
            email,
            now,
        )
    except UniqueViolation as taken:
        raise Conflict(f"there is an organisation with the slug {slug} already", field="slug", value=slug) from taken
    return Organisation(**_found(row))


async def organisation(tx: Transaction) -> Organisation:
    """The transaction's own organisation."""
    row = await tx.fetchrow(f"SELECT {_ORGANISATION} FROM organisation WHERE organisation_id = $1", tx.organisation_id)
    return Organisation(**_found(row))


async def organisation_by_uid(tx: Transaction, uid: str) -> Organisation | None:
    """By uid; in a public lookup, whichever it is."""
    row = await tx.fetchrow(f"SELECT {_ORGANISATION} FROM organisation WHERE uid = $1 AND deleted_at IS NULL", uid)
    return Organisation(**row) if row else None


async def lock_organisation(tx: Transaction) -> Organisation:
    """The transaction's own organisation, locked until the transaction ends."""
    row = await tx.fetchrow(
        f"SELECT {_ORGANISATION} FROM organisation WHERE organisation_id = $1 FOR UPDATE", tx.organisation_id
    )
    return Organisation(**_found(row))


async def update_organisation(tx: Transaction, changes: dict[str, Any], now: datetime) -> Organisation:
    """Set the columns named in `changes` (names come from our own wire types, never from outside)."""
    return Organisation(**await update_row(tx, "organisation", {}, {**changes, "updated_at": now}, _ORGANISATION))


def _found(row: Row | None) -> Row:
    if row is None:
        raise AssertionError("a statement that returns its row returned none")
    return row


# -------------------------------------------------------------------------------------------------------- departments
async def insert_department(
    tx: Transaction,
    *,
    name: str,
    slug: str,
    now: datetime,
    description: str = "",
    url: str | None = None,
    image: str | None = None,
    is_default: bool = False,
    details: dict[str, Any] | None = None,
) -> Department:
    """Raises Conflict when the slug is taken (or a default department exists)."""
    values = {
        "uid": new_uid(), "name": name, "slug": slug, "description": description, "url": url, "image": image,
        "is_default": is_default, "details": details or {}, "created_at": now, "updated_at": now,
    }  # fmt: skip
    row = await insert_row_once(tx, "department", values, _DEPARTMENT)
    if row is None:
        raise Conflict(f"there is a department with the slug {slug} already", field="slug", value=slug)
    return Department(**row)


async def department(tx: Transaction, uid: str) -> Department | None:
    """By uid, or by its integer id written in digits."""
    row = await tx.fetchrow(
        f"""
        SELECT {_DEPARTMENT} FROM department
        WHERE organisation_id = $1 AND (uid = $2 OR id::text = $2) AND deleted_at IS NULL
        """,
        tx.organisation_id,
        uid,
    )
    return Department(**row) if row else None


async def departments_named(tx: Transaction, texts: Sequence[str]) -> dict[str, Department]:
    """As `department`, of many: by the text that named them."""
    rows = await tx.fetch(
        f"""
        SELECT {_DEPARTMENT} FROM department
        WHERE organisation_id = $1 AND (uid = ANY($2::text[]) OR id::text = ANY($2::text[])) AND deleted_at IS NULL
        """,
        tx.organisation_id,
        texts,
    )
    wanted = set(texts)
    found = [Department(**row) for row in rows]
    return {name: one for one in found for name in (one.uid, str(one.id)) if name in wanted}


async def department_by_slug(tx: Transaction, slug: str) -> Department | None:
    """By slug."""
    row = await tx.fetchrow(
        f"SELECT {_DEPARTMENT} FROM department WHERE organisation_id = $1 AND slug = $2 AND deleted_at IS NULL",
        tx.organisation_id,
        slug,
    )
    return Department(**row) if row else None


async def department_by_id(tx: Transaction, department_id: DepartmentId) -> Department | None:
    """By integer id."""
    return await department(tx, str(department_id))


async def default_department(tx: Transaction) -> Department:
    """The department that owns what names none."""
    row = await tx.fetchrow(
        f"SELECT {_DEPARTMENT} FROM department WHERE organisation_id = $1 AND is_default AND deleted_at IS NULL",
        tx.organisation_id,
    )
    return Department(**_found(row))


async def departments(tx: Transaction, *, after: int, limit: int, only: DepartmentId | None = None) -> list[Department]:
    """In the order they were made; `only` for a caller that is bound to one."""
    rows = await tx.fetch(
        f"""
        SELECT {_DEPARTMENT} FROM department
        WHERE organisation_id = $1 AND id > $2 AND deleted_at IS NULL AND ($4::bigint IS NULL OR id = $4)
        ORDER BY id LIMIT $3
        """,
        tx.organisation_id,
        after,
        limit,
        only,
    )
    return [Department(**row) for row in rows]


async def department_slugs(tx: Transaction, start: str) -> set[str]:
    """The slugs of departments that begin so."""
    rows = await tx.fetch(
        "SELECT slug FROM department WHERE organisation_id = $1 AND starts_with(slug, $2) AND deleted_at IS NULL",
        tx.organisation_id,
        start[:80],
    )
    return {row["slug"] for row in rows}


async def search_departments(
    tx: Transaction,
    details: list[tuple[list[str], str]],
    *,
    only: DepartmentId | None,
    limit: int,
    offset: int,
) -> tuple[list[Department], int]:
    """(a page in the order they were made, how many in all); `details` are paths and the text that must stand there."""
    parameters: list[Any] = [tx.organisation_id, only]
    where = "organisation_id = $1 AND deleted_at IS NULL AND ($2::bigint IS NULL OR id = $2)"
    for path, text in details:
        parameters += [path, text]
        where += f" AND details #>> ${len(parameters) - 1}::text[] = ${len(parameters)}"
    total = await tx.fetchval(f"SELECT count(*) FROM department WHERE {where}", *parameters)
    rows = await tx.fetch(
        f"SELECT {_DEPARTMENT} FROM department WHERE {where} ORDER BY id LIMIT {int(limit)} OFFSET {int(offset)}",
        *parameters,
    )
    return [Department(**row) for row in rows], int(total)


async def page_departments(
    tx: Transaction, wanted: Slice, *, only: DepartmentId | None
) -> tuple[int, list[Department]]:
    """(how many in all, the slice); searched by name."""
    where = "organisation_id = $1 AND deleted_at IS NULL AND ($2::bigint IS NULL OR id = $2)"
    searched = "strpos(lower(name), ${}) > 0"
    total, rows = await page_of(
        tx, "department", _DEPARTMENT, where, (tx.organisation_id, only), wanted, searched=searched
    )
    return total, [Department(**row) for row in rows]


async def update_department(
    tx: Transaction, department_id: DepartmentId, changes: dict[str, Any], now: datetime
) -> Department:
    """Set the columns named in `changes`. Raises Conflict when the slug is taken."""
    values = {**changes, "updated_at": now}
    try:
        async with tx.savepoint():
            row = await update_row(tx, "department", {"id": department_id}, values, _DEPARTMENT)
    except UniqueViolation as taken:
        raise Conflict("there is a department with this slug already", field="slug") from taken
    return Department(**row)


async def delete_department(tx: Transaction, department_id: DepartmentId, now: datetime) -> None:
    """Mark as deleted; what refers to it keeps its reference."""
    await update_rows(tx, "department", {"id": department_id}, {"deleted_at": now, "updated_at": now})


async def department_uids(tx: Transaction, ids: Sequence[DepartmentId]) -> dict[DepartmentId, str]:
    """Public ids of departments, removed ones too."""
    if not ids:
        return {}
    rows = await tx.fetch(
        "SELECT id, uid FROM department WHERE organisation_id = $1 AND id = ANY($2::bigint[])", tx.organisation_id, ids
    )
    return {row["id"]: row["uid"] for row in rows}

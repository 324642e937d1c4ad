"""The SQL of designs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from laurel.base.ids import DepartmentId, new_uid
from laurel.database.pool import Transaction
from laurel.database.rows import insert_row_once
from laurel.domain.designs.model import DesignId, DesignKind, StoredDesign

COLUMNS = ", ".join(StoredDesign.__struct_fields__)


async def insert(tx: Transaction, values: dict[str, Any], now: datetime) -> StoredDesign | None:
    """A new design; None when it would be a second default of its kind."""
    values = {"uid": new_uid(), "created_at": now, "updated_at": now, **values}
    row = await insert_row_once(tx, "design", values, COLUMNS)
    return None if row is None else StoredDesign.from_row(row)


async def update(
    tx: Transaction, design_id: DesignId, values: dict[str, Any], now: datetime, *, revision: int | None = None
) -> StoredDesign | None:
    """Change columns of a design that is there, at this revision where one is given; None when it is not."""
    changes = "".join(f", {name} = ${index + 5}" for index, name in enumerate(values))
    row = await tx.fetchrow(
        f"""
        UPDATE design SET updated_at = $3, revision = revision + 1{changes}
        WHERE organisation_id = $1 AND id = $2 AND ($4::bigint IS NULL OR revision = $4) AND deleted_at IS NULL
        RETURNING {COLUMNS}
        """,
        tx.organisation_id,
        design_id,
        now,
        revision,
        *values.values(),
    )
    return None if row is None else StoredDesign.from_row(row)


async def unset_default(tx: Transaction, kind: DesignKind, now: datetime) -> None:
    """Let no design be the default of its kind; another one follows in the same transaction."""
    await tx.execute(
        """
        UPDATE design SET is_default = false, updated_at = $3, revision = revision + 1
        WHERE organisation_id = $1 AND kind = $2 AND is_default AND deleted_at IS NULL
        """,
        tx.organisation_id,
        kind,
        now,
    )


async def find_by_id(tx: Transaction, design_id: DesignId) -> StoredDesign | None:
    """The design with this integer id."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM design WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL",
        tx.organisation_id,
        design_id,
    )
    return None if row is None else StoredDesign.from_row(row)


async def find_by_uids(tx: Transaction, uids: Sequence[str], *, shown: bool = False) -> dict[str, StoredDesign]:
    """Designs by uid; deleted ones are absent. shown: only those that the caller may see."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM design WHERE organisation_id = $1 AND uid = ANY($2::text[]) AND deleted_at IS NULL
        {tx.in_department() if shown else ""}
        """,
        tx.organisation_id,
        uids,
    )
    return {row["uid"]: StoredDesign.from_row(row) for row in rows}


async def defaults(tx: Transaction) -> dict[DesignKind, StoredDesign]:
    """The default designs that exist."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM design WHERE organisation_id = $1 AND is_default AND deleted_at IS NULL",
        tx.organisation_id,
    )
    return {row["kind"]: StoredDesign.from_row(row) for row in rows}


async def newest(tx: Transaction, kind: DesignKind | None, *, before_id: int | None, limit: int) -> list[StoredDesign]:
    """A page of the designs that the caller may see, newest first."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM design
        WHERE organisation_id = $1 AND deleted_at IS NULL AND ($2::text IS NULL OR kind = $2)
          AND ($3::bigint IS NULL OR id < $3){tx.in_department()}
        ORDER BY id DESC LIMIT $4
        """,
        tx.organisation_id,
        kind,
        before_id,
        limit,
    )
    return [StoredDesign.from_row(row) for row in rows]


class DesignFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which designs; None means any. The default department also sees designs without a department."""

    kind: DesignKind | None = None
    department_id: DepartmentId | None = None
    unowned_too: bool = False
    details: list[tuple[list[str], str]] = []
    """Paths into `details` and the text that must stand there."""


async def search(tx: Transaction, wanted: DesignFilter, *, limit: int, offset: int) -> tuple[list[StoredDesign], int]:
    """(a page in the order of making, how many in all)."""
    parameters: list[Any] = [tx.organisation_id, wanted.kind, wanted.department_id, wanted.unowned_too]
    where = """organisation_id = $1 AND deleted_at IS NULL AND ($2::text IS NULL OR kind = $2)
        AND ($3::bigint IS NULL OR department_id = $3 OR ($4 AND department_id IS NULL))"""
    for path, text in wanted.details:
        parameters += [path, text]
        where += f" AND details #>> ${len(parameters) - 1}::text[] = ${len(parameters)}"
    total = await tx.fetchval(f"SELECT count(*) FROM design WHERE {where}", *parameters)
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM design WHERE {where} ORDER BY id LIMIT {int(limit)} OFFSET {int(offset)}", *parameters
    )
    return [StoredDesign.from_row(row) for row in rows], int(total)

"""The SQL of tags and campaigns."""

from typing import Any, Literal

from laurel.base.ids import new_uid
from laurel.database.pool import Row, Transaction
from laurel.domain.labels.model import Campaign, Tag

Kind = Literal["tag", "campaign"]
_COLUMNS: dict[Kind, str] = {
    "tag": ", ".join(Tag.__struct_fields__),
    "campaign": ", ".join(Campaign.__struct_fields__),
}


async def insert(tx: Transaction, kind: Kind, values: dict[str, Any]) -> Row:
    """A new label from column values."""
    names = ", ".join(values)
    places = ", ".join(f"${index + 3}" for index in range(len(values)))
    row = await tx.fetchrow(
        f"INSERT INTO {kind} (organisation_id, uid, {names}) VALUES ($1, $2, {places}) RETURNING {_COLUMNS[kind]}",
        tx.organisation_id,
        new_uid(),
        *values.values(),
    )
    assert row is not None  # noqa: S101 - INSERT … RETURNING of one row answers one row
    return row


async def update(tx: Transaction, kind: Kind, label_id: int, values: dict[str, Any]) -> Row:
    """Change columns of a label."""
    changes = ", ".join(f"{name} = ${index + 3}" for index, name in enumerate(values))
    row = await tx.fetchrow(
        f"UPDATE {kind} SET {changes} WHERE organisation_id = $1 AND id = $2 RETURNING {_COLUMNS[kind]}",
        tx.organisation_id,
        label_id,
        *values.values(),
    )
    assert row is not None  # noqa: S101 - the caller has found the row in this transaction
    return row


async def find(tx: Transaction, kind: Kind, uids: list[str]) -> list[Row]:
    """Labels by uid; absent and deleted ones are absent."""
    return await tx.fetch(
        f"""
        SELECT {_COLUMNS[kind]} FROM {kind}
        WHERE organisation_id = $1 AND uid = ANY($2::text[]) AND deleted_at IS NULL ORDER BY id
        """,
        tx.organisation_id,
        uids,
    )


async def page(tx: Transaction, kind: Kind, *, limit: int, offset: int) -> tuple[int, list[Row]]:
    """(how many in all, one page newest first)."""
    total = await tx.fetchval(
        f"SELECT count(*) FROM {kind} WHERE organisation_id = $1 AND deleted_at IS NULL", tx.organisation_id
    )
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS[kind]} FROM {kind}
        WHERE organisation_id = $1 AND deleted_at IS NULL ORDER BY id DESC LIMIT $2 OFFSET $3
        """,
        tx.organisation_id,
        limit,
        offset,
    )
    return total, rows

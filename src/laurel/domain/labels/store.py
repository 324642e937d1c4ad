"""The SQL of tags and campaigns."""

from typing import Any, Literal

from laurel.base.ids import new_uid
from laurel.database.pool import Row, Transaction
from laurel.database.rows import insert_row, update_row
from laurel.database.slices import Slice, page_of
from laurel.domain.labels.model import Campaign, Tag

Kind = Literal["tag", "campaign"]
_COLUMNS: dict[Kind, str] = {
    "tag": ", ".join(Tag.__struct_fields__),
    "campaign": ", ".join(Campaign.__struct_fields__),
}
_SEARCHED: dict[Kind, str] = {
    "tag": "EXISTS (SELECT FROM jsonb_each_text(texts) t WHERE strpos(lower(t.value), ${}) > 0)",
    "campaign": "strpos(lower(name), ${}) > 0",
}


async def insert(tx: Transaction, kind: Kind, values: dict[str, Any]) -> Row:
    """A new label from column values."""
    return await insert_row(tx, kind, {"uid": new_uid(), **values}, _COLUMNS[kind])


async def update(tx: Transaction, kind: Kind, label_id: int, values: dict[str, Any]) -> Row:
    """Change columns of a label."""
    return await update_row(tx, kind, {"id": label_id}, values, _COLUMNS[kind])


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


async def page(tx: Transaction, kind: Kind, wanted: Slice) -> tuple[int, list[Row]]:
    """(how many in all, the slice)."""
    where = "organisation_id = $1 AND deleted_at IS NULL"
    return await page_of(tx, kind, _COLUMNS[kind], where, (tx.organisation_id,), wanted, searched=_SEARCHED[kind])

"""The SQL of logos."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from laurel.database.pool import Transaction
from laurel.database.rows import put_row
from laurel.domain.logos.model import Logo, Size

_LOGO = ", ".join(Logo.__struct_fields__)


async def find(tx: Transaction) -> Logo | None:
    """What is known of the organisation's logo."""
    row = await tx.fetchrow(f"SELECT {_LOGO} FROM logo WHERE organisation_id = $1", tx.organisation_id)
    return Logo.from_row(row) if row else None


async def put(tx: Transaction, values: Mapping[str, Any]) -> Logo:
    """Write columns of the organisation's one row, made when there is none."""
    return Logo.from_row(await put_row(tx, "logo", {}, values, returning=_LOGO))


async def refuse(tx: Transaction, address: str, refusal: str, now: datetime) -> None:
    """Note why `address` gave none, if it is still the one that is wanted."""
    await tx.execute(
        "UPDATE logo SET wanted = NULL, refusal = $3, updated_at = $4 WHERE organisation_id = $1 AND wanted = $2",
        tx.organisation_id,
        address,
        refusal,
        now,
    )


async def lock_wanted(tx: Transaction, address: str) -> bool:
    """Whether `address` is (still) to be fetched; the row stays locked until the transaction ends."""
    sql = "SELECT true FROM logo WHERE organisation_id = $1 AND wanted = $2 FOR UPDATE"
    return bool(await tx.fetchval(sql, tx.organisation_id, address))


async def content(tx: Transaction, size: Size) -> tuple[bytes, str, str] | None:
    """(bytes, media type, hash of the large one) of the logo in a size; None when there is none."""
    columns = "content, media_type" if size == "large" else "small, small_media_type"
    row = await tx.fetchrow(
        f"SELECT {columns}, name FROM logo WHERE organisation_id = $1 AND name IS NOT NULL", tx.organisation_id
    )
    return (row[0], row[1], row[2]) if row else None


async def delete(tx: Transaction) -> bool:
    """Forget the logo and what was wanted; whether there was anything."""
    return bool(await tx.execute("DELETE FROM logo WHERE organisation_id = $1", tx.organisation_id))

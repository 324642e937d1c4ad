"""The SQL of one-time links. Decides nothing."""

from datetime import datetime
from typing import Any

from laurel.base.ids import PersonId
from laurel.database.pool import Row, Transaction
from laurel.database.rows import add_row


async def insert(tx: Transaction, values: dict[str, Any]) -> None:
    """A new link from column values."""
    await add_row(tx, "one_time_link", values)


async def find_public(tx: Transaction, uid: str) -> Row | None:
    """The link of this uid; for a transaction of `Database.public_lookup`."""
    return await tx.fetchrow(
        """
        SELECT organisation_id, uid, person_id, credential_id, secret_hash, destination, fallback, expires_at, used_at
        FROM one_time_link WHERE uid = $1
        """,
        uid,
    )


async def use(tx: Transaction, uid: str, now: datetime) -> bool:
    """Mark the link as used; False when it was already."""
    used = await tx.execute(
        "UPDATE one_time_link SET used_at = $3 WHERE organisation_id = $1 AND uid = $2 AND used_at IS NULL",
        tx.organisation_id,
        uid,
        now,
    )
    return used == 1


async def delete_before(tx: Transaction, before: datetime) -> int:
    """Remove links that ended before then; for a transaction across organisations."""
    return await tx.execute("DELETE FROM one_time_link WHERE expires_at < $1", before)


async def count_since(tx: Transaction, person_id: PersonId, since: datetime) -> int:
    """How many one-time links were made for a person since then."""
    found: int = await tx.fetchval(
        """
        SELECT count(*) FROM one_time_link WHERE organisation_id = $1 AND person_id = $2 AND created_at > $3
        """,
        tx.organisation_id,
        person_id,
        since,
    )
    return found

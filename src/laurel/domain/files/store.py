"""The SQL of stored files."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from laurel.base.ids import new_uid
from laurel.database.pool import Transaction
from laurel.database.rows import add_row
from laurel.domain.files.model import StoredFile


async def insert(
    tx: Transaction, *, name: str, media_type: str, secret_hash: bytes, now: datetime, expires_at: datetime
) -> str:
    """An empty file; its uid."""
    uid = new_uid()
    values = {
        "uid": uid, "secret_hash": secret_hash, "name": name, "media_type": media_type, "size": 0,
        "created_at": now, "expires_at": expires_at,
    }  # fmt: skip
    await add_row(tx, "stored_file", values)
    return uid


async def append(tx: Transaction, uid: str, number: int, data: bytes) -> None:
    """Add part `number`."""
    await tx.execute(
        """
        WITH part AS (INSERT INTO stored_file_part (organisation_id, uid, number, data) VALUES ($1, $2, $3, $4))
        UPDATE stored_file SET size = size + $5 WHERE organisation_id = $1 AND uid = $2
        """,
        tx.organisation_id,
        uid,
        number,
        data,
        len(data),
    )


async def find_public(tx: Transaction, uid: str) -> tuple[StoredFile, bytes] | None:
    """(the file, the hash of its secret); for a transaction of `Database.public_lookup`."""
    row = await tx.fetchrow(
        "SELECT uid, name, media_type, size, created_at, expires_at, secret_hash FROM stored_file WHERE uid = $1", uid
    )
    if row is None:
        return None
    values = dict(row)
    secret_hash: bytes = values.pop("secret_hash")
    return StoredFile(**values), secret_hash


async def pictures(tx: Transaction, uids: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """(media type, bytes) of the organisation's own stored pictures by uid; what is gone, or is no picture, is absent."""
    rows = await tx.fetch(
        """
        SELECT f.uid, f.media_type, string_agg(p.data, ''::bytea ORDER BY p.number) AS data
        FROM stored_file f JOIN stored_file_part p ON p.organisation_id = f.organisation_id AND p.uid = f.uid
        WHERE f.organisation_id = $1 AND f.uid = ANY($2::text[]) AND f.media_type IN ('image/png', 'image/jpeg')
        GROUP BY f.uid, f.media_type
        """,
        tx.organisation_id,
        uids,
    )
    return {row["uid"]: (row["media_type"], row["data"]) for row in rows}


async def count_named(tx: Transaction, name: str) -> int:
    """How many files of the organisation have this name."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM stored_file WHERE organisation_id = $1 AND name = $2", tx.organisation_id, name
    )
    return count


async def parts_public(tx: Transaction, uid: str) -> AsyncIterator[bytes]:
    """The file's bytes, a part at a time; for a transaction of `Database.public_lookup`."""
    async for row in tx.stream("SELECT data FROM stored_file_part WHERE uid = $1 ORDER BY number", uid, prefetch=1):
        yield row["data"]


async def delete_expired(tx: Transaction, now: datetime) -> int:
    """Remove files that nobody may fetch any more; for a transaction across organisations."""
    return await tx.execute("DELETE FROM stored_file WHERE expires_at <= $1", now)

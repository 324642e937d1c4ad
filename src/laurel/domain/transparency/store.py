"""The SQL of the transparency log."""

from collections.abc import Sequence
from typing import NamedTuple

from laurel.database.pool import Row, Transaction, columns
from laurel.domain.transparency.model import Entry, Head, pack_roots, unpack_roots
from laurel.openbadges.log import Frontier


class Tile(NamedTuple):
    """A full tile: 256 hashes side by side and the root over them."""

    level: int
    number: int
    hashes: bytes
    root: bytes


async def lock_head(tx: Transaction) -> Frontier:
    """Where the log ends, locked until the transaction ends; the log is begun where there is none."""
    await tx.execute(
        "INSERT INTO log_head (organisation_id, size, roots) VALUES ($1, 0, '') ON CONFLICT DO NOTHING",
        tx.organisation_id,
    )
    row = await tx.fetchrow(
        "SELECT size, roots FROM log_head WHERE organisation_id = $1 FOR UPDATE", tx.organisation_id
    )
    assert row is not None  # noqa: S101 - inserted above
    return unpack_roots(row["size"], row["roots"])


async def head(tx: Transaction) -> Head | None:
    """The log's head; None before the first entry."""
    row = await tx.fetchrow(
        "SELECT size, roots, checkpoint, checkpoint_size FROM log_head WHERE organisation_id = $1", tx.organisation_id
    )
    if row is None:
        return None
    return Head(unpack_roots(row["size"], row["roots"]), row["checkpoint"], row["checkpoint_size"])


async def set_head(tx: Transaction, frontier: Frontier) -> None:
    """The log has grown."""
    await tx.execute(
        "UPDATE log_head SET size = $2, roots = $3 WHERE organisation_id = $1",
        tx.organisation_id,
        frontier.size,
        pack_roots(frontier),
    )


async def set_checkpoint(tx: Transaction, checkpoint: str, size: int) -> None:
    """Keep a signed checkpoint."""
    await tx.execute(
        "UPDATE log_head SET checkpoint = $2, checkpoint_size = $3 WHERE organisation_id = $1",
        tx.organisation_id,
        checkpoint,
        size,
    )


async def forget_checkpoint(tx: Transaction) -> None:
    """Have the next reader get a checkpoint that is signed anew."""
    await tx.execute(
        "UPDATE log_head SET checkpoint = NULL, checkpoint_size = NULL WHERE organisation_id = $1", tx.organisation_id
    )


async def insert_entries(tx: Transaction, first: int, entries: Sequence[Entry]) -> None:
    """Write entries at `first` and after."""
    await tx.execute(
        """
        INSERT INTO log_entry (organisation_id, number, event, salt, commitment)
        SELECT $1, $2 + e.place - 1, e.event, e.salt, e.commitment
        FROM unnest($3::text[], $4::bytea[], $5::bytea[]) WITH ORDINALITY AS e(event, salt, commitment, place)
        """,
        tx.organisation_id,
        first,
        *columns([(entry.event, entry.salt, entry.commitment) for entry in entries], 3),
    )


async def entries(tx: Transaction, first: int, end: int) -> list[Entry]:
    """The entries from `first` up to `end`, in order."""
    rows = await tx.fetch(
        """
        SELECT event, salt, commitment FROM log_entry
        WHERE organisation_id = $1 AND number >= $2 AND number < $3 ORDER BY number
        """,
        tx.organisation_id,
        first,
        end,
    )
    return [_entry(row) for row in rows]


async def insert_tiles(tx: Transaction, tiles: Sequence[Tile]) -> None:
    """Write tiles that have become full."""
    await tx.execute(
        """
        INSERT INTO log_tile (organisation_id, level, number, hashes, root)
        SELECT $1, t.level, t.number, t.hashes, t.root
        FROM unnest($2::smallint[], $3::bigint[], $4::bytea[], $5::bytea[]) AS t(level, number, hashes, root)
        """,
        tx.organisation_id,
        *columns(tiles, 4),
    )


async def tile_hashes(tx: Transaction, level: int, number: int) -> bytes | None:
    """The bytes of a full tile."""
    found: bytes | None = await tx.fetchval(
        "SELECT hashes FROM log_tile WHERE organisation_id = $1 AND level = $2 AND number = $3",
        tx.organisation_id,
        level,
        number,
    )
    return found


async def tile_roots(tx: Transaction, level: int, first: int, end: int) -> list[bytes]:
    """The roots of the full tiles from `first` up to `end`, in order."""
    rows = await tx.fetch(
        """
        SELECT root FROM log_tile
        WHERE organisation_id = $1 AND level = $2 AND number >= $3 AND number < $4 ORDER BY number
        """,
        tx.organisation_id,
        level,
        first,
        end,
    )
    return [row["root"] for row in rows]


def _entry(row: Row) -> Entry:
    return Entry(event=row["event"], salt=row["salt"], commitment=row["commitment"])

"""Appending to an organisation's log, in the transaction of what is logged."""

import secrets
from collections.abc import Sequence

from laurel.database.pool import Transaction
from laurel.domain.transparency import store
from laurel.domain.transparency.model import HASH_BYTES, SALT_BYTES, Entry, NewEntry, commit
from laurel.domain.transparency.store import Tile
from laurel.openbadges.log import TILE_WIDTH, node_hash


async def append(tx: Transaction, new: Sequence[NewEntry]) -> int:
    """Log `new` one after the other; the number of the first. Locks the log's head until the transaction ends."""
    frontier = await store.lock_head(tx)
    first = frontier.size
    if not new:
        return first
    noise = secrets.token_bytes(SALT_BYTES * len(new))
    made = []
    for offset, one in enumerate(new):
        salt = noise[offset * SALT_BYTES : (offset + 1) * SALT_BYTES]
        made.append(Entry(one.event, salt, commit(salt, one.document)))
    hashes = [entry.hash() for entry in made]
    await store.insert_entries(tx, first, made)
    await _fill_tiles(tx, first, hashes)
    await store.set_head(tx, frontier.extend(hashes))
    return first


async def _fill_tiles(tx: Transaction, first: int, leaves: Sequence[bytes]) -> None:
    """Store every tile that these leaves make full, on all levels."""
    level, start, fresh = 0, first, list(leaves)
    while fresh:
        begin, end = start - start % TILE_WIDTH, start + len(fresh)
        if end // TILE_WIDTH == start // TILE_WIDTH:
            return
        row = [*await right_edge(tx, level, begin, start), *fresh]
        tiles = []
        for at in range(0, len(row) - TILE_WIDTH + 1, TILE_WIDTH):
            part = b"".join(row[at : at + TILE_WIDTH])
            tiles.append(Tile(level, (begin + at) // TILE_WIDTH, part, root_of(part)))
        await store.insert_tiles(tx, tiles)
        level, start, fresh = level + 1, tiles[0].number, [tile.root for tile in tiles]


async def right_edge(tx: Transaction, level: int, first: int, end: int) -> list[bytes]:
    """The hashes `first` up to `end` of the tiles' row at `level`, where the tile that they are in is not stored yet."""
    if first == end:
        return []
    if level == 0:
        return [entry.hash() for entry in await store.entries(tx, first, end)]
    return await store.tile_roots(tx, level - 1, first, end)


def root_of(hashes: bytes) -> bytes:
    """The root over a full tile."""
    row = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]

"""What can be shown of an organisation's log: inclusion proofs, consistency proofs, tiles and entry bundles."""

from laurel.database.pool import Transaction
from laurel.domain.transparency import store
from laurel.domain.transparency.appending import right_edge
from laurel.domain.transparency.model import HASH_BYTES, LogEntryNotFound, Proof
from laurel.openbadges.log import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Hashes,
    consistency_proof,
    entry_bundle,
    inclusion_proof,
    node_hash,
    parse_tile_path,
)


async def prove(tx: Transaction, number: int) -> Proof:
    """That the entry `number` stands in the log as it is now. Raises LogEntryNotFound."""
    head = await store.head(tx)
    found = await store.entries(tx, number, number + 1)
    if head is None or not found:
        raise LogEntryNotFound("the log has no such entry", field="number", value=number)
    size = head.frontier.size
    hashes = await _hashes(tx, size, [number])
    path = inclusion_proof(hashes, number, size)
    return Proof(number=number, size=size, entry=found[0], root=head.frontier.root(), path=path)


async def extend(tx: Transaction, first: int, second: int) -> list[bytes]:
    """That the log of `second` entries extends that of `first`. Raises LogEntryNotFound, ProofRejected."""
    head = await store.head(tx)
    if head is None or not 0 < first <= second <= head.frontier.size:
        raise LogEntryNotFound("the log never had these sizes", field="second", value=second)
    hashes = await _hashes(tx, head.frontier.size, [first - 1, first, second - 1])
    return consistency_proof(hashes, first, second)


async def tile(tx: Transaction, path: str) -> bytes:
    """The bytes at a C2SP tile path ("tile/0/000", "tile/entries/000.p/5"). Raises LogEntryNotFound, ProofRejected."""
    level, number, width, is_bundle = parse_tile_path(path)
    head = await store.head(tx)
    size = 0 if head is None else head.frontier.size
    first = number * TILE_WIDTH
    if first + width > size >> (TILE_HEIGHT * level):
        raise LogEntryNotFound("the log has no such tile", field="tile", value=path)
    if is_bundle:
        return entry_bundle([entry.leaf() for entry in await store.entries(tx, first, first + width)])
    return (await _row(tx, level, number, first + width))[: width * HASH_BYTES]


async def _row(tx: Transaction, level: int, number: int, end: int) -> bytes:
    """The hashes of a tile, up to the hash `end` where it is not full."""
    stored = await store.tile_hashes(tx, level, number)
    if stored is not None:
        return stored
    return b"".join(await right_edge(tx, level, number * TILE_WIDTH, end))


async def _hashes(tx: Transaction, size: int, leaves: list[int]) -> Hashes:
    """The hashes of complete subtrees beside the ways from `leaves`, and those at the right edge, to the root."""
    rows: dict[tuple[int, int], bytes] = {}
    level = 0
    while (complete := size >> (TILE_HEIGHT * level)) > 0:
        wanted = {leaf >> (TILE_HEIGHT * (level + 1)) for leaf in [*leaves, size - 1]} | {(complete - 1) // TILE_WIDTH}
        for number in sorted(wanted):
            end = min(complete, (number + 1) * TILE_WIDTH)
            if number * TILE_WIDTH < end:
                rows[level, number] = await _row(tx, level, number, end)
        level += 1

    def at(tree_level: int, index: int) -> bytes:
        tile_level, inner = divmod(tree_level, TILE_HEIGHT)
        if inner:
            return node_hash(at(tree_level - 1, 2 * index), at(tree_level - 1, 2 * index + 1))
        number, offset = divmod(index, TILE_WIDTH)
        found = rows[tile_level, number][offset * HASH_BYTES : (offset + 1) * HASH_BYTES]
        assert len(found) == HASH_BYTES  # noqa: S101 - the log's tiles hold every complete subtree
        return found

    return at

"""The words: an entry of the log and its place, the log's head, a proof. No I/O."""

import hashlib
from typing import Final

import msgspec

from laurel.base import json_text
from laurel.base.errors import NotFound
from laurel.openbadges.log import Frontier, leaf_hash

SALT_BYTES: Final = 16
HASH_BYTES: Final = 32


class LogEntryNotFound(NotFound):
    """The log has no such entry, tile or checkpoint."""

    code = "log_entry_not_found"


class NewEntry(msgspec.Struct, frozen=True):
    """Something to be logged: what happened, and the document that it happened to."""

    event: str
    document: bytes


class Entry(msgspec.Struct, frozen=True):
    """A logged entry. The salt is for those who may see the document; the rest is public."""

    event: str
    salt: bytes
    commitment: bytes

    def leaf(self) -> bytes:
        """The bytes that stand in the log."""
        return json_text.encode({"event": self.event, "commitment": self.commitment.hex()})

    def hash(self) -> bytes:
        """The leaf's hash."""
        return leaf_hash(self.leaf())


class Head(msgspec.Struct, frozen=True):
    """How far the log has grown, and the newest checkpoint that was signed."""

    frontier: Frontier
    checkpoint: str | None
    checkpoint_size: int | None


class Proof(msgspec.Struct, frozen=True):
    """That `entry` stands at `number` of the log with `size` entries and `root`."""

    number: int
    size: int
    entry: Entry
    root: bytes
    path: list[bytes]


def commit(salt: bytes, document: bytes) -> bytes:
    """The commitment to a document."""
    return hashlib.sha256(salt + document).digest()


def pack_roots(frontier: Frontier) -> bytes:
    """The roots of a frontier as they are stored."""
    return b"".join(frontier.roots)


def unpack_roots(size: int, roots: bytes) -> Frontier:
    """The frontier that was stored."""
    return Frontier(size=size, roots=tuple(roots[at : at + HASH_BYTES] for at in range(0, len(roots), HASH_BYTES)))

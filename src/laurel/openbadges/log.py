"""A transparency log as a Merkle tree (RFC 6962): hashes, proofs, C2SP tile paths and signed checkpoints.

Storage is the caller's: whatever keeps `Tile`s or hashes. Leaves are opaque; what is in them is salted elsewhere.
Source: RFC 6962 section 2.1, RFC 9162 section 2.1.3 to 2.1.5; C2SP tlog-tiles, tlog-checkpoint and signed-note.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from laurel.base import limits
from laurel.openbadges.faults import ProofRejected
from laurel.openbadges.proofs import Sign

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
_ED25519_NOTE: Final = b"\x01"
_ORIGIN: Final = re.compile(r"[^\s+]{1,200}\Z")
_SIGNATURE_LINE: Final = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})\Z")
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

Hashes = Callable[[int, int], bytes]
"""Gives the hash of a complete subtree: (level, index) covers leaves index*2^level up to the next."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one entry (RFC 6962: 0x00 and the bytes)."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees (0x01, left, right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier(msgspec.Struct, frozen=True):
    """All that is needed to append: the tree's size and the roots of its complete subtrees, the largest first."""

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> "Frontier":
        """The frontier after one more leaf hash."""
        return self.extend([leaf])

    def extend(self, leaves: Iterable[bytes]) -> "Frontier":
        """The frontier after these leaf hashes, one after the other."""
        roots, size = list(self.roots), self.size
        for leaf in leaves:
            node, rest = leaf, size
            while rest & 1:
                node = node_hash(roots.pop(), node)
                rest >>= 1
            roots.append(node)
            size += 1
        return Frontier(size=size, roots=tuple(roots))

    def root(self) -> bytes:
        """The root hash of the tree."""
        if not self.roots:
            return EMPTY_ROOT
        node = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            node = node_hash(left, node)
        return node


def completed_nodes(size: int, leaf: bytes, frontier: Frontier) -> list[tuple[int, int, bytes]]:
    """Every (level, index, hash) that appending `leaf` at position `size` completes, the leaf itself first."""
    found = [(0, size, leaf)]
    node, position = leaf, size
    roots = list(frontier.roots)
    level = 0
    while position & 1:
        node = node_hash(roots.pop(), node)
        position >>= 1
        level += 1
        found.append((level, position, node))
    return found


def subtree_hash(hashes: Hashes, start: int, end: int) -> bytes:
    """The hash of leaves [start, end), where start is aligned to the size of the range rounded up to a power of 2."""
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return hashes(level, start >> level)
    split = 1 << ((width - 1).bit_length() - 1)
    return node_hash(subtree_hash(hashes, start, start + split), subtree_hash(hashes, start + split, end))


def tree_root(hashes: Hashes, size: int) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return subtree_hash(hashes, 0, size) if size else EMPTY_ROOT


def inclusion_proof(hashes: Hashes, index: int, size: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves (RFC 9162, 2.1.3.1). Raises ProofRejected."""
    if not 0 <= index < size:
        raise ProofRejected("the log has no such entry", field="index", value=index, limit=size)
    path = []
    start, end = 0, size
    while end - start > 1:
        split = start + (1 << ((end - start - 1).bit_length() - 1))
        if index < split:
            path.append(subtree_hash(hashes, split, end))
            end = split
        else:
            path.append(subtree_hash(hashes, start, split))
            start = split
    path.reverse()
    return path


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Hold an audit path against a root (RFC 9162, 2.1.3.2); `leaf` is a leaf hash. Raises ProofRejected."""
    if not 0 <= index < size or len(path) > limits.LOG_PROOF_HASHES_MAX:
        raise ProofRejected("the proof does not fit the log's size", field="index")
    position, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofRejected("the proof is too long", field="path")
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        position >>= 1
        last >>= 1
    if last != 0 or node != root:
        raise ProofRejected("the entry is not in the log with this root", field="path")


def consistency_proof(hashes: Hashes, first: int, second: int) -> list[bytes]:
    """The proof that the tree of `second` leaves extends that of `first` (RFC 9162, 2.1.4.1). Raises ProofRejected."""
    if not 0 < first <= second:
        raise ProofRejected("a consistency proof leads from a smaller tree to a larger one", field="first", value=first)
    path = []
    start, end, known = 0, second, True
    while first != end:
        split = start + (1 << ((end - start - 1).bit_length() - 1))
        if first <= split:
            path.append(subtree_hash(hashes, split, end))
            end = split
        else:
            path.append(subtree_hash(hashes, start, split))
            start, known = split, False
    if not known:
        path.append(subtree_hash(hashes, start, end))
    path.reverse()
    return path


def check_consistency(first: int, second: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """Hold a consistency proof against two roots (RFC 9162, 2.1.4.2). Raises ProofRejected."""
    refusal = ProofRejected("the newer log does not extend the older one", field="path")
    if not 0 < first <= second or len(path) > limits.LOG_PROOF_HASHES_MAX:
        raise refusal
    if first == second:
        if path or old_root != new_root:
            raise refusal
        return
    nodes = list(path) if first & (first - 1) else [old_root, *path]
    if not nodes:
        raise refusal
    position, last = first - 1, second - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old = new = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            raise refusal
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        position >>= 1
        last >>= 1
    if last != 0 or old != old_root or new != new_root:
        raise refusal


def tile_path(level: int, index: int, width: int = TILE_WIDTH, *, entries: bool = False) -> str:
    """The C2SP path of a tile: `tile/0/x001/234`, `tile/0/000.p/5` when partial, `tile/entries/...` for the entries."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03d}")
    kind = "entries" if entries else str(level)
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{kind}/{'/'.join(reversed(groups))}{suffix}"


_TILE: Final = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?\Z"
)


def parse_tile_path(path: str) -> tuple[int, int, int, bool]:
    """Level, index, width and whether it is an entry bundle. Raises ProofRejected for anything but a clean path."""
    match = _TILE.match(path)
    width = int(match[3]) if match and match[3] else TILE_WIDTH
    if match is None or (match[3] and width >= TILE_WIDTH):
        raise ProofRejected("not the path of a tile", value=path[:200])
    index = int(match[2].replace("x", "").replace("/", ""))
    entries = match[1] == "entries"
    level = 0 if entries else int(match[1])
    if tile_path(level, index, width, entries=entries) != path:
        raise ProofRejected("not the path of a tile", value=path[:200])
    return level, index, width, entries


def tile_hashes(hashes: Hashes, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
    """The bytes of a tile: `width` hashes of tree level 8*level, side by side."""
    first = index * TILE_WIDTH
    return b"".join(hashes(level * TILE_HEIGHT, first + offset) for offset in range(width))


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of an entry bundle: every entry after its length in two bytes."""
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


class Checkpoint(msgspec.Struct, frozen=True):
    """What a log commits to."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_hash(name: str, key: Ed25519PublicKey) -> bytes:
    """The four bytes by which a signed note names its key."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519_NOTE + key.public_bytes_raw()).digest()[:4]


def verifier_key(name: str, key: Ed25519PublicKey) -> str:
    """The note verifier key `name+hash+base64` that auditors configure."""
    encoded = base64.b64encode(_ED25519_NOTE + key.public_bytes_raw()).decode()
    return f"{name}+{key_hash(name, key).hex()}+{encoded}"


class CheckpointToSign(msgspec.Struct, frozen=True):
    """A checkpoint's text, ready for the keyring."""

    signing_input: bytes
    name: str
    key_hash: bytes
    algorithm: str = "Ed25519"

    def finish(self, signature: bytes) -> str:
        """The signed note."""
        encoded = base64.b64encode(self.key_hash + signature).decode()
        return f"{self.signing_input.decode()}\n\u2014 {self.name} {encoded}\n"


def prepare_checkpoint(checkpoint: Checkpoint, *, name: str, key: Ed25519PublicKey) -> CheckpointToSign:
    """What has to be signed so that the log commits to `checkpoint`. Raises ProofRejected for a bad name."""
    if not _ORIGIN.match(name) or not _ORIGIN.match(checkpoint.origin):
        raise ProofRejected("a log's name has no spaces and no plus sign", field="name", value=name[:200])
    return CheckpointToSign(signing_input=checkpoint.body().encode(), name=name, key_hash=key_hash(name, key))


def sign_checkpoint(checkpoint: Checkpoint, *, name: str, key: Ed25519PublicKey, sign: Sign) -> str:
    """The checkpoint as a signed note; `sign` is the private half of `key`. Raises ProofRejected for a bad name."""
    ready = prepare_checkpoint(checkpoint, name=name, key=key)
    return ready.finish(sign(ready.signing_input))


def open_checkpoint(note: str, *, name: str, key: Ed25519PublicKey) -> Checkpoint:
    """The checkpoint of a note that `key` has signed. Raises ProofRejected."""
    body, blank, signatures = note.rpartition("\n\n")
    if not blank or len(note) > limits.DOCUMENT_BYTES_MAX:
        raise ProofRejected("not a signed note")
    body += "\n"
    wanted = key_hash(name, key)
    for line in signatures.splitlines():
        match = _SIGNATURE_LINE.match(line)
        if match and match[1] == name:
            data = _base64(match[2])
            if data[:4] == wanted and _good(key, data[4:], body.encode()):
                return _parse_checkpoint(body)
    raise ProofRejected("the note carries no signature of this key", value=name[:200])


def _good(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ProofRejected("not base64", value=text[:100]) from None


def _parse_checkpoint(body: str) -> Checkpoint:
    lines = body.split("\n")
    if len(lines) < 4 or not lines[1].isdecimal() or len(lines[1]) > 19 or str(int(lines[1])) != lines[1]:
        raise ProofRejected("not a checkpoint")
    root = _base64(lines[2])
    if len(root) != 32:
        raise ProofRejected("not a checkpoint")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)

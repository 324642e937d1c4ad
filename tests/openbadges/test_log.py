import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.openbadges import log
from laurel.openbadges.faults import ProofRejected
from tests.openbadges import builders

# Leaves and roots of the reference tree of RFC 6962 implementations (Certificate Transparency test data).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOT_OF_EIGHT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


class Tree:
    """A small log in memory, as the store of the credentials domain keeps it."""

    def __init__(self, entries):
        self.nodes, self.frontier = {}, log.Frontier()
        for entry in entries:
            leaf = log.leaf_hash(entry)
            for level, index, node in log.completed_nodes(self.frontier.size, leaf, self.frontier):
                self.nodes[level, index] = node
            self.frontier = self.frontier.append(leaf)

    def hashes(self, level, index):
        return self.nodes[level, index]


def a_tree(size):
    return Tree([str(number).encode() for number in range(size)])


def naive_root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def test_the_reference_tree_has_the_known_root():
    assert Tree(LEAVES).frontier.root().hex() == ROOT_OF_EIGHT


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 100, 257])
def test_every_way_to_the_root_agrees(size):
    tree = a_tree(size)
    leaves = [log.leaf_hash(str(number).encode()) for number in range(size)]
    assert tree.frontier.root() == log.tree_root(tree.hashes, size) == naive_root(leaves)


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_every_entry_can_be_proved_and_no_other(case):
    size, index = case
    tree = a_tree(size)
    path = log.inclusion_proof(tree.hashes, index, size)
    leaf, root = log.leaf_hash(str(index).encode()), tree.frontier.root()
    log.check_inclusion(leaf, index, size, path, root)
    for wrong in (
        (log.leaf_hash(b"x"), index, size, path, root),
        (leaf, index, size, path, log.leaf_hash(b"x")),
        (leaf, index, size, [*path, root], root),
        (leaf, size, size, path, root),
    ):
        with pytest.raises(ProofRejected):
            log.check_inclusion(*wrong)


@given(st.integers(1, 70).flatmap(lambda second: st.tuples(st.integers(1, second), st.just(second))))
def test_every_growth_can_be_proved_and_no_rewriting(case):
    first, second = case
    tree = a_tree(second)
    old, new = a_tree(first).frontier.root(), tree.frontier.root()
    path = log.consistency_proof(tree.hashes, first, second)
    log.check_consistency(first, second, old, new, path)
    with pytest.raises(ProofRejected):
        log.check_consistency(first, second, log.leaf_hash(b"x"), new, path)
    with pytest.raises(ProofRejected):
        log.check_consistency(first, second, old, log.leaf_hash(b"x"), path)
    with pytest.raises(ProofRejected):
        log.check_consistency(first, second, old, new, [*path, old])


def test_proofs_of_what_is_not_there_are_refused():
    tree = a_tree(3)
    with pytest.raises(ProofRejected):
        log.inclusion_proof(tree.hashes, 3, 3)
    with pytest.raises(ProofRejected):
        log.consistency_proof(tree.hashes, 0, 3)
    with pytest.raises(ProofRejected):
        log.check_consistency(2, 3, b"", b"", [b""] * 100)
    with pytest.raises(ProofRejected):
        log.check_consistency(3, 4, b"", b"", [])


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("tile/0/000", (0, 0, 256, False)),
        ("tile/1/x001/x234/067.p/5", (1, 1_234_067, 5, False)),
        ("tile/entries/x001/000", (0, 1000, 256, True)),
        ("tile/entries/999.p/255", (0, 999, 255, True)),
    ],
)
def test_tiles_have_c2sp_paths(path, parts):
    level, index, width, entries = parts
    assert log.tile_path(level, index, width, entries=entries) == path
    assert log.parse_tile_path(path) == parts


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/00/000",
        "tile/0/x000/001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/64/000",
        "tile/0/../1",
        "tile/0/000/",
        "",
    ],
)
def test_other_spellings_of_tile_paths_are_refused(path):
    with pytest.raises(ProofRejected):
        log.parse_tile_path(path)


def test_a_tile_holds_the_hashes_of_its_level():
    tree = a_tree(600)
    assert log.tile_hashes(tree.hashes, 0, 2, 88) == b"".join(
        log.leaf_hash(str(number).encode()) for number in range(512, 600)
    )
    assert log.tile_hashes(tree.hashes, 1, 0, 2) == tree.hashes(8, 0) + tree.hashes(8, 1)
    assert log.entry_bundle([b"a", b"bcd"]) == b"\0\1a\0\3bcd"


def test_a_checkpoint_is_opened_with_its_key_only():
    checkpoint = log.Checkpoint(origin="badges.example.org/log", size=7, root=b"\7" * 32)
    name, key = "badges.example.org/log", builders.KEY.public_key()
    note = log.sign_checkpoint(checkpoint, name=name, key=key, sign=builders.KEY.sign)
    assert log.open_checkpoint(note, name=name, key=key) == checkpoint
    for changed in (note.replace("7\n", "8\n", 1), note[:-10], "", note.replace("example", "evil")):
        with pytest.raises(ProofRejected):
            log.open_checkpoint(changed, name=name, key=key)
    with pytest.raises(ProofRejected):
        log.open_checkpoint(note, name=name, key=builders.OTHER_KEY.public_key())
    with pytest.raises(ProofRejected):
        log.sign_checkpoint(checkpoint, name="a b", key=key, sign=builders.KEY.sign)


def test_the_verifier_key_has_the_note_format():
    # The example key of the signed-note package documentation has this shape: name+8 hex digits+base64 of 33 bytes.
    name, key_hash, encoded = log.verifier_key("badges.example.org/log", builders.KEY.public_key()).split("+", 2)
    assert (name, len(key_hash), len(encoded)) == ("badges.example.org/log", 8, 44)

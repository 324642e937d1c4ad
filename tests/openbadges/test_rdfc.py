import pytest

from laurel.openbadges.faults import DocumentRefused, WorkLimitReached
from laurel.openbadges.rdfc import Order, canonical_text, issue_labels, line, orders_can_differ, permutations
from tests.openbadges import nquads, reference

SUITE = "vectors/w3c-rdf-canon"
ENTRIES = {entry["id"]: entry for entry in reference.read_json(f"{SUITE}/manifest.jsonld")["entries"]}


def has_blank(quad):
    return any(term.startswith("_:") for term in quad)


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_the_w3c_suite_is_reproduced(name):
    entry = ENTRIES[name]
    quads = list(dict.fromkeys(nquads.parse(reference.read_text(f"{SUITE}/{entry['action']}"))))
    blank = [quad for quad in quads if has_blank(quad)]
    algorithm = entry.get("hashAlgorithm", "SHA256").lower()
    if entry["type"] == "rdfc:RDFC10NegativeEvalTest":
        with pytest.raises(WorkLimitReached):
            issue_labels(blank, algorithm=algorithm)
        return
    labels = issue_labels(blank, algorithm=algorithm)
    expected = reference.read_text(f"{SUITE}/{entry['result']}")
    if entry["type"] == "rdfc:RDFC10MapTest":
        assert {k[2:]: v[2:] for k, v in labels.items()} == reference.read_json(f"{SUITE}/{entry['result']}")
    else:
        lines = {line(tuple(labels.get(term, term) for term in quad)) for quad in quads}
        assert "".join(sorted(lines)) == expected


def test_both_kinds_of_test_were_there():
    assert len(ENTRIES) == 86


def test_text_without_blank_nodes_is_sorted_and_unique():
    assert canonical_text(["<b> <p> <c> .\n", "<a> <p> <c> .\n", "<b> <p> <c> .\n"], []) == (
        "<a> <p> <c> .\n<b> <p> <c> .\n"
    )


def test_values_whose_order_verifiers_disagree_about_are_refused_when_issuing():
    lines = ['<a> <p> "\U0001f600" .\n', '<a> <p> "\uff21" .\n']
    assert orders_can_differ("".join(lines))
    by_points, by_units = (canonical_text(lines, [], order=order) for order in (Order.CODE_POINTS, Order.UTF16))
    assert by_points == "".join(reversed(by_units.splitlines(keepends=True)))
    with pytest.raises(DocumentRefused, match="emoji"):
        canonical_text(lines, [], order=Order.PORTABLE)


def test_values_that_differ_earlier_may_mix_emoji_and_private_use():
    lines = ['<a> <p> "1 \U0001f600" .\n', '<a> <p> "2 \ue000" .\n']
    assert canonical_text(lines, [], order=Order.PORTABLE) == "".join(lines)


def test_the_order_matters_inside_hashes_too():
    quads = [("_:b", "<p>", '"\U0001f600"', ""), ("_:b", "<p>", '"\uff21"', "")]
    with pytest.raises(DocumentRefused):
        issue_labels(quads, order=Order.PORTABLE)


def test_permutations_are_all_there_and_each_once():
    found = [tuple(order) for order in permutations(["c", "a", "b"])]
    assert len(found) == len(set(found)) == 6

"""RDFC-1.0: canonical labels for the blank nodes of a set of quads, and the canonical text.

A quad is a tuple of four strings, each already in N-Quads form (`<iri>`, `"literal"^^<type>`, `_:label`); the graph is
`""` for the default graph. Source: W3C RDF Dataset Canonicalization. Where the text is unclear (one blank node several
times in a hash group) this does what rdf-canonize does, because that is what verifiers run.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from typing import Final

from laurel.base import limits
from laurel.openbadges.faults import DocumentRefused, WorkLimitReached

Quad = tuple[str, str, str, str]


class Order(StrEnum):
    """How lines are sorted: the specification says code points, rdf-canonize (JavaScript) uses UTF-16 units."""

    CODE_POINTS = "code points"
    UTF16 = "UTF-16 units"
    PORTABLE = "either"
    """Code points, but refused where the other order would give other bytes: what we sign must not depend on it."""


_PRIVATE_USE_AND_AFTER: Final = re.compile("[\ue000-\uffff]")
_BEYOND_BMP: Final = re.compile("[\U00010000-\U0010ffff]")
_NONCHARACTER: Final = re.compile("[\ufffe\uffff]")


class Work:
    """Steps that may still be taken; shared by everything that one untrusted request makes us canonicalise."""

    __slots__ = ("left", "limit")

    def __init__(self, limit: int = limits.CANONICAL_WORK_MAX) -> None:
        self.limit = self.left = limit

    def spend(self, steps: int) -> None:
        """Take steps. Raises WorkLimitReached when there are none left."""
        self.left -= steps
        if self.left < 0:
            raise WorkLimitReached(f"canonicalising takes more than {self.limit} steps", limit=self.limit)


def utf16_key(text: str) -> bytes:
    """The sort key that orders text by UTF-16 units, as JavaScript and Java do."""
    return text.encode("utf-16-be", "surrogatepass")


def orders_can_differ(text: str) -> bool:
    """Whether sorting parts of `text` by code points and by UTF-16 units could give two results."""
    return not text.isascii() and all(wide_parts(text))


def wide_parts(text: str) -> tuple[bool, bool]:
    """Whether `text` has characters beyond U+FFFF, and whether it has some from U+E000 to U+FFFF."""
    return _BEYOND_BMP.search(text) is not None, _PRIVATE_USE_AND_AFTER.search(text) is not None


def check_characters(text: str) -> None:
    """Raises DocumentRefused for U+FFFE or U+FFFF: RDFC-1.0 escapes them, no implementation that verifiers run does."""
    if _NONCHARACTER.search(text):
        raise DocumentRefused("text with U+FFFE or U+FFFF, which verifiers write differently", field="")


def line(quad: Quad) -> str:
    """One N-Quads line."""
    subject, predicate, object_, graph = quad
    return f"{subject} {predicate} {object_} {graph} .\n" if graph else f"{subject} {predicate} {object_} .\n"


def canonical_text(
    ground: Iterable[str], quads: Iterable[Quad], *, order: Order = Order.CODE_POINTS, work: Work | None = None
) -> str:
    """The canonical N-Quads: `ground` are finished lines without blank nodes, `quads` those that have some.

    Raises WorkLimitReached, and DocumentRefused when the order is PORTABLE and the text is not.
    """
    unlabelled = list(dict.fromkeys(quads))
    lines = list(ground)
    if not unlabelled:
        return _join(set(lines), order=order)
    labels = issue_labels(unlabelled, order=order, work=work)
    label = labels.get
    for subject, predicate, object_, graph in unlabelled:
        if graph:
            g = label(graph, graph)
            lines.append(f"{label(subject, subject)} {predicate} {label(object_, object_)} {g} .\n")
        else:
            lines.append(f"{label(subject, subject)} {predicate} {label(object_, object_)} .\n")
    return _join(set(lines), order=order)


def _join(lines: Collection[str], *, order: Order) -> str:
    text = "".join(sorted(lines))
    if order is Order.CODE_POINTS or text.isascii():
        return text
    if order is Order.PORTABLE:
        check_characters(text)
    if not orders_can_differ(text):
        return text
    other = "".join(sorted(lines, key=utf16_key))
    if order is Order.PORTABLE and other != text:
        raise _not_portable(lines)
    return other


def _not_portable(lines: Collection[str]) -> DocumentRefused:
    by_point, by_unit = sorted(lines), sorted(lines, key=utf16_key)
    pair = next((a, b) for a, b in zip(by_point, by_unit, strict=True) if a != b)
    return DocumentRefused(
        "two values of one property, one with an emoji and one with a character from U+E000 to U+FFFF, would be "
        "ordered differently by different verifiers",
        field="",
        value=[text[:200] for text in pair],
    )


def issue_labels(
    quads: list[Quad], *, algorithm: str = "sha256", order: Order = Order.CODE_POINTS, work: Work | None = None
) -> dict[str, str]:
    """The canonical label (`_:c14n0`, …) of every blank node in `quads`, which are distinct.

    Raises WorkLimitReached when tied blank nodes would need more than the limit of work.
    """
    mentions = first_degree_lines(quads)
    digest = getattr(hashlib, algorithm)
    by_hash: dict[str, list[str]] = {}
    for node, lines in mentions.items():
        lines.sort()
        text = "".join(lines)
        if order is not Order.CODE_POINTS and orders_can_differ(text):
            text = _join(lines, order=order)
        by_hash.setdefault(digest(text.encode()).hexdigest(), []).append(node)
    ordered = sorted(by_hash)
    labels: dict[str, str] = {}
    for key in ordered:
        if len(by_hash[key]) == 1:
            labels[by_hash[key][0]] = f"_:c14n{len(labels)}"
    if len(labels) < len(mentions):
        patience = len(mentions) - len(labels) if order is Order.PORTABLE else None
        _TiedNodes(quads, by_hash, labels, algorithm, work or Work(), patience).settle(ordered)
    return labels


def first_degree_lines(quads: Iterable[Quad]) -> dict[str, list[str]]:
    """For every blank node the lines that RDFC-1.0 hashes first, not yet sorted."""
    mentions: dict[str, list[str]] = {}
    for quad in quads:
        _mention(quad, mentions)
    return mentions


def _mention(quad: Quad, mentions: dict[str, list[str]]) -> None:
    """Add the quad, as seen from each of its blank nodes (itself `_:a`, others `_:z`), to their lists."""
    subject, predicate, object_, graph = quad
    subject_blank, object_blank = subject[0] == "_", object_[0] == "_"
    if graph:
        for node in {term for term in (subject, object_, graph) if term[0] == "_"}:
            parts = (_seen(subject, node), predicate, _seen(object_, node), _seen(graph, node))
            mentions.setdefault(node, []).append(f"{parts[0]} {parts[1]} {parts[2]} {parts[3]} .\n")
    elif subject_blank and not object_blank:
        mentions.setdefault(subject, []).append(f"_:a {predicate} {object_} .\n")
    elif not subject_blank:
        mentions.setdefault(object_, []).append(f"{subject} {predicate} _:a .\n")
    elif subject == object_:
        mentions.setdefault(subject, []).append(f"_:a {predicate} _:a .\n")
    else:
        mentions.setdefault(subject, []).append(f"_:a {predicate} _:z .\n")
        mentions.setdefault(object_, []).append(f"_:z {predicate} _:a .\n")


def _seen(term: str, node: str) -> str:
    if term[0] != "_":
        return term
    return "_:a" if term == node else "_:z"


class _Issuer:
    """Hands out temporary labels in order (RDFC-1.0, 4.5)."""

    __slots__ = ("issued",)

    def __init__(self, issued: dict[str, str] | None = None) -> None:
        self.issued = dict(issued or {})

    def label(self, node: str) -> str:
        found = self.issued.get(node)
        if found is None:
            found = self.issued[node] = f"_:b{len(self.issued)}"
        return found


class _TiedNodes:
    """The N-degree part of the algorithm (4.6 to 4.8), for blank nodes whose own quads look alike.

    `patience` is how often the part that calls itself may run, where what we sign must not outlast that of verifiers:
    rdf-canonize gives up after as many runs as there are tied nodes. No path is then left early, because which ones
    are depends on labels that differ between implementations: what passes here, passes there.
    """

    def __init__(
        self,
        quads: list[Quad],
        by_hash: dict[str, list[str]],
        labels: dict[str, str],
        algorithm: str,
        work: Work,
        patience: int | None,
    ) -> None:
        self.patience = patience
        self.labels = labels
        self.by_hash = by_hash
        self.digest = getattr(hashlib, algorithm)
        self.first_degree = {node: key for key, nodes in by_hash.items() for node in nodes}
        self.quads: dict[str, list[Quad]] = {node: [] for node in self.first_degree}
        for quad in quads:
            for node in dict.fromkeys((quad[0], quad[2], quad[3])):
                if node in self.quads:
                    self.quads[node].append(quad)
        self.work = work

    def settle(self, ordered: list[str]) -> None:
        for key in ordered:
            nodes = self.by_hash[key]
            if len(nodes) == 1:
                continue
            found = []
            for node in nodes:
                if node not in self.labels:
                    issuer = _Issuer()
                    issuer.label(node)
                    found.append(self.hash_n_degree(node, issuer))
            found.sort(key=lambda result: result[0])
            for _, issuer in found:
                for node in issuer.issued:
                    if node not in self.labels:
                        self.labels[node] = f"_:c14n{len(self.labels)}"

    def hash_related(self, related: str, quad: Quad, issuer: _Issuer, position: str) -> str:
        label = self.labels.get(related) or issuer.issued.get(related) or self.first_degree[related]
        predicate = "" if position == "g" else quad[1]
        return str(self.digest(f"{position}{predicate}{label}".encode()).hexdigest())

    def hash_n_degree(self, node: str, issuer: _Issuer) -> tuple[str, _Issuer]:
        groups: dict[str, list[str]] = {}
        quads = self.quads[node]
        self.work.spend(1 + len(quads))
        if self.patience is not None:
            if not self.patience:
                raise _too_alike(quads)
            self.patience -= 1
        for quad in quads:
            for position, index in (("s", 0), ("o", 2), ("g", 3)):
                related = quad[index]
                if related != node and related in self.quads:
                    groups.setdefault(self.hash_related(related, quad, issuer, position), []).append(related)
        data = []
        for related_hash in sorted(groups):
            chosen_path, issuer = self.shortest_path(groups[related_hash], issuer)
            data += [related_hash, chosen_path]
        return str(self.digest("".join(data).encode()).hexdigest()), issuer

    def shortest_path(self, group: list[str], issuer: _Issuer) -> tuple[str, _Issuer]:
        chosen, chosen_issuer = "", issuer
        for permutation in permutations(group):
            self.work.spend(1 + len(permutation))
            attempt = self.follow(permutation, _Issuer(issuer.issued), chosen)
            if attempt is not None and (not chosen or attempt[0] < chosen):
                chosen, chosen_issuer = attempt
        return chosen, chosen_issuer

    def follow(self, permutation: list[str], issuer: _Issuer, chosen: str) -> tuple[str, _Issuer] | None:
        path = ""
        recursion = []
        for related in permutation:
            if related in self.labels:
                path += self.labels[related]
            else:
                if related not in issuer.issued:
                    recursion.append(related)
                path += issuer.label(related)
            if chosen and path > chosen and self.patience is None:
                return None
        for related in recursion:
            digest, result = self.hash_n_degree(related, issuer)
            path += f"{issuer.label(related)}<{digest}>"
            issuer = result
            if chosen and path > chosen and self.patience is None:
                return None
        return path, issuer


def _too_alike(quads: list[Quad]) -> DocumentRefused:
    return DocumentRefused(
        "equal parts without an id, or equal entries of lists, that verifiers give up telling apart; give them ids "
        "or make them differ",
        field="",
        value=[line(quad)[:200] for quad in quads[:3]],
    )


def permutations(members: list[str]) -> Iterator[list[str]]:
    """All orders of `members`, each a swap of neighbours away from the last (Steinhaus, Johnson, Trotter).

    With repeated members it stops early, exactly as the implementation that verifiers share does.
    """
    current = sorted(members)
    leftwards = dict.fromkeys(current, True)
    last = len(current) - 1
    while True:
        yield list(current)
        largest, position = None, 0
        for index, member in enumerate(current):
            neighbour = index - 1 if leftwards[member] else index + 1
            if (largest is None or member > largest) and 0 <= neighbour <= last and member > current[neighbour]:
                largest, position = member, index
        if largest is None:
            return
        swap = position - 1 if leftwards[largest] else position + 1
        current[position], current[swap] = current[swap], largest
        for member in current:
            if member > largest:
                leftwards[member] = not leftwards[member]

"""Canonical text for many credentials of one achievement: the shape is worked out once, each credential fills it in.

The result is the same bytes as canonicalise gives; where the shape does not decide the labels, that is what is called.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from laurel.openbadges.canonical import canonicalise, statements
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.jsonld import BUNDLED, ContextLoader
from laurel.openbadges.rdfc import Order, Quad, check_characters, first_degree_lines, line, wide_parts
from laurel.openbadges.terms import absolute_iri, literal

Path = tuple[str | int, ...]

_MARK: Final = "urn:laurel-slot:{}:"
_IRI_SCHEMES: Final = ("https://", "http://", "urn:", "did:")
_NEVER_SLOTS: Final = frozenset({"@context", "type", "@type"})


class Template:
    """A document with named slots for text values that differ from one credential to the next.

    `slots` maps names to the paths of string members in `document`, as ("credentialSubject", "id"). Types and contexts
    cannot be slots. Raises DocumentRefused when a path leads nowhere or the document itself is refused.
    """

    def __init__(self, document: dict[str, Any], slots: Mapping[str, Path], *, loader: ContextLoader = BUNDLED) -> None:
        self.loader = loader
        self.slots = {name: tuple(path) for name, path in slots.items()}
        self.marks = {name: _MARK.format(index) for index, name in enumerate(self.slots)}
        for name, path in self.slots.items():
            if _NEVER_SLOTS & set(path) or not isinstance(_at(document, path), str):
                raise DocumentRefused("a slot must be a text member that is no type", field=f"slots.{name}")
        self._example = document
        marked = self.document(self.marks)
        ground, quads = statements(marked, loader=loader, order=Order.PORTABLE)
        text = "".join(ground) + "".join(line(quad) for quad in quads)
        check_characters(text)
        self._wide = wide_parts(text)
        self._kinds = self._slot_kinds(text)
        self._build(ground, list(dict.fromkeys(quads)))

    def document(self, values: Mapping[str, str]) -> dict[str, Any]:
        """The document with the slots filled; parts without slots are shared with the example, not copied."""
        filled = dict(self._example)
        for name, path in self.slots.items():
            part: Any = filled
            for step in path[:-1]:
                inner = part[step]
                part[step] = part = inner.copy()
            part[path[-1]] = values[name]
        return filled

    def canonical(self, values: Mapping[str, str]) -> str:
        """The canonical N-Quads with the slots filled. Raises DocumentRefused for values that cannot be signed."""
        terms: dict[str, str] = {}
        beyond, private = self._wide
        for name, wanted in self._kinds:
            value = values[name]
            if wanted == "iri":
                if not value.startswith(_IRI_SCHEMES):
                    raise DocumentRefused("not an absolute IRI", field=name, value=value[:200])
                terms[name] = absolute_iri(value)[1:-1]
            else:
                terms[name] = literal(value)[1:-1]
            if not value.isascii():
                check_characters(value)
                more = wide_parts(value)
                beyond, private = beyond or more[0], private or more[1]
        if self._tied or (beyond and private):
            return canonicalise(self.document(values), loader=self.loader, order=Order.PORTABLE)
        if self._moving:
            labels = self._relabel(terms)
            if labels is None:
                return canonicalise(self.document(values), loader=self.loader, order=Order.PORTABLE)
            terms |= labels
        lines = self._constant + [text % terms for text in self._variable]
        return "".join(sorted(set(lines)))

    def _slot_kinds(self, text: str) -> list[tuple[str, str]]:
        kinds = []
        for name, mark in self.marks.items():
            as_iri, as_text = f"<{mark}>" in text, f'"{mark}"' in text
            if as_iri == as_text:
                raise DocumentRefused("a slot must be either a link or text", field=f"slots.{name}")
            kinds.append((name, "iri" if as_iri else "text"))
        return kinds

    def _format(self, text: str) -> str:
        """`text` as a %-format with a key for each slot in it."""
        text = text.replace("%", "%%")
        for name, mark in self.marks.items():
            text = text.replace(mark, f"%({name})s")
        return text

    def _labelled_format(self, quad: Quad) -> str:
        keys = {node: f"%({key})s" for node, key in self._keys.items()}
        subject, predicate, object_, graph = quad
        parts = [keys.get(part) or self._format(part) for part in (subject, predicate, object_, graph) if part]
        return f"{' '.join(parts)} .\n"

    def _build(self, ground: Sequence[str], quads: list[Quad]) -> None:
        mentions = first_degree_lines(quads)
        hashes: dict[str, str] = {}
        moving: dict[str, list[str]] = {}
        for node, lines in mentions.items():
            if any(mark in entry for entry in lines for mark in self.marks.values()):
                moving[node] = [self._format(entry) for entry in lines]
            else:
                hashes[node] = _digest(lines)
        self._fixed_hashes, self._moving, self._tied = hashes, moving, False
        entries = list(ground)
        if moving:
            self._keys = {node: f"n{index}" for index, node in enumerate(mentions)}
            formats = [self._labelled_format(quad) for quad in quads]
        else:
            labels = _assign(hashes)
            self._tied = labels is None
            entries += [line(_with_labels(quad, labels or {})) for quad in quads]
            formats = []
        self._constant = [text for text in entries if not any(mark in text for mark in self.marks.values())]
        self._variable = [self._format(text) for text in entries if any(mark in text for mark in self.marks.values())]
        self._variable += formats

    def _relabel(self, terms: Mapping[str, str]) -> dict[str, str] | None:
        hashes = dict(self._fixed_hashes)
        for node, formats in self._moving.items():
            hashes[node] = _digest([text % terms for text in formats])
        labels = _assign(hashes)
        return None if labels is None else {self._keys[node]: label for node, label in labels.items()}


def _at(document: Any, path: Path) -> Any:
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("".join(sorted(set(lines))).encode()).hexdigest()


def _assign(hashes: Mapping[str, str]) -> dict[str, str] | None:
    by_hash = {digest: node for node, digest in hashes.items()}
    if len(by_hash) < len(hashes):
        return None
    return {by_hash[digest]: f"_:c14n{number}" for number, digest in enumerate(sorted(by_hash))}


def _with_labels(quad: Quad, labels: Mapping[str, str]) -> Quad:
    subject, predicate, object_, graph = quad
    return labels.get(subject, subject), predicate, labels.get(object_, object_), labels.get(graph, graph)

"""Reads N-Quads into the four-string quads of laurel.openbadges.rdfc, for the W3C suite and for comparing with PyLD."""

import re

from laurel.openbadges.terms import literal

_TERM = re.compile(
    r"\s*(<[^>]*>|_:[^\s<>\"]*[^\s<>\".]|\"(?:[^\"\\\n\r]|\\.)*\"(?:\^\^<[^>]*>|@[A-Za-z]+(?:-[A-Za-z0-9]+)*)?|\.)"
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_SHORT = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def _plain(text):
    return _ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)) if len(m[1]) > 1 else _SHORT.get(m[1], m[1]), text)


def _term(text):
    if text[0] != '"':
        return _plain(text)
    end = text.rindex('"')
    suffix = text[end + 1 :]
    if suffix == "^^<http://www.w3.org/2001/XMLSchema#string>":
        return literal(_plain(text[1:end]))
    return literal(_plain(text[1:end])) + _plain(suffix)


def parse(text):
    """The quads of an N-Quads document."""
    quads = []
    for line in text.splitlines() if "\r" in text else text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        terms, position = [], 0
        while (match := _TERM.match(line, position)) and match[1] != ".":
            terms.append(_term(match[1]))
            position = match.end()
        assert 3 <= len(terms) <= 4, line
        quads.append((terms[0], terms[1], terms[2], terms[3] if len(terms) == 4 else ""))
    return quads

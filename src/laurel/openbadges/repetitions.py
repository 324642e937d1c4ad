"""Statements that a document makes twice in different words, which the processors of verifiers do not count alike.

A set of statements has each once. What verifiers run compares values as they are written: it drops a repeated name,
but keeps the number 5 beside the text "5" of that type, and keeps every empty list and every JSON literal.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.properties import JSON_LITERAL, Property
from laurel.openbadges.rdfc import Quad, line
from laurel.openbadges.terms import DOUBLE, JSON_SUFFIX, NIL, TYPE

# Marks a value that is never taken for equal to another, however alike the two are.
NEVER_EQUAL: Final = "never equal"


def way_of_writing(prop: Property, value: Any, object_: str) -> str | None:
    """How this value is written, where another way of writing it could make the same statement; None where none can."""
    if prop.kind == JSON_LITERAL or (prop.as_list and object_ == NIL) or object_.endswith(JSON_SUFFIX):
        return NEVER_EQUAL
    typed = prop.datatype is not None
    if isinstance(value, dict) and object_[0] == '"':
        typed = len(value) > 1
        value = next((member for member in value.values() if not isinstance(member, str)), "")
    elif isinstance(value, dict) or object_[0] != '"':
        return "property" if prop.predicate == TYPE or object_ == NIL else None
    if isinstance(value, str):
        return "typed text" if typed and (object_[-1] == '"' or object_.endswith(DOUBLE)) else None
    return f"{'boolean' if isinstance(value, bool) else 'number'}, {'typed' if typed else 'plain'}"


def check_repetitions(lines: Sequence[str], quads: Sequence[Quad], ways: Mapping[Quad, list[str]]) -> None:
    """`ways` are the statements that could be written otherwise, with the way of each time. Raises DocumentRefused."""
    said, in_lines = Counter(quads), Counter(lines)
    for quad, written in ways.items():
        times = said[quad] or in_lines[line(quad)]
        if times > 1 and (times > len(written) or len(set(written)) > 1 or written[0] == NEVER_EQUAL):
            raise DocumentRefused(
                "the same statement twice, by an empty list, by JSON or by a value in two ways of writing, which "
                "verifiers count differently",
                field="",
                value=line(quad)[:400],
            )

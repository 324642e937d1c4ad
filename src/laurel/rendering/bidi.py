"""The bidirectional algorithm (UAX #9) for one line without embedding controls: levels, then the visual order of runs.

Implements P2-P3, W1-W7, N1-N2, I1-I2 and L2; explicit embeddings and isolates are treated as neutral, brackets are
not paired.
"""

import unicodedata
from itertools import groupby

_STRONG = {"L": 0, "R": 1, "AL": 1}
_NUMBERS = {"EN", "AN"}


def base_level(text: str) -> int:
    """1 when the first strong letter is written right to left, else 0 (rules P2 and P3)."""
    return next((_STRONG[kind] for kind in map(unicodedata.bidirectional, text) if kind in _STRONG), 0)


def levels(text: str, base: int) -> list[int]:
    """The embedding level of every character: even is left to right, odd right to left."""
    kinds = [unicodedata.bidirectional(character) or "L" for character in text]
    if base == 0 and not any(kind in {"R", "AL", "AN"} for kind in kinds):
        return [0] * len(kinds)
    edge = "R" if base else "L"
    kinds = _neutral(_weak(kinds, edge), edge)
    return [_implicit(kind, base) for kind in kinds]


def visual_order(run_levels: list[int]) -> list[int]:
    """Indexes of the runs as they stand from left to right (rule L2)."""
    order = list(range(len(run_levels)))
    for level in range(max(run_levels, default=0), 0, -1):
        start = 0
        for turned, members in groupby(order, key=lambda index: run_levels[index] >= level):
            count = len(list(members))
            if turned:
                order[start : start + count] = reversed(order[start : start + count])
            start += count
    return order


def _weak(kinds: list[str], edge: str) -> list[str]:
    kinds = list(kinds)
    before, strong = edge, edge
    for index, given in enumerate(kinds):
        kind = before if given == "NSM" else given  # W1
        if kind in _STRONG:
            strong = kind
        before = kinds[index] = "AN" if kind == "EN" and strong == "AL" else kind  # W2
    kinds = ["R" if kind == "AL" else kind for kind in kinds]  # W3
    for index in range(1, len(kinds) - 1):  # W4
        left, right = kinds[index - 1], kinds[index + 1]
        if left == right and ((kinds[index] == "ES" and left == "EN") or (kinds[index] == "CS" and left in _NUMBERS)):
            kinds[index] = left
    for start, length, kind in _runs(kinds):  # W5
        if kind == "ET" and "EN" in {kinds[start - 1] if start else "", *kinds[start + length : start + length + 1]}:
            kinds[start : start + length] = ["EN"] * length
    strong = edge
    for index, kind in enumerate(kinds):  # W6, W7
        if kind in {"L", "R"}:
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[index] = "L"
        elif kind not in _NUMBERS:
            kinds[index] = "ON"
    return kinds


def _neutral(kinds: list[str], edge: str) -> list[str]:
    sides = ["R" if kind in _NUMBERS else kind for kind in kinds]
    for start, length, kind in _runs(sides):
        if kind == "ON":
            before = sides[start - 1] if start else edge
            after = sides[start + length] if start + length < len(sides) else edge
            kinds[start : start + length] = [before if before == after else edge] * length  # N1, N2
    return kinds


def _implicit(kind: str, base: int) -> int:
    if base == 0:
        return {"L": 0, "R": 1}.get(kind, 2)
    return 1 if kind == "R" else 2


def _runs(kinds: list[str]) -> list[tuple[int, int, str]]:
    runs, start = [], 0
    for kind, members in groupby(kinds):
        length = len(list(members))
        runs.append((start, length, kind))
        start += length
    return runs

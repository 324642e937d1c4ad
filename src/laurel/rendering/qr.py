"""QR codes as one path of unit squares."""

import re
from functools import lru_cache, reduce
from operator import xor

from laurel.base import limits
from laurel.rendering.refusals import DesignTooLarge

# Readers take any of the eight masks; scoring them all takes longer than everything else on a page.
_MASK = 3
_DARK = re.compile(rb"\x01+")
_LEARNT_AT_ONCE = 1


@lru_cache(maxsize=256)
def qr_path(content: str, error_correction: str, quiet_zone: int) -> tuple[str, int]:
    """Path data and how many modules a side has, quiet zone included.

    Raises DesignTooLarge when the content does not fit into a code that a telephone still reads.
    """
    if len(content.encode()) > limits.QR_CONTENT_LENGTH_MAX:
        raise DesignTooLarge(
            f"a QR code holds {limits.QR_CONTENT_LENGTH_MAX} bytes, not {len(content.encode())}",
            field="qr.content",
            limit=limits.QR_CONTENT_LENGTH_MAX,
            value=len(content.encode()),
        )
    cells, side = cells_of(content, error_correction)
    runs = [
        f"M{run.start() - row * side + quiet_zone} {row + quiet_zone}h{run.end() - run.start()}v1h-{run.end() - run.start()}z"
        for row in range(side)
        for run in _DARK.finditer(cells, row * side, (row + 1) * side)
    ]
    return "".join(runs), side + 2 * quiet_zone


def cells_of(content: str, level: str) -> tuple[bytes, int]:
    """The modules row by row, 1 for a dark one, and how many a side has."""
    if content.isascii() and any(letter.islower() for letter in content):  # else it may be packed tighter than by bytes
        return _alike(len(content), level).cells_of(content.encode())
    return _encoded(content, level)


class _Alike:
    """The codes of one length and level. They are linear over GF(2), parity included: a bit of the content always flips the
    same modules. Which, is learnt from codes that are drawn in full, a bit with each; then codes are composed.
    """

    def __init__(self, level: str) -> None:
        self._level = level
        self._first = b""
        self._cells = self._side = 0
        self._flips: dict[tuple[int, int], int] = {}

    def cells_of(self, content: bytes) -> tuple[bytes, int]:
        if not self._first:
            cells, self._side = _encoded(content, self._level)
            self._cells, self._first = int.from_bytes(cells), content
            return cells, self._side
        flipped = [
            (place, bit)
            for place, (one, other) in enumerate(zip(self._first, content, strict=True))
            if one != other
            for bit in range(8)
            if (one ^ other) >> bit & 1
        ]
        unknown = [flip for flip in flipped if flip not in self._flips]
        for place, bit in unknown[:_LEARNT_AT_ONCE]:
            changed = bytearray(self._first)
            changed[place] ^= 1 << bit
            self._flips[place, bit] = self._cells ^ int.from_bytes(_encoded(bytes(changed), self._level)[0])
        if len(unknown) > _LEARNT_AT_ONCE:
            return _encoded(content, self._level)
        composed = reduce(xor, (self._flips[flip] for flip in flipped), self._cells)
        return composed.to_bytes(self._side * self._side), self._side


@lru_cache(maxsize=16)
def _alike(_length: int, level: str) -> _Alike:
    return _Alike(level)


def _encoded(content: str | bytes, level: str) -> tuple[bytes, int]:
    import segno

    mode = "byte" if isinstance(content, bytes) else None
    code = segno.make(content, mode=mode, error=level, micro=False, boost_error=False, mask=_MASK)
    return b"".join(code.matrix), len(code.matrix)

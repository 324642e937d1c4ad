"""QR codes as one path of unit squares."""

import re
from functools import lru_cache

import segno

from laurel.base import limits
from laurel.rendering.refusals import DesignTooLarge

# Readers take any of the eight masks; scoring them all takes longer than everything else on a page.
_MASK = 3
_DARK = re.compile(rb"\x01+")


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
    code = segno.make(content, error=error_correction, micro=False, boost_error=False, mask=_MASK)
    runs = [
        f"M{run.start() + quiet_zone} {y}h{run.end() - run.start()}v1h-{run.end() - run.start()}z"
        for y, row in enumerate(code.matrix, start=quiet_zone)
        for run in _DARK.finditer(row)
    ]
    return "".join(runs), len(code.matrix) + 2 * quiet_zone

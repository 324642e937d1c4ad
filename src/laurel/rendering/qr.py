"""QR codes as one path of unit squares."""

from functools import lru_cache

import segno

from laurel.base import limits
from laurel.rendering.refusals import DesignTooLarge

# Readers take any of the eight masks; scoring them all takes longer than everything else on a page.
_MASK = 3


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
    runs = []
    for y, row in enumerate(code.matrix):
        x = 0
        while x < len(row):
            length = 1
            while x + length < len(row) and row[x + length] == row[x]:
                length += 1
            if row[x]:
                runs.append(f"M{x + quiet_zone} {y + quiet_zone}h{length}v1h-{length}z")
            x += length
    return "".join(runs), len(code.matrix) + 2 * quiet_zone

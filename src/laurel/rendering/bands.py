"""Writes PNG in bands of rows, each packed for itself, so that rows which did not change are not packed again.

Bands are cut at the same rows and packed in one of two ways that the caller names: the same picture gives the same bytes.
"""

import struct
import zlib
from collections.abc import Iterable
from typing import NamedTuple

from PIL import Image as Pillow
from PIL import ImageChops

ROWS = 16
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGBA, _BYTES_PER_PIXEL = 6, 4
_LEFT_NEIGHBOUR = b"\x01"  # the filter "Sub" (PNG 9.2): it asks no other row, so that bands stand alone
_ZLIB_HEAD, _LAST_BLOCK = b"\x78\x01", b"\x03\x00"
_WINDOW, _MEMORY = -15, 9
_SMALL = (3, zlib.Z_FILTERED)
_FAST = (1, zlib.Z_RLE)  # runs only: on drawings a tenth larger, in half the time
_ADLER = 65_521


class Band(NamedTuple):
    """Packed rows, and what is needed to count the checksum of the whole from those of the bands."""

    data: bytes
    checksum: int
    length: int


def pack(picture: Pillow.Image, index: int, *, fast: bool) -> Band:
    """Rows `index` * ROWS and on of an RGBA picture."""
    top = index * ROWS
    rows = picture.crop((0, top, picture.width, min(top + ROWS, picture.height)))
    shifted = Pillow.new("RGBA", rows.size)
    shifted.paste(rows, (1, 0))
    raw = ImageChops.subtract_modulo(rows, shifted).tobytes()
    stride = picture.width * _BYTES_PER_PIXEL
    filtered = b"".join([_LEFT_NEIGHBOUR + raw[start : start + stride] for start in range(0, len(raw), stride)])
    level, strategy = _FAST if fast else _SMALL
    packer = zlib.compressobj(level, zlib.DEFLATED, _WINDOW, _MEMORY, strategy)
    data = packer.compress(filtered) + packer.flush(zlib.Z_FULL_FLUSH)
    return Band(data, zlib.adler32(filtered), len(filtered))


def bands_of(height: int) -> range:
    """The numbers of the bands of a picture."""
    return range(-(-height // ROWS))


def assemble(size: tuple[int, int], bands: Iterable[Band]) -> bytes:
    """The PNG file of all bands of a picture, in order."""
    head = struct.pack(">IIBBBBB", *size, 8, _RGBA, 0, 0, 0)
    low, high, packed = 1, 0, [_ZLIB_HEAD]
    for band in bands:
        high = (high + (band.checksum >> 16) + band.length * (low - 1)) % _ADLER
        low = (low + (band.checksum & 0xFFFF) - 1) % _ADLER
        packed.append(band.data)
    packed += [_LAST_BLOCK, struct.pack(">I", high << 16 | low)]
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", b"".join(packed)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))

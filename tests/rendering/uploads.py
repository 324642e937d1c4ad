"""Files as people upload them, good and bad."""

import io
import struct
import zlib

from PIL import Image


def a_png(width: int = 40, height: int = 30, colour: str = "#336699", mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), colour).save(out, "PNG")
    return out.getvalue()


def a_photograph(width: int, height: int) -> bytes:
    """A picture with more colours than anybody draws with."""
    out = io.BytesIO()
    bands = [Image.linear_gradient("L").resize((width, height)), Image.radial_gradient("L").resize((width, height))]
    Image.merge("RGB", [*bands, bands[0].transpose(Image.Transpose.ROTATE_180)]).save(out, "PNG")
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def a_png_bomb(width: int, height: int) -> bytes:
    """A few hundred bytes that say they are a huge picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = zlib.compress(b"\x00" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def an_svg(body: str = '<path d="M0 0H20V20H0Z" fill="#ff0000"/>', attributes: str = 'viewBox="0 0 20 20"') -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {attributes}>{body}</svg>'.encode()

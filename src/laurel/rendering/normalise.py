"""Uploaded pictures: sniffed, limited, decoded and written anew, so that nothing of the sender's file is kept."""

import io
import math
from base64 import b64decode, b64encode
from binascii import Error as Base64Error

from msgspec import Struct
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from laurel.base import limits
from laurel.rendering.isolated import rasterise_isolated
from laurel.rendering.refusals import ImageInvalid, ImageTooLarge
from laurel.rendering.sanitise import looks_like_svg, sanitise_svg

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_DRAWN_COLOURS_MAX = 4_096
"""With no more of them a picture is a drawing, whose edges a JPEG would blur; a photograph has many more."""
_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class Picture(Struct, frozen=True):
    """A picture of our own making: PNG (when it has transparency, is drawn or small) or JPEG."""

    data: bytes
    media_type: str
    width: int
    height: int

    @property
    def data_uri(self) -> str:
        """The picture as a design carries it."""
        return f"data:{self.media_type};base64,{b64encode(self.data).decode()}"


def normalise_image(data: bytes, *, field: str = "image", side_max: int = limits.STORED_IMAGE_SIDE_MAX) -> Picture:
    """A PNG, JPEG, GIF (first frame), WebP or SVG upload as a PNG or JPEG without metadata, scaled down to at most
    `side_max` pixels on a side.

    What the file is, is found out from its bytes, never from its name or declared type. Raises ImageTooLarge or
    ImageInvalid naming `field`. An SVG is drawn in a process of its own, within limits of time and memory.
    """
    _check(len(data), limits.UPLOADED_IMAGE_BYTES_MAX, "bytes", field)
    if looks_like_svg(data):
        data = rasterise_isolated(
            sanitise_svg(data, field=field), min(side_max, limits.STORED_IMAGE_SIDE_MAX // 2), field=field
        )
    try:
        with Pillow.open(io.BytesIO(data), formats=_FORMATS) as opened:
            width, height = opened.size
            _check(max(width, height), limits.UPLOADED_IMAGE_SIDE_MAX, "pixels on a side", field)
            _check(width * height, limits.UPLOADED_IMAGE_PIXELS_MAX, "pixels", field)
            opened.draft("RGB", (side_max, side_max))
            picture = ImageOps.exif_transpose(opened)
            return _written(picture.convert("RGBA" if _has_alpha(picture) else "RGB"), side_max)
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise _too_large("pixels", limits.UPLOADED_IMAGE_PIXELS_MAX, str(error), field) from error
    except UnidentifiedImageError as error:
        raise ImageInvalid(
            f"{field} is none of PNG, JPEG, GIF, WebP, SVG", field=field, value=data[:16].hex()
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError, MemoryError) as error:
        raise ImageInvalid(f"{field} cannot be read as a picture: {error}", field=field) from error


def media_type_of(data: bytes) -> str:
    """The type of a normalised picture, from its signature."""
    for signature, media_type in _SIGNATURES.items():
        if data.startswith(signature):
            return media_type
    raise ImageInvalid("an image is neither PNG nor JPEG; normalise it first", field="image", value=data[:16].hex())


def data_uri_bytes(uri: str) -> bytes:
    """The bytes of a base64 data URI. Raises ImageInvalid."""
    head, comma, body = uri.partition(",")
    if not comma or not head.endswith(";base64"):
        raise ImageInvalid("a data URI must be base64", field="source", value=head[:100])
    try:
        return b64decode(body, validate=True)
    except (Base64Error, ValueError) as error:
        raise ImageInvalid("a data URI has broken base64", field="source") from error


def _has_alpha(picture: Pillow.Image) -> bool:
    if picture.mode in {"RGBA", "LA", "PA"}:
        return picture.getchannel("A").getextrema() != (255, 255)
    return "transparency" in picture.info


def _written(picture: Pillow.Image, side: int) -> Picture:
    if max(picture.size) > side:
        factor = side / max(picture.size)
        size = (max(1, math.floor(picture.width * factor)), max(1, math.floor(picture.height * factor)))
        picture = picture.resize(size, Pillow.Resampling.LANCZOS)
    picture.info.clear()
    out = io.BytesIO()
    drawn = picture.mode == "RGBA" or picture.getcolors(_DRAWN_COLOURS_MAX) is not None
    if drawn or picture.width * picture.height <= 256 * 256:
        picture.save(out, "PNG", optimize=False)
        media_type = "image/png"
    else:
        picture.save(out, "JPEG", quality=90)
        media_type = "image/jpeg"
    return Picture(out.getvalue(), media_type, picture.width, picture.height)


def _check(value: int, limit: int, what: str, field: str) -> None:
    if value > limit:
        raise _too_large(what, limit, value, field)


def _too_large(what: str, limit: int, value: int | str, field: str) -> ImageTooLarge:
    return ImageTooLarge(f"{field} has {value} {what}, the limit is {limit}", field=field, limit=limit, value=value)

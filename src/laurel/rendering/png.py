"""PNG through resvg, from the SVG, so that both show the same.

What a design begins with (its shapes) is the same on every credential: it is drawn once, kept, and the rest is laid over it.
"""

import io
import math
from functools import lru_cache

import resvg_py
from PIL import Image as Pillow

from laurel.base import limits
from laurel.rendering.extent import Box, painted_box
from laurel.rendering.fonts import FontLibrary, bundled_fonts
from laurel.rendering.model import Design, Fields, Path, Shape
from laurel.rendering.refusals import DesignTooLarge
from laurel.rendering.svg import SvgWriter

_CERTIFICATE_PIXELS_PER_POINT = 2
_KEPT_PIXELS_MAX = 2_100_000  # a larger ground is drawn each time; eight of these are 64 MiB
_RUNS_ONLY = 3  # zlib's Z_RLE: on drawings nearly as small as the default, in half the time


def render_png(
    design: Design, fields: Fields, *, width_pixels: int | None = None, fonts: FontLibrary | None = None
) -> bytes:
    """The credential as PNG; a badge as wide as its canvas, a certificate two pixels a point, unless a width is given.

    Raises DesignTooLarge when a side would be over PICTURE_WIDTH_MAX pixels.
    """
    width, height = _size(design, width_pixels)
    fonts = fonts or bundled_fonts()
    fixed = next((i for i, node in enumerate(design.nodes) if not isinstance(node, Shape | Path)), len(design.nodes))
    ground = SvgWriter(design, fields, fonts)
    ground.background()
    for node in design.nodes[:fixed]:
        ground.node(node)
    scale = width / design.canvas.width
    keep = width * height <= _KEPT_PIXELS_MAX
    picture = (_kept if keep else _drawn)(ground.part(Box(0, 0, width / scale, height / scale), width, height))
    if fixed < len(design.nodes):
        picture = picture.copy()
    for node in design.nodes[fixed:]:
        above = SvgWriter(design, fields, fonts)
        above.node(node)
        if not above.empty:
            _lay_over(picture, above, design, painted_box(node))
    out = io.BytesIO()
    picture.save(out, "PNG", compress_type=_RUNS_ONLY)
    return out.getvalue()


def _lay_over(picture: Pillow.Image, above: SvgWriter, design: Design, box: Box | None) -> None:
    """Draw one node on the picture; only the part that it can reach is drawn."""
    scale = picture.width / design.canvas.width
    left, top, right, bottom = 0, 0, picture.width, picture.height
    if box:
        left, top = max(math.floor(box.left * scale), 0), max(math.floor(box.top * scale), 0)
        right, bottom = min(math.ceil(box.right * scale), right), min(math.ceil(box.bottom * scale), bottom)
    if left < right and top < bottom:
        part = Box(left / scale, top / scale, right / scale, bottom / scale)
        layer = _drawn(above.part(part, right - left, bottom - top))
        picture.alpha_composite(layer, (left, top))


def _size(design: Design, width: int | None) -> tuple[int, int]:
    if width is None:
        scale = _CERTIFICATE_PIXELS_PER_POINT if design.kind == "certificate" else 1
        width = min(round(design.canvas.width * scale), limits.PICTURE_WIDTH_MAX)
    height = round(width * design.canvas.height / design.canvas.width)
    for side, pixels in (("width_pixels", width), ("height_pixels", height)):
        if not 1 <= pixels <= limits.PICTURE_WIDTH_MAX:
            raise DesignTooLarge(
                f"{side} is {pixels}, the limit is {limits.PICTURE_WIDTH_MAX}",
                field=side,
                limit=limits.PICTURE_WIDTH_MAX,
                value=pixels,
            )
    return width, height


def _drawn(svg: str) -> Pillow.Image:
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))
    return Pillow.open(io.BytesIO(png), formats=("PNG",)).convert("RGBA")


@lru_cache(maxsize=8)
def _kept(svg: str) -> Pillow.Image:
    return _drawn(svg)

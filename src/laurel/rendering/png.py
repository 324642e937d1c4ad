"""PNG through resvg, from the SVG, so that both show the same."""

import resvg_py

from laurel.base import limits
from laurel.rendering.fonts import FontLibrary
from laurel.rendering.model import Design, Fields
from laurel.rendering.refusals import DesignTooLarge
from laurel.rendering.svg import render_svg

_CERTIFICATE_PIXELS_PER_POINT = 2


def render_png(
    design: Design, fields: Fields, *, width_pixels: int | None = None, fonts: FontLibrary | None = None
) -> bytes:
    """The credential as PNG; a badge as wide as its canvas, a certificate two pixels a point, unless a width is given.

    Raises DesignTooLarge when a side would be over PICTURE_WIDTH_MAX pixels.
    """
    scale = _CERTIFICATE_PIXELS_PER_POINT if design.kind == "certificate" else 1
    if width_pixels is None:
        width_pixels = min(round(design.canvas.width * scale), limits.PICTURE_WIDTH_MAX)
    height_pixels = round(width_pixels * design.canvas.height / design.canvas.width)
    for side, pixels in (("width_pixels", width_pixels), ("height_pixels", height_pixels)):
        if not 1 <= pixels <= limits.PICTURE_WIDTH_MAX:
            raise DesignTooLarge(
                f"{side} is {pixels}, the limit is {limits.PICTURE_WIDTH_MAX}",
                field=side,
                limit=limits.PICTURE_WIDTH_MAX,
                value=pixels,
            )
    return rasterise(render_svg(design, fields, fonts=fonts).decode(), width_pixels)


def rasterise(svg: str, width_pixels: int) -> bytes:
    """Any SVG that is trusted not to be a bomb, at a width in pixels."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width_pixels, skip_system_fonts=True))

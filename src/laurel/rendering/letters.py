"""Letters as pixels: a text that is set already, drawn by HarfBuzz's rasteriser as a mask of how much ink a pixel has.

Places glyphs exactly where the SVG has them. Knows no colours: a mask is painted by who asked for it.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import uharfbuzz as hb
from PIL import Image as Pillow

from laurel.rendering.extent import Box
from laurel.rendering.fonts import Face
from laurel.rendering.model import Text
from laurel.rendering.svg import baselines, line_start
from laurel.rendering.typeset import Setting


class Placed(NamedTuple):
    """A glyph and where it stands: a point (u, v) of the font, v upwards, is (xx*u + xy*v + x, yx*u + yy*v + y)."""

    face: Face
    glyph: int
    xx: float
    yx: float
    xy: float
    yy: float
    x: float
    y: float

    def scaled(self, scale: float) -> "Placed":
        """On a canvas `scale` times as large."""
        return Placed(self.face, self.glyph, *(value * scale for value in self[2:]))


def placed_letters(node: Text, setting: Setting) -> tuple[Placed, ...]:
    """The glyphs of a text on the canvas, in canvas units with y downwards."""
    letters = _on_curve(node, setting) if node.curve else _on_lines(node, setting)
    if not node.rotation:
        return tuple(letters)
    middle_x, middle_y = node.x + node.width / 2, node.y + node.height / 2
    return tuple(_turned(letter, node.rotation, middle_x, middle_y) for letter in letters)


def ink_box(letters: Sequence[Placed]) -> Box | None:
    """The smallest box around the ink, or None when there is none."""
    across, down = [], []
    for letter in letters:
        if extent := letter.face.extent(letter.glyph):
            units = letter.face.units_per_em
            for u in (extent.left * units, extent.right * units):
                for v in (extent.bottom * units, extent.top * units):
                    across.append(letter.xx * u + letter.xy * v + letter.x)
                    down.append(letter.yx * u + letter.yy * v + letter.y)
    return Box(min(across), min(down), max(across), max(down)) if across else None


def mask_of(letters: Sequence[Placed], left: int, top: int, width: int, height: int) -> Pillow.Image:
    """How much ink each pixel has in a part of the canvas: an image of one channel, 255 is full."""
    raster = hb.RasterDraw()
    for letter in letters:  # the raster's y points upwards
        raster.transform = (
            letter.xx, -letter.yx, letter.xy, -letter.yy, letter.x - left, height - (letter.y - top)
        )  # fmt: skip
        raster.draw_glyph(letter.face.font, letter.glyph)
    raster.extents = hb.RasterExtents(0, 0, width, height, 0)
    image = raster.render()
    if image is None:
        raise MemoryError(f"no room for a mask of {width} by {height} pixels")
    return Pillow.frombytes("L", (width, height), image.buffer, "raw", "L", image.extents.stride, -1)


def _on_lines(node: Text, setting: Setting) -> Iterator[Placed]:
    for line, baseline in zip(setting.lines, baselines(node, setting), strict=True):
        left, top = node.x + line_start(node, line, setting.size), node.y + baseline
        for glyph in line.glyphs:
            scale = setting.size / glyph.face.units_per_em
            x, y = left + glyph.x * setting.size, top - glyph.y * setting.size
            yield Placed(glyph.face, glyph.index, scale, 0, 0, -scale, x, y)


def _on_curve(node: Text, setting: Setting) -> Iterator[Placed]:
    if not node.curve:
        return
    radius, over = node.curve.radius, node.curve.side == "top"
    middle_x, middle_y = node.x + node.width / 2, node.y + node.height / 2
    for line in setting.lines:
        for glyph in line.glyphs:
            along = (glyph.x + glyph.advance / 2 - line.advance / 2) * setting.size
            scale = setting.size / glyph.face.units_per_em
            x, y = -glyph.advance / 2 * setting.size, (-radius if over else radius) - glyph.y * setting.size
            upright = Placed(glyph.face, glyph.index, scale, 0, 0, -scale, middle_x + x, middle_y + y)
            yield _turned(upright, math.degrees(along / radius) * (1 if over else -1), middle_x, middle_y)


def _turned(letter: Placed, degrees: float, middle_x: float, middle_y: float) -> Placed:
    """Turned clockwise about a point."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = letter.x - middle_x, letter.y - middle_y
    return Placed(
        letter.face,
        letter.glyph,
        cosine * letter.xx - sine * letter.yx,
        sine * letter.xx + cosine * letter.yx,
        cosine * letter.xy - sine * letter.yy,
        sine * letter.xy + cosine * letter.yy,
        middle_x + cosine * x - sine * y,
        middle_y + sine * x + cosine * y,
    )

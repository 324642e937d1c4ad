"""PNG: shapes and pictures through resvg, from the SVG; letters through HarfBuzz, at the same places as in the SVG.

What many credentials share is drawn and packed once: the shapes that a design begins with, and every layer that was drawn
before (the issuer, the date). What is new is drawn in as small a layer as holds it, and only the rows it touches are packed.
"""

import io
import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

import msgspec
import resvg_py
from PIL import Image as Pillow

from laurel.base import limits
from laurel.rendering.attributes import with_what_is_needed
from laurel.rendering.bands import ROWS, Band, assemble, bands_of, pack
from laurel.rendering.extent import Box, painted_box
from laurel.rendering.fonts import FontLibrary, bundled_fonts
from laurel.rendering.letters import Placed, ink_box, mask_of, placed_letters
from laurel.rendering.mirror import in_reading_direction
from laurel.rendering.model import Design, Fields, Path, Shape, Text
from laurel.rendering.refusals import DesignTooLarge
from laurel.rendering.svg import SvgWriter, colour_of, words_of
from laurel.rendering.typeset import set_text

_CERTIFICATE_PIXELS_PER_POINT = 2
_SHEET_PIXELS_MAX = 2_100_000  # a larger picture is drawn anew each time
_SHEETS_PIXELS_MAX = 8 * _SHEET_PIXELS_MAX  # 64 MiB: forty badges, or eight certificates
_LAYER_PIXELS_MAX = 100_000
_LAYERS_PIXELS_MAX = 4_000_000
Key = TypeVar("Key")
Value = TypeVar("Value")


class Layer(NamedTuple):
    """What goes on a sheet at a place, in pixels: a drawing, or letters in a colour."""

    left: int
    top: int
    right: int
    bottom: int
    svg: str = ""
    letters: tuple[Placed, ...] = ()
    colour: str = ""
    opacity: float = 1

    def is_clear_of(self, others: Sequence["Layer"]) -> bool:
        """True when no pixel is shared, so that it does not matter which of them is drawn first."""
        return not any(
            self.left < o.right and o.left < self.right and self.top < o.bottom and o.top < self.bottom for o in others
        )


class Sheet(NamedTuple):
    """A picture with its packed rows. Never changed: others may be painting on copies of it."""

    picture: Pillow.Image
    bands: tuple[Band, ...]


class _Kept(Generic[Key, Value]):
    """The values last asked for, as many as have so many pixels together; larger ones than `each` are not kept."""

    def __init__(self, together: int, each: int) -> None:
        self._room = together
        self._each = each
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, key: Key) -> bool:
        return key in self._values

    def get(self, key: Key, pixels: int, make: Callable[[], Value]) -> Value:
        """The value, made when it is not here."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
        value = make()
        if pixels <= self._each:
            with self._lock:
                self._room -= pixels - self._values.pop(key, (value, 0))[1]
                self._values[key] = value, pixels
                while self._room < 0:
                    self._room += self._values.popitem(last=False)[1][1]
        return value


_sheets: _Kept[tuple[Layer, ...], Sheet] = _Kept(_SHEETS_PIXELS_MAX, _SHEET_PIXELS_MAX)
_layers: _Kept[Layer, Pillow.Image] = _Kept(_LAYERS_PIXELS_MAX, _LAYER_PIXELS_MAX)


def render_png(
    design: Design, fields: Fields, *, width_pixels: int | None = None, fonts: FontLibrary | None = None
) -> bytes:
    """The credential as PNG; a badge as wide as its canvas, a certificate two pixels a point, unless a width is given.

    Raises DesignTooLarge when a side would be over PICTURE_WIDTH_MAX pixels.
    """
    size = _size(design, width_pixels)
    painted = in_reading_direction(with_what_is_needed(design, fields), fields.language)
    ground, *layers = _layers_of(painted, fields, fonts or bundled_fonts(), size)
    pixels = size[0] * size[1]
    settled: list[Layer] = []
    fresh: list[Layer] = []
    for layer in layers:
        (settled if layer in _layers and layer.is_clear_of(fresh) else fresh).append(layer)
    sheet = _sheets.get((ground,), pixels, lambda: _ground(ground, fast=pixels > _SHEET_PIXELS_MAX))
    if settled:
        sheet = _sheets.get((ground, *settled), pixels, lambda: _painted(sheet, settled))
    if fresh:
        sheet = _painted(sheet, fresh)
    return assemble(size, sheet.bands)


def _ground(ground: Layer, *, fast: bool) -> Sheet:
    picture = _drawn(ground)
    return Sheet(picture, tuple(pack(picture, index, fast=fast) for index in bands_of(picture.height)))


def _painted(sheet: Sheet, layers: Sequence[Layer]) -> Sheet:
    """The sheet with layers on top; rows that they touch are packed anew."""
    picture, bands = sheet.picture.copy(), list(sheet.bands)
    for layer in layers:
        pixels = (layer.right - layer.left) * (layer.bottom - layer.top)
        drawn = _layers.get(layer, pixels, partial(_drawn, layer))
        picture.alpha_composite(drawn, (layer.left, layer.top))
    touched = {index for layer in layers for index in range(layer.top // ROWS, -(-layer.bottom // ROWS))}
    for index in touched:
        bands[index] = pack(picture, index, fast=True)
    return Sheet(picture, tuple(bands))


def _layers_of(design: Design, fields: Fields, fonts: FontLibrary, size: tuple[int, int]) -> list[Layer]:
    """What the design begins with as one layer over the whole picture, then one for each further node that shows."""
    fixed = next((i for i, node in enumerate(design.nodes) if not isinstance(node, Shape | Path)), len(design.nodes))
    ground = SvgWriter(design, fields, fonts)
    ground.background()
    for node in design.nodes[:fixed]:
        ground.node(node)
    scale = size[0] / design.canvas.width
    layers = [_drawing(ground, None, scale, size)]
    for node in design.nodes[fixed:]:
        if isinstance(node, Text):
            if words := words_of(node, fields):
                ink = colour_of(design, node.colour)
                bare = msgspec.structs.replace(node, content="")  # words by language cannot be a key
                layers.append(_writing(words, bare, fields.language, fonts, ink, scale, size))
        else:
            above = SvgWriter(design, fields, fonts)
            above.node(node)
            if not above.empty:
                layers.append(_drawing(above, painted_box(node), scale, size))
    return [layer for layer in layers if layer.left < layer.right and layer.top < layer.bottom]


def _drawing(writer: SvgWriter, box: Box | None, scale: float, size: tuple[int, int]) -> Layer:
    """What was written as SVG, cut to the pixels around the box; all of the picture when there is none."""
    left, top, right, bottom = _pixels(box, scale, size) if box else (0, 0, *size)
    part = Box(left / scale, top / scale, right / scale, bottom / scale)
    return Layer(left, top, right, bottom, svg=writer.part(part, max(right - left, 0), max(bottom - top, 0)))


@lru_cache(maxsize=256)
def _writing(
    words: str,
    node: Text,
    language: str,
    fonts: FontLibrary,
    ink: tuple[str, float],
    scale: float,
    size: tuple[int, int],
) -> Layer:
    letters = placed_letters(node, set_text(words, node, language, fonts))
    place = _pixels(ink_box(letters) or Box(0, 0, 0, 0), scale, size)
    scaled = tuple(letter.scaled(scale) for letter in letters)
    return Layer(*place, letters=scaled, colour=ink[0], opacity=ink[1] * node.opacity)


def _pixels(box: Box, scale: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The whole pixels that a box touches."""
    left, top = max(math.floor(box.left * scale), 0), max(math.floor(box.top * scale), 0)
    return left, top, min(math.ceil(box.right * scale), size[0]), min(math.ceil(box.bottom * scale), size[1])


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


def _drawn(layer: Layer) -> Pillow.Image:
    if layer.letters:
        width, height = layer.right - layer.left, layer.bottom - layer.top
        ink = mask_of(layer.letters, layer.left, layer.top, width, height)
        picture = Pillow.new("RGBA", ink.size, layer.colour)
        picture.putalpha(
            ink.point([round(value * layer.opacity) for value in range(256)]) if layer.opacity < 1 else ink
        )
        return picture
    png = bytes(resvg_py.svg_to_bytes(svg_string=layer.svg, skip_system_fonts=True))
    return Pillow.open(io.BytesIO(png), formats=("PNG",)).convert("RGBA")

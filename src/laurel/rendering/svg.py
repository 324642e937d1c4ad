"""The SVG serialiser: a filled design as shapes and glyph outlines, with the words in aria-labels.

Letters are drawn as paths, so that the picture is the same wherever it is shown and needs no font there.
"""

import math
from base64 import b64encode
from collections.abc import Iterable
from typing import assert_never
from xml.sax.saxutils import escape, quoteattr

from laurel.rendering.attributes import fill, names_in, translated, with_what_is_needed
from laurel.rendering.extent import Box
from laurel.rendering.fonts import Face, FontLibrary, bundled_fonts
from laurel.rendering.mirror import in_reading_direction
from laurel.rendering.model import (
    Design,
    Fields,
    Image,
    LinearGradient,
    Node,
    Paint,
    Path,
    Qr,
    RadialGradient,
    Shape,
    Stroke,
    Text,
)  # fmt: skip
from laurel.rendering.normalise import data_uri_bytes, media_type_of
from laurel.rendering.qr import qr_path
from laurel.rendering.shapes import number, outline_of
from laurel.rendering.typeset import Line, Setting, set_text


def render_svg(design: Design, fields: Fields, *, fonts: FontLibrary | None = None) -> bytes:
    """The credential as a self-contained SVG document in UTF-8: no scripts, no fonts, nothing loaded from elsewhere."""
    design = in_reading_direction(with_what_is_needed(design, fields), fields.language)
    writer = SvgWriter(design, fields, fonts or bundled_fonts())
    writer.background()
    for node in design.nodes:
        writer.node(node)
    return writer.document(title_of(design, fields)).encode()


def title_of(design: Design, fields: Fields) -> str:
    """What the picture is called: the words of its title text, else the name of the design."""
    for node in design.nodes:
        if isinstance(node, Text) and node.role == "title" and (words := words_of(node, fields)):
            return " ".join(words.split())
    return design.name


def words_of(node: Text, fields: Fields) -> str:
    """A text node's words, filled in; "" when it is to be left out."""
    return fill(translated(node.content, fields.language), fields)


class SvgWriter:
    """Collects the elements of one document (or of one layer of a page)."""

    def __init__(self, design: Design, fields: Fields, fonts: FontLibrary) -> None:
        self._design = design
        self._fields = fields
        self._fonts = fonts
        self._definitions: dict[str, str] = {}
        self._body: list[str] = []

    def document(self, title: str = "") -> str:
        """The whole document; without a title it is decoration."""
        width, height = number(self._design.canvas.width), number(self._design.canvas.height)
        return self._document(width, height, f"0 0 {width} {height}", title)

    def part(self, box: Box, width_pixels: int, height_pixels: int) -> str:
        """What lies in a box of the canvas, as a document of so many pixels."""
        view = f"{box.left:.9g} {box.top:.9g} {box.right - box.left:.9g} {box.bottom - box.top:.9g}"
        return self._document(str(width_pixels), str(height_pixels), view, "")

    def _document(self, width: str, height: str, view: str, title: str) -> str:
        about = f' role="img" aria-label={quoteattr(title)}' if title else ""
        head = f"<title>{escape(title)}</title>" if title else ""
        if self._definitions:
            head += "<defs>" + "".join(f.replace("%ID%", i) for f, i in self._definitions.items()) + "</defs>"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="{view}"{about}>{head}{"".join(self._body)}</svg>'
        )

    @property
    def empty(self) -> bool:
        """True while nothing is drawn."""
        return not self._body

    def background(self) -> None:
        """The canvas from edge to edge."""
        if self._design.background:
            width, height = number(self._design.canvas.width), number(self._design.canvas.height)
            paint = self._paint("fill", self._design.background)
            self._body.append(f'<path d="M0 0H{width}V{height}H0Z"{paint}/>')

    def node(self, node: Node) -> None:
        """One node, or nothing when what it shows is empty."""
        match node:
            case Shape():
                self._path(node, outline_of(node), node.fill, node.stroke)
            case Path():
                self._path(node, node.data, node.fill, node.stroke)
            case Text():
                if words := words_of(node, self._fields):
                    self.text(node, set_text(words, node, self._fields.language, self._fonts))
            case Image():
                if data := image_bytes(node, self._fields):
                    self._image(node, data)
            case Qr():
                if content := fill(node.content, self._fields):
                    self._qr(node, content)

    def text(self, node: Text, setting: Setting) -> None:
        """A text that is set already."""
        paths = list(_curved(node, setting) if node.curve else _straight(node, setting))
        label = quoteattr(" ".join(line.text for line in setting.lines))
        paint = self._paint("fill", node.colour)
        self._body.append(f"<g{_placed(node, '')}{paint} aria-label={label}>{''.join(paths)}</g>")

    def _path(self, node: Shape | Path, data: str, paint: Paint | None, stroke: Stroke | None) -> None:
        attributes = self._paint("fill", paint) + self._stroke(stroke)
        self._body.append(f'<path d="{data}"{_placed(node)}{attributes}/>')

    def _image(self, node: Image, data: bytes) -> None:
        aspect = "xMidYMid meet" if node.fit == "contain" else "xMidYMid slice"
        clip = ""
        if node.clip == "ellipse":
            shape = outline_of(Shape(x=0, y=0, width=node.width, height=node.height, outline="ellipse"))
            name = self._define(f'<clipPath id="%ID%"><path d="{shape}"/></clipPath>')
            clip = f' clip-path="url(#{name})"'
        width, height = number(node.width), number(node.height)
        uri = f"data:{media_type_of(data)};base64,{b64encode(data).decode()}"
        label = fill(node.alternative, self._fields)
        self._body.append(
            f'<g{_placed(node)}{clip}><image width="{width}" height="{height}" preserveAspectRatio="{aspect}" '
            f'href="{uri}"{f" aria-label={quoteattr(label)}" if label else ""}/></g>'
        )

    def _qr(self, node: Qr, content: str) -> None:
        data, side = qr_path(content, node.error_correction, node.quiet_zone)
        scale = min(node.width, node.height) / side
        backdrop = f'<path d="M0 0H{side}V{side}H0Z"{self._paint("fill", node.background)}/>' if node.background else ""
        label = quoteattr(fill(node.alternative, self._fields))
        self._body.append(
            f'<g{_placed(node)} aria-label={label}><g transform="scale({scale:.5f})">{backdrop}'
            f'<path d="{data}"{self._paint("fill", node.colour)} shape-rendering="crispEdges"/></g></g>'
        )

    def _paint(self, attribute: str, paint: Paint | None) -> str:
        if paint is None:
            return f' {attribute}="none"'
        if isinstance(paint, str):
            colour, alpha = colour_of(self._design, paint)
            return f' {attribute}="{colour}"' + (f' {attribute}-opacity="{number(alpha)}"' if alpha < 1 else "")
        return f' {attribute}="url(#{self._define(self._gradient(paint))})"'

    def _gradient(self, gradient: LinearGradient | RadialGradient) -> str:
        stops = []
        for stop in gradient.stops:
            colour, alpha = colour_of(self._design, stop.colour)
            opacity = f' stop-opacity="{number(alpha)}"' if alpha < 1 else ""
            stops.append(f'<stop offset="{number(stop.offset)}" stop-color="{colour}"{opacity}/>')
        if isinstance(gradient, RadialGradient):
            place = f'cx="{number(gradient.x)}" cy="{number(gradient.y)}" r="{number(gradient.radius)}"'
            return f'<radialGradient id="%ID%" {place}>{"".join(stops)}</radialGradient>'
        turn = f'gradientTransform="rotate({number(gradient.angle)} .5 .5)"'
        return f'<linearGradient id="%ID%" {turn}>{"".join(stops)}</linearGradient>'

    def _stroke(self, stroke: Stroke | None) -> str:
        if not stroke or not stroke.width:
            return ""
        dash = f' stroke-dasharray="{" ".join(number(length) for length in stroke.dash)}"' if stroke.dash else ""
        return f'{self._paint("stroke", stroke.colour)} stroke-width="{number(stroke.width)}"{dash}'

    def _define(self, definition: str) -> str:
        return self._definitions.setdefault(definition, f"d{len(self._definitions) + 1}")


def colour_of(design: Design, colour: str) -> tuple[str, float]:
    """A colour as #rrggbb and an opacity, names looked up in the design's colours."""
    value = design.colours[colour[1:]] if colour.startswith("@") else colour
    return value[:7].lower(), int(value[7:9], 16) / 255 if len(value) == 9 else 1.0


def image_bytes(node: Image, fields: Fields) -> bytes | None:
    """The picture that an image node shows, or None."""
    if node.source.startswith("data:"):
        return data_uri_bytes(node.source)
    return next((fields.images[name] for name in names_in(node.source) if fields.images.get(name)), None)


def baselines(node: Text, setting: Setting) -> list[float]:
    """Where each line stands, from the top of the box."""
    rest = (len(setting.lines) - 1) * setting.leading
    match node.vertical_align:
        case "top":
            first = setting.size * 0.9
        case "middle":
            first = (node.height - rest + setting.cap_height) / 2
        case "bottom":
            first = node.height - rest - setting.size * 0.25
        case never:
            assert_never(never)
    return [first + index * setting.leading for index in range(len(setting.lines))]


def line_start(node: Text, line: Line, size: float) -> float:
    """Where a line begins, from the left of the box; ink that hangs over its advance is kept inside too."""
    left, right = min(line.left, 0) * size, max(line.right, line.advance) * size
    match node.align:
        case "left":
            return -left
        case "right":
            return node.width - right
        case "center":
            start = (node.width - line.advance * size) / 2
            return min(max(start, -left), max(node.width - right, -left))
        case never:
            assert_never(never)


def _placed(node: Node, corner: str | None = None) -> str:
    """Transform and opacity; `corner` "" leaves the shift to the content."""
    steps = []
    if node.rotation:
        middle = f"{number(node.x + node.width / 2)} {number(node.y + node.height / 2)}"
        steps.append(f"rotate({number(node.rotation)} {middle})")
    if corner is None and (node.x or node.y):
        steps.append(f"translate({number(node.x)} {number(node.y)})")
    if isinstance(node, Shape | Path) and node.flipped:
        steps.append(f"translate({number(node.width)} 0)scale(-1 1)")
    transform = f' transform="{"".join(steps)}"' if steps else ""
    return transform + (f' opacity="{number(node.opacity)}"' if node.opacity < 1 else "")


def _straight(node: Text, setting: Setting) -> Iterable[str]:
    for line, baseline in zip(setting.lines, baselines(node, setting), strict=True):
        left, top = node.x + line_start(node, line, setting.size), node.y + baseline
        by_face: dict[Face, list[str]] = {}
        for glyph in line.glyphs:
            units = glyph.face.units_per_em
            x, y = round(glyph.x * units), round(glyph.y * units)
            by_face.setdefault(glyph.face, []).extend(
                f"M{x + start_x} {y + start_y}{rest}" for start_x, start_y, rest in glyph.face.outline(glyph.index)
            )
        for face, contours in by_face.items():
            scale = f"{setting.size / face.units_per_em:.6f}"
            if contours:
                transform = f"translate({number(left)} {number(top)})scale({scale} -{scale})"
                yield f'<path transform="{transform}" d="{"".join(contours)}"/>'


def _curved(node: Text, setting: Setting) -> Iterable[str]:
    curve = node.curve
    if not curve:
        return
    middle_x, middle_y = node.x + node.width / 2, node.y + node.height / 2
    over = curve.side == "top"
    for line in setting.lines:
        for glyph in line.glyphs:
            contours = glyph.face.outline(glyph.index)
            if not contours:
                continue
            along = (glyph.x + glyph.advance / 2 - line.advance / 2) * setting.size
            turn = math.degrees(along / curve.radius) * (1 if over else -1)
            scale = f"{setting.size / glyph.face.units_per_em:.6f}"
            shift = number(-glyph.advance / 2 * setting.size)
            transform = (
                f"translate({number(middle_x)} {number(middle_y)})rotate({turn:.3f})"
                f"translate({shift} {number(-curve.radius if over else curve.radius)})scale({scale} -{scale})"
            )
            y = round(glyph.y * glyph.face.units_per_em)
            data = "".join(f"M{start_x} {y + start_y}{rest}" for start_x, start_y, rest in contours)
            yield f'<path transform="{transform}" d="{data}"/>'

"""What a design says: a canvas, a background and a flat list of nodes, painted in order.

The JSON form of these structs is the design format (docs/reference/design-format.md). Values only: nothing here
measures, reads or draws. Lengths are canvas units: pixels of a badge, points (1/72 inch) of a certificate.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from laurel.base import limits

Coordinate = Annotated[float, Meta(ge=-limits.DESIGN_COORDINATE_MAX, le=limits.DESIGN_COORDINATE_MAX)]
Length = Annotated[float, Meta(ge=0, le=limits.DESIGN_COORDINATE_MAX)]
CanvasSide = Annotated[float, Meta(ge=limits.DESIGN_CANVAS_MIN, le=limits.DESIGN_COORDINATE_MAX)]
Degrees = Annotated[float, Meta(ge=-360, le=360)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Points = Annotated[int, Meta(ge=2, le=limits.DESIGN_SHAPE_POINTS_MAX)]
FontSize = Annotated[float, Meta(ge=limits.DESIGN_FONT_SIZE_MIN, le=limits.DESIGN_FONT_SIZE_MAX)]
Content = Annotated[str, Meta(max_length=limits.DESIGN_TEXT_LENGTH_MAX)]
LanguageTag = Annotated[
    str, Meta(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=limits.LANGUAGE_LENGTH_MAX)
]
Translated = Annotated[dict[LanguageTag, Content], Meta(min_length=1, max_length=limits.LANGUAGES_MAX)]
Colour = Annotated[str, Meta(pattern=r"^(#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?|@[a-z][a-z0-9_]{0,31})$")]
ColourName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
HexColour = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?$")]
PathData = Annotated[
    str, Meta(pattern=r"^[MmLlHhVvCcSsQqTtAaZz0-9eE+\-.,\s]*$", max_length=limits.DESIGN_PATH_LENGTH_MAX)
]
ImageSource = Annotated[str, Meta(min_length=1, max_length=limits.DESIGN_BYTES_MAX)]

Outline = Literal[
    "rectangle", "ticket", "ellipse", "line", "polygon", "star", "seal", "burst", "shield", "ribbon", "tails",
    "laurel", "rays", "guilloche",
]  # fmt: skip
Role = Literal["title", "heading", "body", "decoration"]


class _Value(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Shared settings: immutable, and a misspelt member is a mistake, not ignored."""


class Stop(_Value, frozen=True):
    """A colour at a place (0 to 1) along a gradient."""

    offset: Fraction
    colour: Colour


Stops = Annotated[tuple[Stop, ...], Meta(min_length=2, max_length=limits.DESIGN_GRADIENT_STOPS_MAX)]


class LinearGradient(_Value, frozen=True, tag_field="type", tag="linear"):
    """Colours along a line across the painted box; 0 degrees runs left to right, 90 top to bottom."""

    stops: Stops
    angle: Degrees = 0


class RadialGradient(_Value, frozen=True, tag_field="type", tag="radial"):
    """Colours from a centre (fractions of the painted box) outwards to `radius`."""

    stops: Stops
    x: Fraction = 0.5
    y: Fraction = 0.5
    radius: Fraction = 0.5


Paint = Colour | LinearGradient | RadialGradient


class Stroke(_Value, frozen=True):
    """How an outline is drawn."""

    colour: Colour
    width: Length = 1
    dash: Annotated[
        tuple[Annotated[float, Meta(ge=0.5, le=limits.DESIGN_COORDINATE_MAX)], ...], Meta(max_length=8)
    ] = ()


class Canvas(_Value, frozen=True):
    """The size of the picture or page."""

    width: CanvasSide
    height: CanvasSide


class Curve(_Value, frozen=True):
    """Text along a circle about the middle of its box: over the top, or under the bottom; never over `sweep` degrees."""

    radius: Annotated[float, Meta(gt=0, le=limits.DESIGN_COORDINATE_MAX)]
    side: Literal["top", "bottom"] = "top"
    sweep: Annotated[float, Meta(gt=0, le=340)] = 160


class _Node(_Value, frozen=True, kw_only=True, tag_field="type"):
    """A box on the canvas. `rotation` is clockwise about the middle of the box.

    A node whose `needs` names attributes is left out when all of them are empty: the line under a signature, say.
    """

    x: Coordinate
    y: Coordinate
    width: Length
    height: Length
    rotation: Degrees = 0
    opacity: Fraction = 1
    needs: Content = ""


class Shape(_Node, frozen=True, kw_only=True, tag="shape"):
    """A named outline fitted into the box. What `points`, `depth` and `radius` mean depends on the outline.

    A flipped one is turned over, left to right, about the middle of its box.
    """

    outline: Outline
    fill: Paint | None = None
    stroke: Stroke | None = None
    points: Points | None = None
    depth: Fraction | None = None
    radius: Length = 0
    flipped: bool = False


class Path(_Node, frozen=True, kw_only=True, tag="path"):
    """SVG path data drawn at the box's corner, in canvas units; width and height only say about what it turns or flips."""

    data: PathData
    fill: Paint | None = None
    stroke: Stroke | None = None
    flipped: bool = False


class Text(_Node, frozen=True, kw_only=True, tag="text"):
    """Words with attributes in square brackets; they shrink from `size` to `size_min` and wrap up to `lines_max` lines.

    A text that names attributes is left out when all of them are empty.
    """

    content: Content | Translated
    size: FontSize
    size_min: FontSize | None = None
    lines_max: Annotated[int, Meta(ge=1, le=limits.DESIGN_TEXT_LINES_MAX)] = 1
    line_height: Annotated[float, Meta(ge=0.8, le=3)] = 1.25
    font: Literal["sans", "serif", "script", "text"] = "sans"
    weight: Literal["regular", "bold"] = "regular"
    italic: bool = False
    colour: Colour = "#000000"
    align: Literal["left", "center", "right"] = "center"
    vertical_align: Literal["top", "middle", "bottom"] = "middle"
    letter_spacing: Annotated[float, Meta(ge=-0.2, le=2)] = 0
    uppercase: bool = False
    curve: Curve | None = None
    role: Role = "body"


class Image(_Node, frozen=True, kw_only=True, tag="image"):
    """A picture: `[issuer.logo]` and the like from the credential's images, or a data URI carried by the design."""

    source: ImageSource
    fit: Literal["contain", "cover"] = "contain"
    clip: Literal["none", "ellipse"] = "none"
    alternative: Content = ""


class Qr(_Node, frozen=True, kw_only=True, tag="qr"):
    """A QR code of its content, left out when the content is empty."""

    content: Content = "[credential.url]"
    colour: Colour = "#000000"
    background: Colour | None = "#ffffff"
    quiet_zone: Annotated[int, Meta(ge=0, le=8)] = 4
    error_correction: Literal["L", "M", "Q", "H"] = "M"
    alternative: Content = "QR code of [credential.url]"


Node = Shape | Path | Text | Image | Qr


class Design(_Value, frozen=True, kw_only=True):
    """How a credential looks. Colours beginning with @ are looked up in `colours`, so that a brand can change them.

    `right_to_left` says what becomes of the layout in languages such as Arabic and Hebrew: kept, or mirrored.
    """

    format: Literal["laurel-design/1"]
    name: Annotated[str, Meta(min_length=1, max_length=limits.NAME_LENGTH_MAX)]
    kind: Literal["badge", "certificate"]
    canvas: Canvas
    nodes: Annotated[tuple[Node, ...], Meta(max_length=limits.DESIGN_NODES_MAX)]
    background: Paint | None = None
    right_to_left: Literal["keep", "mirror"] = "keep"
    colours: Annotated[dict[ColourName, HexColour], Meta(max_length=limits.DESIGN_COLOURS_MAX)] = field(
        default_factory=dict
    )


class Fields(Struct, frozen=True):
    """What fills a design: attribute values and normalised images by attribute name, and the language to prefer."""

    values: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, bytes] = field(default_factory=dict)
    language: str = "en"

"""A layer of a design as the fields of a form: which there are, and what they say. Pure; the way back is `design_typed`.

A layer is the JSON object of a node; the canvas, background and colours of the whole design are edited as one more layer.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Kind = Literal["text", "area", "number", "choice", "tick", "colour", "picture", "shown"]
Layer = dict[str, Any]


class Entry(NamedTuple):
    """One field: its name in the form, its label, how it is typed."""

    name: str
    label: str
    kind: Kind = "number"
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    step: str = "any"


class Section(NamedTuple):
    """Fields that belong together; `wide` ones take a line each."""

    legend: str
    entries: tuple[Entry, ...]


def _choices(*words: str) -> tuple[tuple[str, str], ...]:
    return tuple((word, word) for word in words)


OUTLINES = (
    ("rectangle", "rectangle"), ("ticket", "ticket"), ("ellipse", "ellipse"), ("line", "line"), ("polygon", "polygon"),
    ("star", "star"), ("seal", "seal"), ("burst", "burst"), ("shield", "shield"), ("ribbon", "ribbon"),
    ("tails", "ribbon tails"), ("laurel", "laurel"), ("rays", "rays"), ("guilloche", "guilloche"),
)  # fmt: skip
_PAINTS = (
    ("none", "nothing"), ("colour", "one colour"), ("linear", "gradient, straight"), ("radial", "gradient, round"),
)  # fmt: skip
FONTS = (
    ("sans", "Montserrat, sans-serif"), ("serif", "Cormorant Garamond, serif"), ("script", "Great Vibes, script"),
    ("text", "Noto Sans, plain"),
)  # fmt: skip
POINTS = {
    "polygon": "Corners", "star": "Tips", "burst": "Teeth", "seal": "Scallops", "laurel": "Leaves a side", "rays": "Wedges",
    "guilloche": "Petals",
}  # fmt: skip
DEPTHS = frozenset({"star", "burst", "seal", "ribbon", "tails", "laurel", "guilloche"})
RADII = frozenset({"rectangle", "ticket"})
BOX = Section(
    "Place",
    (
        Entry("x", "Left"), Entry("y", "Top"), Entry("width", "Width"), Entry("height", "Height"),
        Entry("rotation", "Turned by", hint="degrees, clockwise"), Entry("opacity", "Opacity", step="0.05", hint="0 to 1"),
        Entry("needs", "Only shown with", "text", hint="attributes, such as [issuer.signatory]; empty: always"),
    ),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ the fields
def sections_of(layer: Layer) -> list[Section]:
    """The fields of a layer as it is: what its outline, paint or languages make of it."""
    match layer.get("type"):
        case "text":
            words, *rest = _text_sections(layer)
            return [words, BOX, *rest]
        case "shape":
            shape, *paints = _shape_sections(layer)
            return [shape, BOX, *paints]
        case "path":
            data = Entry("data", "Path", "area", hint="SVG path data, in units of the canvas.")
            return [Section("Path", (data,)), _paint_section("fill", "Filled with", layer.get("fill")), _STROKE, BOX]
        case "image":
            return [_IMAGE, BOX]
        case "qr":
            return [_QR, BOX]
        case _:
            return _canvas_sections(layer)


def _text_sections(layer: Layer) -> list[Section]:
    content = layer.get("content", "")
    if isinstance(content, dict):
        words = [Entry(f"content.{language}", f"Words ({language})", "area") for language in content]
    else:
        words = [Entry("content", "Words", "area")]
    curve = [
        Entry(
            "curve_side", "On a curve", "choice", (("", "no"), ("top", "over the top"), ("bottom", "under the bottom"))
        )
    ]
    if layer.get("curve"):
        curve += [Entry("curve_radius", "Radius"), Entry("curve_sweep", "Over at most", hint="degrees")]
    return [
        Section("Words", tuple(words)),
        Section(
            "Letters",
            (
                Entry("font", "Font", "choice", FONTS), Entry("colour", "Colour", "colour"),
                Entry("size", "Size"), Entry("size_min", "Shrinks down to", hint="empty: half"),
                Entry("weight", "Weight", "choice", _choices("regular", "bold")), Entry("letter_spacing", "Spacing", step="0.01"),
                Entry("italic", "Italic", "tick"), Entry("uppercase", "Capitals", "tick"),
            ),
        ),
        Section(
            "Lines",
            (
                Entry("align", "Across", "choice", (("left", "left"), ("center", "centre"), ("right", "right"))),
                Entry("vertical_align", "Down", "choice", _choices("top", "middle", "bottom")),
                Entry("lines_max", "Lines at most", step="1"), Entry("line_height", "Line height", step="0.05"),
                *curve,
                Entry("role", "Read out as", "choice", _choices("title", "heading", "body", "decoration")),
            ),
        ),
    ]  # fmt: skip


def _shape_sections(layer: Layer) -> list[Section]:
    outline = str(layer.get("outline", ""))
    entries = [Entry("outline", "Outline", "choice", OUTLINES)]
    if outline in POINTS:
        entries.append(Entry("points", POINTS[outline], step="1"))
    if outline in DEPTHS:
        entries.append(Entry("depth", "Depth", step="0.01", hint="0 to 1"))
    if outline in RADII:
        entries.append(Entry("radius", "Corners" if outline == "rectangle" else "Cuts"))
    return [Section("Shape", tuple(entries)), _paint_section("fill", "Filled with", layer.get("fill")), _STROKE]


def _paint_section(name: str, label: str, paint: Any) -> Section:
    entries = [Entry(f"{name}_kind", label, "choice", _PAINTS)]
    if isinstance(paint, str):
        entries.append(Entry(name, "Colour", "colour"))
    elif isinstance(paint, dict):
        entries.append(
            Entry(f"{name}_stops", "Colours along it", "area", hint="One a line: 0% #ffffff, then 100% @primary.")
        )
        if paint.get("type") == "radial":
            entries += [
                Entry(f"{name}_x", "Middle, across", step="0.05"),
                Entry(f"{name}_y", "Middle, down", step="0.05"),
            ]
            entries.append(Entry(f"{name}_radius", "Radius", step="0.05", hint="1 is the whole box"))
        else:
            entries.append(Entry(f"{name}_angle", "Angle", hint="0: to the right, 90: down"))
    return Section("Background" if name == "background" else "Paint", tuple(entries))


_DIRECTIONS = (("keep", "as it is"), ("mirror", "mirrored, left and right change sides"))
_STROKE = Section(
    "Line",
    (
        Entry("stroke_width", "Width", hint="empty: no line"),
        Entry("stroke_colour", "Colour", "colour"),
        Entry("stroke_dash", "Dashes", "text", hint="lengths, such as 4 2"),
    ),
)
_IMAGE = Section(
    "Picture",
    (
        Entry("picture", "Another picture", "picture", hint="PNG, JPEG, GIF, WebP or SVG, at most 5 MiB."),
        Entry("alternative", "What it shows", "text", hint="For those who do not see it; empty for decoration."),
        Entry("fit", "Fitted", "choice", (("contain", "all of it is seen"), ("cover", "the box is filled"))),
        Entry("clip", "Cut out", "choice", (("none", "no"), ("ellipse", "as an ellipse"))),
    ),
)
_QR = Section(
    "QR code",
    (
        Entry("content", "Says", "text"),
        Entry("colour", "Colour", "colour"),
        Entry("background", "Ground", "colour", hint="empty: none"),
        Entry("quiet_zone", "Margin", step="1", hint="modules, 0 to 8"),
        Entry("error_correction", "Correction", "choice", _choices("L", "M", "Q", "H")),
        Entry("alternative", "Read out as", "text"),
    ),
)


def _canvas_sections(layer: Layer) -> list[Section]:
    colours = [Entry(f"colours.{name}", f"@{name}", "colour") for name in layer.get("colours", {})]
    return [
        Section(
            "Canvas",
            (
                Entry("name", "Name", "text"),
                Entry("canvas_width", "Width"),
                Entry("canvas_height", "Height"),
                Entry("right_to_left", "In Arabic, Hebrew and the like", "choice", _DIRECTIONS),
            ),
        ),
        _paint_section("background", "Background", layer.get("background")),
        Section(
            "Named colours",
            (
                *colours,
                Entry("colour_name", "One more: its name", "text", hint="such as accent"),
                Entry("colour_value", "Its colour", "colour"),
            ),
        ),
    ]


def entries_of(layer: Layer) -> list[Entry]:
    """All fields of a layer."""
    return [entry for section in sections_of(layer) for entry in section.entries]


# ---------------------------------------------------------------------------------------------------- what the fields say
def values_of(layer: Layer) -> dict[str, str]:
    """What the fields of a layer say, as text."""
    plain = {**_DEFAULTS.get(str(layer.get("type", "")), {}), **layer}
    values = {name: _shown(value) for name, value in plain.items() if not isinstance(value, dict | list | tuple)}
    for name in ("fill", "background"):
        values |= _paint_values(name, layer.get(name))
    stroke, curve = layer.get("stroke") or {}, layer.get("curve") or {}
    values["stroke_width"] = _shown(stroke.get("width", 1) if stroke else None)
    values["stroke_colour"] = stroke.get("colour", "")
    values["stroke_dash"] = " ".join(_shown(length) for length in stroke.get("dash", ()))
    values["curve_side"] = curve.get("side", "top") if curve else ""
    values["curve_radius"], values["curve_sweep"] = _shown(curve.get("radius")), _shown(curve.get("sweep", 160))
    for name in ("content", "colours"):
        if isinstance(layer.get(name), dict):
            values |= {f"{name}.{key}": str(text) for key, text in layer[name].items()}
    canvas = layer.get("canvas") or {}
    values["canvas_width"], values["canvas_height"] = _shown(canvas.get("width")), _shown(canvas.get("height"))
    return {entry.name: values.get(entry.name, "") for entry in entries_of(layer)}


_COMMON = {"rotation": 0, "opacity": 1}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "text": {
        **_COMMON, "lines_max": 1, "line_height": 1.25, "font": "sans", "weight": "regular", "colour": "#000000",
        "align": "center", "vertical_align": "middle", "letter_spacing": 0, "role": "body",
    },
    "": {"right_to_left": "keep"},
    "shape": {**_COMMON, "radius": 0},
    "path": _COMMON,
    "image": {**_COMMON, "fit": "contain", "clip": "none"},
    "qr": {
        **_COMMON, "content": "[credential.url]", "colour": "#000000", "background": "#ffffff", "quiet_zone": 4,
        "error_correction": "M", "alternative": "QR code of [credential.url]",
    },
}  # fmt: skip
"""What the format means where a layer says nothing."""


def _shown(value: Any) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return "on"
        case int() | float():
            return f"{value:.6f}".rstrip("0").rstrip(".")
        case _:
            return str(value)


def _paint_values(name: str, paint: Any) -> dict[str, str]:
    if not isinstance(paint, dict):
        return {f"{name}_kind": "colour" if paint else "none", name: paint or ""}
    stops = "\n".join(
        f"{_shown(100 * stop.get('offset', 0))}% {stop.get('colour', '')}" for stop in paint.get("stops", ())
    )
    values = {
        f"{name}_kind": str(paint.get("type")),
        f"{name}_stops": stops,
        f"{name}_angle": _shown(paint.get("angle", 0)),
    }
    return values | {f"{name}_{member}": _shown(paint.get(member, 0.5)) for member in ("x", "y", "radius")}

"""A design as its author works on it: a JSON object whose layers are added, removed, moved and copied. Pure."""

from collections.abc import Mapping
from typing import Any

from laurel.base.errors import Invalid
from laurel.base.limits import DESIGN_NODES_MAX
from laurel.domain.credentials.pictures import LOGO
from laurel.rendering import Design
from laurel.web.pages.design_form import OUTLINES, Layer

Document = dict[str, Any]
CANVAS = -1
"""The index by which the canvas is edited like a layer."""
ATTRIBUTES = (
    ("recipient.name", "recipient's name"), ("achievement.name", "achievement"), ("achievement.description", "description"),
    ("achievement.level", "level"),
    ("credential.issued_on", "date of issue"), ("credential.expired_on", "end of validity"), ("credential.url", "web address"),
    ("credential.id", "number"), ("issuer.name", "issuer"), ("issuer.signatory", "who signs"),
    ("issuer.signatory_title", "as what they sign"),
)  # fmt: skip
ADDABLE = (
    ("Words", (("text", "Words"), *((f"text:{name}", words.capitalize()) for name, words in ATTRIBUTES))),
    ("Shapes", tuple((f"shape:{name}", words.capitalize()) for name, words in OUTLINES)),
    ("More", (("qr", "QR code"), ("logo", "The organisation's logo"))),
)
_OFFSET = 12
_TITLE_MAX = 40


def nodes_of(document: Document) -> list[Layer]:
    """The layers, the lowest first. Raises Invalid when the document has no list of objects there."""
    nodes = document.get("nodes")
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise Invalid("nodes must be a list of objects", field="nodes")
    return nodes


def layer_at(document: Document, index: int) -> Layer:
    """A layer, or the canvas."""
    return document if index == CANVAS else nodes_of(document)[index]


def with_layer(document: Document, index: int, layer: Layer) -> Document:
    """The document with another layer in that place."""
    if index == CANVAS:
        return layer
    nodes = nodes_of(document)
    return {**document, "nodes": [*nodes[:index], layer, *nodes[index + 1 :]]}


def title_of(layer: Layer, language: str = "en") -> str:
    """What a layer is called in the list; words in several languages by those of `language`."""
    match layer.get("type"):
        case "text":
            content = layer.get("content", "")
            if isinstance(content, dict):
                content = content.get(language) or content.get("en") or next(iter(content.values()), "")
            words = " ".join(str(content).split())
            return words if len(words) <= _TITLE_MAX else words[: _TITLE_MAX - 1] + "…"
        case "shape":
            return str(dict(OUTLINES).get(str(layer.get("outline")), "shape")).capitalize()
        case "path":
            return "Path"
        case "image":
            return str(layer.get("alternative") or "Picture")[:_TITLE_MAX]
        case "qr":
            return "QR code"
        case _:
            return "Canvas"


def tint_of(layer: Layer, colours: Mapping[str, str]) -> str:
    """The colour that a layer is known by in the list; "" for none."""
    paint = layer.get("colour") or layer.get("fill") or (layer.get("stroke") or {}).get("colour") or ""
    if isinstance(paint, dict):
        paint = next((stop.get("colour", "") for stop in paint.get("stops", ())), "")
    return str(colours.get(paint[1:], "") if paint.startswith("@") else paint)


def added(document: Document, layer: Layer) -> tuple[Document, int]:
    """The document with a layer on top, and where it is. Raises Invalid when there are too many."""
    nodes = nodes_of(document)
    if len(nodes) >= DESIGN_NODES_MAX:
        raise Invalid(f"a design has at most {DESIGN_NODES_MAX} layers", field="add", limit=DESIGN_NODES_MAX)
    return {**document, "nodes": [*nodes, layer]}, len(nodes)


def copied(document: Document, index: int) -> tuple[Document, int]:
    """The document with a layer once more, just above it and a little aside. Raises Invalid when there are too many."""
    layer = dict(layer_at(document, index))
    layer["x"], layer["y"] = layer.get("x", 0) + _OFFSET, layer.get("y", 0) + _OFFSET
    longer, last = added(document, layer)
    return moved(longer, last, index + 1), index + 1


def removed(document: Document, index: int) -> Document:
    """The document without a layer."""
    nodes = nodes_of(document)
    return {**document, "nodes": [*nodes[:index], *nodes[index + 1 :]]}


def moved(document: Document, index: int, to: int) -> Document:
    """The document with a layer in another place of the order."""
    nodes = list(nodes_of(document))
    nodes.insert(to, nodes.pop(index))
    return {**document, "nodes": nodes}


def blank(what: str, design: Design) -> Layer:
    """A new layer in the middle of the canvas: "text", "text:recipient.name", "shape:star", "qr", "logo". Raises Invalid."""
    kind, _, detail = what.partition(":")
    width, height = design.canvas.width, design.canvas.height
    side = round(min(width, height) * 0.3)
    match kind:
        case "text" if not detail or detail in dict(ATTRIBUTES):
            size = max(6, round(min(width, height) / 16))
            box = _middle(design, round(width * 0.7), size * 2)
            content = f"[{detail}]" if detail else "New words"
            return {
                "type": "text",
                **box,
                "content": content,
                "size": size,
                "colour": _colour(design, "ink", "#1d211f"),
            }
        case "shape" if detail in dict(OUTLINES):
            flat = detail in {"line", "ribbon"}
            box = _middle(design, side * 2 if flat else side, max(1, side // 3) if flat else side)
            if detail == "line":
                stroke = {"colour": _colour(design, "primary", "#1b6b48"), "width": 2}
                return {"type": "shape", "outline": detail, **box, "height": 0, "stroke": stroke}
            if detail == "guilloche":
                return {
                    "type": "shape",
                    "outline": detail,
                    **box,
                    "stroke": {"colour": _colour(design, "primary", "#1b6b48")},
                }
            return {"type": "shape", "outline": detail, **box, "fill": _colour(design, "primary", "#1b6b48")}
        case "qr":
            return {"type": "qr", **_middle(design, side, side)}
        case "logo":
            box = _middle(design, side, round(side / 2))
            return {"type": "image", **box, "source": f"[{LOGO}]", "alternative": "[issuer.name]"}
        case _:
            raise Invalid("choose what to add", field="add", value=what[:50])


def picture_layer(source: str, design: Design, width: int, height: int) -> Layer:
    """A picture in the middle of the canvas, at most a third of it, in its own proportions."""
    room = min(design.canvas.width, design.canvas.height) / 3
    scale = room / max(width, height)
    box = _middle(design, max(1, round(width * scale)), max(1, round(height * scale)))
    return {"type": "image", **box, "source": source}


def _middle(design: Design, width: float, height: float) -> Layer:
    canvas = design.canvas
    return {
        "x": round((canvas.width - width) / 2),
        "y": round((canvas.height - height) / 2),
        "width": width,
        "height": height,
    }


def _colour(design: Design, name: str, otherwise: str) -> str:
    return f"@{name}" if name in design.colours else otherwise

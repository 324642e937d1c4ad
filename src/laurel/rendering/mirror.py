"""A design for languages that are written from right to left: what stood on the left stands on the right. Pure."""

from typing import assert_never

from msgspec.structs import replace

from laurel.rendering.model import (
    Design,
    Image,
    LinearGradient,
    Node,
    Paint,
    Path,
    Qr,
    RadialGradient,
    Shape,
    Text,
)  # fmt: skip

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "syr", "ug", "ur", "yi"})


def in_reading_direction(design: Design, language: str) -> Design:
    """The design as it is painted for a language: mirrored when that is written right to left and the design asks for it.

    Shapes and paths are turned over, boxes of texts, pictures and QR codes change sides, and what they show does not.
    """
    if design.right_to_left == "keep" or language.partition("-")[0].lower() not in RIGHT_TO_LEFT:
        return design
    nodes = tuple(_mirrored(node, design.canvas.width) for node in design.nodes)
    return replace(design, nodes=nodes, background=_mirrored_paint(design.background))


def _mirrored(node: Node, width: float) -> Node:
    x = round(width - node.x - node.width, 6)
    match node:
        case Shape() | Path():
            return replace(node, x=x, rotation=-node.rotation, flipped=not node.flipped)
        case Text():
            other = {"left": "right", "right": "left", "center": "center"}[node.align]
            return replace(node, x=x, rotation=-node.rotation, align=other)
        case Image() | Qr():
            return replace(node, x=x, rotation=-node.rotation)
        case never:
            assert_never(never)


def _mirrored_paint(paint: Paint | None) -> Paint | None:
    """A gradient the other way round; the gradients of shapes are turned over with them."""
    match paint:
        case LinearGradient():
            turned = 180 - paint.angle
            return replace(paint, angle=turned - 360 if turned > 360 else turned)
        case RadialGradient():
            return replace(paint, x=1 - paint.x)
        case _:
            return paint

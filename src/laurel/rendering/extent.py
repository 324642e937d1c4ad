"""How far what a node paints can reach, without drawing it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from laurel.rendering.model import Node, Path, Shape, Text


class Box(NamedTuple):
    """Edges in canvas units."""

    left: float
    top: float
    right: float
    bottom: float


def painted_box(node: Node) -> Box | None:
    """A box that holds all that the node can paint, or None when only drawing it would tell."""
    match node:
        case Path():
            return None
        case Text(curve=curve) if curve:
            half = math.radians(curve.sweep / 2)
            outer, inner = curve.radius + 1.3 * node.size, (curve.radius - node.size) * math.cos(half)
            wide = outer * (math.sin(half) if curve.sweep < 180 else 1) + node.size
            above, below = (outer, -inner + node.size) if curve.side == "top" else (-inner + node.size, outer)
            x, y = node.x + node.width / 2, node.y + node.height / 2
            return _turned(Box(x - wide, y - above, x + wide, y + below), node.rotation)
        case Text():
            margin = node.size * 0.6  # accents and descenders may leave the box
        case Shape(stroke=stroke) if stroke:
            margin = stroke.width * 6  # a pointed corner reaches further than half the line
        case _:
            margin = 0.0
    box = Box(node.x - margin, node.y - margin, node.x + node.width + margin, node.y + node.height + margin)
    return _turned(box, node.rotation)


def _turned(box: Box, rotation: float) -> Box:
    """A box that holds the given one however it is turned about its middle (or about that of its node)."""
    if not rotation:
        return box
    reach = math.hypot(box.right - box.left, box.bottom - box.top)
    return Box(box.left - reach, box.top - reach, box.right + reach, box.bottom + reach)


def is_clear_of(node: Node, others: Sequence[Node]) -> bool:
    """True when what a node paints cannot lie over one of the others."""
    if not others:
        return True
    box = painted_box(node)
    boxes = [painted_box(other) for other in others]
    return box is not None and not any(
        other is None
        or (box.left < other.right and other.left < box.right and box.top < other.bottom and other.top < box.bottom)
        for other in boxes
    )

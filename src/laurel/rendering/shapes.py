"""Named outlines as SVG path data fitted into a box of a given width and height, whose corner is (0, 0)."""

import math
from collections.abc import Callable, Iterable
from functools import lru_cache

from laurel.rendering.model import Shape

_Point = tuple[float, float]
_GEOMETRY = ("outline", "width", "height", "points", "depth", "radius")
_ROUND = 0.5523  # control point distance at which a cubic curve is a quarter of a circle


def number(value: float) -> str:
    """A coordinate with at most two decimals, without what says nothing."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def outline_of(shape: Shape) -> str:
    """Path data of a shape at the origin; remembered, for every credential of a design has the same."""
    return _outline(Shape(**{name: getattr(shape, name) for name in _GEOMETRY}, x=0, y=0))


@lru_cache(maxsize=1024)
def _outline(shape: Shape) -> str:
    return _OUTLINES[shape.outline](shape)


def _join(points: Iterable[_Point]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "Z"


def _curve(*points: _Point) -> str:
    return "C" + " ".join(f"{number(x)} {number(y)}" for x, y in points)


def _around(shape: Shape, count: int, factor: Callable[[int], float], turn: float = -0.25) -> list[_Point]:
    """Points on the ellipse in the box, drawn in by a factor, the first at the top."""
    middle_x, middle_y = shape.width / 2, shape.height / 2
    return [
        (
            middle_x + middle_x * factor(index) * math.cos(2 * math.pi * (index / count + turn)),
            middle_y + middle_y * factor(index) * math.sin(2 * math.pi * (index / count + turn)),
        )
        for index in range(count)
    ]


def _rectangle(shape: Shape) -> str:
    w, h = shape.width, shape.height
    r = min(shape.radius, w / 2, h / 2)
    if not r:
        return _join([(0, 0), (w, 0), (w, h), (0, h)])
    k = r * (1 - _ROUND)
    return (
        f"M{number(r)} 0H{number(w - r)}" + _curve((w - k, 0), (w, k), (w, r))
        + f"V{number(h - r)}" + _curve((w, h - k), (w - k, h), (w - r, h))
        + f"H{number(r)}" + _curve((k, h), (0, h - k), (0, h - r))
        + f"V{number(r)}" + _curve((0, k), (k, 0), (r, 0)) + "Z"
    )  # fmt: skip


def _ticket(shape: Shape) -> str:
    """A rectangle whose corners are cut out as quarter circles of `radius`."""
    w, h = shape.width, shape.height
    r = min(shape.radius or min(w, h) / 12, w / 2, h / 2)
    k = r * _ROUND
    return (
        f"M{number(r)} 0H{number(w - r)}" + _curve((w - r, k), (w - k, r), (w, r))
        + f"V{number(h - r)}" + _curve((w - k, h - r), (w - r, h - k), (w - r, h))
        + f"H{number(r)}" + _curve((r, h - k), (k, h - r), (0, h - r))
        + f"V{number(r)}" + _curve((k, r), (r, k), (r, 0)) + "Z"
    )  # fmt: skip


def _ellipse(shape: Shape) -> str:
    rx, ry = number(shape.width / 2), number(shape.height / 2)
    w, h = number(shape.width), ry
    return f"M0 {h}A{rx} {ry} 0 1 1 {w} {h}A{rx} {ry} 0 1 1 0 {h}Z"


def _line(shape: Shape) -> str:
    return f"M0 0L{number(shape.width)} {number(shape.height)}"


def _polygon(shape: Shape) -> str:
    return _join(_around(shape, max(shape.points or 6, 3), lambda _: 1))


def _star(shape: Shape) -> str:
    inner = 1 - (0.5 if shape.depth is None else shape.depth)
    return _join(_around(shape, 2 * (shape.points or 5), lambda index: inner if index % 2 else 1))


def _burst(shape: Shape) -> str:
    inner = 1 - (0.08 if shape.depth is None else shape.depth)
    return _join(_around(shape, 2 * (shape.points or 32), lambda index: inner if index % 2 else 1))


def _seal(shape: Shape) -> str:
    """A circle with soft scallops: `points` of them, each `depth` of the radius high."""
    count = shape.points or 20
    depth = 0.07 if shape.depth is None else shape.depth
    valleys = _around(shape, count, lambda _: 1 - depth, turn=-0.25 - 0.5 / count)
    peaks = _around(shape, count, lambda _: 1 + depth * 0.35)
    data = f"M{number(valleys[0][0])} {number(valleys[0][1])}"
    for index, peak in enumerate(peaks):
        valley = valleys[(index + 1) % count]
        data += f"Q{number(peak[0])} {number(peak[1])} {number(valley[0])} {number(valley[1])}"
    return data + "Z"


def _shield(shape: Shape) -> str:
    w, h = shape.width, shape.height
    top = 0.09 * h
    return (
        f"M{number(w / 2)} 0" + _curve((w * 0.62, top * 0.9), (w * 0.82, top), (w, top))
        + f"V{number(h * 0.48)}" + _curve((w, h * 0.76), (w * 0.76, h * 0.92), (w / 2, h))
        + _curve((w * 0.24, h * 0.92), (0, h * 0.76), (0, h * 0.48))
        + f"V{number(top)}" + _curve((w * 0.18, top), (w * 0.38, top * 0.9), (w / 2, 0)) + "Z"
    )  # fmt: skip


def _ribbon(shape: Shape) -> str:
    """A banner with swallowtail ends; `depth` is the notch as a part of the height."""
    w, h = shape.width, shape.height
    notch = h * (0.45 if shape.depth is None else shape.depth)
    return _join([(0, 0), (w, 0), (w - notch, h / 2), (w, h), (0, h), (notch, h / 2)])


def _tails(shape: Shape) -> str:
    """Two ribbon ends hanging down and apart."""
    w, h = shape.width, shape.height
    notch = h * (0.14 if shape.depth is None else shape.depth)
    left = [(w * 0.26, 0), (w * 0.54, h * 0.06), (w * 0.36, h), (w * 0.2, h - notch), (0, h * 0.9)]
    right = [(w - x, y) for x, y in left]
    return _join(left) + _join(right)


def _laurel(shape: Shape) -> str:
    """Two branches rising from the middle below; `points` is the number of leaves on each."""
    count = shape.points or 11
    rx, ry = shape.width / 2, shape.height / 2
    size = min(rx, ry) * (0.26 if shape.depth is None else shape.depth)
    data = []
    for side in (-1, 1):
        for index in range(count):
            along = index / max(count - 1, 1)
            angle = math.radians(90 + side * (14 + along * 130))
            x, y = rx + (rx - size * 0.55) * math.cos(angle), ry + (ry - size * 0.55) * math.sin(angle)
            forward = angle + side * math.pi / 2
            length = size * (1.12 - 0.42 * along)
            for lean in (-0.7, 0.5) if index < count - 1 else (0.0,):
                data.append(_leaf(x, y, forward + side * lean, length))
    return "".join(data)


def _leaf(x: float, y: float, angle: float, length: float) -> str:
    along, across = (math.cos(angle) * length, math.sin(angle) * length), (-math.sin(angle), math.cos(angle))
    tip = (x + along[0], y + along[1])
    bulge = length * 0.25

    def beside(part: float, side: float) -> _Point:
        return x + along[0] * part + across[0] * bulge * side, y + along[1] * part + across[1] * bulge * side

    return (
        f"M{number(x)} {number(y)}" + _curve(beside(0.25, 1), beside(0.7, 1), tip)
        + _curve(beside(0.7, -1), beside(0.25, -1), (x, y)) + "Z"
    )  # fmt: skip


def _rays(shape: Shape) -> str:
    """Wedges from the middle outwards, as many gaps as wedges."""
    count = shape.points or 24
    rim = _around(shape, 2 * count, lambda _: 1, turn=-0.25 - 0.25 / count)
    middle = (shape.width / 2, shape.height / 2)
    return "".join(_join([middle, rim[2 * index], rim[2 * index + 1]]) for index in range(count))


def _guilloche(shape: Shape) -> str:
    """A rosette of interlaced lines as on banknotes: `points` petals, `depth` how far they reach inwards."""
    petals = shape.points or 12
    depth = 0.35 if shape.depth is None else shape.depth
    steps = min(petals * 8, 720)
    data = []
    for phase in (0.0, 0.25, 0.5, 0.75):

        def reach(index: int, phase: float = phase) -> float:
            return 1 - depth / 2 + depth / 2 * math.sin(2 * math.pi * (petals * index / steps + phase))

        data.append(_smooth(_around(shape, steps, reach)))
    return "".join(data)


def _smooth(points: list[_Point]) -> str:
    """A closed curve through the middles of the sides, with the corners as control points."""
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(points, [*points[1:], points[0]], strict=True)]
    data = f"M{number(middles[-1][0])} {number(middles[-1][1])}"
    for corner, middle in zip(points, middles, strict=True):
        data += f"Q{number(corner[0])} {number(corner[1])} {number(middle[0])} {number(middle[1])}"
    return data + "Z"


_OUTLINES: dict[str, Callable[[Shape], str]] = {
    "rectangle": _rectangle,
    "ticket": _ticket,
    "ellipse": _ellipse,
    "line": _line,
    "polygon": _polygon,
    "star": _star,
    "seal": _seal,
    "burst": _burst,
    "shield": _shield,
    "ribbon": _ribbon,
    "tails": _tails,
    "laurel": _laurel,
    "rays": _rays,
    "guilloche": _guilloche,
}

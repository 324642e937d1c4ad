"""A design for a credential that does not count (any more): its colours greyed, and a band across it that says why. Pure."""

import math
import re
from typing import Any

import msgspec

from laurel.rendering.model import Design, Shape, Text

_HEX = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")
_RED, _GREEN, _BLUE = 0.2126, 0.7152, 0.0722  # relative luminance (ITU-R BT.709)
_PALE, _PALENESS = 225, 0.45
_TILT_DEGREES = -9.0
_BAND, _MIDDLE = 0.16, 0.75  # of the shorter side; from the top: most names stand higher


def crossed_out(design: Design, word: str, colour: str) -> Design:
    """The design in pale greys with `word` on a band of `colour` (#rrggbb); pictures it carries keep their colours."""
    grey = msgspec.convert(_greyed(msgspec.to_builtins(design)), Design)
    width, height = design.canvas.width, design.canvas.height
    band, length = min(width, height) * _BAND, math.hypot(width, height)
    top = height * _MIDDLE - band / 2
    marks = (
        Shape(
            x=(width - length) / 2, y=top, width=length, height=band, rotation=_TILT_DEGREES, outline="rectangle", fill=colour
        ),
        Text(
            x=width * 0.1, y=top, width=width * 0.8, height=band, rotation=_TILT_DEGREES, content=word, colour="#ffffff",
            size=band * 0.6, size_min=band * 0.2, weight="bold", uppercase=True, letter_spacing=0.06, role="heading",
        ),
    )  # fmt: skip
    return msgspec.structs.replace(grey, nodes=grey.nodes + marks)


def _greyed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _greyed(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_greyed(inner) for inner in value]
    if isinstance(value, str) and _HEX.fullmatch(value):
        red, green, blue = (int(value[place : place + 2], 16) for place in (1, 3, 5))
        grey = round((1 - _PALENESS) * (_RED * red + _GREEN * green + _BLUE * blue) + _PALENESS * _PALE)
        return f"#{grey:02x}{grey:02x}{grey:02x}{value[7:]}"
    return value

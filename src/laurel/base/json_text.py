"""JSON in and out with exact numbers: a literal with a point or an exponent becomes a Decimal and goes out as it came."""

from decimal import Decimal
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_SORTED_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)

encode = _ENCODER.encode
encode_sorted = _SORTED_ENCODER.encode
decode = _DECODER.decode


def value_at(whole: Any, path: str) -> Any:
    """What stands at "items[0].count" in decoded JSON, at "" the whole; None when there is nothing."""
    value = whole
    for step in path.replace("[", ".[").removeprefix(".").split(".") if path else ():
        try:
            value = value[int(step[1:-1])] if step.startswith("[") else value[step]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return value

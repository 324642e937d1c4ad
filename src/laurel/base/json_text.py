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

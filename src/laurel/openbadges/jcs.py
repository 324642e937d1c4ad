"""JSON Canonicalization Scheme (RFC 8785): one byte string for one JSON value."""

import math
from typing import Any, Final

from laurel.base import limits
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.rdfc import utf16_key

_SHORT: Final = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_ESCAPES: Final = {code: _SHORT.get(code, f"\\u{code:04x}") for code in (*range(32), 34, 92)}
_SAFE_INTEGER: Final = 2**53 - 1


def canonical_json(value: Any) -> str:
    """`value` in canonical form. Raises DocumentRefused for what I-JSON cannot carry (big integers, lone surrogates)."""
    return _write(value, 0)


def _write(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return quote(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return number(value)
    if depth >= limits.DOCUMENT_DEPTH_MAX:
        raise DocumentRefused(
            f"nested deeper than {limits.DOCUMENT_DEPTH_MAX} levels", field="", limit=limits.DOCUMENT_DEPTH_MAX
        )
    if isinstance(value, list):
        return f"[{','.join(_write(member, depth + 1) for member in value)}]"
    if isinstance(value, dict):
        keys = sorted(value, key=utf16_key)
        return "{" + ",".join(f"{quote(key)}:{_write(value[key], depth + 1)}" for key in keys) + "}"
    raise DocumentRefused(f"a {type(value).__name__} is not a JSON value", field="")


def quote(text: str) -> str:
    """A JSON string with only the escapes that RFC 8785 demands. Raises DocumentRefused for a lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DocumentRefused("text with a lone surrogate", field="", value=repr(text[:100])) from None
    return f'"{text.translate(_ESCAPES)}"'


def number(value: float) -> str:
    """A number as ECMAScript writes it (RFC 8785, 3.2.2.3)."""
    if isinstance(value, int):
        if abs(value) > _SAFE_INTEGER:
            raise DocumentRefused("an integer beyond 2^53 is not portable", field="", value=str(value)[:40])
        return str(value)
    if not math.isfinite(value):
        raise DocumentRefused("a number that is not finite", field="", value=str(value))
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = int(exponent or 0) + len(whole) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return f"{sign}{digits}{'0' * (point - count)}"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = point - 1
    shown = digits if count == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{shown}e{'+' if power > 0 else '-'}{abs(power)}"

"""Single terms of N-Quads: IRIs, text, numbers and booleans as they stand in canonical text."""

import math
import re
from typing import Any, Final

from laurel.openbadges.faults import DocumentRefused

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
TYPE: Final = f"<{RDF}type>"
FIRST, REST, NIL = f"<{RDF}first>", f"<{RDF}rest>", f"<{RDF}nil>"
JSON_SUFFIX: Final = f"^^<{RDF}JSON>"
DOUBLE: Final = f"^^<{XSD}double>"
_BOOLEAN, _INTEGER = f"^^<{XSD}boolean>", f"^^<{XSD}integer>"
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`\x7f-\x9f\s]*\Z")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\Z")
_NEEDS_ESCAPE: Final = re.compile('[\x00-\x1f\x7f"\\\\]')
_SHORT: Final = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_ESCAPES: Final = {code: _SHORT.get(code, f"\\u{code:04X}") for code in (*range(32), 34, 92, 127)}
_SAFE_INTEGER: Final = 2**53
_TINY: Final = 1e-6


def literal(text: str) -> str:
    """`text` as the quoted part of an N-Quads literal. Raises DocumentRefused for a lone surrogate."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise DocumentRefused("text with a lone surrogate", field="", value=repr(text[:100])) from None
    if _NEEDS_ESCAPE.search(text):
        text = text.translate(_ESCAPES)
    return f'"{text}"'


def absolute_iri(value: str) -> str:
    """`value` as an N-Quads IRI. Raises DocumentRefused when it is relative or not well-formed."""
    if not _IRI.match(value):
        raise DocumentRefused("not an absolute IRI", field="", value=value[:200])
    return f"<{value}>"


def language_tag(tag: Any) -> str:
    """The tag in lower case. Raises DocumentRefused when it is none."""
    if not isinstance(tag, str) or not _LANGUAGE.match(tag):
        raise DocumentRefused("not a language tag", field="", value=str(tag)[:100])
    return tag.lower()


def datatype_suffix(iri: str) -> str:
    """What follows the quotes of a literal of this type: nothing for xsd:string (canonical N-Quads)."""
    if iri == f"<{RDF}langString>":
        raise DocumentRefused("text of type rdf:langString needs a language instead", field="")
    return "" if iri == f"<{XSD}string>" else f"^^{iri}"


def typed_text(text: str, suffix: str, *, portable: bool) -> str:
    """Text as a literal; some processors write the text of an xsd:double anew, so what we sign has its last form."""
    if portable and suffix == DOUBLE and not is_double(text):
        raise DocumentRefused("text of type xsd:double that is not in canonical form", field="", value=text[:100])
    return literal(text) + suffix


def scalar(value: Any, datatype: str | None, *, portable: bool) -> str:
    """A boolean or number as a literal of its own type, or of `datatype` (JSON-LD API 8.2.2, steps 9 to 12)."""
    if value is True or value is False:
        return f'"{str(value).lower()}"{_BOOLEAN if datatype is None else datatype}'
    if not isinstance(value, int | float):
        raise DocumentRefused("not a JSON value that can be signed", field="", value=type(value).__name__)
    if value != value or abs(value) == float("inf"):  # noqa: PLR0124 - the test for "not a number"
        raise DocumentRefused("a number that is not finite", field="")
    if value == int(value) and abs(value) < 1e21 and datatype != DOUBLE:
        if abs(value) > _SAFE_INTEGER:
            raise DocumentRefused("an integer beyond 2^53 is not portable", field="", value=str(value))
        return f'"{int(value)}"{_INTEGER if datatype is None else datatype}'
    if portable and abs(value) < _TINY and (value != 0 or math.copysign(1, value) < 0):
        raise DocumentRefused("a number this close to zero is not portable", field="", value=value)
    return f'"{double_text(value)}"{DOUBLE if datatype is None else datatype}'


def double_text(value: float) -> str:
    """The number as canonical text of an xsd:double."""
    mantissa, _, exponent = f"{value:.15E}".partition("E")
    whole, _, fraction = mantissa.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}E{int(exponent)}"


def is_double(text: str) -> bool:
    """Whether the text is what every processor writes for that xsd:double."""
    try:
        number = float(text)
    except ValueError:
        return False
    return math.isfinite(number) and double_text(number) == text and (abs(number) >= _TINY or text == "0.0E0")

"""The JSON of a design as text to be edited: written out, read back, and where in it a mistake is. Pure."""

import json
import re
from typing import Any

import msgspec

from laurel.base.errors import Invalid, LaurelError, TooLarge
from laurel.base.limits import DESIGN_BYTES_MAX, JSON_DEPTH_MAX
from laurel.web.pages.design_layers import Document

_BYTE = re.compile(r"\(byte (\d+)\)")
_STEP = re.compile(r"([A-Za-z_][\w]*)|\[(\d+)\]")


def written(document: Document) -> str:
    """The document for people: members and layers on lines of their own, small things on one line."""
    return _lines(document, "") + "\n"


def _lines(value: Any, indent: str) -> str:
    short = json.dumps(value, ensure_ascii=False)
    if len(short) + len(indent) <= 110 or not isinstance(value, dict | list):
        return short
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{inner}{json.dumps(name, ensure_ascii=False)}: {_lines(one, inner)}" for name, one in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _lines(one, inner) for one in value) + f"\n{indent}]"


def parsed(text: str, field: str) -> Document:
    """The JSON object that the text is. Raises Invalid saying the line and what is wrong there, TooLarge."""
    if len(text) > DESIGN_BYTES_MAX:
        raise TooLarge(f"the design is longer than {DESIGN_BYTES_MAX} bytes", field=field, limit=DESIGN_BYTES_MAX)
    if (depth := _depth(text)) > JSON_DEPTH_MAX:
        raise TooLarge(
            f"the JSON is nested {depth} levels deep, the limit is {JSON_DEPTH_MAX}",
            field=field,
            limit=JSON_DEPTH_MAX,
            value=depth,
        )
    try:
        document = msgspec.json.decode(text.encode())
    except msgspec.DecodeError as error:
        at = int(found[1]) if (found := _BYTE.search(str(error))) else len(text.encode())
        place = text.encode()[:at].decode("utf-8", "ignore")
        line, column = place.count("\n") + 1, len(place) - place.rfind("\n")
        said = str(error).removeprefix("JSON is malformed: ").split(" (byte")[0]
        raise Invalid(
            f"line {line}, column {column}: this is no JSON: {said}", field=field, details={"line": line}
        ) from error
    if not isinstance(document, dict):
        raise Invalid("a design is a JSON object, in braces", field=field, details={"line": 1})
    return document


def _depth(text: str) -> int:
    """How deep the brackets go, strings left aside."""
    deepest = depth = 0
    for bracket in re.findall(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    return deepest


def at_line(error: LaurelError, text: str, field: str) -> LaurelError:
    """A refusal of the design format with the line of the text that it is about; it becomes one of `field`."""
    line = line_of(text, error.field or "")
    error.message = f"line {line}: {error.message}" if line else error.message
    error.details, error.field = {"line": line or 1}, field
    return error


def line_of(text: str, path: str) -> int | None:
    """The line on which `nodes[3].size` stands in a JSON text; the nearest thing around it where that is absent."""
    steps: list[str | int] = [found[1] or int(found[2]) for found in _STEP.finditer(path)]
    scan, place = json.JSONDecoder(), 0
    place = _after_space(text, place)
    found = False
    for step in steps:
        inside = _step_into(scan, text, place, step)
        if inside is None:
            break
        place, found = inside, True
    return text.count("\n", 0, place) + 1 if found else None


def _step_into(scan: json.JSONDecoder, text: str, place: int, step: str | int) -> int | None:
    """Where the member or item begins inside the object or list that begins at `place`."""
    wanted = "{" if isinstance(step, str) else "["
    if place >= len(text) or text[place] != wanted:
        return None
    place, index = _after_space(text, place + 1), 0
    while place < len(text) and text[place] not in "}]":
        key: Any = index
        if wanted == "{":
            key, place = scan.raw_decode(text, place)
            place = _after_space(text, _after_space(text, place) + 1)
        if key == step:
            return place
        _, place = scan.raw_decode(text, place)
        place = _after_space(text, place)
        if text[place : place + 1] == ",":
            place = _after_space(text, place + 1)
        index += 1
    return None


def _after_space(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place

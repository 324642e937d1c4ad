"""A refusal of the design format beside the field of the form that it is about, in the words of a form. Pure."""

import re
from collections.abc import Callable

from laurel.base.errors import LaurelError

_WHOLE = re.compile(r"\b(\d+)\.0\b")
_NODE = re.compile(r"^nodes\[(\d+)\]\.?(.*)$")
_REWRITES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"expected `str` matching regex '\^@?.*#.*"), lambda _: "write a colour as #rrggbb, or as @ and one of its names"),
    (re.compile(r"expected `\w+` <= (\S+?)(, not .*)?$"), lambda found: f"must be at most {found[1]}{found[2] or ''}"),
    (re.compile(r"expected `\w+` >= (\S+?)(, not .*)?$"), lambda found: f"must be at least {found[1]}{found[2] or ''}"),
    (re.compile(r"expected `\w+` > (\S+?)(, not .*)?$"), lambda found: f"must be more than {found[1]}{found[2] or ''}"),
    (re.compile(r"expected `str` of length <= (\S+).*"), lambda found: f"must have at most {found[1]} characters"),
    (re.compile(r"expected `array` of length >= 2.*"), lambda _: "needs two colours or more, each on a line of its own"),
    (re.compile(r"expected `array` of length <= (\S+).*"), lambda found: f"may have at most {found[1]}"),
    (re.compile(r"expected `float`, got.*, not (.*)$"), lambda found: f"must be a number, not {found[1]}"),
    (re.compile(r"expected `int`.*, not (.*)$"), lambda found: f"must be a whole number, not {found[1]}"),
    (re.compile(r"invalid enum value.*, not (.*)$"), lambda found: f"there is no {found[1]} to choose"),
)  # fmt: skip


def place_of(error: LaurelError) -> tuple[int | None, str]:
    """(index of the layer that a refusal of the design format is about, the name of its field); None: the whole design."""
    found = _NODE.match(error.field or "")
    index, path = (int(found[1]), found[2]) if found else (None, error.field or "")
    path = re.sub(r"\.stops.*$", "_stops", path)
    for start in ("stroke", "curve", "canvas", "fill", "background"):
        path = re.sub(rf"^{start}\.", f"{start}_", path)
    return index, {"source": "picture"}.get(path, path)


def sentence_of(error: LaurelError) -> str:
    """The refusal without the path that it begins with, in the words of a form."""
    message = error.message
    if error.field and message.startswith(error.field):
        message = message.removeprefix(error.field).lstrip(": ")
    for pattern, rewrite in _REWRITES:
        if found := pattern.fullmatch(message):
            message = rewrite(found)
            break
    return _WHOLE.sub(r"\1", message)

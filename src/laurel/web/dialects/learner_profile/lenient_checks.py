"""Checks of untyped input with the coercions, the order and the words of the imitated service's validation library.

A check turns a value into what is stored, or notes errors as `{loc, msg, type[, ctx]}`. Nothing here knows any field.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Loc = tuple[str | int, ...]
Errors = list[dict[str, Any]]
Check = Callable[[Any, Loc, Errors], Any]

FAILED: Final = object()
"""What a check answers when it noted an error."""
ABSENT: Final = object()
"""The default of a field that stays out of the result when it is not given."""

_TRUE = frozenset({"1", "on", "t", "true", "y", "yes"})
_FALSE = frozenset({"0", "off", "f", "false", "n", "no"})
_INTEGER_MAX = 2**63 - 1


def failed(errors: Errors, loc: Loc, msg: str, type_: str, ctx: Mapping[str, Any] | None = None) -> Any:
    """Note an error and answer FAILED."""
    errors.append({"loc": list(loc), "msg": msg, "type": type_, **({"ctx": dict(ctx)} if ctx else {})})
    return FAILED


def missing(errors: Errors, loc: Loc) -> Any:
    """Note that something required is not there."""
    return failed(errors, loc, "field required", "value_error.missing")


def text(
    *,
    length_min: int = 0,
    length_max: int,
    pattern: str | None = None,
    accept: Callable[[str], bool] = lambda _: True,
    shape: Callable[[str], str] = lambda value: value,
) -> Check:
    """Text; numbers become text. The pattern is matched from the beginning; what `accept` refuses fails like it."""

    def check(value: Any, loc: Loc, errors: Errors) -> Any:
        if isinstance(value, int | float):
            value = str(value)
        if not isinstance(value, str):
            return failed(errors, loc, "str type expected", "type_error.str")
        if len(value) < length_min:
            words = f"ensure this value has at least {length_min} characters"
            return failed(errors, loc, words, "value_error.any_str.min_length", {"limit_value": length_min})
        if len(value) > length_max:
            words = f"ensure this value has at most {length_max} characters"
            return failed(errors, loc, words, "value_error.any_str.max_length", {"limit_value": length_max})
        if pattern is not None and not (re.match(pattern, value) and accept(value)):
            words = f'string does not match regex "{pattern}"'
            return failed(errors, loc, words, "value_error.str.regex", {"pattern": pattern})
        return shape(value)

    return check


def text_or_words(words: str, *, length_min: int, length_max: int) -> Check:
    """Text whose length is wrong with `words` of its own."""

    def check(value: Any, loc: Loc, errors: Errors) -> Any:
        if isinstance(value, int | float):
            value = str(value)
        if not isinstance(value, str):
            return failed(errors, loc, "str type expected", "type_error.str")
        if not length_min <= len(value.strip()) <= len(value) <= length_max:
            return failed(errors, loc, words, "value_error")
        return value

    return check


def integer(*, ge: int = -_INTEGER_MAX, le: int = _INTEGER_MAX) -> Check:
    """A whole number; numeric text is one, fractions are cut off."""

    def check(value: Any, loc: Loc, errors: Errors) -> Any:
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            return failed(errors, loc, "value is not a valid integer", "type_error.integer")
        return _in_range(number, ge, le, loc, errors)

    return check


def decimal_number(*, ge: float = -1e308, le: float = 1e308) -> Check:
    """A number with a fraction; numeric text is one."""

    def check(value: Any, loc: Loc, errors: Errors) -> Any:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            return failed(errors, loc, "value is not a valid float", "type_error.float")
        return _in_range(number, ge, le, loc, errors)

    return check


def _in_range(number: float, ge: float, le: float, loc: Loc, errors: Errors) -> Any:
    if number < ge:
        words = f"ensure this value is greater than or equal to {ge}"
        return failed(errors, loc, words, "value_error.number.not_ge", {"limit_value": ge})
    if number > le:
        words = f"ensure this value is less than or equal to {le}"
        return failed(errors, loc, words, "value_error.number.not_le", {"limit_value": le})
    return number


def boolean(value: Any, loc: Loc, errors: Errors) -> Any:
    """True or false, also as 0 and 1 and the usual words in any case."""
    word = value.lower() if isinstance(value, str) else value
    if isinstance(word, int | float) and word in (0, 1):
        return bool(word)
    if isinstance(word, str) and word in _TRUE | _FALSE:
        return word in _TRUE
    return failed(errors, loc, "value could not be parsed to a boolean", "type_error.bool")


def choice(*permitted: str) -> Check:
    """One of the given texts, exactly."""

    def check(value: Any, loc: Loc, errors: Errors) -> Any:
        if isinstance(value, str) and value in permitted:
            return value
        words = f"unexpected value; permitted: {', '.join(map(repr, permitted))}"
        return failed(errors, loc, words, "value_error.const", {"given": value, "permitted": list(permitted)})

    return check


def items(element: Check | None = None, *, count_max: int) -> Check:
    """A list, its members checked by `element` if there is one."""

    def check(value: Any, loc: Loc, errors: Errors) -> Any:
        if not isinstance(value, list):
            return failed(errors, loc, "value is not a valid list", "type_error.list")
        if len(value) > count_max:
            words = f"ensure this value has at most {count_max} items"
            return failed(errors, loc, words, "value_error.list.max_items", {"limit_value": count_max})
        if element is None:
            return value
        known = len(errors)
        checked = [element(member, (*loc, index), errors) for index, member in enumerate(value)]
        return checked if len(errors) == known else FAILED

    return check


def as_object(value: Any, loc: Loc, errors: Errors) -> Any:
    """An object; empty text and an empty list are one that is empty."""
    if isinstance(value, dict):
        return value
    if value in ("", []):
        return {}
    return failed(errors, loc, "value is not a valid dict", "type_error.dict")


def objects(element: Check) -> Check:
    """An object of any keys, its values checked by `element`."""

    def check(value: Any, loc: Loc, errors: Errors) -> Any:
        whole = as_object(value, loc, errors)
        if whole is FAILED:
            return FAILED
        known = len(errors)
        checked = {key: element(member, (*loc, key), errors) for key, member in whole.items()}
        return checked if len(errors) == known else FAILED

    return check


def empty_object(value: Any, loc: Loc, errors: Errors) -> Any:
    """An object with nothing in it."""
    whole = as_object(value, loc, errors)
    if whole is not FAILED and whole:
        return failed(errors, loc, "Only an empty dictionary is allowed.", "value_error")
    return whole


@dataclass(frozen=True)
class Field:
    """A named field: its check, whether it must be there, else its default (`ABSENT`: it stays out)."""

    check: Check
    required: bool = False
    default: Any = ABSENT


@dataclass(frozen=True)
class Shape:
    """An object of named fields; other keys are ignored, or refused when `strict`.

    An explicit null counts as not given; a required field refuses it.
    """

    fields: Mapping[str, Field]
    strict: bool = False

    def __call__(self, value: Any, loc: Loc, errors: Errors) -> Any:
        """The fields that were given or have a default: declared ones in order, then unknown keys by name."""
        whole = as_object(value, loc, errors)
        if whole is FAILED:
            return FAILED
        known = len(errors)
        result: dict[str, Any] = {}
        for name, field in self.fields.items():
            given = whole.get(name)
            if given is not None:
                result[name] = field.check(given, (*loc, name), errors)
            elif field.required and name in whole:
                failed(errors, (*loc, name), "none is not an allowed value", "type_error.none.not_allowed")
            elif field.required:
                missing(errors, (*loc, name))
            elif field.default is not ABSENT:
                result[name] = field.default
        if self.strict:
            for name in sorted(whole.keys() - self.fields.keys()):
                failed(errors, (*loc, name), "extra fields not permitted", "value_error.extra")
        return result if len(errors) == known else FAILED

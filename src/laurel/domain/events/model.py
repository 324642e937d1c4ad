"""The words: an event as it comes in and as it is stored, and the checks at the door. No I/O."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

import msgspec

from laurel.base import json_text, limits
from laurel.base.errors import Invalid, NotFound, TooLarge
from laurel.base.ids import DepartmentId, PersonId, PersonKey, new_uid
from laurel.base.limits import check_count, check_length
from laurel.base.text import clean
from laurel.base.times import check_year, check_zoned
from laurel.database.pool import Row

_INTEGER_MAX = 10**limits.NUMBER_INTEGER_DIGITS_MAX


class SomeRecorded(Exception):
    """Some events of the batch were recorded before; the transaction has to be run again, asking which."""


class EventNotFound(NotFound):
    """No such event."""

    code = "event_not_found"


class NewEvent(msgspec.Struct, frozen=True, gc=False):
    """Something a person did, on its way in. `occurred_at` None means now; `key` is unique per person."""

    person: PersonKey
    name: str
    key: str
    category: str = "custom"
    sub_category: str = ""
    source_id: str = ""
    department_id: DepartmentId | None = None
    tags: tuple[str, ...] = ()
    occurred_at: datetime | None = None
    payload: dict[str, Any] = {}


class Event(msgspec.Struct, frozen=True):
    """A recorded event."""

    person_id: PersonId
    event_key: str
    id: int
    name: str
    category: str
    sub_category: str
    source_id: str
    department_id: DepartmentId | None
    tags: list[str]
    occurred_at: datetime
    recorded_at: datetime
    payload: dict[str, Any]

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `event`."""
        values = {name: row[name] for name in cls.__struct_fields__}
        values["tags"] = values["tags"] or []
        return cls(**values)


def check_event(
    *,
    person: PersonKey,
    name: str,
    now: datetime,
    field: str,
    key: str | None = None,
    category: str = "custom",
    sub_category: str = "",
    source_id: str = "",
    department_id: DepartmentId | None = None,
    tags: tuple[str, ...] = (),
    occurred_at: datetime | None = None,
    payload: dict[str, Any] | None = None,
) -> NewEvent:
    """A NewEvent within every limit of base.limits; raises Invalid or TooLarge naming the path below `field`.

    Without a key the event gets one of its own and cannot be recognised when it is sent again.
    """
    _check_text(name, limits.EVENT_NAME_LENGTH_MAX, f"{field}.name", required=True)
    _check_text(category, limits.EVENT_CATEGORY_LENGTH_MAX, f"{field}.category", required=True)
    _check_text(sub_category, limits.EVENT_CATEGORY_LENGTH_MAX, f"{field}.sub_category")
    _check_text(source_id, limits.EVENT_SOURCE_LENGTH_MAX, f"{field}.source_id")
    if key is None:
        key = new_uid()
    else:
        _check_text(key, limits.EVENT_KEY_LENGTH_MAX, f"{field}.key", required=True)
    if tags:
        check_count(len(tags), limits.EVENT_TAGS_MAX, f"{field}.tags")
        for index, tag in enumerate(tags):
            _check_text(tag, limits.TAG_LENGTH_MAX, f"{field}.tags[{index}]", required=True)
    if occurred_at is not None:
        occurred_at = _checked_time(occurred_at, now, f"{field}.occurred_at")
    if payload:
        _check_value(payload, f"{field}.payload", 1)
        size = len(json_text.encode(payload))
        if size > limits.EVENT_PAYLOAD_BYTES_MAX:
            raise TooLarge(
                f"{field}.payload has {size} bytes, the limit is {limits.EVENT_PAYLOAD_BYTES_MAX}",
                field=f"{field}.payload",
                limit=limits.EVENT_PAYLOAD_BYTES_MAX,
                value=size,
            )
    return NewEvent(
        person, name, key, category, sub_category, source_id, department_id, tags, occurred_at, payload or {}
    )


def _check_text(text: str, limit: int, field: str, *, required: bool = False) -> None:
    if required and not text:
        raise Invalid(f"{field} must not be empty", field=field)
    if len(text) > limit:
        check_length(text, limit, field)
    if not text.isascii() or not text.isprintable():
        _refuse_control_characters(text, field)


def _refuse_control_characters(text: str, field: str) -> None:
    if len(clean(text)) < len(text) and any(ord(character) < ord(" ") or character == "\x7f" for character in text):
        raise Invalid(f"{field} has control characters", field=field)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid(f"{field} has a lone surrogate", field=field) from None


def _checked_time(occurred_at: datetime, now: datetime, field: str) -> datetime:
    check_zoned(occurred_at, field)
    if occurred_at > now + timedelta(seconds=limits.EVENT_FUTURE_SECONDS_MAX):
        raise Invalid(
            f"{field} is more than {limits.EVENT_FUTURE_SECONDS_MAX // 3600} hours ahead",
            field=field,
            limit=f"{limits.EVENT_FUTURE_SECONDS_MAX} s ahead",
            value=occurred_at.isoformat(),
        )
    check_year(occurred_at, field)
    return occurred_at.astimezone(UTC)


def _check_value(value: Any, path: str, depth: int) -> None:
    """Depth, numbers and text of a payload, recursively."""
    kind = type(value)
    if kind is str:
        if not value.isascii() or "\x00" in value:
            _check_payload_text(value, path)
    elif kind is int:
        if not -_INTEGER_MAX < value < _INTEGER_MAX:
            _refuse_number(value, path)
    elif kind is Decimal:
        _check_decimal(value, path)
    elif kind is float:
        _check_decimal(Decimal(repr(value)), path)
    elif kind is dict or kind is list:
        if depth > limits.EVENT_PAYLOAD_DEPTH_MAX:
            limit = limits.EVENT_PAYLOAD_DEPTH_MAX
            raise TooLarge(f"{path} is deeper than {limit} levels", field=path, limit=limit, value=depth)
        if kind is dict:
            for name, member in value.items():
                _check_payload_text(name, path)
                _check_value(member, f"{path}.{name}", depth + 1)
        else:
            for index, member in enumerate(value):
                _check_value(member, f"{path}[{index}]", depth + 1)


def _check_payload_text(text: str, path: str) -> None:
    if "\x00" in text:
        raise Invalid(f"{path} has a NUL character, which cannot be stored", field=path)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid(f"{path} has a lone surrogate", field=path) from None


def _check_decimal(value: Decimal, path: str) -> None:
    if not value.is_finite():
        raise Invalid(f"{path} is not a finite number", field=path, value=str(value))
    _, digits, exponent = value.normalize().as_tuple()
    decimals = max(0, -int(exponent))
    integers = max(0, len(digits) + int(exponent))
    if integers > limits.NUMBER_INTEGER_DIGITS_MAX or decimals > limits.NUMBER_DECIMAL_DIGITS_MAX:
        _refuse_number(value, path)


def _refuse_number(value: Any, path: str) -> None:
    limit = f"{limits.NUMBER_INTEGER_DIGITS_MAX} digits before and {limits.NUMBER_DECIMAL_DIGITS_MAX} after the point"
    raise TooLarge(
        f"{path} cannot be kept exactly; the limit is {limit}", field=path, limit=limit, value=str(value)[:50]
    )

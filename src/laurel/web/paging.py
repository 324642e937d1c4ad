"""Lists, a page at a time: `?limit=&after=` in, `{items, next}` out. `next` is opaque and absent on the last page."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from laurel.base.errors import Invalid
from laurel.base.limits import CURSOR_LENGTH_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX

T = TypeVar("T")
Item = TypeVar("Item")

Limit = Annotated[
    int, QueryParameter(name="limit", ge=1, le=PAGE_SIZE_MAX, description=f"How many at most, 1 to {PAGE_SIZE_MAX}.")
]
After = Annotated[
    str | None,
    QueryParameter(name="after", max_length=CURSOR_LENGTH_MAX, description="The `next` of the page before."),
]
DEFAULT_LIMIT = PAGE_SIZE_DEFAULT
_BIGINT_MAX = 2**63 - 1


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list."""

    items: list[T]
    next: str | None = None


def page_of(
    rows: Sequence[Item], limit: int, render: Callable[[Item], T], cursor: Callable[[Item], Sequence[Any]]
) -> Page[T]:
    """A page from up to `limit + 1` rows: the extra one only tells that there is more."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(items=[render(row) for row in shown], next=write_cursor(*cursor(shown[-1])) if more else None)


def write_cursor(*values: Any) -> str:
    """Where a page ended, as opaque text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def read_cursor(text: str | None, *types: Any, default: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    """The values of a cursor, checked against `types`; `default` without one. Raises Invalid naming `after`."""
    if text is None:
        return default
    try:
        padded = text + "=" * (-len(text) % 4)
        values: tuple[Any, ...] = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=tuple[types])  # type: ignore[valid-type] # built from the caller's types
    except (binascii.Error, ValueError, msgspec.DecodeError):
        values = ()
    if not values or any(isinstance(value, int) and abs(value) > _BIGINT_MAX for value in values):
        raise Invalid("after must be the `next` of an earlier page", field="after", value=text)
    return values

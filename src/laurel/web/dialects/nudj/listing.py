"""What every list takes: `limit`, `skip`, `search`, `sort`, `fromDate`, `toDate`; and the answer of totals and edges."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal

from litestar.di import NamedDependency
from litestar.params import QueryParameter

from laurel.base.limits import SEARCH_LENGTH_MAX
from laurel.base.times import parse_time
from laurel.database.slices import Slice

PAGE_DEFAULT = 10
PAGE_MAX = 100
_SKIP_MAX = 10_000_000
_DATE_LENGTH = len("2026-03-14")

Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=PAGE_MAX)]
Skip = Annotated[int, QueryParameter(name="skip", ge=0, le=_SKIP_MAX)]
Search = Annotated[str | None, QueryParameter(name="search", max_length=SEARCH_LENGTH_MAX)]
Sort = Annotated[Literal["createdAt", "-createdAt"], QueryParameter(name="sort")]
FromDate = Annotated[str | None, QueryParameter(name="fromDate", max_length=40)]
ToDate = Annotated[str | None, QueryParameter(name="toDate", max_length=40)]

Listed = NamedDependency[Slice]
"""The parameter `listed` of a handler: the slice that the query asks for, newest first unless `sort` says otherwise."""


async def slice_of(
    limit: Limit = PAGE_DEFAULT,
    skip: Skip = 0,
    search: Search = None,
    sort: Sort = "-createdAt",
    from_date: FromDate = None,
    to_date: ToDate = None,
) -> Slice:
    """The query's slice. `fromDate` and `toDate` are included; a plain date is the whole day in UTC."""
    return Slice(
        limit,
        skip,
        search or None,
        sort == "createdAt",
        None if from_date is None else _moment(from_date, "fromDate", time.min),
        None if to_date is None else _moment(to_date, "toDate", time.max),
    )


def _moment(text: str, field: str, at: time) -> datetime:
    if len(text) == _DATE_LENGTH:
        return datetime.combine(parse_time(f"{text}T00:00:00Z", field), at, UTC)
    return parse_time(text, field)


def listing(total: int, edges: Sequence[Any]) -> dict[str, Any]:
    """A list as Nudj answers it; the total knows nothing of limit and skip."""
    return {"totalCount": total, "edges": edges}

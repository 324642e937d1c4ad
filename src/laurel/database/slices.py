"""Lists by offset with their total: which slice is wanted, and the two statements that read it.

Column names and conditions come from our own code, never from outside; values are parameters.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from laurel.database.pool import Row, Transaction

NAMES_HOLD = "EXISTS (SELECT FROM jsonb_each_text(names) n WHERE strpos(lower(n.value), ${}) > 0)"
"""The condition of a search in the column `names`, in any language."""


class Slice(NamedTuple):
    """Which part of a list is wanted. search: a part of a name, in any case; since, until: when it was made, both included."""

    limit: int
    offset: int = 0
    search: str | None = None
    oldest_first: bool = False
    since: datetime | None = None
    until: datetime | None = None


async def page_of(
    tx: Transaction,
    table: str,
    columns: str,
    where: str,
    arguments: Sequence[Any],
    wanted: Slice,
    *,
    searched: str = NAMES_HOLD,
    made: str = "created_at",
) -> tuple[int, list[Row]]:
    """(how many in all, the slice) of the rows of `table` that meet `where`, whose parameters are `arguments`.

    searched: the condition of a search, with ${} in place of its parameter. made: the column of when a row was made.
    """
    conditions, values = [where], list(arguments)
    for condition, value in (
        (searched, None if wanted.search is None else wanted.search.lower()),
        (made + " >= ${}", wanted.since),
        (made + " <= ${}", wanted.until),
    ):
        if value is not None:
            values.append(value)
            conditions.append(condition.format(len(values)))
    found = f"FROM {table} WHERE {' AND '.join(conditions)}"
    total = await tx.fetchval(f"SELECT count(*) {found}", *values)
    rows = await tx.fetch(
        f"SELECT {columns} {found} ORDER BY id {'ASC' if wanted.oldest_first else 'DESC'} "
        f"LIMIT {int(wanted.limit)} OFFSET {int(wanted.offset)}",
        *values,
    )
    return total, rows

"""One row written from column values. Column names come from our own code, never from outside; values are parameters."""

from collections.abc import Callable, Mapping
from functools import cache
from operator import itemgetter
from typing import Any, Self

import msgspec

from laurel.database.pool import Row, Transaction


class Stored(msgspec.Struct, frozen=True):
    """Base of values that are rows: each field is a column of the same name."""

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """The value that a row holds; columns it has no field for are left out."""
        return cls(*_picking(cls.__struct_fields__)(row))

    def columns(self) -> dict[str, Any]:
        """Its columns by name, but for the organisation, which is the transaction's."""
        return {name: getattr(self, name) for name in self.__struct_fields__ if name != "organisation_id"}


@cache
def _picking(names: tuple[str, ...]) -> Callable[[Row], tuple[Any, ...]]:
    """What picks these columns out of a row, in C: rows come in thousands."""
    if len(names) == 1:
        return lambda row: (row[names[0]],)
    return itemgetter(*names)


async def add_row(tx: Transaction, table: str, values: Mapping[str, Any]) -> None:
    """Write a new row of the transaction's organisation."""
    await tx.execute(_insert(table, values), tx.organisation_id, *values.values())


async def add_row_once(tx: Transaction, table: str, values: Mapping[str, Any]) -> bool:
    """Write a new row unless a constraint says that there is one like it; whether it is new."""
    sql = f"{_insert(table, values)} ON CONFLICT DO NOTHING"
    return bool(await tx.execute(sql, tx.organisation_id, *values.values()))


async def insert_row(tx: Transaction, table: str, values: Mapping[str, Any], returning: str) -> Row:
    """A new row of the transaction's organisation; its columns `returning`."""
    return await _one(tx, f"{_insert(table, values)} RETURNING {returning}", *values.values())


async def insert_row_once(tx: Transaction, table: str, values: Mapping[str, Any], returning: str) -> Row | None:
    """A new row as from `insert_row`; None when a constraint says that there is one like it."""
    sql = f"{_insert(table, values)} ON CONFLICT DO NOTHING RETURNING {returning}"
    return await tx.fetchrow(sql, tx.organisation_id, *values.values())


async def put_row(
    tx: Transaction,
    table: str,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    first: Mapping[str, Any] | None = None,
    returning: str = "true",
) -> Row:
    """The row that `key` (with the organisation the table's) names, with these values: made, then also with those of
    `first`, or changed.
    """
    written = {**key, **(first or {}), **values}
    found = "".join(f", {name}" for name in key)
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in values)
    sql = (
        f"{_insert(table, written)} ON CONFLICT (organisation_id{found}) DO UPDATE SET {changes} RETURNING {returning}"
    )
    return await _one(tx, sql, *written.values())


async def update_row(
    tx: Transaction, table: str, key: Mapping[str, Any], values: Mapping[str, Any], returning: str
) -> Row:
    """Set columns of the one row that `key` names, which the caller has found in this transaction."""
    sql, arguments = _update(table, key, values)
    return await _one(tx, f"{sql} RETURNING {returning}", *arguments)


async def update_row_if_there(
    tx: Transaction, table: str, key: Mapping[str, Any], values: Mapping[str, Any], returning: str
) -> Row | None:
    """Set columns of the one row that `key` names and that is not marked as deleted; None when there is none."""
    sql, arguments = _update(table, key, values)
    return await tx.fetchrow(f"{sql} AND deleted_at IS NULL RETURNING {returning}", tx.organisation_id, *arguments)


async def update_rows(tx: Transaction, table: str, key: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """Set columns of all rows that `key` names; how many those were."""
    sql, arguments = _update(table, key, values)
    return await tx.execute(sql, tx.organisation_id, *arguments)


def _insert(table: str, values: Mapping[str, Any]) -> str:
    names = ", ".join(values)
    places = ", ".join(f"${index}" for index in range(2, len(values) + 2))
    return f"INSERT INTO {table} (organisation_id, {names}) VALUES ($1, {places})"


def _update(table: str, key: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    changes = ", ".join(f"{name} = ${index}" for index, name in enumerate(values, start=2))
    found = "".join(f" AND {name} = ${index}" for index, name in enumerate(key, start=2 + len(values)))
    return f"UPDATE {table} SET {changes} WHERE organisation_id = $1{found}", [*values.values(), *key.values()]


async def _one(tx: Transaction, sql: str, *arguments: Any) -> Row:
    row = await tx.fetchrow(sql, tx.organisation_id, *arguments)
    if row is None:
        raise LookupError(f"no row was written: {sql}")
    return row

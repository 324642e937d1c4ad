"""Exports: what a department has issued and defined, as CSV files that a job writes and anybody with the address fetches."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Literal, get_args

import msgspec

from laurel.base.errors import Invalid, NotFound
from laurel.base.ids import DepartmentId, OrganisationId
from laurel.base.times import render_time
from laurel.database import jobs
from laurel.database.pool import Database, Row, Transaction
from laurel.domain.files import deposit
from laurel.domain.register.data_exports import store as data_exports
from laurel.domain.register.model import Department

EXPORT_JOB = "register.export"
"""Writes the files of one export."""
Entity = Literal["organizations", "credentials", "credential_analytics", "groups", "designs"]
ENTITIES: tuple[str, ...] = get_args(Entity)
_HEADS: dict[str, tuple[str, ...]] = {
    "organizations": ("id", "name", "description", "url", "logo", "created_at"),
    "credentials": (
        "id", "uuid", "license_id", "name", "description", "group_id", "group_name", "recipient_name", "recipient_email",
        "recipient_id", "issued_on", "expired_on", "published_on", "revoked_at", "private", "created_at", "updated_at",
    ),
    "credential_analytics": ("id", "credential_id", "license_id", "group_id", "event", "created_at"),
    "groups": ("id", "uuid", "name", "course_name", "department_id", "status", "created_at", "updated_at"),
    "designs": ("id", "uuid", "name", "kind", "department_id", "created_at", "updated_at"),
}  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ROWS_A_PART = 500


class ExportNotFound(NotFound):
    """No such export."""

    code = "export_not_found"


class DataExport(msgspec.Struct, frozen=True):
    """An export and its files: dicts of year and address."""

    id: int
    department_id: DepartmentId
    entity: Entity
    status: Literal["scheduled", "processing", "completed", "errored"]
    files: list[dict[str, Any]]
    created_at: datetime


async def schedule(tx: Transaction, department_id: DepartmentId, entity: str, now: datetime) -> DataExport:
    """Ask for an export; a job writes it once the transaction has committed. Raises Invalid."""
    if entity not in ENTITIES:
        raise Invalid(f"entity must be one of {', '.join(ENTITIES)}", field="entity", value=entity)
    row = await data_exports.insert(tx, department_id, entity, now)
    await jobs.enqueue(tx, EXPORT_JOB, {"export_id": row["id"]})
    return _from_row(row)


async def exports(tx: Transaction, department_id: DepartmentId | None, limit: int) -> list[DataExport]:
    """Newest first; of one department or all."""
    return [_from_row(row) for row in await data_exports.newest(tx, department_id, limit)]


async def require(tx: Transaction, export_id: int) -> DataExport:
    """Raises ExportNotFound."""
    row = await data_exports.find(tx, export_id)
    if row is None:
        raise ExportNotFound("there is no such export", field="id", value=export_id)
    return _from_row(row)


def _from_row(row: Row) -> DataExport:
    return DataExport(**{name: row[name] for name in DataExport.__struct_fields__})


async def write(database: Database, organisation_id: OrganisationId, export_id: int, now: datetime) -> None:
    """Write the files of a scheduled export; running it again does nothing. On a failure the export says errored."""
    async with database.transaction(organisation_id) as tx:
        if not await data_exports.begin(tx, export_id, now):
            return
    try:
        async with database.transaction(organisation_id) as tx:
            export = await require(tx, export_id)
            files = await _files(tx, export, now)
            await data_exports.finish(tx, export_id, "completed", files, now)
    except BaseException:
        async with database.transaction(organisation_id) as tx:
            await data_exports.finish(tx, export_id, "errored", [], now)
        raise


async def _files(tx: Transaction, export: DataExport, now: datetime) -> list[dict[str, Any]]:
    """One file a year that has rows, and one for this year where there is nothing."""
    department = Department(export.department_id, await data_exports.is_default_department(tx, export.department_id))
    years = await data_exports.years(tx, export.entity, department) or [now.year]
    files = []
    for year in years:
        name = f"{export.entity}-{year}.csv"
        address = await deposit.deposit(
            tx, _csv(tx, export.entity, department, year), name=name, media_type="text/csv; charset=utf-8", now=now
        )
        files.append({"year": year, "address": f"{address}/{name}"})
    return files


async def _csv(tx: Transaction, entity: str, department: Department, year: int) -> AsyncIterator[bytes]:
    yield _lines([_HEADS[entity]])
    waiting: list[Sequence[Any]] = []
    async for row in data_exports.rows(tx, entity, department, year):
        waiting.append(tuple(row))
        if len(waiting) >= _ROWS_A_PART:
            yield _lines(waiting)
            waiting = []
    yield _lines(waiting)


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([[_cell(value) for value in row] for row in rows])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """A value as text; what a spreadsheet would run as a formula is quoted."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return render_time(value)
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text

"""Rows to bytes: one encoder a format, fed a batch at a time and holding no more than a batch. Pure."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from laurel.base import json_text
from laurel.base.times import render_time
from laurel.domain.exports.model import Column, Format

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_PARQUET_DECIMALS = 9
_PARQUET_GROUP_ROWS = 20_000
_LINES = msgspec.json.Encoder(decimal_format="number")

Rows = Sequence[Sequence[Any]]


class Encoder(Protocol):
    """Turns rows into the bytes of one file."""

    def encode(self, rows: Rows) -> bytes:
        """The bytes that come next; the first call has the header."""
        ...

    def finish(self) -> bytes:
        """What a file of this format ends with."""
        ...


class CsvEncoder:
    """RFC 4180 with a header; instants in UTC; text that a spreadsheet would take for a formula gets an apostrophe."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._begun = False

    def encode(self, rows: Rows) -> bytes:
        """As `Encoder`."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        if not self._begun:
            self._begun = True
            writer.writerow([column.name for column in self._columns])
        kinds = [column.kind for column in self._columns]
        writer.writerows(
            [_CELLS[kind](value) if value is not None else "" for kind, value in zip(kinds, row, strict=True)]
            for row in rows
        )
        return text.getvalue().encode()

    def finish(self) -> bytes:
        """The header, where there was no row."""
        return b"" if self._begun else self.encode([])


def safe_cell(text: str) -> str:
    """`text`, with an apostrophe in front where a spreadsheet would run it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _decimal_text(value: Decimal) -> str:
    return format(value.normalize() + 0, "f")


_CELLS: dict[str, Callable[[Any], Any]] = {
    "integer": str,
    "text": safe_cell,
    "time": render_time,
    "date": date.isoformat,
    "decimal": _decimal_text,
    "flag": lambda value: "true" if value else "false",
    "json": lambda value: safe_cell(json_text.encode(value).decode()),
}


class JsonLinesEncoder:
    """One object a line, with every column."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._names = [column.name for column in columns]
        self._times = [index for index, column in enumerate(columns) if column.kind == "time"]

    def encode(self, rows: Rows) -> bytes:
        """As `Encoder`."""
        lines = []
        for row in rows:
            values = list(row)
            for index in self._times:
                if values[index] is not None:
                    values[index] = render_time(values[index])
            lines.append(dict(zip(self._names, values, strict=True)))
        encoded: bytes = _LINES.encode_lines(lines)
        return encoded

    def finish(self) -> bytes:
        """Nothing."""
        return b""


class StatementsEncoder:
    """One experience statement a line; `statement` makes it from a row."""

    def __init__(self, statement: Callable[[Sequence[Any]], Any]) -> None:
        self._statement = statement

    def encode(self, rows: Rows) -> bytes:
        """As `Encoder`."""
        encoded: bytes = _LINES.encode_lines([self._statement(row) for row in rows])
        return encoded

    def finish(self) -> bytes:
        """Nothing."""
        return b""


class ParquetEncoder:
    """Columns by type, in groups of _PARQUET_GROUP_ROWS rows, compressed with zstd."""

    def __init__(self, columns: Sequence[Column]) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        kinds = {
            "integer": pa.int64(),
            "text": pa.string(),
            "time": pa.timestamp("us", tz="UTC"),
            "date": pa.date32(),
            "decimal": pa.decimal128(38, _PARQUET_DECIMALS),
            "flag": pa.bool_(),
            "json": pa.string(),
        }
        self._arrow = pa
        self._schema = pa.schema([(column.name, kinds[column.kind]) for column in columns])
        self._columns = columns
        self._sink = _Drain()
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._waiting: list[Sequence[Any]] = []

    def encode(self, rows: Rows) -> bytes:
        """As `Encoder`; nothing until a group is full."""
        self._waiting.extend(rows)
        if len(self._waiting) >= _PARQUET_GROUP_ROWS:
            self._write_group()
        return self._sink.drain()

    def finish(self) -> bytes:
        """The last group and the footer."""
        if self._waiting:
            self._write_group()
        self._writer.close()
        return self._sink.drain()

    def _write_group(self) -> None:
        arrays = []
        for index, column in enumerate(self._columns):
            values = [row[index] for row in self._waiting]
            if column.kind == "json":
                values = [None if value is None else json_text.encode(value).decode() for value in values]
            elif column.kind == "decimal":
                values = [None if value is None else round(value, _PARQUET_DECIMALS) for value in values]
            arrays.append(self._arrow.array(values, type=self._schema.field(index).type))
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._waiting = []


class _Drain(io.RawIOBase):
    """A file that is only written to, and emptied after each batch."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._position += len(part)
        return len(part)

    def tell(self) -> int:
        return self._position

    def drain(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def encoder_for(chosen: Format, columns: Sequence[Column], statement: Callable[[Sequence[Any]], Any]) -> Encoder:
    """The encoder of a format; `statement` is used for xapi."""
    match chosen:
        case "csv":
            return CsvEncoder(columns)
        case "jsonl":
            return JsonLinesEncoder(columns)
        case "xapi":
            return StatementsEncoder(statement)
        case "parquet":
            return ParquetEncoder(columns)

"""Reading files a record at a time: CSV and JSON Lines in UTF-8, however long; a bad record does not end the file."""

import csv
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from laurel.base import json_text
from laurel.base.limits import IMPORT_COLUMNS_MAX, IMPORT_RECORD_BYTES_MAX
from laurel.domain.imports.model import FileUnreadable, Record

_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class _Counted(io.RawIOBase):
    """A binary file that knows how much of it was read, for progress bars."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self.position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self.position += len(data)
        return len(data)


def check_encoding(beginning: bytes, name: str) -> None:
    """Raise FileUnreadable for what is certainly not UTF-8 text."""
    for bom, encoding in _BOMS.items():
        if beginning.startswith(bom):
            raise FileUnreadable(f"{name} is {encoding}; save it as UTF-8", field="file")
    if b"\x00" in beginning:
        raise FileUnreadable(f"{name} is not text in UTF-8: it has NUL bytes", field="file")


def read_csv(file: BinaryIO, name: str, needed: tuple[str, ...] = ()) -> tuple[list[str], Iterator[Record]]:
    """(columns, records) of a CSV file with a header. Raises FileUnreadable naming a column of `needed` that is missing."""
    counted = _Counted(file)
    buffered = io.BufferedReader(counted)
    check_encoding(buffered.peek(4096)[:4096], name)
    text = io.TextIOWrapper(buffered, encoding="utf-8-sig", errors="surrogateescape", newline="")
    beginning = text.readline(IMPORT_RECORD_BYTES_MAX)
    delimiter = max(",;\t", key=beginning.count)
    columns = [cell.strip() for cell in next(csv.reader([beginning], delimiter=delimiter), [])]
    if not any(columns):
        raise FileUnreadable(f"{name} has no header", field="file")
    if len(columns) > IMPORT_COLUMNS_MAX:
        raise FileUnreadable(
            f"{name} has {len(columns)} columns, the limit is {IMPORT_COLUMNS_MAX}",
            field="file",
            limit=IMPORT_COLUMNS_MAX,
            value=len(columns),
        )
    if _broken("".join(columns)):
        raise FileUnreadable(f"{name} is not text in UTF-8", field="file")
    for column in needed:
        if column not in columns:
            raise FileUnreadable(f"{name} lacks the column {column}", field=column, value=", ".join(columns)[:300])
    return columns, _rows(csv.reader(text, delimiter=delimiter, strict=True), columns, counted)


def _rows(reader: Any, columns: list[str], counted: _Counted) -> Iterator[Record]:
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            yield Record(number, {}, f"the line cannot be read as CSV: {wrong}", counted.position)
            continue
        if not cells:
            continue
        yield _row(number, columns, cells, counted.position)


def _row(number: int, columns: list[str], cells: list[str], position: int) -> Record:
    values = dict(zip(columns, cells, strict=False))
    if len(cells) != len(columns):
        return Record(number, values, f"it has {len(cells)} cells and the header {len(columns)}", position)
    if _broken("".join(cells)):
        return Record(number, {}, "it is not text in UTF-8", position)
    return Record(number, values, None, position)


def _broken(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def read_json_lines(file: BinaryIO, name: str) -> Iterator[Record]:
    """Records of a file with one JSON object a line. Raises FileUnreadable for what is not text."""
    counted = _Counted(file)
    buffered = io.BufferedReader(counted)
    check_encoding(buffered.peek(4096)[:4096], name)
    number = 0
    while line := buffered.readline(IMPORT_RECORD_BYTES_MAX + 1):
        number += 1
        if len(line) > IMPORT_RECORD_BYTES_MAX:
            while line and not line.endswith(b"\n"):
                line = buffered.readline(IMPORT_RECORD_BYTES_MAX)
            yield Record(number, {}, f"the line is over {IMPORT_RECORD_BYTES_MAX} bytes", counted.position)
            continue
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if text:
            yield _json_record(number, text, counted.position)


def _json_record(number: int, text: bytes, position: int) -> Record:
    try:
        values = json_text.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as wrong:
        return Record(number, {}, f"it is not valid JSON: {wrong}", position)
    if not isinstance(values, dict):
        return Record(number, {}, "it is not a JSON object", position)
    return Record(number, values, None, position)

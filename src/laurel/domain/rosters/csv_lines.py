"""From the bytes of a CSV file to the people on it, with every mistake named by its line. Pure."""

import csv
import io
from datetime import date

from laurel.base.limits import NAME_LENGTH_MAX, ROSTER_BYTES_MAX, ROSTER_ROWS_MAX
from laurel.base.text import clean, clean_email
from laurel.domain.rosters.model import Line, Mistake, Reading, RosterRefused

ENCODINGS = {"utf-8": "UTF-8", "cp1252": "Windows-1252 (Western Europe)", "iso8859-2": "ISO 8859-2 (Central Europe)"}
_NAMES = {"name", "full name", "recipient", "recipient name", "recipient.name", "display name", "nom", "nombre"}
_EMAILS = {"email", "e-mail", "mail", "email address", "e-mail address", "recipient email", "recipient.email"}
_FIRST = {"first name", "first_name", "given name", "vorname", "prénom"}
_LAST = {"last name", "last_name", "family name", "surname", "nachname"}
_ISSUED = {"issued on", "issued_on", "date", "issue date"}
_EXPIRES = {"expires on", "expires_on", "expired_on", "expiry", "expiry date"}


def text_of(data: bytes, encoding: str = "") -> str:
    """The file's text. Raises RosterRefused naming the line that is not in the encoding."""
    if len(data) > ROSTER_BYTES_MAX:
        raise RosterRefused(
            f"the file has {len(data)} bytes, the limit is {ROSTER_BYTES_MAX}",
            field="file",
            limit=ROSTER_BYTES_MAX,
            value=len(data),
        )
    chosen = encoding if encoding in ENCODINGS else "utf-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        chosen = "utf-16"
    elif data.startswith(b"\xef\xbb\xbf"):
        chosen = "utf-8-sig"
    try:
        text = data.decode(chosen)
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].count(b"\n") + 1
        raise RosterRefused(
            f"line {line} is not written in {ENCODINGS.get(chosen, chosen)}: choose the file's encoding below and send it "
            "again, or save it as CSV UTF-8",
            field="file",
            value=line,
        ) from None
    if "\x00" in text:
        raise RosterRefused("this is no text file: save the table as CSV first", field="file")
    return clean(text.replace("\r\n", "\n").replace("\r", "\n"))


def read_lines(text: str) -> Reading:
    """The people on the list. Raises RosterRefused when the columns cannot be told or there are too many lines."""
    rows = _rows(text)
    if not rows:
        raise RosterRefused("the list is empty", field="file")
    columns = _columns(rows[0][1])
    if columns is None:
        raise RosterRefused(
            "the first line must name the columns, among them email, and name or first name and last name", field="file"
        )
    body = rows[1:]
    if len(body) > ROSTER_ROWS_MAX:
        raise RosterRefused(
            f"the list has {len(body)} people, the limit is {ROSTER_ROWS_MAX}",
            field="file",
            limit=ROSTER_ROWS_MAX,
            value=len(body),
        )
    lines: list[Line] = []
    mistakes: list[Mistake] = []
    seen: dict[str, int] = {}
    for number, cells in body:
        line = _line(number, cells, columns)
        wrong = _mistake(line) or (f"the same address as in line {seen[line.email]}" if line.email in seen else None)
        if wrong is not None:
            mistakes.append(Mistake(number, wrong))
            continue
        seen[line.email] = number
        lines.append(line)
    return Reading(lines, mistakes)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Rows that are not empty, each with its line."""
    head = text.split("\n", 1)[0]
    delimiter = max((";", "\t", ","), key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as wrong:
        raise RosterRefused(f"line {reader.line_num} cannot be read: {wrong}", field="file") from None


def _columns(head: list[str]) -> dict[str, int] | None:
    found: dict[str, int] = {}
    for place, cell in enumerate(head):
        title = cell.strip().lower()
        for key, names in (
            ("name", _NAMES), ("email", _EMAILS), ("first", _FIRST), ("last", _LAST), ("issued", _ISSUED),
            ("expires", _EXPIRES),
        ):  # fmt: skip
            if title in names:
                found.setdefault(key, place)
    if "email" not in found or not found.keys() & {"name", "first", "last"}:
        return None
    return found


def _line(number: int, cells: list[str], columns: dict[str, int]) -> Line:
    def cell(key: str) -> str:
        place = columns.get(key, len(cells))
        return cells[place].strip() if place < len(cells) else ""

    name = cell("name") or f"{cell('first')} {cell('last')}".strip()
    return Line(number, name, clean_email(cell("email")) or cell("email"), cell("issued"), cell("expires"))


def _mistake(line: Line) -> str | None:
    if not line.email:
        return "there is no e-mail address"
    if clean_email(line.email) is None:
        return f"{line.email[:60]} is no e-mail address"
    if not line.name:
        return "there is no name"
    if len(line.name) > NAME_LENGTH_MAX:
        return f"the name has {len(line.name)} characters, the limit is {NAME_LENGTH_MAX}"
    for text in (line.issued_on, line.expires_on):
        try:
            if text:
                date.fromisoformat(text)
        except ValueError:
            return f"{text[:30]} is no date such as 2026-03-14"
    return None

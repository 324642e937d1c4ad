"""The words: a record of a file, what is wrong with one, a credential as another product kept it. No I/O."""

from datetime import datetime
from typing import Any

import msgspec

from laurel.base.errors import Invalid


class FileUnreadable(Invalid):
    """The file as a whole cannot be taken: its encoding, its header, its form."""

    code = "file_unreadable"


class Record(msgspec.Struct, frozen=True):
    """One record of a file: its number (from 1), what it says, or why it cannot be read."""

    number: int
    values: dict[str, Any]
    wrong: str | None = None
    position: int = 0


class Rejected(msgspec.Struct, frozen=True):
    """A record that was not taken, and why."""

    record: int
    reason: str
    field: str | None
    values: dict[str, Any]


class Tally(msgspec.Struct):
    """How far an import is."""

    records: int = 0
    taken: int = 0
    replayed: int = 0
    rejected: int = 0


class Found(msgspec.Struct, frozen=True):
    """A credential in a file of another product. `origin` and `origin_id` say which it is, wherever it came from."""

    origin: str
    origin_id: str
    achievement: str
    description: str
    criteria: str
    recipient_name: str
    recipient_email: str
    issued_at: datetime
    expires_at: datetime | None
    license_id: str | None
    evidence: list[dict[str, Any]]
    custom: dict[str, Any]
    revoked: bool = False
    document: dict[str, Any] | None = None


class Mapping(msgspec.Struct, frozen=True):
    """What in the file became what here; `ignored` are columns that nothing is made of."""

    used: list[tuple[str, str]]
    custom: list[str]
    ignored: list[str]

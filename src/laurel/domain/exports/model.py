"""The words: what can be exported, which columns it has, in which formats, and what may be asked for. No I/O."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from laurel.base.ids import AchievementId, PersonId

Subject = Literal["awards", "credentials", "events", "people"]
Format = Literal["csv", "jsonl", "xapi", "parquet"]
Kind = Literal["integer", "text", "time", "date", "decimal", "flag", "json"]

MEDIA_TYPES: Mapping[Format, str] = {
    "csv": "text/csv",
    "jsonl": "application/x-ndjson",
    "xapi": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
ENDINGS: Mapping[str, Format] = {"csv": "csv", "jsonl": "jsonl", "xapi.jsonl": "xapi", "parquet": "parquet"}


class Column(NamedTuple):
    """A column; its name and place never change once published."""

    name: str
    kind: Kind


COLUMNS: Mapping[Subject, Sequence[Column]] = {
    "awards": (
        Column("number", "integer"),
        Column("id", "text"),
        Column("person", "text"),
        Column("person_email", "text"),
        Column("person_name", "text"),
        Column("achievement", "text"),
        Column("achievement_name", "text"),
        Column("period", "text"),
        Column("state", "text"),
        Column("awarded_at", "time"),
        Column("recorded_at", "time"),
        Column("changed_at", "time"),
        Column("source", "text"),
        Column("score", "text"),
        Column("points", "decimal"),
        Column("xp", "decimal"),
        Column("credential", "text"),
        Column("revoked_at", "time"),
        Column("revoke_reason", "text"),
    ),
    "credentials": (
        Column("number", "integer"),
        Column("id", "text"),
        Column("award", "text"),
        Column("person", "text"),
        Column("achievement", "text"),
        Column("name", "text"),
        Column("recipient_name", "text"),
        Column("recipient_email", "text"),
        Column("state", "text"),
        Column("issued_on", "date"),
        Column("issued_at", "time"),
        Column("expires_at", "time"),
        Column("revoked_at", "time"),
        Column("revoke_reason", "text"),
        Column("changed_at", "time"),
    ),
    "events": (
        Column("number", "integer"),
        Column("key", "text"),
        Column("person", "text"),
        Column("name", "text"),
        Column("category", "text"),
        Column("sub_category", "text"),
        Column("source_id", "text"),
        Column("tags", "json"),
        Column("occurred_at", "time"),
        Column("recorded_at", "time"),
        Column("retracted", "flag"),
        Column("payload", "json"),
    ),
    "people": (
        Column("number", "integer"),
        Column("id", "text"),
        Column("email", "text"),
        Column("external_id", "text"),
        Column("first_name", "text"),
        Column("last_name", "text"),
        Column("display_name", "text"),
        Column("language", "text"),
        Column("time_zone", "text"),
        Column("created_at", "time"),
        Column("changed_at", "time"),
        Column("archived_at", "time"),
        Column("deleted_at", "time"),
    ),
}


class ExportFilter(msgspec.Struct, frozen=True):
    """Which rows. since and until bound when a row last changed (an event: was recorded), since inclusive."""

    since: datetime | None = None
    until: datetime | None = None
    person_id: PersonId | None = None
    achievement_id: AchievementId | None = None
    state: str | None = None
    name: str | None = None


class Step(NamedTuple):
    """Where the next step begins: after this instant and number."""

    at: datetime | None
    number: int

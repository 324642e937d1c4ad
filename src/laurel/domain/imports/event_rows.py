"""From a record of a file to an event: the columns of CSV, the shape of our own API in JSON Lines. Pure."""

import hashlib
from datetime import datetime
from typing import Any

from laurel.base import json_text
from laurel.base.errors import Invalid
from laurel.base.times import parse_time
from laurel.domain.events.model import NewEvent, check_event
from laurel.domain.imports.model import Record
from laurel.domain.people.model import PersonReference

PERSON_COLUMNS = {"person_id": "id", "external_id": "external_id", "email": "email"}
COLUMNS = ("name", "key", "category", "sub_category", "source_id", "tags", "occurred_at", "payload", *PERSON_COLUMNS)
PAYLOAD_PREFIX = "payload."


def check_columns(columns: list[str]) -> None:
    """Raise Invalid naming a column that is missing or that nothing is made of."""
    if "name" not in columns:
        raise Invalid("the file lacks the column name", field="name", value=", ".join(columns)[:300])
    if not PERSON_COLUMNS.keys() & set(columns):
        raise Invalid("the file lacks a column for the person: person_id, external_id or email", field="person")
    for column in columns:
        if column not in COLUMNS and not column.startswith(PAYLOAD_PREFIX):
            raise Invalid(f"the column {column} is not known here; payload columns begin with payload.", field=column)


def from_csv(record: Record, now: datetime) -> NewEvent:
    """The event of a CSV record: empty cells are absent; tags are separated by ; and payload.x columns become payload."""
    cells = {name: value.strip() for name, value in record.values.items() if value.strip()}
    payload = _json(cells["payload"], "payload") if "payload" in cells else {}
    if not isinstance(payload, dict):
        raise Invalid("payload must be a JSON object", field="payload")
    for name, value in cells.items():
        if name.startswith(PAYLOAD_PREFIX):
            _put(payload, name.removeprefix(PAYLOAD_PREFIX).split("."), _scalar(value), name)
    named = {ours: cells[column] for column, ours in PERSON_COLUMNS.items() if column in cells}
    return _event(
        record,
        now,
        person=PersonReference(**named),
        tags=[tag.strip() for tag in cells.get("tags", "").split(";") if tag.strip()],
        payload=payload,
        texts={name: cells[name] for name in ("key", "category", "sub_category", "source_id", "name") if name in cells},
        occurred_at=cells.get("occurred_at"),
    )


def from_json(record: Record, now: datetime) -> NewEvent:
    """The event of a JSON line, which has the shape of POST /api/v1/events."""
    values = dict(record.values)
    person = values.pop("person", None)
    if not isinstance(person, dict) or not set(person) <= {"id", "external_id", "email"}:
        raise Invalid("person must have one of id, external_id and email", field="person")
    tags, payload = values.pop("tags", []), values.pop("payload", {})
    occurred_at = values.pop("occurred_at", None)
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Invalid("tags must be a list of texts", field="tags")
    if not isinstance(payload, dict):
        raise Invalid("payload must be an object", field="payload")
    for name, value in (*values.items(), *person.items(), ("occurred_at", occurred_at)):
        if name not in COLUMNS and name != "id":
            raise Invalid(f"{name} is not a field of an event", field=str(name)[:50])
        if not isinstance(value, str) and not (name == "occurred_at" and value is None):
            raise Invalid(f"{name} must be text", field=name)
    return _event(
        record,
        now,
        person=PersonReference(**person),
        tags=tags,
        payload=payload,
        texts=values,
        occurred_at=occurred_at,
    )


def _event(
    record: Record,
    now: datetime,
    *,
    person: PersonReference,
    tags: list[str],
    payload: dict[str, Any],
    texts: dict[str, str],
    occurred_at: str | None,
) -> NewEvent:
    return check_event(
        person=person.key("person"),
        name=texts.get("name", ""),
        now=now,
        field="event",
        key=texts.get("key") or _key(record),
        category=texts.get("category", "custom"),
        sub_category=texts.get("sub_category", ""),
        source_id=texts.get("source_id", ""),
        tags=tuple(tags),
        occurred_at=parse_time(occurred_at, "occurred_at") if occurred_at else None,
        payload=payload,
    )


def _key(record: Record) -> str:
    """Without a key of its own a record is known by what it says and where it stands, so that a file is taken once."""
    digest = hashlib.sha256(json_text.encode_sorted(record.values)).hexdigest()
    return f"file:{record.number}:{digest[:32]}"


def _json(text: str, field: str) -> Any:
    try:
        return json_text.decode(text.encode())
    except ValueError:
        raise Invalid(f"{field} must be JSON", field=field, value=text) from None


def _scalar(text: str) -> Any:
    """A number, true, false or the text itself."""
    try:
        value = json_text.decode(text.encode())
    except ValueError:
        return text
    return value if isinstance(value, bool | int) or type(value).__name__ == "Decimal" else text


def _put(payload: dict[str, Any], path: list[str], value: Any, field: str) -> None:
    for name in path[:-1]:
        inner = payload.setdefault(name, {})
        if not isinstance(inner, dict):
            raise Invalid(f"{field} lies inside a value", field=field)
        payload = inner
    payload[path[-1]] = value

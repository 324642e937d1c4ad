"""The SQL of events: one insert a batch, look-ups by person, retractions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from laurel.base.ids import DepartmentId, PersonId
from laurel.database.pool import Row, Transaction, UniqueViolation, columns
from laurel.database.rows import add_row, add_row_once
from laurel.domain.events.model import Event, SomeRecorded

EventRow = tuple[Any, ...]
"""(person_id, event_key, name, category, sub_category, source_id, department_id, tags text, occurred_at, payload)."""

_INSERT = """
INSERT INTO event (organisation_id, person_id, event_key, name, category, sub_category, source_id, department_id,
                   tags, occurred_at, recorded_at, payload)
SELECT $1, e.person_id, e.event_key, h.name, h.category, h.sub_category, h.source_id, h.department_id,
       string_to_array(h.tags, E'\\x1f'), e.occurred_at, $2, e.payload
FROM unnest($3::bigint[], $4::text[], $5::integer[], $6::timestamptz[], $7::jsonb[])
     WITH ORDINALITY AS e(person_id, event_key, head, occurred_at, payload, place)
JOIN unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::text[])
     WITH ORDINALITY AS h(name, category, sub_category, source_id, department_id, tags, head) USING (head)
ORDER BY e.place
"""
_UNLESS_KNOWN = " ON CONFLICT DO NOTHING RETURNING person_id, event_key"
"""Costs a quarter more for each row, as PostgreSQL looks before it inserts and confirms afterwards."""
_COLUMN_COUNT = 10
_HEAD = slice(2, 8)
_HEAD_COUNT = 6
COLUMNS = ", ".join(Event.__struct_fields__)


async def insert(tx: Transaction, rows: Sequence[EventRow], recorded_at: datetime) -> None:
    """Record `rows`, which are taken to be new, in their order. The table's key decides: raises SomeRecorded when one of them
    is known, and then the transaction is of no use any more.
    """
    try:
        await tx.execute(_INSERT, tx.organisation_id, recorded_at, *_arguments(rows))
    except UniqueViolation:
        raise SomeRecorded from None


async def insert_returning(tx: Transaction, rows: Sequence[EventRow], recorded_at: datetime) -> set[tuple[int, str]]:
    """Record those of `rows` that are new, in their order; which (person_id, event_key) they were."""
    recorded = await tx.fetch(_INSERT + _UNLESS_KNOWN, tx.organisation_id, recorded_at, *_arguments(rows))
    return {(row["person_id"], row["event_key"]) for row in recorded}


def _arguments(rows: Sequence[EventRow]) -> list[list[Any]]:
    """The columns of `rows`; what many rows share (name to tags) is sent once and referred to by its place from 1."""
    heads: dict[tuple[Any, ...], int] = {}
    places = [heads.setdefault(row[_HEAD], len(heads) + 1) for row in rows]
    return [
        [row[0] for row in rows],
        [row[1] for row in rows],
        places,
        [row[8] for row in rows],
        [row[9] for row in rows],
        *columns(list(heads), _HEAD_COUNT),
    ]


async def differing(tx: Transaction, rows: Sequence[EventRow], timed: Sequence[bool]) -> set[tuple[int, str]]:
    """Which of `rows`, whose keys are all recorded, say something else than the record.

    `timed` tells whether the sender gave the time; a time of ours is not compared.
    """
    found = await tx.fetch(
        """
        SELECT e.person_id, e.event_key FROM event e
        JOIN unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[],
                    $10::timestamptz[], $11::jsonb[], $12::boolean[])
             AS n(person_id, event_key, name, category, sub_category, source_id, department_id, tags, occurred_at,
                  payload, timed)
          ON e.organisation_id = $1 AND e.person_id = n.person_id AND e.event_key = n.event_key AND e.person_id = ANY($2::bigint[])
        WHERE (e.name, e.category, e.sub_category, e.source_id) <> (n.name, n.category, n.sub_category, n.source_id)
           OR e.department_id IS DISTINCT FROM n.department_id OR e.payload <> n.payload
           OR e.tags IS DISTINCT FROM string_to_array(n.tags, E'\\x1f')
           OR (n.timed AND e.occurred_at <> n.occurred_at)
        """,
        tx.organisation_id,
        *columns(rows, _COLUMN_COUNT),
        timed,
    )
    return {(row["person_id"], row["event_key"]) for row in found}


async def of_people(
    tx: Transaction,
    person_ids: Sequence[PersonId],
    names: Sequence[str] | None,
    categories: Sequence[str] | None,
) -> list[Event]:
    """All events of these people that count (not retracted), in the order they were recorded.

    Only those with one of `names` or one of `categories`, when given (both None: all).
    """
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM event e
        WHERE e.organisation_id = $1 AND e.person_id = ANY($2::bigint[])
          AND ($3::text[] IS NULL OR e.name = ANY($3::text[]) OR e.category = ANY($4::text[]))
          AND NOT EXISTS (SELECT FROM event_retraction r WHERE r.organisation_id = $1 AND r.person_id = e.person_id
                          AND r.event_key = e.event_key)
        ORDER BY e.person_id, e.id
        """,
        tx.organisation_id,
        person_ids,
        names,
        categories or [],
    )
    return [Event.from_row(row) for row in rows]


async def recent_of_person(tx: Transaction, person_id: PersonId, limit: int) -> list[tuple[Event, bool]]:
    """The latest events of a person, newest first, each with whether it was retracted."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS}, EXISTS (SELECT FROM event_retraction r WHERE r.organisation_id = $1
                                  AND r.person_id = e.person_id AND r.event_key = e.event_key) AS retracted
        FROM event e WHERE e.organisation_id = $1 AND e.person_id = $2
        ORDER BY e.occurred_at DESC, e.id DESC LIMIT $3
        """,
        tx.organisation_id,
        person_id,
        limit,
    )
    return [(Event.from_row(row), row["retracted"]) for row in rows]


async def page_of_person(
    tx: Transaction, person_id: PersonId, *, name: str | None, before_id: int | None, limit: int
) -> list[tuple[Event, str | None]]:
    """A person's events that the caller may see, in the reverse order of recording, from below `before_id`, each with why it was retracted."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS}, (SELECT r.reason FROM event_retraction r WHERE r.organisation_id = $1
                           AND r.person_id = e.person_id AND r.event_key = e.event_key) AS retracted
        FROM event e WHERE e.organisation_id = $1 AND e.person_id = $2
          AND ($3::text IS NULL OR e.name = $3) AND ($4::bigint IS NULL OR e.id < $4){tx.in_department("e.department_id")}
        ORDER BY e.id DESC LIMIT $5
        """,
        tx.organisation_id,
        person_id,
        name,
        before_id,
        limit,
    )
    return [(Event.from_row(row), row["retracted"]) for row in rows]


async def find(tx: Transaction, person_id: PersonId, event_key: str) -> Event | None:
    """One event."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM event WHERE organisation_id = $1 AND person_id = $2 AND event_key = $3",
        tx.organisation_id,
        person_id,
        event_key,
    )
    return None if row is None else Event.from_row(row)


async def retract(tx: Transaction, person_id: PersonId, event_key: str, reason: str, now: datetime) -> bool:
    """Mark an event as retracted; False when it was already."""
    values = {"person_id": person_id, "event_key": event_key, "reason": reason, "retracted_at": now}
    return await add_row_once(tx, "event_retraction", values)


async def retract_some(
    tx: Transaction, person_id: PersonId, event_keys: Sequence[str], reason: str, now: datetime
) -> list[Event]:
    """Mark events as retracted; those that exist and were not retracted before, in the order they were recorded."""
    rows = await tx.fetch(
        f"""
        WITH gone AS (
            INSERT INTO event_retraction (organisation_id, person_id, event_key, reason, retracted_at)
            SELECT $1, $2, e.event_key, $4, $5 FROM event e
            WHERE e.organisation_id = $1 AND e.person_id = $2 AND e.event_key = ANY($3::text[])
            ON CONFLICT DO NOTHING RETURNING event_key
        )
        SELECT {COLUMNS} FROM event e
        WHERE organisation_id = $1 AND person_id = $2 AND event_key IN (SELECT event_key FROM gone) ORDER BY id
        """,
        tx.organisation_id,
        person_id,
        event_keys,
        reason,
        now,
    )
    return [Event.from_row(row) for row in rows]


async def between(tx: Transaction, person_id: PersonId, since: datetime, until: datetime) -> list[Event]:
    """A person's events that happened in [since, until) and count."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM event e
        WHERE e.organisation_id = $1 AND e.person_id = $2 AND e.occurred_at >= $3 AND e.occurred_at < $4
          AND NOT EXISTS (SELECT FROM event_retraction r WHERE r.organisation_id = $1 AND r.person_id = $2
                          AND r.event_key = e.event_key)
        ORDER BY e.id
        """,
        tx.organisation_id,
        person_id,
        since,
        until,
    )
    return [Event.from_row(row) for row in rows]


async def people_with_events(
    tx: Transaction, names: Sequence[str] | None, categories: Sequence[str] | None, after: PersonId, limit: int
) -> list[PersonId]:
    """Up to `limit` people, in order of id after `after`, who did something that may match."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT person_id FROM event
        WHERE organisation_id = $1 AND person_id > $2
          AND ($3::text[] IS NULL OR name = ANY($3::text[]) OR category = ANY($4::text[]))
        ORDER BY person_id LIMIT $5
        """,
        tx.organisation_id,
        after,
        names,
        categories or [],
        limit,
    )
    return [row["person_id"] for row in rows]


# --------------------------------------------------------------------------------------------------------------- links
async def insert_link(
    tx: Transaction,
    *,
    uid: str,
    name: str,
    payload: dict[str, Any],
    department_id: DepartmentId | None,
    single_use: bool,
    expires_at: datetime,
    now: datetime,
) -> None:
    """A new link."""
    values = {
        "uid": uid, "name": name, "payload": payload, "department_id": department_id, "single_use": single_use,
        "expires_at": expires_at, "created_at": now,
    }  # fmt: skip
    await add_row(tx, "event_link", values)


async def lock_link(tx: Transaction, uid: str) -> Row | None:
    """A link, locked until the transaction ends."""
    return await tx.fetchrow(
        """
        SELECT organisation_id, uid, name, payload, department_id, single_use, expires_at, used_by FROM event_link
        WHERE organisation_id = $1 AND uid = $2 FOR UPDATE
        """,
        tx.organisation_id,
        uid,
    )


async def mark_link(tx: Transaction, uid: str, person_id: PersonId, now: datetime) -> None:
    """Note who used a link."""
    await tx.execute(
        "UPDATE event_link SET used_by = $3, used_at = $4 WHERE organisation_id = $1 AND uid = $2",
        tx.organisation_id,
        uid,
        person_id,
        now,
    )


async def latest(tx: Transaction, within: int, limit: int) -> list[tuple[Event, bool]]:
    """The newest of the last `within` recorded events of the server that are this organisation's, each with whether it
    was retracted. Bounded by `within`, because nothing but a coarse index leads to the newest events.
    """
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS}, EXISTS (SELECT FROM event_retraction r WHERE r.organisation_id = $1
                                  AND r.person_id = e.person_id AND r.event_key = e.event_key) AS retracted
        FROM event e WHERE e.organisation_id = $1
          AND e.id > (SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('event', 'id')), 0)) - $2::bigint
        ORDER BY e.id DESC LIMIT $3
        """,
        tx.organisation_id,
        within,
        limit,
    )
    return [(Event.from_row(row), row["retracted"]) for row in rows]

"""The SQL of exports: one step of rows by key each, in the column order of model.COLUMNS."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from laurel.database.pool import Row, Transaction
from laurel.domain.exports.model import ExportFilter, Step, Subject

_NAME = "coalesce(t.names ->> o.language, jsonb_path_query_first(t.names, '$.*') #>> '{}', '')"
_STEPS: Mapping[Subject, str] = {
    "awards": f"""
        SELECT a.id, a.uid, p.uid, p.email,
               coalesce(nullif(p.display_name, ''), trim(p.first_name || ' ' || p.last_name)), t.uid, {_NAME},
               a.period, a.state, a.awarded_at, a.recorded_at, a.updated_at, a.source, a.score, a.points, a.xp,
               c.uid, a.revoked_at, a.revoke_reason
        FROM (SELECT * FROM award x
              WHERE x.organisation_id = $1 AND x.state <> 'pending' AND (x.updated_at, x.id) > ($2, $3)
                AND x.updated_at >= coalesce($5, x.updated_at) AND x.updated_at <= coalesce($6, x.updated_at)
                AND ($7::bigint IS NULL OR x.person_id = $7) AND ($8::bigint IS NULL OR x.achievement_id = $8)
                AND ($9::text IS NULL OR x.state = $9) AND $10::text IS NULL
              ORDER BY x.updated_at, x.id LIMIT $4) a
        JOIN organisation o ON o.organisation_id = a.organisation_id
        JOIN person p ON p.organisation_id = a.organisation_id AND p.id = a.person_id
        JOIN achievement t ON t.organisation_id = a.organisation_id AND t.id = a.achievement_id
        LEFT JOIN credential c ON c.organisation_id = a.organisation_id AND c.person_id = a.person_id
                              AND c.award_id = a.id AND c.deleted_at IS NULL
        ORDER BY a.updated_at, a.id
    """,
    "credentials": """
        SELECT c.id, c.uid, a.uid, p.uid, t.uid, c.fields ->> 'name', c.fields ->> 'recipient_name',
               c.fields ->> 'recipient_email', c.state, c.issued_on, c.issued_at, c.expires_at, c.revoked_at,
               c.revoke_reason, c.updated_at
        FROM (SELECT * FROM credential x
              WHERE x.organisation_id = $1 AND x.deleted_at IS NULL AND (x.updated_at, x.id) > ($2, $3)
                AND x.updated_at >= coalesce($5, x.updated_at) AND x.updated_at <= coalesce($6, x.updated_at)
                AND ($7::bigint IS NULL OR x.person_id = $7) AND ($8::bigint IS NULL OR x.achievement_id = $8)
                AND ($9::text IS NULL OR x.state = $9) AND $10::text IS NULL
              ORDER BY x.updated_at, x.id LIMIT $4) c
        JOIN award a ON a.organisation_id = c.organisation_id AND a.id = c.award_id
        JOIN person p ON p.organisation_id = c.organisation_id AND p.id = c.person_id
        JOIN achievement t ON t.organisation_id = c.organisation_id AND t.id = c.achievement_id
        ORDER BY c.updated_at, c.id
    """,
    "people": """
        SELECT p.id, p.uid, p.email, i.value, p.first_name, p.last_name, p.display_name, p.language, p.time_zone,
               p.created_at, p.updated_at, p.archived_at, p.deleted_at
        FROM (SELECT * FROM person x
              WHERE x.organisation_id = $1 AND (x.updated_at, x.id) > ($2, $3)
                AND x.updated_at >= coalesce($5, x.updated_at) AND x.updated_at <= coalesce($6, x.updated_at)
                AND ($7::bigint IS NULL OR x.id = $7) AND $8::bigint IS NULL AND $9::text IS NULL AND $10::text IS NULL
              ORDER BY x.updated_at, x.id LIMIT $4) p
        LEFT JOIN person_identifier i ON i.organisation_id = p.organisation_id AND i.kind = 'external'
                                     AND i.person_id = p.id
        ORDER BY p.updated_at, p.id
    """,
}
_CHANGED = {"awards": 11, "credentials": 14, "people": 10}
"""Which column a step goes on from, beside the number in the first."""

_EVENTS = """
SELECT e.id, e.event_key, p.uid, e.name, e.category, e.sub_category, e.source_id, coalesce(e.tags, '{}'), e.occurred_at,
       e.recorded_at, EXISTS (SELECT FROM event_retraction r WHERE r.organisation_id = $1
                              AND r.person_id = e.person_id AND r.event_key = e.event_key), e.payload
FROM event e JOIN person p ON p.organisation_id = $1 AND p.id = e.person_id
WHERE e.organisation_id = $1 AND e.id > $2 AND e.id <= $3
  AND e.recorded_at >= coalesce($4, e.recorded_at) AND e.recorded_at <= coalesce($5, e.recorded_at)
  AND ($6::bigint IS NULL OR e.person_id = $6) AND ($7::text IS NULL OR e.name = $7)
ORDER BY e.id
"""


async def step(
    tx: Transaction, subject: Subject, wanted: ExportFilter, after: Step, limit: int
) -> tuple[list[Row], Step | None]:
    """The next rows of awards, credentials or people in the order they changed, and where to go on; None at the end."""
    rows = await tx.fetch(
        _STEPS[subject],
        tx.organisation_id,
        after.at or _BEFORE_ALL,
        after.number,
        limit,
        wanted.since,
        wanted.until,
        wanted.person_id,
        wanted.achievement_id,
        wanted.state,
        wanted.name,
    )
    if len(rows) < limit:
        return rows, None
    return rows, Step(rows[-1][_CHANGED[subject]], rows[-1][0])


_BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)


async def bounds_of_events(tx: Transaction, wanted: ExportFilter) -> tuple[int, int]:
    """Between which numbers (exclusive, inclusive) the wanted events lie."""
    row = await tx.fetchrow(
        """
        SELECT min(id) - 1, max(id) FROM event
        WHERE organisation_id = $1 AND ($2::timestamptz IS NULL OR recorded_at >= $2)
          AND ($3::bigint IS NULL OR person_id = $3)
        """,
        tx.organisation_id,
        wanted.since,
        wanted.person_id,
    )
    return (0, 0) if row is None or row[0] is None else (row[0], row[1])


async def events_between(tx: Transaction, wanted: ExportFilter, after: int, upto: int) -> list[Row]:
    """Events with numbers after `after` up to `upto`: a stretch of the table, as it lies on disk."""
    return await tx.fetch(
        _EVENTS, tx.organisation_id, after, upto, wanted.since, wanted.until, wanted.person_id, wanted.name
    )


async def estimate(tx: Transaction, subject: Subject, wanted: ExportFilter) -> int:
    """How many rows there are about (filters by person, achievement and such are not looked at), for progress bars."""
    table = {"awards": "award", "credentials": "credential", "events": "event", "people": "person"}[subject]
    changed = "recorded_at" if subject == "events" else "updated_at"
    count: int = await tx.fetchval(
        f"SELECT count(*) FROM {table} WHERE organisation_id = $1 AND ($2::timestamptz IS NULL OR {changed} >= $2)",
        tx.organisation_id,
        wanted.since,
    )
    return count


async def titles(tx: Transaction) -> Any:
    """(organisation uid, name, language) for statements."""
    return await tx.fetchrow(
        "SELECT uid, name, language FROM organisation WHERE organisation_id = $1", tx.organisation_id
    )

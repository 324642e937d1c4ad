"""The SQL of identifiers. Decides nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from laurel.base.ids import PersonId, new_uids
from laurel.database.pool import Transaction
from laurel.database.rows import add_row_once


async def ids_by_value(tx: Transaction, kind: str, values: Sequence[str]) -> dict[str, PersonId]:
    """Living people's ids by an identifier of `kind`."""
    rows = await tx.fetch(
        """
        SELECT i.value, i.person_id FROM person_identifier i
        WHERE i.organisation_id = $1 AND i.kind = $2 AND i.value = ANY($3::text[])
        """,
        tx.organisation_id,
        kind,
        values,
    )
    return {row["value"]: row["person_id"] for row in rows}


async def create_people(tx: Transaction, kind: str, values: Sequence[str], now: datetime) -> dict[str, PersonId]:
    """People for those of `values` that nobody has yet; only the ones created here are answered.

    The identifier's constraint decides races: a loser's value is absent and must be looked up again.
    """
    rows = await tx.fetch(
        """
        WITH wanted AS (
            SELECT value, uid, nextval(pg_get_serial_sequence('person', 'id')) AS id
            FROM unnest($3::text[], $4::text[]) AS w(value, uid) ORDER BY value
        ), won AS (
            INSERT INTO person_identifier (organisation_id, kind, value, person_id)
            SELECT $1, $2, value, id FROM wanted ON CONFLICT DO NOTHING RETURNING value, person_id
        ), made AS (
            INSERT INTO person (organisation_id, id, uid, display_name, created_at, updated_at)
            SELECT $1, won.person_id, wanted.uid, CASE WHEN $2 = 'external' THEN won.value ELSE '' END, $5, $5
            FROM won JOIN wanted ON wanted.id = won.person_id
        )
        SELECT value, person_id FROM won
        """,
        tx.organisation_id,
        kind,
        values,
        new_uids(len(values)),
        now,
    )
    return {row["value"]: row["person_id"] for row in rows}


async def insert(tx: Transaction, person_id: PersonId, kind: str, value: str) -> bool:
    """Give a person an identifier; False when somebody has it. The table's key decides races."""
    return await add_row_once(tx, "person_identifier", {"kind": kind, "value": value, "person_id": person_id})


async def insert_many(tx: Transaction, kind: str, values: Mapping[PersonId, str]) -> None:
    """Give people identifiers of a kind, where nobody has them."""
    await tx.execute(
        """
        INSERT INTO person_identifier (organisation_id, kind, value, person_id)
        SELECT $1, $2, n.value, n.person_id FROM unnest($3::bigint[], $4::text[]) AS n(person_id, value)
        ORDER BY n.person_id ON CONFLICT DO NOTHING
        """,
        tx.organisation_id,
        kind,
        list(values),
        list(values.values()),
    )


async def remove(tx: Transaction, person_id: PersonId, kinds: Sequence[str] | None = None) -> None:
    """Free a person's identifiers: those of `kinds`, or all."""
    await tx.execute(
        """
        DELETE FROM person_identifier
        WHERE organisation_id = $1 AND person_id = $2 AND ($3::text[] IS NULL OR kind = ANY($3::text[]))
        """,
        tx.organisation_id,
        person_id,
        kinds,
    )


async def of_people(tx: Transaction, person_ids: Sequence[PersonId]) -> dict[PersonId, dict[str, str]]:
    """The identifiers of people, by kind."""
    rows = await tx.fetch(
        """
        SELECT person_id, kind, value FROM person_identifier
        WHERE organisation_id = $1 AND person_id = ANY($2::bigint[]) ORDER BY person_id, kind
        """,
        tx.organisation_id,
        person_ids,
    )
    found: dict[PersonId, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["person_id"], {})[row["kind"]] = row["value"]
    return found

"""The SQL of statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from laurel.base import json_text
from laurel.base.ids import PersonId
from laurel.database.pool import Transaction, columns
from laurel.domain.statements.model import Kept, NewStatement, Wanted


async def kept(tx: Transaction, ids: Sequence[str]) -> dict[str, Kept]:
    """Those of `ids` that were recorded before."""
    rows = await tx.fetch(
        """
        SELECT statement_id, said, person_id, verb, voided FROM statement
        WHERE organisation_id = $1 AND statement_id = ANY($2::uuid[])
        """,
        tx.organisation_id,
        ids,
    )
    return {str(row["statement_id"]): Kept(row["said"], row["person_id"], row["verb"], row["voided"]) for row in rows}


async def insert(tx: Transaction, new: Sequence[tuple[NewStatement, PersonId | None]], now: datetime) -> int:
    """Record statements; how many were new. The table's key decides."""
    rows = [
        (one.id, person_id, one.verb, one.activity, one.registration, one.said, json_text.encode(one.document))
        for one, person_id in new
    ]
    return await tx.execute(
        """
        INSERT INTO statement (organisation_id, stored, statement_id, person_id, verb, activity, registration, said,
                               document)
        SELECT $1, $2, s.* FROM unnest($3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::uuid[], $8::bytea[],
                                       $9::jsonb[]) AS s
        ON CONFLICT DO NOTHING
        """,
        tx.organisation_id,
        now,
        *columns(rows, 7),
    )


async def mark_voided(tx: Transaction, statement_id: str) -> None:
    """Note that a statement was taken back."""
    await tx.execute(
        "UPDATE statement SET voided = true WHERE organisation_id = $1 AND statement_id = $2::uuid",
        tx.organisation_id,
        statement_id,
    )


async def find(tx: Transaction, statement_id: str, *, voided: bool) -> dict[str, Any] | None:
    """The document of one statement that is, or is not, voided."""
    document: dict[str, Any] | None = await tx.fetchval(
        "SELECT document FROM statement WHERE organisation_id = $1 AND statement_id = $2::uuid AND voided = $3",
        tx.organisation_id,
        statement_id,
        voided,
    )
    return document


async def listed(tx: Transaction, wanted: Wanted, limit: int) -> list[tuple[int, dict[str, Any]]]:
    """(number, document) of statements that are not voided, in the order they were stored or against it."""
    way, beyond = ("ASC", ">") if wanted.ascending else ("DESC", "<")
    rows = await tx.fetch(
        f"""
        SELECT id, document FROM statement
        WHERE organisation_id = $1 AND NOT voided AND ($2::bigint IS NULL OR person_id = $2)
          AND ($3::text IS NULL OR verb = $3) AND ($4::text IS NULL OR activity = $4)
          AND ($5::uuid IS NULL OR registration = $5) AND ($6::timestamptz IS NULL OR stored > $6)
          AND ($7::timestamptz IS NULL OR stored <= $7) AND ($8::bigint IS NULL OR id {beyond} $8)
        ORDER BY id {way} LIMIT $9
        """,
        tx.organisation_id,
        wanted.person_id,
        wanted.verb,
        wanted.activity,
        wanted.registration,
        wanted.since,
        wanted.until,
        wanted.beyond,
        limit,
    )
    return [(row["id"], row["document"]) for row in rows]

"""The SQL of the yearly allowance of credentials. Decides nothing."""

from collections.abc import Sequence

from laurel.base.ids import PersonId
from laurel.database.pool import Transaction

_LOCK = 0x1A0E_E3  # any constant: one writer of an organisation's allowance at a time


async def lock(tx: Transaction) -> None:
    """Wait for other writers of this organisation's allowance; held until the transaction ends."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock($1::integer, ($2::bigint % 2147483647)::integer)",
        _LOCK,
        tx.organisation_id,
    )


async def allowed(tx: Transaction, year: int, people: Sequence[PersonId]) -> set[PersonId]:
    """Those of `people` who were issued to in `year`."""
    rows = await tx.fetch(
        """
        SELECT person_id FROM credential_allowance
        WHERE organisation_id = $1 AND year = $2 AND person_id = ANY($3::bigint[])
        """,
        tx.organisation_id,
        year,
        people,
    )
    return {row["person_id"] for row in rows}


async def count(tx: Transaction, year: int) -> int:
    """How many people were issued to in `year`."""
    counted = await tx.fetchval(
        "SELECT count(*) FROM credential_allowance WHERE organisation_id = $1 AND year = $2", tx.organisation_id, year
    )
    return int(counted)


async def insert(tx: Transaction, year: int, people: Sequence[PersonId]) -> None:
    """Note who is issued to in `year`."""
    await tx.execute(
        """
        INSERT INTO credential_allowance (organisation_id, year, person_id) SELECT $1, $2, unnest($3::bigint[])
        ON CONFLICT DO NOTHING
        """,
        tx.organisation_id,
        year,
        people,
    )

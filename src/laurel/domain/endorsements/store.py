"""The SQL of endorsements."""

from collections.abc import Sequence
from datetime import datetime

from laurel.base.ids import new_uid
from laurel.database.pool import Transaction
from laurel.database.rows import insert_row_once
from laurel.domain.endorsements.model import Endorsement, Kind, NewEndorsement

_COLUMNS = ", ".join(Endorsement.__struct_fields__)


async def insert(tx: Transaction, new: NewEndorsement, now: datetime) -> Endorsement | None:
    """Keep one; None when the same one is kept for the same thing."""
    values = {"uid": new_uid(), **new._asdict(), "created_at": now}
    row = await insert_row_once(tx, "endorsement", values, _COLUMNS)
    return None if row is None else Endorsement.from_row(row)


async def listed(tx: Transaction, kind: Kind, subject_id: int | None) -> list[Endorsement]:
    """All endorsements of one thing, the oldest first."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM endorsement
        WHERE organisation_id = $1 AND kind = $2 AND subject_id IS NOT DISTINCT FROM $3 AND removed_at IS NULL
        ORDER BY id
        """,
        tx.organisation_id,
        kind,
        subject_id,
    )
    return [Endorsement.from_row(row) for row in rows]


async def signed_for_others(tx: Transaction, before_id: int | None, limit: int) -> list[Endorsement]:
    """Our own of what is elsewhere, the newest first."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM endorsement
        WHERE organisation_id = $1 AND kind = 'elsewhere' AND removed_at IS NULL AND ($2::bigint IS NULL OR id < $2)
        ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        before_id,
        limit,
    )
    return [Endorsement.from_row(row) for row in rows]


async def find(tx: Transaction, uid: str) -> Endorsement | None:
    """The endorsement with this uid."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM endorsement WHERE organisation_id = $1 AND uid = $2 AND removed_at IS NULL",
        tx.organisation_id,
        uid,
    )
    return None if row is None else Endorsement.from_row(row)


async def remove(tx: Transaction, endorsement_id: int, now: datetime) -> None:
    """Keep one no more; of one with a place in a status list only that."""
    await tx.execute(
        "DELETE FROM endorsement WHERE organisation_id = $1 AND id = $2 AND status_list_id IS NULL",
        tx.organisation_id,
        endorsement_id,
    )
    await tx.execute(
        "UPDATE endorsement SET removed_at = $3 WHERE organisation_id = $1 AND id = $2",
        tx.organisation_id,
        endorsement_id,
        now,
    )


async def revoke(tx: Transaction, identity: bytes, reason: str, now: datetime) -> list[Endorsement]:
    """Mark one of our own as revoked wherever it is kept, and as it was kept before it was removed; the rows of it."""
    rows = await tx.fetch(
        f"""
        UPDATE endorsement SET revoked_at = $3, revoke_reason = $4
        WHERE organisation_id = $1 AND identity = $2 AND own AND revoked_at IS NULL RETURNING {_COLUMNS}
        """,
        tx.organisation_id,
        identity,
        now,
        reason,
    )
    return [Endorsement.from_row(row) for row in rows]


async def delete_signed_with(tx: Transaction, key_name: str) -> list[Endorsement]:
    """Keep none of our own whose proof names a key; those that there were, the oldest first."""
    rows = await tx.fetch(
        f"""
        WITH gone AS (
            DELETE FROM endorsement
            WHERE organisation_id = $1 AND own AND NOT token AND position($2 in content) > 0 RETURNING {_COLUMNS})
        SELECT * FROM gone ORDER BY id
        """,
        tx.organisation_id,
        key_name,
    )
    return [Endorsement.from_row(row) for row in rows]


async def of(
    tx: Transaction, achievement_ids: Sequence[int], credential_ids: Sequence[int], now: datetime
) -> list[Endorsement]:
    """What stands, and has not run out, of the issuer, these achievements and these credentials, the oldest first."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM endorsement
        WHERE organisation_id = $1 AND (valid_until IS NULL OR valid_until > $4)
          AND revoked_at IS NULL AND removed_at IS NULL
          AND (kind = 'issuer' OR (kind = 'achievement' AND subject_id = ANY($2::bigint[]))
               OR (kind = 'credential' AND subject_id = ANY($3::bigint[])))
        ORDER BY id
        """,
        tx.organisation_id,
        achievement_ids,
        credential_ids,
        now,
    )
    return [Endorsement.from_row(row) for row in rows]

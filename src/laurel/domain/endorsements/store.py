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
        WHERE organisation_id = $1 AND kind = $2 AND subject_id IS NOT DISTINCT FROM $3 ORDER BY id
        """,
        tx.organisation_id,
        kind,
        subject_id,
    )
    return [Endorsement.from_row(row) for row in rows]


async def find(tx: Transaction, uid: str) -> Endorsement | None:
    """The endorsement with this uid."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM endorsement WHERE organisation_id = $1 AND uid = $2", tx.organisation_id, uid
    )
    return None if row is None else Endorsement.from_row(row)


async def delete(tx: Transaction, endorsement_id: int) -> None:
    """Keep one no more."""
    await tx.execute(
        "DELETE FROM endorsement WHERE organisation_id = $1 AND id = $2", tx.organisation_id, endorsement_id
    )


async def delete_signed_with(tx: Transaction, key_name: str) -> int:
    """Keep none of our own whose proof names a key; how many there were."""
    return await tx.execute(
        "DELETE FROM endorsement WHERE organisation_id = $1 AND own AND NOT token AND position($2 in content) > 0",
        tx.organisation_id,
        key_name,
    )


async def of(
    tx: Transaction, achievement_ids: Sequence[int], credential_ids: Sequence[int], now: datetime
) -> list[Endorsement]:
    """What has not run out of the issuer, these achievements and these credentials, the oldest first."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM endorsement
        WHERE organisation_id = $1 AND (valid_until IS NULL OR valid_until > $4)
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

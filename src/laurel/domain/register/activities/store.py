"""The SQL of what happened to credentials since they were issued. Decides nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from laurel.base.ids import AchievementId, CredentialId
from laurel.database.pool import Row, Transaction
from laurel.domain.register.model import Activity


def _activity(row: Row) -> Activity:
    return Activity(**row)


async def insert(
    tx: Transaction, credentials: Sequence[tuple[CredentialId, AchievementId, str | None]], event: str, at: datetime
) -> None:
    """Note the same event for some credentials."""
    await tx.execute(
        """
        INSERT INTO credential_activity (organisation_id, credential_id, achievement_id, license_id, event, at)
        SELECT $1, c.credential_id, c.achievement_id, c.license_id, $5, $6
        FROM unnest($2::bigint[], $3::bigint[], $4::text[]) AS c(credential_id, achievement_id, license_id)
        """,
        tx.organisation_id,
        [credential[0] for credential in credentials],
        [credential[1] for credential in credentials],
        [credential[2] for credential in credentials],
        event,
        at,
    )


async def activities_of(tx: Transaction, credential_id: CredentialId, limit: int) -> list[Activity]:
    """What happened to one credential, oldest first."""
    rows = await tx.fetch(
        """
        SELECT id, credential_id, achievement_id, license_id, event, at FROM credential_activity
        WHERE organisation_id = $1 AND credential_id = $2 ORDER BY id LIMIT $3
        """,
        tx.organisation_id,
        credential_id,
        limit,
    )
    return [_activity(row) for row in rows]


async def events_seen(tx: Transaction, credential_ids: Sequence[CredentialId]) -> dict[CredentialId, set[str]]:
    """Which events each credential has had."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT credential_id, event FROM credential_activity
        WHERE organisation_id = $1 AND credential_id = ANY($2::bigint[])
        """,
        tx.organisation_id,
        credential_ids,
    )
    seen: dict[CredentialId, set[str]] = {}
    for row in rows:
        seen.setdefault(row["credential_id"], set()).add(row["event"])
    return seen


_ACTIVITIES = """
FROM credential_activity v
WHERE v.organisation_id = $1 AND ($2::timestamptz IS NULL OR v.at >= $2) AND ($3::timestamptz IS NULL OR v.at < $3)
  AND ($4::bigint IS NULL OR v.achievement_id = $4)
  AND ($5::bigint IS NULL OR v.achievement_id IN (
       SELECT d.id FROM achievement d
       WHERE d.organisation_id = $1 AND (d.department_id = $5 OR ($6 AND d.department_id IS NULL))))
"""


async def page(tx: Transaction, wanted: tuple[Any, ...], *, limit: int, offset: int) -> tuple[list[Activity], int]:
    """(a page, how many in all), newest last. `wanted`: since, before, achievement, department, is it the default."""
    rows = await tx.fetch(
        f"""
        SELECT v.id, v.credential_id, v.achievement_id, v.license_id, v.event, v.at {_ACTIVITIES}
        ORDER BY v.at, v.id LIMIT $7 OFFSET $8
        """,
        tx.organisation_id,
        *wanted,
        limit,
        offset,
    )
    total = await tx.fetchval(f"SELECT count(*) {_ACTIVITIES}", tx.organisation_id, *wanted)
    return [_activity(row) for row in rows], int(total)

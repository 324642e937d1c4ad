"""The SQL of what was taken over."""

from collections.abc import Sequence
from datetime import datetime

from laurel.base.ids import AchievementId
from laurel.database.pool import Transaction


async def known(tx: Transaction, origin: str, origin_ids: Sequence[str]) -> set[str]:
    """Those of `origin_ids` that were taken over before."""
    rows = await tx.fetch(
        """
        SELECT origin_id FROM imported_credential
        WHERE organisation_id = $1 AND origin = $2 AND origin_id = ANY($3::text[])
        """,
        tx.organisation_id,
        origin,
        origin_ids,
    )
    return {row["origin_id"] for row in rows}


async def claim(tx: Transaction, origin: str, origin_ids: Sequence[str], now: datetime) -> set[str]:
    """Mark as taken over; those that were not before. The table's key decides."""
    rows = await tx.fetch(
        """
        INSERT INTO imported_credential (organisation_id, origin, origin_id, imported_at)
        SELECT $1, $2, unnest($3::text[]), $4 ON CONFLICT DO NOTHING RETURNING origin_id
        """,
        tx.organisation_id,
        origin,
        sorted(origin_ids),
        now,
    )
    return {row["origin_id"] for row in rows}


async def achievements_named(tx: Transaction, names: Sequence[str]) -> dict[str, AchievementId]:
    """Achievements that have one of `names` in some language; the oldest of several."""
    rows = await tx.fetch(
        """
        SELECT n.value AS name, min(a.id) AS id FROM achievement a, jsonb_each_text(a.names) n
        WHERE a.organisation_id = $1 AND a.deleted_at IS NULL AND n.value = ANY($2::text[]) GROUP BY n.value
        """,
        tx.organisation_id,
        names,
    )
    return {row["name"]: row["id"] for row in rows}

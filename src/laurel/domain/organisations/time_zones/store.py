"""The SQL of the time zones that an organisation has left. Decides nothing."""

from datetime import datetime

from laurel.database.pool import Transaction


async def past(tx: Transaction) -> list[tuple[datetime, str]]:
    """The zones before the present one, each with the first instant of the next, ascending."""
    rows = await tx.fetch(
        "SELECT until, time_zone FROM organisation_past_zone WHERE organisation_id = $1 ORDER BY until",
        tx.organisation_id,
    )
    return [(row["until"], row["time_zone"]) for row in rows]


async def leave(tx: Transaction, time_zone: str, now: datetime) -> int:
    """Before the organisation's zone is changed to `time_zone`: note the one left, and until when; how many that makes.

    The old zone stays in force until after the last event that was counted by it (they may be dated a day ahead). While
    nothing was recorded there is nothing to keep apart. What was compiled by the old zone is compiled anew.
    """
    await tx.execute(
        """
        UPDATE organisation SET rules_version = rules_version + 1
        WHERE organisation_id = $1 AND time_zone <> $2
        """,
        tx.organisation_id,
        time_zone,
    )
    await tx.execute(
        """
        INSERT INTO organisation_past_zone (organisation_id, until, time_zone)
        SELECT $1, greatest($3::timestamptz, counted.until, moved.until), o.time_zone FROM organisation o
        CROSS JOIN (SELECT max(occurred_at) + interval '1 microsecond' AS until FROM event
                    WHERE organisation_id = $1 AND occurred_at >= $3
                      AND recorded_at >= $3::timestamptz - interval '2 days') AS counted
        CROSS JOIN (SELECT max(until) AS until FROM organisation_past_zone WHERE organisation_id = $1) AS moved
        WHERE o.organisation_id = $1 AND o.time_zone <> $2 AND EXISTS (SELECT FROM event WHERE organisation_id = $1)
        ON CONFLICT DO NOTHING
        """,
        tx.organisation_id,
        time_zone,
        now,
    )
    count: int = await tx.fetchval(
        "SELECT count(*) FROM organisation_past_zone WHERE organisation_id = $1", tx.organisation_id
    )
    return count

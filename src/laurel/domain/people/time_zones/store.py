"""The SQL of the time zones that people live in, and lived in. Decides nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from laurel.base.ids import PersonId
from laurel.database.pool import Transaction


class Zones(NamedTuple):
    """The time zone a person is in, and those before, each with the first instant of the next; None: the organisation's."""

    present: str | None
    past: list[tuple[datetime, str | None]]


async def of_people(tx: Transaction, person_ids: Sequence[PersonId]) -> dict[PersonId, Zones]:
    """The time zones of people; whoever never had one is absent."""
    rows = await tx.fetch(
        """
        SELECT id, NULL::timestamptz AS until, time_zone FROM person
        WHERE organisation_id = $1 AND id = ANY($2::bigint[]) AND time_zone IS NOT NULL
        UNION ALL
        SELECT person_id, until, time_zone FROM past_time_zone
        WHERE organisation_id = $1 AND person_id = ANY($2::bigint[])
        ORDER BY 1, 2
        """,
        tx.organisation_id,
        person_ids,
    )
    found: dict[PersonId, Zones] = {}
    for person_id, until, time_zone in rows:
        known = found.get(person_id, Zones(None, []))
        if until is None:
            known = Zones(time_zone, known.past)
        else:
            known.past.append((until, time_zone))
        found[person_id] = known
    return found


async def move(tx: Transaction, person_id: PersonId, time_zone: str | None, now: datetime) -> int:
    """Before a person's zone is changed to `time_zone`: note the one left, and until when; how many that makes.

    Takes the person's lock. The old zone stays in force until after the last event that was counted by it.
    """
    await tx.execute(
        "SELECT FROM progress WHERE organisation_id = $1 AND person_id = $2 FOR NO KEY UPDATE",
        tx.organisation_id,
        person_id,
    )
    await tx.execute(
        """
        INSERT INTO past_time_zone (organisation_id, person_id, until, time_zone)
        SELECT $1, $2, greatest($4::timestamptz, counted.until, moved.until), p.time_zone FROM person p
        CROSS JOIN (SELECT max(occurred_at) + interval '1 microsecond' AS until FROM event
                    WHERE organisation_id = $1 AND person_id = $2 AND occurred_at >= $4) AS counted
        CROSS JOIN (SELECT max(until) AS until FROM past_time_zone
                    WHERE organisation_id = $1 AND person_id = $2) AS moved
        WHERE p.organisation_id = $1 AND p.id = $2 AND p.time_zone IS DISTINCT FROM $3
        ON CONFLICT DO NOTHING
        """,
        tx.organisation_id,
        person_id,
        time_zone,
        now,
    )
    count: int = await tx.fetchval(
        "SELECT count(*) FROM past_time_zone WHERE organisation_id = $1 AND person_id = $2",
        tx.organisation_id,
        person_id,
    )
    return count


async def forget(tx: Transaction, person_id: PersonId) -> None:
    """Drop where a person was before."""
    await tx.execute(
        "DELETE FROM past_time_zone WHERE organisation_id = $1 AND person_id = $2", tx.organisation_id, person_id
    )

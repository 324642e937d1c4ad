"""The SQL of awards, and of the counters of who holds what. Decides nothing."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from laurel.base import json_text
from laurel.base.ids import AchievementId, AwardId, PersonId, new_uids
from laurel.database.pool import Transaction, columns
from laurel.database.rows import update_row
from laurel.domain.achievements.model import Award, Awarded, NewAward

COLUMNS = ", ".join(Award.__struct_fields__)


async def insert(tx: Transaction, awards: Sequence[NewAward], now: datetime) -> list[Award]:
    """Make the awards that do not exist yet, and answer those only. The table's key decides who won a race."""
    rows = [
        (
            new.person_id,
            new.achievement_id,
            new.period,
            new.state,
            new.awarded_at,
            new.source,
            new.source_event_key,
            new.claim,
            new.score,
            json_text.encode(new.results),
            new.quiet,
            new.level,
            uid,
        )
        for new, uid in zip(awards, new_uids(len(awards)), strict=True)
    ]
    rows.sort(key=lambda row: row[:3])
    inserted = await tx.fetch(
        f"""
        INSERT INTO award (organisation_id, person_id, uid, achievement_id, period, state, awarded_at, recorded_at,
                           updated_at, source, source_event_key, claim, score, results, quiet, level)
        SELECT $1, a.person_id, a.uid, a.achievement_id, a.period, a.state, a.awarded_at, $2, $2, a.source,
               a.source_event_key, a.claim, a.score, a.results, a.quiet, a.level
        FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::text[],
                    $10::text[], $11::text[], $12::jsonb[], $13::boolean[], $14::smallint[], $15::text[])
             AS a(person_id, achievement_id, period, state, awarded_at, source, source_event_key, claim, score, results,
                  quiet, level, uid)
        ON CONFLICT DO NOTHING RETURNING {COLUMNS}
        """,
        tx.organisation_id,
        now,
        *columns(rows, 13),
    )
    return [Award.from_row(row) for row in inserted]


async def set_paid(tx: Transaction, paid: Sequence[tuple[AwardId, PersonId, Any, Any]]) -> None:
    """Note on awards what they paid: (award, person, points, xp)."""
    if paid:
        await tx.execute(
            """
            UPDATE award a SET points = p.points, xp = p.xp
            FROM unnest($2::bigint[], $3::bigint[], $4::numeric[], $5::numeric[]) AS p(id, person_id, points, xp)
            WHERE a.organisation_id = $1 AND a.id = p.id AND a.person_id = p.person_id AND a.id = ANY($2::bigint[])
            """,
            tx.organisation_id,
            *columns(paid, 4),
        )


async def find(tx: Transaction, uid: str) -> Award | None:
    """The award with this uid."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS} FROM award
        WHERE organisation_id = $1 AND uid = $2{tx.of_achievements_in_department()}
        """,
        tx.organisation_id,
        uid,
    )
    return None if row is None else Award.from_row(row)


async def lock(tx: Transaction, award_id: AwardId) -> Award | None:
    """The award, locked until the transaction ends."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM award WHERE organisation_id = $1 AND id = $2 FOR UPDATE",
        tx.organisation_id,
        award_id,
    )
    return None if row is None else Award.from_row(row)


async def find_many(tx: Transaction, ids: Sequence[AwardId]) -> dict[AwardId, Award]:
    """Awards by integer id."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM award WHERE organisation_id = $1 AND id = ANY($2::bigint[])",
        tx.organisation_id,
        ids,
    )
    return {row["id"]: Award.from_row(row) for row in rows}


async def find_awarded(tx: Transaction, ids: Sequence[AwardId]) -> dict[AwardId, Awarded]:
    """As find_many, of many no more than their credentials need."""
    rows = await tx.fetch(
        "SELECT id, uid, awarded_at, quiet FROM award WHERE organisation_id = $1 AND id = ANY($2::bigint[])",
        tx.organisation_id,
        ids,
    )
    return {row["id"]: Awarded.from_row(row) for row in rows}


async def of_person(
    tx: Transaction,
    person_id: PersonId,
    *,
    achievement_id: AchievementId | None = None,
    before_id: int | None = None,
    limit: int = 1_000,
    pending: bool = False,
    shown: bool = False,
) -> list[Award]:
    """A person's awards (pending ones only if asked for), newest first, from below `before_id`; shown: only those that
    the caller may see.
    """
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM award
        WHERE organisation_id = $1 AND person_id = $2 AND (state <> 'pending' OR $6)
          AND ($3::bigint IS NULL OR achievement_id = $3) AND ($4::bigint IS NULL OR id < $4)
          {tx.of_achievements_in_department() if shown else ""}
        ORDER BY id DESC LIMIT $5
        """,
        tx.organisation_id,
        person_id,
        achievement_id,
        before_id,
        limit,
        pending,
    )
    return [Award.from_row(row) for row in rows]


async def of_people(tx: Transaction, person_ids: Sequence[PersonId], limit: int) -> dict[PersonId, list[Award]]:
    """People's awards that are not pending, newest first, `limit` of each at most."""
    rows = await tx.fetch(
        f"""
        SELECT w.* FROM unnest($2::bigint[]) AS wanted(person_id) CROSS JOIN LATERAL (
            SELECT {COLUMNS} FROM award
            WHERE organisation_id = $1 AND person_id = wanted.person_id AND state <> 'pending' ORDER BY id DESC LIMIT $3
        ) w ORDER BY w.id DESC
        """,
        tx.organisation_id,
        person_ids,
        limit,
    )
    found: dict[PersonId, list[Award]] = {person_id: [] for person_id in person_ids}
    for row in rows:
        found[row["person_id"]].append(Award.from_row(row))
    return found


async def newest(
    tx: Transaction,
    *,
    achievement_id: AchievementId | None,
    person_id: PersonId | None,
    state: str | None,
    before_id: int | None,
    limit: int,
) -> list[Award]:
    """Awards that the caller may see, newest first, from below `before_id`; None means any."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM award
        WHERE organisation_id = $1 AND ($2::bigint IS NULL OR achievement_id = $2)
          AND ($3::bigint IS NULL OR person_id = $3) AND ($4::text IS NULL OR state = $4)
          AND ($5::bigint IS NULL OR id < $5){tx.of_achievements_in_department()}
        ORDER BY id DESC LIMIT $6
        """,
        tx.organisation_id,
        achievement_id,
        person_id,
        state,
        before_id,
        limit,
    )
    return [Award.from_row(row) for row in rows]


async def held(tx: Transaction, person_ids: Sequence[PersonId]) -> dict[PersonId, list[str]]:
    """What people hold: the uids of achievements with an active award, in the order they were first awarded. Deleted
    achievements are left out, archived ones are not.
    """
    rows = await tx.fetch(
        f"""
        SELECT w.person_id, a.uid FROM award w
        JOIN achievement a ON a.organisation_id = w.organisation_id AND a.id = w.achievement_id AND a.deleted_at IS NULL
        WHERE w.organisation_id = $1 AND w.person_id = ANY($2::bigint[]) AND w.state = 'active'
              {tx.in_department("a.department_id")}
        GROUP BY w.person_id, a.uid ORDER BY w.person_id, min(w.id)
        """,
        tx.organisation_id,
        person_ids,
    )
    found: dict[PersonId, list[str]] = {}
    for row in rows:
        found.setdefault(row["person_id"], []).append(row["uid"])
    return found


async def active_of(tx: Transaction, person_id: PersonId) -> list[Award]:
    """Every active award of a person whose achievement is not deleted, oldest first."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM award w
        WHERE organisation_id = $1 AND person_id = $2 AND state = 'active' AND EXISTS (
            SELECT FROM achievement a WHERE a.organisation_id = w.organisation_id AND a.id = w.achievement_id
                AND a.deleted_at IS NULL{tx.in_department("a.department_id")}
        ) ORDER BY id
        """,
        tx.organisation_id,
        person_id,
    )
    return [Award.from_row(row) for row in rows]


async def change(tx: Transaction, award: Award, values: dict[str, Any]) -> Award:
    """Change columns of an award."""
    key = {"person_id": award.person_id, "id": award.id}
    return Award.from_row(await update_row(tx, "award", key, values, COLUMNS))


async def in_place_of(tx: Transaction, award: Award) -> Award | None:
    """The other award that took the place (person, achievement, period) of one that fell."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS} FROM award
        WHERE organisation_id = $1 AND person_id = $2 AND achievement_id = $3 AND period = $4 AND fallen = 0 AND id <> $5
        """,
        tx.organisation_id,
        award.person_id,
        award.achievement_id,
        award.period,
        award.id,
    )
    return None if row is None else Award.from_row(row)


async def fallen_of(
    tx: Transaction, person_ids: Sequence[PersonId]
) -> dict[tuple[PersonId, AchievementId, str], list[AwardId]]:
    """The awards of these people that fell by retractions, by the place that they had."""
    rows = await tx.fetch(
        """
        SELECT person_id, achievement_id, period, id FROM award
        WHERE organisation_id = $1 AND person_id = ANY($2::bigint[]) AND fallen > 0 ORDER BY id
        """,
        tx.organisation_id,
        person_ids,
    )
    found: dict[tuple[PersonId, AchievementId, str], list[AwardId]] = {}
    for row in rows:
        found.setdefault((row["person_id"], row["achievement_id"], row["period"]), []).append(row["id"])
    return found


TALLY_SHARDS = 16
"""Over so many rows a counter is spread; writers pick one by chance, so that they seldom meet."""


async def tally(tx: Transaction, shard: int, changes: Sequence[tuple[AchievementId, int, int]]) -> None:
    """Keep the counters of achievements in step; changes are (achievement, awards, holders), in the order of ids."""
    if changes:
        await tx.execute(
            """
            INSERT INTO achievement_tally AS t (organisation_id, achievement_id, shard, awards, holders)
            SELECT $1, n.achievement_id, $2, n.awards, n.holders
            FROM unnest($3::bigint[], $4::bigint[], $5::bigint[]) AS n(achievement_id, awards, holders)
            ON CONFLICT (organisation_id, achievement_id, shard)
            DO UPDATE SET awards = t.awards + EXCLUDED.awards, holders = t.holders + EXCLUDED.holders
            """,
            tx.organisation_id,
            shard,
            *columns(changes, 3),
        )


async def count_active(
    tx: Transaction, achievement_ids: Sequence[AchievementId]
) -> dict[AchievementId, tuple[int, int]]:
    """Per achievement: how many awards stand, and how many people hold one. From counters."""
    rows = await tx.fetch(
        """
        SELECT achievement_id, sum(awards)::bigint AS awards, sum(holders)::bigint AS holders FROM achievement_tally
        WHERE organisation_id = $1 AND achievement_id = ANY($2::bigint[]) GROUP BY achievement_id
        """,
        tx.organisation_id,
        achievement_ids,
    )
    return {row["achievement_id"]: (row["awards"], row["holders"]) for row in rows}


async def count_people(tx: Transaction) -> int:
    """How many people there are, deleted ones not among them. From counters."""
    count: int = await tx.fetchval(
        "SELECT coalesce(sum(people), 0)::bigint FROM people_tally WHERE organisation_id = $1", tx.organisation_id
    )
    return count


async def held_by_department(tx: Transaction, person_ids: Sequence[PersonId]) -> dict[PersonId, dict[int, int]]:
    """How many active awards people have, by the department of the achievement (0: the organisation)."""
    rows = await tx.fetch(
        """
        SELECT w.person_id, coalesce(a.department_id, 0) AS department_id, count(*) AS awards FROM award w
        JOIN achievement a ON a.organisation_id = $1 AND a.id = w.achievement_id
        WHERE w.organisation_id = $1 AND w.person_id = ANY($2::bigint[]) AND w.state = 'active' GROUP BY 1, 2
        """,
        tx.organisation_id,
        person_ids,
    )
    held: dict[PersonId, dict[int, int]] = {}
    for row in rows:
        held.setdefault(row["person_id"], {})[row["department_id"]] = row["awards"]
    return held


async def count_per_day(tx: Transaction, since: datetime, time_zone: str) -> dict[date, int]:
    """How many awards that stand were earned on each day of the zone since an instant."""
    rows = await tx.fetch(
        """
        SELECT (awarded_at AT TIME ZONE $3)::date AS day, count(*) AS count FROM award
        WHERE organisation_id = $1 AND awarded_at >= $2 AND state = 'active' GROUP BY 1
        """,
        tx.organisation_id,
        since,
        time_zone,
    )
    return {row["day"]: row["count"] for row in rows}


async def latest(tx: Transaction, before_id: int | None, limit: int) -> list[Award]:
    """The newest awards of the organisation, from below `before_id`."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM award
        WHERE organisation_id = $1 AND state <> 'pending' AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        before_id,
        limit,
    )
    return [Award.from_row(row) for row in rows]


async def holders(tx: Transaction, achievement_id: AchievementId, before_id: int | None, limit: int) -> list[Award]:
    """The newest awards of one achievement that stand, from below `before_id`."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM award
        WHERE organisation_id = $1 AND achievement_id = $2 AND state = 'active' AND ($3::bigint IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $4
        """,
        tx.organisation_id,
        achievement_id,
        before_id,
        limit,
    )
    return [Award.from_row(row) for row in rows]

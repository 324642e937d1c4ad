"""The SQL of achievements, progress and awards."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from laurel.base import json_text
from laurel.base.ids import AchievementId, AwardId, PersonId, new_uids
from laurel.database.pool import Transaction, columns
from laurel.database.rows import insert_row, update_row
from laurel.database.slices import Slice, page_of
from laurel.domain.achievements.evaluate import PastKey, PersonState, decode_entry, encode_entry
from laurel.domain.achievements.model import Achievement, Award, Awarded, NewAward
from laurel.domain.achievements.rules import Entry

_ID_MAX = 2**63 - 1
COLUMNS = ", ".join(Achievement.__struct_fields__)
AWARD_COLUMNS = ", ".join(Award.__struct_fields__)


class Versions(NamedTuple):
    """What an ingest reads first: whether what it remembers still holds, and the calendar it counts by."""

    rules: int
    people: int
    time_zone: str
    language: str


async def versions(tx: Transaction) -> Versions | None:
    """The organisation's versions; None when there is no such organisation."""
    row = await tx.fetchrow(
        "SELECT rules_version, people_version, time_zone, language FROM organisation WHERE organisation_id = $1",
        tx.organisation_id,
    )
    return None if row is None else Versions(*row.values())


async def bump_rules(tx: Transaction) -> None:
    """Say that definitions changed: compiled rules are made anew. Serialises writers of definitions."""
    await tx.execute(
        "UPDATE organisation SET rules_version = rules_version + 1 WHERE organisation_id = $1", tx.organisation_id
    )


async def list_live(tx: Transaction) -> list[Achievement]:
    """Every achievement that may count events now, before its start or after its end included.

    Those that are only given by hand count nothing; an organisation may have very many of them.
    """
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM achievement
        WHERE organisation_id = $1 AND status = 'live' AND deleted_at IS NULL
          AND (criteria IS NOT NULL OR prerequisites <> '{{}}') ORDER BY id
        """,
        tx.organisation_id,
    )
    return [Achievement.from_row(row) for row in rows]


async def find_by_uid(tx: Transaction, uid: str, *, lock: bool = False) -> Achievement | None:
    """The achievement with this uid, deleted ones are absent; `lock` holds it until the transaction ends."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS} FROM achievement
        WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL{tx.in_department()}
        {"FOR UPDATE" if lock else ""}
        """,
        tx.organisation_id,
        uid,
    )
    return None if row is None else Achievement.from_row(row)


async def find_public(tx: Transaction, uid: str) -> Achievement | None:
    """The achievement with this uid, whoever defined it; for a transaction of `Database.public_lookup`."""
    row = await tx.fetchrow(f"SELECT {COLUMNS} FROM achievement WHERE uid = $1 AND deleted_at IS NULL", uid)
    return None if row is None else Achievement.from_row(row)


async def find_many(tx: Transaction, ids: Sequence[AchievementId]) -> dict[AchievementId, Achievement]:
    """Achievements by integer id, deleted ones too."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM achievement WHERE organisation_id = $1 AND id = ANY($2::bigint[])",
        tx.organisation_id,
        ids,
    )
    return {row["id"]: Achievement.from_row(row) for row in rows}


async def ids_by_uid(tx: Transaction, uids: Sequence[str]) -> dict[str, AchievementId]:
    """Integer ids of achievements that are not deleted."""
    rows = await tx.fetch(
        f"""
        SELECT uid, id FROM achievement
        WHERE organisation_id = $1 AND uid = ANY($2::text[]) AND deleted_at IS NULL{tx.in_department()}
        """,
        tx.organisation_id,
        uids,
    )
    return {row["uid"]: row["id"] for row in rows}


async def list_newest(
    tx: Transaction, *, before_id: int | None, limit: int, status: str | None = None, tag: str | None = None
) -> list[Achievement]:
    """Achievements, newest first, from below `before_id`; optionally by stored status and tag."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM achievement
        WHERE organisation_id = $1 AND deleted_at IS NULL AND ($2::bigint IS NULL OR id < $2)
          AND ($4::text IS NULL OR status = $4) AND ($5::text IS NULL OR tags @> ARRAY[$5]){tx.in_department()}
        ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        before_id,
        limit,
        status,
        tag,
    )
    return [Achievement.from_row(row) for row in rows]


async def page(
    tx: Transaction,
    *,
    statuses: Sequence[str],
    wanted: Slice,
    listed_for: PersonId | None = None,
    templates: bool = False,
) -> tuple[int, list[Achievement]]:
    """(how many in all, the slice) of achievements with one of the stored `statuses`.

    listed_for: as that person sees the list, without hidden ones and without secret ones that the person does not hold.
    """
    where = """a.organisation_id = $1 AND a.deleted_at IS NULL AND a.status = ANY($2::text[])
        AND ($3::bigint IS NULL OR NOT a.hidden AND (NOT a.secret OR EXISTS (
            SELECT FROM award w WHERE w.organisation_id = $1 AND w.person_id = $3 AND w.achievement_id = a.id
                                  AND w.state = 'active')))
        AND (NOT $4 OR a.details -> 'template' = 'true')"""
    arguments = (tx.organisation_id, list(statuses), listed_for, templates)
    where += tx.in_department("a.department_id")
    total, rows = await page_of(tx, "achievement a", COLUMNS, where, arguments, wanted)
    return total, [Achievement.from_row(row) for row in rows]


class Wanted(NamedTuple):
    """Which achievements a list is of; None asks for nothing. `name` is exact, in any language."""

    archived: bool | None = None
    name: str | None = None
    types: Sequence[str] | None = None
    not_types: Sequence[str] | None = None
    tag: str | None = None


_WANTED = {
    "archived": "(status = 'archived') = ${}",
    "name": "jsonb_path_exists(names, '$.* ? (@ == $wanted)', jsonb_build_object('wanted', ${}::text))",
    "types": "type = ANY(${}::text[])",
    "not_types": "type <> ALL(${}::text[])",
    "tag": "tags @> ARRAY[${}::text]",
}


def _where(tx: Transaction, wanted: Wanted) -> tuple[str, list[Any]]:
    """The conditions that are asked for, and no others: so the plain count reads an index alone."""
    conditions, arguments = ["organisation_id = $1 AND deleted_at IS NULL"], [tx.organisation_id]
    for name, condition in _WANTED.items():
        value = getattr(wanted, name)
        if value is not None:
            arguments.append(value)
            conditions.append(condition.format(len(arguments)))
    return " AND ".join(conditions) + tx.in_department(), arguments


async def list_wanted(
    tx: Transaction, wanted: Wanted, *, before_id: int | None = None, offset: int = 0, limit: int
) -> list[Achievement]:
    """Achievements, newest first, from below `before_id`, leaving out the first `offset`."""
    where, arguments = _where(tx, wanted)
    place = len(arguments)
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM achievement
        WHERE {where} AND id < ${place + 1} ORDER BY id DESC OFFSET ${place + 2} LIMIT ${place + 3}
        """,
        *arguments,
        before_id or _ID_MAX,
        offset,
        limit,
    )
    return [Achievement.from_row(row) for row in rows]


async def count_wanted(tx: Transaction, wanted: Wanted) -> int:
    """How many `list_wanted` goes through."""
    where, arguments = _where(tx, wanted)
    count: int = await tx.fetchval(f"SELECT count(*) FROM achievement WHERE {where}", *arguments)
    return count


async def id_of(tx: Transaction, uid: str) -> AchievementId | None:
    """The place of an achievement in the list's order, also of a deleted one."""
    found: AchievementId | None = await tx.fetchval(
        "SELECT id FROM achievement WHERE organisation_id = $1 AND uid = $2", tx.organisation_id, uid
    )
    return found


async def insert(tx: Transaction, values: dict[str, Any]) -> Achievement:
    """A new achievement from column values."""
    return Achievement.from_row(await insert_row(tx, "achievement", values, COLUMNS))


async def update(tx: Transaction, achievement_id: AchievementId, values: dict[str, Any]) -> Achievement:
    """Change columns of an achievement."""
    return Achievement.from_row(await update_row(tx, "achievement", {"id": achievement_id}, values, COLUMNS))


# ------------------------------------------------------------------------------------------------------------ progress
_LOAD_STATES = """
SELECT person_id, state FROM progress WHERE organisation_id = $1 AND person_id = ANY($2::bigint[])
ORDER BY person_id FOR NO KEY UPDATE
"""


async def load_states(tx: Transaction, person_ids: Sequence[PersonId]) -> dict[PersonId, PersonState]:
    """The progress of people; whoever does not exist is absent (a trigger makes the row with the person).

    The row is the person's lock: it is held until the transaction ends, and taken in the order of ids, so that writers
    wait for each other and never in a circle.
    """
    rows = await tx.fetch(_LOAD_STATES, tx.organisation_id, person_ids)
    return {row[0]: PersonState(row[0], row[1]) for row in rows}


async def read_state(tx: Transaction, person_id: PersonId) -> PersonState:
    """A person's progress without the lock, for reading."""
    stored = await tx.fetchval(
        "SELECT state FROM progress WHERE organisation_id = $1 AND person_id = $2", tx.organisation_id, person_id
    )
    return PersonState(person_id, stored or b"")


async def save_states(tx: Transaction, states: Sequence[PersonState]) -> None:
    """Write changed progress; the rows are locked since `load_states`.

    The people are named twice: for the join alone PostgreSQL reads the rows of everybody in the organisation, as long as
    it has no statistics that tell how many they are.
    """
    await tx.execute(
        """
        UPDATE progress p SET state = n.state FROM unnest($2::bigint[], $3::bytea[]) AS n(person_id, state)
        WHERE p.organisation_id = $1 AND p.person_id = n.person_id AND p.person_id = ANY($2::bigint[])
        """,
        tx.organisation_id,
        [state.person_id for state in states],
        [state.encoded() for state in states],
    )


async def load_past(
    tx: Transaction, wanted: Sequence[tuple[PersonId, PastKey]]
) -> dict[tuple[PersonId, PastKey], Entry]:
    """Entries of older periods."""
    rows = await tx.fetch(
        """
        SELECT p.person_id, p.achievement_id, p.period, p.entry FROM past_progress p
        JOIN unnest($2::bigint[], $3::bigint[], $4::integer[]) AS w(person_id, achievement_id, period)
          USING (person_id, achievement_id, period)
        WHERE p.organisation_id = $1 AND p.person_id = ANY($2::bigint[])
        """,
        tx.organisation_id,
        *columns([(person_id, *key) for person_id, key in wanted], 3),
    )
    return {(row[0], (row[1], row[2])): decode_entry(row[3]) for row in rows}


async def past_of_person(tx: Transaction, person_id: PersonId, achievement_id: AchievementId) -> dict[int, Entry]:
    """All older periods of one achievement."""
    rows = await tx.fetch(
        """
        SELECT period, entry FROM past_progress
        WHERE organisation_id = $1 AND person_id = $2 AND achievement_id = $3 ORDER BY period
        """,
        tx.organisation_id,
        person_id,
        achievement_id,
    )
    return {row["period"]: decode_entry(row["entry"]) for row in rows}


async def save_past(tx: Transaction, states: Sequence[PersonState]) -> None:
    """Write the older periods that changed. The person's progress row, written in the same transaction, guards them."""
    rows = sorted(
        (state.person_id, *key, encode_entry(state.past[key])) for state in states for key in state.past_changed
    )
    if rows:
        await tx.execute(
            """
            INSERT INTO past_progress (organisation_id, person_id, achievement_id, period, entry)
            SELECT $1, n.* FROM unnest($2::bigint[], $3::bigint[], $4::integer[], $5::bytea[]) AS n
            ON CONFLICT (organisation_id, person_id, achievement_id, period) DO UPDATE SET entry = EXCLUDED.entry
            """,
            tx.organisation_id,
            *columns(rows, 4),
        )


async def forget_past(tx: Transaction, person_id: PersonId, achievement_id: AchievementId) -> None:
    """Drop the older periods of one achievement, before they are counted anew."""
    await tx.execute(
        "DELETE FROM past_progress WHERE organisation_id = $1 AND person_id = $2 AND achievement_id = $3",
        tx.organisation_id,
        person_id,
        achievement_id,
    )


# -------------------------------------------------------------------------------------------------------------- awards
async def insert_awards(tx: Transaction, awards: Sequence[NewAward], now: datetime) -> list[Award]:
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
        ON CONFLICT DO NOTHING RETURNING {AWARD_COLUMNS}
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


async def find_award(tx: Transaction, uid: str) -> Award | None:
    """The award with this uid."""
    row = await tx.fetchrow(
        f"""
        SELECT {AWARD_COLUMNS} FROM award
        WHERE organisation_id = $1 AND uid = $2{tx.of_achievements_in_department()}
        """,
        tx.organisation_id,
        uid,
    )
    return None if row is None else Award.from_row(row)


async def lock_award(tx: Transaction, award_id: AwardId) -> Award | None:
    """The award, locked until the transaction ends."""
    row = await tx.fetchrow(
        f"SELECT {AWARD_COLUMNS} FROM award WHERE organisation_id = $1 AND id = $2 FOR UPDATE",
        tx.organisation_id,
        award_id,
    )
    return None if row is None else Award.from_row(row)


async def find_awards(tx: Transaction, ids: Sequence[AwardId]) -> dict[AwardId, Award]:
    """Awards by integer id."""
    rows = await tx.fetch(
        f"SELECT {AWARD_COLUMNS} FROM award WHERE organisation_id = $1 AND id = ANY($2::bigint[])",
        tx.organisation_id,
        ids,
    )
    return {row["id"]: Award.from_row(row) for row in rows}


async def find_awarded(tx: Transaction, ids: Sequence[AwardId]) -> dict[AwardId, Awarded]:
    """As find_awards, of many no more than their credentials need."""
    rows = await tx.fetch(
        "SELECT id, uid, awarded_at, quiet FROM award WHERE organisation_id = $1 AND id = ANY($2::bigint[])",
        tx.organisation_id,
        ids,
    )
    return {row["id"]: Awarded.from_row(row) for row in rows}


async def awards_of_person(
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
        SELECT {AWARD_COLUMNS} FROM award
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


async def list_awards(
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
        SELECT {AWARD_COLUMNS} FROM award
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


async def active_awards(tx: Transaction, person_id: PersonId) -> list[Award]:
    """Every active award of a person whose achievement is not deleted, oldest first."""
    rows = await tx.fetch(
        f"""
        SELECT {AWARD_COLUMNS} FROM award w
        WHERE organisation_id = $1 AND person_id = $2 AND state = 'active' AND EXISTS (
            SELECT FROM achievement a WHERE a.organisation_id = w.organisation_id AND a.id = w.achievement_id
                AND a.deleted_at IS NULL{tx.in_department("a.department_id")}
        ) ORDER BY id
        """,
        tx.organisation_id,
        person_id,
    )
    return [Award.from_row(row) for row in rows]


async def change_award(tx: Transaction, award: Award, values: dict[str, Any]) -> Award:
    """Change columns of an award."""
    key = {"person_id": award.person_id, "id": award.id}
    return Award.from_row(await update_row(tx, "award", key, values, AWARD_COLUMNS))


async def in_place_of(tx: Transaction, award: Award) -> Award | None:
    """The other award that took the place (person, achievement, period) of one that fell."""
    row = await tx.fetchrow(
        f"""
        SELECT {AWARD_COLUMNS} FROM award
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


async def paying(tx: Transaction, reward_uid: str, limit: int) -> list[Achievement]:
    """Achievements that pay a reward, newest first."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM achievement
        WHERE organisation_id = $1 AND rewards @> $2::jsonb AND deleted_at IS NULL ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        {"items": [{"reward": reward_uid}]},
        limit,
    )
    return [Achievement.from_row(row) for row in rows]


async def count_by_status(tx: Transaction) -> dict[str, int]:
    """How many achievements have each stored status."""
    rows = await tx.fetch(
        """
        SELECT status, count(*) AS count FROM achievement
        WHERE organisation_id = $1 AND deleted_at IS NULL GROUP BY status
        """,
        tx.organisation_id,
    )
    return {row["status"]: row["count"] for row in rows}


async def awards_per_day(tx: Transaction, since: datetime, time_zone: str) -> dict[date, int]:
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


async def latest_awards(tx: Transaction, before_id: int | None, limit: int) -> list[Award]:
    """The newest awards of the organisation, from below `before_id`."""
    rows = await tx.fetch(
        f"""
        SELECT {AWARD_COLUMNS} FROM award
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
        SELECT {AWARD_COLUMNS} FROM award
        WHERE organisation_id = $1 AND achievement_id = $2 AND state = 'active' AND ($3::bigint IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $4
        """,
        tx.organisation_id,
        achievement_id,
        before_id,
        limit,
    )
    return [Award.from_row(row) for row in rows]

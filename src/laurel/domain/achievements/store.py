"""The SQL of achievements, progress and awards."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from laurel.base.ids import AchievementId, PersonId
from laurel.database.pool import Transaction
from laurel.database.rows import insert_row, update_row
from laurel.database.slices import Slice, page_of
from laurel.domain.achievements.model import Achievement

_ID_MAX = 2**63 - 1
COLUMNS = ", ".join(Achievement.__struct_fields__)


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

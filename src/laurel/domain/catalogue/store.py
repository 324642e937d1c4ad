"""The SQL of collections, attribute keys and searches over achievements."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from laurel.base.ids import AchievementId, DepartmentId, new_uuid
from laurel.database.pool import Transaction
from laurel.database.rows import insert_row, insert_row_once, update_rows
from laurel.domain.achievements.model import Achievement
from laurel.domain.catalogue.model import (
    AchievementSearch,
    AttributeKey,
    AttributeKeyTaken,
    Collection,
    CollectionSearch,
    Outline,
)

_ACHIEVEMENT = ", ".join(Achievement.__struct_fields__)
_NAME = "jsonb_path_query_first(names, '$.*') #>> '{}'"
_TITLE = f"coalesce(details ->> 'internal_name', {_NAME}, '')"
_COLLECTION = """uuid, name, description, public, created_at, updated_at,
    ARRAY(SELECT m.achievement_id FROM collection_member m WHERE m.organisation_id = c.organisation_id
          AND m.uuid = c.uuid ORDER BY m.achievement_id) AS achievement_ids"""


def _anywhere(text: str) -> str:
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


# -------------------------------------------------------------------------------------------------------- achievements
async def search_achievements(
    tx: Transaction, wanted: AchievementSearch, *, limit: int, offset: int
) -> tuple[list[Achievement], int]:
    """(a page in the order of making, how many in all)."""
    parameters: list[Any] = [
        tx.organisation_id,
        wanted.ids,
        None if wanted.title is None else _anywhere(wanted.title),
        None if wanted.name is None else _anywhere(wanted.name),
        wanted.department_id,
        wanted.unowned_too,
        None if wanted.updated_since is None else _start(wanted.updated_since),
        None if wanted.updated_until is None else _start(wanted.updated_until + timedelta(days=1)),
    ]
    where = f"""organisation_id = $1 AND deleted_at IS NULL AND ($2::bigint[] IS NULL OR id = ANY($2))
        AND ($3::text IS NULL OR {_TITLE} ILIKE $3) AND ($4::text IS NULL OR {_NAME} ILIKE $4)
        AND ($5::bigint IS NULL OR department_id = $5 OR ($6 AND department_id IS NULL))
        AND ($7::timestamptz IS NULL OR updated_at >= $7) AND ($8::timestamptz IS NULL OR updated_at < $8)"""
    for path, text in wanted.details:
        parameters += [path, text]
        where += f" AND details #>> ${len(parameters) - 1}::text[] = ${len(parameters)}"
    total = await tx.fetchval(f"SELECT count(*) FROM achievement WHERE {where}", *parameters)
    rows = await tx.fetch(
        f"SELECT {_ACHIEVEMENT} FROM achievement WHERE {where} ORDER BY id LIMIT {int(limit)} OFFSET {int(offset)}",
        *parameters,
    )
    return [Achievement.from_row(row) for row in rows], int(total)


async def outlines(tx: Transaction, ids: Sequence[AchievementId]) -> dict[AchievementId, Outline]:
    """Achievements by integer id as lists show them, deleted ones too."""
    rows = await tx.fetch(
        """
        SELECT id, department_id, names, details, credential, deleted_at FROM achievement
        WHERE organisation_id = $1 AND id = ANY($2::bigint[])
        """,
        tx.organisation_id,
        ids,
    )
    return {row["id"]: Outline.from_row(row) for row in rows}


async def find_by_title(tx: Transaction, title: str) -> Achievement | None:
    """The newest achievement of exactly this title."""
    row = await tx.fetchrow(
        f"""
        SELECT {_ACHIEVEMENT} FROM achievement
        WHERE organisation_id = $1 AND {_TITLE} = $2 AND deleted_at IS NULL ORDER BY id DESC LIMIT 1
        """,
        tx.organisation_id,
        title,
    )
    return None if row is None else Achievement.from_row(row)


async def using_design(tx: Transaction, design_uid: str, limit: int) -> list[Achievement]:
    """Achievements whose credentials look like this."""
    return (await using_designs(tx, [design_uid], limit))[design_uid]


async def using_designs(tx: Transaction, design_uids: Sequence[str], limit: int) -> dict[str, list[Achievement]]:
    """Achievements whose credentials look like each of these, `limit` of each at most."""
    rows = await tx.fetch(
        f"""
        SELECT d.uid AS design_uid, a.* FROM unnest($2::text[]) AS d(uid) CROSS JOIN LATERAL (
            SELECT {_ACHIEVEMENT} FROM achievement
            WHERE organisation_id = $1 AND deleted_at IS NULL
              AND (credential ->> 'badge_design' = d.uid OR credential ->> 'certificate_design' = d.uid)
            ORDER BY id LIMIT $3
        ) a ORDER BY a.id
        """,
        tx.organisation_id,
        design_uids,
        limit,
    )
    found: dict[str, list[Achievement]] = {uid: [] for uid in design_uids}
    for row in rows:
        found[row["design_uid"]].append(Achievement.from_row(row))
    return found


async def design_uses(tx: Transaction, names: Sequence[str]) -> dict[str, int]:
    """How many achievements name each of these designs (uids, or keys of built-in ones); absent is none."""
    rows = await tx.fetch(
        """
        SELECT name, count(DISTINCT id) AS uses FROM (
            SELECT id, credential ->> 'badge_design' AS name FROM achievement
            WHERE organisation_id = $1 AND deleted_at IS NULL AND credential ->> 'badge_design' = ANY($2::text[])
            UNION ALL
            SELECT id, credential ->> 'certificate_design' FROM achievement
            WHERE organisation_id = $1 AND deleted_at IS NULL AND credential ->> 'certificate_design' = ANY($2::text[])
        ) used GROUP BY name
        """,
        tx.organisation_id,
        names,
    )
    return {row["name"]: row["uses"] for row in rows}


# --------------------------------------------------------------------------------------------------------- collections
async def insert_collection(
    tx: Transaction, *, name: str, description: str | None, public: bool, now: datetime
) -> Collection:
    """A new, empty collection."""
    values = {
        "uuid": new_uuid(), "name": name, "description": description, "public": public,
        "created_at": now, "updated_at": now,
    }  # fmt: skip
    return Collection.from_row(await insert_row(tx, "collection AS c", values, _COLLECTION))


async def collections(tx: Transaction, uuids: Sequence[str]) -> dict[str, Collection]:
    """Collections by uuid; absent ones are absent."""
    rows = await tx.fetch(
        f"SELECT {_COLLECTION} FROM collection c WHERE organisation_id = $1 AND uuid = ANY($2::text[])",
        tx.organisation_id,
        uuids,
    )
    return {row["uuid"]: Collection.from_row(row) for row in rows}


async def update_collection(tx: Transaction, uuid: str, values: dict[str, Any], now: datetime) -> None:
    """Change columns of a collection."""
    await update_rows(tx, "collection", {"uuid": uuid}, {**values, "updated_at": now})


async def delete_collection(tx: Transaction, uuid: str) -> None:
    """Remove a collection; its achievements stay."""
    await tx.execute("DELETE FROM collection WHERE organisation_id = $1 AND uuid = $2", tx.organisation_id, uuid)


async def fill_collection(tx: Transaction, uuid: str, achievement_ids: Sequence[int]) -> None:
    """Make these the collection's members, and no others."""
    await tx.execute(
        """
        WITH gone AS (
            DELETE FROM collection_member
            WHERE organisation_id = $1 AND uuid = $2 AND NOT achievement_id = ANY($3::bigint[])
        )
        INSERT INTO collection_member (organisation_id, uuid, achievement_id) SELECT $1, $2, unnest($3::bigint[])
        ON CONFLICT DO NOTHING
        """,
        tx.organisation_id,
        uuid,
        achievement_ids,
    )


async def place_achievement(tx: Transaction, achievement_id: AchievementId, uuids: Sequence[str]) -> None:
    """Make these the collections that the achievement is in, and no others."""
    await tx.execute(
        """
        WITH gone AS (
            DELETE FROM collection_member
            WHERE organisation_id = $1 AND achievement_id = $2 AND NOT uuid = ANY($3::text[])
        )
        INSERT INTO collection_member (organisation_id, achievement_id, uuid) SELECT $1, $2, unnest($3::text[])
        ON CONFLICT DO NOTHING
        """,
        tx.organisation_id,
        achievement_id,
        uuids,
    )


async def collections_of(
    tx: Transaction, achievement_ids: Sequence[AchievementId]
) -> dict[AchievementId, list[tuple[str, str, str | None]]]:
    """(uuid, name, description) of the collections that each achievement is in."""
    rows = await tx.fetch(
        """
        SELECT m.achievement_id, c.uuid, c.name, c.description
        FROM collection_member m JOIN collection c USING (organisation_id, uuid)
        WHERE m.organisation_id = $1 AND m.achievement_id = ANY($2::bigint[]) ORDER BY c.created_at, c.uuid
        """,
        tx.organisation_id,
        achievement_ids,
    )
    found: dict[AchievementId, list[tuple[str, str, str | None]]] = {}
    for row in rows:
        found.setdefault(row["achievement_id"], []).append((row["uuid"], row["name"], row["description"]))
    return found


async def search_collections(
    tx: Transaction, wanted: CollectionSearch, *, limit: int, offset: int
) -> tuple[list[Collection], int]:
    """(a page, how many in all)."""
    where = """organisation_id = $1 AND ($2::text[] IS NULL OR uuid = ANY($2)) AND NOT uuid = ANY($3::text[])
        AND ($4::text IS NULL OR name ILIKE $4) AND ($5::boolean IS NULL OR public = $5)"""
    parameters = (
        tx.organisation_id,
        wanted.uuids,
        wanted.without,
        None if wanted.name is None else _anywhere(wanted.name),
        wanted.public,
    )
    order = "cardinality(achievement_ids)" if wanted.sort == "groups_count" else wanted.sort
    direction = " DESC" if wanted.descending else ""
    total = await tx.fetchval(f"SELECT count(*) FROM collection c WHERE {where}", *parameters)
    rows = await tx.fetch(
        f"""
        SELECT * FROM (SELECT {_COLLECTION} FROM collection c WHERE {where}) AS found
        ORDER BY {order}{direction}, created_at{direction}, uuid LIMIT {int(limit)} OFFSET {int(offset)}
        """,
        *parameters,
    )
    return [Collection.from_row(row) for row in rows], int(total)


# ------------------------------------------------------------------------------------------------------ attribute keys
async def insert_attribute_key(
    tx: Transaction, *, department_id: DepartmentId, name: str, kind: str, now: datetime
) -> AttributeKey:
    """A new attribute key. Raises AttributeKeyTaken."""
    values = {"department_id": department_id, "name": name, "kind": kind, "created_at": now}
    row = await insert_row_once(tx, "attribute_key", values, "id, department_id, name, kind")
    if row is None:
        raise AttributeKeyTaken("the department has an attribute key of this name", field="name", value=name)
    return AttributeKey(**row)


async def search_attribute_keys(
    tx: Transaction,
    *,
    name: str | None,
    kind: str | None,
    department_id: DepartmentId | None,
    limit: int,
    offset: int,
) -> tuple[list[AttributeKey], int]:
    """(a page in the order of making, how many in all); `name` matches anywhere."""
    where = """organisation_id = $1 AND ($2::text IS NULL OR name ILIKE $2) AND ($3::text IS NULL OR kind = $3)
        AND ($4::bigint IS NULL OR department_id = $4)"""
    parameters = (tx.organisation_id, None if name is None else _anywhere(name), kind, department_id)
    total = await tx.fetchval(f"SELECT count(*) FROM attribute_key WHERE {where}", *parameters)
    rows = await tx.fetch(
        f"""
        SELECT id, department_id, name, kind FROM attribute_key WHERE {where}
        ORDER BY id LIMIT {int(limit)} OFFSET {int(offset)}
        """,
        *parameters,
    )
    return [AttributeKey(**row) for row in rows], int(total)

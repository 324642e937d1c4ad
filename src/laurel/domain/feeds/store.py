"""The SQL of the award feed, of lists of people by offset, and of the positions that readers have reached in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from laurel.base.ids import AchievementId, PersonId
from laurel.database.pool import Transaction
from laurel.database.rows import put_row
from laurel.domain.achievements.model import localised
from laurel.domain.feeds.model import BEGINNING, KEYED, FeedFilter, FeedRow, Position, Title
from laurel.domain.people.model import Person

_NAME = "lower(coalesce(t.names ->> {language}, jsonb_path_query_first(t.names, '$.*') #>> '{{}}'))"
_SORTED_BY = {
    "first_name": "lower(p.first_name)",
    "last_name": "lower(p.last_name)",
    "person": "p.uid",
    "achievement": "t.uid",
    "score": "a.score",
    "expires_at": "c.expires_at",
}
_COLUMNS = """
a.id, a.uid, a.person_id, a.achievement_id, a.awarded_at, a.recorded_at, a.updated_at, a.score, p.uid, p.first_name,
p.last_name, p.display_name, c.id, c.uid, c.expires_at
"""
_PERSON = "JOIN person p ON p.organisation_id = a.organisation_id AND p.id = a.person_id"
_CREDENTIAL = """
LEFT JOIN credential c ON c.organisation_id = a.organisation_id AND c.person_id = a.person_id AND c.award_id = a.id
                      AND c.deleted_at IS NULL
"""
_PEOPLE = ", ".join(Person.__struct_fields__)
_TITLE = "JOIN achievement t ON t.organisation_id = a.organisation_id AND t.id = a.achievement_id"


class _Conditions:
    """WHERE clauses with their values; $1 is the organisation."""

    def __init__(self, tx: Transaction) -> None:
        self.values: list[Any] = [tx.organisation_id]
        self.clauses = ["a.organisation_id = $1", "a.state = 'active'"]
        self.cut = tx.of_achievements_in_department("a.achievement_id")

    def value(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def compare(self, column: str, operator: str, value: Any) -> None:
        if value is not None:
            self.clauses.append(f"{column} {operator} {self.value(value)}")

    @property
    def sql(self) -> str:
        return " AND ".join(self.clauses) + self.cut


def _conditions(tx: Transaction, wanted: FeedFilter) -> _Conditions:
    where = _Conditions(tx)
    where.compare("a.awarded_at", ">=", wanted.since)
    where.compare("a.awarded_at", "<=", wanted.until)
    where.compare("a.updated_at", ">=", wanted.updated_since)
    where.compare("a.updated_at", "<=", wanted.updated_until)
    where.compare("a.person_id", "=", wanted.person_id)
    where.compare("a.achievement_id", "=", wanted.achievement_id)
    if wanted.search is not None:
        pattern = where.value("%" + wanted.search.translate(_LIKE) + "%")
        where.clauses.append(
            f"""(a.achievement_id IN (SELECT s.id FROM achievement s WHERE s.organisation_id = $1
                                      AND EXISTS (SELECT FROM jsonb_each_text(s.names) n WHERE n.value ILIKE {pattern}))
              OR a.person_id IN (SELECT s.id FROM person s WHERE s.organisation_id = $1
                                 AND (s.first_name ILIKE {pattern} OR s.last_name ILIKE {pattern}
                                      OR s.display_name ILIKE {pattern} OR s.email ILIKE {pattern})))"""
        )
    return where


_LIKE = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


def _read_on(where: _Conditions, wanted: FeedFilter, position: Position) -> str:
    """Add the condition that begins after `position`; the ORDER BY of a keyed order."""
    direction, beyond = ("DESC", "<") if wanted.descending else ("ASC", ">")
    if wanted.order == "id":
        if position != BEGINNING:
            where.compare("a.id", beyond, position.award_id)
        return f"a.id {direction}"
    column = f"a.{wanted.order}"
    if position != BEGINNING:
        where.clauses.append(
            f"({column}, a.id) {beyond} ({where.value(position.at)}, {where.value(position.award_id)})"
        )
    return f"{column} {direction}, a.id {direction}"


async def rows_after(tx: Transaction, wanted: FeedFilter, position: Position, limit: int) -> list[FeedRow]:
    """Up to `limit` rows of a keyed order after `position`."""
    where = _conditions(tx, wanted)
    order = _read_on(where, wanted, position)
    found = await tx.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM (SELECT a.* FROM award a WHERE {where.sql} ORDER BY {order}
              LIMIT {where.value(limit)}) a
        {_PERSON} {_CREDENTIAL} ORDER BY {order}
        """,
        *where.values,
    )
    return [FeedRow._make(row.values()) for row in found]


async def position_at(tx: Transaction, wanted: FeedFilter, position: Position, skip: int) -> Position | None:
    """The position `skip` rows after `position` in a keyed order, found in the index alone; None past the end."""
    where = _conditions(tx, wanted)
    order = _read_on(where, wanted, position)
    column = "NULL::timestamptz" if wanted.order == "id" else f"a.{wanted.order}"
    row = await tx.fetchrow(
        f"SELECT {column}, a.id FROM award a WHERE {where.sql} ORDER BY {order} LIMIT 1 OFFSET {where.value(skip - 1)}",
        *where.values,
    )
    return None if row is None else Position(position.start + skip, row[0], row[1])


async def rows_sorted(tx: Transaction, wanted: FeedFilter, *, start: int, limit: int, language: str) -> list[FeedRow]:
    """Up to `limit` rows from offset `start` of an order that no index has. Sorts everything that is wanted."""
    assert wanted.order not in KEYED  # noqa: S101 - those are read on by `rows_after`
    where = _conditions(tx, wanted)
    by = _SORTED_BY.get(wanted.order) or _NAME.format(language=where.value(language))
    direction = "DESC NULLS LAST" if wanted.descending else "ASC NULLS FIRST"
    found = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM award a {_PERSON} {_CREDENTIAL} {_TITLE} WHERE {where.sql}
        ORDER BY {by} {direction}, a.awarded_at DESC, a.id DESC
        LIMIT {where.value(limit)} OFFSET {where.value(start)}
        """,
        *where.values,
    )
    return [FeedRow._make(row.values()) for row in found]


async def titles(tx: Transaction, ids: Sequence[AchievementId], language: str) -> dict[AchievementId, Title]:
    """What lists say about achievements, deleted ones too."""
    rows = await tx.fetch(
        """
        SELECT id, uid, names, descriptions, type FROM achievement
        WHERE organisation_id = $1 AND id = ANY($2::bigint[])
        """,
        tx.organisation_id,
        ids,
    )
    return {
        row["id"]: Title(
            row["id"],
            row["uid"],
            localised(row["names"], language, language),
            localised(row["descriptions"], language, language),
            row["type"],
        )
        for row in rows
    }


# -------------------------------------------------------------------------------------------------------------- people
_PEOPLE_ORDERS = frozenset({"id", "email", "first_name", "last_name", "created_at"})


def _found_by(tx: Transaction, search: str | None, *, archived_too: bool) -> tuple[str, list[Any]]:
    """WHERE for people of a list, with the values of $1 to $3."""
    pattern = None if search is None else "%" + search.translate(_LIKE) + "%"
    return (
        """
        p.organisation_id = $1 AND p.deleted_at IS NULL AND (p.archived_at IS NULL OR $2)
        AND ($3::text IS NULL OR p.first_name ILIKE $3 OR p.last_name ILIKE $3 OR p.display_name ILIKE $3
             OR p.email ILIKE $3)
        """,
        [tx.organisation_id, archived_too, pattern],
    )


async def people_by_offset(
    tx: Transaction,
    *,
    limit: int,
    start: int,
    search: str | None = None,
    archived_too: bool = False,
    created_since: datetime | None = None,
    earned_in_department: int | None = None,
    order: str = "id",
    descending: bool = False,
    only_ids: Sequence[int] | None = None,
) -> list[Person]:
    """Living people by offset. search: a part of a name or address, in any case. earned_in_department: only those who
    hold something of it.
    """
    assert order in _PEOPLE_ORDERS  # noqa: S101 - orders come from our own tables, never from outside
    where, values = _found_by(tx, search, archived_too=archived_too)
    direction = "DESC" if descending else "ASC"
    rows = await tx.fetch(
        f"""
        SELECT {_PEOPLE} FROM person p
        WHERE {where} AND ($4::timestamptz IS NULL OR p.created_at >= $4)
          AND ($5::bigint[] IS NULL OR p.id = ANY($5))
          AND ($6::bigint IS NULL OR EXISTS (
              SELECT FROM award a JOIN achievement t ON t.organisation_id = a.organisation_id AND t.id = a.achievement_id
              WHERE a.organisation_id = $1 AND a.person_id = p.id AND a.state = 'active' AND t.department_id = $6))
        ORDER BY p.{order} {direction}, p.id {direction} LIMIT $7 OFFSET $8
        """,
        *values,
        created_since,
        only_ids,
        earned_in_department,
        limit,
        start,
    )
    return [Person.from_row(row) for row in rows]


async def count_people(tx: Transaction, *, search: str | None = None, archived_too: bool = False) -> int:
    """How many people such a list has."""
    where, values = _found_by(tx, search, archived_too=archived_too)
    found: int = await tx.fetchval(f"SELECT count(*) FROM person p WHERE {where}", *values)
    return found


async def person_id_by_folded_identifier(tx: Transaction, kind: str, value: str) -> PersonId | None:
    """The person with an identifier of `kind` that is `value` but for case; reads all of the kind, so look exactly first."""
    found: PersonId | None = await tx.fetchval(
        """
        SELECT person_id FROM person_identifier
        WHERE organisation_id = $1 AND kind = $2 AND lower(value) = lower($3) ORDER BY value LIMIT 1
        """,
        tx.organisation_id,
        kind,
        value,
    )
    return found


# ----------------------------------------------------------------------------------------------------------- positions
async def nearest_position(tx: Transaction, reader: str, start: int, since: datetime) -> Position | None:
    """The farthest position that `reader` has reached lately and that is not beyond offset `start`."""
    row = await tx.fetchrow(
        """
        SELECT start, at, award_id FROM feed_position
        WHERE organisation_id = $1 AND reader = $2 AND start <= $3 AND reached_at >= $4 ORDER BY start DESC LIMIT 1
        """,
        tx.organisation_id,
        reader,
        start,
        since,
    )
    return None if row is None else Position(*row.values())


async def remember_position(tx: Transaction, reader: str, position: Position, now: datetime) -> None:
    """Note where offset `position.start` of `reader`'s list is now."""
    key = {"reader": reader, "start": position.start}
    values = {"at": position.at, "award_id": position.award_id, "reached_at": now}
    await put_row(tx, "feed_position", key, values)


async def forget_positions(tx: Transaction, before: datetime) -> int:
    """Forget positions that were reached before `before`, in every organisation."""
    return await tx.execute("DELETE FROM feed_position WHERE reached_at < $1", before)

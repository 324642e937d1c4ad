"""The SQL of the register. Conditions become parameters; what they name are our own columns."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from laurel.base.ids import AchievementId, CredentialId, DepartmentId, PersonId
from laurel.database.pool import Row, Transaction
from laurel.database.rows import insert_row
from laurel.domain.credentials.model import Credential
from laurel.domain.register.model import DAYS, Activity, Condition, Department, Listing, Search, day_bounds

_COLUMNS = ", ".join(f"c.{name}" for name in Credential.__struct_fields__)
_TITLE = "coalesce(a.details ->> 'internal_name', jsonb_path_query_first(a.names, '$.*') #>> '{}', '')"
_END = "coalesce(c.expires_at, 'infinity'::timestamptz)"
_EXPRESSIONS = {
    "id": "c.id",
    "uid": "c.uid",
    "achievement_id": "c.achievement_id",
    "recipient_name": "(c.fields ->> 'recipient_name')",
    "recipient_email": "(c.fields ->> 'recipient_email')",
    "license_id": "c.license_id",
    "issued_on": "c.issued_on",
    "expires_at": _END,
    "updated_at": "c.updated_at",
    "created_at": "c.created_at",
}
_SORTS = {
    "id": ("c.id",),
    "recipient_name": ("(c.fields ->> 'recipient_name')", "c.id"),
    "title": (_TITLE, "a.id", "c.id"),
    "issued_on": ("c.issued_on", "c.id"),
    "expires_at": (_END, "c.id"),
}
_TYPES = {
    "id": ("bigint",),
    "recipient_name": ("text", "bigint"),
    "title": ("text", "bigint", "bigint"),
    "issued_on": ("date", "bigint"),
    "expires_at": ("timestamptz", "bigint"),
}
_RUNS = "(expires_at IS NULL OR expires_at > $2)"
_SUSPENDED = "(suspended_at IS NOT NULL AND (suspended_until IS NULL OR suspended_until > $2))"
_COMPARISONS = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


class _Where:
    """Conditions joined by AND, with their parameters numbered from $1 (the organisation)."""

    def __init__(self, tx: Transaction, search: Search) -> None:
        self.parameters: list[Any] = [tx.organisation_id]
        self.parts = ["c.organisation_id = $1", "c.deleted_at IS NULL"]
        for condition in search.conditions:
            self._condition(condition)
        for facet in search.facets:
            self.parts.append(f"c.facets @> ARRAY[{self.place(facet)}::text]")
        if search.any_facet:
            self.parts.append(f"c.facets && {self.place(list(search.any_facet))}::text[]")
        if search.department is not None:
            place = self.place(search.department.id)
            unowned = " OR d.department_id IS NULL" if search.department.is_default else ""
            self.parts.append(
                f"""c.achievement_id IN (SELECT d.id FROM achievement d
                    WHERE d.organisation_id = $1 AND (d.department_id = {place}{unowned}))"""
            )

    def place(self, value: Any) -> str:
        self.parameters.append(value)
        return f"${len(self.parameters)}"

    def _condition(self, condition: Condition) -> None:
        if condition.field == "published":
            shown = "c.published_at IS NOT NULL AND c.state <> 'revoked'"
            self.parts.append(f"({shown})" if condition.value else f"NOT ({shown})")
            return
        expression = _EXPRESSIONS[condition.field]
        if condition.operator == "in" and condition.field in DAYS:
            days = [f"({self._days(expression, Condition(condition.field, 'eq', day))})" for day in condition.value]
            self.parts.append(f"({' OR '.join(days)})" if days else "false")
        elif condition.operator == "in":
            self.parts.append(f"{expression} = ANY({self.place(list(condition.value))})")
        elif condition.field in DAYS:
            self.parts.append(self._days(expression, condition))
        else:
            self.parts.append(f"{expression} {_COMPARISONS[condition.operator]} {self.place(condition.value)}")

    def _days(self, expression: str, condition: Condition) -> str:
        bounds = [f"{expression} {comparison} {self.place(at)}" for comparison, at in day_bounds(condition)]
        if condition.field == "expires_at":
            bounds.append("c.expires_at IS NOT NULL")
        return " AND ".join(bounds)

    def __str__(self) -> str:
        return " AND ".join(self.parts)


async def page(tx: Transaction, search: Search) -> list[tuple[Credential, tuple[Any, ...]]]:
    """Up to `limit` credentials, each with its place in the order (what `after` takes)."""
    where = _Where(tx, search)
    order = _SORTS[search.sort]
    if search.after is not None:
        places = [f"{where.place(value)}::{t}" for value, t in zip(search.after, _TYPES[search.sort], strict=True)]
        comparison = "<" if search.descending else ">"
        where.parts.append(f"({', '.join(order)}) {comparison} ({', '.join(places)})")
    direction = " DESC" if search.descending else ""
    joined = (
        "JOIN achievement a ON a.organisation_id = $1 AND a.id = c.achievement_id" if search.sort == "title" else ""
    )
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS}, {", ".join(f"{part} AS o{index}" for index, part in enumerate(order))}
        FROM credential c {joined} WHERE {where}
        ORDER BY {", ".join(part + direction for part in order)}
        LIMIT {where.place(search.limit)} OFFSET {where.place(search.offset)}
        """,
        *where.parameters,
    )
    return [(Credential.from_row(row), tuple(row[f"o{index}"] for index in range(len(order)))) for row in rows]


_IN_STATE = {
    "intended": "state = 'intended'",
    "revoked": "state = 'revoked'",
    "expired": "state <> 'revoked' AND expires_at <= $2",
    "suspended": f"state = 'issued' AND {_RUNS} AND {_SUSPENDED}",
    "issued": f"state = 'issued' AND {_RUNS} AND NOT {_SUSPENDED}",
}


async def list_newest(tx: Transaction, wanted: Listing, *, before_id: int | None, limit: int) -> list[Credential]:
    """Credentials that the caller may see, from below `before_id`."""
    in_state = f" AND {_IN_STATE[wanted.state]}" if wanted.state else ""
    rows = await tx.fetch(
        f"""
        SELECT {", ".join(Credential.__struct_fields__)} FROM credential
        WHERE organisation_id = $1 AND $2::timestamptz IS NOT NULL AND deleted_at IS NULL
          AND ($3::bigint IS NULL OR achievement_id = $3) AND ($4::bigint IS NULL OR person_id = $4)
          AND ($5::bigint IS NULL OR id < $5){in_state}{tx.of_achievements_in_department()}
        ORDER BY id DESC LIMIT $6
        """,
        tx.organisation_id,
        wanted.now,
        wanted.achievement_id,
        wanted.person_id,
        before_id,
        limit,
    )
    return [Credential.from_row(row) for row in rows]


async def count(tx: Transaction, search: Search, at_most: int | None) -> int:
    """How many there are; with `at_most` the counting stops there."""
    where = _Where(tx, search)
    if at_most is None:
        counted = await tx.fetchval(f"SELECT count(*) FROM credential c WHERE {where}", *where.parameters)
    else:
        # Ordered as an index is: without that the whole table may be read for the last of the rows.
        order = ", ".join(_SORTS["id" if search.sort == "title" else search.sort])
        counted = await tx.fetchval(
            f"""
            SELECT count(*) FROM (
                SELECT FROM credential c WHERE {where} ORDER BY {order} LIMIT {where.place(at_most)}
            ) AS found
            """,
            *where.parameters,
        )
    return int(counted)


async def tally(tx: Transaction, achievement_ids: Sequence[AchievementId] | None) -> int:
    """How many credentials these achievements have (None: the organisation), off the counters."""
    counted = await tx.fetchval(
        """
        SELECT coalesce(sum(count), 0) FROM credential_tally
        WHERE organisation_id = $1 AND achievement_id = ANY($2::bigint[])
        """,
        tx.organisation_id,
        [0] if achievement_ids is None else achievement_ids,
    )
    return int(counted)


async def tallies(tx: Transaction, achievement_ids: Sequence[AchievementId]) -> dict[AchievementId, int]:
    """How many credentials each achievement has."""
    rows = await tx.fetch(
        """
        SELECT achievement_id, sum(count)::bigint AS count FROM credential_tally
        WHERE organisation_id = $1 AND achievement_id = ANY($2::bigint[]) GROUP BY achievement_id
        """,
        tx.organisation_id,
        achievement_ids,
    )
    return {row["achievement_id"]: row["count"] for row in rows}


async def find_by_license(tx: Transaction, license_id: str) -> Credential | None:
    """The newest credential with the issuer's own id."""
    row = await tx.fetchrow(
        f"""
        SELECT {_COLUMNS} FROM credential c
        WHERE c.organisation_id = $1 AND c.license_id = $2 AND c.deleted_at IS NULL ORDER BY c.id DESC LIMIT 1
        """,
        tx.organisation_id,
        license_id,
    )
    return None if row is None else Credential.from_row(row)


async def next_item_ids(tx: Transaction, how_many: int) -> list[int]:
    """Fresh integer ids for items inside credentials (evidence, references)."""
    rows = await tx.fetch("SELECT nextval('credential_item_id') AS id FROM generate_series(1, $1::integer)", how_many)
    return [row["id"] for row in rows]


# ------------------------------------------------------------------------------------------------------------ activity
def _activity(row: Row) -> Activity:
    return Activity(**row)


async def insert_activities(
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


async def activities(
    tx: Transaction, wanted: tuple[Any, ...], *, limit: int, offset: int
) -> tuple[list[Activity], int]:
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


# ----------------------------------------------------------------------------------------------------------- allowance
_ALLOWANCE_LOCK = 0x1A0E_E3  # any constant: one writer of an organisation's allowance at a time


async def lock_allowance(tx: Transaction) -> None:
    """Wait for other writers of this organisation's allowance; held until the transaction ends."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock($1::integer, ($2::bigint % 2147483647)::integer)",
        _ALLOWANCE_LOCK,
        tx.organisation_id,
    )


async def allowed(tx: Transaction, year: int, people: Sequence[PersonId]) -> set[PersonId]:
    """Those of `people` who were issued to in `year`."""
    rows = await tx.fetch(
        """
        SELECT person_id FROM credential_allowance
        WHERE organisation_id = $1 AND year = $2 AND person_id = ANY($3::bigint[])
        """,
        tx.organisation_id,
        year,
        people,
    )
    return {row["person_id"] for row in rows}


async def count_allowed(tx: Transaction, year: int) -> int:
    """How many people were issued to in `year`."""
    counted = await tx.fetchval(
        "SELECT count(*) FROM credential_allowance WHERE organisation_id = $1 AND year = $2", tx.organisation_id, year
    )
    return int(counted)


async def insert_allowed(tx: Transaction, year: int, people: Sequence[PersonId]) -> None:
    """Note who is issued to in `year`."""
    await tx.execute(
        """
        INSERT INTO credential_allowance (organisation_id, year, person_id) SELECT $1, $2, unnest($3::bigint[])
        ON CONFLICT DO NOTHING
        """,
        tx.organisation_id,
        year,
        people,
    )


# ------------------------------------------------------------------------------------------------------------- exports
_EXPORT = "id, department_id, entity, status, files, created_at"
_OF_DEPARTMENT = "({table}.department_id = $2 OR ($3 AND {table}.department_id IS NULL))"
_ROWS = {
    "organizations": (
        "d.id, d.name, d.description, d.url, d.image, d.created_at",
        "department d WHERE d.organisation_id = $1 AND d.id = $2 AND $3::boolean IS NOT NULL",
        "d",
    ),
    "credentials": (
        f"""c.id, c.uid, c.license_id, c.fields ->> 'name', c.fields ->> 'description', a.id, {_TITLE},
        c.fields ->> 'recipient_name', c.fields ->> 'recipient_email', c.fields ->> 'recipient_id', c.issued_on,
        (c.expires_at AT TIME ZONE 'UTC')::date, (c.published_at AT TIME ZONE 'UTC')::date, c.revoked_at, c.private,
        c.created_at, c.updated_at""",
        f"""credential c JOIN achievement a ON a.organisation_id = $1 AND a.id = c.achievement_id
        WHERE c.organisation_id = $1 AND c.deleted_at IS NULL AND {_OF_DEPARTMENT.format(table="a")}""",
        "c",
    ),
    "credential_analytics": (
        "v.id, v.credential_id, v.license_id, v.achievement_id, v.event, v.at",
        f"""credential_activity v JOIN achievement a ON a.organisation_id = $1 AND a.id = v.achievement_id
        WHERE v.organisation_id = $1 AND {_OF_DEPARTMENT.format(table="a")}""",
        "v",
    ),
    "groups": (
        f"a.id, a.uid, {_TITLE}, jsonb_path_query_first(a.names, '$.*') #>> '{{}}', a.department_id, a.status, a.created_at, a.updated_at",
        f"achievement a WHERE a.organisation_id = $1 AND a.deleted_at IS NULL AND {_OF_DEPARTMENT.format(table='a')}",
        "a",
    ),
    "designs": (
        "s.id, s.uid, s.name, s.kind, s.department_id, s.created_at, s.updated_at",
        f"design s WHERE s.organisation_id = $1 AND s.deleted_at IS NULL AND {_OF_DEPARTMENT.format(table='s')}",
        "s",
    ),
}


def _made_at(entity: str) -> str:
    return f"{_ROWS[entity][2]}.{'at' if entity == 'credential_analytics' else 'created_at'}"


async def insert_export(tx: Transaction, department_id: DepartmentId, entity: str, now: datetime) -> Row:
    """A scheduled export."""
    values = {
        "department_id": department_id, "entity": entity, "status": "scheduled", "created_at": now, "updated_at": now,
    }  # fmt: skip
    return await insert_row(tx, "data_export", values, _EXPORT)


async def exports(tx: Transaction, department_id: DepartmentId | None, limit: int) -> list[Row]:
    """Newest first."""
    return await tx.fetch(
        f"""
        SELECT {_EXPORT} FROM data_export
        WHERE organisation_id = $1 AND ($2::bigint IS NULL OR department_id = $2) ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        department_id,
        limit,
    )


async def find_export(tx: Transaction, export_id: int) -> Row | None:
    """By integer id."""
    return await tx.fetchrow(
        f"SELECT {_EXPORT} FROM data_export WHERE organisation_id = $1 AND id = $2", tx.organisation_id, export_id
    )


async def begin_export(tx: Transaction, export_id: int, now: datetime) -> bool:
    """Note that the export is being written; False when it is finished. One that was left behind is begun again."""
    begun = await tx.execute(
        """
        UPDATE data_export SET status = 'processing', updated_at = $3
        WHERE organisation_id = $1 AND id = $2 AND status <> 'completed'
        """,
        tx.organisation_id,
        export_id,
        now,
    )
    return begun == 1


async def finish_export(
    tx: Transaction, export_id: int, status: str, files: list[dict[str, Any]], now: datetime
) -> None:
    """Note how it ended."""
    await tx.execute(
        "UPDATE data_export SET status = $3, files = $4, updated_at = $5 WHERE organisation_id = $1 AND id = $2",
        tx.organisation_id,
        export_id,
        status,
        files,
        now,
    )


async def is_default_department(tx: Transaction, department_id: DepartmentId) -> bool:
    """Whether it owns what names no department."""
    return bool(
        await tx.fetchval(
            "SELECT is_default FROM department WHERE organisation_id = $1 AND id = $2",
            tx.organisation_id,
            department_id,
        )
    )


async def years(tx: Transaction, entity: str, department: Department) -> list[int]:
    """The years in which something of this kind was made."""
    rows = await tx.fetch(
        f"SELECT DISTINCT extract(year FROM {_made_at(entity)} AT TIME ZONE 'UTC')::integer AS year FROM {_ROWS[entity][1]}",
        tx.organisation_id,
        department.id,
        department.is_default,
    )
    return sorted(row["year"] for row in rows)


async def export_rows(tx: Transaction, entity: str, department: Department, year: int) -> AsyncIterator[Row]:
    """The rows of one year, in the order of making, as they come from the database."""
    columns, source, alias = _ROWS[entity]
    async for row in tx.stream(
        f"""
        SELECT {columns} FROM {source} AND extract(year FROM {_made_at(entity)} AT TIME ZONE 'UTC') = $4
        ORDER BY {alias}.id
        """,
        tx.organisation_id,
        department.id,
        department.is_default,
        year,
    ):
        yield row

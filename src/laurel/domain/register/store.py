"""The SQL of the register. Conditions become parameters; what they name are our own columns."""

from collections.abc import Sequence
from typing import Any

from laurel.base.ids import AchievementId
from laurel.database.pool import Transaction
from laurel.domain.credentials.model import Credential
from laurel.domain.register.model import DAYS, Condition, Listing, Search, day_bounds

_COLUMNS = ", ".join(f"c.{name}" for name in Credential.__struct_fields__)
TITLE = "coalesce(a.details ->> 'internal_name', jsonb_path_query_first(a.names, '$.*') #>> '{}', '')"
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
    "title": (TITLE, "a.id", "c.id"),
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

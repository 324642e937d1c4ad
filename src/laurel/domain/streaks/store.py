"""The SQL of streak rules and streaks."""

from collections.abc import Sequence
from typing import Any

from laurel.base.ids import PersonId
from laurel.database.pool import Transaction, columns
from laurel.database.rows import put_row
from laurel.domain.streaks.model import Streak, StreakRule

_RULE = ", ".join(StreakRule.__struct_fields__)
_STREAK = ", ".join(Streak.__struct_fields__)


async def rules(tx: Transaction) -> list[StreakRule]:
    """All rules of the organisation."""
    rows = await tx.fetch(f"SELECT {_RULE} FROM streak_rule WHERE organisation_id = $1 ORDER BY id", tx.organisation_id)
    return [StreakRule.from_row(row) for row in rows]


async def shown_rules(tx: Transaction) -> list[StreakRule]:
    """Those that the caller may see: an organisation's own rule is the default department's."""
    rows = await tx.fetch(
        f"""
        SELECT {_RULE} FROM streak_rule
        WHERE organisation_id = $1{tx.in_department("NULLIF(department_id, 0)")} ORDER BY id
        """,
        tx.organisation_id,
    )
    return [StreakRule.from_row(row) for row in rows]


async def put_rule(tx: Transaction, values: dict[str, Any]) -> StreakRule:
    """The rule of a department (0: the organisation), made or replaced."""
    changed = dict(values)
    key = {"department_id": changed.pop("department_id")}
    first = {name: changed.pop(name) for name in ("uid", "created_at")}
    return StreakRule.from_row(await put_row(tx, "streak_rule", key, changed, first=first, returning=_RULE))


async def of_people(tx: Transaction, person_ids: Sequence[PersonId]) -> dict[tuple[PersonId, int], Streak]:
    """Streaks by (person, rule)."""
    rows = await tx.fetch(
        f"SELECT {_STREAK} FROM streak WHERE organisation_id = $1 AND person_id = ANY($2::bigint[])",
        tx.organisation_id,
        person_ids,
    )
    return {(row["person_id"], row["rule_id"]): Streak(**dict(row)) for row in rows}


async def end(tx: Transaction, person_id: PersonId, rule_id: int) -> None:
    """Take a streak away, as if it had never begun."""
    await tx.execute(
        "DELETE FROM streak WHERE organisation_id = $1 AND person_id = $2 AND rule_id = $3",
        tx.organisation_id,
        person_id,
        rule_id,
    )


async def save(tx: Transaction, streaks: Sequence[Streak]) -> None:
    """Write streaks; the people's progress rows, locked by the spine, guard them."""
    rows = [
        (s.person_id, s.rule_id, s.length, s.longest, s.last_day, s.freezes, s.extended_at)
        for s in sorted(streaks, key=lambda s: (s.person_id, s.rule_id))
    ]
    await tx.execute(
        """
        INSERT INTO streak (organisation_id, person_id, rule_id, length, longest, last_day, freezes, extended_at)
        SELECT $1, n.* FROM unnest($2::bigint[], $3::bigint[], $4::integer[], $5::integer[], $6::integer[],
                                   $7::integer[], $8::timestamptz[]) AS n
        ON CONFLICT (organisation_id, person_id, rule_id) DO UPDATE
        SET length = EXCLUDED.length, longest = EXCLUDED.longest, last_day = EXCLUDED.last_day,
            freezes = EXCLUDED.freezes, extended_at = EXCLUDED.extended_at
        """,
        tx.organisation_id,
        *columns(rows, 7),
    )

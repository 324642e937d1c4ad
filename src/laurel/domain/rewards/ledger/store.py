"""The SQL of the ledger of points, XP and keys, of the balances it sums up to, and of what events pay in XP.

A balance changes in the statement or transaction that appends to the ledger, and never below zero.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from laurel.base.ids import AwardId, PersonId
from laurel.database.pool import Row, Transaction, columns
from laurel.database.rows import insert_row_once, put_row
from laurel.database.slices import Slice, page_of
from laurel.domain.rewards.model import LedgerEntry


async def post(tx: Transaction, entries: Sequence[LedgerEntry], now: datetime) -> None:
    """Append credits to the ledger and keep the balances in step. Raises UniqueViolationError for a reference that was
    used.
    """
    entries = await _in_their_purses(tx, entries)
    if await _append(tx, entries, now):
        await tx.execute(
            """
            INSERT INTO balance (organisation_id, person_id, unit, dimension, department_id, amount)
            SELECT $1, b.* FROM unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::numeric[]) AS b
            ON CONFLICT (organisation_id, person_id, unit, dimension, department_id)
            DO UPDATE SET amount = balance.amount + EXCLUDED.amount
            """,
            tx.organisation_id,
            *columns(_sums(entries), 5),
        )


async def _append(tx: Transaction, entries: Sequence[LedgerEntry], now: datetime) -> int:
    """Write entries of amounts that are not zero into the ledger; how many."""
    rows = [
        (e.person_id, e.unit, e.dimension, e.department_id, e.amount, e.reason, e.award_id, e.reference, e.actor)
        for e in entries
        if e.amount
    ]
    if rows:
        await tx.execute(
            """
            INSERT INTO ledger (organisation_id, person_id, unit, dimension, department_id, amount, reason, award_id,
                                reference, actor, at)
            SELECT $1, l.*, $2 FROM unnest($3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::numeric[], $8::text[],
                                           $9::bigint[], $10::text[], $11::text[]) AS l
            """,
            tx.organisation_id,
            now,
            *columns(rows, 9),
        )
    return len(rows)


def _sums(entries: Sequence[LedgerEntry]) -> list[tuple[PersonId, str, str, int, Decimal]]:
    """What entries add to each balance, in the order of keys."""
    sums: dict[tuple[PersonId, str, str, int], Decimal] = {}
    for entry in entries:
        key = (entry.person_id, entry.unit, entry.dimension, entry.department_id)
        sums[key] = sums.get(key, Decimal(0)) + entry.amount
    return [(*key, amount) for key, amount in sorted(sums.items())]


async def take_back(tx: Transaction, entries: Sequence[LedgerEntry], reason: str, now: datetime) -> dict[str, Decimal]:
    """Book entries again with the sign turned, points only as far as they are there; what was taken by unit (XP: the
    total's). The balances of points are locked first.
    """
    wanted = sorted(
        await _in_their_purses(tx, entries), key=lambda entry: (entry.unit, entry.dimension, entry.department_id)
    )
    rows = await tx.fetch(
        """
        SELECT person_id, department_id, amount FROM balance
        WHERE organisation_id = $1 AND person_id = ANY($2::bigint[]) AND unit = 'points' AND dimension = ''
        ORDER BY person_id, department_id FOR UPDATE
        """,
        tx.organisation_id,
        sorted({entry.person_id for entry in wanted if entry.unit == "points"}),
    )
    left: dict[tuple[PersonId, int], Decimal] = {(row[0], row[1]): row[2] for row in rows}
    booked = []
    for entry in wanted:
        amount = entry.amount
        if entry.unit == "points":
            purse_of = (entry.person_id, entry.department_id)
            amount = min(amount, left.get(purse_of, Decimal(0)))
            left[purse_of] = left.get(purse_of, Decimal(0)) - amount
        booked.append(msgspec.structs.replace(entry, amount=-amount, reason=reason, reference=None))
    if await _append(tx, booked, now):
        await tx.execute(
            """
            UPDATE balance b SET amount = b.amount + n.amount
            FROM unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::numeric[])
                AS n(person_id, unit, dimension, department_id, amount)
            WHERE b.organisation_id = $1 AND b.person_id = n.person_id AND b.unit = n.unit
              AND b.dimension = n.dimension AND b.department_id = n.department_id AND b.person_id = ANY($2::bigint[])
            """,
            tx.organisation_id,
            *columns(_sums(booked), 5),
        )
    taken = {"points": Decimal(0), "xp": Decimal(0)}
    for entry in booked:
        if not entry.dimension and entry.unit in taken:
            taken[entry.unit] -= entry.amount
    return taken


async def paid_by_award(tx: Transaction, person_id: PersonId, award_id: AwardId) -> list[LedgerEntry]:
    """What an award paid in points and XP, less what was taken back."""
    rows = await tx.fetch(
        """
        SELECT unit, dimension, department_id, sum(amount) AS amount, min(actor) AS actor FROM ledger
        WHERE organisation_id = $1 AND person_id = $2 AND award_id = $3
        GROUP BY unit, dimension, department_id HAVING sum(amount) > 0
        """,
        tx.organisation_id,
        person_id,
        award_id,
    )
    return [
        LedgerEntry(
            person_id,
            row["unit"],
            row["dimension"],
            row["department_id"],
            row["amount"],
            "",
            award_id,
            None,
            row["actor"],
        )
        for row in rows
    ]


async def _in_their_purses(tx: Transaction, entries: Sequence[LedgerEntry]) -> Sequence[LedgerEntry]:
    """The default department has no purse of its own: what is booked to it is the organisation's (0)."""
    if not any(entry.department_id for entry in entries):
        return entries
    default = await tx.fetchval(
        "SELECT id FROM department WHERE organisation_id = $1 AND is_default AND deleted_at IS NULL", tx.organisation_id
    )
    return [
        msgspec.structs.replace(entry, department_id=0) if entry.department_id == default else entry
        for entry in entries
    ]


async def balances(tx: Transaction, person_ids: Sequence[PersonId]) -> list[tuple[PersonId, str, str, int, Decimal]]:
    """(person, unit, dimension, department, amount) of people; department 0 is the organisation itself."""
    rows = await tx.fetch(
        """
        SELECT person_id, unit, dimension, department_id, amount FROM balance
        WHERE organisation_id = $1 AND person_id = ANY($2::bigint[])
        ORDER BY person_id, unit, dimension, department_id
        """,
        tx.organisation_id,
        person_ids,
    )
    return [tuple(row.values()) for row in rows]


async def ledger_of(
    tx: Transaction, person_id: PersonId, before_id: int | None, limit: int
) -> list[tuple[int, LedgerEntry, datetime]]:
    """A person's ledger, newest first, from below `before_id`: (id, entry, instant)."""
    rows = await tx.fetch(
        """
        SELECT id, at, person_id, unit, dimension, department_id, amount, reason, award_id, reference, actor FROM ledger
        WHERE organisation_id = $1 AND person_id = $2 AND ($3::bigint IS NULL OR id < $3) ORDER BY id DESC LIMIT $4
        """,
        tx.organisation_id,
        person_id,
        before_id,
        limit,
    )
    return [(row["id"], LedgerEntry(*tuple(row.values())[2:]), row["at"]) for row in rows]


async def page_ledger(
    tx: Transaction, person_id: PersonId, unit: str, department_id: int | None, wanted: Slice
) -> tuple[int, list[tuple[int, LedgerEntry, datetime]]]:
    """(how many in all, the slice as ledger_of has it) of a person's movements of a unit, of one purse or of all; searched
    by reason.
    """
    total, rows = await page_of(
        tx,
        "ledger",
        "id, at, person_id, unit, dimension, department_id, amount, reason, award_id, reference, actor",
        """organisation_id = $1 AND person_id = $2 AND unit = $3 AND dimension = ''
            AND ($4::bigint IS NULL OR department_id = $4)""",
        (tx.organisation_id, person_id, unit, None if department_id is None else await purse(tx, department_id)),
        wanted,
        searched="strpos(lower(reason), ${}) > 0",
        made="at",
    )
    return total, [(row["id"], LedgerEntry(*tuple(row.values())[2:]), row["at"]) for row in rows]


async def xp_rules(tx: Transaction) -> list[Row]:
    """The XP rules of the organisation."""
    return await tx.fetch(
        """
        SELECT category, sub_category, description, amounts, created_at, updated_at FROM xp_rule
        WHERE organisation_id = $1 ORDER BY category, sub_category
        """,
        tx.organisation_id,
    )


async def put_xp_rules(
    tx: Transaction, rows: Sequence[tuple[str, str, str, dict[str, Decimal]]], now: datetime
) -> None:
    """Write XP rules (category, sub-category, description, amounts)."""
    for category, sub_category, description, amounts in sorted(rows, key=lambda row: row[:2]):
        key = {"category": category, "sub_category": sub_category}
        values = {"description": description, "amounts": amounts, "updated_at": now}
        await put_row(tx, "xp_rule", key, values, first={"created_at": now})


async def purse(tx: Transaction, department_id: int) -> int:
    """Which purse a department's points lie in: its own, or 0 (the organisation's) for the default department."""
    is_default = await tx.fetchval(
        "SELECT is_default FROM department WHERE organisation_id = $1 AND id = $2", tx.organisation_id, department_id
    )
    return 0 if is_default else department_id


async def book(tx: Transaction, entry: LedgerEntry, now: datetime) -> int | None:
    """Append one entry to the ledger; its id, or None when its reference was booked before. Leaves the balance alone."""
    row = await insert_row_once(tx, "ledger", {**msgspec.structs.asdict(entry), "at": now}, "id")
    return None if row is None else int(row["id"])


async def by_reference(tx: Transaction, entry: LedgerEntry) -> tuple[int, LedgerEntry, datetime]:
    """The entry that was booked under the same reference."""
    row = await tx.fetchrow(
        """
        SELECT id, at, person_id, unit, dimension, department_id, amount, reason, award_id, reference, actor FROM ledger
        WHERE organisation_id = $1 AND person_id = $2 AND unit = $3 AND reference = $4
        """,
        tx.organisation_id,
        entry.person_id,
        entry.unit,
        entry.reference,
    )
    assert row is not None  # noqa: S101 - the constraint said that it is there, and the ledger only grows
    return row["id"], LedgerEntry(*tuple(row.values())[2:]), row["at"]


async def credit(tx: Transaction, entry: LedgerEntry) -> None:
    """Add an amount to a balance."""
    await tx.execute(
        """
        INSERT INTO balance (organisation_id, person_id, unit, dimension, department_id, amount)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (organisation_id, person_id, unit, dimension, department_id)
        DO UPDATE SET amount = balance.amount + EXCLUDED.amount
        """,
        tx.organisation_id,
        entry.person_id,
        entry.unit,
        entry.dimension,
        entry.department_id,
        entry.amount,
    )


async def debit(tx: Transaction, entry: LedgerEntry) -> bool:
    """Take an amount (negative in the entry) off a balance if it suffices: one conditional statement."""
    return bool(
        await tx.execute(
            """
            UPDATE balance SET amount = amount + $6
            WHERE organisation_id = $1 AND person_id = $2 AND unit = $3 AND dimension = $4 AND department_id = $5
              AND amount + $6 >= 0
            """,
            tx.organisation_id,
            entry.person_id,
            entry.unit,
            entry.dimension,
            entry.department_id,
            entry.amount,
        )
    )


async def balance(tx: Transaction, entry: LedgerEntry) -> Decimal:
    """The balance that an entry is booked on."""
    amount: Decimal | None = await tx.fetchval(
        """
        SELECT amount FROM balance
        WHERE organisation_id = $1 AND person_id = $2 AND unit = $3 AND dimension = $4 AND department_id = $5
        """,
        tx.organisation_id,
        entry.person_id,
        entry.unit,
        entry.dimension,
        entry.department_id,
    )
    return amount if amount is not None else Decimal(0)

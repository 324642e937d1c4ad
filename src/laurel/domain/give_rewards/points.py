"""Points and keys moved by hand: idempotent by reference, never below zero."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from laurel.base import limits
from laurel.base.errors import Conflict, Invalid
from laurel.base.ids import PersonId
from laurel.base.limits import check_length
from laurel.domain.record_events.consequences import settle
from laurel.domain.record_events.happenings import Happening, raise_events
from laurel.domain.record_events.run import Run
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.rewards.model import BalanceTooLow, LedgerEntry

POINTS_TRANSACTION_MAX = 1_000_000
Unit = Literal["points", "keys"]


class ReferenceReused(Conflict):
    """The same reference came with another amount, direction or department."""

    code = "reference_reused"


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """A movement to make: `amount` above zero is a credit, below a debit."""

    person_id: PersonId
    amount: Decimal
    reference: str | None
    actor: str
    unit: Unit = "points"
    department_id: int = 0
    reason: str = "transaction"


class Moved(msgspec.Struct, frozen=True):
    """The movement as booked; replayed: it had been before, and nothing was done."""

    id: int
    entry: LedgerEntry
    at: datetime
    replayed: bool


async def move(run: Run, movement: Movement) -> Moved:
    """Book a movement. Raises BalanceTooLow, ReferenceReused, Invalid; then nothing is booked."""
    if not movement.amount or abs(movement.amount) > POINTS_TRANSACTION_MAX:
        raise Invalid(
            f"amount must be from 1 to {POINTS_TRANSACTION_MAX}",
            field="amount",
            limit=POINTS_TRANSACTION_MAX,
            value=str(abs(movement.amount)),
        )
    if movement.reference is not None:
        check_length(movement.reference, limits.REFERENCE_LENGTH_MAX, "reference")
        if not movement.reference:
            raise Invalid("reference must not be empty", field="reference")
    await run.load([movement.person_id])
    entry = LedgerEntry(
        movement.person_id,
        movement.unit,
        "",
        await ledger.purse(run.tx, movement.department_id),
        movement.amount,
        movement.reason,
        None,
        movement.reference,
        movement.actor,
    )
    booked = await ledger.book(run.tx, entry, run.now)
    if booked is None:
        return await _replayed(run, entry)
    if entry.amount > 0:
        await ledger.credit(run.tx, entry)
    elif not await ledger.debit(run.tx, entry):
        raise BalanceTooLow(
            "the balance is lower than the amount",
            field="amount",
            value=str(-entry.amount),
            limit=str(await ledger.balance(run.tx, entry)),
        )
    moved = Moved(booked, entry, run.now, replayed=False)
    await _tell(run, moved)
    return moved


async def _replayed(run: Run, entry: LedgerEntry) -> Moved:
    booked_id, known, at = await ledger.by_reference(run.tx, entry)
    if (known.amount, known.department_id) != (entry.amount, entry.department_id):
        raise ReferenceReused(
            "this reference came with another amount, direction or community", field="reference", value=entry.reference
        )
    return Moved(booked_id, known, at, replayed=True)


async def _tell(run: Run, moved: Moved) -> None:
    entry = moved.entry
    if entry.unit != "points":
        return
    happening = Happening(
        entry.person_id,
        "points",
        "points-credited" if entry.amount > 0 else "points-debited",
        f"ledger:{moved.id}",
        department_id=entry.department_id or None,
        payload={"amount": abs(entry.amount)},
    )
    await raise_events(run, [happening])
    await settle(run, [])

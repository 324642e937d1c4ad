"""POST /api/v1/people/{person}/ledger: points and keys credited and debited by hand."""

from decimal import Decimal
from typing import Literal

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody

from laurel.base import limits
from laurel.base.limits import check_length
from laurel.base.text import clean
from laurel.domain.give_rewards.points import Moved, Movement, move
from laurel.domain.organisations import audit, tenancy
from laurel.domain.people import registry
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.web.api.awards import LedgerOut, render_movement
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts


class MovementIn(Body, frozen=True, kw_only=True):
    """An amount above zero is a credit, below it a debit. reference: sent again, it is booked once."""

    amount: Decimal
    unit: Literal["points", "keys"] = "points"
    reference: str | None = None
    reason: str = "transaction"
    department: str | None = None


class MovementOut(msgspec.Struct, frozen=True, kw_only=True):
    """What was booked; replayed: it had been before."""

    entry: LedgerOut
    replayed: bool


@post("/api/v1/people/{person:str}/ledger", guards=[requires("rewards:write")], tags=["people"], status_code=200)
async def move_points(
    parts: InjectedParts, caller: InjectedCaller, person: FromPath[str], data: JSONBody[MovementIn]
) -> MovementOut:
    """Credit or debit a person, never below zero. A department has a purse of its own."""
    reason = check_length(clean(data.reason).strip(), limits.NAME_LENGTH_MAX, "reason")

    async def work(run: Run) -> Moved:
        tx = run.tx
        subject = await registry.require(tx, person)
        department_id = caller.department_id or 0
        if data.department is not None:
            department_id = (await tenancy.find_department(tx, data.department, caller, "department")).id
        movement = Movement(
            person_id=subject.id,
            amount=data.amount,
            reference=data.reference,
            actor=caller.actor,
            unit=data.unit,
            department_id=department_id,
            reason=reason,
        )
        moved = await move(run, movement)
        if not moved.replayed:
            await audit.record(tx, at=run.now, by=caller, action="ledger.move", subject=("person", subject.uid))
        return moved

    moved = await in_run(parts.spine, caller.organisation_id, work)
    return MovementOut(entry=render_movement(moved.id, moved.entry, moved.at), replayed=moved.replayed)


HANDLERS = (move_points,)

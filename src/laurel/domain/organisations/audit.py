"""The audit trail: who did what to what, written in the transaction of the deed. Holds ids, never personal data."""

from datetime import datetime
from typing import Any

from laurel.database.pool import Transaction
from laurel.domain.organisations.audit_trail import store as audit_trail
from laurel.domain.organisations.model import Caller

COMMAND_LINE = "command-line"
START_UP = "start-up"


async def record(
    tx: Transaction,
    *,
    at: datetime,
    by: Caller | str,
    action: str,
    subject: tuple[str, str],
    details: dict[str, Any] | None = None,
) -> None:
    """Add one entry. `action` is "noun.verb" ("key.revoke"), `subject` its kind and uid; details are ids and names of
    fields, never values that tell about a person.
    """
    await audit_trail.insert(
        tx,
        at=at,
        actor=by if isinstance(by, str) else by.actor,
        action=action,
        subject_kind=subject[0],
        subject_uid=subject[1],
        details=details or {},
    )

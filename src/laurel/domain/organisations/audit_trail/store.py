"""The SQL of the audit trail. Decides nothing."""

from datetime import datetime
from typing import Any

import msgspec

from laurel.database.pool import Transaction
from laurel.database.rows import add_row
from laurel.domain.organisations.model import AuditEntry


async def insert(
    tx: Transaction,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject_kind: str,
    subject_uid: str,
    details: dict[str, Any],
) -> None:
    """One entry, in the transaction of what it tells."""
    values = {
        "at": at, "actor": actor, "action": action, "subject_kind": subject_kind, "subject_uid": subject_uid,
        "details": details,
    }  # fmt: skip
    await add_row(tx, "audit", values)


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to list of the audit trail; None means any. until: not included."""

    actor: str | None = None
    action: str | None = None
    subject_kind: str | None = None
    subject_uid: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def newest(tx: Transaction, wanted: AuditFilter, *, before: int | None, limit: int) -> list[AuditEntry]:
    """Newest first."""
    rows = await tx.fetch(
        """
        SELECT id, at, actor, action, subject_kind, subject_uid, details FROM audit
        WHERE organisation_id = $1 AND ($2::bigint IS NULL OR id < $2)
          AND ($4::text IS NULL OR actor = $4) AND ($5::text IS NULL OR action = $5)
          AND ($6::text IS NULL OR subject_kind = $6) AND ($7::text IS NULL OR subject_uid = $7)
          AND ($8::timestamptz IS NULL OR at >= $8) AND ($9::timestamptz IS NULL OR at < $9)
        ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        before,
        limit,
        wanted.actor,
        wanted.action,
        wanted.subject_kind,
        wanted.subject_uid,
        wanted.since,
        wanted.until,
    )
    return [AuditEntry(**row) for row in rows]

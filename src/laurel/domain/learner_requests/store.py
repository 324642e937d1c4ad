"""The SQL of learners' requests."""

from datetime import datetime

from laurel.base.ids import PersonId
from laurel.database.pool import Transaction
from laurel.domain.learner_requests.model import LearnerRequest

_COLUMNS = ", ".join(LearnerRequest.__struct_fields__)


async def insert(tx: Transaction, *, uid: str, person_id: PersonId, kind: str, wanted: str, now: datetime) -> None:
    """An open request; where one of the kind is open, that one gets the new wish."""
    await tx.execute(
        """
        INSERT INTO learner_request (organisation_id, uid, person_id, kind, wanted, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)
        ON CONFLICT (organisation_id, person_id, kind) WHERE state = 'open'
        DO UPDATE SET wanted = EXCLUDED.wanted, updated_at = EXCLUDED.updated_at
        """,
        tx.organisation_id,
        uid,
        person_id,
        kind,
        wanted,
        now,
    )


async def find(tx: Transaction, uid: str, *, lock: bool = False) -> LearnerRequest | None:
    """The request with this uid."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM learner_request WHERE organisation_id = $1 AND uid = $2 {'FOR UPDATE' if lock else ''}",
        tx.organisation_id,
        uid,
    )
    return None if row is None else LearnerRequest.from_row(row)


async def newest(tx: Transaction, before_id: int | None, limit: int) -> list[LearnerRequest]:
    """Requests, open ones and answered ones, newest first."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM learner_request
        WHERE organisation_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        before_id,
        limit,
    )
    return [LearnerRequest.from_row(row) for row in rows]


async def of_person(tx: Transaction, person_id: PersonId) -> list[LearnerRequest]:
    """What one person has asked for, newest first."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM learner_request WHERE organisation_id = $1 AND person_id = $2 ORDER BY id DESC LIMIT 20
        """,
        tx.organisation_id,
        person_id,
    )
    return [LearnerRequest.from_row(row) for row in rows]


async def answer(tx: Transaction, request_id: int, *, state: str, answer: str, by: str, now: datetime) -> None:
    """Close a request."""
    await tx.execute(
        """
        UPDATE learner_request SET state = $3, answer = $4, decided_by = $5, updated_at = $6
        WHERE organisation_id = $1 AND id = $2
        """,
        tx.organisation_id,
        request_id,
        state,
        answer,
        by,
        now,
    )

"""Answers kept for requests with an Idempotency-Key: written in the transaction of the effect, gone after a day."""

from datetime import datetime

import msgspec

from laurel.database.pool import Transaction


class StoredAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer kept for the next request with the same Idempotency-Key."""

    request_hash: bytes
    status: int
    headers: list[tuple[str, str]]
    body: bytes


async def lock_idempotency_key(tx: Transaction, caller: str, key: str) -> bool:
    """Whether this transaction got the key for itself; held until it ends."""
    got: bool = await tx.fetchval(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(format('%s/%s/%s', $1::bigint, $2::text, $3::text), 0))",
        tx.organisation_id,
        caller,
        key,
    )
    return got


async def stored_answer(tx: Transaction, caller: str, key: str, *, since: datetime) -> StoredAnswer | None:
    """What was answered to this key, if that was at `since` or later."""
    row = await tx.fetchrow(
        """
        SELECT request_hash, status, headers, body FROM idempotent_answer
        WHERE organisation_id = $1 AND caller = $2 AND key = $3 AND created_at >= $4
        """,
        tx.organisation_id,
        caller,
        key,
        since,
    )
    if row is None:
        return None
    return StoredAnswer(
        request_hash=row["request_hash"],
        status=row["status"],
        headers=[(name, value) for name, value in row["headers"]],
        body=row["body"],
    )


async def store_answer(tx: Transaction, caller: str, key: str, answer: StoredAnswer, now: datetime) -> None:
    """Keep the answer; one that has run out under the same key is replaced."""
    await tx.execute(
        """
        INSERT INTO idempotent_answer (organisation_id, caller, key, request_hash, status, headers, body, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (organisation_id, caller, key) DO UPDATE
        SET request_hash = excluded.request_hash, status = excluded.status, headers = excluded.headers,
            body = excluded.body, created_at = excluded.created_at
        """,
        tx.organisation_id,
        caller,
        key,
        answer.request_hash,
        answer.status,
        answer.headers,
        answer.body,
        now,
    )


async def delete_answers_before(tx: Transaction, instant: datetime) -> int:
    """How many were removed (needs a transaction across organisations)."""
    return await tx.execute("DELETE FROM idempotent_answer WHERE created_at < $1", instant)

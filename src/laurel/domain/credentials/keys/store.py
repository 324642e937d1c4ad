"""The SQL of signing keys and of the audit of what they signed."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from laurel.database.pool import Transaction, columns
from laurel.keyring.signing import Algorithm, State, StoredKey


class KeyRow(NamedTuple):
    """A signing key with its place and history."""

    id: int
    key: StoredKey
    retired_at: datetime | None
    compromised_at: datetime | None


async def signing_keys(tx: Transaction) -> list[KeyRow]:
    """The organisation's signing keys, the newest first."""
    rows = await tx.fetch(
        """
        SELECT id, uid, organisation_id, algorithm, public_der, sealed, state, created_at, retired_at, compromised_at
        FROM signing_key WHERE organisation_id = $1 ORDER BY id DESC
        """,
        tx.organisation_id,
    )
    return [
        KeyRow(
            row["id"],
            StoredKey(
                uid=row["uid"],
                organisation_id=row["organisation_id"],
                algorithm=Algorithm(row["algorithm"]),
                public_der=row["public_der"],
                sealed=row["sealed"],
                state=State(row["state"]),
                created_at=row["created_at"],
            ),
            row["retired_at"],
            row["compromised_at"],
        )
        for row in rows
    ]


async def insert_key(tx: Transaction, key: StoredKey) -> bool:
    """Keep a key; False when the organisation has an active one of the algorithm already."""
    return bool(
        await tx.execute(
            """
            INSERT INTO signing_key (organisation_id, uid, algorithm, public_der, sealed, state, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (organisation_id, algorithm) WHERE state = 'active' DO NOTHING
            """,
            tx.organisation_id,
            key.uid,
            key.algorithm,
            key.public_der,
            key.sealed,
            key.state,
            key.created_at,
        )
    )


async def set_key_state(tx: Transaction, key_id: int, state: State, now: datetime) -> None:
    """Retire a key or note that it is compromised."""
    column = "compromised_at" if state is State.COMPROMISED else "retired_at"
    await tx.execute(
        f"UPDATE signing_key SET state = $3, {column} = $4 WHERE organisation_id = $1 AND id = $2",
        tx.organisation_id,
        key_id,
        state,
        now,
    )


async def lock_keys(tx: Transaction) -> None:
    """Let nobody else change this organisation's keys until the transaction ends."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('signing keys ' || $1::bigint, 0))", tx.organisation_id
    )


async def insert_signatures(
    tx: Transaction, key_id: int, kind: str, signatures: Sequence[tuple[str, bytes]], now: datetime
) -> None:
    """Record what a key has signed of one kind: subject, SHA-256 of what was signed."""
    await tx.execute(
        """
        INSERT INTO signature (organisation_id, key_id, kind, subject, input_sha256, at)
        SELECT $1, $2, $3, s.subject, s.input_sha256, $4
        FROM unnest($5::text[], $6::bytea[]) AS s(subject, input_sha256)
        """,
        tx.organisation_id,
        key_id,
        kind,
        now,
        *columns(signatures, 2),
    )

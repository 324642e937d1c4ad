"""The SQL of wallets."""

from datetime import datetime

from laurel.base.ids import PersonId, new_uid
from laurel.database.pool import Transaction
from laurel.domain.wallet.model import RECORD_STANDARD, Entry, NewHeld

_ENTRIES = """
    SELECT s.document AS content, false AS token, false AS held, s.signed_at AS changed_at, c.uid
    FROM credential c JOIN signed_credential s ON s.organisation_id = $1 AND s.credential_id = c.id
    WHERE c.organisation_id = $1 AND c.person_id = $2 AND c.deleted_at IS NULL AND c.state = 'issued'
      AND s.document IS NOT NULL AND ($3::timestamptz IS NULL OR s.signed_at > $3)
    UNION ALL
    SELECT h.content, h.token, true, h.verified_at, h.uid
    FROM held_credential h
    WHERE h.organisation_id = $1 AND h.person_id = $2 AND ($3::timestamptz IS NULL OR h.verified_at > $3)
      AND h.standard <> '{record}'
""".replace("{record}", RECORD_STANDARD)


async def count(tx: Transaction, person_id: PersonId, since: datetime | None) -> int:
    """How many badges the person holds that were signed or put here after `since`."""
    found: int = await tx.fetchval(f"SELECT count(*) FROM ({_ENTRIES}) AS e", tx.organisation_id, person_id, since)
    return found


async def page(tx: Transaction, person_id: PersonId, since: datetime | None, limit: int, offset: int) -> list[Entry]:
    """A page of them, the newest first."""
    rows = await tx.fetch(
        f"""
        SELECT content, token, held, changed_at FROM ({_ENTRIES}) AS e
        ORDER BY changed_at DESC, uid DESC LIMIT $4 OFFSET $5
        """,
        tx.organisation_id,
        person_id,
        since,
        limit,
        offset,
    )
    return [Entry.from_row(row) for row in rows]


_RECORDS = """
    FROM held_credential
    WHERE organisation_id = $1 AND person_id = $2 AND ($3::timestamptz IS NULL OR verified_at > $3) AND standard = $4
"""


async def count_records(tx: Transaction, person_id: PersonId, since: datetime | None) -> int:
    """How many learner records of others the person keeps here that came after `since`."""
    found: int = await tx.fetchval(f"SELECT count(*) {_RECORDS}", tx.organisation_id, person_id, since, RECORD_STANDARD)
    return found


async def records(tx: Transaction, person_id: PersonId, since: datetime | None, limit: int, offset: int) -> list[Entry]:
    """A page of them, the newest first."""
    rows = await tx.fetch(
        f"""
        SELECT content, token, true AS held, verified_at AS changed_at {_RECORDS}
        ORDER BY verified_at DESC, uid DESC LIMIT $5 OFFSET $6
        """,
        tx.organisation_id,
        person_id,
        since,
        RECORD_STANDARD,
        limit,
        offset,
    )
    return [Entry.from_row(row) for row in rows]


async def own(tx: Transaction, person_id: PersonId, now: datetime, limit: int) -> list[Entry]:
    """What this organisation issued to the person and what still stands, the newest first."""
    rows = await tx.fetch(
        """
        SELECT s.document AS content, false AS token, false AS held, s.signed_at AS changed_at
        FROM credential c JOIN signed_credential s ON s.organisation_id = $1 AND s.credential_id = c.id
        WHERE c.organisation_id = $1 AND c.person_id = $2 AND c.deleted_at IS NULL AND c.state = 'issued'
          AND s.document IS NOT NULL AND (c.expires_at IS NULL OR c.expires_at > $3)
          AND (c.suspended_at IS NULL OR c.suspended_until <= $3)
        ORDER BY c.id DESC LIMIT $4
        """,
        tx.organisation_id,
        person_id,
        now,
        limit,
    )
    return [Entry.from_row(row) for row in rows]


async def count_held(tx: Transaction, person_id: PersonId) -> int:
    """How many credentials of other issuers are kept for a person."""
    found: int = await tx.fetchval(
        "SELECT count(*) FROM held_credential WHERE organisation_id = $1 AND person_id = $2",
        tx.organisation_id,
        person_id,
    )
    return found


async def upsert(tx: Transaction, person_id: PersonId, new: NewHeld, now: datetime) -> bool | None:
    """Keep a credential: True when it is new, False when it replaced an older version, None when a newer one is kept."""
    created: bool | None = await tx.fetchval(
        """
        INSERT INTO held_credential AS h (organisation_id, person_id, uid, identity, name, issuer, standard, token,
                                          content, valid_from, verified_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
        ON CONFLICT (organisation_id, person_id, identity) DO UPDATE
        SET name = EXCLUDED.name, standard = EXCLUDED.standard, token = EXCLUDED.token, content = EXCLUDED.content,
            valid_from = EXCLUDED.valid_from, verified_at = EXCLUDED.verified_at
        WHERE h.valid_from <= EXCLUDED.valid_from
        RETURNING h.xmax = 0
        """,
        tx.organisation_id,
        person_id,
        new_uid(),
        new.identity,
        new.name,
        new.issuer,
        new.standard,
        new.token,
        new.content,
        new.valid_from,
        now,
    )
    return created

"""The SQL of sessions and used links."""

from datetime import datetime

from laurel.base.ids import AccountId, OrganisationId
from laurel.database.pool import Transaction
from laurel.database.rows import add_row, add_row_once
from laurel.domain.access.model import Session

_SESSION = "organisation_id, uid, account_id, created_at, seen_at"


async def organisations_of_account(tx: Transaction, email: str, limit: int) -> list[OrganisationId]:
    """Organisations in which an account has this address, oldest first (needs a transaction across organisations)."""
    rows = await tx.fetch(
        """
        SELECT organisation_id FROM account
        WHERE email = $1 AND deleted_at IS NULL AND password_hash IS NOT NULL ORDER BY organisation_id LIMIT $2
        """,
        email,
        limit,
    )
    return [row["organisation_id"] for row in rows]


async def organisations_of_person(tx: Transaction, email: str, limit: int) -> list[OrganisationId]:
    """Organisations that know a living person by this address (needs a transaction across organisations)."""
    rows = await tx.fetch(
        """
        SELECT organisation_id FROM person WHERE email = $1 AND deleted_at IS NULL ORDER BY organisation_id LIMIT $2
        """,
        email,
        limit,
    )
    return [row["organisation_id"] for row in rows]


async def insert_session(
    tx: Transaction, *, uid: str, secret_hmac: bytes, account_id: AccountId, now: datetime
) -> Session:
    """A new session."""
    made = Session(organisation_id=tx.organisation_id, uid=uid, account_id=account_id, created_at=now, seen_at=now)
    values = {"uid": uid, "secret_hmac": secret_hmac, "account_id": account_id, "created_at": now, "seen_at": now}
    await add_row(tx, "session", values)
    return made


async def session_and_secret(tx: Transaction, uid: str) -> tuple[Session, bytes] | None:
    """The session with this uid and the HMAC of its secret; for a transaction of `Database.public_lookup`."""
    row = await tx.fetchrow(f"SELECT {_SESSION}, secret_hmac FROM session WHERE uid = $1", uid)
    if row is None:
        return None
    values = dict(row)
    secret_hmac = values.pop("secret_hmac")
    return Session(**values), secret_hmac


async def touch_session(tx: Transaction, uid: str, now: datetime) -> None:
    """Note that the session is in use."""
    await tx.execute(
        "UPDATE session SET seen_at = $3 WHERE organisation_id = $1 AND uid = $2", tx.organisation_id, uid, now
    )


async def delete_session(tx: Transaction, uid: str) -> None:
    """Forget a session."""
    await tx.execute("DELETE FROM session WHERE organisation_id = $1 AND uid = $2", tx.organisation_id, uid)


async def delete_sessions_of(tx: Transaction, account_id: AccountId, *, except_uid: str = "") -> None:
    """Forget the sessions of an account."""
    await tx.execute(
        "DELETE FROM session WHERE organisation_id = $1 AND account_id = $2 AND uid <> $3",
        tx.organisation_id,
        account_id,
        except_uid,
    )


async def keep_newest_sessions(tx: Transaction, account_id: AccountId, count: int) -> None:
    """Forget the oldest sessions of an account, so that `count` stay."""
    await tx.execute(
        """
        DELETE FROM session WHERE organisation_id = $1 AND account_id = $2 AND uid NOT IN (
            SELECT uid FROM session WHERE organisation_id = $1 AND account_id = $2
            ORDER BY created_at DESC, uid DESC LIMIT $3)
        """,
        tx.organisation_id,
        account_id,
        count,
    )


async def delete_sessions_before(tx: Transaction, seen_before: datetime, created_before: datetime) -> int:
    """Forget sessions that have run out, of every organisation; how many."""
    return await tx.execute("DELETE FROM session WHERE seen_at < $1 OR created_at < $2", seen_before, created_before)


async def use_link(tx: Transaction, number: str, now: datetime) -> bool:
    """Note that the link with this number was opened; False when it was before. The table's key decides."""
    return await add_row_once(tx, "used_link", {"number": number, "used_at": now})


async def forget_links(tx: Transaction, before: datetime) -> int:
    """Forget links opened before, of every organisation; how many."""
    return await tx.execute("DELETE FROM used_link WHERE used_at < $1", before)

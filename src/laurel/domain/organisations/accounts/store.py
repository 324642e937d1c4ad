"""The SQL of accounts. Decides nothing."""

from datetime import datetime
from typing import Any

from laurel.base.errors import Conflict
from laurel.base.ids import AccountId, new_uid
from laurel.database.pool import Transaction, UniqueViolation
from laurel.database.rows import insert_row_once, update_row
from laurel.domain.organisations.model import Account

_ACCOUNT = """id, uid, email, name, role, password_hash IS NOT NULL AS has_password, invited_at, details,
    created_at, updated_at"""


async def insert(
    tx: Transaction, *, email: str, name: str, role: str, password_hash: str | None, now: datetime
) -> Account:
    """Raises Conflict when the e-mail address is taken."""
    values = {
        "uid": new_uid(), "email": email, "name": name, "role": role, "password_hash": password_hash,
        "created_at": now, "updated_at": now,
    }  # fmt: skip
    row = await insert_row_once(tx, "account", values, _ACCOUNT)
    if row is None:
        raise Conflict("there is an account with this e-mail address already", field="email", value=email)
    return Account(**row)


async def find(tx: Transaction, uid: str) -> Account | None:
    """By uid."""
    row = await tx.fetchrow(
        f"SELECT {_ACCOUNT} FROM account WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL",
        tx.organisation_id,
        uid,
    )
    return Account(**row) if row else None


async def find_by_id(tx: Transaction, account_id: AccountId) -> Account | None:
    """By integer id."""
    row = await tx.fetchrow(
        f"SELECT {_ACCOUNT} FROM account WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL",
        tx.organisation_id,
        account_id,
    )
    return Account(**row) if row else None


async def find_with_hash(tx: Transaction, email: str) -> tuple[Account, str | None] | None:
    """The account and its password hash, for signing in."""
    row = await tx.fetchrow(
        f"""
        SELECT {_ACCOUNT}, password_hash FROM account
        WHERE organisation_id = $1 AND email = $2 AND deleted_at IS NULL
        """,
        tx.organisation_id,
        email,
    )
    if row is None:
        return None
    values = dict(row)
    password_hash = values.pop("password_hash")
    return Account(**values), password_hash


async def find_invited(tx: Transaction, number: str, email: str) -> Account | None:
    """The account whose open invitation has this number and went to this address."""
    row = await tx.fetchrow(
        f"""
        SELECT {_ACCOUNT} FROM account
        WHERE organisation_id = $1 AND email = $2 AND invitation = $3 AND deleted_at IS NULL
        """,
        tx.organisation_id,
        email,
        number,
    )
    return Account(**row) if row else None


async def take_invitation(
    tx: Transaction, account_id: AccountId, number: str, password_hash: str, now: datetime
) -> Account | None:
    """Set the password that was chosen by a link, and close it; None when it is not open any more. Of two at once one wins."""
    row = await tx.fetchrow(
        f"""
        UPDATE account SET password_hash = $4, invitation = NULL, invited_at = NULL, updated_at = $5
        WHERE organisation_id = $1 AND id = $2 AND invitation = $3 AND deleted_at IS NULL RETURNING {_ACCOUNT}
        """,
        tx.organisation_id,
        account_id,
        number,
        password_hash,
        now,
    )
    return Account(**row) if row else None


async def page(tx: Transaction, *, after: int, limit: int) -> list[Account]:
    """In the order they were made."""
    rows = await tx.fetch(
        f"""
        SELECT {_ACCOUNT} FROM account
        WHERE organisation_id = $1 AND id > $2 AND deleted_at IS NULL ORDER BY id LIMIT $3
        """,
        tx.organisation_id,
        after,
        limit,
    )
    return [Account(**row) for row in rows]


async def first_owner(tx: Transaction) -> Account | None:
    """The oldest owner."""
    row = await tx.fetchrow(
        f"""
        SELECT {_ACCOUNT} FROM account
        WHERE organisation_id = $1 AND role = 'owner' AND deleted_at IS NULL ORDER BY id LIMIT 1
        """,
        tx.organisation_id,
    )
    return Account(**row) if row else None


async def lock_owners(tx: Transaction) -> list[AccountId]:
    """The ids of all owners, locked, so that two requests cannot each remove one of the last two."""
    rows = await tx.fetch(
        """
        SELECT id FROM account WHERE organisation_id = $1 AND role = 'owner' AND deleted_at IS NULL
        ORDER BY id FOR UPDATE
        """,
        tx.organisation_id,
    )
    return [AccountId(row["id"]) for row in rows]


async def update(tx: Transaction, account_id: AccountId, changes: dict[str, Any], now: datetime) -> Account:
    """Set the columns named in `changes`. Raises Conflict when the e-mail address is taken."""
    values = {**changes, "updated_at": now}
    try:
        async with tx.savepoint():
            row = await update_row(tx, "account", {"id": account_id}, values, _ACCOUNT)
    except UniqueViolation as taken:
        raise Conflict("there is an account with this e-mail address already", field="email") from taken
    return Account(**row)

"""Accounts: made, changed, removed, and their passwords (argon2id). Sessions belong to the console, not here."""

import asyncio
from datetime import datetime
from typing import Any, Final, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from laurel.base.errors import Conflict, Forbidden, Invalid, NotFound
from laurel.base.limits import (
    EMAIL_LENGTH_MAX,
    NAME_LENGTH_MAX,
    PASSWORD_LENGTH_MAX,
    PASSWORD_LENGTH_MIN,
    check_length,
)
from laurel.base.text import clean, clean_email
from laurel.database.pool import Transaction
from laurel.domain.organisations import audit
from laurel.domain.organisations.accounts import store as accounts
from laurel.domain.organisations.model import EVERY_SCOPE, Account, Caller, Role

ROLES: tuple[Role, ...] = get_args(Role)
_hasher = PasswordHasher()
_hash_of_nothing: list[str] = []


async def hash_password(password: str) -> str:
    """argon2id with the library's present parameters, in a thread. Raises Invalid for a length outside the limits."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise Invalid(
            f"password must have {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters, it has {len(password)}",
            field="password",
            limit=PASSWORD_LENGTH_MIN if len(password) < PASSWORD_LENGTH_MIN else PASSWORD_LENGTH_MAX,
        )
    return await asyncio.to_thread(_hasher.hash, password)


CLOSED: Final = {"invitation": None, "invited_at": None}
"""The columns of an account to whom no invitation is open."""


async def account_with_password(tx: Transaction, *, email: str, password: str, now: datetime) -> Account | None:
    """The account that this address and password open, or None. An unknown address takes as long as a wrong password."""
    found = await accounts.find_with_hash(tx, clean_email(email) or "")
    account, password_hash = found or (None, None)
    right = await asyncio.to_thread(_matches, password_hash, password[:PASSWORD_LENGTH_MAX])
    if account is None or not right:
        return None
    if password_hash is not None and _hasher.check_needs_rehash(password_hash):
        new_hash = await asyncio.to_thread(_hasher.hash, password)
        await accounts.update(tx, account.id, {"password_hash": new_hash}, now)
    return account


def _matches(password_hash: str | None, password: str) -> bool:
    if not _hash_of_nothing:
        _hash_of_nothing.append(_hasher.hash("nobody has this password"))
    try:
        _hasher.verify(password_hash or _hash_of_nothing[0], password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


def _clean_role(role: str, by: Caller | str) -> Role:
    if role not in ROLES:
        raise Invalid(f"role must be one of {', '.join(ROLES)}", field="role", value=role)
    if role == "owner" and isinstance(by, Caller) and not by.may(EVERY_SCOPE):
        raise Forbidden("only a caller with every scope can make owners", field="role")
    return next(known for known in ROLES if known == role)


def _clean_name(name: str) -> str:
    cleaned = clean(name).strip()
    check_length(cleaned, NAME_LENGTH_MAX, "name")
    if not cleaned:
        raise Invalid("name must not be empty", field="name", value=name)
    return cleaned


def _clean_address(email: str) -> str:
    check_length(email, EMAIL_LENGTH_MAX, "email")
    address = clean_email(email)
    if address is None:
        raise Invalid("email must be an e-mail address", field="email", value=email)
    return address


async def add_account(
    tx: Transaction, *, email: str, name: str, role: str, password: str | None, by: Caller | str, now: datetime
) -> Account:
    """Raises Invalid, Forbidden for a role above the caller's, Conflict when the address is taken."""
    account = await accounts.insert(
        tx,
        email=_clean_address(email),
        name=_clean_name(name),
        role=_clean_role(role, by),
        password_hash=None if password is None else await hash_password(password),
        now=now,
    )
    await audit.record(
        tx, at=now, by=by, action="account.create", subject=("account", account.uid), details={"role": role}
    )
    return account


async def find_account(tx: Transaction, uid: str) -> Account:
    """By uid. Raises NotFound."""
    account = await accounts.find(tx, uid)
    if account is None:
        raise NotFound(f"there is no account {uid}", field="id", value=uid)
    return account


async def change_account(
    tx: Transaction,
    uid: str,
    *,
    by: Caller | str,
    now: datetime,
    email: str | None = None,
    name: str | None = None,
    role: str | None = None,
    password: str | None = None,
) -> Account:
    """Change what is given. Raises NotFound, Invalid, Forbidden, Conflict (also when it is the last owner)."""
    account = await find_account(tx, uid)
    check_may_touch(account, by)
    changes: dict[str, Any] = {}
    if email is not None:
        changes["email"] = _clean_address(email)
    if name is not None:
        changes["name"] = _clean_name(name)
    if role is not None:
        changes["role"] = _clean_role(role, by)
        if role != "owner":
            await _check_other_owner(tx, account)
    if password is not None:
        changes |= {"password_hash": await hash_password(password), **CLOSED}
    changed = await accounts.update(tx, account.id, changes, now)
    await audit.record(
        tx, at=now, by=by, action="account.update", subject=("account", uid), details={"fields": sorted(changes)}
    )
    return changed


async def remove_account(tx: Transaction, uid: str, *, by: Caller | str, now: datetime) -> None:
    """Raises NotFound, Forbidden, Conflict when it is the last owner. Keys that act as it keep working: revoke them."""
    account = await find_account(tx, uid)
    check_may_touch(account, by)
    await _check_other_owner(tx, account)
    await accounts.update(tx, account.id, {"deleted_at": now, "password_hash": None, **CLOSED}, now)
    await audit.record(tx, at=now, by=by, action="account.delete", subject=("account", uid))


def check_may_touch(account: Account, by: Caller | str) -> None:
    """Raise Forbidden when the account is an owner's and the caller has not every scope."""
    if account.role == "owner" and isinstance(by, Caller) and not by.may(EVERY_SCOPE):
        raise Forbidden("only a caller with every scope can change owners", field="id")


async def _check_other_owner(tx: Transaction, account: Account) -> None:
    if account.role == "owner" and await accounts.lock_owners(tx) == [account.id]:
        raise Conflict("this is the organisation's last owner", field="id", value=account.uid)

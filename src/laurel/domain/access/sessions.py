"""Sessions: opened with address and password, recognised by their cookie, closed. Knows nothing of HTTP."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import NamedTuple

from laurel.base.ids import is_uid, new_secret, new_uid
from laurel.base.limits import (
    ACCOUNTS_PER_ADDRESS_MAX,
    SESSION_IDLE_SECONDS,
    SESSION_SECONDS_MAX,
    SESSIONS_PER_ACCOUNT_MAX,
)
from laurel.base.text import clean_email
from laurel.database.pool import Database, Transaction
from laurel.domain.access import store
from laurel.domain.access.model import PASSWORDS, Session, SignedIn, SignInRefused
from laurel.domain.organisations import audit, sign_in
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.accounts import store as accounts
from laurel.domain.organisations.model import Account

_SEEN_EVERY = timedelta(minutes=1)


class Opened(NamedTuple):
    """A new session and the cookie that opens it, which is kept nowhere."""

    session: Session
    cookie: str


async def open_with_password(
    database: Database, *, email: str, password: str, pepper: bytes, now: datetime
) -> list[tuple[Account, Opened]]:
    """A session for each organisation in which this address and password open an account, oldest first.

    Raises SignInRefused. An unknown address takes as long as a wrong password.
    """
    address = clean_email(email) or ""
    async with database.every_organisation() as tx:
        known = await store.organisations_of_account(tx, address, ACCOUNTS_PER_ADDRESS_MAX)
        if not known:
            await sign_in.account_with_password(tx, email=address, password=password, now=now)
    opened, elsewhere = [], ""
    for organisation_id in known:
        async with database.transaction(organisation_id) as tx:
            account = await sign_in.account_with_password(tx, email=address, password=password, now=now)
            if account is None:
                continue
            organisation = await organisations.organisation(tx)
            if organisation.settings.get(PASSWORDS, True) is False:
                elsewhere = organisation.name
            else:
                opened.append((account, await open_for(tx, account, pepper=pepper, now=now)))
    if not opened and elsewhere:
        raise SignInRefused(f"{elsewhere} signs in through its identity provider, not with passwords")
    if not opened:
        raise SignInRefused("the e-mail address or the password is not right", field="password")
    return opened


async def open_for(tx: Transaction, account: Account, *, pepper: bytes, now: datetime) -> Opened:
    """A session for an account whose owner has proved who they are; the account's oldest ones make room."""
    uid, secret = new_uid(), new_secret()
    session = await store.insert_session(
        tx, uid=uid, secret_hmac=_digest(pepper, uid, secret), account_id=account.id, now=now
    )
    await store.keep_newest_sessions(tx, account.id, SESSIONS_PER_ACCOUNT_MAX)
    await audit.record(tx, at=now, by=f"account:{account.uid}", action="session.open", subject=("account", account.uid))
    return Opened(session, f"{uid}.{secret}")


async def recognise(database: Database, cookie: str, *, pepper: bytes, now: datetime) -> SignedIn | None:
    """Whose session the cookie is, or None when it is no session (any more)."""
    uid, _, secret = cookie.partition(".")
    if not is_uid(uid) or not secret.isascii():
        return None
    async with database.public_lookup(uid) as tx:
        found = await store.session_and_secret(tx, uid)
    if found is None or not hmac.compare_digest(found[1], _digest(pepper, uid, secret)):
        return None
    session = found[0]
    if now - session.seen_at > timedelta(seconds=SESSION_IDLE_SECONDS):
        return None
    if now - session.created_at > timedelta(seconds=SESSION_SECONDS_MAX):
        return None
    async with database.transaction(session.organisation_id, joins_request=False) as tx:
        account = await accounts.find_by_id(tx, session.account_id)
        organisation = await organisations.organisation(tx)
        if now - session.seen_at > _SEEN_EVERY:
            await store.touch_session(tx, uid, now)
    return None if account is None else SignedIn(session=session, account=account, organisation=organisation)


async def close(tx: Transaction, session: Session) -> None:
    """End a session."""
    await store.delete_session(tx, session.uid)


async def close_others(tx: Transaction, session: Session) -> None:
    """End every other session of the account, as after a change of its password."""
    await store.delete_sessions_of(tx, session.account_id, except_uid=session.uid)


def form_token(pepper: bytes, cookie: str) -> str:
    """What a form of the browser that holds `cookie` must carry, so that no other site can send it."""
    return hmac.new(pepper, b"form:" + cookie.encode(), hashlib.sha256).hexdigest()


def _digest(pepper: bytes, uid: str, secret: str) -> bytes:
    return hmac.digest(pepper, f"session:{uid}:{secret}".encode(), hashlib.sha256)

"""Inviting somebody to run an organisation: a letter with a link by which they choose their password, once.

An account has at most one open invitation: a further one closes the link before it, and so do a password, a sign-in through
the identity provider, and removal.
"""

from datetime import datetime
from typing import NamedTuple

from laurel.base.errors import Conflict, Forbidden
from laurel.base.ids import new_uid
from laurel.database import jobs
from laurel.database.pool import Database, Transaction
from laurel.domain.access import sessions, signed_links
from laurel.domain.access.model import PASSWORDS, LinkNotValid
from laurel.domain.access.sessions import Opened
from laurel.domain.organisations import audit, sign_in
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.accounts import store as accounts
from laurel.domain.organisations.model import Account, Caller, Organisation

INVITATION_JOB = "letters.invitation"
"""Sends the letter."""


class Invited(NamedTuple):
    """What an open invitation is to. passwords: whether one can be chosen, or the identity provider alone opens the console."""

    organisation: Organisation
    account: Account
    number: str

    @property
    def passwords(self) -> bool:
        """Whether a password opens the console of this organisation."""
        return self.organisation.settings.get(PASSWORDS, True) is not False


async def invite(tx: Transaction, account: Account, *, by: Caller, now: datetime) -> Account:
    """Have a letter with a new link sent once the transaction has committed. Raises Forbidden, Conflict when the account has
    a password.
    """
    sign_in.check_may_touch(account, by)
    if account.has_password:
        raise Conflict("this account has a password already", field="id", value=account.uid)
    number = new_uid()
    invited = await accounts.update(tx, account.id, {"invitation": number, "invited_at": now}, now)
    await jobs.enqueue(tx, INVITATION_JOB, {"account": account.uid, "number": number}, priority=jobs.URGENT)
    await audit.record(tx, at=now, by=by, action="account.invite", subject=("account", account.uid))
    return invited


async def close(tx: Transaction, account: Account, now: datetime) -> None:
    """End an open invitation, where there is one."""
    if account.invited_at is not None:
        await accounts.update(tx, account.id, dict(sign_in.CLOSED), now)


async def opened(database: Database, pepper: bytes, link: str, now: datetime) -> Invited:
    """What the link invites to; opening it changes nothing. Raises LinkNotValid."""
    proof = signed_links.read(pepper, signed_links.INVITATION, link, now)
    async with database.transaction(proof.organisation_id) as tx:
        account = await accounts.find_invited(tx, proof.number, proof.email)
        if account is None:
            raise LinkNotValid("this invitation was used, or another one was sent since; ask for a new one")
        return Invited(await organisations.organisation(tx), account, proof.number)


async def accept(database: Database, pepper: bytes, link: str, password: str, now: datetime) -> Opened:
    """Set the password and open a session; the link is used up. Raises LinkNotValid, Invalid, TooLarge, Forbidden where no
    password opens the console.
    """
    invited = await opened(database, pepper, link, now)
    if not invited.passwords:
        raise Forbidden("this organisation signs in through its identity provider alone")
    password_hash = await sign_in.hash_password(password)
    account = invited.account
    async with database.transaction(invited.organisation.id) as tx:
        taken = await accounts.take_invitation(tx, account.id, invited.number, password_hash, now)
        if taken is None:
            raise LinkNotValid("this invitation was used, or another one was sent since; ask for a new one")
        by = f"account:{account.uid}"
        await audit.record(tx, at=now, by=by, action="account.accept", subject=("account", account.uid))
        return await sessions.open_for(tx, taken, pepper=pepper, now=now)

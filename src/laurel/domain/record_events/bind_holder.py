"""Binding a credential to the wallet of the person: its subject becomes the DID that the wallet proves, and it is signed
again (same id, later validFrom). Whoever has the address of such an exchange may bind once; it is for the person alone.
What is bound can be set free again, which signs it again without the DID.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from laurel.base.ids import is_uid, new_secret, new_uid
from laurel.database.pool import Database, Transaction
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.credentials import store
from laurel.domain.credentials.bindings import store as bindings
from laurel.domain.credentials.model import (
    AlreadyRevoked,
    BindingSpent,
    Credential,
    CredentialNotFound,
    HolderBinding,
)
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Caller
from laurel.domain.record_events.amend import amend
from laurel.domain.record_events.run import Run

LIVES: Final = timedelta(hours=24)
LIVES_IN_HAND: Final = timedelta(minutes=30)
"""How long an exchange stays open: for a program that passes it on, and for a person who has the wallet at hand."""


async def start(
    tx: Transaction, credential: Credential, *, by: Caller | str, now: datetime, lives: timedelta = LIVES
) -> tuple[HolderBinding, str]:
    """An exchange in which a wallet can prove its DID, and the name by which it is asked for: a secret. Of more than
    HOLDER_BINDINGS_OPEN_MAX for one credential the oldest end. Raises AlreadyRevoked.
    """
    _check(credential)
    secret = new_secret()
    binding = HolderBinding(
        organisation_id=tx.organisation_id,
        uid=new_uid(),
        credential_id=credential.id,
        secret_hash=_hash(secret),
        challenge=new_secret(),
        expires_at=now + lives,
        bound_at=None,
    )
    await bindings.insert(tx, binding, now)
    await audit.record(tx, at=now, by=by, action="credential.offer-binding", subject=("credential", credential.uid))
    return binding, f"{binding.uid}.{secret}"


async def find(database: Database, name: str, now: datetime) -> HolderBinding:
    """The exchange of this name that is still open. Raises BindingSpent; what is wrong, used and too old look alike."""
    uid, _, secret = name.partition(".")
    found = None
    if is_uid(uid):
        async with database.public_lookup(uid) as tx:
            found = await bindings.find(tx, uid)
    right = found is not None and hmac.compare_digest(found.secret_hash, _hash(secret))
    if found is None or not right or found.bound_at is not None or found.expires_at <= now:
        raise BindingSpent("this exchange does not exist, was used before, or is too old")
    return found


async def bind(run: Run, binding: HolderBinding, holder: str) -> Credential:
    """Make `holder`, the DID that signed for the challenge of this binding, the subject of the credential. Raises
    BindingSpent when another presentation came first, and AlreadyRevoked.
    """
    if not await bindings.use(run.tx, binding.uid, run.now):
        raise BindingSpent("this exchange does not exist, was used before, or is too old")
    credential = await store.find_by_id(run.tx, binding.credential_id)
    if credential is None:
        raise CredentialNotFound("there is no such credential")
    await run.load([credential.person_id])
    await awarded.lock(run.tx, credential.award_id)
    _check(credential)
    bound = await amend(run, credential, {"holder": holder})
    await audit.record(
        run.tx,
        at=run.now,
        by=f"person:{credential.person_id}",
        action="credential.bind",
        subject=("credential", credential.uid),
    )
    return bound


async def set_free(run: Run, credential: Credential, *, by: Caller | str) -> Credential:
    """Bind the credential to no wallet any more, and end the exchanges that are open; nothing happens to one that is not
    bound. Raises AlreadyRevoked.
    """
    await bindings.end_all(run.tx, credential.id)
    await run.load([credential.person_id])
    await awarded.lock(run.tx, credential.award_id)
    current = await store.find_by_id(run.tx, credential.id)
    if current is None:
        raise CredentialNotFound("there is no such credential")
    _check(current)
    if current.holder is None:
        return current
    freed = await amend(run, current, {"holder": None})
    await audit.record(run.tx, at=run.now, by=by, action="credential.unbind", subject=("credential", current.uid))
    return freed


def _check(credential: Credential) -> None:
    if credential.state == "revoked":
        raise AlreadyRevoked("the credential is revoked", details={"reason": credential.revoke_reason})


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

"""The signing keys of an organisation: made, rotated, declared compromised. Every change is in the audit trail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from laurel.base.errors import Conflict
from laurel.base.ids import new_uid
from laurel.database.pool import Transaction
from laurel.domain.credentials import store
from laurel.domain.credentials.issue import ask_to_issue
from laurel.domain.credentials.keys import store as key_store
from laurel.domain.credentials.keys.store import KeyRow
from laurel.domain.credentials.model import SigningKeyNotFound
from laurel.domain.credentials.status import store as status
from laurel.domain.endorsements import store as endorsements
from laurel.domain.endorsements.model import Endorsement
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Caller
from laurel.domain.transparency import store as log
from laurel.keyring.signing import Algorithm, Keyring, State
from laurel.openbadges.multikey import jwk_thumbprint, render_jwk, render_multikey

ALGORITHMS: Final = (Algorithm.ED25519, Algorithm.ES256)
"""Every organisation has one active key of each: for proofs and for tokens."""
_DEPENDANTS_SHOWN_MAX: Final = 1_000
LAZILY: Final = "first-use"


class AlreadyCompromised(Conflict):
    """The key was declared compromised before."""

    code = "already_compromised"


class ActiveKeys(msgspec.Struct, frozen=True):
    """The keys that sign."""

    ed25519: KeyRow
    es256: KeyRow


class Compromise(msgspec.Struct, frozen=True):
    """What came of declaring a key compromised."""

    key: KeyRow
    dependants: list[str]
    """Uids of credentials that it signed (the first thousand)."""
    endorsements: list[Endorsement]
    """What it signed in favour of others, which is removed (the first thousand)."""
    reissued: int


async def ensure(tx: Transaction, keyring: Keyring, now: datetime, *, by: Caller | str = LAZILY) -> ActiveKeys:
    """The organisation's active keys, made where there are none."""
    found = {row.key.algorithm: row for row in await key_store.signing_keys(tx) if row.key.state is State.ACTIVE}
    missing = [algorithm for algorithm in ALGORITHMS if algorithm not in found]
    if missing:
        for algorithm in missing:
            await _make(tx, keyring, algorithm, now, by)
        found = {row.key.algorithm: row for row in await key_store.signing_keys(tx) if row.key.state is State.ACTIVE}
    return ActiveKeys(ed25519=found[Algorithm.ED25519], es256=found[Algorithm.ES256])


async def listed(tx: Transaction, keyring: Keyring, now: datetime) -> list[KeyRow]:
    """All keys of the organisation, the newest first; made where there are none."""
    await ensure(tx, keyring, now)
    return await key_store.signing_keys(tx)


def public_name(row: KeyRow) -> str:
    """How a key is named outside: its multikey, for others its JWK thumbprint."""
    key = row.key.public_key()
    return jwk_thumbprint(render_jwk(key)) if row.key.algorithm is Algorithm.RS256 else render_multikey(key)


async def rotate(
    tx: Transaction, keyring: Keyring, now: datetime, *, by: Caller | str, algorithms: Sequence[Algorithm] = ALGORITHMS
) -> list[KeyRow]:
    """Put new keys in the place of the active ones, which stay published: what they signed stays good. The new keys."""
    await key_store.lock_keys(tx)
    for row in await key_store.signing_keys(tx):
        if row.key.state is State.ACTIVE and row.key.algorithm in algorithms:
            await key_store.set_key_state(tx, row.id, State.RETIRED, now)
            await audit.record(tx, at=now, by=by, action="signing-key.retire", subject=("signing-key", row.key.uid))
    for algorithm in algorithms:
        await _make(tx, keyring, algorithm, now, by)
    return [row for row in await key_store.signing_keys(tx) if row.key.state is State.ACTIVE]


async def compromise(
    tx: Transaction, keyring: Keyring, uid: str, now: datetime, *, by: Caller | str, reissue: bool
) -> Compromise:
    """Take a key out of what is published: nothing that it signed verifies any more. With `reissue` everything that it
    signed and that stands is signed again with another key. Raises SigningKeyNotFound, AlreadyCompromised.
    """
    await key_store.lock_keys(tx)
    row = await find(tx, uid)
    if row.key.state is State.COMPROMISED:
        raise AlreadyCompromised("the key was declared compromised before", field="key", value=uid)
    await key_store.set_key_state(tx, row.id, State.COMPROMISED, now)
    if row.key.state is State.ACTIVE:
        await _make(tx, keyring, row.key.algorithm, now, by)
    dependants = await store.signed_with(tx, row.id, _DEPENDANTS_SHOWN_MAX)
    await status.touch_status_lists(tx)
    await status.touch_suspension_lists(tx)
    await log.forget_checkpoint(tx)
    removed = await endorsements.delete_signed_with(tx, public_name(row))
    again = await store.issue_again(tx, row.id, now, naming=public_name(row) if removed else None) if reissue else 0
    await ask_to_issue(tx, again)
    await audit.record(
        tx,
        at=now,
        by=by,
        action="signing-key.compromise",
        subject=("signing-key", uid),
        details={"reissued": again, "endorsements": len(removed)},
    )
    return Compromise(await find(tx, uid), dependants, removed[:_DEPENDANTS_SHOWN_MAX], again)


async def find(tx: Transaction, uid: str) -> KeyRow:
    """The key with this uid. Raises SigningKeyNotFound."""
    for row in await key_store.signing_keys(tx):
        if row.key.uid == uid:
            return row
    raise SigningKeyNotFound("there is no such signing key", field="key", value=uid[:50])


async def _make(tx: Transaction, keyring: Keyring, algorithm: Algorithm, now: datetime, by: Caller | str) -> None:
    key = keyring.generate(uid=new_uid(), organisation_id=tx.organisation_id, algorithm=algorithm, created_at=now)
    if await key_store.insert_key(tx, key):
        await audit.record(tx, at=now, by=by, action="signing-key.create", subject=("signing-key", key.uid))

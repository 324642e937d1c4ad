"""The signed lists that say which credentials are revoked and which suspended, as strangers read them.

Signed anew when something has changed, when a suspension ends, and when they are about to run out; otherwise as stored.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from laurel.base.ids import is_uid
from laurel.database.pool import Transaction
from laurel.domain.credentials import organisation_keys
from laurel.domain.credentials.issuer import Issuer
from laurel.domain.credentials.keys import store as key_store
from laurel.domain.credentials.model import StatusList, StatusListNotFound
from laurel.domain.credentials.status import store as status
from laurel.domain.organisations import store as organisations
from laurel.openbadges import proofs, status_list
from laurel.openbadges.did import method_id
from laurel.openbadges.documents import render_instant

KEPT: Final = timedelta(days=7)
FRESH: Final = timedelta(days=1)
"""A list that is valid for less than this is signed anew before it is shown."""
TTL_MILLISECONDS: Final = 5 * 60 * 1000
_READERS_BEHIND: Final = timedelta(minutes=1)
"""A list is valid from a little before it is signed: to a reader whose clock is behind, it would not be yet."""


async def revocations(issuer: Issuer, uid: str) -> str:
    """The signed list of revocations with this uid, as it is now. Raises StatusListNotFound."""
    found = await _find(issuer, uid)
    if not _fresh(found, issuer.clock.now()):
        async with issuer.database.transaction(found.organisation_id) as tx:
            found = await _sign_revocations(issuer, tx, found.id)
    assert found.document is not None  # noqa: S101 - a fresh list was signed
    return found.document


async def suspensions(issuer: Issuer, uid: str) -> str:
    """The signed list of suspensions of the places of the list with this uid, as it is now. Raises StatusListNotFound."""
    places = await _find(issuer, uid)
    async with issuer.database.transaction(places.organisation_id) as tx:
        found = await status.suspension_list(tx, places.id)
        if found is None or not _fresh(found, issuer.clock.now()):
            found = await _sign_suspensions(issuer, tx, places.id)
    assert found.document is not None  # noqa: S101 - a fresh list was signed
    return found.document


async def _find(issuer: Issuer, uid: str) -> StatusList:
    found = None
    if is_uid(uid):
        async with issuer.database.public_lookup(uid) as tx:
            found = await status.status_list_public(tx, uid)
    if found is None:
        raise StatusListNotFound("there is no such status list", field="list", value=uid[:50])
    return found


def _fresh(found: StatusList, now: datetime) -> bool:
    return (
        found.document is not None
        and found.signed_version == found.version
        and found.valid_until is not None
        and found.valid_until - now >= FRESH
        and (found.changes_at is None or now < found.changes_at)
    )


async def _sign_revocations(issuer: Issuer, tx: Transaction, list_id: int) -> StatusList:
    now = issuer.clock.now()
    found = await status.lock_status_list(tx, list_id)
    if _fresh(found, now):
        return found
    places = await status.revoked_places(tx, list_id)
    url = issuer.addresses.status_list(found.uid)
    text = await _sign(issuer, tx, found, places, url, status_list.REVOCATION, now + KEPT)
    await status.set_status_document(tx, found, text, now + KEPT)
    return _signed(found, text, now, None)


async def _sign_suspensions(issuer: Issuer, tx: Transaction, list_id: int) -> StatusList:
    now = issuer.clock.now()
    found = await status.lock_suspension_list(tx, list_id)
    if _fresh(found, now):
        return found
    places, changes_at = await status.suspended_places(tx, list_id, now)
    url = issuer.addresses.suspension_list(found.uid)
    ends = min(now + KEPT, changes_at or now + KEPT)
    text = await _sign(issuer, tx, found, places, url, status_list.SUSPENSION, ends)
    await status.set_suspension_document(tx, found, text, now + KEPT, changes_at)
    return _signed(found, text, now, changes_at)


def _signed(found: StatusList, text: str, now: datetime, changes_at: datetime | None) -> StatusList:
    return msgspec.structs.replace(
        found, document=text, signed_version=found.version, valid_until=now + KEPT, changes_at=changes_at
    )


async def _sign(
    issuer: Issuer,
    tx: Transaction,
    found: StatusList,
    places: Sequence[int],
    url: str,
    purpose: str,
    valid_until: datetime,
) -> str:
    now = issuer.clock.now()
    organisation = await organisations.organisation(tx)
    keys = await organisation_keys.ensure(tx, issuer.keyring, now)
    own = issuer.addresses.did(organisation.uid)
    document = status_list.status_list_document(
        url=url,
        issuer=own,
        bits=status_list.bits_of(places, length=found.length),
        valid_from=now - _READERS_BEHIND,
        valid_until=valid_until,
        purpose=purpose,
        ttl_milliseconds=TTL_MILLISECONDS,
    )
    method = method_id(own, keys.ed25519.key.public_key())
    ready = proofs.prepare(document, verification_method=method, created=render_instant(now))
    signature = issuer.keyring.sign_checked(keys.ed25519.key, ready)
    await key_store.insert_signatures(tx, keys.ed25519.id, "status-list", [(found.uid, signature.input_sha256)], now)
    return msgspec.json.encode(ready.finish(signature.value)).decode()

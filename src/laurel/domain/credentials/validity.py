"""Whether issued credentials still stand: places in status lists, revoking and reinstating there and in the log."""

import hashlib
import secrets
from datetime import datetime
from functools import lru_cache
from typing import Final

import msgspec

from laurel.base import json_text
from laurel.base.limits import STATUS_LIST_ENTRIES_MIN
from laurel.database.pool import Transaction
from laurel.domain.credentials import store
from laurel.domain.credentials.issue import ask_to_issue
from laurel.domain.credentials.model import Credential
from laurel.domain.credentials.status import store as status
from laurel.domain.transparency.appending import append
from laurel.domain.transparency.model import NewEntry
from laurel.openbadges import status_list, structure

ISSUED: Final = "credential.issued"
ISSUED_AGAIN: Final = "credential.reissued"
REVOKED: Final = "credential.revoked"
REINSTATED: Final = "credential.reinstated"
SUSPENDED: Final = "credential.suspended"
_SEED_BYTES: Final = 32
_ROUNDS: Final = 4


async def set_places_aside(tx: Transaction, count: int, now: datetime) -> list[status.Places]:
    """`count` places in status lists, in lists of their own order; begins new lists where the old ones are full."""
    found: list[status.Places] = []
    while (missing := count - sum(places.amount for places in found)) > 0:
        places = await status.set_places_aside(tx, missing)
        if places is None:
            await status.insert_status_list(tx, secrets.token_bytes(_SEED_BYTES), STATUS_LIST_ENTRIES_MIN, now)
        else:
            found.append(places)
    return found


def place(seed: bytes, number: int, length: int) -> int:
    """The entry that comes at `number` of a list's shuffled order: a permutation of 0 to length-1 keyed by the seed.

    A Feistel network over the next even number of bits, walked until it falls inside.
    """
    half = (max(length - 1, 1).bit_length() + 1) // 2
    mask = (1 << half) - 1
    while True:
        left, right = number >> half, number & mask
        for turn in range(_ROUNDS):
            left, right = right, left ^ (_noise(seed, turn, right) & mask)
        number = left << half | right
        if number < length:
            return number


@lru_cache(maxsize=16_384)
def _noise(seed: bytes, turn: int, right: int) -> int:
    """What the network's round `turn` makes of one half: of those there are few, and bulk issuing asks for each often."""
    digest = hashlib.sha256(seed + bytes([turn]) + right.to_bytes(8)).digest()
    return int.from_bytes(digest[:8])


async def withdraw(tx: Transaction, credential: Credential, *, was_suspended: bool = False) -> None:
    """After a credential was marked as revoked, which ends a suspension: its status lists and the log say so."""
    if credential.status_list_id is not None:
        await status.touch_status_lists(tx, credential.status_list_id)
        if was_suspended:
            await status.touch_suspension_list(tx, credential.status_list_id)
    await _log(tx, credential, REVOKED)


async def restore(tx: Transaction, credential: Credential) -> None:
    """After a revocation was undone: its status list and the log say so; what was changed meanwhile is signed."""
    if credential.state == "intended" and credential.published_at is not None:
        await ask_to_issue(tx, 1)
    if credential.status_list_id is not None:
        await status.touch_status_lists(tx, credential.status_list_id)
    await _log(tx, credential, REINSTATED)


async def tell_suspension(tx: Transaction, credential: Credential, *, begins: bool) -> None:
    """After a credential was marked as suspended, or no longer: its list of suspensions and the log say so."""
    if credential.status_list_id is not None:
        await status.touch_suspension_list(tx, credential.status_list_id)
    await _log(tx, credential, SUSPENDED if begins else REINSTATED)


async def names_suspensions(tx: Transaction, credential: Credential) -> bool:
    """Whether the document that is served names its place in the list of suspensions."""
    signed = (await store.find_signed(tx, [credential.id])).get(credential.id)
    if signed is None or signed.document is None:
        return False
    entries = structure.listed(msgspec.json.decode(signed.document).get("credentialStatus"))
    return any(entry.get("statusPurpose") == status_list.SUSPENSION for entry in entries)


async def _log(tx: Transaction, credential: Credential, event: str) -> None:
    if credential.status_list_id is None:
        return
    said = {"event": event, "id": credential.uid, "at": credential.updated_at.isoformat()}
    await append(tx, [NewEntry(event, json_text.encode(said))])

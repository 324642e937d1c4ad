"""Whether issued credentials still stand: places in status lists, revoking and reinstating there and in the log."""

import hashlib
import secrets
from datetime import datetime
from typing import Final

from laurel.base import json_text
from laurel.base.limits import STATUS_LIST_ENTRIES_MIN
from laurel.database.pool import Transaction
from laurel.domain.credentials import store
from laurel.domain.credentials.issue import ask_to_issue
from laurel.domain.credentials.model import Credential
from laurel.domain.transparency.appending import append
from laurel.domain.transparency.model import NewEntry

ISSUED: Final = "credential.issued"
ISSUED_AGAIN: Final = "credential.reissued"
REVOKED: Final = "credential.revoked"
REINSTATED: Final = "credential.reinstated"
_SEED_BYTES: Final = 32
_ROUNDS: Final = 4


async def set_places_aside(tx: Transaction, count: int, now: datetime) -> list[store.Places]:
    """`count` places in status lists, in lists of their own order; begins new lists where the old ones are full."""
    found: list[store.Places] = []
    while (missing := count - sum(places.amount for places in found)) > 0:
        places = await store.set_places_aside(tx, missing)
        if places is None:
            await store.insert_status_list(tx, secrets.token_bytes(_SEED_BYTES), STATUS_LIST_ENTRIES_MIN, now)
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
            digest = hashlib.sha256(seed + bytes([turn]) + right.to_bytes(8)).digest()
            left, right = right, left ^ (int.from_bytes(digest[:8]) & mask)
        number = left << half | right
        if number < length:
            return number


async def withdraw(tx: Transaction, credential: Credential) -> None:
    """After a credential was marked as revoked: its status list and the log say so."""
    await _tell(tx, credential, REVOKED)


async def restore(tx: Transaction, credential: Credential) -> None:
    """After a revocation was undone: its status list and the log say so; what was changed meanwhile is signed."""
    if credential.state == "intended" and credential.published_at is not None:
        await ask_to_issue(tx, 1)
    await _tell(tx, credential, REINSTATED)


async def _tell(tx: Transaction, credential: Credential, event: str) -> None:
    if credential.status_list_id is None:
        return
    await store.touch_status_lists(tx, credential.status_list_id)
    said = {"event": event, "id": credential.uid, "at": credential.updated_at.isoformat()}
    await append(tx, [NewEntry(event, json_text.encode(said))])

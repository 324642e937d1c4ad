"""Putting a file where it can be fetched, and fetching it."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta

from laurel.base.ids import new_secret
from laurel.database.pool import Database, Transaction
from laurel.domain.files import store
from laurel.domain.files.model import FileExpired, FileNotFound, StoredFile

PART_BYTES = 1024 * 1024
KEPT = timedelta(days=7)


async def deposit(
    tx: Transaction, parts: Iterable[bytes] | AsyncIterator[bytes], *, name: str, media_type: str, now: datetime
) -> str:
    """Store a file; "uid/secret", which is what an address needs to open it for the next seven days."""
    secret = new_secret()
    uid = await store.insert(
        tx, name=name, media_type=media_type, secret_hash=_hash(secret), now=now, expires_at=now + KEPT
    )
    number, waiting = 0, bytearray()
    async for part in _each(parts):
        waiting += part
        while len(waiting) >= PART_BYTES:
            await store.append(tx, uid, number, bytes(waiting[:PART_BYTES]))
            del waiting[:PART_BYTES]
            number += 1
    await store.append(tx, uid, number, bytes(waiting))
    return f"{uid}/{secret}"


async def open_file(database: Database, uid: str, secret: str, now: datetime) -> StoredFile:
    """The file, when the secret is right. Raises FileNotFound, FileExpired."""
    async with database.public_lookup(uid) as tx:
        found = await store.find_public(tx, uid)
    if found is None or not hmac.compare_digest(found[1], _hash(secret)):
        raise FileNotFound("there is no such file")
    if found[0].expires_at <= now:
        raise FileExpired("the file was kept for seven days and is gone; ask for it again")
    return found[0]


async def read(database: Database, uid: str) -> AsyncIterator[bytes]:
    """The bytes of a file that was opened, a part at a time."""
    async with database.public_lookup(uid) as tx:
        async for part in store.parts_public(tx, uid):
            yield part


async def _each(parts: Iterable[bytes] | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(parts, AsyncIterator):
        async for part in parts:
            yield part
    else:
        for part in parts:
            yield part


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

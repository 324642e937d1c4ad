"""Links that let a person in once: made for somebody, opened by a secret of which only the hash is stored."""

import hashlib
import hmac
from datetime import datetime, timedelta

import msgspec

from laurel.base.errors import NotFound
from laurel.base.ids import CredentialId, OrganisationId, PersonId, new_secret, new_uid
from laurel.database.pool import Database, Transaction
from laurel.domain.people.links import store as links

LIVES = timedelta(hours=1)


class LinkSpent(NotFound):
    """The link does not exist, was used before, or is too old; the three are not told apart."""

    code = "link_spent"


class OneTimeLink(msgspec.Struct, frozen=True):
    """A link as stored. `fallback` is where a spent one leads."""

    organisation_id: OrganisationId
    uid: str
    person_id: PersonId
    credential_id: CredentialId | None
    secret_hash: bytes
    destination: str
    fallback: str
    expires_at: datetime
    used_at: datetime | None


async def create(
    tx: Transaction,
    person_id: PersonId,
    credential_id: CredentialId | None,
    destination: str,
    fallback: str,
    now: datetime,
) -> tuple[str, str, datetime]:
    """(uid, secret, when it ends) of a link to `destination` that works once within the hour."""
    uid, secret = new_uid(), new_secret()
    values = {
        "uid": uid, "person_id": person_id, "credential_id": credential_id, "secret_hash": _hash(secret),
        "destination": destination, "fallback": fallback, "expires_at": now + LIVES, "created_at": now,
    }  # fmt: skip
    await links.insert(tx, values)
    return uid, secret, now + LIVES


async def find(database: Database, uid: str) -> OneTimeLink | None:
    """The link, used or not, whoever made it."""
    async with database.public_lookup(uid) as tx:
        row = await links.find_public(tx, uid)
        return None if row is None else msgspec.convert(dict(row), OneTimeLink)


def check(link: OneTimeLink, secret: str, now: datetime) -> None:
    """Raise LinkSpent unless `use` would take the link now; spends nothing."""
    right = hmac.compare_digest(link.secret_hash, _hash(secret))
    if not right or link.expires_at <= now or link.used_at is not None:
        raise LinkSpent("this link was used before, or is too old")


async def use(tx: Transaction, link: OneTimeLink, secret: str, now: datetime) -> None:
    """Spend the link. Of two at once one wins. Raises LinkSpent."""
    right = hmac.compare_digest(link.secret_hash, _hash(secret))
    if not right or link.expires_at <= now or not await links.use(tx, link.uid, now):
        raise LinkSpent("this link was used before, or is too old")


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

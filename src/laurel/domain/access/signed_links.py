"""Signed texts that prove something for a while: a link sent by mail (opens once), the cookie it is exchanged for.

A text reads `<base64 of JSON>.<HMAC under the pepper>`. What it is for is part of what is signed: a link is no cookie.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import msgspec

from laurel.base.ids import OrganisationId, new_uid
from laurel.base.limits import INVITATION_SECONDS, LINK_LENGTH_MAX, LINK_SECONDS, WALLET_SESSION_SECONDS
from laurel.database.pool import Database, Transaction
from laurel.domain.access import store
from laurel.domain.access.model import LinkNotValid

LINK, WALLET, INVITATION = "link", "wallet", "invitation"
_SECONDS = {LINK: LINK_SECONDS, WALLET: WALLET_SESSION_SECONDS, INVITATION: INVITATION_SECONDS}


class Proof(msgspec.Struct, frozen=True):
    """What a signed text says: who (an e-mail address), until when, its own number, where its use is noted."""

    purpose: str
    email: str
    until: int
    number: str
    organisation_id: OrganisationId


def sign(
    pepper: bytes, purpose: str, email: str, organisation_id: OrganisationId, now: datetime, number: str | None = None
) -> str:
    """A text that proves `email` for `purpose` (LINK, WALLET, INVITATION) until it runs out; with a number of its own unless
    given.
    """
    until = int((now + timedelta(seconds=_SECONDS[purpose])).timestamp())
    body = msgspec.json.encode(Proof(purpose, email, until, number or new_uid(), organisation_id))
    text = base64.urlsafe_b64encode(body).decode().rstrip("=")
    return f"{text}.{_signature(pepper, text)}"


def read(pepper: bytes, purpose: str, text: str, now: datetime) -> Proof:
    """What the text proves. Raises LinkNotValid."""
    body, _, signature = text.partition(".")
    proof = None
    if len(text) <= LINK_LENGTH_MAX and text.isascii() and hmac.compare_digest(signature, _signature(pepper, body)):
        proof = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Proof)
    if proof is None or proof.purpose != purpose or datetime.fromtimestamp(proof.until, UTC) < now:
        raise LinkNotValid("this link is not valid any more; ask for a new one")
    return proof


async def use(database: Database, pepper: bytes, text: str, now: datetime) -> str:
    """Exchange a link for a wallet's cookie; the second time raises LinkNotValid."""
    proof = read(pepper, LINK, text, now)
    async with database.transaction(proof.organisation_id) as tx:
        if not await store.use_link(tx, proof.number, now):
            raise LinkNotValid("this link was opened before; ask for a new one")
    return sign(pepper, WALLET, proof.email, proof.organisation_id, now)


async def forget_used(tx: Transaction, now: datetime) -> int:
    """Remove the numbers of links that have run out by themselves; how many."""
    return await store.forget_links(tx, now - timedelta(seconds=2 * LINK_SECONDS))


def hidden(pepper: bytes, purpose: str, value: str) -> str:
    """`value` with a signature, for hidden fields that must come back as they were."""
    return f"{value}.{_signature(pepper, f'{purpose}:{value}')[:32]}"


def revealed(pepper: bytes, purpose: str, text: str) -> str | None:
    """The value of `hidden`, or None when it was changed."""
    value, _, signature = text.rpartition(".")
    expected = _signature(pepper, f"{purpose}:{value}")[:32]
    return value if text.isascii() and hmac.compare_digest(signature, expected) else None


def _signature(pepper: bytes, text: str) -> str:
    return hmac.new(pepper, b"proof:" + text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

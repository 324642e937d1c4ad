"""Links that record an event for whoever opens them: signed, limited in time, and once if so asked.

The signature (HMAC under the server's pepper) makes links unguessable; the row says what is recorded and whether it was used.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from laurel.base import limits
from laurel.base.errors import Conflict, Gone, Invalid, NotFound
from laurel.base.ids import DepartmentId, OrganisationId, PersonId, is_uid, new_uid
from laurel.database.pool import Transaction
from laurel.database.rows import Stored
from laurel.domain.events import store
from laurel.domain.events.model import check_event

_SIGNATURE_LENGTH = 32


class LinkNotFound(NotFound):
    """No such link, or one whose signature is wrong."""

    code = "link_not_found"


class LinkExpired(Gone):
    """The link's time is over."""

    code = "link_expired"


class LinkUsed(Conflict):
    """The link was used, by somebody else or by this person."""

    code = "link_used"


class EventLink(Stored, frozen=True):
    """What a link records."""

    organisation_id: OrganisationId
    uid: str
    name: str
    payload: dict[str, Any]
    department_id: DepartmentId | None
    single_use: bool
    expires_at: datetime
    used_by: PersonId | None


async def make_link(
    tx: Transaction,
    pepper: bytes,
    *,
    name: str,
    payload: dict[str, Any],
    department_id: DepartmentId | None,
    lasts: timedelta,
    single_use: bool,
    now: datetime,
) -> str:
    """The token of a new link. Raises Invalid or TooLarge by field, as an event would."""
    seconds = lasts.total_seconds()
    if not 1 <= seconds <= limits.EVENT_LINK_SECONDS_MAX:
        raise Invalid(
            f"expiryTime must be from 1 to {limits.EVENT_LINK_SECONDS_MAX} seconds",
            field="expiryTime",
            limit=limits.EVENT_LINK_SECONDS_MAX,
            value=seconds,
        )
    check_event(person=("uid", ""), name=name, payload=payload, now=now, field="body")
    uid = new_uid()
    await store.insert_link(
        tx,
        uid=uid,
        name=name,
        payload=payload,
        department_id=department_id,
        single_use=single_use,
        expires_at=now + lasts,
        now=now,
    )
    return f"{uid}.{_signature(pepper, tx.organisation_id, uid)}"


async def use_link(tx: Transaction, pepper: bytes, token: str, person_id: PersonId, now: datetime) -> EventLink:
    """The link that `token` stands for, marked as used by this person. Raises LinkNotFound, LinkExpired, LinkUsed."""
    uid, _, signature = token.partition(".")
    right = hmac.compare_digest(signature.encode(), _signature(pepper, tx.organisation_id, uid).encode())
    row = await store.lock_link(tx, uid) if right and is_uid(uid) else None
    if row is None:
        raise LinkNotFound("there is no such link")
    link = EventLink.from_row(row)
    if now >= link.expires_at:
        raise LinkExpired("the link has expired")
    if link.single_use:
        if link.used_by is not None:
            raise LinkUsed("the link has been used already")
        await store.mark_link(tx, uid, person_id, now)
    return link


def _signature(pepper: bytes, organisation_id: OrganisationId, uid: str) -> str:
    message = f"event-link:{organisation_id}:{uid}".encode("utf-8", "surrogatepass")
    return hmac.new(pepper, message, hashlib.sha256).hexdigest()[:_SIGNATURE_LENGTH]

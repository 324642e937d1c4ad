"""Which consents stand, to which applications, and ending them: for the organisation whose people consented.

Applications register without being stored, so an organisation knows those that some person of it has consented to.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from laurel.base.ids import PersonId, is_uid
from laurel.database.pool import Transaction
from laurel.domain.grants import store
from laurel.domain.grants.model import Application, ApplicationNotFound, Consent, ConsentNotFound, Grant
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Caller

_HASH = re.compile("[0-9a-f]{64}")


async def list_consents(
    tx: Transaction,
    *,
    limit: int,
    person_id: PersonId | None = None,
    application: str | None = None,
    before: tuple[datetime, str] | None = None,
) -> list[Consent]:
    """Consents that stand, the newest first: of one person, to one application, or all; those after `before`,
    the time and uid of the last one seen.
    """
    digest = None if application is None else _digest(application)
    return await store.consents(tx, person_id, digest, before, limit)


async def find_consent(tx: Transaction, uid: str) -> Consent:
    """One consent that stands. Raises ConsentNotFound."""
    found = await store.consent(tx, uid) if is_uid(uid) else None
    if found is None:
        raise ConsentNotFound("there is no such consent, or it was revoked", field="grant", value=uid[:50])
    return found


async def revoke_consent(tx: Transaction, uid: str, *, by: Caller | str, now: datetime) -> None:
    """End a consent with all its tokens. Raises ConsentNotFound, also for one that was revoked."""
    grant = await store.lock_grant(tx, uid) if is_uid(uid) else None
    if grant is None or grant.revoked_at is not None:
        raise ConsentNotFound("there is no such consent, or it was revoked", field="grant", value=uid[:50])
    await end(tx, grant, by=by, now=now)


async def end(tx: Transaction, grant: Grant, *, by: Caller | str, now: datetime) -> None:
    """End a consent that the caller has locked; one that ended before stays as it is."""
    if grant.revoked_at is None:
        await store.revoke_grant(tx, grant.uid, now)
        await audit.record(tx, at=now, by=by, action="grant.revoke", subject=("grant", grant.uid))


async def list_applications(tx: Transaction, *, limit: int, after: str | None = None) -> list[Application]:
    """Applications that people of the organisation consented to, and barred ones, in the order of their ids."""
    return await store.applications(tx, bytes.fromhex(after) if after else b"", limit)


async def find_application(tx: Transaction, application: str) -> Application:
    """One application. Raises ApplicationNotFound."""
    return await _known(tx, _digest(application))


async def bar(tx: Transaction, application: str, *, by: Caller | str, now: datetime) -> int:
    """End all consents to an application and take none any more; how many were ended. Raises ApplicationNotFound."""
    found = await _known(tx, _digest(application))
    digest = bytes.fromhex(found.id)
    await store.bar(tx, digest, now)
    ended = await store.revoke_grants_to(tx, digest, now)
    await audit.record(
        tx, at=now, by=by, action="application.bar", subject=("application", found.id), details={"ended": ended}
    )
    return ended


async def admit(tx: Transaction, application: str, *, by: Caller | str, now: datetime) -> None:
    """Take consents to a barred application again. Raises ApplicationNotFound."""
    found = await _known(tx, _digest(application))
    if found.barred_at is not None:
        await store.admit(tx, bytes.fromhex(found.id))
        await audit.record(tx, at=now, by=by, action="application.admit", subject=("application", found.id))


async def _known(tx: Transaction, digest: bytes) -> Application:
    found: Sequence[Application] = await store.applications(tx, b"", 1, only=digest)
    if not found:
        raise _unknown(digest.hex())
    return found[0]


def _digest(application: str) -> bytes:
    if _HASH.fullmatch(application) is None:
        raise _unknown(application)
    return bytes.fromhex(application)


def _unknown(application: str) -> ApplicationNotFound:
    return ApplicationNotFound(
        "nobody here has consented to such an application", field="application", value=application[:70]
    )

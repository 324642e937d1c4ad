"""Suspending credentials, with a reason and perhaps an end, and lifting it. The award stays: the person holds it.

The list of suspensions says it to verifiers, as far as a document names its place there. One that was signed without is
signed again when it is suspended; copies of the older document stay good, which only revoking changes.
"""

from datetime import datetime
from typing import Any

from laurel.base.errors import Invalid
from laurel.base.ids import CredentialId
from laurel.base.limits import DESCRIPTION_LENGTH_MAX, check_length
from laurel.base.times import check_year, render_time, render_time_or_none
from laurel.database import jobs
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials import validity
from laurel.domain.credentials.issue import ask_to_issue
from laurel.domain.credentials.model import (
    SUSPENSION_END_JOB,
    AlreadyRevoked,
    AlreadySuspended,
    Credential,
    CredentialNotFound,
    NotSuspendable,
)
from laurel.domain.notifications.model import CREDENTIAL_REINSTATED, CREDENTIAL_SUSPENDED, Message
from laurel.domain.notifications.publish import publish
from laurel.domain.organisations import audit
from laurel.domain.record_events.run import Run

_AGAIN: dict[str, Any] = {"state": "intended", "refusal": None}


async def suspend(run: Run, credential: Credential, reason: str | None, until: datetime | None) -> Credential:
    """Suspend a credential until it is reinstated or `until` (whole seconds) has come.

    Raises Invalid, AlreadyRevoked, AlreadySuspended; NotSuspendable for what is not signed, has run out, or is of an
    achievement whose credentials may not be suspended.
    """
    check_length(reason or "", DESCRIPTION_LENGTH_MAX, "reason")
    if until is not None:
        check_year(until, "until")
        until = until.replace(microsecond=0)
    if until is not None and until <= run.now:
        raise Invalid("the end of a suspension must lie ahead", field="until", value=render_time(until))
    await run.load([credential.person_id])
    locked = await _lock(run, credential)
    await _check(run, locked)
    changes: dict[str, Any] = {
        "suspended_at": run.now,
        "suspended_until": until,
        "suspend_reason": reason or None,
        "updated_at": run.now,
    }
    again = not await validity.names_suspensions(run.tx, locked)
    suspended = await credentials.change(run.tx, locked, changes | (_AGAIN if again else {}))
    if again:
        await ask_to_issue(run.tx, 1)
    await validity.tell_suspension(run.tx, suspended, begins=True)
    if until is not None:
        await jobs.enqueue(run.tx, SUSPENSION_END_JOB, {"credential_id": suspended.id}, delay=until - run.now)
    await publish(run.tx, [message(run.now, suspended, CREDENTIAL_SUSPENDED)], run.now)
    return suspended


async def lift(run: Run, credential: Credential) -> Credential:
    """End the suspension of a credential that the caller has locked."""
    changes = {"suspended_at": None, "suspended_until": None, "suspend_reason": None, "updated_at": run.now}
    lifted = await credentials.change(run.tx, credential, changes)
    await validity.tell_suspension(run.tx, lifted, begins=False)
    await publish(run.tx, [message(run.now, lifted, CREDENTIAL_REINSTATED)], run.now)
    return lifted


async def end_suspension(run: Run, credential_id: CredentialId) -> bool:
    """Lift a suspension whose end has come; False when there is none any more, or a later one."""
    credential = await credentials.find_by_id(run.tx, credential_id)
    if credential is None:
        return False
    await run.load([credential.person_id])
    locked = await _lock(run, credential)
    if locked.suspended_at is None or locked.is_suspended_at(run.now):
        return False
    await lift(run, locked)
    await audit.record(
        run.tx, at=run.now, by="the clock", action="credential.reinstate", subject=("credential", locked.uid)
    )
    return True


def message(now: datetime, credential: Credential, topic: str) -> Message:
    """What is told of a credential that is suspended, or counts again."""
    payload: dict[str, Any] = {
        "credential": credential.uid,
        "credential_id": credential.id,
        "achievement_id": credential.achievement_id,
        "person_id": credential.person_id,
    }
    if topic == CREDENTIAL_SUSPENDED:
        payload |= {
            "reason": credential.suspend_reason or "",
            "suspended_at": render_time(now),
            "suspended_until": render_time_or_none(credential.suspended_until),
        }
    else:
        payload["reinstated_at"] = render_time(now)
    return Message(credential.person_id, topic, payload)


async def _lock(run: Run, credential: Credential) -> Credential:
    """The credential as it is now: whoever changes it holds the lock of its award."""
    if await awarded.lock(run.tx, credential.award_id) is None:
        raise CredentialNotFound("there is no such credential", value=credential.uid)
    found = await credentials.find_by_id(run.tx, credential.id)
    if found is None:
        raise CredentialNotFound("there is no such credential", value=credential.uid)
    return found


async def _check(run: Run, credential: Credential) -> None:
    state = credential.state_at(run.now)
    if state == "revoked":
        raise AlreadyRevoked("the credential is revoked", details={"reason": credential.revoke_reason})
    if state == "suspended":
        raise AlreadySuspended("the credential is suspended already", details={"reason": credential.suspend_reason})
    if state == "expired":
        raise NotSuspendable("the credential has run out")
    if credential.status_list_id is None:
        raise NotSuspendable("the credential is not signed yet; try again")
    achievement = (await achievements.find_many(run.tx, [credential.achievement_id]))[credential.achievement_id]
    if not achievement.credential.suspendable:
        raise NotSuspendable(
            "credentials of this achievement name no list of suspensions: set credential.suspendable of the achievement, "
            "or revoke the credential",
            details={"achievement": achievement.uid},
        )

"""Taking awards and their credentials back, with a reason; and reinstating them. What was paid stays paid."""

from typing import Any

from laurel.base.errors import AlreadyHeld, Conflict
from laurel.base.limits import DESCRIPTION_LENGTH_MAX, check_length
from laurel.base.times import render_time
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Award, AwardNotFound
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials import validity
from laurel.domain.credentials.model import AlreadyRevoked, Credential
from laurel.domain.notifications.model import AWARD_REVOKED, CREDENTIAL_REINSTATED, CREDENTIAL_REVOKED, Message
from laurel.domain.notifications.publish import publish
from laurel.domain.record_events.run import Run
from laurel.domain.record_events.suspend import lift, message


class NotRevoked(Conflict):
    """Only what is revoked or suspended can be reinstated."""

    code = "not_revoked"


async def revoke(run: Run, award: Award, reason: str, *, fell: bool = False) -> tuple[Award, Credential | None]:
    """Revoke an award and its credential. fell: by rule, so that rules may earn it again, as another award. Raises
    AlreadyRevoked, AwardNotFound.
    """
    check_length(reason, DESCRIPTION_LENGTH_MAX, "reason")
    await run.load([award.person_id])
    locked = await awarded.lock(run.tx, award.id)
    if locked is None:
        raise AwardNotFound("there is no such award", value=award.uid)
    if locked.state == "revoked":
        raise AlreadyRevoked("the award was revoked before", details={"reason": locked.revoke_reason})
    count_held(run, locked, -1)
    changes: dict[str, Any] = {
        "revoked_at": run.now,
        "revoke_reason": reason,
        "updated_at": run.now,
        "state": "revoked",
    }
    fallen = {"fallen": award.id} if fell else {}
    revoked = await awarded.change(run.tx, locked, changes | fallen)
    credential = (await credentials.of_awards(run.tx, [award.id])).get(award.id)
    messages = [_message(run, revoked, AWARD_REVOKED, reason, None)]
    if credential is not None:
        was_suspended = credential.suspended_at is not None
        ended = {"suspended_at": None, "suspended_until": None, "suspend_reason": None} if was_suspended else {}
        credential = await credentials.change(run.tx, credential, changes | ended)
        await validity.withdraw(run.tx, credential, was_suspended=was_suspended)
        messages.append(_message(run, revoked, CREDENTIAL_REVOKED, reason, credential))
    await publish(run.tx, messages, run.now)
    return revoked, credential


async def reinstate(run: Run, award: Award) -> tuple[Award, Credential | None]:
    """Undo a revocation, or lift a suspension. Raises NotRevoked, AwardNotFound, AlreadyHeld when it was earned again."""
    await run.load([award.person_id])
    locked = await awarded.lock(run.tx, award.id)
    if locked is None:
        raise AwardNotFound("there is no such award", value=award.uid)
    credential = (await credentials.of_awards(run.tx, [award.id])).get(award.id)
    if locked.state != "revoked":
        if credential is None or credential.suspended_at is None:
            raise NotRevoked("it is neither revoked nor suspended")
        return locked, await lift(run, credential)
    changes: dict[str, Any] = {"revoked_at": None, "revoke_reason": None, "updated_at": run.now}
    again = await awarded.in_place_of(run.tx, locked)
    if again is not None:
        raise AlreadyHeld(
            "it was earned again since", field="award", details={"award": again.uid, "award_id": again.id}
        )
    active = await awarded.change(run.tx, locked, {**changes, "state": "active", "fallen": 0})
    count_held(run, active, 1)
    if credential is not None:
        state = "issued" if credential.issued_at is not None else "intended"
        credential = await credentials.change(run.tx, credential, {**changes, "state": state})
        await validity.restore(run.tx, credential)
        await publish(run.tx, [message(run.now, credential, CREDENTIAL_REINSTATED)], run.now)
    return active, credential


def count_held(run: Run, award: Award, step: int) -> None:
    """Count the award among those held, or no longer; only one that is active counts."""
    if award.state == "active":
        run.count_held(award, step)


def _message(run: Run, award: Award, topic: str, reason: str, credential: Credential | None) -> Message:
    payload: dict[str, Any] = {
        "award": award.uid,
        "award_id": award.id,
        "achievement_id": award.achievement_id,
        "person_id": award.person_id,
        "reason": reason,
        "revoked_at": render_time(run.now),
    }
    if credential is not None:
        payload |= {"credential": credential.uid, "credential_id": credential.id}
    return Message(award.person_id, topic, payload, award.quiet)

"""Taking awards and their credentials back, with a reason; and reinstating them. What was paid stays paid."""

from typing import Any

from laurel.base.errors import Conflict
from laurel.base.limits import DESCRIPTION_LENGTH_MAX, check_length
from laurel.base.times import render_time
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import Award, AwardNotFound
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials import validity
from laurel.domain.credentials.model import AlreadyRevoked, Credential
from laurel.domain.notifications.model import AWARD_REVOKED, CREDENTIAL_REVOKED, Message
from laurel.domain.notifications.publish import publish
from laurel.domain.record_events.run import Run


class NotRevoked(Conflict):
    """Only what is revoked can be reinstated."""

    code = "not_revoked"


async def revoke(run: Run, award: Award, reason: str) -> tuple[Award, Credential | None]:
    """Revoke an award and its credential. Raises AlreadyRevoked, AwardNotFound."""
    check_length(reason, DESCRIPTION_LENGTH_MAX, "reason")
    await run.load([award.person_id])
    locked = await achievements.lock_award(run.tx, award.id)
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
    revoked = await achievements.change_award(run.tx, locked, changes)
    credential = (await credentials.of_awards(run.tx, [award.id])).get(award.id)
    messages = [_message(run, revoked, AWARD_REVOKED, reason, None)]
    if credential is not None:
        credential = await credentials.change(run.tx, credential, changes)
        await validity.withdraw(run.tx, credential)
        messages.append(_message(run, revoked, CREDENTIAL_REVOKED, reason, credential))
    await publish(run.tx, messages, run.now)
    return revoked, credential


async def reinstate(run: Run, award: Award) -> tuple[Award, Credential | None]:
    """Undo a revocation. Raises NotRevoked, AwardNotFound."""
    await run.load([award.person_id])
    locked = await achievements.lock_award(run.tx, award.id)
    if locked is None:
        raise AwardNotFound("there is no such award", value=award.uid)
    if locked.state != "revoked":
        raise NotRevoked("the award is not revoked")
    changes: dict[str, Any] = {"revoked_at": None, "revoke_reason": None, "updated_at": run.now}
    active = await achievements.change_award(run.tx, locked, {**changes, "state": "active"})
    count_held(run, active, 1)
    credential = (await credentials.of_awards(run.tx, [award.id])).get(award.id)
    if credential is not None:
        state = "issued" if credential.issued_at is not None else "intended"
        credential = await credentials.change(run.tx, credential, {**changes, "state": state})
        await validity.restore(run.tx, credential)
    return active, credential


def count_held(run: Run, award: Award, step: int) -> None:
    """Count the award among those held, or no longer."""
    state = run.states.get(award.person_id)
    if state is None or award.state == "pending":
        return
    held = state.held.get(award.achievement_id, 0) + step
    if held > 0:
        state.held[award.achievement_id] = held
    else:
        state.held.pop(award.achievement_id, None)
    state.changed = True


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

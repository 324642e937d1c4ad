"""Trying a challenge: unlock, start, take part, complete. Pays and raises events through the spine."""

from decimal import Decimal
from typing import Any

import msgspec

from laurel.base import json_text
from laurel.base.errors import Invalid, TooLarge
from laurel.base.ids import PersonId, new_uid
from laurel.base.limits import EVENT_PAYLOAD_BYTES_MAX, REFERENCE_LENGTH_MAX, check_length
from laurel.domain.attempts import store
from laurel.domain.attempts.model import Attempt, Participation
from laurel.domain.attempts.withdraw import COMPLETED, PARTICIPATION, key_of_participation
from laurel.domain.challenges.judge import judge
from laurel.domain.challenges.model import (
    Action,
    AlreadyUnlocked,
    Challenge,
    ChallengeNotFound,
    NoAttemptsLeft,
    NonceReused,
)
from laurel.domain.give_rewards.points import Movement, move
from laurel.domain.record_events.consequences import settle
from laurel.domain.record_events.happenings import Happening, pay_out, raise_events
from laurel.domain.record_events.run import Run
from laurel.domain.rewards.model import Payment, RewardPlan

STARTED = "challenge-started"


async def unlock(run: Run, person_id: PersonId, challenge: Challenge, amount: int, *, actor: str) -> Attempt:
    """Pay the keys that open it. Raises AlreadyUnlocked, BalanceTooLow, Invalid when `amount` is not the price."""
    attempt = await _attempt(run, person_id, challenge)
    if challenge.unlock_keys is None or attempt.unlocked_at is not None:
        raise AlreadyUnlocked("the challenge is unlocked already")
    if amount != challenge.unlock_keys:
        raise Invalid(
            f"amount must be {challenge.unlock_keys}", field="amount", limit=challenge.unlock_keys, value=amount
        )
    await move(
        run,
        Movement(
            person_id=person_id,
            amount=Decimal(-amount),
            reference=f"unlock:{challenge.uid}",
            actor=actor,
            unit="keys",
            department_id=challenge.department_id or 0,
            reason="challenge-unlock",
        ),
    )
    return await _save(run, msgspec.structs.replace(attempt, unlocked_at=run.now))


async def start(run: Run, person_id: PersonId, challenge: Challenge) -> Attempt:
    """Begin, or begin again; raises an event each time. Raises Invalid while it is locked."""
    attempt = await _attempt(run, person_id, challenge)
    _check_open(attempt, challenge)
    if attempt.completed_at is not None:
        attempt = msgspec.structs.replace(attempt, completed_at=None, done=[])
    attempt = await _save(run, msgspec.structs.replace(attempt, started_at=run.now))
    await _tell(run, attempt, challenge, f"{STARTED}:{new_uid()}", STARTED, {})
    return attempt


async def complete(run: Run, person_id: PersonId, challenge: Challenge) -> Attempt:
    """Finish what was started. Completing what is complete changes nothing. Raises Invalid while something is missing."""
    attempt = await _attempt(run, person_id, challenge)
    if attempt.completed_at is not None:
        return attempt
    if attempt.started_at is None:
        raise Invalid("the challenge has not been started")
    missing = [action.id for action in challenge.actions if action.id not in attempt.done]
    if missing:
        raise Invalid(f"{len(missing)} of {len(challenge.actions)} actions are missing", value=missing[0])
    return await _finish(run, attempt, challenge)


async def participate(
    run: Run, person_id: PersonId, challenge: Challenge, action: Action, given: dict[str, Any], *, preview: bool
) -> tuple[Participation, Attempt]:
    """Take part in an action; starts the challenge where needed, completes it with the last one.

    What does not meet the action's criteria is kept and brings nothing. The same nonce again is the same participation,
    with its verdict. preview: nothing is kept, and what is judged stays without a verdict, so that nobody tries out answers
    by it. Raises Invalid, NonceReused, NoAttemptsLeft.
    """
    size = len(json_text.encode(given))
    if size > EVENT_PAYLOAD_BYTES_MAX:
        limit = EVENT_PAYLOAD_BYTES_MAX
        raise TooLarge(f"input has {size} bytes, the limit is {limit}", field="input", limit=limit)
    nonce = given.get("nonce") or new_uid()
    if not isinstance(nonce, str):
        raise Invalid("expected string", field="input.nonce", value=nonce)
    check_length(nonce, REFERENCE_LENGTH_MAX, "input.nonce")
    attempt = await _attempt(run, person_id, challenge)
    _check_open(attempt, challenge)
    wanted = Participation(new_uid(), person_id, challenge.id, action.id, nonce, given, run.now, attempt.round)
    if preview:
        return msgspec.structs.replace(wanted, met=action.judging is None), attempt
    wanted = await _judged(run, wanted, action)
    known = await store.insert_participation(run.tx, wanted)
    if known is not None:
        if known.input != given:
            raise NonceReused("this nonce was used for other input", field="input.nonce", value=nonce)
        return known, attempt
    if attempt.started_at is None or (wanted.met and attempt.completed_at is not None):
        attempt = await start(run, person_id, challenge)
    first = action.id not in attempt.done
    if not wanted.met:
        return wanted, attempt
    if first:
        attempt = await _save(run, msgspec.structs.replace(attempt, done=[*attempt.done, action.id]))
    happening = Happening(
        person_id,
        "action",
        PARTICIPATION,
        key_of_participation(wanted.uid),
        source_id=action.id,
        department_id=challenge.department_id,
        tags=tuple(challenge.tags),
        payload={"challenge": challenge.uid, "kind": action.kind},
    )
    await raise_events(run, [happening])
    if first and (challenge.repeatable or not attempt.completions):
        await _pay(run, person_id, challenge, action.rewards, PARTICIPATION, action.id, wanted.uid)
    if all(known_action.id in attempt.done for known_action in challenge.actions):
        attempt = await _finish(run, attempt, challenge)
    await settle(run, [])
    return wanted, attempt


async def _judged(run: Run, wanted: Participation, action: Action) -> Participation:
    """With its verdict; as it is when it was recorded before, for then that one counts. Raises NoAttemptsLeft, Invalid."""
    if action.judging is None or await store.find_participation(run.tx, wanted) is not None:
        return wanted
    tries = action.judging.attempts_max
    if tries is not None:
        taken = await store.count_participations(run.tx, wanted.person_id, action.id, wanted.round)
        if taken >= tries:
            raise NoAttemptsLeft(f"this action may be tried {tries} times", limit=tries)
    verdict = judge(action.judging, wanted.input)
    return msgspec.structs.replace(wanted, met=verdict.met, remark=verdict.remark)


async def _attempt(run: Run, person_id: PersonId, challenge: Challenge) -> Attempt:
    await run.load([person_id])
    if challenge.status_at(run.now) != "live":
        raise ChallengeNotFound("Challenge not found", value=challenge.uid)
    known = await store.attempts(run.tx, person_id, [challenge.id])
    return known.get(challenge.id) or Attempt(person_id, challenge.id)


def _check_open(attempt: Attempt, challenge: Challenge) -> None:
    if challenge.standing(attempt) == "locked":
        raise Invalid("the challenge is locked: unlock it first", limit=challenge.unlock_keys)


async def _save(run: Run, attempt: Attempt) -> Attempt:
    await store.save_attempt(run.tx, attempt)
    return attempt


async def _finish(run: Run, attempt: Attempt, challenge: Challenge) -> Attempt:
    paying, round_ = challenge.repeatable or not attempt.completions, attempt.round
    attempt = await _save(
        run, msgspec.structs.replace(attempt, completed_at=run.now, completions=attempt.completions + 1)
    )
    if paying:
        unique = new_uid()
        await _pay(run, attempt.person_id, challenge, challenge.rewards, COMPLETED, challenge.uid, unique)
        told = {"challenge_id": challenge.id, "round": round_}
        await _tell(run, attempt, challenge, f"{COMPLETED}:{unique}", COMPLETED, told)
    return attempt


async def _pay(
    run: Run, person_id: PersonId, challenge: Challenge, plan: RewardPlan, source: str, source_id: str, unique: str
) -> None:
    if plan.pays:
        payment = Payment(person_id, None, plan, source, source_id, challenge.department_id)
        await pay_out(run, [payment], [(f"{source}:{unique}", "")])


async def _tell(run: Run, attempt: Attempt, challenge: Challenge, key: str, what: str, payload: dict[str, Any]) -> None:
    happening = Happening(
        attempt.person_id,
        "challenge",
        what,
        key,
        source_id=challenge.uid,
        department_id=challenge.department_id,
        tags=tuple(challenge.tags),
        payload={"completions": attempt.completions, **payload},
    )
    await raise_events(run, [happening])
    await settle(run, [])

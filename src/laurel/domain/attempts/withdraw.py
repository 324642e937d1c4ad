"""What goes with the retracted event of a participation or of a completion: it only looks at events that the server raised."""

from datetime import datetime
from typing import Final

import msgspec

from laurel.base.ids import PersonId
from laurel.database.pool import Transaction
from laurel.domain.attempts import store
from laurel.domain.attempts.model import Attempt, Participation
from laurel.domain.events import store as events
from laurel.domain.events.model import Event

COMPLETED: Final = "challenge-completion"
PARTICIPATION: Final = "action-participation"
PAID_AS: Final = ("points", "xp")
"""The categories of events that tell what was paid; their keys are `category:source:unique`."""
_TRIED: Final = "participation:"
_ID_END: Final = 2**63


def key_of_participation(uid: str) -> str:
    """The key of the event that a participation raises."""
    return f"{_TRIED}{uid}"


async def withdraw(tx: Transaction, event: Event, now: datetime) -> list[str]:
    """Take back what a retracted event stood for in an attempt; the keys of the raised events that go with it."""
    if event.sub_category == PARTICIPATION and event.event_key.startswith(_TRIED):
        return await _withdraw_participation(tx, event, now)
    if event.sub_category == COMPLETED and event.event_key.startswith(f"{COMPLETED}:") and _round_of(event) is not None:
        return await _withdraw_completion(tx, event)
    return []


async def _withdraw_participation(tx: Transaction, event: Event, now: datetime) -> list[str]:
    gone = await store.retract_participation(tx, event.person_id, event.event_key.removeprefix(_TRIED), now)
    if gone is None:
        return []
    same = await store.participations_in_round(tx, gone)
    if any(one.retracted_at is None for one in same):
        return []  # done by the other one just as well
    keys = [f"{paid}:{PARTICIPATION}:{one.uid}" for paid in PAID_AS for one in same]
    attempt = (await store.attempts(tx, gone.person_id, [gone.challenge_id])).get(gone.challenge_id)
    if attempt is None or not _concerns(attempt, gone):
        return keys + await _completions(tx, gone)
    attempt = msgspec.structs.replace(attempt, done=[one for one in attempt.done if one != gone.action_id])
    completed = await _completions(tx, gone)
    if attempt.completed_at is not None and not completed:  # a further completion of what pays only once has no event
        attempt = _in_progress_again(attempt)
    await store.save_attempt(tx, attempt)
    return keys + completed


def _concerns(attempt: Attempt, gone: Participation) -> bool:
    """Whether the attempt, as it stands, is about the round of the participation."""
    return gone.round == (attempt.round if attempt.completed_at is None else attempt.round - 1)


async def _completions(tx: Transaction, gone: Participation) -> list[str]:
    """The key of the event that says that the challenge was completed in the round of the participation."""
    return [
        one.event_key
        for one in await events.of_people(tx, [gone.person_id], [COMPLETED], [])
        if one.payload.get("challenge_id") == gone.challenge_id and _round_of(one) == gone.round
    ]


async def _withdraw_completion(tx: Transaction, event: Event) -> list[str]:
    challenge_id = event.payload.get("challenge_id")
    attempt = await _attempt(tx, event.person_id, challenge_id)
    if attempt is not None and attempt.completions:
        if attempt.completed_at is not None and attempt.round - 1 == _round_of(event):
            await store.save_attempt(tx, _in_progress_again(attempt))
        else:
            fewer = msgspec.structs.replace(
                attempt, completions=attempt.completions - 1, withdrawn=attempt.withdrawn + 1
            )
            await store.save_attempt(tx, fewer)
    return [f"{paid}:{event.event_key}" for paid in PAID_AS]


def _in_progress_again(attempt: Attempt) -> Attempt:
    return msgspec.structs.replace(attempt, completions=attempt.completions - 1, completed_at=None)


async def _attempt(tx: Transaction, person_id: PersonId, challenge_id: object) -> Attempt | None:
    if not isinstance(challenge_id, int) or not 0 < challenge_id < _ID_END:
        return None  # an event that somebody recorded, not one of ours
    return (await store.attempts(tx, person_id, [challenge_id])).get(challenge_id)


def _round_of(event: Event) -> int | None:
    number = event.payload.get("round")
    return number if isinstance(number, int) else None

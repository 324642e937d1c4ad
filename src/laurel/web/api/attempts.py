"""/api/v1/challenges/{challenge}/attempts and …/participations: where people stand in a challenge, and what they did in it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from laurel.base.ids import PersonId
from laurel.database.pool import Transaction
from laurel.domain.attempts import store
from laurel.domain.attempts.model import Attempt, Participation
from laurel.domain.challenges import attempt as trying
from laurel.domain.challenges import author
from laurel.domain.challenges.model import Action, Challenge, ChallengeNotFound, Standing
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.people import registry
from laurel.domain.people import store as people
from laurel.domain.people.model import Person, PersonNotFound, PersonReference
from laurel.domain.people.resolve import resolve
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor


class AttemptOut(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody stands. done: the actions done since the last start; completions: how often it was completed."""

    challenge: str
    person: str
    status: Standing
    unlocked_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    completions: int
    done: list[str]


class ParticipationIn(Body, frozen=True, kw_only=True):
    """What somebody did. input: what is judged (`code`, `answer`, `answers` by question), and a `nonce`: the same one again is
    the same participation. preview: nothing is kept.
    """

    person: PersonReference
    action: str
    input: dict[str, Any] = msgspec.field(default_factory=dict)
    preview: bool = False


class ParticipationOut(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did in an action. met: whether it was right; remark says what was not. round: how often the challenge had been
    completed by then. retracted_at: when its event was taken back.
    """

    id: str
    person: str
    action: str
    input: dict[str, Any] | None
    at: datetime
    round: int
    met: bool
    remark: str
    retracted_at: datetime | None


class JudgedOut(msgspec.Struct, frozen=True, kw_only=True):
    """A participation, and where the person stands with it."""

    participation: ParticipationOut
    attempt: AttemptOut


def _attempt(challenge: Challenge, person: Person, attempt: Attempt) -> AttemptOut:
    return AttemptOut(
        challenge=challenge.uid,
        person=person.uid,
        status=challenge.standing(attempt),
        unlocked_at=attempt.unlocked_at,
        started_at=attempt.started_at,
        completed_at=attempt.completed_at,
        completions=attempt.completions,
        done=attempt.done,
    )


def _participation(found: Participation, person: Person) -> ParticipationOut:
    return ParticipationOut(
        id=found.uid,
        person=person.uid,
        action=found.action_id,
        input=found.input,
        at=found.at,
        round=found.round,
        met=found.met,
        remark=found.remark,
        retracted_at=found.retracted_at,
    )


@get("/api/v1/challenges/{challenge:str}/attempts/{person:str}", guards=[requires("rewards:read")], tags=["challenges"])
async def show_attempt(
    parts: InjectedParts, caller: InjectedCaller, challenge: FromPath[str], person: FromPath[str]
) -> AttemptOut:
    """Where a person stands, also before anything was done."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        wanted = await author.require_challenge(tx, challenge)
        subject = await registry.require(tx, person)
        known = (await store.attempts(tx, subject.id, [wanted.id])).get(wanted.id)
    return _attempt(wanted, subject, known or Attempt(subject.id, wanted.id))


async def _try(
    parts: Parts,
    caller: Caller,
    challenge: str,
    person: str,
    step: Callable[[Run, PersonId, Challenge], Awaitable[Attempt]],
) -> AttemptOut:
    async def work(run: Run) -> AttemptOut:
        wanted = await author.require_challenge(run.tx, challenge)
        subject = await registry.require(run.tx, person)
        return _attempt(wanted, subject, await step(run, subject.id, wanted))

    return await in_run(parts.spine, caller.organisation_id, work)


_STEP = "/api/v1/challenges/{challenge:str}/attempts/{person:str}"


@post(_STEP + "/start", guards=[requires("rewards:write")], tags=["challenges"], status_code=200)
async def start_challenge(
    parts: InjectedParts, caller: InjectedCaller, challenge: FromPath[str], person: FromPath[str]
) -> AttemptOut:
    """Begin for a person, or begin again; an event each time."""
    return await _try(parts, caller, challenge, person, trying.start)


@post(_STEP + "/complete", guards=[requires("rewards:write")], tags=["challenges"], status_code=200)
async def complete_challenge(
    parts: InjectedParts, caller: InjectedCaller, challenge: FromPath[str], person: FromPath[str]
) -> AttemptOut:
    """Finish what was started, when no action is missing; completing again changes nothing."""
    return await _try(parts, caller, challenge, person, trying.complete)


@post(_STEP + "/unlock", guards=[requires("rewards:write")], tags=["challenges"], status_code=200)
async def unlock_challenge(
    parts: InjectedParts, caller: InjectedCaller, challenge: FromPath[str], person: FromPath[str]
) -> AttemptOut:
    """Pay the person's keys that open it, once."""

    async def unlock(run: Run, person_id: PersonId, wanted: Challenge) -> Attempt:
        return await trying.unlock(run, person_id, wanted, wanted.unlock_keys or 0, actor=caller.actor)

    return await _try(parts, caller, challenge, person, unlock)


# ------------------------------------------------------------------------------------------------------- participations
_TAKEN = "/api/v1/challenges/{challenge:str}/participations"


@post(_TAKEN, guards=[requires("rewards:write")], tags=["challenges"], status_code=200)
async def take_part(
    parts: InjectedParts, caller: InjectedCaller, challenge: FromPath[str], data: JSONBody[ParticipationIn]
) -> JudgedOut:
    """Record that a person took part in an action; starts the challenge where needed, completes it with the last one."""
    key = data.person.key("person")

    async def work(run: Run) -> JudgedOut:
        wanted = await author.require_challenge(run.tx, challenge)
        action = _action(wanted, data.action)
        found, _ = await resolve(run.tx, [key], {}, run.now, create=False)
        if key not in found:
            raise PersonNotFound("there is no such person", field="person", value=key[1])
        subject = (await people.find_many(run.tx, [found[key]]))[found[key]]
        done, attempt = await trying.participate(run, subject.id, wanted, action, data.input, preview=data.preview)
        return JudgedOut(participation=_participation(done, subject), attempt=_attempt(wanted, subject, attempt))

    return await in_run(parts.spine, caller.organisation_id, work)


def _action(challenge: Challenge, uid: str) -> Action:
    for action in challenge.actions:
        if action.id == uid:
            return action
    raise ChallengeNotFound("the challenge has no such action", field="action", value=uid)


@get(_TAKEN, guards=[requires("rewards:read")], tags=["challenges"])
async def list_participations(
    parts: InjectedParts,
    caller: InjectedCaller,
    challenge: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    person: FromQuery[str | None] = None,
) -> Page[ParticipationOut]:
    """What people did in a challenge, newest first; one person's with `person`."""
    (last,) = read_cursor(after, str, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        wanted = await author.require_challenge(tx, challenge)
        person_id = None if person is None else (await registry.require(tx, person)).id
        found = await store.list_newest(tx, wanted.id, person_id=person_id, before_uid=last, limit=limit + 1)
        known = await _people(tx, found)
    return page_of(found, limit, lambda one: _participation(one, known[one.person_id]), lambda one: (one.uid,))


async def _people(tx: Transaction, found: list[Participation]) -> dict[PersonId, Person]:
    return await people.find_many(tx, sorted({one.person_id for one in found}))


HANDLERS = (
    show_attempt,
    start_challenge,
    complete_challenge,
    unlock_challenge,
    take_part,
    list_participations,
)

"""Trying challenges as the acting user: unlock, start, take part in actions, complete."""

from typing import Any

from litestar import Request, post
from litestar.params import FromPath, JSONBody

from laurel.base.errors import Invalid
from laurel.base.times import render_time
from laurel.domain.challenges import attempt as trying
from laurel.domain.challenges import author
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.web.dialects.nudj.acting import acting_person, acts
from laurel.web.dialects.nudj.challenge_view import challenges_out
from laurel.web.dialects.nudj.translate import department_id_of, uid_in
from laurel.web.dialects.nudj.wire import ParticipationIn, UnlockIn
from laurel.web.injected import InjectedCaller, InjectedSpine

_USER = "/api/v2/integration"
AnyRequest = Request[Any, Any, Any]


@post(_USER + "/challenges/{challenge_id:str}/unlock", guards=[acts("rewards:write")], status_code=200)
async def unlock_challenge(
    spine: InjectedSpine,
    caller: InjectedCaller,
    challenge_id: FromPath[str],
    data: JSONBody[UnlockIn],
) -> dict[str, Any]:
    """Open a challenge with keys, once."""

    async def work(run: Run) -> dict[str, Any]:
        person = await acting_person(run.tx, caller)
        challenge = await author.require_challenge(run.tx, uid_in(challenge_id))
        attempt = await trying.unlock(run, person.id, challenge, data.amount, actor=caller.actor)
        return {"amountDebited": data.amount, "challengeStatus": challenge.standing(attempt)}

    return await in_run(spine, caller.organisation_id, work)


@post(_USER + "/challenges/{challenge_id:str}/start", guards=[acts("rewards:write")], status_code=200)
async def start_challenge(
    request: AnyRequest, spine: InjectedSpine, caller: InjectedCaller, challenge_id: FromPath[str]
) -> dict[str, Any]:
    """Begin, or begin again."""
    return await _try(request, spine, caller, challenge_id, starting=True)


@post(_USER + "/challenges/{challenge_id:str}/complete", guards=[acts("rewards:write")], status_code=200)
async def complete_challenge(
    request: AnyRequest, spine: InjectedSpine, caller: InjectedCaller, challenge_id: FromPath[str]
) -> dict[str, Any]:
    """Finish; completing again changes nothing."""
    return await _try(request, spine, caller, challenge_id, starting=False)


async def _try(
    request: AnyRequest, spine: Spine, caller: Caller, challenge_id: str, *, starting: bool
) -> dict[str, Any]:
    async def work(run: Run) -> dict[str, Any]:
        person = await acting_person(run.tx, caller)
        challenge = await author.require_challenge(run.tx, uid_in(challenge_id))
        step = trying.start if starting else trying.complete
        await step(run, person.id, challenge)
        await run.save()
        [shown] = await challenges_out(run.tx, request, run.now, [challenge], person.id)
        return shown

    return await in_run(spine, caller.organisation_id, work)


@post(_USER + "/action-participations", guards=[acts("rewards:write")], status_code=200)
async def create_action_participation(
    spine: InjectedSpine, caller: InjectedCaller, data: JSONBody[ParticipationIn]
) -> dict[str, Any]:
    """Take part in an action; it is judged at once, but for previews of what has right answers."""

    async def work(run: Run) -> dict[str, Any]:
        person = await acting_person(run.tx, caller)
        challenge, action = await author.require_action(run.tx, uid_in(data.actionId))
        if data.allocationId not in (action.allocation, challenge.uid):
            raise Invalid("names no place of this action", field="allocationId", value=data.allocationId)
        await department_id_of(run.tx, data.communityId)
        participation, attempt = await trying.participate(
            run, person.id, challenge, action, data.actionInput, preview=data.isPreview
        )
        await run.save()
        at = render_time(participation.at)
        pending = data.isPreview and action.judging is not None
        event_id = f"participation:{participation.uid}" if participation.met else None
        status = {
            "id": participation.uid,
            "criteriaMet": participation.met,
            "output": {"key": data.actionInput.get("key"), "eventId": event_id},
            "status": "pending" if pending else "completed",
            "participatedAt": at,
            **({} if pending else {"processingStartedAt": at, "processedAt": at}),
            **({"statusMessage": participation.remark} if participation.remark else {}),
        }
        return {
            "id": participation.uid,
            "organisationId": (await organisations.organisation(run.tx)).uid,
            "communityId": data.communityId,
            "userId": person.uid,
            "actionId": action.id,
            "challengeId": challenge.uid,
            "allocationId": data.allocationId,
            "isPreview": data.isPreview,
            "participationStatuses": [status],
            "challengeStatus": challenge.standing(attempt),
            "createdAt": at,
            "updatedAt": at,
        }

    return await in_run(spine, caller.organisation_id, work)


HANDLERS = (unlock_challenge, start_challenge, complete_challenge, create_action_participation)

"""Challenges: shown to the acting user, written by the organisation with their actions and what both pay."""

from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from laurel.base.ids import new_uid
from laurel.domain.challenges import author, store
from laurel.domain.challenges.judge import Judging, Question
from laurel.domain.challenges.model import Action, Challenge, ChallengeNotFound
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.rewards.model import RewardPlan
from laurel.web.dialects.nudj.acting import acting_id, acts, administers
from laurel.web.dialects.nudj.challenge_view import challenges_out
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.plans import plan_of, plan_wire
from laurel.web.dialects.nudj.translate import (
    ALL_STATUSES,
    department_id_of,
    schedule_in,
    texts_in,
    tongue_of,
    uid_in,
)
from laurel.web.dialects.nudj.wire import ActionIn, ChallengeIn, DistributionIn, JudgingIn
from laurel.web.injected import InjectedCaller, InjectedParts

_USER = "/api/v2/integration/challenges"
_ADMIN = "/api/v2/admin"
AnyRequest = Request[Any, Any, Any]


@get(_USER, guards=[acts("rewards:read")])
async def get_challenges(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """Challenges that are live, scheduled or expired."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, found = await store.page_challenges(tx, statuses=("live",), wanted=listed)
        edges = await challenges_out(tx, request, parts.clock.now(), found, acting_id(caller))
    return listing(total, edges)


@get(_USER + "/{challenge_id:str}", guards=[acts("rewards:read")])
async def get_challenge(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, challenge_id: FromPath[str]
) -> dict[str, Any]:
    """One challenge."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        challenge = await author.require_challenge(tx, uid_in(challenge_id))
        if challenge.status != "live":
            raise ChallengeNotFound("Challenge not found")
        [shown] = await challenges_out(tx, request, parts.clock.now(), [challenge], acting_id(caller))
    return shown


async def _write_challenge(
    request: AnyRequest, parts: Parts, caller: Caller, data: ChallengeIn, challenge_id: str | None
) -> dict[str, Any]:
    async with parts.database.transaction(caller.organisation_id) as tx:
        old = None if challenge_id is None else await author.require_challenge(tx, uid_in(challenge_id))
        language = (await tongue_of(tx, request)).language
        values = {
            **texts_in(data.details, language, old),
            **schedule_in(data, old.starts_at if old else None, parts.clock.now()),
            "unlock_keys": data.unlockAmount,
            "repeatable": data.isRepeatable,
            "tags": data.tags,
            "campaigns": data.campaigns,
            "featured": data.featured,
        }
        values = {name: value for name, value in values.items() if value is not UNSET}
        if data.communityId is not UNSET or old is None:
            values["department_id"] = await department_id_of(tx, data.communityId)
        if data.actions is not UNSET:
            values["actions"] = [_action(action, language, old) for action in data.actions]
        challenge = await author.put_challenge(tx, old, values, actor=caller.actor, now=parts.clock.now())
        [shown] = await challenges_out(tx, request, parts.clock.now(), [challenge], None)
    return shown


def _action(data: ActionIn, language: str, old: Challenge | None) -> Action:
    known = next((one for one in (old.actions if old else []) if one.id == data.id), None)
    texts = texts_in(data.details, language, known)
    return Action(
        id=known.id if known else new_uid(),
        allocation=known.allocation if known else new_uid(),
        kind=data.type,
        names=texts.get("names", known.names if known else {}),
        descriptions=texts.get("descriptions", known.descriptions if known else {}),
        details=data.config,
        rewards=known.rewards if known else RewardPlan(),
        judging=(known.judging if known else None) if data.judging is UNSET else _judging(data.judging),
    )


def _judging(data: JudgingIn | UnsetType | None) -> Judging | None:
    if data is None or isinstance(data, UnsetType):
        return None
    return Judging(
        code=data.code,
        answers=data.answers,
        questions=[Question(one.id, one.answers, one.every) for one in data.questions],
        pass_mark=data.passMark,
        attempts_max=data.attemptsMax,
    )


@get(_ADMIN + "/challenges", guards=[administers("rewards:read")], procedure="getChallenges")
async def list_challenges(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """Every challenge."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, found = await store.page_challenges(tx, statuses=ALL_STATUSES, wanted=listed)
        edges = await challenges_out(tx, request, parts.clock.now(), found, None)
    return listing(total, edges)


@get(_ADMIN + "/challenges/{challenge_id:str}", guards=[administers("rewards:read")], procedure="getChallenge")
async def show_challenge(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, challenge_id: FromPath[str]
) -> dict[str, Any]:
    """One challenge, whatever its status."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        challenge = await author.require_challenge(tx, uid_in(challenge_id))
        [shown] = await challenges_out(tx, request, parts.clock.now(), [challenge], None)
    return shown


@post(_ADMIN + "/challenges", guards=[administers("rewards:write")], status_code=200)
async def create_challenge(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, data: JSONBody[ChallengeIn]
) -> dict[str, Any]:
    """A new challenge, a draft unless the body says otherwise."""
    return await _write_challenge(request, parts, caller, data, None)


@post(_ADMIN + "/challenges/{challenge_id:str}", guards=[administers("rewards:write")], status_code=200)
async def update_challenge(
    request: AnyRequest,
    parts: InjectedParts,
    caller: InjectedCaller,
    challenge_id: FromPath[str],
    data: JSONBody[ChallengeIn],
) -> dict[str, Any]:
    """Change what the body names; actions are known by their ids."""
    return await _write_challenge(request, parts, caller, data, challenge_id)


@delete(_ADMIN + "/challenges/{challenge_id:str}", guards=[administers("rewards:write")], status_code=200)
async def delete_challenge(parts: InjectedParts, caller: InjectedCaller, challenge_id: FromPath[str]) -> dict[str, Any]:
    """Take a challenge away."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        challenge = await author.require_challenge(tx, uid_in(challenge_id))
        await author.take_away(tx, challenge, now=parts.clock.now())
    return {"success": True}


@post(_ADMIN + "/challenges/{challenge_id:str}/distribution", guards=[administers("rewards:write")], status_code=200)
async def create_challenge_distribution(
    parts: InjectedParts, caller: InjectedCaller, challenge_id: FromPath[str], data: JSONBody[DistributionIn]
) -> dict[str, Any]:
    """Say what completing pays."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        challenge = await author.require_challenge(tx, uid_in(challenge_id))
        now = parts.clock.now()
        plan = await plan_of(tx, data, challenge.rewards, now)
        challenge = await author.put_challenge(tx, challenge, {"rewards": plan}, actor=caller.actor, now=now)
        return {**await plan_wire(tx, challenge.rewards), "challengeId": challenge.uid}


@post(_ADMIN + "/actions/{action_id:str}/distribution", guards=[administers("rewards:write")], status_code=200)
async def create_action_distribution(
    parts: InjectedParts, caller: InjectedCaller, action_id: FromPath[str], data: JSONBody[DistributionIn]
) -> dict[str, Any]:
    """Say what an action pays."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        challenge, action = await author.require_action(tx, uid_in(action_id))
        now = parts.clock.now()
        plan = await plan_of(tx, data, action.rewards, now)
        actions = [
            msgspec.structs.replace(known, rewards=plan) if known.id == action.id else known
            for known in challenge.actions
        ]
        await author.put_challenge(tx, challenge, {"actions": actions}, actor=caller.actor, now=now)
        return {**await plan_wire(tx, plan), "actionId": action.id}


HANDLERS = (
    get_challenges,
    get_challenge,
    list_challenges,
    show_challenge,
    create_challenge,
    update_challenge,
    delete_challenge,
    create_challenge_distribution,
    create_action_distribution,
)

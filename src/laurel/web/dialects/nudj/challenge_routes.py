"""Challenges, their groups and actions: trying them as the acting user, writing them as the organisation."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from laurel.base.errors import Invalid
from laurel.base.ids import PersonId, new_uid
from laurel.base.limits import CHALLENGES_PER_GROUP_MAX, check_count
from laurel.base.times import render_time, render_time_or_none
from laurel.database.pool import Transaction
from laurel.domain.challenges import attempt as trying
from laurel.domain.challenges import author, store
from laurel.domain.challenges.model import Action, Attempt, Challenge, ChallengeNotFound, Group
from laurel.domain.challenges.offer import offered
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.people.model import Person
from laurel.domain.record_events.ingest import run_again_on_races
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.run import Run
from laurel.domain.rewards.model import RewardPlan
from laurel.web.dialects.nudj.acting import acting_id, acting_person, acts, administers
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.plans import plan_of, plan_wire
from laurel.web.dialects.nudj.reward_view import plan_out, present, shelf_of_plans
from laurel.web.dialects.nudj.translate import (
    ALL_STATUSES,
    department_id_of,
    details_out,
    merged,
    time_in,
    tongue_of,
)
from laurel.web.dialects.nudj.wire import (
    ActionIn,
    ChallengeIn,
    DistributionIn,
    GroupIn,
    ParticipationIn,
    UnlockIn,
)
from laurel.web.injected import InjectedCaller, InjectedParts, InjectedSpine

_USER = "/api/v2/integration"
_ADMIN = "/api/v2/admin"
AnyRequest = Request[Any, Any, Any]


# ------------------------------------------------------------------------------------------------------------ rendering
async def _challenges_out(
    tx: Transaction, request: AnyRequest, now: datetime, found: list[Challenge], person_id: PersonId | None
) -> list[dict[str, Any]]:
    tongue = await tongue_of(tx, request)
    organisation = await organisations.organisation(tx)
    uids = await organisations.department_uids(tx, sorted({c.department_id for c in found if c.department_id}))
    counts = await store.counts(tx, [challenge.id for challenge in found])
    shelf = await shelf_of_plans(tx, [p for c in found for p in (c.rewards, *(a.rewards for a in c.actions))])
    mine = {} if person_id is None else await store.attempts(tx, person_id, [challenge.id for challenge in found])
    result = []
    for challenge in found:
        attempt = mine.get(challenge.id) or Attempt(person_id or PersonId(0), challenge.id)
        started, completed = counts.get(challenge.id, (0, 0))
        one: dict[str, Any] = {
            "id": challenge.uid,
            "organisationId": organisation.uid,
            "communityId": uids.get(challenge.department_id) if challenge.department_id else None,
            "details": details_out(challenge.names, challenge.descriptions, challenge.images, tongue),
            "status": challenge.status_at(now),
            "startsAt": render_time_or_none(challenge.starts_at),
            "expiresAt": render_time_or_none(challenge.expires_at),
            "unlockAmount": challenge.unlock_keys,
            "isRepeatable": challenge.repeatable,
            "featured": challenge.featured,
            "tags": list(challenge.tags),
            "campaigns": list(challenge.campaigns),
            "actions": [
                {
                    "id": action.id,
                    "allocationId": action.allocation,
                    "type": action.kind,
                    "details": details_out(action.names, action.descriptions, {}, tongue),
                    "config": action.details,
                    "reward": plan_out(shelf, action.rewards, tongue, action.id),
                    **({} if person_id is None else {"isComplete": action.id in attempt.done}),
                }
                for action in challenge.actions
            ],
            "reward": plan_out(shelf, challenge.rewards, tongue, challenge.uid),
            "startedCount": started,
            "completedCount": completed,
            "actionsCount": len(challenge.actions),
            "createdAt": render_time(challenge.created_at),
            "updatedAt": render_time(challenge.updated_at),
        }
        if person_id is None:
            one |= {"createdBy": challenge.created_by, "updatedBy": challenge.updated_by}
        else:
            one["userState"] = _state_out(challenge, attempt)
        result.append(one)
    return result


def _state_out(challenge: Challenge, attempt: Attempt) -> dict[str, Any]:
    return {
        "status": attempt.standing(challenge),
        "timesCompleted": attempt.completions,
        "completedActions": len(attempt.done),
        **present(startedAt=attempt.started_at, completedAt=attempt.completed_at),
    }


# ---------------------------------------------------------------------------------------------------- the acting user's
@get(_USER + "/challenges", guards=[acts("rewards:read")])
async def get_challenges(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """Challenges that are live, scheduled or expired."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, found = await store.page_challenges(tx, statuses=("live",), wanted=listed)
        edges = await _challenges_out(tx, request, parts.clock.now(), found, acting_id(caller))
    return listing(total, edges)


@get(_USER + "/challenges/{challenge_id:str}", guards=[acts("rewards:read")])
async def get_challenge(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, challenge_id: FromPath[str]
) -> dict[str, Any]:
    """One challenge."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        challenge = await author.require_challenge(tx, challenge_id.lower())
        if challenge.status != "live":
            raise ChallengeNotFound("Challenge not found")
        [shown] = await _challenges_out(tx, request, parts.clock.now(), [challenge], acting_id(caller))
    return shown


@post(_USER + "/challenges/{challenge_id:str}/unlock", guards=[acts("rewards:write")], status_code=200)
async def unlock_challenge(
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    challenge_id: FromPath[str],
    data: JSONBody[UnlockIn],
) -> dict[str, Any]:
    """Open a challenge with keys, once."""

    async def work(tx: Transaction, _careful: bool) -> dict[str, Any]:
        person = await acting_person(tx, caller)
        challenge = await author.require_challenge(tx, challenge_id.lower())
        run = Run(tx, spine, await spine.open(tx), parts.clock.now(), quiet=False)
        attempt = await trying.unlock(run, person.id, challenge, data.amount, actor=caller.actor)
        await run.save()
        return {"amountDebited": data.amount, "challengeStatus": attempt.standing(challenge)}

    return await run_again_on_races(spine, caller.organisation_id, work)


@post(_USER + "/challenges/{challenge_id:str}/start", guards=[acts("rewards:write")], status_code=200)
async def start_challenge(
    request: AnyRequest, parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, challenge_id: FromPath[str]
) -> dict[str, Any]:
    """Begin, or begin again."""
    return await _try(request, parts, spine, caller, challenge_id, starting=True)


@post(_USER + "/challenges/{challenge_id:str}/complete", guards=[acts("rewards:write")], status_code=200)
async def complete_challenge(
    request: AnyRequest, parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, challenge_id: FromPath[str]
) -> dict[str, Any]:
    """Finish; completing again changes nothing."""
    return await _try(request, parts, spine, caller, challenge_id, starting=False)


async def _try(
    request: AnyRequest, parts: Parts, spine: Spine, caller: Caller, challenge_id: str, *, starting: bool
) -> dict[str, Any]:
    async def work(tx: Transaction, _careful: bool) -> dict[str, Any]:
        person = await acting_person(tx, caller)
        challenge = await author.require_challenge(tx, challenge_id.lower())
        run = Run(tx, spine, await spine.open(tx), parts.clock.now(), quiet=False)
        step = trying.start if starting else trying.complete
        await step(run, person.id, challenge)
        await run.save()
        [shown] = await _challenges_out(tx, request, parts.clock.now(), [challenge], person.id)
        return shown

    return await run_again_on_races(spine, caller.organisation_id, work)


@post(_USER + "/action-participations", guards=[acts("rewards:write")], status_code=200)
async def create_action_participation(
    parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, data: JSONBody[ParticipationIn]
) -> dict[str, Any]:
    """Take part in an action; it is judged at once."""

    async def work(tx: Transaction, _careful: bool) -> dict[str, Any]:
        person = await acting_person(tx, caller)
        challenge, action = await author.require_action(tx, data.actionId.lower())
        if data.allocationId not in (action.allocation, challenge.uid):
            raise Invalid("names no place of this action", field="allocationId", value=data.allocationId)
        run = Run(tx, spine, await spine.open(tx), parts.clock.now(), quiet=False)
        participation, attempt = await trying.participate(
            run, person.id, challenge, action, data.actionInput, preview=data.isPreview
        )
        await run.save()
        at = render_time(participation.at)
        status = {
            "id": participation.uid,
            "criteriaMet": True,
            "output": {"key": data.actionInput.get("key"), "eventId": f"participation:{participation.uid}"},
            "status": "completed",
            "participatedAt": at,
            "processingStartedAt": at,
            "processedAt": at,
        }
        return {
            "id": participation.uid,
            "organisationId": (await organisations.organisation(tx)).uid,
            "communityId": data.communityId,
            "userId": person.uid,
            "actionId": action.id,
            "challengeId": challenge.uid,
            "allocationId": data.allocationId,
            "isPreview": data.isPreview,
            "participationStatuses": [status],
            "challengeStatus": attempt.standing(challenge),
            "createdAt": at,
            "updatedAt": at,
        }

    return await run_again_on_races(spine, caller.organisation_id, work)


# --------------------------------------------------------------------------------------------------------------- groups
async def _group_out(
    tx: Transaction, request: AnyRequest, parts: Parts, spine: Spine, group: Group, person: Person | None
) -> dict[str, Any]:
    tongue = await tongue_of(tx, request)
    now = parts.clock.now()
    members = await store.find_challenges(tx, group.challenge_ids)
    ids = [known for known in group.challenge_ids if known in members]
    calendar = (await spine.open(tx)).book.calendar
    period = calendar.period(group.period, now)
    bounds = calendar.bounds(group.period, period)
    if person is not None:
        mine = await store.attempts(tx, person.id, ids)
        completed = {known for known, attempt in mine.items() if attempt.completions}
        ids = [known for known in offered(group, person.uid, period, completed) if known in members]
    uids = await organisations.department_uids(tx, [group.department_id] if group.department_id else [])
    return {
        "id": group.uid,
        "organisationId": (await organisations.organisation(tx)).uid,
        "communityId": uids.get(group.department_id) if group.department_id else None,
        "details": details_out(group.names, group.descriptions, group.images, tongue),
        "type": group.order_kind,
        "period": group.period,
        "activeAmount": group.active_count,
        "status": group.status,
        "challenges": await _challenges_out(
            tx, request, now, [members[known] for known in ids], person.id if person else None
        ),
        **({} if bounds is None else {"resetsAt": render_time(bounds[1])}),
        "createdAt": render_time(group.created_at),
        "updatedAt": render_time(group.updated_at),
    }


@get(_USER + "/challenge-groups", guards=[acts("rewards:read")])
async def get_challenge_groups(
    request: AnyRequest,
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    listed: Listed,
) -> dict[str, Any]:
    """Groups that are live, with the challenges they offer the acting user now."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        total, found = await store.page_groups(tx, statuses=("live",), wanted=listed)
        edges = [await _group_out(tx, request, parts, spine, group, person) for group in found]
    return listing(total, edges)


@get(_USER + "/challenge-groups/{group_id:str}", guards=[acts("rewards:read")])
async def get_challenge_group(
    request: AnyRequest, parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, group_id: FromPath[str]
) -> dict[str, Any]:
    """One group."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        group = await author.require_group(tx, group_id.lower())
        if group.status != "live":
            raise ChallengeNotFound("Challenge group not found")
        return await _group_out(tx, request, parts, spine, group, person)


@get(_ADMIN + "/challenge-groups", guards=[administers("rewards:read")], procedure="getChallengeGroups")
async def list_challenge_groups(
    request: AnyRequest,
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    listed: Listed,
) -> dict[str, Any]:
    """Every group with all its challenges."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, found = await store.page_groups(tx, statuses=ALL_STATUSES, wanted=listed)
        edges = [await _group_out(tx, request, parts, spine, group, None) for group in found]
    return listing(total, edges)


@post(_ADMIN + "/challenge-groups", guards=[administers("rewards:write")], status_code=200)
async def create_challenge_group(
    request: AnyRequest, parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, data: JSONBody[GroupIn]
) -> dict[str, Any]:
    """A new group, a draft unless the body says otherwise."""
    return await _write_group(request, parts, spine, caller, data, None)


@post(_ADMIN + "/challenge-groups/{group_id:str}", guards=[administers("rewards:write")], status_code=200)
async def update_challenge_group(
    request: AnyRequest,
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    group_id: FromPath[str],
    data: JSONBody[GroupIn],
) -> dict[str, Any]:
    """Change what the body names."""
    return await _write_group(request, parts, spine, caller, data, group_id)


async def _write_group(
    request: AnyRequest, parts: Parts, spine: Spine, caller: Caller, data: GroupIn, group_id: str | None
) -> dict[str, Any]:
    async with parts.database.transaction(caller.organisation_id) as tx:
        old = None if group_id is None else await author.require_group(tx, group_id.lower())
        values = await _texts(tx, request, data, old)
        for name, value in (("order_kind", data.type), ("period", data.period), ("active_count", data.activeAmount)):
            if value is not UNSET:
                values[name] = value
        if old is None:
            values = {"order_kind": "sequential", "period": "open", "active_count": 1, **values}
        if data.challenges is not UNSET:
            check_count(len(data.challenges), CHALLENGES_PER_GROUP_MAX, "challenges")
            known = await store.ids_by_uid(tx, data.challenges)
            for index, uid in enumerate(data.challenges):
                if uid not in known:
                    raise Invalid("names no challenge", field=f"challenges[{index}]", value=uid)
            values["challenge_ids"] = [known[uid] for uid in dict.fromkeys(data.challenges)]
        group = await author.put_group(tx, old, values, actor=caller.actor, now=parts.clock.now())
        return await _group_out(tx, request, parts, spine, group, None)


# -------------------------------------------------------------------------------------------------------------- writing
async def _texts(
    tx: Transaction, request: AnyRequest, data: ChallengeIn | GroupIn, old: Challenge | Group | None
) -> dict[str, Any]:
    """The columns that challenges and groups share."""
    language = (await tongue_of(tx, request)).language
    values: dict[str, Any] = {}
    if data.details is not UNSET:
        values["names"] = merged(old.names if old else {}, language, data.details.title)
        values["descriptions"] = merged(old.descriptions if old else {}, language, data.details.description)
        themes = (("light", data.details.light), ("dark", data.details.dark))
        given = {theme: value for theme, value in themes if isinstance(value, dict)}
        values["images"] = {**(old.images if old else {}), **given}
    if data.communityId is not UNSET:
        values["department_id"] = await department_id_of(tx, data.communityId)
    if data.status is not UNSET:
        values["status"] = data.status if data.status in ("draft", "archived") else "live"
    return {name: value for name, value in values.items() if value is not UNSET}


async def _write_challenge(
    request: AnyRequest, parts: Parts, caller: Caller, data: ChallengeIn, challenge_id: str | None
) -> dict[str, Any]:
    async with parts.database.transaction(caller.organisation_id) as tx:
        old = None if challenge_id is None else await author.require_challenge(tx, challenge_id.lower())
        values = await _texts(tx, request, data, old)
        further = {
            "starts_at": time_in(data.startsAt, "startsAt"),
            "expires_at": time_in(data.expiresAt, "expiresAt"),
            "unlock_keys": data.unlockAmount,
            "repeatable": data.isRepeatable,
            "tags": data.tags,
            "campaigns": data.campaigns,
            "featured": data.featured,
        }
        values |= {name: value for name, value in further.items() if value is not UNSET}
        if data.status == "expired":
            values["expires_at"] = parts.clock.now()
        if data.actions is not UNSET:
            language = (await tongue_of(tx, request)).language
            values["actions"] = [_action(action, language, old) for action in data.actions]
        challenge = await author.put_challenge(tx, old, values, actor=caller.actor, now=parts.clock.now())
        [shown] = await _challenges_out(tx, request, parts.clock.now(), [challenge], None)
    return shown


def _action(data: ActionIn, language: str, old: Challenge | None) -> Action:
    known = next((one for one in (old.actions if old else []) if one.id == data.id), None)
    names = merged(known.names if known else {}, language, data.details.title)
    descriptions = merged(known.descriptions if known else {}, language, data.details.description)
    return Action(
        id=known.id if known else new_uid(),
        allocation=known.allocation if known else new_uid(),
        kind=data.type,
        names=(known.names if known else {}) if names is UNSET else names,
        descriptions=(known.descriptions if known else {}) if descriptions is UNSET else descriptions,
        details=data.config,
        rewards=known.rewards if known else RewardPlan(),
    )


@get(_ADMIN + "/challenges", guards=[administers("rewards:read")], procedure="getChallenges")
async def list_challenges(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """Every challenge."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, found = await store.page_challenges(tx, statuses=ALL_STATUSES, wanted=listed)
        edges = await _challenges_out(tx, request, parts.clock.now(), found, None)
    return listing(total, edges)


@get(_ADMIN + "/challenges/{challenge_id:str}", guards=[administers("rewards:read")], procedure="getChallenge")
async def show_challenge(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, challenge_id: FromPath[str]
) -> dict[str, Any]:
    """One challenge, whatever its status."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        challenge = await author.require_challenge(tx, challenge_id.lower())
        [shown] = await _challenges_out(tx, request, parts.clock.now(), [challenge], None)
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
        challenge = await author.require_challenge(tx, challenge_id.lower())
        now = parts.clock.now()
        await store.update_challenge(tx, challenge.id, {"deleted_at": now, "updated_at": now})
    return {"success": True}


@post(_ADMIN + "/challenges/{challenge_id:str}/distribution", guards=[administers("rewards:write")], status_code=200)
async def create_challenge_distribution(
    parts: InjectedParts, caller: InjectedCaller, challenge_id: FromPath[str], data: JSONBody[DistributionIn]
) -> dict[str, Any]:
    """Say what completing pays."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        challenge = await author.require_challenge(tx, challenge_id.lower())
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
        challenge, action = await author.require_action(tx, action_id.lower())
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
    unlock_challenge,
    start_challenge,
    complete_challenge,
    create_action_participation,
    get_challenge_groups,
    get_challenge_group,
    list_challenge_groups,
    create_challenge_group,
    update_challenge_group,
    list_challenges,
    show_challenge,
    create_challenge,
    update_challenge,
    delete_challenge,
    create_challenge_distribution,
    create_action_distribution,
)

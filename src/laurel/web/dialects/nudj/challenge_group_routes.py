"""Challenge groups: what they offer the acting user now, and writing them as the organisation."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from laurel.base.errors import Invalid
from laurel.base.limits import CHALLENGES_PER_GROUP_MAX, check_count
from laurel.base.times import render_time
from laurel.database.pool import Transaction
from laurel.domain.attempts import store as attempts
from laurel.domain.challenges import author, store
from laurel.domain.challenges.model import ChallengeNotFound, Group
from laurel.domain.challenges.offer import offered
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.people.model import Person
from laurel.domain.record_events.memory import Spine
from laurel.web.dialects.nudj.acting import acting_person, acts, administers
from laurel.web.dialects.nudj.challenge_view import challenges_out
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.translate import (
    ALL_STATUSES,
    department_id_of,
    details_out,
    stored_status,
    texts_in,
    tongue_of,
    uid_in,
)
from laurel.web.dialects.nudj.wire import GroupIn
from laurel.web.injected import InjectedCaller, InjectedParts, InjectedSpine

_USER = "/api/v2/integration"
_ADMIN = "/api/v2/admin"
AnyRequest = Request[Any, Any, Any]


async def _groups_out(
    tx: Transaction, request: AnyRequest, parts: Parts, spine: Spine, groups: Sequence[Group], person: Person | None
) -> list[dict[str, Any]]:
    """Groups with the challenges that they offer a user now, or with all of them, as the organisation sees them (None)."""
    tongue = await tongue_of(tx, request)
    now = parts.clock.now()
    calendar = (await spine.open(tx)).book.calendar
    organisation = await organisations.organisation(tx)
    uids = await organisations.department_uids(tx, sorted({one.department_id for one in groups if one.department_id}))
    members = await store.find_challenges(tx, sorted({known for one in groups for known in one.challenge_ids}))
    mine = {} if person is None else await attempts.attempts(tx, person.id, sorted(members))
    completed = {known for known, attempt in mine.items() if attempt.completions}
    ids: list[list[int]] = []
    for group in groups:
        shown: Sequence[int] = group.challenge_ids
        if person is not None:
            shown = offered(group, person.uid, calendar.period(group.period, now), completed)
        ids.append([known for known in shown if known in members])
    named = sorted({known for shown in ids for known in shown})
    rendered = dict(
        zip(
            named,
            await challenges_out(tx, request, now, [members[known] for known in named], person.id if person else None),
            strict=True,
        )
    )
    result = []
    for group, shown in zip(groups, ids, strict=True):
        bounds = calendar.bounds(group.period, calendar.period(group.period, now))
        result.append(
            {
                "id": group.uid,
                "organisationId": organisation.uid,
                "communityId": uids.get(group.department_id) if group.department_id else None,
                "details": details_out(group.names, group.descriptions, group.images, tongue),
                "type": group.order_kind,
                "period": group.period,
                "activeAmount": group.active_count,
                "status": group.status,
                "challenges": [rendered[known] for known in shown],
                **({} if bounds is None else {"resetsAt": render_time(bounds[1])}),
                "createdAt": render_time(group.created_at),
                "updatedAt": render_time(group.updated_at),
            }
        )
    return result


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
        edges = await _groups_out(tx, request, parts, spine, found, person)
    return listing(total, edges)


@get(_USER + "/challenge-groups/{group_id:str}", guards=[acts("rewards:read")])
async def get_challenge_group(
    request: AnyRequest, parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, group_id: FromPath[str]
) -> dict[str, Any]:
    """One group."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        group = await author.require_group(tx, uid_in(group_id))
        if group.status != "live":
            raise ChallengeNotFound("Challenge group not found")
        return (await _groups_out(tx, request, parts, spine, [group], person))[0]


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
        edges = await _groups_out(tx, request, parts, spine, found, None)
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


@get(_ADMIN + "/challenge-groups/{group_id:str}", guards=[administers("rewards:read")], procedure="getChallengeGroup")
async def show_challenge_group(
    request: AnyRequest, parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, group_id: FromPath[str]
) -> dict[str, Any]:
    """One group with all its challenges, whatever its status."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        group = await author.require_group(tx, uid_in(group_id))
        return (await _groups_out(tx, request, parts, spine, [group], None))[0]


@delete(_ADMIN + "/challenge-groups/{group_id:str}", guards=[administers("rewards:write")], status_code=200)
async def delete_challenge_group(
    parts: InjectedParts, caller: InjectedCaller, group_id: FromPath[str]
) -> dict[str, Any]:
    """Take a group away; its challenges stay."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        group, now = await author.require_group(tx, uid_in(group_id)), parts.clock.now()
        await store.update_group(tx, group.id, {"deleted_at": now, "updated_at": now})
    return {"success": True}


async def _write_group(
    request: AnyRequest, parts: Parts, spine: Spine, caller: Caller, data: GroupIn, group_id: str | None
) -> dict[str, Any]:
    async with parts.database.transaction(caller.organisation_id) as tx:
        old = None if group_id is None else await author.require_group(tx, uid_in(group_id))
        values = {
            **texts_in(data.details, (await tongue_of(tx, request)).language, old),
            "status": stored_status(data.status),
            "order_kind": data.type,
            "period": data.period,
            "active_count": data.activeAmount,
        }
        values = {name: value for name, value in values.items() if value is not UNSET}
        if data.communityId is not UNSET or old is None:
            values["department_id"] = await department_id_of(tx, data.communityId)
        if old is None:
            values = {"order_kind": "sequential", "period": "open", "active_count": 1, **values}
        if data.challenges is not UNSET:
            check_count(len(data.challenges), CHALLENGES_PER_GROUP_MAX, "challenges")
            wanted = [uid_in(uid) for uid in data.challenges]
            known = await store.ids_by_uid(tx, wanted)
            for index, uid in enumerate(wanted):
                if uid not in known:
                    raise Invalid("names no challenge", field=f"challenges[{index}]", value=data.challenges[index])
            values["challenge_ids"] = [known[uid] for uid in dict.fromkeys(wanted)]
        group = await author.put_group(tx, old, values, actor=caller.actor, now=parts.clock.now())
        return (await _groups_out(tx, request, parts, spine, [group], None))[0]


HANDLERS = (
    get_challenge_groups,
    get_challenge_group,
    list_challenge_groups,
    show_challenge_group,
    create_challenge_group,
    delete_challenge_group,
    update_challenge_group,
)

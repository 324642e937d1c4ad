"""Achievements: reading and claiming as the acting user, writing as the organisation."""

from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from laurel.base.errors import Invalid
from laurel.base.ids import new_uid
from laurel.base.limits import REWARD_ITEMS_MAX, check_count
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.definitions import Definition
from laurel.domain.achievements.model import Achievement, AchievementNotFound
from laurel.domain.organisations.model import Caller
from laurel.domain.record_events.claim import AlreadyClaimed, claim
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.rewards.model import RewardPlan
from laurel.web.dialects.nudj.achievement_view import achievements_out, admin_out, event_id, extra_of, see
from laurel.web.dialects.nudj.acting import acting_person, acts, administers
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.plans import plan_of, plan_wire
from laurel.web.dialects.nudj.translate import (
    ALL_STATUSES,
    department_id_of,
    parse_criteria,
    parse_queries,
    schedule_in,
    texts_in,
    tongue_of,
    uid_in,
)
from laurel.web.dialects.nudj.wire import AchievementIn, ClaimIn, DistributionIn
from laurel.web.injected import InjectedCaller, InjectedParts, InjectedSpine

_USER = "/api/v2/integration/achievements"
_ADMIN = "/api/v2/admin/achievements"
_NOT_FOUND = "Achievement not found"
AnyRequest = Request[Any, Any, Any]


async def find(tx: Transaction, uid: str) -> Achievement:
    """By id in any case. Raises AchievementNotFound."""
    found = await achievements.find_by_uid(tx, uid_in(uid))
    if found is None:
        raise AchievementNotFound(_NOT_FOUND)
    return found


# -------------------------------------------------------------------------------------------------------- integration
@get(_USER, guards=[acts("achievements:read")])
async def get_achievements(
    request: AnyRequest,
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    listed: Listed,
) -> dict[str, Any]:
    """Achievements that are live, scheduled or expired, with the acting user's state."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        total, found = await achievements.page(tx, statuses=("live",), wanted=listed, listed_for=person.id)
        opening = await spine.open(tx)
        edges = await achievements_out(tx, opening.book, person, found, await tongue_of(tx, request), parts.clock.now())
    return listing(total, edges)


@get(_USER + "/{achievement_id:str}", guards=[acts("achievements:read")])
async def get_achievement(
    request: AnyRequest,
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    achievement_id: FromPath[str],
) -> dict[str, Any]:
    """One achievement with the acting user's state."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        achievement = await find(tx, achievement_id)
        if achievement.status != "live":
            raise AchievementNotFound(_NOT_FOUND)
        opening = await spine.open(tx)
        [shown] = await achievements_out(
            tx, opening.book, person, [achievement], await tongue_of(tx, request), parts.clock.now()
        )
        if achievement.secret and shown["userState"]["timesCompleted"] == 0:
            raise AchievementNotFound(_NOT_FOUND)
    return shown


@post(_USER + "/{achievement_id:str}/claim", guards=[acts("awards:write")], status_code=200)
async def claim_achievement(
    request: AnyRequest,
    spine: InjectedSpine,
    caller: InjectedCaller,
    achievement_id: FromPath[str],
    data: JSONBody[ClaimIn | None] = None,
) -> dict[str, Any]:
    """Pay the oldest completion that waits; `rewardIds` is the choice where the user may choose."""
    choice = tuple(uid.lower() for uid in data.rewardIds) if data is not None and data.rewardIds is not None else None
    check_count(len(choice or ()), REWARD_ITEMS_MAX, "rewardIds")

    async def work(run: Run) -> dict[str, Any]:
        tx = run.tx
        person = await acting_person(tx, caller)
        achievement = await find(tx, achievement_id)
        awards = [
            award
            for award in await awarded.of_person(tx, person.id, achievement_id=achievement.id)
            if award.state == "active"
        ]
        if not awards and achievement.secret:
            raise AchievementNotFound(_NOT_FOUND)
        if not awards:
            raise Invalid("The achievement is not complete yet")
        waiting = [award for award in awards if award.claim == "claimable"]
        if not waiting:
            raise AlreadyClaimed("The achievement has already been claimed")
        await claim(run, waiting[-1], achievement, choice)
        await run.save()
        [shown] = await achievements_out(tx, run.book, person, [achievement], await tongue_of(tx, request), run.now)
        return shown

    return await in_run(spine, caller.organisation_id, work)


# -------------------------------------------------------------------------------------------------------------- admin
@get(_ADMIN, guards=[administers("achievements:read")], procedure="getAchievements")
async def list_achievements(
    request: AnyRequest,
    parts: InjectedParts,
    caller: InjectedCaller,
    listed: Listed,
) -> dict[str, Any]:
    """Every achievement, drafts and archived ones too."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, found = await achievements.page(tx, statuses=ALL_STATUSES, wanted=listed)
        tongue = await tongue_of(tx, request)
        seen = await see(tx, found)
    now = parts.clock.now()
    return listing(total, [admin_out(seen, achievement, tongue, now) for achievement in found])


@get("/api/v2/admin/templates/achievements", guards=[administers("achievements:read")])
async def get_achievement_templates(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """Achievements marked as templates."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, found = await achievements.page(tx, statuses=ALL_STATUSES, wanted=listed, templates=True)
        tongue = await tongue_of(tx, request)
        seen = await see(tx, found)
    now = parts.clock.now()
    return listing(total, [admin_out(seen, achievement, tongue, now) for achievement in found])


@get(_ADMIN + "/{achievement_id:str}", guards=[administers("achievements:read")], procedure="getAchievement")
async def show_achievement(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, achievement_id: FromPath[str]
) -> dict[str, Any]:
    """One achievement, whatever its status."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return await _admin_answer(tx, request, parts, await find(tx, achievement_id))


async def _admin_answer(
    tx: Transaction, request: AnyRequest, parts: InjectedParts, achievement: Achievement
) -> dict[str, Any]:
    return admin_out(await see(tx, [achievement]), achievement, await tongue_of(tx, request), parts.clock.now())


@post(_ADMIN, guards=[administers("achievements:write")], status_code=200)
async def create_achievement(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, data: JSONBody[AchievementIn]
) -> dict[str, Any]:
    """A new achievement, a draft unless the body says otherwise."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        definition = await _definition(tx, request, parts, caller, data, None)
        if definition.names is UNSET:
            raise Invalid("required", field="details.title")
        achievement = await definitions.create(tx, definition, actor=caller.actor, now=parts.clock.now())
        return await _admin_answer(tx, request, parts, achievement)


@post(_ADMIN + "/{achievement_id:str}", guards=[administers("achievements:write")], status_code=200)
async def update_achievement(
    request: AnyRequest,
    parts: InjectedParts,
    caller: InjectedCaller,
    achievement_id: FromPath[str],
    data: JSONBody[AchievementIn],
) -> dict[str, Any]:
    """Change what the body names."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        achievement = await find(tx, achievement_id)
        definition = await _definition(tx, request, parts, caller, data, achievement)
        achievement = await definitions.change(tx, achievement, definition, actor=caller.actor, now=parts.clock.now())
        return await _admin_answer(tx, request, parts, achievement)


@delete(_ADMIN + "/{achievement_id:str}", guards=[administers("achievements:write")], status_code=200)
async def delete_achievement(
    parts: InjectedParts, caller: InjectedCaller, achievement_id: FromPath[str]
) -> dict[str, Any]:
    """Take an achievement away; what was earned stays earned."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        achievement = await find(tx, achievement_id)
        await definitions.delete(tx, achievement, actor=caller.actor, now=parts.clock.now())
    return {"success": True}


@post(_ADMIN + "/{achievement_id:str}/distribution", guards=[administers("rewards:write")], status_code=200)
async def create_achievement_distribution(
    parts: InjectedParts, caller: InjectedCaller, achievement_id: FromPath[str], data: JSONBody[DistributionIn]
) -> dict[str, Any]:
    """Say what the achievement pays; allocations get ids, and supplies where they are given."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        achievement = await find(tx, achievement_id)
        now = parts.clock.now()
        plan = await plan_of(tx, data, achievement.rewards, now)
        extra = {**extra_of(achievement.details), "distributionEventId": event_id(achievement)}
        if "distributionEventId" not in extra_of(achievement.details):
            extra["distributionEventId"] = new_uid()
        definition = Definition(rewards=plan, details={**achievement.details, "nudj": extra})
        achievement = await definitions.change(tx, achievement, definition, actor=caller.actor, now=now)
        return {
            **await plan_wire(tx, achievement.rewards),
            "achievementId": achievement.uid,
            "distributionEventId": event_id(achievement),
        }


async def _definition(
    tx: Transaction,
    request: AnyRequest,
    parts: InjectedParts,
    caller: Caller,
    data: AchievementIn,
    old: Achievement | None,
) -> Definition:
    """The body in the domain's words; texts go to the language of `x-language` and leave the others alone."""
    language = (await tongue_of(tx, request)).language
    definition = Definition(
        period=data.progressPeriod,
        display_mode=data.displayMode,
        tags=data.tags,
        campaigns=data.campaigns,
        featured=data.featured,
        **schedule_in(data, old.starts_at if old else None, parts.clock.now()),
        **texts_in(data.details, language, old),
    )
    if data.criteria is not UNSET:
        definition.criteria = parse_criteria(data.criteria)
    if data.queries is not UNSET:
        definition.queries = parse_queries(data.queries)
    if data.queryDescriptions is not UNSET:
        known = old.query_descriptions if old else {}
        definition.query_descriptions = {
            alias: {**known.get(alias, {}), language: text} for alias, text in data.queryDescriptions.items()
        }
    if data.communityId is not UNSET or old is None:
        definition.department_id = await department_id_of(tx, data.communityId)
    _set_extra(definition, data, old)
    if data.claimMode is not UNSET:
        plan = old.rewards if old else RewardPlan()
        definition.rewards = msgspec.structs.replace(plan, claim=data.claimMode)
    return definition


def _set_extra(definition: Definition, data: AchievementIn, old: Achievement | None) -> None:
    extra = dict(extra_of(old.details)) if old else {}
    if data.isGlobalTemplate is not UNSET:
        extra["isGlobalTemplate"] = data.isGlobalTemplate
    if data.availableAsTemplateForOrganisations is not UNSET:
        extra["availableAsTemplateForOrganisations"] = data.availableAsTemplateForOrganisations
    if old is None or extra != extra_of(old.details):
        template = bool(extra.get("isGlobalTemplate") or extra.get("availableAsTemplateForOrganisations"))
        definition.details = {**(old.details if old else {}), "nudj": extra, "template": template}


HANDLERS = (
    get_achievements,
    get_achievement,
    claim_achievement,
    list_achievements,
    get_achievement_templates,
    show_achievement,
    create_achievement,
    update_achievement,
    delete_achievement,
    create_achievement_distribution,
)

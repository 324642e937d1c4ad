"""The catalogue of rewards: shown to the acting user, written by the organisation."""

from datetime import datetime
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from laurel.base.errors import Invalid
from laurel.base.ids import new_uid
from laurel.base.limits import REWARD_ITEMS_MAX, check_count
from laurel.database.pool import Transaction
from laurel.database.slices import Slice
from laurel.domain.give_rewards import distribute
from laurel.domain.organisations.model import Caller
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import catalogue
from laurel.domain.rewards import store as rewards
from laurel.domain.rewards.catalogue import RewardWish
from laurel.domain.rewards.model import Allocation, Reward, RewardNotFound
from laurel.web.dialects.nudj.acting import acts, administers
from laurel.web.dialects.nudj.label_view import labels_of
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.reward_view import reward_out, shelf_of
from laurel.web.dialects.nudj.translate import (
    ALL_STATUSES,
    department_id_of,
    department_ids_of,
    schedule_in,
    texts_in,
    time_in,
    tongue_of,
    uid_in,
)
from laurel.web.dialects.nudj.wire import RewardIn
from laurel.web.injected import InjectedCaller, InjectedParts, InjectedSpine

_ADMIN = "/api/v2/admin/rewards"
AnyRequest = Request[Any, Any, Any]


async def find_reward(tx: Transaction, uid: str) -> Reward:
    """By id in any case. Raises RewardNotFound."""
    found = (await rewards.find_by_uids(tx, [uid_in(uid)], shown=True)).get(uid_in(uid))
    if found is None:
        raise RewardNotFound("Reward not found")
    return found


@get("/api/v2/integration/rewards", guards=[acts("rewards:read")])
async def get_rewards(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """Rewards that are live, scheduled or expired, with their tags and campaigns as objects."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, found = await rewards.page(tx, statuses=("live",), wanted=listed)
        shelf, tongue, now = await shelf_of(tx, found), await tongue_of(tx, request), parts.clock.now()
        labels = await labels_of(tx, found, tongue, now)
    edges = [{**reward_out(shelf, one, tongue, now), **labels.carried_by(one)} for one in found]
    return listing(total, edges)


@get(_ADMIN, guards=[administers("rewards:read")], procedure="getRewards")
async def list_rewards(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """Every reward."""
    return await _rewards(request, parts, caller, listed)


@get("/api/v2/admin/templates/rewards", guards=[administers("rewards:read")])
async def get_reward_templates(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """Rewards marked as templates."""
    return await _rewards(request, parts, caller, listed, templates=True)


async def _rewards(
    request: AnyRequest, parts: InjectedParts, caller: Caller, listed: Slice, *, templates: bool = False
) -> dict[str, Any]:
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, found = await rewards.page(tx, statuses=ALL_STATUSES, wanted=listed, templates=templates)
        shelf, tongue = await shelf_of(tx, found), await tongue_of(tx, request)
    return listing(total, [reward_out(shelf, one, tongue, parts.clock.now()) for one in found])


@get(_ADMIN + "/{reward_id:str}", guards=[administers("rewards:read")])
async def get_reward(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, reward_id: FromPath[str]
) -> dict[str, Any]:
    """One reward."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return await _answer(tx, request, await find_reward(tx, reward_id), parts.clock.now())


async def _answer(tx: Transaction, request: AnyRequest, reward: Reward, now: datetime) -> dict[str, Any]:
    return reward_out(await shelf_of(tx, [reward]), reward, await tongue_of(tx, request), now)


@post(_ADMIN, guards=[administers("rewards:write")], status_code=200)
async def create_reward(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, data: JSONBody[RewardIn]
) -> dict[str, Any]:
    """A new reward, a draft unless the body says otherwise."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        wish = await _wish(tx, request, data, None, parts.clock.now())
        if wish.names is UNSET:
            raise Invalid("required", field="details.title")
        reward = await catalogue.create(tx, wish, actor=caller.actor, now=parts.clock.now())
        await _set_supplies(tx, reward, data)
        return await _answer(tx, request, reward, parts.clock.now())


@post(_ADMIN + "/{reward_id:str}", guards=[administers("rewards:write")], status_code=200)
async def update_reward(
    request: AnyRequest,
    spine: InjectedSpine,
    caller: InjectedCaller,
    reward_id: FromPath[str],
    data: JSONBody[RewardIn],
) -> dict[str, Any]:
    """Change what the body names; a draft that goes live gives out what was queued."""

    async def work(run: Run) -> dict[str, Any]:
        old = await find_reward(run.tx, reward_id)
        wish = await _wish(run.tx, request, data, old, run.now)
        written = await distribute.change_reward(run, old, wish, actor=caller.actor)
        await _set_supplies(run.tx, written.reward, data)
        await run.save()
        return await _answer(run.tx, request, written.reward, run.now)

    return await in_run(spine, caller.organisation_id, work)


async def _wish(tx: Transaction, request: AnyRequest, data: RewardIn, old: Reward | None, now: datetime) -> RewardWish:
    wish = RewardWish(
        asset_price=data.assetPointsPrice,
        entry_price=data.entryPointsPrice,
        assets_supply=data.assetsSupply,
        entries_supply=data.entriesSupply,
        assets_per_person_max=data.maxAssetsPerUser,
        entries_per_person_max=data.maxEntriesPerUser,
        tags=data.tags,
        campaigns=data.campaigns,
        featured=data.featured,
        draws_at=time_in(data.drawsAt, "drawsAt"),
        manual_draw=data.isManualGiveaway,
        metadata=data.metadata,
        **schedule_in(data, old.starts_at if old else None, now),
        **texts_in(data.details, (await tongue_of(tx, request)).language, old),
    )
    if data.communityId is not UNSET or old is None:
        wish.department_id = await department_id_of(tx, data.communityId)
    if data.additionalCommunityIds is not UNSET:
        check_count(len(data.additionalCommunityIds), REWARD_ITEMS_MAX, "additionalCommunityIds")
        named = [(f"additionalCommunityIds[{index}]", uid) for index, uid in enumerate(data.additionalCommunityIds)]
        found = await department_ids_of(tx, named)
        wish.department_ids = [department_id for department_id in found if department_id is not None]
    if data.redemptionConfig is not UNSET:
        wish.redemption = {name: value for name, value in data.redemptionConfig.items() if name != "autoRedeem"}
        wish.auto_redeem = data.redemptionConfig.get("autoRedeem") is True
    if data.allocations is not UNSET:
        check_count(len(data.allocations), REWARD_ITEMS_MAX, "allocations")
        for share in data.allocations:
            share.id = share.id or new_uid()
        wish.allocations = [
            Allocation(share.id or "", share.allocationType, share.amountToDistribute, share.isShop, share.isLive)
            for share in data.allocations
        ]
    _set_extra(wish, data, old)
    return wish


def _set_extra(wish: RewardWish, data: RewardIn, old: Reward | None) -> None:
    known = old.details.get("nudj", {}) if old else {}
    extra = dict(known)
    for name in ("allocationsType", "isGlobalTemplate", "availableAsTemplateForOrganisations"):
        value = getattr(data, name)
        if value is not UNSET:
            extra[name] = value
    if extra != known:
        wish.details = {**(old.details if old else {}), "nudj": extra}
        wish.is_template = bool(extra.get("isGlobalTemplate") or extra.get("availableAsTemplateForOrganisations"))


async def _set_supplies(tx: Transaction, reward: Reward, data: RewardIn) -> None:
    """Allocations that name a supply of their own get it."""
    if data.allocations is UNSET:
        return
    for share in data.allocations:
        if share.supply is not UNSET and share.id is not None:
            await catalogue.set_supply(tx, reward, share.allocationType, share.id, share.supply)


HANDLERS = (get_rewards, list_rewards, get_reward_templates, get_reward, create_reward, update_reward)

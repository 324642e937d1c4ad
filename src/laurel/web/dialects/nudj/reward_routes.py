"""Rewards: the catalogue, distributions by hand, giveaways, the shop, and what the acting user owns."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from laurel.base.errors import Invalid
from laurel.base.ids import PersonId, is_uid, new_uid
from laurel.base.limits import REWARD_ITEMS_MAX, USERS_PER_DISTRIBUTION_MAX, check_count
from laurel.base.times import render_time
from laurel.database.pages import Slice
from laurel.database.pool import Transaction
from laurel.domain.give_rewards import distribute, draw, redeem, shop
from laurel.domain.give_rewards.draw import Draw
from laurel.domain.organisations.model import Caller
from laurel.domain.record_events.ingest import run_again_on_races
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import catalogue
from laurel.domain.rewards import store as rewards
from laurel.domain.rewards.catalogue import RewardWish
from laurel.domain.rewards.model import Allocation, Reward, RewardItem, RewardNotFound, RewardPlan
from laurel.web.dialects.nudj.acting import acting_id, acting_person, acts, administers
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.plans import xp_of
from laurel.web.dialects.nudj.reward_view import asset_out, entries_out, reward_out, shelf_of, shelf_of_grants
from laurel.web.dialects.nudj.translate import (
    ALL_STATUSES,
    department_id_of,
    merged,
    person_id_of,
    require_person_id,
    time_in,
    tongue_of,
)
from laurel.web.dialects.nudj.wire import (
    DrawIn,
    GiveawayIn,
    ManualDistributionIn,
    PurchaseIn,
    RewardIn,
)
from laurel.web.injected import InjectedCaller, InjectedParts, InjectedSpine

_USER = "/api/v2/integration"
_ADMIN = "/api/v2/admin/rewards"
AnyRequest = Request[Any, Any, Any]
_ENTRY_GRANTS_MAX = 10_000


async def find_reward(tx: Transaction, uid: str) -> Reward:
    """By id in any case. Raises RewardNotFound."""
    found = (
        (await rewards.find_by_uids(tx, [uid.lower()], shown=True)).get(uid.lower()) if is_uid(uid.lower()) else None
    )
    if found is None:
        raise RewardNotFound("Reward not found")
    return found


# ------------------------------------------------------------------------------------------------------------ catalogue
@get(_USER + "/rewards", guards=[acts("rewards:read")])
async def get_rewards(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """Rewards that are live, scheduled or expired."""
    return await _rewards(request, parts, caller, ("live",), listed)


@get(_ADMIN, guards=[administers("rewards:read")], procedure="getRewards")
async def list_rewards(
    request: AnyRequest,
    parts: InjectedParts,
    caller: InjectedCaller,
    listed: Listed,
) -> dict[str, Any]:
    """Every reward."""
    return await _rewards(request, parts, caller, ALL_STATUSES, listed)


@get("/api/v2/admin/templates/rewards", guards=[administers("rewards:read")])
async def get_reward_templates(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """Rewards marked as templates."""
    return await _rewards(request, parts, caller, ALL_STATUSES, listed, templates=True)


async def _rewards(
    request: AnyRequest,
    parts: InjectedParts,
    caller: Caller,
    statuses: tuple[str, ...],
    listed: Slice,
    *,
    templates: bool = False,
) -> dict[str, Any]:
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, found = await rewards.page(tx, statuses=statuses, wanted=listed, templates=templates)
        shelf = await shelf_of(tx, found)
        tongue = await tongue_of(tx, request)
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
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    reward_id: FromPath[str],
    data: JSONBody[RewardIn],
) -> dict[str, Any]:
    """Change what the body names; a draft that goes live gives out what was queued."""

    async def work(tx: Transaction, _careful: bool) -> dict[str, Any]:
        old = await find_reward(tx, reward_id)
        wish = await _wish(tx, request, data, old, parts.clock.now())
        run = Run(tx, spine, await spine.open(tx), parts.clock.now(), quiet=False)
        written = await distribute.change_reward(run, old, wish, actor=caller.actor)
        await _set_supplies(tx, written.reward, data)
        await run.save()
        return await _answer(tx, request, written.reward, parts.clock.now())

    return await run_again_on_races(spine, caller.organisation_id, work)


async def _wish(tx: Transaction, request: AnyRequest, data: RewardIn, old: Reward | None, now: datetime) -> RewardWish:
    language = (await tongue_of(tx, request)).language
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
        starts_at=time_in(data.startsAt, "startsAt"),
        expires_at=time_in(data.expiresAt, "expiresAt"),
        draws_at=time_in(data.drawsAt, "drawsAt"),
        manual_draw=data.isManualGiveaway,
        metadata=data.metadata,
    )
    if data.details is not UNSET:
        wish.names = merged(old.names if old else {}, language, data.details.title)
        wish.descriptions = merged(old.descriptions if old else {}, language, data.details.description)
        themes = (("light", data.details.light), ("dark", data.details.dark))
        given = {theme: value for theme, value in themes if isinstance(value, dict)}
        wish.images = {**(old.images if old else {}), **given}
    if data.communityId is not UNSET:
        wish.department_id = await department_id_of(tx, data.communityId)
    if data.additionalCommunityIds is not UNSET:
        check_count(len(data.additionalCommunityIds), REWARD_ITEMS_MAX, "additionalCommunityIds")
        found = [await department_id_of(tx, uid, "additionalCommunityIds") for uid in data.additionalCommunityIds]
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
    if data.status is not UNSET:
        wish.status = "draft" if data.status == "draft" else "archived" if data.status == "archived" else "live"
        if data.status == "expired":
            wish.expires_at = now
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


# ------------------------------------------------------------------------------------------------- by hand, giveaways
@post(_ADMIN + "/manual-distribution", guards=[administers("rewards:write")], status_code=200)
async def create_manual_distribution(
    parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, data: JSONBody[ManualDistributionIn]
) -> dict[str, Any]:
    """Pay the users named; those that do not exist are answered as failed."""
    check_count(len(data.userIds), USERS_PER_DISTRIBUTION_MAX, "userIds")
    check_count(len(data.rewards), REWARD_ITEMS_MAX, "rewards")

    async def work(tx: Transaction, _careful: bool) -> dict[str, Any]:
        found: dict[str, PersonId | None] = {uid: await person_id_of(tx, uid) for uid in data.userIds}
        items = []
        for index, one in enumerate(data.rewards):
            reward = await catalogue.require(tx, one.rewardId.lower(), f"rewards[{index}].rewardId")
            items.append(RewardItem(reward.uid, one.allocationType, one.quantity))
        plan = RewardPlan(
            points=Decimal(data.pointsToDistribute),
            xp=xp_of(Decimal(data.xpToDistribute)),
            items=items,
            selection=data.distributionMechanism,
            selection_count=data.amountToDistribute,
        )
        choice = tuple(item.reward for item in items) if plan.selection == "select" else None
        run = Run(tx, spine, await spine.open(tx), parts.clock.now(), quiet=False)
        paid = await distribute.distribute(
            run,
            [person_id for person_id in found.values() if person_id is not None],
            plan,
            department_id=await department_id_of(tx, data.communityId),
            source_id=caller.actor,
            choice=choice,
        )
        await run.save()
        failed = [uid for uid, person_id in found.items() if person_id is None or person_id not in paid]
        short = sum(bool(one.shortages) for one in paid.values())
        message = f"{short} users did not get everything: the supply or their maximum was reached" if short else None
        return {
            "success": not failed,
            **({"message": message} if message else {}),
            "usersProcessed": len(paid),
            "failedUserIds": failed,
        }

    return await run_again_on_races(spine, caller.organisation_id, work)


@post(_ADMIN + "/{reward_id:str}/process-giveaway", guards=[administers("rewards:write")], status_code=200)
async def process_giveaway(
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    reward_id: FromPath[str],
    data: JSONBody[GiveawayIn],
) -> dict[str, Any]:
    """Winners named by hand, once per reward."""

    async def work(tx: Transaction, _careful: bool) -> dict[str, Any]:
        reward = await find_reward(tx, reward_id)
        winners = [
            (await require_person_id(tx, one.userId, f"winners[{index}].userId"), one.quantity)
            for index, one in enumerate(data.winners)
        ]
        run = Run(tx, spine, await spine.open(tx), parts.clock.now(), quiet=False)
        drawn = await draw.name_winners(run, reward, winners, by=caller)
        await run.save()
        return {"success": True, "message": f"{len(drawn.winners)} winners"}

    return await run_again_on_races(spine, caller.organisation_id, work)


@post(_ADMIN + "/{reward_id:str}/draw", guards=[administers("rewards:write")], status_code=200)
async def draw_giveaway(
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    reward_id: FromPath[str],
    data: JSONBody[DrawIn],
) -> dict[str, Any]:
    """A seeded draw among all entries (an addition of ours)."""

    async def work(tx: Transaction, _careful: bool) -> dict[str, Any]:
        reward = await find_reward(tx, reward_id)
        run = Run(tx, spine, await spine.open(tx), parts.clock.now(), quiet=False)
        drawn = await draw.draw_winners(
            run, reward, data.numberOfWinners, quantity=data.quantity, seed=data.seed, by=caller
        )
        await run.save()
        return _draw_out(drawn)

    return await run_again_on_races(spine, caller.organisation_id, work)


@get(_ADMIN + "/{reward_id:str}/draw", guards=[administers("rewards:read")])
async def get_draw(parts: InjectedParts, caller: InjectedCaller, reward_id: FromPath[str]) -> dict[str, Any]:
    """The draw with everything that repeats it."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        row = await rewards.find_draw(tx, (await find_reward(tx, reward_id)).id)
    if row is None:
        raise RewardNotFound("Nothing was drawn yet")
    return _draw_out(Draw.from_row(row))


def _draw_out(drawn: Draw) -> dict[str, Any]:
    return {
        "id": drawn.uid,
        "method": drawn.method,
        "seed": drawn.seed,
        "commitment": drawn.commitment,
        "entriesDigest": drawn.entries_digest,
        "totalEntries": drawn.entries,
        "winners": [{"userId": one.person, "quantity": one.quantity} for one in drawn.winners],
        "drawnAt": render_time(drawn.drawn_at),
    }


# ------------------------------------------------------------------------------------------------------------ one's own
@post(_USER + "/rewards/{reward_id:str}/purchase", guards=[acts("rewards:write")], status_code=200)
async def purchase_reward(
    request: AnyRequest,
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    reward_id: FromPath[str],
    data: JSONBody[PurchaseIn],
) -> dict[str, Any]:
    """Buy with points."""

    async def work(tx: Transaction, _careful: bool) -> dict[str, Any]:
        person = await acting_person(tx, caller)
        reward = await find_reward(tx, reward_id)
        run = Run(tx, spine, await spine.open(tx), parts.clock.now(), quiet=False)
        paid = await shop.buy(
            run,
            person.id,
            reward,
            data.allocationType,
            data.quantity,
            actor=caller.actor,
            reference=data.externalTransactionReference,
        )
        await run.save()
        shelf, tongue = await shelf_of_grants(tx, paid.grants), await tongue_of(tx, request)
        assets = [asset_out(shelf, grant, person, tongue) for grant in paid.grants if grant.kind == "assets"]
        entries = [grant for grant in paid.grants if grant.kind == "entries"]
        return {
            "success": True,
            "rewardAssets": assets,
            "rewardEntries": entries_out(shelf, entries, [], person, tongue),
        }

    return await run_again_on_races(spine, caller.organisation_id, work)


@get(_USER + "/me/rewards", guards=[acts("rewards:read")])
async def get_my_rewards(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """What the acting user owns."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        total, grants = await rewards.grants_of_person(
            tx, person.id, "assets", limit=listed.limit, offset=listed.offset
        )
        shelf, tongue = await shelf_of_grants(tx, grants), await tongue_of(tx, request)
    return listing(total, [asset_out(shelf, grant, person, tongue) for grant in grants])


@get(_USER + "/me/rewards/{asset_id:str}", guards=[acts("rewards:read")])
async def get_my_reward(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, asset_id: FromPath[str]
) -> dict[str, Any]:
    """One of them."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        grant = await rewards.find_grant(tx, person.id, asset_id.lower())
        if grant is None or grant.kind != "assets" or grant.state == "queued":
            raise redeem.GrantNotFound("Reward asset not found")
        return asset_out(await shelf_of_grants(tx, [grant]), grant, person, await tongue_of(tx, request))


@post(_USER + "/me/rewards/{asset_id:str}/redeem", guards=[acts("rewards:write")], status_code=200)
async def redeem_reward(
    request: AnyRequest,
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    asset_id: FromPath[str],
) -> dict[str, Any]:
    """Use it, once."""
    return await _use(request, parts, spine, caller, asset_id, redeeming=True)


@post(_USER + "/me/rewards/{asset_id:str}/claim", guards=[acts("rewards:write")], status_code=200)
async def claim_reward(
    request: AnyRequest,
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    asset_id: FromPath[str],
) -> dict[str, Any]:
    """Take it, once."""
    return await _use(request, parts, spine, caller, asset_id, redeeming=False)


async def _use(
    request: AnyRequest,
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: Caller,
    asset_id: str,
    *,
    redeeming: bool,
) -> dict[str, Any]:
    async def work(tx: Transaction, _careful: bool) -> dict[str, Any]:
        person = await acting_person(tx, caller)
        run = Run(tx, spine, await spine.open(tx), parts.clock.now(), quiet=False)
        step = redeem.redeem_grant if redeeming else redeem.claim_grant
        grant = await step(run, person.id, asset_id.lower())
        await run.save()
        return asset_out(await shelf_of_grants(tx, [grant]), grant, person, await tongue_of(tx, request))

    return await run_again_on_races(spine, caller.organisation_id, work)


@get(_USER + "/me/reward-entries", guards=[acts("rewards:read")])
async def get_my_reward_entries(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """The acting user's draw entries, one object a reward."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        entries = await _my_entries(tx, request, caller)
    return listing(len(entries), entries[listed.offset : listed.offset + listed.limit])


@get(_USER + "/me/reward-entries/{entry_id:str}", guards=[acts("rewards:read")])
async def get_my_reward_entry(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, entry_id: FromPath[str]
) -> dict[str, Any]:
    """One of them."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = [one for one in await _my_entries(tx, request, caller) if one["id"] == entry_id.lower()]
    if not found:
        raise redeem.GrantNotFound("Reward entry not found")
    return found[0]


async def _my_entries(tx: Transaction, request: AnyRequest, caller: Caller) -> list[dict[str, Any]]:
    person = await acting_person(tx, caller)
    _, entries = await rewards.grants_of_person(tx, acting_id(caller), "entries", limit=_ENTRY_GRANTS_MAX, offset=0)
    _, assets = await rewards.grants_of_person(tx, acting_id(caller), "assets", limit=_ENTRY_GRANTS_MAX, offset=0)
    shelf = await shelf_of_grants(tx, [*entries, *assets])
    return entries_out(shelf, entries, assets, person, await tongue_of(tx, request))


HANDLERS = (
    get_rewards,
    list_rewards,
    get_reward_templates,
    get_reward,
    create_reward,
    update_reward,
    create_manual_distribution,
    process_giveaway,
    draw_giveaway,
    get_draw,
    purchase_reward,
    get_my_rewards,
    get_my_reward,
    redeem_reward,
    claim_reward,
    get_my_reward_entries,
    get_my_reward_entry,
)

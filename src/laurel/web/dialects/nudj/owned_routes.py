"""What the acting user owns: assets and draw entries, buying, claiming and redeeming."""

from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody

from laurel.database.pool import Transaction
from laurel.database.slices import Slice
from laurel.domain.give_rewards import redeem, shop
from laurel.domain.organisations.model import Caller
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import store as rewards
from laurel.web.dialects.nudj.acting import acting_person, acts
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.reward_routes import find_reward
from laurel.web.dialects.nudj.reward_view import asset_out, entries_out, shelf_of_grants
from laurel.web.dialects.nudj.translate import tongue_of, uid_in
from laurel.web.dialects.nudj.wire import PurchaseIn
from laurel.web.injected import InjectedCaller, InjectedParts, InjectedSpine

_USER = "/api/v2/integration"
_ENTRY_GRANTS_MAX = 10_000
AnyRequest = Request[Any, Any, Any]


@post(_USER + "/rewards/{reward_id:str}/purchase", guards=[acts("rewards:write")], status_code=200)
async def purchase_reward(
    request: AnyRequest,
    spine: InjectedSpine,
    caller: InjectedCaller,
    reward_id: FromPath[str],
    data: JSONBody[PurchaseIn],
) -> dict[str, Any]:
    """Buy with points."""

    async def work(run: Run) -> dict[str, Any]:
        person = await acting_person(run.tx, caller)
        paid = await shop.buy(
            run,
            person.id,
            await find_reward(run.tx, reward_id),
            data.allocationType,
            data.quantity,
            actor=caller.actor,
            reference=data.externalTransactionReference,
        )
        await run.save()
        shelf, tongue = await shelf_of_grants(run.tx, paid.grants), await tongue_of(run.tx, request)
        entries = [grant for grant in paid.grants if grant.kind == "entries"]
        return {
            "success": True,
            "rewardAssets": [asset_out(shelf, one, person, tongue) for one in paid.grants if one.kind == "assets"],
            "rewardEntries": entries_out(shelf, entries, [], person, tongue),
        }

    return await in_run(spine, caller.organisation_id, work)


@get(_USER + "/me/rewards", guards=[acts("rewards:read")])
async def get_my_rewards(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, listed: Listed
) -> dict[str, Any]:
    """What the acting user owns."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        total, grants = await rewards.grants_of_person(tx, person.id, "assets", listed)
        shelf, tongue = await shelf_of_grants(tx, grants), await tongue_of(tx, request)
    return listing(total, [asset_out(shelf, grant, person, tongue) for grant in grants])


@get(_USER + "/me/rewards/{asset_id:str}", guards=[acts("rewards:read")])
async def get_my_reward(
    request: AnyRequest, parts: InjectedParts, caller: InjectedCaller, asset_id: FromPath[str]
) -> dict[str, Any]:
    """One of them."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        grant = await rewards.find_grant(tx, person.id, uid_in(asset_id))
        if grant is None or grant.kind != "assets" or grant.state == "queued":
            raise redeem.GrantNotFound("Reward asset not found")
        return asset_out(await shelf_of_grants(tx, [grant]), grant, person, await tongue_of(tx, request))


@post(_USER + "/me/rewards/{asset_id:str}/redeem", guards=[acts("rewards:write")], status_code=200)
async def redeem_reward(
    request: AnyRequest, spine: InjectedSpine, caller: InjectedCaller, asset_id: FromPath[str]
) -> dict[str, Any]:
    """Use it, once."""
    return await _use(request, spine, caller, asset_id, redeeming=True)


@post(_USER + "/me/rewards/{asset_id:str}/claim", guards=[acts("rewards:write")], status_code=200)
async def claim_reward(
    request: AnyRequest, spine: InjectedSpine, caller: InjectedCaller, asset_id: FromPath[str]
) -> dict[str, Any]:
    """Take it, once."""
    return await _use(request, spine, caller, asset_id, redeeming=False)


async def _use(request: AnyRequest, spine: Spine, caller: Caller, asset_id: str, *, redeeming: bool) -> dict[str, Any]:
    async def work(run: Run) -> dict[str, Any]:
        person = await acting_person(run.tx, caller)
        step = redeem.redeem_grant if redeeming else redeem.claim_grant
        grant = await step(run, person.id, uid_in(asset_id))
        await run.save()
        return asset_out(await shelf_of_grants(run.tx, [grant]), grant, person, await tongue_of(run.tx, request))

    return await in_run(spine, caller.organisation_id, work)


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
    _, entries = await rewards.grants_of_person(tx, person.id, "entries", Slice(_ENTRY_GRANTS_MAX))
    _, assets = await rewards.grants_of_person(tx, person.id, "assets", Slice(_ENTRY_GRANTS_MAX))
    shelf = await shelf_of_grants(tx, [*entries, *assets])
    return entries_out(shelf, entries, assets, person, await tongue_of(tx, request))


HANDLERS = (
    purchase_reward,
    get_my_rewards,
    get_my_reward,
    redeem_reward,
    claim_reward,
    get_my_reward_entries,
    get_my_reward_entry,
)

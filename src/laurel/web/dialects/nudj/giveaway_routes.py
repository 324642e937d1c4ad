"""Rewards given by hand: distributions to users, winners of giveaways drawn or named."""

from decimal import Decimal
from typing import Any

from litestar import get, post
from litestar.params import FromPath, JSONBody

from laurel.base.limits import DRAW_WINNERS_MAX, REWARD_ITEMS_MAX, USERS_PER_DISTRIBUTION_MAX, check_count
from laurel.base.times import render_time
from laurel.domain.give_rewards import distribute, draw
from laurel.domain.give_rewards.draw import Draw
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import catalogue
from laurel.domain.rewards import store as rewards
from laurel.domain.rewards.model import RewardItem, RewardNotFound, RewardPlan
from laurel.web.dialects.nudj.acting import administers
from laurel.web.dialects.nudj.plans import xp_of
from laurel.web.dialects.nudj.reward_routes import find_reward
from laurel.web.dialects.nudj.translate import department_id_of, person_ids_of, require_person_ids, uid_in
from laurel.web.dialects.nudj.wire import DrawIn, GiveawayIn, ManualDistributionIn
from laurel.web.injected import InjectedCaller, InjectedParts, InjectedSpine

_ADMIN = "/api/v2/admin/rewards"


@post(_ADMIN + "/manual-distribution", guards=[administers("rewards:write")], status_code=200)
async def create_manual_distribution(
    spine: InjectedSpine, caller: InjectedCaller, data: JSONBody[ManualDistributionIn]
) -> dict[str, Any]:
    """Pay the users named; those that do not exist are answered as failed."""
    check_count(len(data.userIds), USERS_PER_DISTRIBUTION_MAX, "userIds")
    check_count(len(data.rewards), REWARD_ITEMS_MAX, "rewards")

    async def work(run: Run) -> dict[str, Any]:
        found = await person_ids_of(run.tx, data.userIds)
        named = [(f"rewards[{index}].rewardId", uid_in(one.rewardId)) for index, one in enumerate(data.rewards)]
        rewards = await catalogue.require_many(run.tx, named)
        items = [
            RewardItem(reward.uid, one.allocationType, one.quantity)
            for reward, one in zip(rewards, data.rewards, strict=True)
        ]
        plan = RewardPlan(
            points=Decimal(data.pointsToDistribute),
            xp=xp_of(Decimal(data.xpToDistribute)),
            items=items,
            selection=data.distributionMechanism,
            selection_count=data.amountToDistribute,
        )
        choice = tuple(item.reward for item in items) if plan.selection == "select" else None
        paid = await distribute.distribute(
            run,
            [found[uid] for uid in dict.fromkeys(data.userIds) if uid in found],
            plan,
            department_id=await department_id_of(run.tx, data.communityId),
            source_id=caller.actor,
            choice=choice,
        )
        await run.save()
        failed = [uid for uid in dict.fromkeys(data.userIds) if uid not in found or found[uid] not in paid]
        short = sum(bool(one.shortages) for one in paid.values())
        message = f"{short} users did not get everything: the supply or their maximum was reached" if short else None
        return {
            "success": not failed,
            **({"message": message} if message else {}),
            "usersProcessed": len(paid),
            "failedUserIds": failed,
        }

    return await in_run(spine, caller.organisation_id, work)


@post(_ADMIN + "/{reward_id:str}/process-giveaway", guards=[administers("rewards:write")], status_code=200)
async def process_giveaway(
    spine: InjectedSpine, caller: InjectedCaller, reward_id: FromPath[str], data: JSONBody[GiveawayIn]
) -> dict[str, Any]:
    """Winners named by hand, once per reward."""
    check_count(len(data.winners), DRAW_WINNERS_MAX, "winners")

    async def work(run: Run) -> dict[str, Any]:
        reward = await find_reward(run.tx, reward_id)
        named = [(f"winners[{index}].userId", one.userId) for index, one in enumerate(data.winners)]
        people = await require_person_ids(run.tx, named)
        winners = [(person_id, one.quantity) for person_id, one in zip(people, data.winners, strict=True)]
        drawn = await draw.name_winners(run, reward, winners, by=caller)
        return {"success": True, "message": f"{len(drawn.winners)} winners"}

    return await in_run(spine, caller.organisation_id, work)


@post(_ADMIN + "/{reward_id:str}/draw", guards=[administers("rewards:write")], status_code=200)
async def draw_giveaway(
    spine: InjectedSpine, caller: InjectedCaller, reward_id: FromPath[str], data: JSONBody[DrawIn]
) -> dict[str, Any]:
    """A seeded draw among all entries (an addition of ours)."""

    async def work(run: Run) -> dict[str, Any]:
        reward = await find_reward(run.tx, reward_id)
        drawn = await draw.draw_winners(
            run, reward, data.numberOfWinners, quantity=data.quantity, seed=data.seed, by=caller
        )
        return _draw_out(drawn)

    return await in_run(spine, caller.organisation_id, work)


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


HANDLERS = (create_manual_distribution, process_giveaway, draw_giveaway, get_draw)

"""Distributions: what an achievement, challenge or action pays, from the wire to a reward plan and back."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from laurel.base.errors import Invalid
from laurel.base.ids import new_uid
from laurel.base.limits import REWARD_ITEMS_MAX, check_count
from laurel.database.pool import Transaction
from laurel.domain.rewards import catalogue
from laurel.domain.rewards.catalogue import remaining_of
from laurel.domain.rewards.model import Allocation, RewardItem, RewardPlan
from laurel.web.dialects.nudj.reward_view import completion_xp, shelf_of_plans
from laurel.web.dialects.nudj.translate import number, uid_in
from laurel.web.dialects.nudj.wire import DistributionIn

AMOUNT_MAX = 1_000_000_000


def xp_of(amount: Decimal) -> dict[str, Decimal]:
    """Completion XP: it counts to the total and to participation."""
    return {"total": amount, "participation": amount} if amount else {}


async def plan_of(tx: Transaction, data: DistributionIn, old: RewardPlan, now: datetime) -> RewardPlan:
    """The plan, with every allocation set aside in its reward. Raises RewardNotFound, Invalid, TooLarge."""
    config = data.rewardsConfig
    check_count(len(config.allocations), REWARD_ITEMS_MAX, "rewardsConfig.allocations")
    items = []
    for index, wish in enumerate(config.allocations):
        field = f"rewardsConfig.allocations[{index}]"
        reward = await catalogue.require(tx, uid_in(wish.rewardId), f"{field}.rewardId")
        share = Allocation(wish.id or new_uid(), wish.allocationType, wish.amountToDistribute)
        await catalogue.allocate_share(tx, reward, share, wish.supply, now=now)
        items.append(RewardItem(reward.uid, wish.allocationType, wish.amountToDistribute, share.id))
    return msgspec.structs.replace(
        old,
        points=_amount(data.pointsToDistribute, "pointsToDistribute"),
        xp=xp_of(_amount(data.bonusXpToDistribute, "bonusXpToDistribute")),
        items=items,
        selection=config.mechanism,
        selection_count=max(1, config.amountToDistribute),
    )


def _amount(amount: Decimal, field: str) -> Decimal:
    if not (amount.is_finite() and 0 <= amount <= AMOUNT_MAX):
        raise Invalid(f"{field} must lie between 0 and {AMOUNT_MAX}", field=field, limit=AMOUNT_MAX, value=str(amount))
    return amount


async def plan_wire(tx: Transaction, plan: RewardPlan) -> dict[str, Any]:
    """A plan as the distribution endpoints answer it."""
    shelf = await shelf_of_plans(tx, [plan])
    by_uid = {reward.uid: reward for reward in shelf.rewards.values()}
    allocations = []
    for item in plan.items:
        supply = remaining_of(shelf.supplies, by_uid[item.reward], item.kind, item.allocation)
        share = next((share for share in by_uid[item.reward].allocations if share.id == item.allocation), None)
        allocations.append(
            {
                "id": item.allocation,
                "allocationType": item.kind,
                "amountToDistribute": item.amount,
                "rewardId": item.reward,
                "supply": supply.total if supply else None,
                "distributed": supply.granted if supply else 0,
                "isLive": share.live if share else True,
            }
        )
    return {
        "rewardsConfig": {
            "mechanism": plan.selection,
            "amountToDistribute": plan.selection_count,
            "allocations": allocations,
        },
        "pointsToDistribute": number(plan.points),
        "bonusXpToDistribute": number(completion_xp(plan)),
    }

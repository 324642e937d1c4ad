"""Rewards, owned assets and draw entries as Nudj shows them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from laurel.base.ids import DepartmentId, RewardId, is_uid
from laurel.base.times import render_time, render_time_or_none
from laurel.database.pool import Transaction
from laurel.domain.organisations import store as organisations
from laurel.domain.people.model import Person
from laurel.domain.rewards import store as rewards
from laurel.domain.rewards.catalogue import remaining_of
from laurel.domain.rewards.model import Allocation, Grant, Reward, RewardItem, RewardPlan, Supply
from laurel.web.dialects.nudj.translate import Tongue, details_out, number

_REDEEMABLE = (
    "instructions", "instructionsImageUrl", "supportEmail", "supportPhoneNumber", "supportUrl", "redeemByDate",
)  # fmt: skip
SOURCE_CATEGORIES = {
    "achievement-completion": "achievement",
    "challenge-completion": "challenge",
    "action-participation": "action",
    "shop-purchase": "shop",
    "leaderboard-reward": "leaderboard",
    "reward-distribution": "reward",
    "giveaway": "reward",
}


class Shelf(msgspec.Struct, frozen=True):
    """Rewards with what is needed to show them: their supplies and the ids of communities."""

    rewards: Mapping[RewardId, Reward]
    supplies: Sequence[Supply]
    communities: Mapping[DepartmentId, str]
    organisation_uid: str


async def shelf_of(tx: Transaction, found: Iterable[Reward]) -> Shelf:
    """The shelf of these rewards."""
    by_id = {reward.id: reward for reward in found}
    wanted = {department for reward in by_id.values() for department in (reward.department_id, *reward.department_ids)}
    return Shelf(
        by_id,
        await rewards.supplies(tx, list(by_id)) if by_id else [],
        await organisations.department_uids(tx, [department for department in wanted if department is not None]),
        (await organisations.organisation(tx)).uid,
    )


async def shelf_of_grants(tx: Transaction, grants: Sequence[Grant]) -> Shelf:
    """The shelf of the rewards that these grants are of."""
    ids = sorted({grant.reward_id for grant in grants})
    return await shelf_of(tx, (await rewards.find_by_ids(tx, ids)).values() if ids else [])


async def shelf_of_plans(tx: Transaction, plans: Iterable[RewardPlan]) -> Shelf:
    """The shelf of the rewards that these plans name."""
    uids = sorted({item.reward for plan in plans for item in plan.items})
    return await shelf_of(tx, (await rewards.find_by_uids(tx, uids)).values() if uids else [])


# -------------------------------------------------------------------------------------------------------------- rewards
def reward_out(shelf: Shelf, reward: Reward, tongue: Tongue, now: datetime) -> dict[str, Any]:
    """A reward with its live supply."""
    shared = {
        supply.kind: supply for supply in shelf.supplies if supply.reward_id == reward.id and not supply.allocation
    }
    extra = _extra(reward)
    return {
        "id": reward.uid,
        "organisationId": shelf.organisation_uid,
        "communityId": _community(shelf, reward),
        "assetPointsPrice": None if reward.asset_price is None else number(reward.asset_price),
        "entryPointsPrice": None if reward.entry_price is None else number(reward.entry_price),
        "assetPointsSwapValue": extra.get("assetPointsSwapValue"),
        "allocationsType": extra.get("allocationsType", "assets-only"),
        "redemptionConfig": {
            "type": "rich-text",
            "content": "",
            "additionalInformation": [],
            **reward.redemption,
            "autoRedeem": reward.auto_redeem,
        },
        "details": details_out(reward.names, reward.descriptions, reward.images, tongue),
        "status": reward.status_at(now),
        "additionalCommunityIds": _additional(shelf, reward),
        "assetsSupply": shared["assets"].total if "assets" in shared else None,
        "entriesSupply": shared["entries"].total if "entries" in shared else None,
        "assetsRemaining": shared["assets"].remaining if "assets" in shared else None,
        "entriesRemaining": shared["entries"].remaining if "entries" in shared else None,
        "maxAssetsPerUser": reward.assets_per_person_max,
        "maxEntriesPerUser": reward.entries_per_person_max,
        "allocations": [_allocation_out(shelf, reward, share) for share in reward.allocations],
        "isSharedAssetsSupply": "assets" in shared,
        "isSharedEntriesSupply": "entries" in shared,
        "tags": list(reward.tags),
        "campaigns": list(reward.campaigns),
        "featured": reward.featured,
        "startsAt": render_time_or_none(reward.starts_at),
        "expiresAt": render_time_or_none(reward.expires_at),
        "drawsAt": render_time_or_none(reward.draws_at),
        "isManualGiveaway": reward.manual_draw,
        "isGlobalTemplate": bool(extra.get("isGlobalTemplate", False)),
        "availableAsTemplateForOrganisations": extra.get("availableAsTemplateForOrganisations", []),
        "metadata": reward.metadata,
        "createdAt": render_time(reward.created_at),
        "updatedAt": render_time(reward.updated_at),
        "createdBy": reward.created_by,
        "updatedBy": reward.updated_by,
    }


def _extra(reward: Reward) -> dict[str, Any]:
    extra = reward.details.get("nudj", {})
    return extra if isinstance(extra, dict) else {}


def _community(shelf: Shelf, reward: Reward) -> str | None:
    return None if reward.department_id is None else shelf.communities.get(reward.department_id)


def _additional(shelf: Shelf, reward: Reward) -> list[str]:
    return [shelf.communities[known] for known in reward.department_ids if known in shelf.communities]


def _allocation_out(shelf: Shelf, reward: Reward, share: Allocation) -> dict[str, Any]:
    supply = remaining_of(shelf.supplies, reward, share.kind, share.id)
    own = supply if supply is not None and supply.allocation == share.id else None
    return {
        "id": share.id,
        "allocationType": share.kind,
        "amountToDistribute": share.amount,
        "supply": own.total if own else None,
        "distributed": own.granted if own else 0,
        "isShop": share.shop,
        "isLive": share.live,
    }


# ------------------------------------------------------------------------------------------------------------ granted
def asset_out(shelf: Shelf, grant: Grant, person: Person, tongue: Tongue) -> dict[str, Any]:
    """An owned asset. Absent times are absent. How many units it stands for is `metadata.amount`; Nudj has no place for it."""
    reward = shelf.rewards[grant.reward_id]
    redemption = reward.redemption
    redeemable = {
        "type": redemption.get("type", "rich-text"),
        "content": redemption.get("content", ""),
        "additionalInformation": redemption.get("additionalInformation", []),
        **{name: redemption[name] for name in _REDEEMABLE if redemption.get(name) is not None},
    }
    return {
        "id": grant.uid,
        "organisationId": shelf.organisation_uid,
        "communityId": _community(shelf, reward),
        "rewardId": reward.uid,
        "allocationId": grant.allocation or reward.uid,
        "userId": person.uid,
        "details": details_out(reward.names, reward.descriptions, reward.images, tongue),
        "redeemable": redeemable,
        "eventCategory": SOURCE_CATEGORIES.get(grant.source, "reward"),
        "eventSubCategory": grant.source,
        **({"eventSourceId": grant.source_id} if is_uid(grant.source_id) else {}),
        "tags": list(reward.tags),
        "campaigns": list(reward.campaigns),
        "metadata": {**reward.metadata, **grant.details, "amount": grant.amount},
        **present(claimedAt=grant.claimed_at, redeemedAt=grant.redeemed_at, expiresAt=reward.expires_at),
        "createdAt": render_time(grant.granted_at),
        "updatedAt": render_time(grant.updated_at),
        "additionalCommunityIds": _additional(shelf, reward),
    }


def entries_out(
    shelf: Shelf, grants: Sequence[Grant], assets: Sequence[Grant], person: Person, tongue: Tongue
) -> list[dict[str, Any]]:
    """Draw entries: one object a reward, made of all the grants of it; `assets` are what draws of them brought."""
    by_reward: dict[RewardId, list[Grant]] = {}
    for grant in sorted(grants, key=lambda grant: grant.id):
        by_reward.setdefault(grant.reward_id, []).append(grant)
    return [
        _entry_out(shelf, shelf.rewards[reward_id], mine, [a for a in assets if _won(a, reward_id)], person, tongue)
        for reward_id, mine in by_reward.items()
    ]


def _won(asset: Grant, reward_id: RewardId) -> bool:
    return asset.kind == "assets" and asset.reward_id == reward_id and asset.source == "giveaway"


def _entry_out(
    shelf: Shelf, reward: Reward, grants: list[Grant], won: list[Grant], person: Person, tongue: Tongue
) -> dict[str, Any]:
    drawn = next((grant for grant in grants if grant.state == "drawn"), None)
    return {
        "id": grants[0].uid,
        "organisationId": shelf.organisation_uid,
        "communityId": _community(shelf, reward),
        "rewardId": reward.uid,
        "userId": person.uid,
        "rewardAssetIds": [asset.uid for asset in won],
        "details": details_out(reward.names, reward.descriptions, reward.images, tongue),
        "totalEntries": sum(grant.amount for grant in grants),
        "entries": [
            {
                "allocationId": grant.allocation or reward.uid,
                "amount": grant.amount,
                "createdAt": render_time(grant.granted_at),
            }
            for grant in grants
        ],
        "tags": list(reward.tags),
        "campaigns": list(reward.campaigns),
        **present(
            checkByDate=reward.draws_at,
            checkedAt=drawn.updated_at if drawn else None,
            drawnAt=drawn.updated_at if drawn else None,
        ),
        "createdAt": render_time(grants[0].granted_at),
        "updatedAt": render_time(max(grant.updated_at for grant in grants)),
        "additionalCommunityIds": _additional(shelf, reward),
        "status": "pending" if drawn is None else "won" if won else "lost",
        "rewardAssets": [asset_out(shelf, asset, person, tongue) for asset in won],
    }


# --------------------------------------------------------------------------------------------------------------- plans
def plan_out(shelf: Shelf, plan: RewardPlan, tongue: Tongue, event_id: str) -> dict[str, Any]:
    """The `reward` of an achievement: what it pays, with what is left."""
    by_uid = {reward.uid: reward for reward in shelf.rewards.values()}
    return {
        "points": number(plan.points),
        "completionXp": number(completion_xp(plan)),
        "items": [_item_out(shelf, by_uid[item.reward], item, tongue) for item in plan.items if item.reward in by_uid],
        "rewardSelectionMethod": plan.selection,
        "numberOfRewardsToReceive": len(plan.items) if plan.selection == "all" else plan.selection_count,
        "distributionEventId": event_id,
    }


def distribution_out(shelf: Shelf, plan: RewardPlan, event_id: str) -> dict[str, Any]:
    """The newer form of the same: allocations without their details."""
    return {
        "points": number(plan.points),
        "xp": number(completion_xp(plan)),
        "rewardSelectionMethod": plan.selection,
        "distributionEventId": event_id,
        "rewardAllocations": [
            {
                "rewardId": item.reward,
                "allocationId": item.allocation or item.reward,
                "allocationType": item.kind,
                "amountToDistribute": item.amount,
            }
            for item in plan.items
        ],
        "numberOfRewardsToReceive": len(plan.items) if plan.selection == "all" else plan.selection_count,
    }


def completion_xp(plan: RewardPlan) -> Decimal:
    """The XP of a plan: its total."""
    stated = plan.xp.get("total", plan.xp.get(""))
    return stated if stated is not None else sum(plan.xp.values(), Decimal(0))


def _item_out(shelf: Shelf, reward: Reward, item: RewardItem, tongue: Tongue) -> dict[str, Any]:
    supply = remaining_of(shelf.supplies, reward, item.kind, item.allocation)
    return {
        "id": reward.uid,
        "details": details_out(reward.names, reward.descriptions, reward.images, tongue),
        "type": item.kind,
        "amountToDistribute": item.amount,
        "totalSupply": None if supply is None else supply.total,
        "remainingSupply": None if supply is None else supply.remaining,
    }


def present(**times: datetime | None) -> dict[str, str]:
    """Those of the times that there are, as text."""
    return {name: render_time(value) for name, value in times.items() if value is not None}

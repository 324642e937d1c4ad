"""Writing rewards: create, change, supply, allocations; and releasing what queued up while a reward was a draft."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from laurel.base import limits
from laurel.base.described import check_json_size, check_wording
from laurel.base.errors import Conflict, Invalid
from laurel.base.ids import DepartmentId, new_uid
from laurel.base.limits import check_count, check_length
from laurel.base.times import check_window
from laurel.database.pool import CheckViolation, Transaction
from laurel.domain.rewards import store
from laurel.domain.rewards.model import (
    Allocation,
    Grant,
    GrantKind,
    Reward,
    RewardNotFound,
    RewardPlan,
    Supply,
    check_plan,
)

_AMOUNT_MAX = 1_000_000_000


class SupplyBelowGranted(Conflict):
    """The supply cannot become less than what was given away already."""

    code = "supply_below_granted"


class GrantInUse(Conflict):
    """What was given cannot be taken back any more."""

    code = "grant_in_use"


class RewardWish(msgspec.Struct, kw_only=True):
    """What may be written of a reward; UNSET leaves a value as it is (or at its default on creation).

    `assets_supply` and `entries_supply` are shared by all allocations that have no supply of their own; None is unlimited.
    """

    names: dict[str, str] | UnsetType = UNSET
    descriptions: dict[str, str] | UnsetType = UNSET
    images: dict[str, Any] | UnsetType = UNSET
    status: Literal["draft", "live", "archived"] | UnsetType = UNSET
    department_id: DepartmentId | UnsetType | None = UNSET
    department_ids: list[DepartmentId] | UnsetType = UNSET
    starts_at: datetime | UnsetType | None = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    draws_at: datetime | UnsetType | None = UNSET
    assets_per_person_max: int | UnsetType | None = UNSET
    entries_per_person_max: int | UnsetType | None = UNSET
    asset_price: Decimal | UnsetType | None = UNSET
    entry_price: Decimal | UnsetType | None = UNSET
    allocations: list[Allocation] | UnsetType = UNSET
    redemption: dict[str, Any] | UnsetType = UNSET
    auto_redeem: bool | UnsetType = UNSET
    manual_draw: bool | UnsetType = UNSET
    featured: bool | UnsetType = UNSET
    is_template: bool | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    campaigns: list[str] | UnsetType = UNSET
    details: dict[str, Any] | UnsetType = UNSET
    assets_supply: int | UnsetType | None = UNSET
    entries_supply: int | UnsetType | None = UNSET


class Written(msgspec.Struct, frozen=True):
    """A reward as it is now, with the grants that were released because it went live."""

    reward: Reward
    released: list[Grant]


async def create(tx: Transaction, wish: RewardWish, *, actor: str, now: datetime, uid: str | None = None) -> Reward:
    """A new reward (a draft unless the wish says live), under `uid` where one is given. Raises Invalid, TooLarge by field."""
    values, supply = _checked(wish, None)
    if not values.get("names"):
        raise Invalid("names must have at least one language", field="names")
    values.setdefault("status", "draft")
    reward = await store.insert(
        tx,
        {
            **values,
            "uid": uid or new_uid(),
            "created_at": now,
            "updated_at": now,
            "created_by": actor,
            "updated_by": actor,
        },
    )
    for kind, total in supply.items():
        await set_supply(tx, reward, kind, "", total)
    return reward


async def change(tx: Transaction, reward: Reward, wish: RewardWish, *, actor: str, now: datetime) -> Written:
    """Change what the wish names. A draft that goes live releases what was queued. Raises as create, SupplyBelowGranted."""
    values, supply = _checked(wish, reward)
    before = reward
    if values:
        reward = await store.update(tx, reward.id, {**values, "updated_at": now, "updated_by": actor})
    for kind, total in supply.items():
        await set_supply(tx, reward, kind, "", total)
    released = []
    if before.status == "draft" and reward.status == "live":
        released = [
            grant
            for kind in get_args(GrantKind)
            for grant in await store.release_queued(tx, reward.id, kind, reward.state_when_granted(kind), now)
        ]
    return Written(reward, released)


async def delete(tx: Transaction, reward: Reward, *, actor: str, now: datetime) -> None:
    """Take a reward away; what people own of it they keep, and nothing further is paid."""
    await store.update(tx, reward.id, {"deleted_at": now, "updated_at": now, "updated_by": actor})


async def require(tx: Transaction, uid: str, field: str = "reward") -> Reward:
    """The reward with this uid; raises RewardNotFound."""
    return (await require_many(tx, [(field, uid)]))[0]


async def require_many(tx: Transaction, named: Sequence[tuple[str, str]]) -> list[Reward]:
    """The rewards that fields (field, uid) name, in order; raises RewardNotFound for the first that names none."""
    known = await store.find_by_uids(tx, sorted({uid for _, uid in named}), shown=True)
    for field, uid in named:
        if uid not in known:
            raise RewardNotFound("there is no such reward", field=field, value=uid)
    return [known[uid] for _, uid in named]


async def set_supply(tx: Transaction, reward: Reward, kind: GrantKind, allocation: str, total: int | None) -> None:
    """Set how much there is. Raises SupplyBelowGranted, Invalid when negative."""
    field = f"{kind}_supply" if not allocation else "supply"
    if total is not None and not 0 <= total <= _AMOUNT_MAX:
        raise Invalid(f"{field} must be from 0 to {_AMOUNT_MAX}", field=field, limit=_AMOUNT_MAX, value=total)
    try:
        async with tx.savepoint():
            await store.set_supply(tx, reward.id, kind, allocation, total)
    except CheckViolation:
        raise SupplyBelowGranted(
            "the supply cannot become less than what was given away", field=field, value=total
        ) from None


async def allocate_share(
    tx: Transaction, reward: Reward, share: Allocation, supply: int | UnsetType | None, *, now: datetime
) -> Reward:
    """Set aside a share of the reward under `share.id` (replacing the one of that id), with a supply of its own or not."""
    check_length(share.id, limits.ALIAS_LENGTH_MAX, "id")
    others = [known for known in reward.allocations if known.id != share.id]
    check_count(len(others) + 1, limits.REWARD_ALLOCATIONS_MAX, "allocations")
    reward = await store.update(tx, reward.id, {"allocations": [*others, share], "updated_at": now})
    if not isinstance(supply, UnsetType):
        await set_supply(tx, reward, share.kind, share.id, supply)
    return reward


async def take_back(tx: Transaction, reward: Reward, grant_uid: str, *, now: datetime) -> Grant:
    """Take back what was given or waits, so that its supply can go to others. Raises GrantInUse when it is neither."""
    supplies = await store.lock_supplies(tx, [reward.id])
    grant = await store.void_grant(tx, reward.id, grant_uid, now)
    if grant is None:
        raise GrantInUse("this is claimed, used, drawn or taken back already", field="grant", value=grant_uid)
    for allocation in (grant.allocation, ""):
        if (key := (reward.id, grant.kind, allocation)) in supplies:
            await store.take(tx, {key: -grant.amount})
            break
    return grant


async def check_payable(tx: Transaction, plan: RewardPlan, field: str) -> None:
    """Raise Invalid, TooLarge or RewardNotFound by field unless every part of the plan can be paid."""
    await check_all_payable(tx, [(field, plan)])


async def check_all_payable(tx: Transaction, plans: Sequence[tuple[str, RewardPlan]]) -> None:
    """As check_payable, of the plans of many fields (field, plan)."""
    for field, plan in plans:
        check_plan(plan, field)
    wanted = sorted({item.reward for _, plan in plans for item in plan.items})
    known = await store.find_by_uids(tx, wanted, shown=True) if wanted else {}
    for field, plan in plans:
        for index, item in enumerate(plan.items):
            if item.reward not in known:
                name = f"{field}.items[{index}].reward"
                raise RewardNotFound(f"{name} names no reward", field=name, value=item.reward)


def remaining_of(supplies: Sequence[Supply], reward: Reward, kind: GrantKind, allocation: str) -> Supply | None:
    """The supply that an allocation draws on: its own, else the shared one; None when unlimited."""
    mine = {supply.allocation: supply for supply in supplies if supply.reward_id == reward.id and supply.kind == kind}
    return mine.get(allocation) or mine.get("")


def _checked(wish: RewardWish, old: Reward | None) -> tuple[dict[str, Any], dict[GrantKind, int | None]]:
    """The column values and the supplies that the wish sets."""
    values = {name: value for name in wish.__struct_fields__ if (value := getattr(wish, name)) is not UNSET}
    supply: dict[GrantKind, int | None] = {}
    if "assets_supply" in values:
        supply["assets"] = values.pop("assets_supply")
    if "entries_supply" in values:
        supply["entries"] = values.pop("entries_supply")
    check_wording(values)
    for field in ("images", "redemption", "metadata", "details"):
        if field in values:
            check_json_size(values[field], field)
    for field in ("assets_per_person_max", "entries_per_person_max"):
        if values.get(field) is not None and not 1 <= values[field] <= _AMOUNT_MAX:
            raise Invalid(
                f"{field} must be from 1 to {_AMOUNT_MAX}", field=field, limit=_AMOUNT_MAX, value=values[field]
            )
    for field in ("asset_price", "entry_price"):
        price = values.get(field)
        if price is not None and not (price.is_finite() and 0 < price <= _AMOUNT_MAX):
            raise Invalid(f"{field} must be above 0 and at most {_AMOUNT_MAX}", field=field, value=str(price))
    if old is not None and old.status == "live" and values.get("status") == "draft":
        raise Conflict("a live reward cannot become a draft again; archive it first", field="status", value="draft")
    starts_at = values.get("starts_at", old.starts_at if old else None)
    expires_at = values.get("expires_at", old.expires_at if old else None)
    check_window(starts_at, expires_at)
    if "allocations" in values:
        _check_allocations(values["allocations"])
    return values, supply


def _check_allocations(allocations: list[Allocation]) -> None:
    check_count(len(allocations), limits.REWARD_ALLOCATIONS_MAX, "allocations")
    seen: set[str] = set()
    for index, share in enumerate(allocations):
        field = f"allocations[{index}]"
        check_length(share.id, limits.ALIAS_LENGTH_MAX, f"{field}.id")
        if not share.id or share.id in seen:
            raise Invalid(f"{field}.id is empty or used twice", field=f"{field}.id", value=share.id)
        seen.add(share.id)
        if not 1 <= share.amount <= _AMOUNT_MAX:
            raise Invalid(
                f"{field}.amount must be from 1 to {_AMOUNT_MAX}", field=f"{field}.amount", value=share.amount
            )

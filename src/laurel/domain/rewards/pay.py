"""Paying awards: points and XP at once, items by the plan's selection as far as the supply goes.

What cannot be paid is recorded as a shortage and never undoes the award. Deciding (`allocate`) is pure.
"""

import random
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from laurel.base.errors import Invalid
from laurel.base.ids import PersonId, RewardId
from laurel.database.pool import Transaction
from laurel.domain.rewards import store
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.rewards.model import Grant, GrantKind, LedgerEntry, Payment, Reward, RewardItem, Supply
from laurel.domain.rewards.store import SupplyKey


class Paid(msgspec.Struct):
    """What one payment came to: grants with their rewards, and what could not be paid (reward uid, reason)."""

    points: Decimal
    xp: Decimal
    given: list[tuple[Grant, Reward]]
    shortages: list[tuple[str, str]]

    @property
    def grants(self) -> list[Grant]:
        """What was given."""
        return [grant for grant, _ in self.given]


class Decision(msgspec.Struct, frozen=True):
    """One item of one payment: pay it, or why not."""

    payment: int
    item: RewardItem
    reward: Reward
    supply_key: SupplyKey | None
    shortage: str | None


async def pay(tx: Transaction, payments: Sequence[Payment], now: datetime, chance: random.Random) -> list[Paid]:
    """Pay all; one answer per payment, in order. `chance` decides random selections (seed it to repeat them)."""
    results = [Paid(payment.plan.points, total_xp(payment), [], []) for payment in payments]
    await ledger.post(tx, [entry for payment in payments for entry in ledger_entries(payment)], now)
    uids = {item.reward for payment in payments for item in payment.plan.items}
    if not uids:
        return results
    rewards = await store.find_by_uids(tx, sorted(uids))
    supplies = await store.lock_supplies(tx, sorted(reward.id for reward in rewards.values()))
    people = sorted({payment.person_id for payment in payments})
    capped = [reward.id for reward in rewards.values() if reward.assets_per_person_max or reward.entries_per_person_max]
    held = await store.held_units(tx, people, capped) if capped else {}
    decisions = allocate(payments, rewards, supplies, held, chance)
    taken: dict[SupplyKey, int] = {}
    grants: list[store.GrantRow] = []
    shortages = []
    for decision in decisions:
        payment, item, reward = payments[decision.payment], decision.item, decision.reward
        if decision.shortage is not None:
            results[decision.payment].shortages.append((reward.uid, decision.shortage))
            shortages.append(
                (
                    payment.person_id,
                    reward.id,
                    item.kind,
                    item.allocation,
                    item.amount,
                    payment.award_id,
                    decision.shortage,
                )
            )
            continue
        if decision.supply_key is not None:
            taken[decision.supply_key] = taken.get(decision.supply_key, 0) + item.amount
        state = "queued" if reward.status == "draft" else reward.state_when_granted(item.kind)
        details: dict[str, Any] = {}
        grants.append(
            (
                payment.person_id,
                reward.id,
                item.kind,
                item.allocation,
                item.amount,
                state,
                payment.award_id,
                payment.source,
                payment.source_id,
                details,
            )
        )
    await store.take(tx, taken)
    paid = [decision for decision in decisions if decision.shortage is None]
    for decision, grant in zip(paid, await store.insert_grants(tx, grants, now), strict=True):
        results[decision.payment].given.append((grant, decision.reward))
    await store.insert_shortages(tx, shortages, now)
    return results


def total_xp(payment: Payment) -> Decimal:
    """The XP a payment adds to the total: what is named total (or ""), else the sum of the dimensions."""
    xp = payment.plan.xp
    stated = xp.get("total", xp.get(""))
    return stated if stated is not None else sum(xp.values(), Decimal(0))


def ledger_entries(payment: Payment) -> list[LedgerEntry]:
    """What a payment books: points, the total of XP, XP by dimension."""
    entries = []
    department = payment.department_id or 0

    def entry(unit: str, dimension: str, amount: Decimal) -> LedgerEntry:
        return msgspec.convert(
            {
                "person_id": payment.person_id,
                "unit": unit,
                "dimension": dimension,
                "department_id": department,
                "amount": amount,
                "reason": payment.source,
                "award_id": payment.award_id,
                "actor": payment.source_id,
            },
            LedgerEntry,
        )

    if payment.plan.points:
        entries.append(entry("points", "", payment.plan.points))
    total = total_xp(payment)
    if total:
        entries.append(entry("xp", "", total))
    entries += [
        entry("xp", dimension, amount)
        for dimension, amount in payment.plan.xp.items()
        if amount and dimension not in ("", "total")
    ]
    return entries


def allocate(
    payments: Sequence[Payment],
    rewards: dict[str, Reward],
    supplies: dict[SupplyKey, Supply],
    held: dict[tuple[PersonId, RewardId, GrantKind], int],
    chance: random.Random,
) -> list[Decision]:
    """Who gets what, first come first served. Pure but for drawing from `chance`.

    A reward without a supply row is unlimited. An item is paid whole or not at all. Deleted and archived rewards pay
    nothing.
    """
    left = {key: supply.remaining for key, supply in supplies.items()}
    held = dict(held)
    decisions: list[Decision] = []

    def obstacle(payment: Payment, item: RewardItem, reward: Reward, key: SupplyKey) -> str | None:
        if reward.status == "archived":
            return "the reward is archived"
        maximum = reward.per_person_max(item.kind)
        if maximum is not None and held.get((payment.person_id, reward.id, item.kind), 0) + item.amount > maximum:
            return f"a person may get at most {maximum}"
        remaining = left.get(key)
        if remaining is not None and remaining < item.amount:
            return f"the supply is {remaining}"
        return None

    for index, payment in enumerate(payments):
        wanted = _ordered(payment, chance)
        needed = len(wanted) if payment.plan.selection in ("all", "select") else payment.plan.selection_count
        granted = 0
        refused: list[Decision] = []
        for item in wanted:
            reward = rewards.get(item.reward)
            if reward is None or granted >= needed:
                continue
            key = _supply_key(item, reward, supplies)
            shortage = obstacle(payment, item, reward, key)
            if shortage is not None:
                refused.append(Decision(index, item, reward, None, shortage))
                continue
            granted += 1
            if left.get(key) is not None:
                left[key] = (left[key] or 0) - item.amount
            person = (payment.person_id, reward.id, item.kind)
            held[person] = held.get(person, 0) + item.amount
            decisions.append(Decision(index, item, reward, key if key in supplies else None, None))
        if granted < needed:
            decisions += refused[: needed - granted]
    return decisions


def _supply_key(item: RewardItem, reward: Reward, supplies: dict[SupplyKey, Supply]) -> SupplyKey:
    """The allocation's own supply where there is one, else the reward's shared one."""
    own = (reward.id, item.kind, item.allocation)
    return own if own in supplies else (reward.id, item.kind, "")


def _ordered(payment: Payment, chance: random.Random) -> list[RewardItem]:
    """The items in the order in which they are tried."""
    items = payment.plan.items
    if payment.plan.selection == "random":
        return chance.sample(items, len(items))
    if payment.plan.selection == "select":
        chosen = payment.choice or ()
        unknown = [uid for uid in chosen if all(item.reward != uid for item in items)]
        if unknown:
            raise Invalid("choice names a reward that this award does not offer", field="choice", value=unknown[0])
        if len(chosen) > payment.plan.selection_count:
            raise Invalid(
                f"choice has {len(chosen)} rewards, {payment.plan.selection_count} may be chosen",
                field="choice",
                limit=payment.plan.selection_count,
                value=len(chosen),
            )
        return [item for item in items if item.reward in chosen]
    return list(items)

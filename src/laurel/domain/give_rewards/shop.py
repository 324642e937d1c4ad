"""Buying rewards for points: the debit and the goods in one transaction, or neither."""

from laurel.base.errors import Conflict, Invalid
from laurel.base.ids import PersonId, new_uid
from laurel.domain.give_rewards.points import Movement, move
from laurel.domain.record_events.consequences import settle
from laurel.domain.record_events.happenings import Happening, pay_out, raise_events
from laurel.domain.record_events.run import Run
from laurel.domain.rewards.model import GrantKind, Payment, Reward, RewardItem, RewardNotFound, RewardPlan
from laurel.domain.rewards.pay import Paid

PURCHASE = "shop-purchase"
QUANTITY_MAX = 1_000


class SoldOut(Conflict):
    """There is not enough left, or the person has as many as one may have."""

    code = "sold_out"


async def buy(
    run: Run, person_id: PersonId, reward: Reward, kind: GrantKind, quantity: int, *, actor: str, reference: str | None
) -> Paid:
    """Buy units at the reward's price. Raises Invalid when it is not for sale, BalanceTooLow, SoldOut, ReferenceReused."""
    price = reward.price(kind)
    if reward.status_at(run.now) != "live":
        raise RewardNotFound("there is no such reward", value=reward.uid)
    if price is None:
        raise Invalid(f"this reward is not for sale as {kind}", field="kind", value=kind)
    if not 1 <= quantity <= QUANTITY_MAX:
        raise Invalid(
            f"quantity must be from 1 to {QUANTITY_MAX}", field="quantity", limit=QUANTITY_MAX, value=quantity
        )
    unique = reference or new_uid()
    department_id = reward.department_id
    moved = await move(
        run,
        Movement(
            person_id=person_id,
            amount=-price * quantity,
            reference=f"shop:{unique}",
            actor=actor,
            department_id=department_id or 0,
            reason=PURCHASE,
        ),
    )
    if moved.replayed:
        return Paid(price * 0, price * 0, [], [])
    shelf = next((share.id for share in reward.allocations if share.shop and share.live and share.kind == kind), "")
    plan = RewardPlan(items=[RewardItem(reward.uid, kind, quantity, shelf)])
    payment = Payment(person_id, None, plan, PURCHASE, reward.uid, department_id)
    [paid] = await pay_out(run, [payment], [(f"shop:{moved.id}", "")])
    if paid.shortages:
        raise SoldOut(f"not to be had: {paid.shortages[0][1]}", field="quantity", value=quantity)
    bought = Happening(
        person_id,
        "shop",
        PURCHASE,
        f"shop:{moved.id}",
        source_id=reward.uid,
        department_id=department_id,
        tags=tuple(reward.tags),
        payload={"quantity": quantity, "points": price * quantity, "kind": kind},
    )
    await raise_events(run, [bought])
    await settle(run, [])
    return paid

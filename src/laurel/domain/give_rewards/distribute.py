"""Paying people by hand, and telling what happened when a draft reward went live."""

from collections.abc import Sequence

from laurel.base.errors import Conflict
from laurel.base.ids import DepartmentId, PersonId, new_uid
from laurel.domain.people.model import PersonNotFound
from laurel.domain.record_events.consequences import settle
from laurel.domain.record_events.happenings import REWARD_DISTRIBUTION, Happening, pay_out, raise_events
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import catalogue, store
from laurel.domain.rewards.catalogue import RewardWish, Written
from laurel.domain.rewards.model import GrantKind, Payment, Reward, RewardItem, RewardPlan, check_plan
from laurel.domain.rewards.pay import Paid


class NothingLeft(Conflict):
    """There is not enough of a reward left, or the person has as many as one may have."""

    code = "nothing_left"


async def distribute(
    run: Run,
    person_ids: Sequence[PersonId],
    plan: RewardPlan,
    *,
    department_id: DepartmentId | None,
    source: str = REWARD_DISTRIBUTION,
    source_id: str = "",
    choice: tuple[str, ...] | None = None,
) -> dict[PersonId, Paid]:
    """Pay the plan to each of the living among `person_ids`; what each got. Raises Invalid, TooLarge for the plan."""
    check_plan(plan)
    await run.load(person_ids)
    living = [person_id for person_id in dict.fromkeys(person_ids) if person_id in run.states]
    payments = [Payment(person_id, None, plan, source, source_id, department_id, choice) for person_id in living]
    unique = new_uid()
    paid = await pay_out(run, payments, [(unique, "")] * len(payments))
    await settle(run, [])
    return dict(zip(living, paid, strict=True))


async def give_by_hand(
    run: Run, person_id: PersonId, reward: Reward, kind: GrantKind, amount: int, *, reference: str
) -> bool:
    """Give units of a reward to one person, once per `reference`; whether this was the first time. Raises NothingLeft
    when there is not enough or the person has as many as one may have, PersonNotFound, Invalid.
    """
    await run.load([person_id])
    if person_id not in run.states:
        raise PersonNotFound("there is no such person", field="person")
    if await store.was_given(run.tx, person_id, reward.id, REWARD_DISTRIBUTION, reference):
        return False
    plan = RewardPlan(items=[RewardItem(reward.uid, kind, amount)])
    paid = await distribute(run, [person_id], plan, department_id=reward.department_id, source_id=reference)
    short = paid[person_id].shortages
    if short:
        raise NothingLeft(f"this cannot be given: {short[0][1]}", field="amount", value=amount)
    return True


async def change_reward(run: Run, old: Reward, wish: RewardWish, *, actor: str) -> Written:
    """Change a reward; when that makes a draft live, what was queued is given and told of. Raises as catalogue.change."""
    written = await catalogue.change(run.tx, old, wish, actor=actor, now=run.now)
    if written.released:
        await tell_released(run, written)
    return written


async def tell_released(run: Run, written: Written) -> None:
    """Raise the distribution events of grants that were queued until their reward went live."""
    happenings = [
        Happening(
            grant.person_id,
            "reward",
            REWARD_DISTRIBUTION,
            f"grant:{grant.uid}",
            source_id=written.reward.uid,
            department_id=written.reward.department_id,
            tags=tuple(written.reward.tags),
            payload={"amount": grant.amount, "kind": grant.kind, "allocation": grant.allocation},
        )
        for grant in written.released
    ]
    await raise_events(run, happenings)
    await settle(run, [])

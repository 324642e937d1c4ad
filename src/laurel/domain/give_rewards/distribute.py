"""Paying people by hand, and telling what happened when a draft reward went live."""

from collections.abc import Sequence

from laurel.base.ids import DepartmentId, PersonId, new_uid
from laurel.domain.record_events.consequences import settle
from laurel.domain.record_events.happenings import REWARD_DISTRIBUTION, Happening, pay_out, raise_events
from laurel.domain.record_events.run import Run
from laurel.domain.rewards.catalogue import Written
from laurel.domain.rewards.model import Payment, RewardPlan, check_plan
from laurel.domain.rewards.pay import Paid


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

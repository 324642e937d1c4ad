"""An achievement earned again after its award fell pays only what the person did not keep of what the fallen one paid."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from laurel.base.ids import AwardId
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Award
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import store as rewards
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.rewards.model import RewardPlan


async def less_what_stayed(run: Run, wanted: Sequence[tuple[Award, RewardPlan]]) -> list[RewardPlan]:
    """The plans, less the points that were spent before they could be taken back, and without the items where the person
    kept some, which count as given by the new award from now on. XP is always taken back whole.
    """
    fallen = await awarded.fallen_of(run.tx, sorted({award.person_id for award, _ in wanted}))
    if not fallen:
        return [plan for _, plan in wanted]
    plans = []
    for award, plan in wanted:
        earlier = fallen.get((award.person_id, award.achievement_id, award.period), [])
        plans.append(await _rest(run, award, plan, earlier) if earlier else plan)
    return plans


async def _rest(run: Run, award: Award, plan: RewardPlan, earlier: list[AwardId]) -> RewardPlan:
    kept = Decimal(0)
    for award_id in earlier:
        booked = await ledger.paid_by_award(run.tx, award.person_id, award_id)
        kept += sum((entry.amount for entry in booked if entry.unit == "points"), Decimal(0))
    given = await rewards.carry_over(run.tx, earlier, award.id, run.now)
    return msgspec.structs.replace(plan, points=max(plan.points - kept, Decimal(0)), items=[] if given else plan.items)

"""Claiming: paying an award that waits for the person (manual claim, or a choice of rewards). Once."""

from laurel.base.errors import Conflict
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Achievement, Award, AwardNotFound
from laurel.domain.record_events.consequences import Made, pay_awards, settle
from laurel.domain.record_events.happenings import Happening, raise_events
from laurel.domain.record_events.run import Run

REWARD_CLAIM = "reward-claim"


class AlreadyClaimed(Conflict):
    """The award was claimed, or its rewards were paid when it was earned."""

    code = "already_claimed"


async def claim(run: Run, award: Award, achievement: Achievement, choice: tuple[str, ...] | None = None) -> Made:
    """Pay the award. Raises AlreadyClaimed; Invalid when `choice` does not fit the plan. What is paid is in `.paid`."""
    await run.load([award.person_id])
    locked = await awarded.lock(run.tx, award.id)
    if locked is None or locked.state != "active":
        raise AwardNotFound("there is no such award", value=award.uid)
    if locked.claim != "claimable":
        raise AlreadyClaimed("the rewards of this award were paid already")
    claimed = await awarded.change(run.tx, locked, {"claim": "claimed", "claimed_at": run.now, "updated_at": run.now})
    made = Made(claimed, achievement, "")
    await pay_awards(run, [made], choice)
    happening = Happening(
        award.person_id,
        "reward",
        REWARD_CLAIM,
        f"claim:{award.uid}",
        source_id=achievement.uid,
        department_id=achievement.department_id,
        tags=tuple(achievement.tags),
    )
    await raise_events(run, [happening])
    await settle(run, [])
    return made

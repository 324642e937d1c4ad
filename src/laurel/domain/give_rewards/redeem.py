"""Claiming and redeeming what a person owns: each once, in this order, redeeming claims along the way."""

from datetime import datetime
from typing import Any

from laurel.base.errors import Conflict, Gone, Invalid, NotFound
from laurel.base.ids import PersonId
from laurel.base.times import parse_time
from laurel.domain.record_events.claim import REWARD_CLAIM, AlreadyClaimed
from laurel.domain.record_events.consequences import settle
from laurel.domain.record_events.happenings import Happening, raise_events
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import store
from laurel.domain.rewards.model import Grant, Reward

REDEMPTION = "reward-redemption"


class GrantNotFound(NotFound):
    """The person owns no such thing."""

    code = "grant_not_found"


class AlreadyRedeemed(Conflict):
    """It was redeemed before."""

    code = "already_redeemed"


class RewardExpired(Gone):
    """Its time to be redeemed is over."""

    code = "reward_expired"


async def claim_grant(run: Run, person_id: PersonId, uid: str) -> Grant:
    """Take what was distributed. Raises GrantNotFound, AlreadyClaimed."""
    grant, reward = await _owned(run, person_id, uid)
    claimed = await store.change_grant(run.tx, grant, "claimed", run.now) if grant.state == "granted" else None
    if claimed is None:
        raise AlreadyClaimed("the reward has already been claimed")
    await _tell(run, claimed, reward, REWARD_CLAIM, f"claim:{uid}")
    return claimed


async def redeem_grant(run: Run, person_id: PersonId, uid: str) -> Grant:
    """Use what one owns. Raises GrantNotFound, AlreadyRedeemed, RewardExpired."""
    grant, reward = await _owned(run, person_id, uid)
    if grant.state == "redeemed":
        raise AlreadyRedeemed("the reward has already been redeemed")
    last = _last_day(reward)
    if last is not None and run.now >= last:
        raise RewardExpired("the time to redeem this reward is over")
    redeemed = await store.change_grant(run.tx, grant, "redeemed", run.now)
    if redeemed is None:
        raise AlreadyRedeemed("the reward has already been redeemed")
    await _tell(run, redeemed, reward, REDEMPTION, f"redeem:{uid}")
    return redeemed


def _last_day(reward: Reward) -> datetime | None:
    """Until when it may be redeemed: the earlier of the reward's end and its own redeem-by date."""
    by: Any = reward.redemption.get("redeemByDate")
    ends = [reward.expires_at] if reward.expires_at is not None else []
    if isinstance(by, str):
        try:
            ends.append(parse_time(by, "redeemByDate"))
        except Invalid:
            return min(ends, default=None)
    return min(ends, default=None)


async def _owned(run: Run, person_id: PersonId, uid: str) -> tuple[Grant, Reward]:
    await run.load([person_id])
    grant = await store.find_grant(run.tx, person_id, uid)
    if grant is None or grant.kind != "assets" or grant.state == "queued":
        raise GrantNotFound("Reward asset not found")
    return grant, (await store.find_by_ids(run.tx, [grant.reward_id]))[grant.reward_id]


async def _tell(run: Run, grant: Grant, reward: Reward, sub_category: str, key: str) -> None:
    happening = Happening(
        grant.person_id,
        "reward",
        sub_category,
        key,
        source_id=reward.uid,
        department_id=reward.department_id,
        tags=tuple(reward.tags),
        payload={"amount": grant.amount},
    )
    await raise_events(run, [happening])
    await settle(run, [])

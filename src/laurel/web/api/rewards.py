"""/api/v1/rewards: what awards can pay besides points and XP, and how much of it there is."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from laurel.database.pool import Transaction
from laurel.domain.give_rewards import distribute
from laurel.domain.organisations import audit
from laurel.domain.organisations import store as organisations
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import catalogue, store
from laurel.domain.rewards.catalogue import RewardWish
from laurel.domain.rewards.model import Reward
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor


class RewardIn(Body, frozen=True, kw_only=True):
    """What may be written. `name` and `description` are in the organisation's language; a supply of null is unlimited."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    names: dict[str, str] | UnsetType = UNSET
    descriptions: dict[str, str] | UnsetType = UNSET
    status: Literal["draft", "live", "archived"] | UnsetType = UNSET
    starts_at: datetime | UnsetType | None = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    assets_per_person_max: int | UnsetType | None = UNSET
    entries_per_person_max: int | UnsetType | None = UNSET
    assets_supply: int | UnsetType | None = UNSET
    entries_supply: int | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET


class SupplyOut(msgspec.Struct, frozen=True, kw_only=True):
    """How much of one kind there is, was given and is left; null is unlimited."""

    kind: str
    allocation: str
    total: int | None
    granted: int
    remaining: int | None


class RewardOut(msgspec.Struct, frozen=True, kw_only=True):
    """A reward with its live supply."""

    id: str
    number: int
    name: str
    names: dict[str, str]
    descriptions: dict[str, str]
    status: str
    starts_at: datetime | None
    expires_at: datetime | None
    assets_per_person_max: int | None
    entries_per_person_max: int | None
    tags: list[str]
    supply: list[SupplyOut]
    created_at: datetime
    updated_at: datetime


_SAME = set(RewardOut.__struct_fields__) - {"id", "number", "name", "supply"}


async def _render(tx: Transaction, found: list[Reward]) -> list[RewardOut]:
    language = (await organisations.organisation(tx)).language
    supplies = await store.supplies(tx, [reward.id for reward in found])
    return [
        RewardOut(
            id=reward.uid,
            number=reward.id,
            name=reward.names.get(language) or next(iter(reward.names.values()), ""),
            supply=[
                SupplyOut(
                    kind=supply.kind,
                    allocation=supply.allocation,
                    total=supply.total,
                    granted=supply.granted,
                    remaining=supply.remaining,
                )
                for supply in supplies
                if supply.reward_id == reward.id
            ],
            **{field: getattr(reward, field) for field in _SAME},
        )
        for reward in found
    ]


async def _wish(tx: Transaction, data: RewardIn, old: Reward | None) -> RewardWish:
    values: dict[str, Any] = {
        field: value for field in RewardIn.__struct_fields__ if (value := getattr(data, field)) is not UNSET
    }
    language = (await organisations.organisation(tx)).language
    for one, many in (("name", "names"), ("description", "descriptions")):
        text = values.pop(one, None)
        if text is not None:
            values[many] = {**(getattr(old, many) if old else {}), **values.get(many, {}), language: text}
    return RewardWish(**values)


@post("/api/v1/rewards", guards=[requires("rewards:write")], tags=["rewards"])
async def create_reward(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[RewardIn]) -> RewardOut:
    """Make a reward; a draft unless `status` is live. A draft's grants queue up until it goes live."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        wish = await _wish(tx, data, None)
        wish.department_id = caller.department_id
        made = await catalogue.create(tx, wish, actor=caller.actor, now=now)
        await audit.record(tx, at=now, by=caller, action="reward.create", subject=("reward", made.uid))
        return (await _render(tx, [made]))[0]


@get("/api/v1/rewards", guards=[requires("rewards:read")], tags=["rewards"])
async def list_rewards(
    parts: InjectedParts, caller: InjectedCaller, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[RewardOut]:
    """Rewards, newest first."""
    (last,) = read_cursor(after, int, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        rendered = await _render(tx, await store.list_newest(tx, last, limit + 1))
    return page_of(rendered, limit, lambda row: row, lambda row: (row.number,))


@get("/api/v1/rewards/{reward:str}", guards=[requires("rewards:read")], tags=["rewards"])
async def show_reward(parts: InjectedParts, caller: InjectedCaller, reward: FromPath[str]) -> RewardOut:
    """One reward."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return (await _render(tx, [await catalogue.require(tx, reward)]))[0]


@patch("/api/v1/rewards/{reward:str}", guards=[requires("rewards:write")], tags=["rewards"])
async def change_reward(
    parts: InjectedParts, caller: InjectedCaller, reward: FromPath[str], data: JSONBody[RewardIn]
) -> RewardOut:
    """Change what is given. The supply cannot become less than what was given away."""

    async def work(run: Run) -> RewardOut:
        tx = run.tx
        old = await catalogue.require(tx, reward)
        written = await distribute.change_reward(run, old, await _wish(tx, data, old), actor=caller.actor)
        await audit.record(tx, at=run.now, by=caller, action="reward.change", subject=("reward", old.uid))
        return (await _render(tx, [written.reward]))[0]

    return await in_run(parts.spine, caller.organisation_id, work)


@delete("/api/v1/rewards/{reward:str}", guards=[requires("rewards:write")], tags=["rewards"])
async def remove_reward(parts: InjectedParts, caller: InjectedCaller, reward: FromPath[str]) -> None:
    """Take a reward away; what people own of it they keep."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        old = await catalogue.require(tx, reward)
        await catalogue.delete(tx, old, actor=caller.actor, now=now)
        await audit.record(tx, at=now, by=caller, action="reward.delete", subject=("reward", old.uid))


HANDLERS = (create_reward, list_rewards, show_reward, change_reward, remove_reward)

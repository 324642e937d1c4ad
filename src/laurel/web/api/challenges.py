"""/api/v1/challenges: things to do on purpose, made of actions, and what they pay."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from laurel.base.errors import Invalid
from laurel.base.ids import new_uid
from laurel.base.times import check_zoned
from laurel.database.pool import Transaction
from laurel.domain.challenges import author, store
from laurel.domain.challenges.judge import Judging
from laurel.domain.challenges.model import Action, Challenge
from laurel.domain.organisations import audit, tenancy
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.domain.rewards.model import RewardPlan
from laurel.web.api.wire import Body, given
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor

StoredStatus = Literal["draft", "live", "archived"]
_EVERY_STATUS = ("draft", "live", "archived")
_TEXTS = (("name", "names"), ("description", "descriptions"))


class ActionIn(Body, frozen=True, kw_only=True):
    """One thing to do. id: of an action that the challenge has, of which then only what is given changes. judging: what has to
    be right (null: whatever is done will do).
    """

    id: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    names: dict[str, str] | UnsetType = UNSET
    descriptions: dict[str, str] | UnsetType = UNSET
    details: dict[str, Any] | UnsetType = UNSET
    rewards: RewardPlan | UnsetType = UNSET
    judging: Judging | UnsetType | None = UNSET


class ChallengeIn(Body, frozen=True, kw_only=True):
    """What may be written. `name` and `description` are in the organisation's language. actions: all of them, in order.

    unlock_keys: what opening it costs in keys, null when it is open. repeatable: it pays each time.
    """

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    names: dict[str, str] | UnsetType = UNSET
    descriptions: dict[str, str] | UnsetType = UNSET
    status: StoredStatus | UnsetType = UNSET
    department: str | UnsetType | None = UNSET
    starts_at: datetime | UnsetType | None = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    unlock_keys: int | UnsetType | None = UNSET
    repeatable: bool | UnsetType = UNSET
    featured: bool | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    campaigns: list[str] | UnsetType = UNSET
    actions: list[ActionIn] | UnsetType = UNSET
    rewards: RewardPlan | UnsetType = UNSET


class ActionOut(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do, with its right answers: they are for the organisation, not for those who try."""

    id: str
    type: str
    names: dict[str, str]
    descriptions: dict[str, str]
    details: dict[str, Any]
    rewards: RewardPlan
    judging: Judging | None


class ChallengeOut(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge. `status` is what the clock makes of it (scheduled, expired); `started` counts people, `completed` how often."""

    id: str
    number: int
    name: str
    names: dict[str, str]
    descriptions: dict[str, str]
    status: str
    department: str | None
    starts_at: datetime | None
    expires_at: datetime | None
    unlock_keys: int | None
    repeatable: bool
    featured: bool
    tags: list[str]
    campaigns: list[str]
    actions: list[ActionOut]
    rewards: RewardPlan
    started: int
    completed: int
    created_at: datetime
    updated_at: datetime


_SAME = set(ChallengeOut.__struct_fields__) - {
    "id", "number", "name", "status", "department", "actions", "started", "completed",
}  # fmt: skip


async def _render(tx: Transaction, found: list[Challenge], now: datetime) -> list[ChallengeOut]:
    language = (await organisations.organisation(tx)).language
    uids = await organisations.department_uids(tx, sorted({one.department_id for one in found if one.department_id}))
    counts = await store.counts(tx, [one.id for one in found])
    return [
        ChallengeOut(
            id=one.uid,
            number=one.id,
            name=one.names.get(language) or next(iter(one.names.values()), ""),
            status=one.status_at(now),
            department=uids.get(one.department_id) if one.department_id else None,
            actions=[
                ActionOut(
                    id=action.id,
                    type=action.kind,
                    names=action.names,
                    descriptions=action.descriptions,
                    details=action.details,
                    rewards=action.rewards,
                    judging=action.judging,
                )
                for action in one.actions
            ],
            started=counts.get(one.id, (0, 0))[0],
            completed=counts.get(one.id, (0, 0))[1],
            **{field: getattr(one, field) for field in _SAME},
        )
        for one in found
    ]


def _in_languages(values: dict[str, Any], old: Challenge | Action | None, language: str) -> dict[str, Any]:
    """`values` with the texts in the organisation's language put among those of all languages."""
    for one, many in _TEXTS:
        text = values.pop(one, None)
        if text is not None:
            values[many] = {**(getattr(old, many) if old else {}), **values.get(many, {}), language: text}
    return values


async def _values(tx: Transaction, data: ChallengeIn, old: Challenge | None, caller: Caller) -> dict[str, Any]:
    language = (await organisations.organisation(tx)).language
    values = _in_languages(given(data), old, language)
    for field in ("starts_at", "expires_at"):
        check_zoned(values.get(field), field)
    if "department" in values or old is None:
        uid = values.pop("department", None)
        values["department_id"] = (
            caller.department_id if uid is None else (await tenancy.find_department(tx, uid, caller, "department")).id
        )
    if "actions" in values:
        values["actions"] = _actions(values["actions"], old, language)
    return values


def _actions(wanted: list[ActionIn], old: Challenge | None, language: str) -> list[Action]:
    known = {action.id: action for action in old.actions} if old else {}
    actions = []
    for index, one in enumerate(wanted):
        values = given(one)
        uid = values.pop("id", None)
        before = None if uid is None else known.pop(uid, None)
        if uid is not None and before is None:
            field = f"actions[{index}].id"
            raise Invalid(f"{field} names no action of this challenge, or one named before", field=field, value=uid)
        values = _in_languages(values, before, language)
        if "type" in values:
            values["kind"] = values.pop("type")
        action = before or Action(new_uid(), new_uid(), "action", {})
        action = msgspec.structs.replace(action, **values)
        if not any(name.strip() for name in action.names.values()):
            raise Invalid(f"actions[{index}].name must not be empty", field=f"actions[{index}].name")
        actions.append(action)
    return actions


@post("/api/v1/challenges", guards=[requires("rewards:write")], tags=["challenges"])
async def create_challenge(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[ChallengeIn]) -> ChallengeOut:
    """Make a challenge; a draft unless `status` is live."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        made = await author.put_challenge(tx, None, await _values(tx, data, None, caller), actor=caller.actor, now=now)
        await audit.record(tx, at=now, by=caller, action="challenge.create", subject=("challenge", made.uid))
        return (await _render(tx, [made], now))[0]


@get("/api/v1/challenges", guards=[requires("rewards:read")], tags=["challenges"])
async def list_challenges(
    parts: InjectedParts,
    caller: InjectedCaller,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    status: FromQuery[StoredStatus | None] = None,
) -> Page[ChallengeOut]:
    """Challenges, newest first."""
    (last,) = read_cursor(after, int, default=(None,))
    statuses = _EVERY_STATUS if status is None else (status,)
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await store.list_newest(tx, statuses=statuses, before_id=last, limit=limit + 1)
        rendered = await _render(tx, rows, parts.clock.now())
    return page_of(rendered, limit, lambda row: row, lambda row: (row.number,))


@get("/api/v1/challenges/{challenge:str}", guards=[requires("rewards:read")], tags=["challenges"])
async def show_challenge(parts: InjectedParts, caller: InjectedCaller, challenge: FromPath[str]) -> ChallengeOut:
    """One challenge."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return (await _render(tx, [await author.require_challenge(tx, challenge)], parts.clock.now()))[0]


@patch("/api/v1/challenges/{challenge:str}", guards=[requires("rewards:write")], tags=["challenges"])
async def change_challenge(
    parts: InjectedParts, caller: InjectedCaller, challenge: FromPath[str], data: JSONBody[ChallengeIn]
) -> ChallengeOut:
    """Change what is given, also the status. Actions that are not named are taken out."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        old = await author.require_challenge(tx, challenge)
        values = await _values(tx, data, old, caller)
        changed = await author.put_challenge(tx, old, values, actor=caller.actor, now=now)
        await audit.record(
            tx,
            at=now,
            by=caller,
            action="challenge.change",
            subject=("challenge", old.uid),
            details={"fields": sorted(given(data))},
        )
        return (await _render(tx, [changed], now))[0]


@delete("/api/v1/challenges/{challenge:str}", guards=[requires("rewards:write")], tags=["challenges"])
async def remove_challenge(parts: InjectedParts, caller: InjectedCaller, challenge: FromPath[str]) -> None:
    """Take a challenge away; what it paid stays paid."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        old = await author.require_challenge(tx, challenge)
        await author.take_away(tx, old, now=now)
        await audit.record(tx, at=now, by=caller, action="challenge.delete", subject=("challenge", old.uid))


HANDLERS = (create_challenge, list_challenges, show_challenge, change_challenge, remove_challenge)

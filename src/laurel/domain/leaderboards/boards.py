"""Writing leaderboards: create, change, delete, with every check. A write makes all processes read the boards anew."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from laurel.base import limits
from laurel.base.errors import Conflict, Invalid
from laurel.base.ids import DepartmentId, new_uid
from laurel.base.limits import check_count, check_length
from laurel.base.text import clean
from laurel.base.times import check_window
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import Period
from laurel.domain.leaderboards import store
from laurel.domain.leaderboards.model import Leaderboard, LeaderboardNotFound, Metric, Prize
from laurel.domain.rewards.catalogue import check_all_payable


class BoardWish(msgspec.Struct, kw_only=True):
    """What may be written of a leaderboard; UNSET leaves a value as it is."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    metric: Metric | UnsetType = UNSET
    period: Period | UnsetType = UNSET
    status: Literal["draft", "live", "archived"] | UnsetType = UNSET
    starts_at: datetime | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    department_ids: list[DepartmentId] | UnsetType = UNSET
    prizes: list[Prize] | UnsetType = UNSET
    details: dict[str, Any] | UnsetType = UNSET


async def create(tx: Transaction, wish: BoardWish, *, actor: str, now: datetime, uid: str | None = None) -> Leaderboard:
    """A new leaderboard, under `uid` where one is given. Raises Invalid, TooLarge by field."""
    values = await _checked(tx, wish, None)
    for field in ("name", "metric", "period", "starts_at"):
        if field not in values:
            raise Invalid(f"{field} is required", field=field)
    values.setdefault("status", "draft")
    board = await store.insert(
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
    await achievements.bump_rules(tx)
    return board


async def change(tx: Transaction, board: Leaderboard, wish: BoardWish, *, actor: str, now: datetime) -> Leaderboard:
    """Change what the wish names. The metric and the period stay, because scores were counted by them."""
    values = await _checked(tx, wish, board)
    for field in ("metric", "period"):
        if field in values and values[field] != getattr(board, field):
            raise Conflict(f"{field} cannot be changed once people were counted by it", field=field)
    if values:
        board = await store.update(tx, board.id, {**values, "updated_at": now, "updated_by": actor})
        await achievements.bump_rules(tx)
    return board


async def delete(tx: Transaction, board: Leaderboard, *, now: datetime) -> None:
    """Take a leaderboard away."""
    await store.update(tx, board.id, {"deleted_at": now, "updated_at": now})
    await achievements.bump_rules(tx)


async def require(tx: Transaction, uid: str) -> Leaderboard:
    """The leaderboard with this uid; raises LeaderboardNotFound."""
    board = await store.find(tx, uid)
    if board is None:
        raise LeaderboardNotFound("there is no such leaderboard", value=uid)
    return board


async def _checked(tx: Transaction, wish: BoardWish, old: Leaderboard | None) -> dict[str, Any]:
    values = {name: value for name in wish.__struct_fields__ if (value := getattr(wish, name)) is not UNSET}
    if "name" in values:
        values["name"] = check_length(clean(values["name"]).strip(), limits.NAME_LENGTH_MAX, "name")
        if not values["name"]:
            raise Invalid("name must not be empty", field="name")
    if "description" in values:
        values["description"] = check_length(clean(values["description"]), limits.DESCRIPTION_LENGTH_MAX, "description")
    starts_at = values.get("starts_at", old.starts_at if old else None)
    expires_at = values.get("expires_at", old.expires_at if old else None)
    check_window(starts_at, expires_at)
    if "department_ids" in values:
        check_count(len(values["department_ids"]), limits.LEADERBOARD_DEPARTMENTS_MAX, "conditions")
    if "prizes" in values:
        await _check_prizes(tx, values["prizes"])
    return values


async def _check_prizes(tx: Transaction, prizes: list[Prize]) -> None:
    check_count(len(prizes), limits.LEADERBOARD_PRIZES_MAX, "prizes")
    taken = 0
    for index, prize in sorted(enumerate(prizes), key=lambda numbered: numbered[1].first):
        field = f"prizes[{index}]"
        if not 1 <= prize.first <= prize.last <= limits.LEADERBOARD_PRIZE_RANK_MAX:
            limit = limits.LEADERBOARD_PRIZE_RANK_MAX
            raise Invalid(f"{field} must have ranks from 1 to {limit}, first to last", field=field, limit=limit)
        if prize.first <= taken:
            raise Invalid(f"{field} overlaps with another", field=field, value=prize.first)
        taken = prize.last
    await check_all_payable(tx, [(f"prizes[{index}].plan", prize.plan) for index, prize in enumerate(prizes)])

"""Writing challenges and groups, with every check."""

from datetime import datetime
from typing import Any

import msgspec

from laurel.base import limits
from laurel.base.described import check_json_size, check_wording, checked_languages
from laurel.base.errors import Invalid
from laurel.base.limits import check_count, check_length
from laurel.base.times import check_window
from laurel.database.pool import Transaction
from laurel.domain.challenges import store
from laurel.domain.challenges.judge import check_judging
from laurel.domain.challenges.model import Action, Challenge, ChallengeNotFound, Group
from laurel.domain.rewards.catalogue import check_all_payable, check_payable


async def put_challenge(
    tx: Transaction, old: Challenge | None, values: dict[str, Any], *, actor: str, now: datetime
) -> Challenge:
    """Make a challenge, or change what `values` (columns) names of `old`. Raises Invalid, TooLarge, RewardNotFound by field."""
    values = {**values, "updated_at": now, "updated_by": actor}
    _check_texts(values)
    starts_at = values.get("starts_at", old.starts_at if old else None)
    expires_at = values.get("expires_at", old.expires_at if old else None)
    check_window(starts_at, expires_at)
    keys = values.get("unlock_keys")
    if keys is not None and not 1 <= keys <= limits.CHALLENGE_KEYS_MAX:
        limit = limits.CHALLENGE_KEYS_MAX
        raise Invalid(f"unlock_keys must be from 1 to {limit}", field="unlock_keys", limit=limit, value=keys)
    if "actions" in values:
        values["actions"] = await _checked_actions(tx, values["actions"], old)
    if "rewards" in values and (old is None or values["rewards"] != old.rewards):
        await check_payable(tx, values["rewards"], "rewards")
    if old is not None:
        return await store.update_challenge(tx, old.id, values)
    if not values.get("names"):
        raise Invalid("names must have at least one language", field="names")
    return await store.insert_challenge(tx, {"status": "draft", **values, "created_at": now, "created_by": actor})


async def put_group(tx: Transaction, old: Group | None, values: dict[str, Any], *, actor: str, now: datetime) -> Group:
    """Make a group, or change it. Raises as put_challenge."""
    values = {**values, "updated_at": now, "updated_by": actor}
    _check_texts(values)
    if "challenge_ids" in values:
        check_count(len(values["challenge_ids"]), limits.CHALLENGES_PER_GROUP_MAX, "challenges")
    count = values.get("active_count", 1)
    if not 1 <= count <= limits.CHALLENGES_PER_GROUP_MAX:
        limit = limits.CHALLENGES_PER_GROUP_MAX
        raise Invalid(f"activeAmount must be from 1 to {limit}", field="activeAmount", limit=limit, value=count)
    if old is not None:
        return await store.update_group(tx, old.id, values)
    if not values.get("names"):
        raise Invalid("names must have at least one language", field="names")
    return await store.insert_group(tx, {"status": "draft", **values, "created_at": now, "created_by": actor})


def _check_texts(values: dict[str, Any]) -> None:
    check_wording(values)
    for field in ("images", "details", "actions"):
        check_json_size(values.get(field, {}), field)


async def _checked_actions(tx: Transaction, actions: list[Action], old: Challenge | None) -> list[Action]:
    check_count(len(actions), limits.ACTIONS_PER_CHALLENGE_MAX, "actions")
    paid_before = {action.id: action.rewards for action in old.actions} if old else {}
    checked, plans = [], []
    for index, action in enumerate(actions):
        field = f"actions[{index}]"
        check_length(action.kind, limits.EVENT_CATEGORY_LENGTH_MAX, f"{field}.type")
        if action.rewards != paid_before.get(action.id):
            plans.append((f"{field}.rewards", action.rewards))
        if action.judging is not None:
            check_judging(action.judging, f"{field}.judging")
        names = checked_languages(action.names, limits.NAME_LENGTH_MAX, f"{field}.names")
        descriptions = checked_languages(action.descriptions, limits.DESCRIPTION_LENGTH_MAX, f"{field}.descriptions")
        checked.append(msgspec.structs.replace(action, names=names, descriptions=descriptions))
    await check_all_payable(tx, plans)
    return checked


async def take_away(tx: Transaction, challenge: Challenge, *, now: datetime) -> None:
    """Delete a challenge; what it paid stays paid."""
    await store.update_challenge(tx, challenge.id, {"deleted_at": now, "updated_at": now})


async def require_challenge(tx: Transaction, uid: str) -> Challenge:
    """The challenge with this uid; raises ChallengeNotFound."""
    challenge = await store.find_challenge(tx, uid)
    if challenge is None:
        raise ChallengeNotFound("Challenge not found", value=uid)
    return challenge


async def require_action(tx: Transaction, action_id: str) -> tuple[Challenge, Action]:
    """The action with this id and its challenge; raises ChallengeNotFound."""
    challenge = await store.find_challenge_of_action(tx, action_id)
    if challenge is None:
        raise ChallengeNotFound("Action not found", field="actionId", value=action_id)
    return challenge, next(action for action in challenge.actions if action.id == action_id)


async def require_group(tx: Transaction, uid: str) -> Group:
    """The group with this uid; raises ChallengeNotFound."""
    group = await store.find_group(tx, uid)
    if group is None:
        raise ChallengeNotFound("Challenge group not found", value=uid)
    return group

"""Writing profiles and goals, with every check. Who may hold what is decided elsewhere: this knows nothing of awards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from laurel.base import json_text, limits
from laurel.base.errors import Invalid, TooLarge
from laurel.base.ids import new_uid
from laurel.base.limits import check_count, check_length
from laurel.base.text import clean
from laurel.database.pool import Transaction, UniqueViolation
from laurel.domain.people.model import Person
from laurel.domain.people.profiles import store
from laurel.domain.people.profiles.model import (
    Goal,
    GoalFields,
    GoalNotFound,
    LearnerProfile,
    ProfileExists,
    ProfileFields,
    ProfileNotFound,
)

_TEXTS = {
    "name": limits.NAME_LENGTH_MAX,
    "type": limits.NAME_LENGTH_MAX,
    "description": limits.DESCRIPTION_LENGTH_MAX,
    "employment_status": limits.TAG_LENGTH_MAX,
    "personal_goals": limits.PERSONAL_GOALS_LENGTH_MAX,
}


async def create_profile(tx: Transaction, person: Person, fields: ProfileFields, *, now: datetime) -> LearnerProfile:
    """The person's profile. Raises ProfileExists (the table's key decides races), Invalid and TooLarge by field."""
    values = checked(fields)
    try:
        async with tx.savepoint():
            return await store.insert_profile(
                tx, {**values, "person_id": person.id, "uid": new_uid(), "created_at": now, "updated_at": now}
            )
    except UniqueViolation:
        raise ProfileExists("the person has a learner profile already", field="person", value=person.uid) from None


async def change_profile(
    tx: Transaction, profile: LearnerProfile, fields: ProfileFields, *, now: datetime
) -> LearnerProfile:
    """Change what `fields` names and nothing else: one statement, so simultaneous changes of other fields both stay.

    Raises ProfileNotFound when it was deleted meanwhile, Invalid and TooLarge by field.
    """
    changed = await store.update_profile(tx, profile.id, {**checked(fields), "updated_at": now})
    if changed is None:
        raise ProfileNotFound("there is no such learner profile", value=profile.uid)
    return changed


async def delete_profile(tx: Transaction, profile: LearnerProfile, *, now: datetime) -> None:
    """Take a profile away; the person may get a new one, and keeps what was earned."""
    if await store.update_profile(tx, profile.id, {"deleted_at": now, "updated_at": now}) is None:
        raise ProfileNotFound("there is no such learner profile", value=profile.uid)


async def create_goals(tx: Transaction, wishes: Sequence[GoalFields], *, now: datetime) -> list[Goal]:
    """New goals. Raises Invalid and TooLarge by field (`[3].name` when there are several)."""
    goals = []
    for index, fields in enumerate(wishes):
        values = checked(fields, f"[{index}]." if len(wishes) > 1 else "")
        if "name" not in values:
            raise Invalid("name is needed", field="name")
        goals.append(await store.insert_goal(tx, {**values, "uid": new_uid(), "created_at": now, "updated_at": now}))
    return goals


async def change_goal(tx: Transaction, uid: str, fields: GoalFields, *, now: datetime) -> Goal:
    """Change what `fields` names. Raises GoalNotFound, Invalid and TooLarge by field."""
    changed = await store.update_goal(tx, uid, {**checked(fields), "updated_at": now})
    if changed is None:
        raise GoalNotFound("there is no such goal", value=uid)
    return changed


async def delete_goal(tx: Transaction, uid: str, *, now: datetime) -> None:
    """Raises GoalNotFound."""
    if await store.update_goal(tx, uid, {"deleted_at": now, "updated_at": now}) is None:
        raise GoalNotFound("there is no such goal", value=uid)


def checked(fields: msgspec.Struct, prefix: str = "") -> dict[str, Any]:
    """The column values that `fields` sets. Raises TooLarge naming the field."""
    values = {name: value for name in fields.__struct_fields__ if (value := getattr(fields, name)) is not UNSET}
    for name, value in values.items():
        field = f"{prefix}{name}"
        if name in _TEXTS:
            values[name] = check_length(clean(value), _TEXTS[name], field)
        elif isinstance(value, list):
            check_count(len(value), limits.PROFILE_LIST_MEMBERS_MAX, field)
        if isinstance(value, list | dict):
            size, limit = len(json_text.encode(value)), limits.PROFILE_FIELD_BYTES_MAX
            if size > limit:
                raise TooLarge(f"{field} has {size} bytes, the limit is {limit}", field=field, limit=limit, value=size)
    return values

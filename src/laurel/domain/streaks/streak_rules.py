"""Writing streak rules. A write makes all processes read the rules anew."""

from datetime import datetime
from typing import Any

from laurel.base import limits
from laurel.base.errors import Invalid, NotFound
from laurel.base.ids import new_uid
from laurel.base.limits import check_count, check_length
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.streaks import store
from laurel.domain.streaks.model import StreakRule


class StreakRuleNotFound(NotFound):
    """No such streak rule."""

    code = "streak_rule_not_found"


async def set_rule(
    tx: Transaction, department_id: int, changes: dict[str, Any], *, actor: str, now: datetime
) -> StreakRule:
    """Change what `changes` names of the rule of a department (0: the organisation); the rest stays or gets its default.

    Keys: enabled, sub_categories, names, freezes_max, freeze_every. Raises Invalid, TooLarge by field.
    """
    known = {rule.department_id: rule for rule in await store.rules(tx)}
    old = known.get(department_id)
    values: dict[str, Any] = {
        "uid": new_uid() if old is None else old.uid,
        "department_id": department_id,
        "enabled": old.enabled if old else True,
        "sub_categories": old.sub_categories if old else [],
        "names": old.names if old else [],
        "freezes_max": old.freezes_max if old else 0,
        "freeze_every": old.freeze_every if old else 0,
        "created_at": now if old is None else old.created_at,
        "updated_at": now,
        "updated_by": actor,
        **changes,
    }
    for column, field in (("sub_categories", "sub_categories"), ("names", "event_names")):
        check_count(len(values[column]), limits.STREAK_TRIGGERS_MAX, field)
        for index, name in enumerate(values[column]):
            check_length(name, limits.EVENT_NAME_LENGTH_MAX, f"{field}[{index}]")
    for field in ("freezes_max", "freeze_every"):
        if not 0 <= values[field] <= limits.STREAK_FREEZES_MAX:
            limit = limits.STREAK_FREEZES_MAX
            raise Invalid(f"{field} must be from 0 to {limit}", field=field, limit=limit, value=values[field])
    rule = await store.put_rule(tx, values)
    await achievements.bump_rules(tx)
    return rule


async def require(tx: Transaction, uid: str) -> StreakRule:
    """The rule with this uid; raises StreakRuleNotFound."""
    rule = next((rule for rule in await store.shown_rules(tx) if rule.uid == uid), None)
    if rule is None:
        raise StreakRuleNotFound("there is no such streak rule", value=uid)
    return rule

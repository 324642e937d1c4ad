"""Levels inside one achievement: what each takes, and whether a plan of levels can be kept. Pure.

A level is an award of its own, earned once in a period and in order; what is counted is the one leaf of the criteria.
"""

from decimal import ROUND_CEILING, Decimal
from itertools import pairwise

from laurel.base import formula, limits
from laurel.base.errors import Invalid
from laurel.base.limits import check_count
from laurel.domain.achievements.criteria import check_number
from laurel.domain.achievements.model import Count, Criteria, Levels, Logical, Streak

_EXACT = Decimal(1).scaleb(-limits.NUMBER_DECIMAL_DIGITS_MAX)


def check_levels(levels: Levels, criteria: Criteria | None, field: str = "levels") -> None:
    """Raise Invalid or TooLarge naming the field when levels do not fit the criteria, do not rise, or are too many."""
    if bool(levels.steps) == (levels.target is not None):
        raise Invalid(f"{field} must have either steps or target", field=field)
    check_count(len(levels.steps), limits.ACHIEVEMENT_LEVELS_MAX, f"{field}.steps")
    if levels.target is not None and not 1 <= levels.highest <= limits.ACHIEVEMENT_LEVELS_MAX:
        limit = limits.ACHIEVEMENT_LEVELS_MAX
        raise Invalid(
            f"{field}.highest must be from 1 to {limit}", field=f"{field}.highest", limit=limit, value=levels.highest
        )
    if criteria is None or isinstance(criteria, Logical) or criteria.operator != ">=":
        raise Invalid("with levels, criteria must be one count, sum or streak with the operator >=", field="criteria")
    targets = targets_of(levels, field)
    for index, target in enumerate(targets):
        place = f"{field}.steps[{index}].target" if levels.steps else f"{field}.target"
        check_number(target, place)
        if target <= 0:
            raise Invalid(f"{place} must be above 0", field=place, value=str(target))
        if isinstance(criteria, Count | Streak) and target != int(target):
            raise Invalid(f"{place} must be a whole number", field=place, value=str(target))
    for index, (lower, higher) in enumerate(pairwise(targets), start=1):
        if higher <= lower:
            place = f"{field}.steps[{index}].target" if levels.steps else f"{field}.target"
            raise Invalid(f"{place} must be above {lower}, as every level takes more", field=place, value=str(higher))
    if criteria.value != targets[0]:
        raise Invalid(
            f"criteria.value must be what level 1 takes, {targets[0]}",
            field="criteria.value",
            value=str(criteria.value),
        )


def targets_of(levels: Levels, field: str = "levels") -> list[Decimal]:
    """What each level takes, from level 1 up. A formula's results are rounded up to whole numbers."""
    if levels.target is None:
        return [step.target for step in levels.steps]
    computed = formula.targets(levels.target, range(1, levels.highest + 1), f"{field}.target")
    return [target.quantize(_EXACT).to_integral_value(ROUND_CEILING) for target in computed]

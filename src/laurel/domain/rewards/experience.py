"""XP: rules that pay it for events, by category and sub-category in six dimensions; and the level that a total means."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Self

import msgspec

from laurel.base import formula, limits
from laurel.base.errors import Invalid
from laurel.base.limits import check_count, check_length
from laurel.database.pool import Row, Transaction
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Organisation
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.rewards.model import XP_DIMENSIONS, check_amount

_LEVELS = "levels"


class XpRule(msgspec.Struct, frozen=True):
    """What an event of (category, sub-category) pays: XP by dimension, "total" for the total."""

    category: str
    sub_category: str
    description: str
    amounts: dict[str, Decimal]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `xp_rule`."""
        return msgspec.convert({name: row[name] for name in cls.__struct_fields__}, cls)


class NewXpRule(msgspec.Struct, frozen=True):
    """A rule about to be written."""

    category: str
    sub_category: str
    description: str
    amounts: dict[str, Decimal]


async def set_rules(tx: Transaction, rules: Sequence[NewXpRule], *, now: datetime) -> None:
    """Write rules, each replacing the one of its category and sub-category. Raises Invalid, TooLarge by field.

    The caller must say that rules changed (`bump_rules`).
    """
    check_count(len(rules), limits.XP_RULES_MAX, "rules")
    for index, rule in enumerate(rules):
        field = f"rules[{index}]"
        check_length(rule.category, limits.EVENT_CATEGORY_LENGTH_MAX, f"{field}.category")
        check_length(rule.sub_category, limits.EVENT_CATEGORY_LENGTH_MAX, f"{field}.sub_category")
        check_length(rule.description, limits.DESCRIPTION_LENGTH_MAX, f"{field}.description")
        for name, amount in rule.amounts.items():
            check_amount(amount, f"{field}.{name}")
    await ledger.put_xp_rules(
        tx, [(rule.category, rule.sub_category, rule.description, rule.amounts) for rule in rules], now
    )


def amounts_of(total: Decimal, **dimensions: Decimal) -> dict[str, Decimal]:
    """Amounts by dimension, zero ones left out."""
    wanted = {"total": total, **{name: dimensions.get(name, Decimal(0)) for name in XP_DIMENSIONS}}
    return {name: amount for name, amount in wanted.items() if amount}


# -------------------------------------------------------------------------------------------------------------- levels
class LevelPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How XP becomes levels. `target`: the total XP that a level takes, as a formula over `level` such as
    "50 * level * (level - 1)"; level 1 is everybody's. `highest` bounds it.
    """

    target: str = "100 * (level - 1) ** 2"
    highest: int = 100


def check_levels(plan: LevelPlan, field: str = "levels") -> None:
    """Raise Invalid when the formula cannot be computed, or does not rise from level to level."""
    if not 1 <= plan.highest <= limits.LEVELS_MAX:
        raise Invalid(
            f"{field}.highest must be from 1 to {limits.LEVELS_MAX}", field=f"{field}.highest", limit=limits.LEVELS_MAX
        )
    targets = level_targets(plan, f"{field}.target")
    if any(later <= earlier for earlier, later in pairwise(targets[1:])) or (len(targets) > 1 and targets[1] <= 0):
        raise Invalid(f"{field}.target must rise with every level", field=f"{field}.target", value=plan.target)


def level_targets(plan: LevelPlan, field: str = "levels.target") -> list[Decimal]:
    """The XP that each level takes, from level 1 (0) up."""
    return [Decimal(0), *formula.targets(plan.target, range(2, plan.highest + 1), field)]


def level_of(plan: LevelPlan, xp: Decimal) -> int:
    """The highest level whose target the XP reaches."""
    return sum(target <= xp for target in level_targets(plan)) or 1


def levels_of(organisation: Organisation) -> LevelPlan:
    """The organisation's levels, or the usual ones."""
    stored = organisation.settings.get(_LEVELS)
    return LevelPlan() if stored is None else msgspec.convert(stored, LevelPlan)


async def set_levels(tx: Transaction, plan: LevelPlan, *, now: datetime) -> LevelPlan:
    """Keep how XP becomes levels. Raises Invalid by field."""
    check_levels(plan)
    organisation = await organisations.lock_organisation(tx)
    settings = {**organisation.settings, _LEVELS: {"target": plan.target, "highest": plan.highest}}
    await organisations.update_organisation(tx, {"settings": settings}, now)
    return plan

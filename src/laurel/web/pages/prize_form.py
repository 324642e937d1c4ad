"""The prizes of a leaderboard as rows of a form and back: ranks, points, XP, one reward. Pure.

What a row cannot say of a prize (more rewards than one, a choice among them) stays as it was: the row names its prize.
"""

from decimal import Decimal
from typing import Any

import msgspec

from laurel.base.errors import Invalid
from laurel.base.limits import LEADERBOARD_PRIZES_MAX
from laurel.domain.leaderboards.model import Prize
from laurel.domain.rewards.model import RewardItem, RewardPlan
from laurel.web.pages.form_values import amount_of, amount_text, whole_of
from laurel.web.pages.plan_form import total_of, with_total
from laurel.web.pages.visits import Form

_FIELDS = ("first", "last", "points", "xp", "reward", "amount", "kept")


class PrizeRow(msgspec.Struct, frozen=True):
    """One prize, as typed. `kept`: which stored prize it is, by number; `more`: how many rewards the row does not show."""

    first: str = ""
    last: str = ""
    points: str = ""
    xp: str = ""
    reward: str = ""
    amount: str = "1"
    kept: str = ""
    more: int = 0


def typed(form: Form, old: list[Prize]) -> list[PrizeRow]:
    """The rows as they were sent, with a row more or less when a button asked for that."""
    columns = [form.all(f"prize_{name}") for name in _FIELDS]
    count = min(max(map(len, columns)), LEADERBOARD_PRIZES_MAX)
    rows = []
    for index in range(count):
        values: dict[str, Any] = {
            name: column[index] for name, column in zip(_FIELDS, columns, strict=True) if index < len(column)
        }
        rows.append(PrizeRow(**values, more=_more(_kept(values.get("kept", ""), old))))
    change = form.get("change")
    if change == "add-prize":
        rows = [*rows, PrizeRow()][:LEADERBOARD_PRIZES_MAX]
    elif change.startswith("remove-prize-"):
        rows = [row for index, row in enumerate(rows) if str(index) != change.removeprefix("remove-prize-")]
    return rows


def shown(prizes: list[Prize]) -> list[PrizeRow]:
    """Stored prizes as rows."""
    rows = []
    for index, prize in enumerate(prizes):
        item = prize.plan.items[0] if prize.plan.items else None
        rows.append(
            PrizeRow(
                str(prize.first),
                "" if prize.last == prize.first else str(prize.last),
                amount_text(prize.plan.points),
                amount_text(total_of(prize.plan.xp)),
                item.reward if item else "",
                str(item.amount) if item else "1",
                str(index),
                _more(prize),
            )
        )
    return rows


def parsed(rows: list[PrizeRow], old: list[Prize]) -> list[Prize]:
    """The prizes that the rows say. Raises Invalid naming the row's field."""
    prizes = []
    for index, row in enumerate(rows):
        if not (row.first or row.last or row.points or row.xp or row.reward):
            continue
        first = whole_of(row.first, f"prize_first_{index}", least=1)
        if first is None:
            raise Invalid("say from which rank on", field=f"prize_first_{index}")
        last = whole_of(row.last, f"prize_last_{index}", least=first)
        before = _kept(row.kept, old)
        plan = _plan(index, row, before.plan if before else RewardPlan())
        prizes.append(Prize(first, last or first, plan, before.id if before else ""))
    return prizes


def _plan(index: int, row: PrizeRow, old: RewardPlan) -> RewardPlan:
    points = amount_of(row.points, f"prize_points_{index}") or Decimal(0)
    xp = amount_of(row.xp, f"prize_xp_{index}") or Decimal(0)
    changes: dict[str, Any] = {"points": points, "xp": with_total(old.xp, xp)}
    shown_item = old.items[0] if old.items else None
    rest = old.items[1:]
    if not row.reward:
        changes["items"] = rest
    else:
        units = whole_of(row.amount, f"prize_amount_{index}", least=1) or 1
        if shown_item is not None and shown_item.reward == row.reward:
            changes["items"] = [msgspec.structs.replace(shown_item, amount=units), *rest]
        else:
            changes["items"] = [RewardItem(row.reward, "assets", units), *rest]
    return msgspec.structs.replace(old, **changes)


def _kept(number: str, old: list[Prize]) -> Prize | None:
    return next((prize for index, prize in enumerate(old) if str(index) == number), None)


def _more(prize: Prize | None) -> int:
    return max(0, len(prize.plan.items) - 1) if prize else 0

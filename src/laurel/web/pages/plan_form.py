"""What an award, a prize or a challenge pays, as fields of a form and back: points, XP, and lines of rewards. Pure.

What the fields cannot say (XP by dimension, the share of a reward that a line draws on) stays as it was.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from laurel.base.errors import Invalid, LaurelError
from laurel.base.limits import REWARD_ITEMS_MAX
from laurel.domain.rewards.model import Reward, RewardItem, RewardPlan
from laurel.web.pages.form_values import amount_of, amount_text, whole_of
from laurel.web.pages.visits import Form

KINDS = (("assets", "to keep"), ("entries", "draw tickets"))
SELECTIONS = (
    ("all", "all of them"),
    ("priority", "the first that are left, in this order"),
    ("random", "some at random"),
    ("select", "some that the person chooses"),
)
CLAIMS = (("automatic", "at once"), ("manual", "when the person claims it"))


class Line(msgspec.Struct, frozen=True):
    """One reward that is paid, as typed."""

    reward: str = ""
    kind: str = "assets"
    amount: str = "1"


class TypedPlan(msgspec.Struct, frozen=True):
    """What the form says is paid."""

    points: str = ""
    xp: str = ""
    lines: list[Line] = []
    selection: str = "all"
    count: str = "1"
    claim: str = "automatic"


def typed(form: Form) -> TypedPlan:
    """The fields as they were sent, with a line more or less when a button asked for that."""
    columns = [form.all(f"line_{name}") for name in ("reward", "kind", "amount")]
    count = min(max(map(len, columns)), REWARD_ITEMS_MAX)
    lines = [Line(*(column[index] if index < len(column) else "" for column in columns)) for index in range(count)]
    change = form.get("change")
    if change == "add-line":
        lines = [*lines, Line()][:REWARD_ITEMS_MAX]
    elif change.startswith("remove-line-"):
        lines = [line for index, line in enumerate(lines) if str(index) != change.removeprefix("remove-line-")]
    return TypedPlan(
        form.get("points"),
        form.get("xp"),
        lines,
        form.get("selection") or "all",
        form.get("selection_count") or "1",
        form.get("claim") or "automatic",
    )


def shown(plan: RewardPlan) -> TypedPlan:
    """A plan as the form shows it."""
    return TypedPlan(
        amount_text(plan.points),
        amount_text(total_of(plan.xp)),
        [Line(item.reward, item.kind, str(item.amount)) for item in plan.items],
        plan.selection,
        str(plan.selection_count),
        plan.claim,
    )


def total_of(xp: dict[str, Decimal]) -> Decimal:
    """The XP in all: the stated total, else the sum of the dimensions."""
    stated = xp.get("total", xp.get(""))
    return sum(xp.values(), Decimal(0)) if stated is None else stated


def parsed(what: TypedPlan, old: RewardPlan | None = None) -> RewardPlan:
    """The plan that the form says; `old` is what was there before. Raises Invalid naming the form's field."""
    old = old or RewardPlan()
    items = [_item(index, line, old) for index, line in enumerate(what.lines) if line.reward]
    values: dict[str, Any] = {
        "points": amount_of(what.points, "points") or Decimal(0),
        "xp": with_total(old.xp, amount_of(what.xp, "xp") or Decimal(0)),
        "items": items,
        "selection": _one_of(what.selection, SELECTIONS, "selection"),
        "selection_count": whole_of(what.count, "selection_count", least=1) or 1,
        "claim": _one_of(what.claim, CLAIMS, "claim"),
    }
    return RewardPlan(**values)


def with_total(old: dict[str, Decimal], total: Decimal) -> dict[str, Decimal]:
    """`old` with another total; its dimensions stay."""
    if total == total_of(old):
        return old
    dimensions = {name: value for name, value in old.items() if name not in ("", "total")}
    return {**dimensions, "total": total} if total or dimensions else {}


def _item(index: int, line: Line, old: RewardPlan) -> RewardItem:
    kind: Any = _one_of(line.kind, KINDS, f"line_kind_{index}")
    before = next((item for item in old.items if item.reward == line.reward and item.kind == kind), None)
    return RewardItem(
        reward=line.reward,
        kind=kind,
        amount=whole_of(line.amount, f"line_amount_{index}", least=1) or 1,
        allocation=before.allocation if before else "",
    )


def _one_of(value: str, choices: Sequence[tuple[str, str]], field: str) -> str:
    if all(value != known for known, _ in choices):
        raise Invalid("there is no such choice", field=field, value=value[:50])
    return value


def at_form(error: LaurelError, what: TypedPlan) -> LaurelError:
    """A refusal of the domain ("rewards.items[1].reward") at the field of the form that it is about."""
    field = error.field or ""
    for start, name in (("rewards.points", "points"), ("rewards.xp", "xp"), ("rewards.selection", "selection_count")):
        if field.startswith(start):
            error.field = name
    if field.startswith("rewards.items["):
        number, _, rest = field.removeprefix("rewards.items[").partition("].")
        filled = [index for index, line in enumerate(what.lines) if line.reward]
        if number.isdigit() and int(number) < len(filled):
            error.field = f"line_{rest}_{filled[int(number)]}"
    return error


def offered(found: Sequence[Reward], language: str, used: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The rewards to choose from: all that are not archived, and those that are in use."""
    return [
        (reward.uid, reward.name_in(language) + ("" if reward.status == "live" else f" ({reward.status})"))
        for reward in found
        if reward.status != "archived" or reward.uid in used
    ]

"""The levels of an achievement as one line of text: "10, 50, 250", or "10 * level ^ 1.5, up to 20"."""

import re
from decimal import Decimal, InvalidOperation

from laurel.base.errors import Invalid
from laurel.domain.achievements.model import Levels, LevelStep

_FORMULA = re.compile(r"(?P<target>.*\blevel\b.*),\s*up to\s*(?P<highest>\d{1,6})", re.DOTALL)


def levels_text(levels: Levels | None) -> str:
    """What the form says of levels; empty for none."""
    if levels is None:
        return ""
    if levels.target is not None:
        return f"{levels.target}, up to {levels.highest}"
    return ", ".join(f"{step.target:f}" for step in levels.steps)


def typed_levels(text: str, old: Levels | None) -> Levels | None:
    """The levels that a line names; steps keep the names and rewards that they had. Raises Invalid naming `levels`."""
    text = text.strip()
    if not text or text == levels_text(old):
        return old if text else None
    formula = _FORMULA.fullmatch(text)
    if formula is not None:
        return Levels(target=formula["target"].strip(), highest=int(formula["highest"]))
    known = {step.target: step for step in (old.steps if old else [])}
    try:
        targets = [Decimal(part.strip()) for part in text.split(",") if part.strip()]
    except InvalidOperation:
        raise Invalid(
            'levels are numbers with commas between them, or a formula such as "10 * level ^ 1.5, up to 20"',
            field="levels",
            value=text[:100],
        ) from None
    return Levels(steps=[known.get(target) or LevelStep(target) for target in targets])

"""Which achievements look like a design: choosing one, and what stands in the way of taking it away."""

from datetime import datetime

import msgspec

from laurel.base.errors import Invalid
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions
from laurel.domain.achievements.definitions import Definition
from laurel.domain.achievements.model import Achievement
from laurel.domain.catalogue import store
from laurel.domain.designs import library
from laurel.domain.designs.model import DesignInUse, DesignKind, StoredDesign
from laurel.rendering import builtin_designs

_NAMED_MAX = 3


async def choose(
    tx: Transaction, achievement: Achievement, kind: DesignKind, design: str | None, *, actor: str, now: datetime
) -> Achievement:
    """Let credentials of the achievement look like a design (its uid, or the key of a built-in one; None: the default).

    Raises DesignNotFound; Invalid for a design of the other kind.
    """
    await check(tx, design, kind, "design")
    name = "badge_design" if kind == "badge" else "certificate_design"
    plan = msgspec.structs.replace(achievement.credential, **{name: design})
    return await definitions.change(tx, achievement, Definition(credential=plan), actor=actor, now=now)


async def check(tx: Transaction, design: str | None, kind: DesignKind, field: str) -> None:
    """Raises DesignNotFound, or Invalid when it is of the other kind; None is the default and always there."""
    if design is None:
        return
    found = builtin_designs().get(design) or await library.require_uid(tx, design, field)
    if found.kind != kind:
        raise Invalid(f"{found.name} is a {found.kind}, not a {kind}", field=field, value=design)


async def delete_unused(tx: Transaction, design: StoredDesign, now: datetime, *, language: str) -> None:
    """Take a design away. Raises DesignInUse while an achievement names it or it is the default one of its kind."""
    if design.is_default:
        raise DesignInUse(
            f"this is the default {design.kind}: make another one the default first", field="design", value=design.uid
        )
    using = await store.using_design(tx, design.uid, _NAMED_MAX + 1)
    if using:
        names = ", ".join(one.name_in(language) for one in using[:_NAMED_MAX])
        more = " and others" if len(using) > _NAMED_MAX else ""
        raise DesignInUse(
            f"credentials of {names}{more} look like this: choose another design for them first",
            field="design",
            value=design.uid,
        )
    await library.delete(tx, design, now)

"""Searching the register: a page with its place in the order, and how many there are."""

from typing import Any, NamedTuple

import msgspec

from laurel.base.ids import AchievementId
from laurel.database.pool import Transaction
from laurel.domain.credentials.model import Credential
from laurel.domain.register import store
from laurel.domain.register.model import Search


class Found(NamedTuple):
    """One page. `last` is where the next one begins (what `Search.after` takes), None when there is none."""

    credentials: list[Credential]
    last: tuple[Any, ...] | None


async def find(tx: Transaction, search: Search) -> Found:
    """One page of what `search` names."""
    rows = await store.page(tx, msgspec.structs.replace(search, limit=search.limit + 1))
    shown = rows[: search.limit]
    more = len(rows) > search.limit and shown
    return Found([credential for credential, _ in shown], shown[-1][1] if more else None)


async def count(tx: Transaction, search: Search, *, at_most: int | None = None) -> int:
    """How many `search` names, whatever its page. Cheap when it names nothing but achievements; else it reads an index,
    up to `at_most` rows.
    """
    achievements: set[AchievementId] | None = None
    if search.facets or search.any_facet or search.department is not None:
        return await store.count(tx, search, at_most)
    for condition in search.conditions:
        if condition.field != "achievement_id" or achievements is not None:
            return await store.count(tx, search, at_most)
        achievements = set(condition.value) if condition.operator == "in" else {condition.value}
    total = await store.tally(tx, None if achievements is None else sorted(achievements))
    return total if at_most is None else min(total, at_most)

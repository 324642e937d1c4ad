"""How many people an organisation may issue to in a year, where it has set such a number."""

from collections.abc import Sequence

from laurel.base.ids import PersonId
from laurel.database.pool import Transaction
from laurel.domain.register.allowances import store as allowances


async def take(tx: Transaction, year: int, people: Sequence[PersonId], limit: int) -> set[PersonId]:
    """Those of `people` that may be issued to in `year`: everybody who was already, and further ones up to `limit`.

    Takes one writer of an organisation at a time; the others wait.
    """
    await allowances.lock(tx)
    known = await allowances.allowed(tx, year, people)
    left = limit - await allowances.count(tx, year)
    fresh = [person for person in dict.fromkeys(people) if person not in known][: max(left, 0)]
    await allowances.insert(tx, year, fresh)
    return known | set(fresh)


async def left(tx: Transaction, year: int, limit: int) -> int:
    """How many further people may be issued to in `year`."""
    return max(limit - await allowances.count(tx, year), 0)

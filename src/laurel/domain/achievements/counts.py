"""How many achievements there are, remembered: counting a long list costs more than reading a page of it.

Every write of a definition raises the organisation's rules version, so a count is exact as long as the version that was
read before it still stands.
"""

from laurel.base.ids import OrganisationId
from laurel.database.pool import Transaction
from laurel.domain.achievements import store
from laurel.domain.achievements.store import Wanted

COUNTS_REMEMBERED_MAX = 2_000


class Counts:
    """Counts of the process, bounded. Not for deciding anything."""

    def __init__(self) -> None:
        self._known: dict[tuple[OrganisationId, str], tuple[int, int]] = {}

    async def of(self, tx: Transaction, wanted: Wanted, rules_version: int) -> int:
        """How many achievements `wanted` asks for; `rules_version` was read in this transaction before."""
        key = (tx.organisation_id, repr(wanted))
        known = self._known.get(key)
        if known is not None and known[0] == rules_version:
            return known[1]
        count = await store.count_wanted(tx, wanted)
        if len(self._known) >= COUNTS_REMEMBERED_MAX:
            self._known.clear()
        self._known[key] = (rules_version, count)
        return count

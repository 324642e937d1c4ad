"""How often one account may have a design drawn that is not stored: previews cost processor time."""

import time

from laurel.base.errors import Limited
from laurel.base.limits import DESIGN_PREVIEWS_PER_MINUTE_MAX

_COUNTED_MAX = 10_000


class Allowance:
    """Previews of the running minute per account; in this process, bounded."""

    def __init__(self, per_minute: int = DESIGN_PREVIEWS_PER_MINUTE_MAX) -> None:
        self._per_minute = per_minute
        self._minute = 0
        self._counts: dict[str, int] = {}

    def take(self, account: str) -> None:
        """Count one preview. Raises Limited, saying when to go on."""
        now = time.monotonic()
        minute = int(now // 60)
        if minute != self._minute or len(self._counts) > _COUNTED_MAX:
            self._minute = minute
            self._counts.clear()
        count = self._counts.get(account, 0) + 1
        self._counts[account] = count
        if count > self._per_minute:
            raise Limited(
                f"more than {self._per_minute} previews in a minute: wait a moment, nothing is lost",
                limit=self._per_minute,
                retry_after_seconds=60 - now % 60,
            )


previews = Allowance()
"""The allowance of this process."""

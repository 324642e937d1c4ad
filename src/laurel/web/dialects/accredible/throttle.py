"""Requests counted per address in fixed windows, and the headers that tell a client how many are left.

Counted in each process by itself: with several processes an address gets that many times the limit.
"""

import time
from typing import Any, NamedTuple

from laurel.base.errors import Limited

WINDOW_SECONDS = 300
SEARCH_WINDOW_SECONDS = 60
_COUNTED_MAX = 50_000


class Limits(NamedTuple):
    """Requests per address: in five minutes, and of the old search in a minute. 0 is no limit."""

    requests: int = 0
    searches: int = 0


class Standing(NamedTuple):
    """Where an address stands in its window."""

    limit: int
    remaining: int
    reset_seconds: int

    def headers(self) -> dict[str, str]:
        """RateLimit headers (the IETF draft's three fields)."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


class Throttle:
    """Counts; bounded in memory."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}

    def take(self, address: str, *, old_search: bool) -> Standing | None:
        """Count one request; None when there is no limit. Raises Limited with the seconds to wait."""
        standing = None
        for name, limit, window in (
            ("all", self.limits.requests, WINDOW_SECONDS),
            ("search", self.limits.searches if old_search else 0, SEARCH_WINDOW_SECONDS),
        ):
            if limit:
                standing = self._count(address, name, limit, window)
        return standing

    def _count(self, address: str, name: str, limit: int, window: int) -> Standing:
        now = time.monotonic()
        number = int(now // window)
        reset_seconds = max(1, round((number + 1) * window - now))
        if len(self._counts) > _COUNTED_MAX:
            self._counts.clear()
        known_number, count = self._counts.get((address, name), (number, 0))
        count = count + 1 if known_number == number else 1
        self._counts[address, name] = (number, count)
        if count > limit:
            standing = Standing(limit, 0, reset_seconds)
            raise Limited(
                f"more than {limit} requests in {window} seconds; try again in {reset_seconds} seconds",
                limit=limit,
                retry_after_seconds=reset_seconds,
                details={"headers": standing.headers()},
            )
        return Standing(limit, limit - count, reset_seconds)


def take(throttle: Throttle, scope: Any) -> Standing | None:
    """Count the request of an ASGI scope."""
    address = (scope.get("client") or ("unknown", 0))[0]
    return throttle.take(address, old_search=scope["path"] == "/v1/credentials/search")

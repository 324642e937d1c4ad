"""The clock. Everything that needs the present asks one of these; nothing else calls datetime.now."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant in UTC."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return datetime.now(UTC)


class SettableClock:
    """A clock that stands still until told otherwise; for tests and simulations."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Jump to `instant`, forwards or backwards."""
        self._now = instant

    def advance(self, step: timedelta) -> None:
        """Move by `step`."""
        self._now += step

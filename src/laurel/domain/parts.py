"""The running parts that use cases are handed: database, clock, secrets. Made by the composition root, opened once."""

from dataclasses import dataclass

from laurel.database.pool import Database
from laurel.outside.clock import Clock


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a request or a job may reach besides its own transaction."""

    database: Database
    clock: Clock
    public_url: str
    pepper: bytes

"""The running parts that use cases are handed: database, clock, secrets. Made by the composition root, opened once."""

from dataclasses import dataclass, field

from laurel.database.pool import Database
from laurel.domain.record_events.coalesce import Intake
from laurel.domain.record_events.memory import Spine
from laurel.outside.clock import Clock


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a request or a job may reach besides its own transaction. `spine` and `intake` follow from the rest."""

    database: Database
    clock: Clock
    public_url: str
    pepper: bytes
    spine: Spine = field(init=False)
    intake: Intake = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "spine", Spine(self.database, self.clock))
        object.__setattr__(self, "intake", Intake(self.spine))

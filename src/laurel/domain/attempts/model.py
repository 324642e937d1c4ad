"""The words: where a person stands in a challenge, a participation. No I/O."""

from datetime import datetime
from typing import Any

import msgspec

from laurel.base.ids import PersonId
from laurel.database.rows import Stored


class Attempt(msgspec.Struct, frozen=True):
    """Where a person stands in a challenge. `done`: the ids of the actions taken since the last start. `withdrawn`: how many
    completions were taken back after a further round had begun.
    """

    person_id: PersonId
    challenge_id: int
    unlocked_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    completions: int = 0
    done: list[str] = []
    withdrawn: int = 0

    @property
    def round(self) -> int:
        """The number of the round under way, or of the next one."""
        return self.completions + self.withdrawn


class Participation(Stored, frozen=True):
    """Somebody took part in an action, in a round of the challenge."""

    uid: str
    person_id: PersonId
    challenge_id: int
    action_id: str
    nonce: str
    input: dict[str, Any]
    at: datetime
    round: int = 0
    met: bool = True
    remark: str = ""
    retracted_at: datetime | None = None

"""The words: a challenge with its actions, a group. No I/O."""

from datetime import datetime
from typing import Any, Literal, Self

import msgspec

from laurel.base.errors import Conflict, NotFound
from laurel.base.ids import DepartmentId, OrganisationId
from laurel.database.pool import Row
from laurel.database.rows import Stored
from laurel.domain.achievements.model import Period
from laurel.domain.attempts.model import Attempt
from laurel.domain.challenges.judge import Judging
from laurel.domain.rewards.model import RewardPlan

Standing = Literal["locked", "not-started", "in-progress", "completed"]


class ChallengeNotFound(NotFound):
    """No such challenge, action or group."""

    code = "challenge_not_found"


class AlreadyUnlocked(Conflict):
    """The challenge was unlocked before, or needs no keys."""

    code = "already_unlocked"


class NonceReused(Conflict):
    """The nonce was used for other input."""

    code = "nonce_reused"


class NoAttemptsLeft(Conflict):
    """The person tried the action as often as is allowed before the challenge is completed."""

    code = "no_attempts_left"


class Action(msgspec.Struct, frozen=True):
    """One thing to do. `kind` names what it is ("question-quiz"); `allocation` the place it has in its challenge."""

    id: str
    allocation: str
    kind: str
    names: dict[str, str]
    descriptions: dict[str, str] = {}
    details: dict[str, Any] = {}
    rewards: RewardPlan = RewardPlan()
    judging: Judging | None = None


class Challenge(msgspec.Struct, frozen=True):
    """Something to do on purpose. `unlock_keys`: what opens it costs, None when it is open."""

    organisation_id: OrganisationId
    id: int
    uid: str
    department_id: DepartmentId | None
    names: dict[str, str]
    descriptions: dict[str, str]
    images: dict[str, Any]
    status: Literal["draft", "live", "archived"]
    starts_at: datetime | None
    expires_at: datetime | None
    unlock_keys: int | None
    repeatable: bool
    actions: list[Action]
    rewards: RewardPlan
    tags: list[str]
    campaigns: list[str]
    featured: bool
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    created_by: str
    updated_by: str

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `challenge`."""
        return msgspec.convert({name: row[name] for name in cls.__struct_fields__}, cls)

    def status_at(self, now: datetime) -> Literal["draft", "scheduled", "live", "expired", "archived"]:
        """The status as the clock makes it."""
        if self.status != "live":
            return self.status
        if self.starts_at is not None and now < self.starts_at:
            return "scheduled"
        return "expired" if self.expires_at is not None and now >= self.expires_at else "live"

    def standing(self, attempt: Attempt) -> Standing:
        """Where somebody stands in it, in one word."""
        if self.unlock_keys is not None and attempt.unlocked_at is None:
            return "locked"
        if attempt.completed_at is not None:
            return "completed"
        return "not-started" if attempt.started_at is None else "in-progress"


class Group(Stored, frozen=True):
    """Challenges offered in turn: `active_count` at a time, anew every period."""

    organisation_id: OrganisationId
    id: int
    uid: str
    department_id: DepartmentId | None
    names: dict[str, str]
    descriptions: dict[str, str]
    images: dict[str, Any]
    status: Literal["draft", "live", "archived"]
    order_kind: Literal["random", "sequential"]
    period: Period
    active_count: int
    challenge_ids: list[int]
    created_at: datetime
    updated_at: datetime
    created_by: str
    updated_by: str

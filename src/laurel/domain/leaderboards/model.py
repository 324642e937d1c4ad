"""The words: a leaderboard, its prizes, a place in it. No I/O."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Self

import msgspec

from laurel.base.errors import NotFound
from laurel.base.ids import DepartmentId, OrganisationId, PersonId
from laurel.database.pool import Row
from laurel.domain.achievements.model import Period
from laurel.domain.rewards.model import RewardPlan

Metric = Literal["xp", "challenges_completed", "challenges_started", "actions_completed"]


class LeaderboardNotFound(NotFound):
    """No such leaderboard."""

    code = "leaderboard_not_found"


class Prize(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the ranks `first` to `last` get when a period is over. `id` names it for those who refer to it."""

    first: int
    last: int
    plan: RewardPlan
    id: str = ""


class Leaderboard(msgspec.Struct, frozen=True):
    """A ranking. `department_ids`: only what is gathered in one of these counts; none: everything does."""

    organisation_id: OrganisationId
    id: int
    uid: str
    name: str
    description: str
    metric: Metric
    period: Period
    status: Literal["draft", "live", "archived"]
    starts_at: datetime
    expires_at: datetime | None
    department_ids: list[DepartmentId]
    prizes: list[Prize]
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    created_by: str
    updated_by: str

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `leaderboard`."""
        values = {name: row[name] for name in cls.__struct_fields__}
        values["prizes"] = msgspec.convert(values["prizes"], list[Prize])
        return cls(**values)

    def counts(self, metric: Metric, department_id: int | None, at: datetime) -> bool:
        """Whether what was gathered at `at` in a department counts here."""
        return (
            self.metric == metric
            and self.starts_at <= at
            and (self.expires_at is None or at < self.expires_at)
            and (not self.department_ids or department_id in self.department_ids)
        )

    def status_at(self, now: datetime) -> Literal["draft", "scheduled", "live", "expired", "archived"]:
        """The status as the clock makes it."""
        if self.status != "live":
            return self.status
        if now < self.starts_at:
            return "scheduled"
        return "expired" if self.expires_at is not None and now >= self.expires_at else "live"


class Place(msgspec.Struct, frozen=True):
    """One person's place: equal scores share a rank."""

    person_id: PersonId
    rank: int
    score: Decimal
    reached_at: datetime

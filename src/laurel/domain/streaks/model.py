"""The words: a streak rule, a person's streak. No I/O."""

from datetime import datetime

import msgspec

from laurel.base.ids import OrganisationId, PersonId
from laurel.database.rows import Stored


class StreakRule(Stored, frozen=True):
    """Which events extend a streak: those with one of `sub_categories`, and custom ones with one of `names`."""

    organisation_id: OrganisationId
    id: int
    uid: str
    department_id: int
    enabled: bool
    sub_categories: list[str]
    names: list[str]
    freezes_max: int
    freeze_every: int
    created_at: datetime
    updated_at: datetime
    updated_by: str

    def takes(self, category: str, sub_category: str, name: str, department_id: int | None) -> bool:
        """Whether an event extends the streak."""
        if not self.enabled or (self.department_id and self.department_id != department_id):
            return False
        return name in self.names if category == "custom" else sub_category in self.sub_categories


class Streak(msgspec.Struct, frozen=True):
    """A person's streak as it was when it was last extended. `last_day` is the ordinal of that local day."""

    person_id: PersonId
    rule_id: int
    length: int
    longest: int
    last_day: int
    freezes: int
    extended_at: datetime

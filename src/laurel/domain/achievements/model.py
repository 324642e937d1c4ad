"""The words: an achievement's definition with its queries, criteria and reward plan. No I/O.

Criteria and queries are the shapes of our own API as well; dialects translate theirs into these. Semantics: sum, count
and logical nodes with exact decimals, plus two leaves of ours (streak) and of queries (where, cap).
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Self

import msgspec

from laurel.base.errors import NotFound
from laurel.base.ids import AchievementId, AwardId, DepartmentId, OrganisationId, PersonId
from laurel.database.pool import Row
from laurel.database.rows import Stored
from laurel.domain.rewards.model import RewardPlan

Operator = Literal["==", "!=", ">", ">=", "<", "<="]
Period = Literal["open", "daily", "weekly", "monthly", "yearly"]
CalendarOf = Literal["organisation", "person"]
"""Whose days: of the organisation, or of each person (the organisation's as long as a person has no time zone)."""

Status = Literal["draft", "scheduled", "live", "expired", "archived"]
StoredStatus = Literal["draft", "live", "archived"]


class AchievementNotFound(NotFound):
    """No such achievement."""

    code = "achievement_not_found"


class AwardNotFound(NotFound):
    """No such award."""

    code = "award_not_found"


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition on one payload attribute (a dotted path) that an event must meet to count."""

    attribute: str
    operator: Operator
    value: str | int | float | bool


class Cap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most `count` events per window count; windows are UTC hours, or days and weeks of the achievement's calendar."""

    count: int
    window: Literal["hour", "day", "week"]


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which events count: every given condition must hold, an absent one matches anything; tags match by any overlap."""

    alias: str
    event_name: str | None = None
    category: str | None = None
    sub_category: str | None = None
    source_id: str | None = None
    tags: list[str] = []
    department_scoped: bool = False
    where: list[Filter] = []
    cap: Cap | None = None


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="count"):
    """How many events of the query there were, compared with `value`."""

    query: str
    value: Decimal
    operator: Operator = ">="


class Sum(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="sum"):
    """The sum of a payload attribute over the events of the query; absent and non-numbers count as 0."""

    query: str
    attribute: str
    value: Decimal
    operator: Operator = ">="


class Streak(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="streak"):
    """The longest run of consecutive days or weeks (of the achievement's calendar) with an event of the query."""

    query: str
    value: Decimal
    unit: Literal["day", "week"] = "day"
    operator: Operator = ">="


class Logical(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="logical"):
    """and: all conditions hold; or: one holds; not: none holds."""

    operator: Literal["and", "or", "not"]
    conditions: list["Count | Sum | Streak | Logical"]


Leaf = Count | Sum | Streak
Criteria = Count | Sum | Streak | Logical


class LevelStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One level: what it takes, its names by language, and what it pays (None: what the achievement pays)."""

    target: Decimal
    names: dict[str, str] = {}
    rewards: RewardPlan | None = None


class Levels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The levels of an achievement: either `steps`, or a formula `target` over `level` for the levels 1 to `highest`."""

    steps: list[LevelStep] = []
    target: str | None = None
    highest: int = 0

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.steps) or self.highest


class CredentialPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How credentials of this achievement are made: validity in days or years (None: for ever) and the design.

    `suspendable` ones name a place in a list of suspensions besides that in the list of revocations. `letters`: whether
    recipients are told by mail, where the organisation sends letters at all.
    """

    valid_days: int | None = None
    valid_years: int | None = None
    badge_design: str | None = None
    certificate_design: str | None = None
    private: bool = False
    suspendable: bool = False
    letters: bool = True


class Achievement(msgspec.Struct, frozen=True):
    """A definition as stored. `details` holds what dialects store besides; `names` and such are by language."""

    organisation_id: OrganisationId
    id: AchievementId
    uid: str
    department_id: DepartmentId | None
    names: dict[str, str]
    descriptions: dict[str, str]
    type: str
    status: StoredStatus
    starts_at: datetime | None
    expires_at: datetime | None
    period: Period
    calendar: CalendarOf
    queries: list[Query]
    criteria: Criteria | None
    levels: Levels | None
    query_descriptions: dict[str, dict[str, str]]
    prerequisites: list[AchievementId]
    rewards: RewardPlan
    hidden: bool
    secret: bool
    featured: bool
    display_mode: str
    issues_credential: bool
    revoke_on_retraction: bool
    credential: CredentialPlan
    criteria_narrative: str
    criteria_url: str | None
    image: str | None
    images: dict[str, Any]
    alignments: list[Any]
    associations: dict[str, Any]
    result_descriptions: list[Any]
    tags: list[str]
    campaigns: list[str]
    credits: Decimal | None
    field_of_study: str | None
    human_code: str | None
    details: dict[str, Any]
    revision: int
    live_spans: list[tuple[datetime | None, datetime | None]]
    created_at: datetime
    updated_at: datetime
    created_by: str
    updated_by: str
    deleted_at: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `achievement`."""
        return msgspec.convert({name: row[name] for name in cls.__struct_fields__}, cls)

    def status_at(self, now: datetime) -> Status:
        """The status as the clock makes it: a live one is scheduled before its start and expired after its end."""
        if self.status != "live":
            return self.status
        if self.starts_at is not None and now < self.starts_at:
            return "scheduled"
        if self.expires_at is not None and now >= self.expires_at:
            return "expired"
        return "live"

    def name_in(self, language: str, default: str = "en") -> str:
        """The name in `language`, by the fallback rule of `localised`."""
        return localised(self.names, language, default)

    def name_of(self, level: int | None, language: str, default: str = "en") -> str:
        """The name of what a level earns ("Reader: Gold", else "Reader 3"); without a level, the achievement's."""
        name, called = self.name_in(language, default), self.level_name(level, language, default)
        if not called:
            return name
        return f"{name} {called}" if called == str(level) else f"{name}: {called}"

    def level_name(self, level: int | None, language: str, default: str = "en") -> str:
        """What a level is called: its name, else its number; "" where there are no levels."""
        if level is None or self.levels is None:
            return ""
        names = self.levels.steps[level - 1].names if level <= len(self.levels.steps) else {}
        return localised(names, language, default) or str(level)

    def plan_at(self, level: int | None) -> RewardPlan:
        """What an award pays: the plan of its level where it has one, else the achievement's."""
        own = (
            self.levels.steps[level - 1].rewards if level and self.levels and level <= len(self.levels.steps) else None
        )
        return self.rewards if own is None else own

    def description_in(self, language: str, default: str = "en") -> str:
        """The description in `language`, by the fallback rule of `localised`."""
        return localised(self.descriptions, language, default)


def localised(texts: dict[str, str], language: str, default: str) -> str:
    """Exact language, else its base (en-GB: en), else the default, else any, else nothing."""
    for candidate in (language, language.split("-", 1)[0], default):
        if candidate in texts:
            return texts[candidate]
    return next(iter(texts.values()), "")


class Award(Stored, frozen=True):
    """The fact that a person earned an achievement, or a level of it, in a period. Never deleted; revoked with a reason.

    pending: it is prepared and not published yet, and counts nowhere.
    """

    organisation_id: OrganisationId
    person_id: PersonId
    id: AwardId
    uid: str
    achievement_id: AchievementId
    period: str
    level: int | None
    state: Literal["pending", "active", "revoked"]
    awarded_at: datetime
    recorded_at: datetime
    updated_at: datetime
    source: str
    source_event_key: str | None
    claim: Literal["granted", "claimable", "claimed"]
    claimed_at: datetime | None
    points: Decimal
    xp: Decimal
    score: str | None
    results: list[Any]
    quiet: bool
    revoked_at: datetime | None
    revoke_reason: str | None


class Awarded(Stored, frozen=True):
    """As much of an award as its credential needs, when many are signed."""

    id: AwardId
    uid: str
    awarded_at: datetime
    quiet: bool


class NewAward(msgspec.Struct, frozen=True):
    """An award about to be made."""

    person_id: PersonId
    achievement_id: AchievementId
    period: str
    awarded_at: datetime
    source: str
    source_event_key: str | None = None
    claim: Literal["granted", "claimable"] = "granted"
    state: Literal["pending", "active"] = "active"
    score: str | None = None
    results: list[Any] = []
    quiet: bool = False
    level: int | None = None

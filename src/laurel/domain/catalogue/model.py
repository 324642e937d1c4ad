"""The words: a collection of achievements, an attribute key, a skill category, a search over achievements. No I/O."""

from datetime import date, datetime
from typing import Any, Literal, NamedTuple, Self

import msgspec

from laurel.base.errors import Conflict, NotFound
from laurel.base.ids import AchievementId, DepartmentId
from laurel.database.pool import Row
from laurel.domain.achievements.model import CredentialPlan, localised

AttributeKind = Literal["text", "date", "email", "image"]


class CollectionNotFound(NotFound):
    """No such collection."""

    code = "collection_not_found"


class AttributeKeyTaken(Conflict):
    """The department has an attribute key of this name."""

    code = "attribute_key_taken"


class Collection(msgspec.Struct, frozen=True):
    """Achievements shown together."""

    uuid: str
    name: str
    description: str | None
    public: bool
    created_at: datetime
    updated_at: datetime
    achievement_ids: list[AchievementId]

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `collection` with its members."""
        return cls(**{name: row[name] for name in cls.__struct_fields__})


class AttributeKey(msgspec.Struct, frozen=True):
    """The name and kind of a custom attribute."""

    id: int
    department_id: DepartmentId
    name: str
    kind: AttributeKind


class Outline(msgspec.Struct, frozen=True):
    """What a list says of an achievement: much less to read than all of it. `details` as in Achievement."""

    id: AchievementId
    department_id: DepartmentId | None
    names: dict[str, str]
    details: dict[str, Any]
    credential: CredentialPlan
    deleted_at: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `achievement`."""
        plan = CredentialPlan(**row["credential"])
        return cls(row["id"], row["department_id"], row["names"], row["details"], plan, row["deleted_at"])

    def name_in(self, language: str, default: str = "en") -> str:
        """As Achievement.name_in."""
        return localised(self.names, language, default)


class CollectionSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Which collections, in what order; None means any."""

    uuids: list[str] | None = None
    without: list[str] = []
    name: str | None = None
    public: bool | None = None
    sort: Literal["name", "groups_count", "public", "created_at"] = "created_at"
    descending: bool = False


class AchievementSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Which achievements; None means any. Texts match anywhere in the name, in any case."""

    ids: list[int] | None = None
    title: str | None = None
    name: str | None = None
    department_id: DepartmentId | None = None
    unowned_too: bool = False
    updated_since: date | None = None
    updated_until: date | None = None
    details: list[tuple[list[str], str]] = []
    """Paths into `details` and the text that must stand there."""


class SkillCategory(NamedTuple):
    """A broad field that an achievement belongs to."""

    id: int
    name: str


SKILL_CATEGORIES = tuple(
    SkillCategory(index, name)
    for index, name in enumerate(
        (
            "Agriculture and environment",
            "Arts and design",
            "Business and management",
            "Construction and trades",
            "Data and analytics",
            "Education and training",
            "Engineering",
            "Finance and accounting",
            "Health and care",
            "Information technology",
            "Languages",
            "Law and public service",
            "Manufacturing",
            "Marketing and sales",
            "Personal development",
            "Science and mathematics",
            "Sport and leisure",
            "Transport and logistics",
        ),
        start=1,
    )
)

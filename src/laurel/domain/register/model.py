"""The words: a search over credentials, its conditions and its page; an activity. No I/O."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from laurel.base.ids import AchievementId, CredentialId, DepartmentId, OrganisationId, PersonId
from laurel.domain.credentials.model import State

Operator = Literal["eq", "in", "lt", "gt", "lte", "gte"]
Field = Literal[
    "id", "uid", "achievement_id", "recipient_name", "recipient_email", "license_id", "published", "issued_on",
    "expires_at", "updated_at", "created_at",
]  # fmt: skip
Sort = Literal["id", "recipient_name", "title", "issued_on", "expires_at"]
DAYS = frozenset({"expires_at", "updated_at", "created_at"})
"""Fields that hold instants and are searched by day (UTC)."""


class Condition(NamedTuple):
    """A field compared with a value (a list for `in`)."""

    field: Field
    operator: Operator
    value: Any


class Department(NamedTuple):
    """Only achievements of this department; the default one also owns what names none."""

    id: DepartmentId
    is_default: bool


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What to find: every condition and every facet must hold. `after` is where a page by cursor begins."""

    conditions: tuple[Condition, ...] = ()
    facets: tuple[str, ...] = ()
    any_facet: tuple[str, ...] = ()
    department: Department | None = None
    sort: Sort = "id"
    descending: bool = False
    after: tuple[Any, ...] | None = None
    offset: int = 0
    limit: int = 50


def facet(organisation_id: OrganisationId, kind: str, value: str) -> str:
    """One token to search by: `kind` is a letter or two, `value` what the issuer gave."""
    return f"{organisation_id}:{kind}:{value}"[:300].replace("\x1f", " ")


def facets_of(organisation_id: OrganisationId, kind: str, values: Mapping[str, Any] | None) -> Iterable[str]:
    """Tokens of key-value data; values are compared as text."""
    for key, value in (values or {}).items():
        if value is not None:
            yield facet(organisation_id, kind, f"{key}={value}")


def day_bounds(condition: Condition) -> list[tuple[str, Any]]:
    """A condition on an instant by days, as (SQL comparison, instant) pairs that must all hold."""

    def start(day: date) -> datetime:
        return datetime.combine(day, time.min, UTC)

    day: date = condition.value
    following = start(day + timedelta(days=1))
    match condition.operator:
        case "lt":
            return [("<", start(day))]
        case "lte":
            return [("<", following)]
        case "gt":
            return [(">=", following)]
        case "gte":
            return [(">=", start(day))]
        case _:
            return [(">=", start(day)), ("<", following)]


class Activity(msgspec.Struct, frozen=True):
    """Something that happened to a credential after it was given."""

    id: int
    credential_id: CredentialId
    achievement_id: AchievementId
    license_id: str | None
    event: str
    at: datetime


class Listing(NamedTuple):
    """Which credentials to list, newest first; None means any. `state` is what the clock makes of it at `now`."""

    now: datetime
    state: State | None = None
    achievement_id: AchievementId | None = None
    person_id: PersonId | None = None

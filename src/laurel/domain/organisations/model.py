"""The words of this package: organisation, department, account, API key, caller, audit entry. Values only."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from laurel.base.ids import AccountId, ApiKeyId, DepartmentId, OrganisationId, PersonId

Role = Literal["viewer", "moderator", "manager", "admin", "owner"]

EVERY_SCOPE = "*"
EVERY_READ = "*:read"
SCOPE_RESOURCES = (
    "organisation",
    "departments",
    "accounts",
    "keys",
    "audit",
    "people",
    "profiles",
    "events",
    "achievements",
    "awards",
    "rewards",
    "credentials",
    "designs",
    "webhooks",
    "grants",
)
SCOPES = frozenset(
    {EVERY_SCOPE, EVERY_READ} | {f"{resource}:{verb}" for resource in SCOPE_RESOURCES for verb in ("read", "write")}
)


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """The tenant."""

    id: OrganisationId
    uid: str
    slug: str
    name: str
    description: str
    url: str | None
    email: str | None
    image: str | None
    """The address of a picture elsewhere; `logos.showing.image_of` prefers the organisation's own logo."""
    logo: str | None
    """The hash of its logo, when it has one (see domain/logos)."""
    time_zone: str
    language: str
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an organisation (also called a community)."""

    id: DepartmentId
    uid: str
    name: str
    slug: str
    description: str
    url: str | None
    image: str | None
    is_default: bool
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who runs the organisation through the console, and whom a key may act as. invited_at: since when a link is open
    by which they may choose their password.
    """

    id: AccountId
    uid: str
    email: str
    name: str
    role: Role
    has_password: bool
    invited_at: datetime | None
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """An API key without its secret, which nobody can read again."""

    organisation_id: OrganisationId
    id: ApiKeyId
    uid: str
    name: str
    scopes: tuple[str, ...]
    department_id: DepartmentId | None
    acting_person_id: PersonId | None
    account_id: AccountId | None
    expires_at: datetime | None
    revoked_at: datetime | None
    replaced_by: str | None
    last_used_at: datetime | None
    created_at: datetime

    def valid_at(self, now: datetime) -> bool:
        """Whether the key opens anything at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: what an API key (or another proof of identity) says about a request."""

    organisation_id: OrganisationId
    identity: str
    """Stable and unique within the organisation: what an Idempotency-Key belongs to, e.g. "key:17"."""
    actor: str
    """How the audit trail names the caller, e.g. "key:4hJd83Kd9aQx"."""
    scopes: frozenset[str] = frozenset()
    key_id: ApiKeyId | None = None
    key_uid: str | None = None
    department_id: DepartmentId | None = None
    person_id: PersonId | None = None
    account_id: AccountId | None = None

    def may(self, scope: str) -> bool:
        """Whether `scope` ("people:write") is held; writing includes reading."""
        if EVERY_SCOPE in self.scopes or scope in self.scopes:
            return True
        resource, _, verb = scope.partition(":")
        return verb == "read" and (EVERY_READ in self.scopes or f"{resource}:write" in self.scopes)


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to what, when."""

    id: int
    at: datetime
    actor: str
    action: str
    subject_kind: str
    subject_uid: str
    details: dict[str, Any]

"""The words: an identity provider, a sign-in under way, what the provider said about somebody. No I/O."""

from datetime import datetime
from typing import Self

import msgspec

from laurel.base.errors import Unauthenticated, Unavailable
from laurel.base.ids import AccountId, OrganisationId
from laurel.database.pool import Row
from laurel.database.rows import Stored
from laurel.domain.organisations.model import Role


class SignInFailed(Unauthenticated):
    """The identity provider's answer opens no account; the message says why, to the person at the browser."""

    code = "sign_in_failed"


class ProviderFailed(Unavailable):
    """The identity provider does not answer, or answers what it must not."""

    code = "identity_provider_failed"


class IdentityProvider(msgspec.Struct, frozen=True, kw_only=True):
    """Where the accounts of an organisation may sign in. The secret is sealed; None for a public client."""

    organisation_id: OrganisationId
    name: str
    issuer: str
    client_id: str
    client_secret: bytes | None
    domains: tuple[str, ...]
    """Who has an address in one of these is led here, and gets an account when `creates_accounts`."""
    creates_accounts: bool
    default_role: Role
    trusts_addresses: bool
    """Whether an address counts as verified when the provider does not say."""
    leave_address: str | None
    """Where a browser signs out at the provider."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `identity_provider`."""
        values = {name: row[name] for name in cls.__struct_fields__}
        return cls(**{**values, "domains": tuple(row["domains"])})

    def knows_address(self, email: str) -> bool:
        """Whether the address is of one of the provider's domains."""
        return email.rpartition("@")[2] in self.domains


class Attempt(Stored, frozen=True):
    """A sign-in that was begun: for which issuer, from where, with which interrupted form."""

    organisation_id: OrganisationId
    uid: str
    browser_hmac: bytes
    issuer: str
    next_address: str
    kept: str
    created_at: datetime


class Somebody(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the provider has recognised. `email` only when it counts as verified."""

    subject: str
    email: str | None
    unverified: str | None
    """An address that was named and does not count."""
    name: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Which account an (issuer, subject) was linked to; `living` when that account was not removed since."""

    account_id: AccountId
    living: bool

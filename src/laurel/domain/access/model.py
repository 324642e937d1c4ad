"""The words: a session of an account, and what its role allows. No I/O."""

from datetime import datetime

import msgspec

from laurel.base.errors import Unauthenticated
from laurel.base.ids import AccountId, OrganisationId
from laurel.domain.organisations.model import EVERY_SCOPE, Account, Caller, Organisation, Role

_VIEWER = frozenset(
    f"{resource}:read"
    for resource in (
        "organisation", "departments", "people", "profiles", "events", "achievements", "awards", "rewards",
        "credentials", "designs",
    )
)  # fmt: skip
_MODERATOR = _VIEWER | {"people:write", "awards:write", "credentials:write", "events:write"}
_MANAGER = _MODERATOR | {"achievements:write", "rewards:write", "designs:write", "profiles:write"}
_ADMIN = _MANAGER | {
    f"{resource}:write"
    for resource in ("organisation", "departments", "accounts", "keys", "webhooks", "grants", "audit")
}
ROLE_SCOPES: dict[Role, frozenset[str]] = {
    "viewer": _VIEWER,
    "moderator": _MODERATOR,
    "manager": _MANAGER,
    "admin": _ADMIN,
    "owner": frozenset({EVERY_SCOPE}),
}


PASSWORDS = "password_sign_in"
"""In an organisation's settings: False when its identity provider alone opens the console."""


class SignInRefused(Unauthenticated):
    """Address and password open no account; which of the two is wrong is not told."""

    code = "sign_in_refused"


class LinkNotValid(Unauthenticated):
    """A link that was not made here, has run out, or was opened before."""

    code = "link_not_valid"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that an account is signed in with."""

    organisation_id: OrganisationId
    uid: str
    account_id: AccountId
    created_at: datetime
    seen_at: datetime


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A recognised session with what belongs to it."""

    session: Session
    account: Account
    organisation: Organisation

    @property
    def caller(self) -> Caller:
        """The account as use cases know callers."""
        account = self.account
        return Caller(
            organisation_id=self.organisation.id,
            identity=f"account:{account.id}",
            actor=f"account:{account.uid}",
            scopes=ROLE_SCOPES[account.role],
            account_id=account.id,
        )

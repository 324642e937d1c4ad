"""An organisation's identity provider: set, changed, removed; its secret sealed with the master key."""

import re
from datetime import datetime
from typing import Any, Protocol

import msgspec

from laurel.base.errors import Conflict, Forbidden, Invalid, NotFound
from laurel.base.ids import OrganisationId
from laurel.base.limits import (
    CLIENT_ID_LENGTH_MAX,
    IDENTITY_DOMAINS_MAX,
    IDENTITY_SECRET_LENGTH_MAX,
    NAME_LENGTH_MAX,
    URL_LENGTH_MAX,
    check_count,
    check_length,
)
from laurel.base.text import clean
from laurel.database.pool import Database, Transaction
from laurel.domain.access.model import PASSWORDS
from laurel.domain.organisations import audit, sealed
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import EVERY_SCOPE, Caller, Role
from laurel.domain.organisations.sign_in import ROLES
from laurel.domain.single_sign_on import openid, store
from laurel.domain.single_sign_on.model import IdentityProvider
from laurel.outside.clock import Clock
from laurel.outside.http import Http

_PURPOSE = b"laurel identity provider secrets v1"
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
GIVEN_ROLES: tuple[Role, ...] = tuple(role for role in ROLES if role != "owner")
"""What somebody may become by signing in alone."""


class Doorkeeper(Protocol):
    """The running parts that signing in needs (domain/parts.py has them)."""

    @property
    def database(self) -> Database:
        """Where it is written."""
        ...

    @property
    def clock(self) -> Clock:
        """The clock."""
        ...

    @property
    def http(self) -> Http:
        """Who asks the provider, guarded against private addresses."""
        ...

    @property
    def public_url(self) -> str:
        """The address of this server."""
        ...

    @property
    def pepper(self) -> bytes:
        """What sign-ins under way are bound to their browser with."""
        ...

    @property
    def master_key(self) -> bytes:
        """What the secret is sealed with."""
        ...


class ProviderWish(msgspec.Struct, frozen=True, kw_only=True):
    """What an identity provider is to be. Without a secret the present one stays, as long as the issuer does."""

    issuer: str
    client_id: str
    client_secret: str | None = None
    name: str = ""
    domains: tuple[str, ...] = ()
    creates_accounts: bool = False
    default_role: str = "viewer"
    trusts_addresses: bool = False
    password_sign_in: bool = True


def redirect_address(public_url: str) -> str:
    """Where a provider sends people back to; it has to be registered there."""
    return f"{public_url}/console/sign-in/callback"


async def put(doorkeeper: Doorkeeper, wish: ProviderWish, *, by: Caller) -> IdentityProvider:
    """Set the provider of the caller's organisation, after asking it who it is.

    Raises Forbidden for callers that are not owners (who sets the provider decides who signs in as whom), Invalid,
    TooLarge, ProviderFailed, Conflict when passwords are switched off before an owner has signed in through it.
    """
    if not by.may(EVERY_SCOPE):
        raise Forbidden("only owners, and keys with every scope, can change through whom people sign in")
    values = _checked(wish)
    discovered = await openid.discover(doorkeeper.http, values["issuer"])
    values["leave_address"] = discovered.end_session_endpoint
    async with doorkeeper.database.transaction(by.organisation_id) as tx:
        organisation = await organisations.lock_organisation(tx)
        present = await store.provider(tx)
        same = present is not None and present.issuer == values["issuer"]
        if wish.client_secret:
            values["client_secret"] = _seal(doorkeeper, by.organisation_id, wish.client_secret)
        else:
            values["client_secret"] = present.client_secret if present is not None and same else None
        if not wish.password_sign_in and not await store.has_linked_owner(tx, values["issuer"]):
            raise Conflict(
                "an owner must have signed in through this provider once before passwords are switched off",
                field="password_sign_in",
            )
        provider = await store.put_provider(tx, values, doorkeeper.clock.now())
        await _set_passwords(tx, organisation.settings, allowed=wish.password_sign_in, now=doorkeeper.clock.now())
        await audit.record(
            tx,
            at=doorkeeper.clock.now(),
            by=by,
            action="identity_provider.put",
            subject=("organisation", organisation.uid),
            details={"password_sign_in": wish.password_sign_in},
        )
    return provider


async def remove(doorkeeper: Doorkeeper, *, by: Caller) -> None:
    """Forget the provider and its links; passwords work again. Raises Forbidden, NotFound."""
    if not by.may(EVERY_SCOPE):
        raise Forbidden("only owners, and keys with every scope, can change through whom people sign in")
    async with doorkeeper.database.transaction(by.organisation_id) as tx:
        organisation = await organisations.lock_organisation(tx)
        if not await store.delete_provider(tx):
            raise NotFound("the organisation has no identity provider")
        now = doorkeeper.clock.now()
        await _set_passwords(tx, organisation.settings, allowed=True, now=now)
        await audit.record(
            tx, at=now, by=by, action="identity_provider.delete", subject=("organisation", organisation.uid)
        )


async def allow_passwords(tx: Transaction, *, by: Caller | str, now: datetime) -> None:
    """Let passwords open the console again: the operator's way in when a provider does not answer any more."""
    organisation = await organisations.lock_organisation(tx)
    await _set_passwords(tx, organisation.settings, allowed=True, now=now)
    await audit.record(tx, at=now, by=by, action="passwords.allow", subject=("organisation", organisation.uid))


def secret_of(doorkeeper: Doorkeeper, provider: IdentityProvider) -> str | None:
    """The client's secret, opened."""
    if provider.client_secret is None:
        return None
    return sealed.unseal(doorkeeper.master_key, _PURPOSE, str(provider.organisation_id), provider.client_secret)


def _seal(doorkeeper: Doorkeeper, organisation_id: OrganisationId, secret: str) -> bytes:
    check_length(secret, IDENTITY_SECRET_LENGTH_MAX, "client_secret")
    return sealed.seal(doorkeeper.master_key, _PURPOSE, str(organisation_id), secret)


async def _set_passwords(tx: Transaction, settings: dict[str, Any], *, allowed: bool, now: datetime) -> None:
    changed = {name: value for name, value in settings.items() if name != PASSWORDS}
    if not allowed:
        changed[PASSWORDS] = False
    await organisations.update_organisation(tx, {"settings": changed}, now)


def _checked(wish: ProviderWish) -> dict[str, Any]:
    issuer = check_length(wish.issuer.strip(), URL_LENGTH_MAX, "issuer")
    if not issuer.startswith(("https://", "http://")) or any(mark in issuer for mark in "?# \n"):
        raise Invalid(
            "issuer must be an https address, as the provider itself spells it", field="issuer", value=issuer[:200]
        )
    client_id = check_length(clean(wish.client_id).strip(), CLIENT_ID_LENGTH_MAX, "client_id")
    if not client_id:
        raise Invalid("client_id must not be empty", field="client_id")
    check_count(len(wish.domains), IDENTITY_DOMAINS_MAX, "domains")
    domains = tuple(dict.fromkeys(domain.strip().lower().removeprefix("@") for domain in wish.domains))
    for domain in domains:
        if not _DOMAIN.fullmatch(domain):
            raise Invalid(
                "domains are the part of an address behind the @, such as example.org",
                field="domains",
                value=domain[:100],
            )
    if wish.default_role not in GIVEN_ROLES:
        raise Invalid(
            f"default_role must be one of {', '.join(GIVEN_ROLES)}", field="default_role", value=wish.default_role[:50]
        )
    if wish.creates_accounts and not domains:
        raise Invalid("say from which domains people get an account", field="domains")
    return {
        "name": check_length(clean(wish.name).strip(), NAME_LENGTH_MAX, "name"),
        "issuer": issuer,
        "client_id": client_id,
        "domains": list(domains),
        "creates_accounts": wish.creates_accounts,
        "default_role": wish.default_role,
        "trusts_addresses": wish.trusts_addresses,
    }

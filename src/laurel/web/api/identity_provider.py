"""/api/v1/identity-provider: through whom the organisation's accounts sign in to the console."""

from datetime import datetime

import msgspec
from litestar import delete, get, put
from litestar.params import JSONBody

from laurel.base.errors import NotFound
from laurel.domain.access.model import PASSWORDS
from laurel.domain.organisations import store as organisations
from laurel.domain.single_sign_on import providers, store
from laurel.domain.single_sign_on.model import IdentityProvider
from laurel.domain.single_sign_on.providers import ProviderWish
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts


class IdentityProviderOut(msgspec.Struct, frozen=True, kw_only=True):
    """An identity provider as our API shows it; its secret is shown nowhere."""

    name: str
    issuer: str
    client_id: str
    has_client_secret: bool
    domains: tuple[str, ...]
    creates_accounts: bool
    default_role: str
    trusts_addresses: bool
    password_sign_in: bool
    redirect_uri: str
    created_at: datetime
    updated_at: datetime


class IdentityProviderWish(Body, frozen=True, kw_only=True):
    """What it is to be. `client_secret` may be left out when the issuer stays."""

    issuer: str
    client_id: str
    client_secret: str | None = None
    name: str = ""
    domains: tuple[str, ...] = ()
    creates_accounts: bool = False
    default_role: str = "viewer"
    trusts_addresses: bool = False
    password_sign_in: bool = True


def _render(provider: IdentityProvider, *, passwords: bool, public_url: str) -> IdentityProviderOut:
    own = {"has_client_secret", "password_sign_in", "redirect_uri"}
    shared = set(IdentityProviderOut.__struct_fields__) - own
    return IdentityProviderOut(
        has_client_secret=provider.client_secret is not None,
        password_sign_in=passwords,
        redirect_uri=providers.redirect_address(public_url),
        **{field: getattr(provider, field) for field in shared},
    )


@get("/api/v1/identity-provider", guards=[requires("accounts:read")], tags=["accounts"])
async def show_identity_provider(parts: InjectedParts, caller: InjectedCaller) -> IdentityProviderOut:
    """The organisation's identity provider."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        provider = await store.provider(tx)
        organisation = await organisations.organisation(tx)
    if provider is None:
        raise NotFound("the organisation has no identity provider")
    passwords = organisation.settings.get(PASSWORDS, True) is not False
    return _render(provider, passwords=passwords, public_url=parts.public_url)


@put("/api/v1/identity-provider", guards=[requires("accounts:write")], tags=["accounts"])
async def put_identity_provider(
    parts: InjectedParts, caller: InjectedCaller, data: JSONBody[IdentityProviderWish]
) -> IdentityProviderOut:
    """Set it; the provider is asked for its configuration first. For keys with every scope."""
    provider = await providers.put(parts, ProviderWish(**msgspec.structs.asdict(data)), by=caller)
    return _render(provider, passwords=data.password_sign_in, public_url=parts.public_url)


@delete("/api/v1/identity-provider", guards=[requires("accounts:write")], tags=["accounts"])
async def remove_identity_provider(parts: InjectedParts, caller: InjectedCaller) -> None:
    """Forget it; passwords open the console again. For keys with every scope."""
    await providers.remove(parts, by=caller)


HANDLERS = (show_identity_provider, put_identity_provider, remove_identity_provider)

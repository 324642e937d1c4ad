"""/console/settings/sign-in: the identity provider of the organisation. Owners only, for who sets it decides who comes in."""

from litestar import Response

from laurel.base.errors import LaurelError
from laurel.domain.access.model import PASSWORDS
from laurel.domain.organisations.model import EVERY_SCOPE
from laurel.domain.organisations.sign_in import find_account
from laurel.domain.single_sign_on import providers, signing_in, store
from laurel.domain.single_sign_on.model import IdentityProvider
from laurel.domain.single_sign_on.providers import GIVEN_ROLES, ProviderWish
from laurel.web.pages.visits import Visit, page

_TEXTS = ("name", "issuer", "client_id", "default_role")
_SWITCHES = ("creates_accounts", "trusts_addresses")


async def _show(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    form = visit.form
    async with visit.transaction() as tx:
        provider = await store.provider(tx)
        linked = len(await store.linked_accounts(tx, provider.issuer)) if provider is not None else 0
        proven = provider is not None and await store.has_linked_owner(tx, provider.issuer)
    values: dict[str, object] = {name: _value(visit, provider, name) for name in _TEXTS}
    values |= {
        name: form.ticked(name) if form.values else bool(provider and getattr(provider, name)) for name in _SWITCHES
    }
    values["domains"] = form.get("domains") if form.values else "\n".join(provider.domains if provider else ())
    allowed = visit.organisation.settings.get(PASSWORDS, True) is not False
    values["password_sign_in"] = form.ticked("password_sign_in") if form.values else allowed
    return visit.show(
        "console/identity.html",
        error=error,
        provider=provider,
        values=values,
        linked=linked,
        proven=proven,
        roles=[(role, role) for role in GIVEN_ROLES],
        redirect=providers.redirect_address(visit.parts.public_url),
    )


def _value(visit: Visit, provider: IdentityProvider | None, name: str) -> str:
    if visit.form.values:
        return visit.form.get(name)
    return str(getattr(provider, name)) if provider is not None else ""


@page("/console/settings/sign-in", needs=EVERY_SCOPE)
async def show_identity_provider(visit: Visit) -> Response[bytes]:
    """How people sign in."""
    return await _show(visit)


@page("/console/settings/sign-in", needs=EVERY_SCOPE, post=True)
async def change_identity_provider(visit: Visit) -> Response[bytes]:
    """Set it, after asking the provider who it is; or forget it."""
    form = visit.form
    try:
        if form.get("change") == "remove":
            await providers.remove(visit.parts, by=visit.caller)
            return visit.to(
                "/console/settings/sign-in", "The identity provider is removed; passwords open the console."
            )
        wish = ProviderWish(
            name=form.get("name"),
            issuer=form.get("issuer"),
            client_id=form.get("client_id"),
            default_role=form.get("default_role"),
            creates_accounts=form.ticked("creates_accounts"),
            trusts_addresses=form.ticked("trusts_addresses"),
            client_secret=form.raw("client_secret_password") or None,
            domains=tuple(form.get("domains").replace(",", " ").split()),
            password_sign_in=form.ticked("password_sign_in"),
        )
        await providers.put(visit.parts, wish, by=visit.caller)
    except LaurelError as refused:
        if refused.field == "client_secret":
            refused.field = "client_secret_password"
        return await _show(visit, refused)
    return visit.to("/console/settings/sign-in", "Saved: the provider answered.")


@page("/console/team/{account:str}/unlink", needs=EVERY_SCOPE, post=True)
async def unlink_account(visit: Visit) -> Response[bytes]:
    """Forget who an account is at the provider."""
    async with visit.transaction() as tx:
        account = await find_account(tx, visit.path("account"))
        await signing_in.unlink(tx, account, by=visit.caller, now=visit.parts.clock.now())
    return visit.to("/console/team", "The link is forgotten: the address decides at the next sign-in.")


HANDLERS = (show_identity_provider, change_identity_provider, unlink_account)

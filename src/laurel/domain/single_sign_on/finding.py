"""Which identity provider somebody at the door belongs to. A provider is found by domain, never by who has an account."""

from typing import NamedTuple

from laurel.base.ids import OrganisationId
from laurel.base.limits import ACCOUNTS_PER_ADDRESS_MAX
from laurel.database.pool import Database
from laurel.domain.access.model import PASSWORDS
from laurel.domain.organisations import store as organisations
from laurel.domain.single_sign_on import store
from laurel.domain.single_sign_on.model import IdentityProvider


class Door(NamedTuple):
    """A provider with the organisation that it opens."""

    organisation_id: OrganisationId
    slug: str
    organisation: str
    provider: IdentityProvider
    passwords: bool


async def at_the_door(database: Database) -> tuple[bool, Door | None]:
    """(whether any organisation here has a provider, that of the only organisation when there is one alone)."""
    async with database.every_organisation() as tx:
        if not await store.any_provider(tx):
            return False, None
        only = await store.only_organisation(tx)
    return True, None if only is None else await of_organisation(database, only)


async def of_organisation(database: Database, organisation_id: OrganisationId) -> Door | None:
    """The door of one organisation, None when it has no provider."""
    async with database.transaction(organisation_id) as tx:
        organisation = await organisations.organisation(tx)
        provider = await store.provider(tx)
    if provider is None:
        return None
    passwords = organisation.settings.get(PASSWORDS, True) is not False
    return Door(organisation.id, organisation.slug, organisation.name, provider, passwords)


async def by_slug(database: Database, slug: str) -> Door | None:
    """The door of the organisation with this slug or uid, for links that it gives to its people."""
    async with database.every_organisation() as tx:
        organisation = await organisations.organisation_by_slug_or_uid(tx, slug)
    return None if organisation is None else await of_organisation(database, organisation.id)


async def by_address(database: Database, email: str) -> list[Door]:
    """The doors of organisations whose provider takes addresses of this domain, oldest organisation first."""
    async with database.every_organisation() as tx:
        found = await store.providers_for_domain(tx, email.rpartition("@")[2], ACCOUNTS_PER_ADDRESS_MAX)
    return [Door(provider.organisation_id, slug, name, provider, True) for provider, slug, name in found]

"""/api/v1/organisation: the caller's own organisation."""

from datetime import datetime

import msgspec
from litestar import get, patch
from litestar.params import JSONBody
from msgspec import UNSET, UnsetType

from laurel.domain.logos.showing import address_of
from laurel.domain.organisations import store, tenancy
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.web.api.wire import Body, given
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts


class OrganisationOut(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation as our API shows it. image: the address of a picture elsewhere; logo: where its own one stands."""

    id: str
    slug: str
    name: str
    description: str
    url: str | None
    email: str | None
    image: str | None
    logo: str | None
    time_zone: str
    language: str
    created_at: datetime
    updated_at: datetime


class OrganisationChange(Body, frozen=True, kw_only=True):
    """What may be changed; what is absent stays."""

    name: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    url: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    image: str | UnsetType | None = UNSET
    time_zone: str | UnsetType = UNSET
    language: str | UnsetType = UNSET


def _render(parts: Parts, organisation: Organisation) -> OrganisationOut:
    shared = set(OrganisationOut.__struct_fields__) - {"id", "logo"}
    return OrganisationOut(
        id=organisation.uid,
        logo=address_of(organisation, parts.public_url) if organisation.logo else None,
        **{field: getattr(organisation, field) for field in shared},
    )


@get("/api/v1/organisation", guards=[requires("organisation:read")], tags=["organisation"])
async def show_organisation(parts: InjectedParts, caller: InjectedCaller) -> OrganisationOut:
    """The organisation that the key belongs to."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _render(parts, await store.organisation(tx))


@patch("/api/v1/organisation", guards=[requires("organisation:write")], tags=["organisation"])
async def change_organisation(
    parts: InjectedParts, caller: InjectedCaller, data: JSONBody[OrganisationChange]
) -> OrganisationOut:
    """Change what is given."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _render(parts, await tenancy.change_organisation(tx, given(data), by=caller, now=parts.clock.now()))


HANDLERS = (show_organisation, change_organisation)

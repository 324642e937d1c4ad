"""/api/v1/organisation/logo: the logo of the caller's own organisation."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, delete, get, post, put
from litestar.params import JSONBody

from laurel.domain.logos import showing, store, taking
from laurel.domain.logos.model import Logo, LogoNotFound
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.drawing_allowance import previews
from laurel.web.injected import InjectedCaller, InjectedParts


class LogoOut(msgspec.Struct, frozen=True, kw_only=True):
    """A logo. url: where it stands for everybody, null while there is none; fetched_from: the address that it was taken
    from; fetching: the one that is being asked; refusal: why the last one that was asked gave none.
    """

    url: str | None
    media_type: str | None
    width: int | None
    height: int | None
    fetched_from: str | None
    fetching: str | None
    refusal: str | None
    updated_at: datetime


class LogoAddress(Body, frozen=True, kw_only=True):
    """Where a picture is to be fetched, once."""

    address: str


def _render(parts: Parts, organisation: Organisation, logo: Logo) -> LogoOut:
    return LogoOut(
        url=showing.address_of(organisation, parts.public_url) if logo.name else None,
        media_type=logo.media_type,
        width=logo.width,
        height=logo.height,
        fetched_from=logo.address,
        fetching=logo.wanted,
        refusal=logo.refusal,
        updated_at=logo.updated_at,
    )


@get("/api/v1/organisation/logo", guards=[requires("organisation:read")], tags=["organisation"])
async def show_logo(parts: InjectedParts, caller: InjectedCaller) -> LogoOut:
    """The logo, and what became of fetching one."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        logo = await store.find(tx)
        organisation = await organisations.organisation(tx)
    if logo is None:
        raise LogoNotFound("there is no logo")
    return _render(parts, organisation, logo)


@put("/api/v1/organisation/logo", guards=[requires("organisation:write")], tags=["organisation"])
async def put_logo(request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller) -> LogoOut:
    """Make the picture in the body (PNG, JPEG, GIF, WebP, SVG; at most 1 MiB) the logo. It is written anew, at most 800
    pixels on a side.
    """
    previews.take(caller.identity)
    sizes = await taking.made(await request.body(), "body")
    async with parts.database.transaction(caller.organisation_id) as tx:
        logo = await taking.put(tx, sizes, by=caller, now=parts.clock.now())
        return _render(parts, await organisations.organisation(tx), logo)


@post(
    "/api/v1/organisation/logo/fetch", guards=[requires("organisation:write")], tags=["organisation"], status_code=202
)
async def fetch_logo(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[LogoAddress]) -> LogoOut:
    """Have a picture fetched once from an https address and made the logo; asking for the logo says what became of it."""
    previews.take(caller.identity)
    async with parts.database.transaction(caller.organisation_id) as tx:
        logo = await taking.ask(tx, parts.http, data.address, by=caller, now=parts.clock.now())
        return _render(parts, await organisations.organisation(tx), logo)


@delete("/api/v1/organisation/logo", guards=[requires("organisation:write")], tags=["organisation"])
async def remove_logo(parts: InjectedParts, caller: InjectedCaller) -> None:
    """Have no logo any more. Documents that were issued with it name an address at which there is nothing then."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await taking.remove(tx, by=caller, now=parts.clock.now())


HANDLERS = (show_logo, put_logo, fetch_logo, remove_logo)

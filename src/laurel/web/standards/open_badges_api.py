"""/ims/ob/v3p0: the Open Badges 3.0 API of a person's wallet. Parses, calls the wallet, renders; no rules.

Source: Open Badges 3.0, section 6 (Open Badges API); contracts/open-badges.md, section 8.
"""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post, put
from litestar.params import FromQuery, QueryParameter

from laurel.base.limits import DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, WALLET_OFFSET_MAX, WALLET_PAGE_SIZE_MAX
from laurel.domain.grants.model import READ_CREDENTIALS, READ_PROFILE, SCOPES, WRITE_CREDENTIALS, WRITE_PROFILE
from laurel.domain.parts import Parts
from laurel.domain.wallet import profile, store, taking_in
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.reading import read_json
from laurel.web.callers import requires
from laurel.web.http_errors import MalformedBody
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.standards.bearers import by_token, person_of
from laurel.web.standards.open_badges_discovery import discovery_of
from laurel.web.standards.status_info import render_error
from laurel.web.standards.wallet_wire import check_since, links, listing, take_in
from laurel.web.surfaces import Surface

BASE: Final = "/ims/ob/v3p0"
_PAGE_SIZE = 50


@get(f"{BASE}/discovery", include_in_schema=False)
async def discover(parts: InjectedParts) -> dict[str, Any]:
    """What this service offers, as an OpenAPI document; for everybody."""
    return discovery_of(parts, BASE, SCOPES)


@get(f"{BASE}/credentials", guards=[requires(READ_CREDENTIALS)], include_in_schema=False)
async def get_credentials(
    parts: InjectedParts,
    caller: InjectedCaller,
    limit: Annotated[int, QueryParameter(ge=1, le=WALLET_PAGE_SIZE_MAX)] = _PAGE_SIZE,
    offset: Annotated[int, QueryParameter(ge=0, le=WALLET_OFFSET_MAX)] = 0,
    since: FromQuery[datetime | None] = None,
) -> Response[bytes]:
    """What the person holds, the newest first: documents as they were signed, and compact tokens."""
    check_since(since)
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await person_of(tx, caller)
        total = await store.count(tx, person.id, since)
        entries = await store.page(tx, person.id, since, limit, offset)
    kept = {} if since is None else {"since": since.isoformat()}
    link = links(f"{parts.public_url}{BASE}/credentials", limit, offset, total, kept)
    headers = {"X-Total-Count": str(total), "Link": link}
    return Response(listing(entries), media_type="application/json", headers=headers)


@post(f"{BASE}/credentials", guards=[requires(WRITE_CREDENTIALS)], include_in_schema=False)
async def upsert_credential(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[bytes | None]:
    """Put a credential of any issuer into the person's wallet, once it is verified; the body comes back."""
    return await take_in(request, parts, caller, taking_in.BADGES)


@get(f"{BASE}/profile", guards=[requires(READ_PROFILE)], include_in_schema=False)
async def get_profile(parts: InjectedParts, caller: InjectedCaller) -> dict[str, Any]:
    """The person's profile."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return profile.profile_of(await person_of(tx, caller))


@put(f"{BASE}/profile", guards=[requires(WRITE_PROFILE)], include_in_schema=False)
async def put_profile(request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller) -> dict[str, Any]:
    """Replace the person's profile; id and e-mail address stay what they are."""
    body = await request.body()
    try:
        given = await asyncio.to_thread(read_json, body)
    except DocumentRefused as refusal:
        raise MalformedBody(refusal.message, field="body", limit=refusal.limit) from None
    return await _write(parts, caller, given)


async def _write(parts: Parts, caller: InjectedCaller, given: dict[str, Any]) -> dict[str, Any]:
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await person_of(tx, caller)
        return profile.profile_of(await profile.write(tx, person, given, parts.clock.now()))


OPEN_BADGES = Surface(
    name="open-badges",
    prefixes=(BASE,),
    handlers=[discover, get_credentials, upsert_credential, get_profile, put_profile],
    render_error=render_error,
    authenticate=by_token,
    body_bytes_max=DOCUMENT_BYTES_MAX,
    json_depth_max=DOCUMENT_DEPTH_MAX,
)

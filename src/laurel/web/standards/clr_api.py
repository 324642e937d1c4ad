"""/ims/clr/v2p0: a person's Comprehensive Learner Records: ours, made when asked for, and those of others that they keep.
Parses, calls the wallet, renders; no rules.

Source: CLR Standard 2.0, section 6 (API); contracts/open-badges.md, section 11.
"""

from datetime import datetime
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromQuery, QueryParameter

import laurel
from laurel.base.limits import DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, WALLET_OFFSET_MAX, WALLET_PAGE_SIZE_MAX
from laurel.domain.grants.model import READ_RECORDS, SCOPES, WRITE_RECORDS
from laurel.domain.wallet import store, taking_in
from laurel.domain.wallet.learner_record import record_of
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.standards.bearers import by_token, person_of
from laurel.web.standards.open_badges_discovery import own_texts
from laurel.web.standards.status_info import render_error
from laurel.web.standards.wallet_wire import check_since, links, listing, take_in
from laurel.web.surfaces import Surface

BASE: Final = "/ims/clr/v2p0"
_PAGE_SIZE = 50


@get(f"{BASE}/discovery", include_in_schema=False)
async def discover_records(parts: InjectedParts) -> dict[str, Any]:
    """What this service offers, as an OpenAPI document; for everybody."""
    here = parts.public_url
    flow = {
        "authorizationUrl": f"{here}/oauth/authorize",
        "tokenUrl": f"{here}/oauth/token",
        "scopes": {scope: SCOPES[scope] for scope in (READ_RECORDS, WRITE_RECORDS)},
    }
    return {
        "openapi": "3.0.1",
        "info": {
            "title": "Laurel",
            "version": laurel.__version__,
            **own_texts(parts),
        },
        "servers": [{"url": f"{here}{BASE}"}],
        "paths": {
            "/credentials": {
                "get": {
                    "operationId": "getCredentials",
                    "responses": {"200": {"description": "the record, signed now, and those that the person keeps"}},
                    "security": [{"OAuth2ACG": [READ_RECORDS]}],
                },
                "post": {
                    "operationId": "upsertCredential",
                    "responses": {"200": {"description": "replaced"}, "201": {"description": "kept"}},
                    "security": [{"OAuth2ACG": [WRITE_RECORDS]}],
                },
            }
        },
        "components": {
            "securitySchemes": {
                "OAuth2ACG": {
                    "type": "oauth2",
                    "x-imssf-name": "Laurel",
                    "x-imssf-registrationUrl": f"{here}/oauth/register",
                    "flows": {"authorizationCode": flow},
                }
            }
        },
    }


@get(f"{BASE}/credentials", guards=[requires(READ_RECORDS)], include_in_schema=False)
async def get_records(
    parts: InjectedParts,
    caller: InjectedCaller,
    limit: Annotated[int, QueryParameter(ge=1, le=WALLET_PAGE_SIZE_MAX)] = _PAGE_SIZE,
    offset: Annotated[int, QueryParameter(ge=0, le=WALLET_OFFSET_MAX)] = 0,
    since: FromQuery[datetime | None] = None,
) -> Response[bytes]:
    """The person's record as of now, which holds everything that stands, where there is something; then records of others
    that the person keeps here, the newest first.
    """
    check_since(since)
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await person_of(tx, caller)
        now = parts.clock.now()
        own = 1 if await store.own(tx, person.id, now, 1) else 0
        total = own + await store.count_records(tx, person.id, since)
        made = [await record_of(parts.issuer, tx, person, now)] if own and offset == 0 else []
        held = await store.records(tx, person.id, since, limit - len(made), max(0, offset - own))
    kept = {} if since is None else {"since": since.isoformat()}
    link = links(f"{parts.public_url}{BASE}/credentials", limit, offset, total, kept)
    headers = {"X-Total-Count": str(total), "Link": link}
    return Response(listing(held, made), media_type="application/json", headers=headers)


@post(f"{BASE}/credentials", guards=[requires(WRITE_RECORDS)], include_in_schema=False)
async def upsert_record(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[bytes | None]:
    """Put a record of any issuer into the person's wallet, once it and all that it holds are verified."""
    return await take_in(request, parts, caller, taking_in.RECORDS)


LEARNER_RECORDS = Surface(
    name="learner-records",
    prefixes=(BASE,),
    handlers=[discover_records, get_records, upsert_record],
    render_error=render_error,
    authenticate=by_token,
    body_bytes_max=DOCUMENT_BYTES_MAX,
    json_depth_max=DOCUMENT_DEPTH_MAX,
)

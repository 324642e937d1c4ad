"""/ims/clr/v2p0: a person's Comprehensive Learner Record, to read. Parses, calls the wallet, renders; no rules.

Source: CLR Standard 2.0, section 6 (API); contracts/open-badges.md, section 11.
"""

from typing import Any, Final

from litestar import Response, get

import laurel
from laurel.domain.grants.model import READ_RECORDS, SCOPES
from laurel.domain.wallet.learner_record import RecordEmpty, record_of
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.standards.bearers import by_token, person_of
from laurel.web.standards.open_badges_discovery import own_texts
from laurel.web.standards.status_info import render_error
from laurel.web.surfaces import Surface

BASE: Final = "/ims/clr/v2p0"


@get(f"{BASE}/discovery", include_in_schema=False)
async def discover_records(parts: InjectedParts) -> dict[str, Any]:
    """What this service offers, as an OpenAPI document; for everybody."""
    here = parts.public_url
    flow = {
        "authorizationUrl": f"{here}/oauth/authorize",
        "tokenUrl": f"{here}/oauth/token",
        "scopes": {READ_RECORDS: SCOPES[READ_RECORDS]},
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
                    "responses": {"200": {"description": "the record, signed now"}},
                    "security": [{"OAuth2ACG": [READ_RECORDS]}],
                }
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
async def get_record(parts: InjectedParts, caller: InjectedCaller) -> Response[bytes]:
    """The person's record as of now: none, or one that holds everything that stands."""
    try:
        async with parts.database.transaction(caller.organisation_id) as tx:
            person = await person_of(tx, caller)
            records = [await record_of(parts.issuer, tx, person, parts.clock.now())]
    except RecordEmpty:
        records = []
    body = b'{"credential":[' + b",".join(records) + b'],"compactJwsString":[]}'
    return Response(body, media_type="application/json", headers={"X-Total-Count": str(len(records))})


LEARNER_RECORDS = Surface(
    name="learner-records",
    prefixes=(BASE,),
    handlers=[discover_records, get_record],
    render_error=render_error,
    authenticate=by_token,
)

"""/org/settings: what an organisation chooses for this dialect. A route of ours: the original has none."""

from typing import Any

import msgspec
from litestar import Request, Response, get, put

from laurel.base.errors import Invalid
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations import tenancy
from laurel.web.bodies import decode_json
from laurel.web.dialects.litmos.site import permits
from laurel.web.dialects.litmos.translate import DETAILS, site_settings
from laurel.web.dialects.litmos.wire import JSON, JsonDate, json_text
from laurel.web.injected import InjectedCaller, InjectedParts

REQUESTS_PER_MINUTE_MAX = 1_000_000


class Chosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both settings; requests_per_minute 0 is no limit."""

    json_date: JsonDate = "wcf+0000"
    requests_per_minute: int = 0


@get("/v1.svc/org/settings", guards=[permits("organisation:read")], include_in_schema=False)
async def show_settings(parts: InjectedParts, caller: InjectedCaller) -> Response[bytes]:
    """The settings in force."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        organisation = await organisations.organisation(tx)
    return Response(json_text(Chosen(*site_settings(organisation.settings))), media_type=JSON)


@put("/v1.svc/org/settings", guards=[permits("organisation:write")], include_in_schema=False)
async def put_settings(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[bytes]:
    """Replace the settings; what is absent has its default."""
    chosen: Chosen = decode_json(await request.body(), Chosen)
    if not 0 <= chosen.requests_per_minute <= REQUESTS_PER_MINUTE_MAX:
        raise Invalid(
            f"requests_per_minute must be from 0 to {REQUESTS_PER_MINUTE_MAX}",
            field="requests_per_minute",
            limit=REQUESTS_PER_MINUTE_MAX,
            value=chosen.requests_per_minute,
        )
    async with parts.database.transaction(caller.organisation_id) as tx:
        organisation = await organisations.organisation(tx)
        settings = {**organisation.settings, DETAILS: msgspec.to_builtins(chosen)}
        await tenancy.change_organisation(tx, {"settings": settings}, by=caller, now=parts.clock.now())
    return Response(json_text(chosen), media_type=JSON)


HANDLERS = (show_settings, put_settings)

"""/console/applications: to which applications people of the organisation gave access, and taking it away again."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.domain.grants import overview
from laurel.domain.grants.model import (
    OFFLINE_ACCESS,
    READ_CREDENTIALS,
    READ_PROFILE,
    READ_RECORDS,
    WRITE_CREDENTIALS,
    WRITE_PROFILE,
    WRITE_RECORDS,
)
from laurel.web.pages.visits import Visit, page
from laurel.web.paging import read_cursor, write_cursor

_PAGE = 30
_MEANINGS = {
    READ_CREDENTIALS: "see their credentials",
    WRITE_CREDENTIALS: "put credentials into their wallet",
    READ_PROFILE: "see their profile",
    WRITE_PROFILE: "change what their wallet profile says",
    READ_RECORDS: "see the record of all that they earned",
    WRITE_RECORDS: "put learner records into their wallet",
    OFFLINE_ACCESS: "do so while they are away",
}
_Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


@page("/console/applications", needs="grants:read")
async def show_applications(visit: Visit) -> Response[bytes]:
    """Every application that somebody consented to."""
    (after,) = read_cursor(visit.asked("after") or None, _Digest, default=(None,))
    async with visit.transaction() as tx:
        found = await overview.list_applications(tx, limit=_PAGE + 1, after=after)
    following = write_cursor(found[_PAGE - 1].id) if len(found) > _PAGE else None
    return visit.show("console/applications.html", applications=found[:_PAGE], next=following)


@page("/console/applications/{application:str}", needs="grants:read")
async def show_application(visit: Visit) -> Response[bytes]:
    """Who consented to one of them, and to what."""
    return await _show(visit)


async def _show(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    last = read_cursor(visit.asked("after") or None, datetime, str)
    async with visit.transaction() as tx:
        application = await overview.find_application(tx, visit.path("application"))
        consents = await overview.list_consents(
            tx, limit=_PAGE + 1, application=application.id, before=(last[0], last[1]) if last else None
        )
    end = consents[_PAGE - 1] if len(consents) > _PAGE else None
    return visit.show(
        "console/application.html",
        error=error,
        application=application,
        consents=consents[:_PAGE],
        meanings=_MEANINGS,
        next=write_cursor(end.created_at, end.uid) if end else None,
    )


@page("/console/applications/{application:str}", needs="grants:write", post=True)
async def change_application(visit: Visit) -> Response[bytes]:
    """Take one person's access away, bar the application, or let it ask again."""
    change, application, now = visit.form.get("change"), visit.path("application"), visit.parts.clock.now()
    try:
        async with visit.transaction() as tx:
            match change:
                case "revoke":
                    await overview.revoke_consent(tx, visit.form.get("grant"), by=visit.caller, now=now)
                    said = "The access is taken away."
                case "bar":
                    ended = await overview.bar(tx, application, by=visit.caller, now=now)
                    said = f"The application is barred; {ended} people's access has ended."
                case "admit":
                    await overview.admit(tx, application, by=visit.caller, now=now)
                    said = "The application may ask people again."
                case _:
                    raise Invalid("there is no such change", field="change", value=change[:50])
    except LaurelError as refused:
        return await _show(visit, refused)
    return visit.to(f"/console/applications/{application}", said)


HANDLERS = (show_applications, show_application, change_application)

"""/api/v1/grants and /api/v1/applications: what people consented to by OAuth, and ending it."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, QueryParameter

from laurel.domain.grants import overview
from laurel.domain.grants.model import SCOPES, Application, Consent
from laurel.domain.people import registry
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor


class ScopeOut(msgspec.Struct, frozen=True, kw_only=True):
    """What was consented to: the scope as the application asked for it, and in words."""

    scope: str
    meaning: str


class GrantOut(msgspec.Struct, frozen=True, kw_only=True):
    """A consent that stands. `used_at` is when the application last got a token by it."""

    id: str
    person: str
    application: str
    application_name: str
    application_uri: str
    scopes: list[ScopeOut]
    created_at: datetime
    used_at: datetime | None


class ApplicationOut(msgspec.Struct, frozen=True, kw_only=True):
    """An application that people consented to; `consents` and `people` count what stands."""

    id: str
    name: str
    uri: str
    consents: int
    people: int
    last_consent_at: datetime
    barred_at: datetime | None


def _grant(found: Consent) -> GrantOut:
    return GrantOut(
        id=found.uid,
        person=found.person_uid,
        application=found.application,
        application_name=found.client_name,
        application_uri=found.client_uri,
        scopes=[ScopeOut(scope=scope, meaning=SCOPES.get(scope, "")) for scope in found.scopes],
        created_at=found.created_at,
        used_at=found.used_at,
    )


def _application(found: Application) -> ApplicationOut:
    return msgspec.convert(msgspec.structs.asdict(found), ApplicationOut)


Person = Annotated[str | None, QueryParameter(max_length=100, description="Only consents of this person (its id).")]
ApplicationId = Annotated[
    str | None, QueryParameter(max_length=100, description="Only consents to this application (its id).")
]


@get("/api/v1/grants", guards=[requires("grants:read")], tags=["grants"])
async def list_grants(
    parts: InjectedParts,
    caller: InjectedCaller,
    person: Person = None,
    application: ApplicationId = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Page[GrantOut]:
    """Consents that stand, the newest first."""
    last = read_cursor(after, datetime, str)
    async with parts.database.transaction(caller.organisation_id) as tx:
        subject = await registry.require(tx, person) if person else None
        rows = await overview.list_consents(
            tx,
            person_id=subject.id if subject else None,
            application=application,
            before=(last[0], last[1]) if last else None,
            limit=limit + 1,
        )
    return page_of(rows, limit, _grant, lambda row: (row.created_at, row.uid))


@get("/api/v1/grants/{grant:str}", guards=[requires("grants:read")], tags=["grants"])
async def show_grant(parts: InjectedParts, caller: InjectedCaller, grant: FromPath[str]) -> GrantOut:
    """One consent that stands."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _grant(await overview.find_consent(tx, grant))


@delete("/api/v1/grants/{grant:str}", guards=[requires("grants:write")], tags=["grants"])
async def revoke_grant(parts: InjectedParts, caller: InjectedCaller, grant: FromPath[str]) -> None:
    """End a consent; its tokens open nothing any more."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await overview.revoke_consent(tx, grant, by=caller, now=parts.clock.now())


@get("/api/v1/applications", guards=[requires("grants:read")], tags=["grants"])
async def list_applications(
    parts: InjectedParts, caller: InjectedCaller, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[ApplicationOut]:
    """Applications that people of the organisation consented to, also those that no consent stands for any more."""
    (last,) = read_cursor(after, _Digest, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await overview.list_applications(tx, after=last, limit=limit + 1)
    return page_of(rows, limit, _application, lambda row: (row.id,))


_Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


@get("/api/v1/applications/{application:str}", guards=[requires("grants:read")], tags=["grants"])
async def show_application(parts: InjectedParts, caller: InjectedCaller, application: FromPath[str]) -> ApplicationOut:
    """One application."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _application(await overview.find_application(tx, application))


@delete("/api/v1/applications/{application:str}", guards=[requires("grants:write")], tags=["grants"])
async def bar_application(parts: InjectedParts, caller: InjectedCaller, application: FromPath[str]) -> None:
    """End all consents to an application, and take none any more until it is admitted again."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await overview.bar(tx, application, by=caller, now=parts.clock.now())


@post(
    "/api/v1/applications/{application:str}/admit",
    guards=[requires("grants:write")],
    tags=["grants"],
    status_code=200,
)
async def admit_application(parts: InjectedParts, caller: InjectedCaller, application: FromPath[str]) -> ApplicationOut:
    """Let people consent to a barred application again; what was ended stays ended."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await overview.admit(tx, application, by=caller, now=parts.clock.now())
        return _application(await overview.find_application(tx, application))


HANDLERS = (
    list_grants,
    show_grant,
    revoke_grant,
    list_applications,
    show_application,
    bar_application,
    admit_application,
)

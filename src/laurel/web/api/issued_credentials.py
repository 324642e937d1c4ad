"""/api/v1/credentials: credentials as their issuer sees them, suspended and reinstated."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from laurel.base.ids import is_uid
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.credentials import store
from laurel.domain.credentials.model import Credential, CredentialNotFound, State
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.people import registry
from laurel.domain.people import store as people
from laurel.domain.record_events import revoke as revocations
from laurel.domain.record_events import suspend as suspensions
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.register import store as register
from laurel.domain.register.model import Listing
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor


class CredentialOut(msgspec.Struct, frozen=True, kw_only=True):
    """A credential, with the ids of what it was earned by and of who holds it.

    `refusal` says why it cannot be signed as it is; changing what it says has it tried again. `holder` is the DID that a
    wallet has proved, which is then the subject of the document.
    """

    id: str
    number: int
    state: str
    name: str
    recipient: str
    achievement: str
    person: str
    url: str
    issued_on: date
    issued_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    revoke_reason: str | None
    suspended_at: datetime | None
    suspended_until: datetime | None
    suspend_reason: str | None
    holder: str | None
    refusal: str | None
    private: bool
    log_number: int | None
    updated_at: datetime


_SAME = set(CredentialOut.__struct_fields__) - {
    "id", "number", "state", "name", "recipient", "achievement", "person", "url",
}  # fmt: skip


@get("/api/v1/credentials", guards=[requires("credentials:read")], tags=["credentials"])
async def list_credentials(
    parts: InjectedParts,
    caller: InjectedCaller,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    achievement: FromQuery[str | None] = None,
    person: FromQuery[str | None] = None,
) -> Page[CredentialOut]:
    """Credentials, newest first, of everybody or as narrowed down. For all of them at once there are exports."""
    (last,) = read_cursor(after, int, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        wanted = Listing(
            now=parts.clock.now(),
            state=in_state,
            achievement_id=(await definitions.require(tx, achievement, "achievement")).id if achievement else None,
            person_id=(await registry.require(tx, person)).id if person else None,
        )
        rendered = await _render(tx, parts, await register.list_newest(tx, wanted, before_id=last, limit=limit + 1))
    return page_of(rendered, limit, lambda row: row, lambda row: (row.number,))


@get("/api/v1/credentials/{credential:str}", guards=[requires("credentials:read")], tags=["credentials"])
async def read_credential(parts: InjectedParts, caller: InjectedCaller, credential: FromPath[str]) -> CredentialOut:
    """One credential."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return (await _render(tx, parts, [await _require(tx, credential)]))[0]


class Suspension(Body, frozen=True, kw_only=True):
    """Why, and until when; without `until` until it is reinstated."""

    reason: str | None = None
    until: datetime | None = None


@post(
    "/api/v1/credentials/{credential:str}/suspend",
    guards=[requires("credentials:write")],
    tags=["credentials"],
    status_code=200,
)
async def suspend_credential(
    parts: InjectedParts, caller: InjectedCaller, credential: FromPath[str], data: JSONBody[Suspension]
) -> CredentialOut:
    """Have a credential count no longer for a while. Its achievement must have `credential.suspendable`; a document that was
    signed before that is signed again, and copies of the older one stay good.
    """

    async def work(run: Run) -> CredentialOut:
        suspended = await suspensions.suspend(run, await _require(run.tx, credential), data.reason, data.until)
        return await _finish(parts, run, caller, "credential.suspend", suspended)

    return await in_run(parts.spine, caller.organisation_id, work)


@post(
    "/api/v1/credentials/{credential:str}/reinstate",
    guards=[requires("credentials:write")],
    tags=["credentials"],
    status_code=200,
)
async def reinstate_credential(
    parts: InjectedParts, caller: InjectedCaller, credential: FromPath[str]
) -> CredentialOut:
    """Lift a suspension, or undo a revocation."""

    async def work(run: Run) -> CredentialOut:
        found = await _require(run.tx, credential)
        award = (await awarded.find_many(run.tx, [found.award_id]))[found.award_id]
        _, reinstated = await revocations.reinstate(run, award)
        return await _finish(parts, run, caller, "credential.reinstate", reinstated or found)

    return await in_run(parts.spine, caller.organisation_id, work)


async def _require(tx: Transaction, uid: str) -> Credential:
    found = await store.find_by_uid(tx, uid) if is_uid(uid) else None
    if found is None:
        raise CredentialNotFound("there is no such credential", field="credential", value=uid[:50])
    return found


async def _finish(parts: Parts, run: Run, caller: Caller, action: str, changed: Credential) -> CredentialOut:
    await audit.record(run.tx, at=run.now, by=caller, action=action, subject=("credential", changed.uid))
    return (await _render(run.tx, parts, [changed]))[0]


async def _render(tx: Transaction, parts: Parts, found: list[Credential]) -> list[CredentialOut]:
    definitions_of = await definitions.uids_of(tx, sorted({one.achievement_id for one in found}))
    known = await people.find_many(tx, sorted({one.person_id for one in found}))
    now = parts.clock.now()
    return [
        CredentialOut(
            id=one.uid,
            number=one.id,
            state=one.state_at(now),
            name=one.fields["name"],
            recipient=one.fields["recipient_name"],
            achievement=definitions_of[one.achievement_id],
            person=known[one.person_id].uid,
            url=parts.issuer.addresses.credential(one.uid),
            **{field: getattr(one, field) for field in _SAME},
        )
        for one in found
    ]


HANDLERS = (list_credentials, read_credential, suspend_credential, reinstate_credential)

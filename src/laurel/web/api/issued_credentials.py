"""/api/v1/credentials: one credential as its issuer sees it, suspended and reinstated."""

from datetime import date, datetime

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from laurel.base.ids import is_uid
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.credentials import store
from laurel.domain.credentials.model import Credential, CredentialNotFound
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.record_events import revoke as revocations
from laurel.domain.record_events import suspend as suspensions
from laurel.domain.record_events.ingest import run_again_on_races
from laurel.domain.record_events.run import Run
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts


class CredentialOut(msgspec.Struct, frozen=True, kw_only=True):
    """A credential. `refusal` says why it cannot be signed as it is; changing what it says has it tried again."""

    id: str
    number: int
    state: str
    name: str
    recipient: str
    url: str
    issued_on: date
    issued_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    revoke_reason: str | None
    suspended_at: datetime | None
    suspended_until: datetime | None
    suspend_reason: str | None
    refusal: str | None
    private: bool
    log_number: int | None
    updated_at: datetime


@get("/api/v1/credentials/{credential:str}", guards=[requires("credentials:read")], tags=["credentials"])
async def read_credential(parts: InjectedParts, caller: InjectedCaller, credential: FromPath[str]) -> CredentialOut:
    """One credential."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _render(parts, await _require(tx, credential))


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

    async def work(tx: Transaction, _careful: bool) -> CredentialOut:
        run = Run(tx, parts.spine, await parts.spine.open(tx), parts.clock.now(), quiet=False)
        suspended = await suspensions.suspend(run, await _require(tx, credential), data.reason, data.until)
        return await _finish(parts, run, caller, "credential.suspend", suspended)

    return await run_again_on_races(parts.spine, caller.organisation_id, work)


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

    async def work(tx: Transaction, _careful: bool) -> CredentialOut:
        run = Run(tx, parts.spine, await parts.spine.open(tx), parts.clock.now(), quiet=False)
        found = await _require(tx, credential)
        award = (await achievements.find_awards(tx, [found.award_id]))[found.award_id]
        _, reinstated = await revocations.reinstate(run, award)
        return await _finish(parts, run, caller, "credential.reinstate", reinstated or found)

    return await run_again_on_races(parts.spine, caller.organisation_id, work)


async def _require(tx: Transaction, uid: str) -> Credential:
    found = await store.find_by_uid(tx, uid) if is_uid(uid) else None
    if found is None:
        raise CredentialNotFound("there is no such credential", field="credential", value=uid[:50])
    return found


async def _finish(parts: Parts, run: Run, caller: Caller, action: str, changed: Credential) -> CredentialOut:
    await run.save()
    await audit.record(run.tx, at=run.now, by=caller, action=action, subject=("credential", changed.uid))
    return _render(parts, changed)


def _render(parts: Parts, found: Credential) -> CredentialOut:
    return CredentialOut(
        id=found.uid,
        number=found.id,
        state=found.state_at(parts.clock.now()),
        name=found.fields["name"],
        recipient=found.fields["recipient_name"],
        url=parts.issuer.addresses.credential(found.uid),
        issued_on=found.issued_on,
        issued_at=found.issued_at,
        expires_at=found.expires_at,
        revoked_at=found.revoked_at,
        revoke_reason=found.revoke_reason,
        suspended_at=found.suspended_at,
        suspended_until=found.suspended_until,
        suspend_reason=found.suspend_reason,
        refusal=found.refusal,
        private=found.private,
        log_number=found.log_number,
        updated_at=found.updated_at,
    )


HANDLERS = (read_credential, suspend_credential, reinstate_credential)

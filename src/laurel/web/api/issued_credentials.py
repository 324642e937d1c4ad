"""/api/v1/credentials: one credential as its issuer sees it."""

from datetime import date, datetime

import msgspec
from litestar import get
from litestar.params import FromPath

from laurel.base.ids import is_uid
from laurel.domain.credentials import store
from laurel.domain.credentials.model import CredentialNotFound
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
    refusal: str | None
    private: bool
    log_number: int | None
    updated_at: datetime


@get("/api/v1/credentials/{credential:str}", guards=[requires("credentials:read")], tags=["credentials"])
async def read_credential(parts: InjectedParts, caller: InjectedCaller, credential: FromPath[str]) -> CredentialOut:
    """One credential."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await store.find_by_uid(tx, credential) if is_uid(credential) else None
    if found is None:
        raise CredentialNotFound("there is no such credential", field="credential", value=credential[:50])
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
        refusal=found.refusal,
        private=found.private,
        log_number=found.log_number,
        updated_at=found.updated_at,
    )


HANDLERS = (read_credential,)

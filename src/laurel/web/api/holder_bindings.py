"""/api/v1/credentials/{id}/bindings: offering a credential to the wallet of the person, who proves a DID in an exchange."""

from datetime import datetime

import msgspec
from litestar import Response, post
from litestar.params import FromPath

from laurel.base.ids import is_uid
from laurel.domain.credentials import store
from laurel.domain.credentials.model import CredentialNotFound
from laurel.domain.record_events import bind_holder
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.standards.exchanges import binding_url


class BindingOut(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange (VC API) for the person's wallet. Whoever has its address may bind the credential to a DID, once."""

    exchange: str
    protocols: dict[str, str]
    challenge: str
    domain: str
    expires_at: datetime


@post("/api/v1/credentials/{credential:str}/bindings", guards=[requires("credentials:write")], tags=["credentials"])
async def offer_binding(
    parts: InjectedParts, caller: InjectedCaller, credential: FromPath[str]
) -> Response[BindingOut]:
    """Open an exchange in which a wallet proves its DID, which becomes the subject of the credential; a day long."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await store.find_by_uid(tx, credential) if is_uid(credential) else None
        if found is None:
            raise CredentialNotFound("there is no such credential", field="credential", value=credential[:50])
        binding, name = await bind_holder.start(tx, found, by=caller, now=parts.clock.now())
    url = binding_url(parts.public_url, name)
    out = BindingOut(
        exchange=url,
        protocols={"vcapi": url},
        challenge=binding.challenge,
        domain=parts.public_url,
        expires_at=binding.expires_at,
    )
    return Response(out, status_code=201, headers={"Cache-Control": "no-store"})


HANDLERS = (offer_binding,)

"""/api/v1/credentials/{id}/bindings: offering a credential to the wallet of the person, who proves a DID in an exchange,
and setting it free again.
"""

from datetime import datetime

import msgspec
from litestar import Response, delete, post
from litestar.params import FromPath

from laurel.base.ids import is_uid
from laurel.database.pool import Transaction
from laurel.domain.credentials import store
from laurel.domain.credentials.model import Credential, CredentialNotFound
from laurel.domain.record_events import bind_holder
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.standards.exchanges import binding_url, wallet_link


class BindingOut(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange (VC API) for the person's wallet. Whoever has its address may bind the credential to a DID, once.
    `wallet_link` opens it in Learner Credential Wallet.
    """

    exchange: str
    wallet_link: str
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
        found = await _find(tx, credential)
        binding, name = await bind_holder.start(tx, found, by=caller, now=parts.clock.now())
    url = binding_url(parts.public_url, name)
    out = BindingOut(
        exchange=url,
        wallet_link=wallet_link(parts.public_url, name),
        protocols={"vcapi": url},
        challenge=binding.challenge,
        domain=parts.public_url,
        expires_at=binding.expires_at,
    )
    return Response(out, status_code=201, headers={"Cache-Control": "no-store"})


@delete("/api/v1/credentials/{credential:str}/bindings", guards=[requires("credentials:write")], tags=["credentials"])
async def remove_binding(parts: InjectedParts, caller: InjectedCaller, credential: FromPath[str]) -> None:
    """Bind the credential to no wallet any more, and end the exchanges that are open. It is signed again without the DID."""

    async def work(run: Run) -> None:
        await bind_holder.set_free(run, await _find(run.tx, credential), by=caller)

    await in_run(parts.spine, caller.organisation_id, work)


async def _find(tx: Transaction, uid: str) -> Credential:
    found = await store.find_by_uid(tx, uid) if is_uid(uid) else None
    if found is None:
        raise CredentialNotFound("there is no such credential", field="credential", value=uid[:50])
    return found


HANDLERS = (offer_binding, remove_binding)

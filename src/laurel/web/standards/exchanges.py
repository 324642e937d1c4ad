"""Exchanges of the VC API with wallets: handing over a credential, and binding one to the DID that a wallet proves.

Source: W3C CCG "Verifiable Credentials API", exchanges; DIDAuthentication of the VPR specification, as Learner Credential
Wallet speaks it.
"""

import asyncio
import json
from typing import Any, Final
from urllib.parse import quote

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery

from laurel.base.errors import Gone, LaurelError
from laurel.base.ids import is_uid
from laurel.domain.credentials.model import Credential, NotSigned, Signed
from laurel.domain.parts import Parts
from laurel.domain.record_events import bind_holder, issue_waiting
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.openbadges.jsonld import CREDENTIALS_V2
from laurel.openbadges.presentation import ENVELOPED, PRESENTATION, authentication_request
from laurel.openbadges.structure import types_of
from laurel.web.http_errors import MalformedBody
from laurel.web.injected import InjectedParts
from laurel.web.public.credentials import find_signed
from laurel.web.standards.vc_api import read_members

_SIGNING_SECONDS: Final = 3.0
_WALLET_APP: Final = "https://lcw.app/request"


class CredentialGone(Gone):
    """A revoked credential is handed to no wallet any more."""

    code = "credential_gone"


class PresentationRefused(MalformedBody):
    """A presentation does not prove the wallet's DID; the VC API answers 400."""

    code = "presentation_refused"


@post("/workflows/credential/exchanges/{credential:str}", status_code=200, tags=["verification"])
async def exchange(
    parts: InjectedParts, credential: FromPath[str], key: FromQuery[str | None] = None
) -> dict[str, Any]:
    """Hand a published credential to a wallet that asks for it by a VC API exchange; a private one with its `key`."""
    return {"verifiablePresentation": _presented(await find_signed(parts, credential, key, fresh=True))}


@get("/workflows/credential/exchanges/{credential:str}/protocols", tags=["verification"])
async def protocols(parts: InjectedParts, credential: FromPath[str]) -> dict[str, Any]:
    """How a wallet can fetch a credential."""
    if not is_uid(credential):
        raise NotSigned("there is no such exchange", field="credential", value=credential[:50])
    return {"protocols": {"vcapi": f"{parts.public_url}/workflows/credential/exchanges/{credential}"}}


def binding_url(public_url: str, name: str) -> str:
    """The address of an exchange in which a wallet proves its DID; a secret."""
    return f"{public_url}/workflows/binding/exchanges/{name}"


def wallet_link(public_url: str, name: str) -> str:
    """The address that opens Learner Credential Wallet on a telephone with this exchange to carry out; a secret too.

    Source: the wallet's universal app link, whose `request` names the asking origin and the protocols that it offers.
    """
    asked = {"credentialRequestOrigin": public_url, "protocols": {"vcapi": binding_url(public_url, name)}}
    return f"{_WALLET_APP}?request={quote(json.dumps(asked, separators=(',', ':')), safe='')}"


@post("/workflows/binding/exchanges/{name:str}", status_code=200, tags=["verification"])
async def bind(request: Request[Any, Any, Any], parts: InjectedParts, name: FromPath[str]) -> dict[str, Any]:
    """Bind a credential to a wallet: `{}` asks what to sign, a presentation signed for that challenge and domain by a did:key
    or did:web gets the credential with this DID as its subject. The presentation may be the body or its
    `verifiablePresentation`; as a token it is an EnvelopedVerifiablePresentation, or text there or in `vp_token`.
    """
    now = parts.clock.now()
    binding = await bind_holder.find(parts.database, name, now)
    body = await read_members(request) if await request.body() else {}
    bare = bool({PRESENTATION, ENVELOPED} & types_of(body))
    offered = body if bare else body.get("verifiablePresentation", body.get("vp_token"))
    if offered is None:
        asked = authentication_request(challenge=binding.challenge, domain=parts.public_url)
        return {"verifiablePresentationRequest": asked}
    if not isinstance(offered, dict | str):
        raise PresentationRefused("the presentation must be an object or a token", field="verifiablePresentation")
    try:
        holder = await parts.verifier.holder_of(offered, challenge=binding.challenge, domain=parts.public_url)
    except LaurelError as refusal:
        if refusal.code in {"proof_rejected", "document_refused", "context_unknown", "key_refused"}:
            raise PresentationRefused(refusal.message, field=refusal.field or "proof", value=refusal.value) from None
        raise

    async def work(run: Run) -> Credential:
        return await bind_holder.bind(run, binding, holder)

    bound = await in_run(parts.spine, binding.organisation_id, work, now=now)
    presented = _presented(await _signed_again(parts, bound))
    return presented if bare else {"verifiablePresentation": presented}


async def _signed_again(parts: Parts, bound: Credential) -> Signed:
    """The credential with its new subject. Raises NotSigned when others keep the signing busy: the job does it then."""
    try:
        async with asyncio.timeout(_SIGNING_SECONDS):
            while await issue_waiting.issue_batch(parts.issuer, bound.organisation_id):
                signed = await find_signed(parts, bound.uid, bound.access_key, fresh=True)
                if signed.state == "issued":
                    return signed
    except TimeoutError:
        pass  # said below, as where somebody else is signing it
    signed = await find_signed(parts, bound.uid, bound.access_key, fresh=True)
    if signed.state != "issued":
        raise NotSigned("the credential is bound and not signed yet; fetch it at its address", retry_after_seconds=2)
    return signed


def _presented(signed: Signed) -> dict[str, Any]:
    if signed.document is None or signed.state == "revoked":
        raise CredentialGone("this credential was revoked", field="credential", value=signed.uid)
    return {
        "@context": [CREDENTIALS_V2],
        "type": [PRESENTATION],
        "verifiableCredential": [json.loads(signed.document)],
    }


HANDLERS = (exchange, protocols, bind)

"""/c/{uid} for programs: what was signed, as JSON or token, and its proof in the log; pages are `web.pages`' affair.

Served is what was signed, byte for byte. Whether it still stands is told by its status list, not by changing it.
"""

import base64
import hmac
from typing import Any
from urllib.parse import parse_qs

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import Receive, Scope, Send

from laurel.base.errors import NotFound
from laurel.base.ids import is_uid
from laurel.domain.credentials import store
from laurel.domain.credentials.model import Credential, CredentialNotFound, NotSigned, Signed
from laurel.domain.credentials.tokens import token_of
from laurel.domain.parts import Parts
from laurel.web.hot_routes import HotTable, send_answer
from laurel.web.injected import InjectedParts
from laurel.web.public.negotiation import (
    OPEN,
    PROGRAM_FORMS,
    TOKEN_FORMS,
    VC_JSON,
    VC_JWT,
    header,
    holds,
    wanted_form,
)

_SECONDS_KEPT = 60
_SUFFIXES = {"json": VC_JSON, "jwt": VC_JWT, "jws": VC_JWT}


def _open_to(private: bool, own_key: str | None, given: str | None) -> bool:
    return not private or (bool(given) and hmac.compare_digest((given or "").encode(), (own_key or "").encode()))


async def find_shown(parts: Parts, uid: str, access_key: str | None) -> Credential:
    """The credential that a stranger may see; raises CredentialNotFound, also for a private one without its key."""
    credential = None
    if is_uid(uid):
        async with parts.database.public_lookup(uid) as tx:
            credential = await store.find_public(tx, uid)
    if credential is None or not _open_to(credential.private, credential.access_key, access_key):
        raise CredentialNotFound("there is no such credential", field="credential", value=uid[:50])
    return credential


async def find_signed(parts: Parts, uid: str, access_key: str | None, *, fresh: bool = False) -> Signed:
    """What was signed, as find_shown; fresh: not even a second old. Raises CredentialNotFound; NotSigned while it waits."""
    signed = await parts.issuer.find_signed(uid, fresh=fresh)
    if signed is None or not _open_to(signed.private, signed.access_key, access_key):
        raise CredentialNotFound("there is no such credential", field="credential", value=uid[:50])
    if signed.document is None:
        raise NotSigned("the credential is not signed yet; try again", field="credential", retry_after_seconds=2)
    return signed


async def read_hot(scope: Any, _receive: Receive, send: Send) -> None:
    """GET /c/{uid} and its .json and .jwt, without the router."""
    parts: Parts = scope["laurel.parts"]
    status, body, media_type, headers = await _answer(parts, scope["laurel.last"], scope)
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send_answer(send, status, body, media_type=media_type, headers=encoded)


async def _answer(parts: Parts, last: str, scope: Scope) -> tuple[int, bytes, str, dict[str, str]]:
    """(status, body, media type, headers)."""
    uid, _, suffix = last.partition(".")
    if suffix and suffix not in _SUFFIXES:
        raise NotFound("a credential comes as .json, .jwt, .jws, .png and .svg", field="credential", value=last[:50])
    form = _SUFFIXES.get(suffix) or wanted_form(header(scope, b"accept"), PROGRAM_FORMS)
    signed = await find_signed(parts, uid, access_key_in(scope))
    headers = headers_of(signed, form)
    if not suffix:
        headers["Vary"] = "Accept"
    if holds(header(scope, b"if-none-match"), headers["ETag"]):
        return 304, b"", form, headers
    text = await token_of(parts.issuer, signed) if form in TOKEN_FORMS else signed.document
    return 200, (text or "").encode(), form, headers


def access_key_in(scope: Scope) -> str | None:
    """The key of a private credential that the query gives."""
    query = scope.get("query_string", b"")
    return parse_qs(query.decode("latin-1"), max_num_fields=20).get("key", [None])[0] if query else None


def headers_of(signed: Signed, form: str) -> dict[str, str]:
    """How long what was signed may be kept, and how this version of it is told from others."""
    assert signed.signed_at is not None  # noqa: S101 - what find_signed gives is signed
    kept = "private, no-cache" if signed.private else f"public, max-age={_SECONDS_KEPT}"
    version = int(signed.signed_at.timestamp() * 1_000_000)
    return {**OPEN, "Cache-Control": kept, "ETag": f'"{version:x}-{form.rpartition("/")[2]}"'}


@get("/c/{credential:str}", tags=["public"], operation_id="showCredential")
async def show_credential(
    request: Request[Any, Any, Any], parts: InjectedParts, credential: FromPath[str]
) -> Response[bytes]:
    """A credential: signed JSON, token (.jwt), picture with it inside (.png, .svg) or page, by suffix or Accept; a private
    one with its `key`.
    """
    status, body, media_type, headers = await _answer(parts, credential, request.scope)
    return Response(body, status_code=status, media_type=media_type, headers=headers)


@get("/c/{credential:str}/proof", tags=["public"])
async def show_proof(
    request: Request[Any, Any, Any], parts: InjectedParts, credential: FromPath[str]
) -> Response[dict[str, Any]]:
    """That the credential is in its issuer's transparency log: the audit path to a signed checkpoint."""
    signed = await find_signed(parts, credential, request.query_params.get("key"))
    async with parts.database.transaction(signed.organisation_id) as tx:
        found = await parts.issuer.proof_of_issue(tx, signed)
    if found is None:
        raise NotSigned("the credential is not signed yet; try again", field="credential", retry_after_seconds=2)
    entry = found.proof.entry
    facts = {
        "origin": found.origin,
        "log": found.log_url,
        "number": found.proof.number,
        "size": found.proof.size,
        "event": entry.event,
        "document_sha256": found.document_sha256.hex(),
        "salt": entry.salt.hex(),
        "commitment": entry.commitment.hex(),
        "leaf": entry.leaf().decode(),
        "leaf_hash": base64.b64encode(entry.hash()).decode(),
        "path": [base64.b64encode(one).decode() for one in found.proof.path],
        "root": base64.b64encode(found.proof.root).decode(),
        "checkpoint": found.checkpoint,
        "verifier_key": found.verifier_key,
    }
    return Response(facts, headers={**OPEN, "Cache-Control": "no-cache"})


HOT: HotTable = {("GET", "/c/{last}"): read_hot}
HANDLERS = (show_credential, show_proof)

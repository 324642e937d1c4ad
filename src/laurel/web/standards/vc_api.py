"""The W3C's VC API, as far as wallets and verifiers use it: its shapes and nothing else.

Source: W3C CCG "Verifiable Credentials API", sections on verifying; problem types of VCDM 2.0 and Bitstring Status List.
"""

import asyncio
import json
from typing import Any

import msgspec
from litestar import Request, Response, post

from laurel.base.errors import Invalid
from laurel.domain.credentials.attesting import CredentialRefused, issue_given, issue_given_as_token
from laurel.openbadges.faults import DocumentRefused, ProofRejected
from laurel.openbadges.reading import read_json
from laurel.openbadges.structure import envelope
from laurel.openbadges.verdict import Check, Outcome, Verdict
from laurel.web.callers import requires
from laurel.web.http_errors import MalformedBody
from laurel.web.injected import InjectedCaller, InjectedParts


class NotSignable(MalformedBody):
    """A credential that was given to be signed cannot be; the VC API answers 400."""

    code = "credential_not_signable"


_DATA_MODEL = "https://www.w3.org/TR/vc-data-model#"
_STATUS_LIST = "https://www.w3.org/ns/credentials/status-list#"
_PROBLEMS = {
    "format": f"{_DATA_MODEL}PARSING_ERROR",
    "structure": f"{_DATA_MODEL}MALFORMED_VALUE_ERROR",
    "proof": f"{_DATA_MODEL}CRYPTOGRAPHIC_SECURITY_ERROR",
    "issuer": f"{_DATA_MODEL}CRYPTOGRAPHIC_SECURITY_ERROR",
    "validity": f"{_DATA_MODEL}RANGE_ERROR",
}


@post("/credentials/verify", status_code=200, tags=["verification"])
async def verify_credential(request: Request[Any, Any, Any], parts: InjectedParts) -> Response[dict[str, Any]]:
    """Verify {"verifiableCredential": …}: an object or a JWT. 400 when it is no credential at all."""
    body = await read_members(request)
    offered = body.get("verifiableCredential")
    if isinstance(offered, dict):
        data = json.dumps(offered).encode()
    elif isinstance(offered, str):
        data = offered.encode("utf-8", "surrogatepass")
    else:
        raise Invalid("verifiableCredential must be an object or a JWT", field="verifiableCredential")
    verdict = await parts.verifier.verify(data)
    options = body.get("options")
    wants_back = isinstance(options, dict) and options.get("returnCredential") is True
    unread = any(check.name == "format" and check.outcome is Outcome.FAILED for check in verdict.checks)
    return Response(rendered(verdict, with_credential=wants_back), status_code=400 if unread else 200)


@post("/credentials/issue", guards=[requires("credentials:write")], tags=["verification"])
async def issue_credential(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[dict[str, Any]]:
    """Sign {"credential": …} (VC 2.0) as the caller's organisation; 400 names what cannot be signed.

    {"options": {"proofFormat": "jwt"}} answers with an enveloped token (VC-JWT, ES256) instead of a proof inside ("ldp").
    """
    body = await read_members(request)
    credential, form = body.get("credential"), _proof_format(body.get("options"))
    if not isinstance(credential, dict):
        raise Invalid("credential must be an object", field="credential")
    try:
        async with parts.database.transaction(caller.organisation_id) as tx:
            now = parts.clock.now()
            if form == "jwt":
                signed = envelope(await issue_given_as_token(parts.issuer, tx, credential, now))
            else:
                signed = json.loads(await issue_given(parts.issuer, tx, credential, now))
    except (CredentialRefused, DocumentRefused, ProofRejected) as refusal:
        field = refusal.field or "credential"
        field = f"credential{field.replace('/', '.')}" if field.startswith("/") else field
        raise NotSignable(refusal.message, field=field, limit=refusal.limit, value=refusal.value) from None
    return Response({"verifiableCredential": signed}, status_code=201)


def _proof_format(options: Any) -> str:
    """Raises Invalid for options that are none, and for a format that is not offered."""
    if options is None:
        return "ldp"
    if not isinstance(options, dict):
        raise Invalid("options must be an object", field="options")
    form = options.get("proofFormat", "ldp")
    if not isinstance(form, str) or form not in {"ldp", "jwt"}:
        raise Invalid("proofFormat is ldp or jwt", field="options.proofFormat", value=str(form)[:50])
    return form


async def read_members(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The body as a JSON object. Raises MalformedBody."""
    body = await request.body()
    try:
        return await asyncio.to_thread(read_json, body)
    except DocumentRefused as refusal:
        raise MalformedBody(refusal.message, field="body", limit=refusal.limit) from None


def rendered(verdict: Verdict, *, with_credential: bool) -> dict[str, Any]:
    """A verdict as the VC API says it, with the single checks beside."""
    shown: dict[str, Any] = msgspec.to_builtins(verdict)
    credential = shown.pop("credential")
    troubles = [check for check in verdict.checks if check.outcome in {Outcome.FAILED, Outcome.UNKNOWN}]
    shown["problemDetails"] = [_problem(check) for check in troubles]
    if with_credential and credential is not None:
        shown["verifiableCredential"] = credential
    return shown


def _problem(check: Check) -> dict[str, Any]:
    if check.name == "status":
        kind = "STATUS_RETRIEVAL_ERROR" if check.outcome is Outcome.UNKNOWN else "STATUS_VERIFICATION_ERROR"
        type_ = f"{_STATUS_LIST}{kind}"
    else:
        type_ = _PROBLEMS.get(check.name, "about:blank")
    return {"type": type_, "title": check.name, "detail": check.detail}


HANDLERS = (verify_credential, issue_credential)

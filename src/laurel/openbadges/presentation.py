"""Who holds a key: a presentation signed for one challenge and one domain (DIDAuth), as JSON with a proof or as a token.

Holders are did:key and did:web; for the latter the key must stand under `authentication` in the document of the DID, which
is asked of the caller. Pure, as verify. Source: W3C VCDM 2.0, section 4.13; VC API, "DIDAuthentication"; VC Data
Integrity 1.0 for challenge and domain; VC-JOSE-COSE and VCDM 1.1, section 6.3.1, for tokens (`nonce` and `aud`).
"""

import hmac
from collections.abc import Generator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from laurel.base.errors import LaurelError
from laurel.openbadges import proofs, vc_jwt
from laurel.openbadges.did import did_web_url, key_in_document, key_of_did_key
from laurel.openbadges.faults import ProofRejected
from laurel.openbadges.inquiry import Inquiry, NotAnswered, parse_instant
from laurel.openbadges.jsonld import BUNDLED
from laurel.openbadges.multikey import PublicKey
from laurel.openbadges.structure import listed, types_of
from laurel.openbadges.verdict import Need, Reply

PRESENTATION: Final = "VerifiablePresentation"
ENVELOPED: Final = "EnvelopedVerifiablePresentation"
AUTHENTICATION: Final = "authentication"
SUITES: Final = (proofs.EDDSA_RDFC, proofs.EDDSA_JCS, "Ed25519Signature2020")
_ENVELOPES: Final = ("data:application/vp+jwt,", "data:application/jwt,", "data:application/vp+ld+json+jwt;jwt,")
_TOKEN_TYPES: Final = frozenset({"JWT", "VP+JWT", "APPLICATION/VP+JWT"})
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_SECONDS_MAX: Final = 253_402_300_799  # the last of the year 9999


def authentication_request(*, challenge: str, domain: str) -> dict[str, Any]:
    """The verifiablePresentationRequest of the VC API that asks a wallet to prove its DID."""
    query = {
        "type": "DIDAuthentication",
        "acceptedMethods": [{"method": "key"}, {"method": "web"}],
        "acceptedCryptosuites": [{"cryptosuite": suite} for suite in SUITES],
        "acceptedEnvelopes": ["application/vp+jwt"],
    }
    return {"query": [query], "challenge": challenge, "domain": domain}


def token_in(presentation: dict[str, Any]) -> str | None:
    """The token that an EnvelopedVerifiablePresentation carries; None for anything else. Raises ProofRejected."""
    if ENVELOPED not in types_of(presentation):
        return None
    name = presentation.get("id")
    for start in _ENVELOPES:
        if isinstance(name, str) and name.startswith(start):
            return name.removeprefix(start)
    raise ProofRejected("the envelope is not a data: URL of application/vp+jwt", field="id", value=str(name)[:100])


def holder_of(
    presentation: dict[str, Any] | str, *, challenge: str, domain: str, now: datetime
) -> Generator[Need, Reply, str]:
    """The DID that signed `presentation` for this challenge and domain; text is a token.

    Drive it as verify. Raises ProofRejected saying what is wrong, and what `proofs.check_proof` and key look-ups raise.
    """
    inquiry = Inquiry(now=now, loader=BUNDLED)
    if isinstance(presentation, dict):
        token = token_in(presentation)
        if token is None:
            return (yield from _holder_by_proof(presentation, inquiry, challenge=challenge, domain=domain))
        presentation = token
    return (yield from _holder_by_token(presentation, inquiry, challenge=challenge, domain=domain))


def _holder_by_proof(
    presentation: dict[str, Any], inquiry: Inquiry, *, challenge: str, domain: str
) -> Generator[Need, Reply, str]:
    if PRESENTATION not in types_of(presentation):
        raise ProofRejected("a VerifiablePresentation is wanted", field="type")
    found = proofs.proofs_of(presentation)
    if not found:
        raise ProofRejected("the presentation is not signed", field="proof")
    refusals: list[LaurelError] = []
    for proof in found:
        try:
            _check_proof_members(proof, challenge=challenge, domain=domain, now=inquiry.now)
            key, holder = yield from _key(proof.get("verificationMethod"), "proof.verificationMethod", inquiry)
            proofs.check_proof(presentation, proof, key, purpose=AUTHENTICATION, work=inquiry.work)
        except LaurelError as refusal:
            refusals.append(refusal)
            continue
        _check_claimed(presentation.get("holder"), holder)
        return holder
    raise refusals[0]


def _check_proof_members(proof: dict[str, Any], *, challenge: str, domain: str, now: datetime) -> None:
    if not _same(proof.get("challenge"), challenge):
        raise ProofRejected("the proof is not for this challenge", field="proof.challenge")
    domains: Sequence[Any] = listed(proof.get("domain"))
    if domain not in domains:
        raise ProofRejected(f"the proof is not for the domain {domain}", field="proof.domain")
    if parse_instant(proof.get("created")) > now + _CLOCKS_DIFFER:
        raise ProofRejected("the proof was made in the future", field="proof.created")
    if "expires" in proof and parse_instant(proof["expires"]) <= now:
        raise ProofRejected("the proof has expired", field="proof.expires")


def _holder_by_token(text: str, inquiry: Inquiry, *, challenge: str, domain: str) -> Generator[Need, Reply, str]:
    token = vc_jwt.parse_presentation_token(text)
    kind = token.header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() not in _TOKEN_TYPES:
        raise ProofRejected("the token is of another type than vp+jwt", field="typ", value=str(kind)[:50])
    presentation = token.credential
    if PRESENTATION not in types_of(presentation):
        raise ProofRejected("a VerifiablePresentation is wanted", field="type")
    claims = token.claims
    if not _same(claims.get("nonce"), challenge):
        raise ProofRejected("the token is not for this challenge", field="nonce")
    if domain not in listed(claims.get("aud")):
        raise ProofRejected(f"the token is not for {domain}", field="aud", value=str(claims.get("aud"))[:200])
    _check_times(claims, inquiry.now)
    named = [name for name in (claims.get("iss"), presentation.get("holder")) if name is not None]
    kid = token.header.get("kid")
    if isinstance(kid, str) and kid.startswith("#") and named and isinstance(named[0], str):
        kid = named[0] + kid
    elif kid is None and named and str(named[0]).startswith("did:key:"):
        kid = named[0]
    key, holder = yield from _key(kid, "kid", inquiry)
    vc_jwt.check_signature(token, key)
    for name in named:
        _check_claimed(name, holder)
    return holder


def _check_times(claims: dict[str, Any], now: datetime) -> None:
    """A token without an end may be used as long as its challenge."""
    times: dict[str, datetime] = {}
    for name in ("iat", "nbf", "exp"):
        value = claims.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _SECONDS_MAX:
            raise ProofRejected(f"{name} is not a number of seconds", field=name, value=str(value)[:50])
        times[name] = datetime.fromtimestamp(value, UTC)
    for name in ("iat", "nbf"):
        if name in times and times[name] > now + _CLOCKS_DIFFER:
            raise ProofRejected("the token was made in the future", field=name)
    if "exp" in times and times["exp"] <= now:
        raise ProofRejected("the token has expired", field="exp")


def _key(reference: Any, field: str, inquiry: Inquiry) -> Generator[Need, Reply, tuple[PublicKey, str]]:
    """The key that a verification method names and the DID that may prove itself by it."""
    did = reference.partition("#")[0] if isinstance(reference, str) else ""
    if did.startswith("did:key:"):
        return key_of_did_key(reference), did
    if not did.startswith("did:web:"):
        raise ProofRejected("only a did:key or did:web can sign here", field=field, value=str(reference)[:200])
    try:
        document = yield from inquiry.ask_json(did_web_url(did), "key")
    except NotAnswered as gap:
        raise ProofRejected(f"whose key that is could not be looked up: {gap}", field=field, value=did[:200]) from None
    return key_in_document(document, reference, purpose=AUTHENTICATION)[0], did


def _check_claimed(claimed: Any, holder: str) -> None:
    name = claimed.get("id") if isinstance(claimed, dict) else claimed
    if name is not None and name != holder:
        raise ProofRejected("the holder is not who signed", field="holder", value=str(name)[:200])


def _same(given: Any, challenge: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "replace"), challenge.encode())

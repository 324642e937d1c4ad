"""Who holds a key: a presentation signed for one challenge and one domain (DIDAuth). Signatures by did:key are read.

Source: W3C VCDM 2.0, section 4.13; VC API, "DIDAuthentication"; VC Data Integrity 1.0 for challenge and domain.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from laurel.base.errors import LaurelError
from laurel.openbadges import proofs
from laurel.openbadges.did import key_of_did_key
from laurel.openbadges.faults import ProofRejected
from laurel.openbadges.inquiry import parse_instant
from laurel.openbadges.rdfc import Work
from laurel.openbadges.structure import listed, types_of

PRESENTATION: Final = "VerifiablePresentation"
AUTHENTICATION: Final = "authentication"
SUITES: Final = (proofs.EDDSA_RDFC, proofs.EDDSA_JCS, "Ed25519Signature2020")
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


def authentication_request(*, challenge: str, domain: str) -> dict[str, Any]:
    """The verifiablePresentationRequest of the VC API that asks a wallet to prove its DID."""
    query = {
        "type": "DIDAuthentication",
        "acceptedMethods": [{"method": "key"}],
        "acceptedCryptosuites": [{"cryptosuite": suite} for suite in SUITES],
    }
    return {"query": [query], "challenge": challenge, "domain": domain}


def holder_of(presentation: dict[str, Any], *, challenge: str, domain: str, now: datetime) -> str:
    """The did:key that signed `presentation` for this challenge and domain. Raises ProofRejected saying what is wrong,
    and what `proofs.check_proof` raises.
    """
    if PRESENTATION not in types_of(presentation):
        raise ProofRejected("a VerifiablePresentation is wanted", field="type")
    found = proofs.proofs_of(presentation)
    if not found:
        raise ProofRejected("the presentation is not signed", field="proof")
    refusals: list[LaurelError] = []
    for proof in found:
        try:
            holder = _signer(presentation, proof, challenge=challenge, domain=domain, now=now)
        except LaurelError as refusal:
            refusals.append(refusal)
            continue
        claimed = presentation.get("holder")
        name = claimed.get("id") if isinstance(claimed, dict) else claimed
        if name is not None and name != holder:
            raise ProofRejected("the holder is not who signed", field="holder", value=str(name)[:200])
        return holder
    raise refusals[0]


def _signer(presentation: dict[str, Any], proof: dict[str, Any], *, challenge: str, domain: str, now: datetime) -> str:
    given = proof.get("challenge")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), challenge.encode()):
        raise ProofRejected("the proof is not for this challenge", field="proof.challenge")
    domains: Sequence[Any] = listed(proof.get("domain"))
    if domain not in domains:
        raise ProofRejected(f"the proof is not for the domain {domain}", field="proof.domain")
    if parse_instant(proof.get("created")) > now + _CLOCKS_DIFFER:
        raise ProofRejected("the proof was made in the future", field="proof.created")
    if "expires" in proof and parse_instant(proof["expires"]) <= now:
        raise ProofRejected("the proof has expired", field="proof.expires")
    method = proof.get("verificationMethod")
    if not isinstance(method, str) or not method.startswith("did:key:"):
        raise ProofRejected("only a did:key can sign here", field="proof.verificationMethod", value=str(method)[:200])
    proofs.check_proof(presentation, proof, key_of_did_key(method), purpose=AUTHENTICATION, work=Work())
    return method.partition("#")[0]

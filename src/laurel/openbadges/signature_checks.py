"""Did the issuer sign it? Proofs and tokens, the keys that they name, and whose keys those are. Pure, as verify."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

from laurel.base import limits
from laurel.base.errors import LaurelError
from laurel.openbadges import proofs, vc_jwt
from laurel.openbadges.did import did_web_url, key_in_document, key_of_did_key
from laurel.openbadges.faults import KeyRefused, ProofRejected
from laurel.openbadges.inquiry import Inquiry, NotAnswered, parse_instant
from laurel.openbadges.multikey import PublicKey, parse_jwk, parse_multikey
from laurel.openbadges.structure import issuer_of, listed
from laurel.openbadges.verdict import FAILED, NOTED, PASSED, UNKNOWN, Check, Need, Reply

Asking = Generator[Need, Reply, Any]


def check_proofs(document: dict[str, Any], inquiry: Inquiry) -> Generator[Need, Reply, list[Check]]:
    """Any one good proof suffices; what the others lack is noted."""
    try:
        found = proofs.proofs_of(document)
    except ProofRejected as refusal:
        return [Check("proof", FAILED, refusal.message, "proof")]
    if not found:
        return [Check("proof", FAILED, "the credential carries no proof", "proof")]
    bad: list[Check] = []
    for index, proof in enumerate(found):
        try:
            method = proof.get("verificationMethod")
            if not isinstance(method, str):
                raise ProofRejected("the proof names no key", field="verificationMethod")
            key, controller = yield from _key(method, issuer_of(document), inquiry)
            proofs.check_proof(document, proof, key, loader=inquiry.loader, work=inquiry.work)
            _check_times_of_proof(proof, inquiry.now)
        except NotAnswered as gap:
            bad += _unconfirmed(document, proof, str(gap), index, inquiry)
            continue
        except LaurelError as refusal:
            bad.append(Check("proof", FAILED, refusal.message, f"proof/{index}{slashed(refusal.field)}"))
            continue
        inquiry.key = method
        good = [Check("proof", PASSED, f"{proofs.suite_of(proof)} signature by {method}", f"proof/{index}")]
        notes = [Check("proof", NOTED, check.detail, check.path) for check in bad]
        return [*good, _check_controller(document, controller), *notes]
    return bad


def _unconfirmed(
    document: dict[str, Any], proof: dict[str, Any], gap: str, index: int, inquiry: Inquiry
) -> list[Check]:
    """What can be said when the issuer's key document is not to be had: at most that nothing was changed."""
    path = f"proof/{index}"
    try:
        key = parse_multikey(str(proof.get("verificationMethod")).partition("#")[2])
        proofs.check_proof(document, proof, key, loader=inquiry.loader, work=inquiry.work)
    except KeyRefused:
        return [Check("proof", UNKNOWN, gap, path)]
    except LaurelError as refusal:
        return [Check("proof", FAILED, refusal.message, f"{path}{slashed(refusal.field)}")]
    detail = "unchanged since it was signed with the key that the proof names"
    return [Check("proof", PASSED, detail, path), Check("issuer", UNKNOWN, f"whose key that is, is not known: {gap}")]


def _check_times_of_proof(proof: dict[str, Any], now: datetime) -> None:
    expires = proof.get("expires")
    if expires is not None and parse_instant(expires) <= now:
        raise ProofRejected("the proof has expired", field="expires", value=str(expires)[:50])


def _check_controller(document: dict[str, Any], controller: str) -> Check:
    issuer = issuer_of(document)
    if issuer is not None and controller == issuer:
        return Check("issuer", PASSED, f"the key belongs to {issuer}")
    return Check("issuer", FAILED, f"the key belongs to {controller[:200]}, not to the issuer", "issuer")


def _key(reference: str, issuer: str | None, inquiry: Inquiry) -> Generator[Need, Reply, tuple[PublicKey, str]]:
    """The key that a verification method or kid names, and who vouches for it. Raises KeyRefused, NotAnswered.

    What a page says about whose key it holds counts only where that somebody could have put it: a page anywhere can
    claim to be anybody's.
    """
    base, _, _ = reference.partition("#")
    if base.startswith("did:key:"):
        return key_of_did_key(reference), base
    if base.startswith("did:web:"):
        document = yield from inquiry.ask_json(did_web_url(base), "key")
        return key_in_document(document, reference)[0], base
    if base.startswith("https://"):
        document = yield from inquiry.ask_json(base, "key")
        key, controller = key_in_document(document, reference)
        if issuer is not None and issuer.startswith("did:"):
            return key, (yield from _owner_of_foreign_key(key, issuer, inquiry))
        return key, controller if _same_host(base, controller) else base
    raise KeyRefused("the key is named in a way that is not read here", value=reference[:200])


def check_token(token: vc_jwt.Token, inquiry: Inquiry) -> Generator[Need, Reply, list[Check]]:
    """The signature of a token, by the key that its header names."""
    header, credential = token.header, token.credential
    issuer = issuer_of(credential)
    try:
        kid, jwk = header.get("kid"), header.get("jwk")
        if isinstance(kid, str):
            key, controller = yield from _key_of_kid(kid, issuer, inquiry)
            name = kid
        elif jwk is not None:
            key, controller, name = parse_jwk(jwk), "", "the token's own jwk"
        else:
            raise ProofRejected("the token names no key", field="kid")
        vc_jwt.check_token(token, key)
        if jwk is not None and not isinstance(kid, str):
            controller = yield from _owner_of_foreign_key(key, issuer, inquiry)
    except NotAnswered as gap:
        return [Check("proof", UNKNOWN, str(gap), "kid")]
    except LaurelError as refusal:
        return [Check("proof", FAILED, refusal.message, refusal.field or "")]
    inquiry.key = name
    good = Check("proof", PASSED, f"{token.algorithm} token signed by {name}")
    return [good, _check_controller(credential, controller)]


def _key_of_kid(kid: str, issuer: str | None, inquiry: Inquiry) -> Generator[Need, Reply, tuple[PublicKey, str]]:
    """As _key; a key URL without a document around it speaks for the issuer on whose host it lies."""
    absolute = f"{issuer}{kid}" if kid.startswith("#") else kid
    key, controller = yield from _key(absolute, issuer, inquiry)
    if issuer is not None and controller == absolute.partition("#")[0] and _same_host(controller, issuer):
        controller = issuer
    return key, controller


def _owner_of_foreign_key(key: PublicKey, issuer: str | None, inquiry: Inquiry) -> Asking:
    """The issuer, when its own DID document lists the key that came from somewhere else; otherwise nobody."""
    if issuer is None or not issuer.startswith(("did:web:", "did:key:")):
        return "an unknown party"
    if issuer.startswith("did:key:"):
        return issuer if key_of_did_key(issuer) == key else "an unknown party"
    document = yield from inquiry.ask_json(did_web_url(issuer), "key")
    for entry in listed(document.get("verificationMethod"))[: limits.EMBEDDED_CREDENTIALS_MAX]:
        name = str(entry.get("id")) if isinstance(entry, dict) else ""
        name = issuer + name if name.startswith("#") else name
        try:
            if name.startswith(f"{issuer}#") and key_in_document(document, name)[0] == key:
                return issuer
        except KeyRefused:
            continue
    return "an unknown party"


def _same_host(url: str, issuer: str) -> bool:
    def host(name: str) -> str:
        return did_web_url(name).split("/")[2] if name.startswith("did:web:") else name.split("/")[2]

    try:
        return url.startswith("https://") and host(url) == host(issuer)
    except (IndexError, KeyRefused):
        return False


def slashed(field: str | None) -> str:
    """A field as what follows in a path; nothing for none."""
    return "" if not field else field if field.startswith("/") else f"/{field}"

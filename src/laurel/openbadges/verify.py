"""Is a credential genuine? For anything offered: Open Badges 2.0 and 3.0, CLR, VC 1.1 and 2.0, as JSON, JWT or image.

Pure: time is given, and what must be fetched is asked of the caller (see verdict). Every look-up and every recursion
is counted. Order of the checks: Open Badges 3.0, section 8 (verification); contracts/open-badges.md, section 9.
"""

from collections.abc import Generator
from datetime import datetime
from typing import Any, Final

from laurel.base import limits
from laurel.base.errors import LaurelError
from laurel.openbadges import proofs, status_list, vc_jwt
from laurel.openbadges.did import did_web_url, key_in_document, key_of_did_key
from laurel.openbadges.documents import identity_hash
from laurel.openbadges.faults import DocumentRefused, KeyRefused, ProofRejected
from laurel.openbadges.inquiry import Inquiry, NotAnswered, body_of, parse_instant
from laurel.openbadges.jsonld import BUNDLED, CREDENTIALS_V1, CREDENTIALS_V2, OPEN_BADGES_V2, ContextLoader
from laurel.openbadges.multikey import PublicKey, parse_jwk, parse_multikey
from laurel.openbadges.reading import Offered, read
from laurel.openbadges.structure import issuer_of, listed, structural_faults, types_of
from laurel.openbadges.verdict import Check, Need, Outcome, Reply, Steps, Verdict
from laurel.openbadges.verify_open_badges_2 import verify_open_badges_2

PASSED, FAILED, UNKNOWN, NOTED = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOTED
_EMBEDDED_DEPTH_MAX: Final = 2

Asking = Generator[Need, Reply, Any]


def verify(
    data: bytes,
    *,
    now: datetime,
    recipients: tuple[str, ...] = (),
    own: str = "",
    loader: ContextLoader = BUNDLED,
) -> Steps:
    """Verify offered bytes. `recipients` are identifiers (e-mail addresses) one of which should be the subject.

    `own` is the caller's own address: what lies under it is asked for even where it is plain http.
    Drive the returned generator with verdict.decide or verdict.decide_later; it never raises for anything in `data`.
    """
    try:
        offered = read(data)
    except LaurelError as refusal:
        return (yield from _nothing(refusal))
    return (yield from verify_offered(offered, now=now, recipients=recipients, own=own, loader=loader))


def verify_offered(
    offered: Offered,
    *,
    now: datetime,
    recipients: tuple[str, ...] = (),
    own: str = "",
    loader: ContextLoader = BUNDLED,
) -> Steps:
    """As verify, for bytes that were read already."""
    inquiry = Inquiry(now=now, loader=loader, own=own)
    if offered.link is not None or is_open_badges_2(offered.document):
        return (yield from verify_open_badges_2(offered, inquiry, recipients))
    document = offered.document or {}
    if _standard(document) == "":
        refusal = DocumentRefused("the document is no credential: its contexts are of no standard that is read here")
        return (yield from _nothing(refusal))
    checks = yield from _verify_credential(document, offered.token, inquiry, depth=0)
    if recipients:
        checks.append(_check_recipient(document, recipients))
    newer = yield from _look_for_newer(document, inquiry)
    if newer is not None:
        checks.append(newer)
    return _verdict(document, checks, offered.carrier, inquiry.key)


def is_open_badges_2(document: dict[str, Any] | None) -> bool:
    """Whether a document is an Open Badges 2.0 assertion."""
    return document is not None and OPEN_BADGES_V2 in listed(document.get("@context"))


def _nothing(refusal: LaurelError) -> Steps:
    checks = (Check("format", FAILED, refusal.message, refusal.field or ""),)
    yield from ()
    return Verdict(verified=False, standard="", checks=checks, trust="Nothing was found that could be trusted.")


def _verdict(document: dict[str, Any], checks: list[Check], carrier: str, key: str | None) -> Verdict:
    verified = not any(check.outcome in {FAILED, UNKNOWN} for check in checks)
    issuer = issuer_of(document)
    trust = (
        f"The credential was signed with a key that {issuer} publishes as its own and is unchanged since. Who stands "
        "behind that name, and what its word is worth, is for the reader to judge."
        if verified
        else "Do not rely on this credential: see the checks that failed or could not be made."
    )
    return Verdict(
        verified=verified,
        standard=_standard(document),
        checks=tuple(checks),
        trust=trust,
        credential=document,
        issuer=issuer,
        key=key,
        carrier=carrier,
    )


def _standard(document: dict[str, Any]) -> str:
    contexts = listed(document.get("@context"))
    base = {CREDENTIALS_V1: "VC 1.1", CREDENTIALS_V2: "VC 2.0"}.get(str(contexts[0]) if contexts else "", "")
    types = types_of(document)
    if base and types & {"OpenBadgeCredential", "AchievementCredential", "EndorsementCredential"}:
        return "Open Badges 3.0"
    if base and "ClrCredential" in types:
        return "CLR 2.0"
    return base if "VerifiableCredential" in types else ""


def _verify_credential(
    document: dict[str, Any], token: vc_jwt.Token | None, inquiry: Inquiry, *, depth: int
) -> Generator[Need, Reply, list[Check]]:
    faults = structural_faults(document)
    checks = [Check("structure", FAILED, fault, path) for path, fault in faults]
    if not faults:
        checks.append(Check("structure", PASSED, f"has what {_standard(document) or 'a credential'} demands"))
    if token is None:
        checks += yield from _check_proofs(document, inquiry)
    else:
        checks += yield from _check_token(token, inquiry)
    checks.append(_check_validity(document, inquiry.now))
    checks += yield from _check_status(document, inquiry)
    checks += yield from _check_embedded(document, inquiry, depth=depth)
    return checks


def _check_proofs(document: dict[str, Any], inquiry: Inquiry) -> Generator[Need, Reply, list[Check]]:
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
            bad.append(Check("proof", FAILED, refusal.message, f"proof/{index}{_slashed(refusal.field)}"))
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
        return [Check("proof", FAILED, refusal.message, f"{path}{_slashed(refusal.field)}")]
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


def _check_token(token: vc_jwt.Token, inquiry: Inquiry) -> Generator[Need, Reply, list[Check]]:
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


def _check_validity(document: dict[str, Any], now: datetime) -> Check:
    try:
        begins = parse_instant(document.get("validFrom", document.get("issuanceDate")))
        ends = document.get("validUntil", document.get("expirationDate"))
        if begins > now:
            return Check("validity", FAILED, f"not valid before {begins.isoformat()}", "validFrom")
        if ends is not None and parse_instant(ends) <= now:
            return Check("validity", FAILED, f"expired on {ends}", "validUntil")
    except DocumentRefused as refusal:
        return Check("validity", FAILED, refusal.message, refusal.field or "")
    return Check("validity", PASSED, f"valid until {ends}" if ends else "valid without end")


def _check_status(document: dict[str, Any], inquiry: Inquiry) -> Generator[Need, Reply, list[Check]]:
    checks = []
    for entry in listed(document.get("credentialStatus"))[: limits.PROOFS_MAX]:
        try:
            if not isinstance(entry, dict):
                raise DocumentRefused("the status is not an object")
            checks.append((yield from _check_one_status(document, entry, inquiry)))
        except NotAnswered as gap:
            checks.append(Check("status", UNKNOWN, str(gap), "credentialStatus"))
        except LaurelError as refusal:
            checks.append(Check("status", FAILED, refusal.message, f"credentialStatus{_slashed(refusal.field)}"))
    if not checks:
        checks.append(Check("status", NOTED, "the issuer offers no way to ask whether it was revoked"))
    return checks


def _check_one_status(
    document: dict[str, Any], entry: dict[str, Any], inquiry: Inquiry
) -> Generator[Need, Reply, Check]:
    """What the issuer's list says; whether that list has a status of its own is not asked."""
    kinds = types_of(entry)
    issuer = issuer_of(document) or ""
    if "1EdTechRevocationList" in kinds:
        listing = yield from inquiry.ask_json(str(entry.get("id")), "status")
        reason = status_list.read_revocation_list(listing, str(document.get("id")), issuer)
        if reason is not None:
            return Check("status", FAILED, f"revoked by the issuer{f': {reason[:500]}' if reason else ''}")
        return Check("status", PASSED, "not on the issuer's revocation list")
    if kinds.isdisjoint({"BitstringStatusListEntry", "StatusList2021Entry"}):
        return Check("status", UNKNOWN, "the status is of a kind that is not read here", "credentialStatus/type")
    url = str(entry.get("statusListCredential"))
    reply = yield from inquiry.ask(url, "status")
    offered = read(body_of(reply, url))
    listing = offered.document or {}
    if issuer_of(listing) != issuer:
        raise DocumentRefused("the status list is of another issuer", field="statusListCredential")
    if offered.token is None:
        inner = yield from _check_proofs(listing, inquiry)
    else:
        inner = yield from _check_token(offered.token, inquiry)
    trouble = next(
        (check for check in [*inner, _check_validity(listing, inquiry.now)] if check.outcome in {FAILED, UNKNOWN}), None
    )
    if trouble is not None:
        return Check("status", trouble.outcome, f"the status list itself: {trouble.detail}", "credentialStatus")
    purpose = str(entry.get("statusPurpose"))[:50]
    if status_list.read_status(entry, listing):
        return Check("status", FAILED, {"revocation": "revoked", "suspension": "suspended"}.get(purpose, purpose))
    return Check("status", PASSED, f"the issuer's list says nothing against it ({purpose})")


def _check_embedded(document: dict[str, Any], inquiry: Inquiry, *, depth: int) -> Generator[Need, Reply, list[Check]]:
    """Endorsements and the credentials of a record, each verified by itself."""
    if depth >= _EMBEDDED_DEPTH_MAX:
        return []
    checks: list[Check] = []
    found = _embedded(document)
    for path, inner in found[: limits.EMBEDDED_CREDENTIALS_MAX]:
        token = None
        try:
            if isinstance(inner, str):
                token = vc_jwt.parse_token(inner)
                inner = token.credential  # noqa: PLW2901 - the token stands for what it carries
            if not isinstance(inner, dict):
                raise DocumentRefused("not a credential")
        except LaurelError as refusal:
            checks.append(Check("embedded", FAILED, refusal.message, path))
            continue
        key = inquiry.key
        results = yield from _verify_credential(inner, token, inquiry, depth=depth + 1)
        inquiry.key = key
        trouble = next((check for check in results if check.outcome in {FAILED, UNKNOWN}), None)
        lapsed = _is_endorsement(inner) and all(
            check.name in {"validity", "status"} for check in results if check.outcome is FAILED
        )
        if trouble is None:
            checks.append(Check("embedded", PASSED, f"{inner.get('name') or inner.get('id')} is genuine", path))
        elif lapsed and trouble.outcome is FAILED:
            # genuine, and nobody's word any more: the credential stands without it
            checks.append(Check("embedded", NOTED, f"the endorsement does not stand: {trouble.detail}", path))
        else:
            checks.append(Check("embedded", trouble.outcome, f"{trouble.name}: {trouble.detail}", path))
    if len(found) > limits.EMBEDDED_CREDENTIALS_MAX:
        checks.append(Check("embedded", UNKNOWN, f"only the first {limits.EMBEDDED_CREDENTIALS_MAX} were looked at"))
    return checks


def _is_endorsement(document: dict[str, Any]) -> bool:
    return "EndorsementCredential" in types_of(document)


def _embedded(document: dict[str, Any]) -> list[tuple[str, Any]]:
    issuer = document.get("issuer")
    issuer = issuer if isinstance(issuer, dict) else {}
    subject = document.get("credentialSubject")
    subject = subject if isinstance(subject, dict) else {}
    achievement = subject.get("achievement")
    achievement = achievement if isinstance(achievement, dict) else {}
    places = [
        ("endorsement", document.get("endorsement")),
        ("endorsementJwt", document.get("endorsementJwt")),
        ("issuer/endorsement", issuer.get("endorsement")),
        ("issuer/endorsementJwt", issuer.get("endorsementJwt")),
        ("credentialSubject/verifiableCredential", subject.get("verifiableCredential")),
        ("credentialSubject/achievement/endorsement", achievement.get("endorsement")),
        ("credentialSubject/achievement/endorsementJwt", achievement.get("endorsementJwt")),
    ]
    most = limits.EMBEDDED_CREDENTIALS_MAX + 1  # one more than is looked at says that there are more
    return [(f"{path}/{index}", inner) for path, value in places for index, inner in enumerate(listed(value)[:most])]


def _check_recipient(document: dict[str, Any], recipients: tuple[str, ...]) -> Check:
    subject = document.get("credentialSubject")
    subject = subject if isinstance(subject, dict) else {}
    if subject.get("id") in recipients:
        return Check("recipient", PASSED, "the credential is about this person")
    for entry in listed(subject.get("identifier")):
        if not isinstance(entry, dict):
            continue
        shown, salt = entry.get("identityHash"), entry.get("salt")
        for name in recipients:
            expected = identity_hash(name, salt if isinstance(salt, str) else "") if entry.get("hashed") else name
            if shown == expected:
                return Check("recipient", PASSED, "the credential is about this person")
    return Check("recipient", FAILED, "the credential is about somebody else", "credentialSubject")


def _look_for_newer(document: dict[str, Any], inquiry: Inquiry) -> Generator[Need, Reply, Check | None]:
    """Whether the issuer has published a newer version: same id and issuer, later validFrom. Only a note."""
    services = [s for s in listed(document.get("refreshService")) if isinstance(s, dict)]
    service = next((s for s in services if "1EdTechCredentialRefresh" in types_of(s)), None)
    if service is None:
        return None
    url = str(service.get("id"))
    try:
        reply = yield from inquiry.ask(url, "refresh")
        newer = read(body_of(reply, url)).document or {}
        same = newer.get("id") == document.get("id") and issuer_of(newer) == issuer_of(document)
        if same and parse_instant(newer.get("validFrom")) > parse_instant(document.get("validFrom")):
            return Check("refresh", NOTED, f"the issuer has a newer version at {url}", "refreshService")
    except (NotAnswered, LaurelError) as gap:
        return Check("refresh", NOTED, f"no newer version was found: {gap}", "refreshService")
    return Check("refresh", NOTED, "this is the newest version", "refreshService")


def _slashed(field: str | None) -> str:
    return "" if not field else field if field.startswith("/") else f"/{field}"

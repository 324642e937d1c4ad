"""Is a credential genuine? For anything offered: Open Badges 2.0 and 3.0, CLR, VC 1.1 and 2.0, as JSON, JWT or image.

Pure: time is given, and what must be fetched is asked of the caller (see verdict). Every look-up and every recursion
is counted. Order of the checks: Open Badges 3.0, section 8 (verification); contracts/open-badges.md, section 9.
"""

from collections.abc import Generator
from datetime import datetime
from typing import Any, Final

from laurel.base import limits
from laurel.base.errors import LaurelError
from laurel.openbadges import vc_jwt
from laurel.openbadges.documents import identity_hash
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.inquiry import Inquiry, NotAnswered, body_of, parse_instant
from laurel.openbadges.jsonld import BUNDLED, CREDENTIALS_V1, CREDENTIALS_V2, OPEN_BADGES_V2, ContextLoader
from laurel.openbadges.reading import Offered, read
from laurel.openbadges.signature_checks import check_proofs, check_token
from laurel.openbadges.status_checks import check_status, check_validity
from laurel.openbadges.structure import issuer_of, listed, structural_faults, types_of
from laurel.openbadges.verdict import FAILED, NOTED, PASSED, UNKNOWN, Check, Need, Reply, Steps, Verdict
from laurel.openbadges.verify_open_badges_2 import verify_open_badges_2

_EMBEDDED_DEPTH_MAX: Final = 2


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
        checks += yield from check_proofs(document, inquiry)
    else:
        checks += yield from check_token(token, inquiry)
    checks.append(check_validity(document, inquiry.now))
    checks += yield from check_status(document, inquiry)
    checks += yield from _check_embedded(document, inquiry, depth=depth)
    return checks


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

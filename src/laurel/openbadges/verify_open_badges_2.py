"""Is an Open Badges 2.0 assertion genuine? Hosted ones are as good as the page that serves them, signed ones as the key.

Source: Open Badges 2.0, section "Verification"; contracts/open-badges.md, section 12.
"""

from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit

from laurel.base import limits
from laurel.base.errors import LaurelError
from laurel.openbadges import vc_jwt
from laurel.openbadges.documents import identity_hash
from laurel.openbadges.faults import DocumentRefused, ProofRejected
from laurel.openbadges.inquiry import Inquiry, NotAnswered, parse_instant
from laurel.openbadges.multikey import parse_pem
from laurel.openbadges.reading import Offered, read_json
from laurel.openbadges.structure import listed
from laurel.openbadges.verdict import FAILED, NOTED, PASSED, UNKNOWN, Check, Fetched, Need, Reply, Steps, Verdict

Json = dict[str, Any]
_GONE = 410
_HOSTED = frozenset({"HostedBadge", "hosted"})
_SIGNED = frozenset({"SignedBadge", "signed"})


class _Badge:
    """The assertion with the class and issuer that it leads to, as they are found."""

    def __init__(self, assertion: Json) -> None:
        self.assertion = assertion
        self.issuer: Json = {}

    @property
    def issuer_id(self) -> str | None:
        name = self.issuer.get("id")
        return name if isinstance(name, str) else None


def verify_open_badges_2(offered: Offered, inquiry: Inquiry, recipients: tuple[str, ...]) -> Steps:
    """Verify an assertion given as document, signed token or link."""
    badge = _Badge(offered.document or {})
    checks: list[Check] = []
    try:
        if offered.token is not None:
            yield from _signed(badge, offered.token, inquiry, checks)
        else:
            yield from _hosted(badge, offered.link, inquiry, checks)
        checks.append(_check_validity(badge.assertion, inquiry))
        if recipients:
            checks.append(_check_recipient(badge.assertion, recipients))
    except NotAnswered as gap:
        checks.append(Check("proof", UNKNOWN, str(gap)))
    except LaurelError as refusal:
        checks.append(Check("proof", FAILED, refusal.message, refusal.field or ""))
    verified = not any(check.outcome in {FAILED, UNKNOWN} for check in checks)
    trust = (
        f"The page of {badge.issuer_id} says so now; it could say otherwise tomorrow. Who stands behind that address "
        "is for the reader to judge."
        if verified
        else "Do not rely on this badge: see the checks that failed or could not be made."
    )
    return Verdict(
        verified=verified,
        standard="Open Badges 2.0",
        checks=tuple(checks),
        trust=trust,
        credential=badge.assertion or None,
        issuer=badge.issuer_id,
        key=inquiry.key,
        carrier=offered.carrier,
    )


def _hosted(badge: _Badge, link: str | None, inquiry: Inquiry, checks: list[Check]) -> Generator[Need, Reply, None]:
    url = link or badge.assertion.get("id")
    verification = badge.assertion.get("verification")
    kind = verification.get("type") if isinstance(verification, dict) else None
    if link is None and str(kind) not in _HOSTED:
        raise DocumentRefused("only a hosted assertion can be offered as a document", field="verification/type")
    if not isinstance(url, str):
        raise DocumentRefused("the assertion has no address", field="id")
    reply = yield from inquiry.ask(url, "assertion")
    if isinstance(reply, Fetched) and reply.status == _GONE:
        checks.append(Check("status", FAILED, f"revoked: {_reason(reply)}"))
        return
    badge.assertion = yield from inquiry.ask_json(url, "assertion")
    if badge.assertion.get("id") != url:
        raise DocumentRefused("the page at the assertion's address is another assertion", field="id")
    if badge.assertion.get("revoked") is True:
        reason = str(badge.assertion.get("revocationReason") or "no reason given")[:500]
        checks.append(Check("status", FAILED, f"revoked: {reason}"))
        return
    yield from _find_issuer(badge, inquiry)
    if not _may_host(badge.issuer, url):
        raise DocumentRefused("the assertion is not served from a place that its issuer names", field="id")
    checks.append(Check("proof", PASSED, f"served at {url}, where its issuer's assertions lie"))
    checks.append(Check("status", PASSED, "not revoked"))


def _reason(reply: Fetched) -> str:
    try:
        return str(read_json(reply.body[: limits.DOCUMENT_BYTES_MAX]).get("revocationReason") or "gone")[:500]
    except LaurelError:
        return "gone"


def _signed(badge: _Badge, token: vc_jwt.Token, inquiry: Inquiry, checks: list[Check]) -> Generator[Need, Reply, None]:
    verification = badge.assertion.get("verification")
    if not isinstance(verification, dict) or str(verification.get("type")) not in _SIGNED:
        raise ProofRejected("the signed assertion does not say SignedBadge", field="verification/type")
    yield from _find_issuer(badge, inquiry)
    owned = [key.get("id") if isinstance(key, dict) else key for key in listed(badge.issuer.get("publicKey"))]
    creator = verification.get("creator") or (owned[0] if owned else None)
    if not isinstance(creator, str) or creator not in owned:
        raise ProofRejected("the key is not one that the issuer lists", field="verification/creator")
    key_document = yield from inquiry.ask_json(creator, "key")
    pem = key_document.get("publicKeyPem")
    if key_document.get("owner") != badge.issuer_id or not isinstance(pem, str):
        raise ProofRejected("the key does not belong to the issuer", field="verification/creator")
    vc_jwt.check_token(token, parse_pem(pem))
    inquiry.key = creator
    checks.append(Check("proof", PASSED, f"{token.algorithm} signature by {creator}"))
    checks.append((yield from _check_revocation_list(badge, inquiry)))


def _check_revocation_list(badge: _Badge, inquiry: Inquiry) -> Generator[Need, Reply, Check]:
    url = badge.issuer.get("revocationList")
    if not isinstance(url, str):
        return Check("status", NOTED, "the issuer keeps no revocation list")
    listing = yield from inquiry.ask_json(url, "status")
    names = [name for name in (badge.assertion.get("id"), badge.assertion.get("uid")) if name is not None]
    for entry in listed(listing.get("revokedAssertions")):
        name = (entry.get("id") or entry.get("uid")) if isinstance(entry, dict) else entry
        if isinstance(name, str) and name in names:
            reason = str(entry.get("revocationReason") or "") if isinstance(entry, dict) else ""
            return Check("status", FAILED, f"revoked: {reason[:500] or 'no reason given'}")
    return Check("status", PASSED, "not on the issuer's revocation list")


def _find_issuer(badge: _Badge, inquiry: Inquiry) -> Generator[Need, Reply, None]:
    badge_class = yield from _resolved(badge.assertion.get("badge"), "badge", inquiry)
    badge.issuer = yield from _resolved(badge_class.get("issuer"), "issuer", inquiry)
    if badge.issuer_id is None:
        raise DocumentRefused("the issuer has no address", field="badge/issuer")


def _resolved(value: Any, what: str, inquiry: Inquiry) -> Generator[Need, Reply, Json]:
    """The document behind a reference; one that is embedded is fetched all the same if it has an https address."""
    url = value.get("id") if isinstance(value, dict) else value
    if not isinstance(url, str):
        raise DocumentRefused(f"the assertion leads to no {what}", field=what)
    document = yield from inquiry.ask_json(url, what)
    if document.get("id") != url:
        raise DocumentRefused(f"the page at the {what}'s address is another one", field=what)
    return document


def _may_host(issuer: Json, url: str) -> bool:
    rules = issuer.get("verification")
    rules = rules if isinstance(rules, dict) else {}
    prefixes = [text for text in listed(rules.get("startsWith")) if isinstance(text, str)]
    if prefixes:
        return any(url.startswith(text) for text in prefixes)
    own = urlsplit(str(issuer.get("id"))).netloc
    hosts = [text for text in listed(rules.get("allowedOrigins")) if isinstance(text, str)] or [own]
    return urlsplit(url).netloc in hosts


def _check_validity(assertion: Json, inquiry: Inquiry) -> Check:
    if not assertion.get("issuedOn"):
        return Check("validity", NOTED, "the assertion does not say when it was issued")
    expires = assertion.get("expires")
    try:
        if parse_instant(assertion["issuedOn"]) > inquiry.now:
            return Check("validity", FAILED, "issued in the future", "issuedOn")
        if expires is not None and parse_instant(expires) <= inquiry.now:
            return Check("validity", FAILED, f"expired on {expires}", "expires")
    except DocumentRefused as refusal:
        return Check("validity", FAILED, refusal.message, "issuedOn")
    return Check("validity", PASSED, f"valid until {expires}" if expires else "valid without end")


def _check_recipient(assertion: Json, recipients: tuple[str, ...]) -> Check:
    recipient = assertion.get("recipient")
    recipient = recipient if isinstance(recipient, dict) else {}
    salt = recipient.get("salt")
    for name in recipients:
        expected = identity_hash(name, salt if isinstance(salt, str) else "") if recipient.get("hashed") else name
        if recipient.get("identity") == expected:
            return Check("recipient", PASSED, "the badge is about this person")
    return Check("recipient", FAILED, "the badge is about somebody else", "recipient")

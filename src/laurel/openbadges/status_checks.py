"""Does it count now? Its time, and what the issuer says of it since. Pure, as verify."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any, Final

from laurel.base import limits
from laurel.base.errors import LaurelError
from laurel.openbadges import status_list
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.inquiry import Inquiry, NotAnswered, body_of, parse_instant
from laurel.openbadges.reading import read
from laurel.openbadges.signature_checks import check_proofs, check_token, slashed
from laurel.openbadges.structure import issuer_of, listed, types_of
from laurel.openbadges.verdict import FAILED, NOTED, PASSED, UNKNOWN, Check, Need, Reply

_LESS_THAN_A_SECOND: Final = timedelta(microseconds=999_999)


def check_validity(document: dict[str, Any], now: datetime) -> Check:
    """Whether it has begun, and has not run out.

    Dates are in whole seconds: one that begins before the running second is over, such as what was issued twice within it, has
    begun.
    """
    try:
        begins = parse_instant(document.get("validFrom", document.get("issuanceDate")))
        ends = document.get("validUntil", document.get("expirationDate"))
        if begins > now + _LESS_THAN_A_SECOND:
            return Check("validity", FAILED, f"not valid before {begins.isoformat()}", "validFrom")
        if ends is not None and parse_instant(ends) <= now:
            return Check("validity", FAILED, f"expired on {ends}", "validUntil")
    except DocumentRefused as refusal:
        return Check("validity", FAILED, refusal.message, refusal.field or "")
    return Check("validity", PASSED, f"valid until {ends}" if ends else "valid without end")


def check_status(document: dict[str, Any], inquiry: Inquiry) -> Generator[Need, Reply, list[Check]]:
    """What the issuer offers to be asked about it, asked."""
    checks = []
    for entry in listed(document.get("credentialStatus"))[: limits.PROOFS_MAX]:
        try:
            if not isinstance(entry, dict):
                raise DocumentRefused("the status is not an object")
            checks.append((yield from _check_one_status(document, entry, inquiry)))
        except NotAnswered as gap:
            checks.append(Check("status", UNKNOWN, str(gap), "credentialStatus"))
        except LaurelError as refusal:
            checks.append(Check("status", FAILED, refusal.message, f"credentialStatus{slashed(refusal.field)}"))
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
        inner = yield from check_proofs(listing, inquiry)
    else:
        inner = yield from check_token(offered.token, inquiry)
    trouble = next(
        (check for check in [*inner, check_validity(listing, inquiry.now)] if check.outcome in {FAILED, UNKNOWN}), None
    )
    if trouble is not None:
        return Check("status", trouble.outcome, f"the status list itself: {trouble.detail}", "credentialStatus")
    purpose = str(entry.get("statusPurpose"))[:50]
    if status_list.read_status(entry, listing):
        return Check("status", FAILED, {"revocation": "revoked", "suspension": "suspended"}.get(purpose, purpose))
    return Check("status", PASSED, f"the issuer's list says nothing against it ({purpose})")

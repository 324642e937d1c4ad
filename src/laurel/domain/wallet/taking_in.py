"""Taking credentials of other issuers into a person's wallet, once they are verified; nothing unverified is ever kept."""

import hashlib
from datetime import datetime
from typing import Any, NamedTuple

from laurel.base import limits
from laurel.base.errors import TooLarge
from laurel.base.text import clean
from laurel.database.pool import Transaction
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.addresses import Addresses, subject_id
from laurel.domain.people.model import Person
from laurel.domain.wallet import store
from laurel.domain.wallet.model import RECORD_STANDARD, CredentialNotAccepted, Kept, NewHeld, SomebodyElses
from laurel.openbadges.inquiry import parse_instant
from laurel.openbadges.structure import issuer_of, types_of
from laurel.openbadges.verdict import Outcome, Verdict


class Wanted(NamedTuple):
    """What a wallet takes in at one door."""

    name: str
    standard: str
    types: frozenset[str]


BADGES = Wanted(
    "an Open Badges 3.0 credential", "Open Badges 3.0", frozenset({"OpenBadgeCredential", "AchievementCredential"})
)
RECORDS = Wanted("a CLR 2.0 record", RECORD_STANDARD, frozenset({"ClrCredential"}))
_TROUBLE = frozenset({Outcome.FAILED, Outcome.UNKNOWN})


def names_of(person: Person) -> tuple[str, ...]:
    """By which names credentials may be about this person; what a verification is given as recipients."""
    return (subject_id(person.uid), *((person.email,) if person.email else ()))


async def keep(
    tx: Transaction,
    person: Person,
    offered: bytes,
    verdict: Verdict,
    addresses: Addresses,
    now: datetime,
    *,
    wanted: Wanted = BADGES,
) -> Kept:
    """Keep an Open Badge (or what else is `wanted`) for a person. `verdict` is that of `offered`, with `names_of(person)` as
    recipients.

    One that we issued to the person is theirs already and stays as it is. Raises CredentialNotAccepted, SomebodyElses,
    TooLarge.
    """
    document = verdict.credential or {}
    _check(document, verdict, wanted)
    own = str(document.get("id")).removeprefix(addresses.credential(""))
    issued_here = await credentials.find_by_uid(tx, own)
    if issued_here is not None:
        if issued_here.person_id != person.id:
            raise SomebodyElses("this credential was issued to somebody else")
        return Kept.REPLACED
    if len(offered) > limits.HELD_CREDENTIAL_BYTES_MAX:
        limit = limits.HELD_CREDENTIAL_BYTES_MAX
        raise TooLarge(
            f"the credential has {len(offered)} bytes, the limit is {limit}",
            field="body",
            limit=limit,
            value=len(offered),
        )
    issuer = issuer_of(document) or ""
    new = NewHeld(
        identity=hashlib.sha256(f"{document.get('id')}\0{issuer}".encode("utf-8", "surrogatepass")).digest(),
        name=_name(document),
        issuer=clean(issuer)[: limits.URL_LENGTH_MAX],
        standard=verdict.standard,
        token=verdict.carrier == "jwt",
        content=offered.decode("utf-8-sig").strip(),
        valid_from=parse_instant(document.get("validFrom", document.get("issuanceDate"))),
    )
    created = await store.upsert(tx, person.id, new, now)
    if created is None:
        return Kept.NOT_MODIFIED
    if created and await store.count_held(tx, person.id) > limits.HELD_CREDENTIALS_PER_PERSON_MAX:
        limit = limits.HELD_CREDENTIALS_PER_PERSON_MAX
        raise TooLarge(f"a wallet keeps at most {limit} credentials of other issuers", field="body", limit=limit)
    return Kept.CREATED if created else Kept.REPLACED


def _check(document: dict[str, Any], verdict: Verdict, wanted: Wanted) -> None:
    checks = [check for check in verdict.checks if check.outcome in _TROUBLE and check.name != "recipient"]
    if checks:
        told = [{"name": check.name, "detail": check.detail, "path": check.path} for check in checks]
        raise CredentialNotAccepted(
            f"the credential was not verified: {checks[0].detail}"[:500], field="body", details={"checks": told}
        )
    fits = verdict.standard == wanted.standard and not types_of(document).isdisjoint(wanted.types)
    if not fits or verdict.carrier in _PICTURES:
        raise CredentialNotAccepted(f"{wanted.name} is wanted, as JSON or as a compact token", field="body")
    about_others = any(check.name == "recipient" and check.outcome is Outcome.FAILED for check in verdict.checks)
    subject = document.get("credentialSubject")
    if about_others and isinstance(subject, dict) and subject.get("identifier"):
        raise SomebodyElses("this credential names somebody else")


_PICTURES = frozenset({"png", "svg"})


def _name(document: dict[str, Any]) -> str:
    subject = document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    name = document.get("name") or (achievement.get("name") if isinstance(achievement, dict) else None)
    return clean(name)[: limits.NAME_LENGTH_MAX] if isinstance(name, str) else ""

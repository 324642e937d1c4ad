"""What a credential must have before anything else about it is worth asking, whoever made it.

Looser than our own builder on purpose: it reads what both official schemas and the 1EdTech validator accept.
"""

from typing import Any, Final

from laurel.openbadges.jsonld import CREDENTIALS_V2

_BADGE_TYPES: Final = frozenset({"OpenBadgeCredential", "AchievementCredential"})


def listed(value: Any) -> list[Any]:
    """`value` as a list: itself, nothing, or the one thing it is."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def issuer_of(document: dict[str, Any]) -> str | None:
    """The issuer's id, from either spelling."""
    issuer = document.get("issuer")
    name = issuer.get("id") if isinstance(issuer, dict) else issuer
    return name if isinstance(name, str) else None


def types_of(document: dict[str, Any]) -> set[str]:
    """The type names of a node; whatever is no text is left out."""
    return {kind for kind in listed(document.get("type")) if isinstance(kind, str)}


ENVELOPED: Final = "EnvelopedVerifiableCredential"
_ENVELOPES: Final = ("data:application/vc+jwt,", "data:application/jwt,")


def envelope(token: str) -> dict[str, Any]:
    """A token as an object, for protocols that speak of objects (VCDM 2.0, section 4.13)."""
    return {"@context": CREDENTIALS_V2, "id": f"{_ENVELOPES[0]}{token}", "type": ENVELOPED}


def enveloped_token(document: dict[str, Any]) -> str | None:
    """The token that an enveloped credential holds, or None for any other document."""
    name = document.get("id")
    if ENVELOPED not in types_of(document) or not isinstance(name, str):
        return None
    return next((name.removeprefix(start) for start in _ENVELOPES if name.startswith(start)), None)


def structural_faults(document: dict[str, Any]) -> list[tuple[str, str]]:
    """(path, fault) pairs; empty when the document has what its type demands."""
    faults = []
    types = types_of(document)
    if "VerifiableCredential" not in types:
        faults.append(("type", "is no VerifiableCredential"))
    if issuer_of(document) is None:
        faults.append(("issuer", "names no issuer"))
    subject = document.get("credentialSubject")
    if isinstance(subject, list) and len(subject) == 1:
        subject = subject[0]
    if not isinstance(subject, dict):
        return [*faults, ("credentialSubject", "has no subject")]
    if types & _BADGE_TYPES:
        faults += _badge_faults(subject)
    if "EndorsementCredential" in types and not isinstance(subject.get("id"), str):
        faults.append(("credentialSubject/id", "endorses nothing"))
    if "ClrCredential" in types and not listed(subject.get("verifiableCredential")):
        faults.append(("credentialSubject/verifiableCredential", "is a record without credentials"))
    return faults


def _badge_faults(subject: dict[str, Any]) -> list[tuple[str, str]]:
    faults = []
    here = "credentialSubject"
    if not isinstance(subject.get("id"), str) and not listed(subject.get("identifier")):
        faults.append((here, "does not say whose badge it is: neither id nor identifier"))
    achievement = subject.get("achievement")
    if not isinstance(achievement, dict):
        return [*faults, (f"{here}/achievement", "has no achievement")]
    for name in ("id", "name", "description"):
        if not isinstance(achievement.get(name), str | dict):
            faults.append((f"{here}/achievement/{name}", "is missing"))
    criteria = achievement.get("criteria")
    if not isinstance(criteria, dict) or not (criteria.get("id") or criteria.get("narrative")):
        faults.append((f"{here}/achievement/criteria", "says nothing: neither id nor narrative"))
    return faults

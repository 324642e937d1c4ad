"""Open Badges 2.0 documents for backpacks that know nothing newer: hosted assertions, badge classes, profiles.

What Open Badges 3.0 says better is not repeated here. Source: Open Badges 2.0; contracts/open-badges.md, section 12.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from laurel.openbadges.documents import Achievement, Json, Profile, identity_hash, render_instant
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.jsonld import OPEN_BADGES_V2

_REVOKED_MIN: Final = 2


def profile_2(profile: Profile, *, revocation_list: str | None = None, public_key: str | None = None) -> Json:
    """The issuer; Open Badges 2.0 demands name, url and e-mail. Raises DocumentRefused when one is missing."""
    members = {"name": profile.name, "url": profile.url, "email": profile.email}
    for name, value in members.items():
        if not value:
            raise DocumentRefused(f"an Open Badges 2.0 issuer needs its {name}", field=f"issuer.{name}")
    document: Json = {"@context": OPEN_BADGES_V2, "type": "Profile", "id": profile.id, **members}
    optional = {
        "description": profile.description,
        "image": profile.image.id if profile.image else None,
        "telephone": profile.phone,
        "revocationList": revocation_list,
        "publicKey": public_key,
    }
    return document | {name: value for name, value in optional.items() if value}


def badge_class(achievement: Achievement, *, id: str, issuer_id: str, image: str) -> Json:  # noqa: A002 - the standard's word
    """The BadgeClass of an achievement; Open Badges 2.0 demands an image."""
    criteria = {"id": achievement.criteria_url, "narrative": achievement.criteria_narrative}
    document: Json = {
        "@context": OPEN_BADGES_V2,
        "type": "BadgeClass",
        "id": id,
        "name": achievement.name,
        "description": achievement.description,
        "image": image,
        "criteria": {name: value for name, value in criteria.items() if value},
        "issuer": issuer_id,
    }
    if achievement.tags:
        document["tags"] = list(achievement.tags)
    if achievement.alignments:
        document["alignment"] = [
            {
                name: value
                for name, value in {
                    "targetName": entry.target_name,
                    "targetUrl": entry.target_url,
                    "targetDescription": entry.target_description,
                    "targetFramework": entry.target_framework,
                    "targetCode": entry.target_code,
                }.items()
                if value
            }
            for entry in achievement.alignments
        ]
    return document


def hosted_assertion(
    *,
    id: str,  # noqa: A002 - the standard's word
    badge: str,
    email: str,
    salt: str,
    issued: datetime,
    expires: datetime | None = None,
    image: str | None = None,
    evidence: Sequence[str] = (),
    narrative: str | None = None,
) -> Json:
    """A HostedBadge assertion: valid because it is served at `id` on the issuer's own host."""
    document: Json = {
        "@context": OPEN_BADGES_V2,
        "type": "Assertion",
        "id": id,
        "recipient": {"type": "email", "hashed": True, "salt": salt, "identity": identity_hash(email, salt)},
        "badge": badge,
        "verification": {"type": "HostedBadge"},
        "issuedOn": render_instant(issued),
    }
    optional = {
        "expires": render_instant(expires) if expires else None,
        "image": image,
        "evidence": [{"id": url, "type": "Evidence"} for url in evidence],
        "narrative": narrative,
    }
    return document | {name: value for name, value in optional.items() if value}


def revoked_assertion(*, id: str, reason: str) -> Json:  # noqa: A002 - the standard's word
    """What is served with 410 Gone: a full body with `revoked` is reported valid by the common validator."""
    return {"@context": OPEN_BADGES_V2, "type": "Assertion", "id": id, "revoked": True, "revocationReason": reason}


def revocation_list_2(*, id: str, issuer_id: str, revoked: Sequence[tuple[str, str]]) -> Json:  # noqa: A002 - as above
    """The RevocationList: (assertion id, reason) pairs. A list of one is doubled, because compaction unwraps it."""
    entries = [{"id": name, "revocationReason": reason} for name, reason in revoked]
    if 0 < len(entries) < _REVOKED_MIN:
        entries = entries * _REVOKED_MIN
    return {
        "@context": OPEN_BADGES_V2,
        "type": "RevocationList",
        "id": id,
        "issuer": issuer_id,
        "revokedAssertions": entries,
    }

"""Credentials as other products hand them out: an Accredible CSV export, Open Badges 2.0 assertions, 3.0 credentials. Pure."""

import hashlib
import re
from collections.abc import Mapping as Values
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from laurel.base import json_text
from laurel.base.errors import Invalid
from laurel.base.text import clean, clean_email
from laurel.domain.imports.model import FileUnreadable, Found, Mapping

_ALIASES: Values[str, tuple[str, ...]] = {
    "origin_id": ("credentialid", "credentialuuid", "uuid", "id", "credentialurl", "url"),
    "recipient_name": ("recipientname", "name", "fullname"),
    "recipient_email": ("recipientemail", "email", "emailaddress"),
    "achievement": ("credentialname", "coursename", "groupname", "group", "course", "title"),
    "description": ("credentialdescription", "coursedescription", "description"),
    "issued_at": ("issuedon", "issuedate", "dateissued", "issued"),
    "expires_at": ("expiredon", "expireson", "expirydate", "expirationdate", "expires"),
    "license_id": ("licenseid", "licensenumber"),
    "state": ("status", "state"),
}
_NEEDED = ("recipient_email", "achievement", "issued_at")
_OURS = frozenset(
    {"approve", "approved", "private", "department", "departmentid", "groupid", "sent", "opened", "views"}
)
"""Columns about how Accredible works, of which nothing is made here."""
_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%Y/%m/%d", "%d.%m.%Y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y")
_REVOKED = frozenset({"revoked", "deleted", "deactivated"})


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())


def mapping_of(columns: Sequence[str], name: str) -> Mapping:
    """What the columns of an Accredible export become. Raises FileUnreadable naming what is missing."""
    used: list[tuple[str, str]] = []
    for field, aliases in _ALIASES.items():
        by_alias = {_plain(column): column for column in reversed(columns)}
        found = next((by_alias[alias] for alias in aliases if alias in by_alias), None)
        if found is not None and found not in {column for column, _ in used}:
            used.append((found, field))
        elif field in _NEEDED:
            wanted = " or ".join(aliases[:3])
            raise FileUnreadable(
                f"{name} lacks a column for {field} ({wanted})", field=field, value=", ".join(columns)[:300]
            )
    taken = {column for column, _ in used}
    rest = [column for column in columns if column and column not in taken]
    return Mapping(
        used=used,
        custom=[column for column in rest if _plain(column) not in _OURS],
        ignored=[column for column in rest if _plain(column) in _OURS],
    )


def from_accredible(values: Values[str, str], mapping: Mapping) -> Found:
    """The credential of a line. Raises Invalid naming the column."""
    cells = {field: clean(values.get(column, "")).strip() for column, field in mapping.used}
    columns = {field: column for column, field in mapping.used}
    email = clean_email(cells["recipient_email"])
    if email is None:
        raise Invalid("it is not an e-mail address", field=columns["recipient_email"], value=cells["recipient_email"])
    if not cells["achievement"]:
        raise Invalid("it is empty", field=columns["achievement"])
    issued_at = _day(cells["issued_at"], columns["issued_at"])
    if issued_at is None:
        raise Invalid("it is empty", field=columns["issued_at"])
    said = [email, cells["achievement"], cells["issued_at"]]
    return Found(
        origin="accredible",
        origin_id=cells.get("origin_id") or "row:" + hashlib.sha256(json_text.encode(said)).hexdigest()[:32],
        achievement=cells["achievement"],
        description=cells.get("description", ""),
        criteria="",
        recipient_name=cells.get("recipient_name", ""),
        recipient_email=email,
        issued_at=issued_at,
        expires_at=_day(cells["expires_at"], columns["expires_at"]) if cells.get("expires_at") else None,
        license_id=cells.get("license_id") or None,
        evidence=[],
        custom={column: clean(values[column]) for column in mapping.custom if values.get(column, "").strip()},
        revoked=cells.get("state", "").lower() in _REVOKED,
    )


def _day(text: str, field: str) -> datetime | None:
    if not text:
        return None
    instant = _instant(text)
    if instant is not None:
        return instant
    for form in _DATES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise Invalid("it is not a date that is known here (2026-01-31)", field=field, value=text)


def _instant(text: Any) -> datetime | None:
    try:
        value = datetime.fromisoformat(str(text).replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# --------------------------------------------------------------------------------------------------------- Open Badges
def from_badge(document: dict[str, Any]) -> Found:
    """An Open Badges 2.0 assertion with its badge class inside, or a 3.0 credential. Raises Invalid naming the place."""
    types = document.get("type")
    named = set(types) if isinstance(types, list) else {types}
    if named & {"OpenBadgeCredential", "AchievementCredential"}:
        return _from_3(document)
    if "Assertion" in named:
        return _from_2(document)
    raise Invalid("it is neither an Open Badges 2.0 Assertion nor an OpenBadgeCredential", field="type")


def _from_2(document: dict[str, Any]) -> Found:
    badge = document.get("badge")
    if not isinstance(badge, dict):
        raise Invalid("the badge class is not in the file, only its address", field="badge", value=badge)
    recipient = document.get("recipient")
    recipient = recipient if isinstance(recipient, dict) else {}
    email = _plain_email(recipient.get("identity"), hashed=bool(recipient.get("hashed")), field="recipient.identity")
    extension = document.get("extensions:recipientProfile")
    name = extension.get("name", "") if isinstance(extension, dict) else ""
    return Found(
        origin="open-badges-2",
        origin_id=_text(document, "id"),
        achievement=_text(badge, "name", "badge."),
        description=str(badge.get("description") or ""),
        criteria=_criteria(badge.get("criteria")),
        recipient_name=clean(str(name)),
        recipient_email=email,
        issued_at=_needed_instant(document, "issuedOn"),
        expires_at=_instant(document["expires"]) if document.get("expires") else None,
        license_id=None,
        evidence=_evidence(document.get("evidence")),
        custom={},
        revoked=document.get("revoked") is True,
        document=document,
    )


def _from_3(document: dict[str, Any]) -> Found:
    subject = document.get("credentialSubject")
    subject = subject[0] if isinstance(subject, list) and subject else subject
    if not isinstance(subject, dict) or not isinstance(subject.get("achievement"), dict):
        raise Invalid("the achievement is not in the file", field="credentialSubject.achievement")
    achievement = subject["achievement"]
    identifiers = subject.get("identifier") or []
    identifiers = identifiers if isinstance(identifiers, list) else [identifiers]
    chosen = next(
        (one for one in identifiers if isinstance(one, dict) and one.get("identityType") == "emailAddress"), {}
    )
    given = chosen.get("identityHash")
    if not chosen and str(subject.get("id", "")).startswith("mailto:"):
        given = subject["id"].removeprefix("mailto:")
    field = "credentialSubject.identifier"
    names = [
        one.get("identityHash") for one in identifiers if isinstance(one, dict) and one.get("identityType") == "name"
    ]
    start = "validFrom" if "validFrom" in document else "issuanceDate"
    end = document.get("validUntil") or document.get("expirationDate")
    return Found(
        origin="open-badges-3",
        origin_id=_text(document, "id"),
        achievement=_text(achievement, "name", "credentialSubject.achievement."),
        description=str(achievement.get("description") or ""),
        criteria=_criteria(achievement.get("criteria")),
        recipient_name=clean(str(subject.get("name") or (names[0] if names else "") or "")),
        recipient_email=_plain_email(given, hashed=chosen.get("hashed") is True, field=field),
        issued_at=_needed_instant(document, start),
        expires_at=_instant(end) if end else None,
        license_id=subject.get("licenseNumber") if isinstance(subject.get("licenseNumber"), str) else None,
        evidence=_evidence(document.get("evidence")),
        custom={},
        document=document,
    )


def _plain_email(value: Any, *, hashed: bool, field: str) -> str:
    if hashed:
        raise Invalid("the recipient is hashed, so nobody can be found by it", field=field)
    email = clean_email(value) if isinstance(value, str) else None
    if email is None:
        raise Invalid("it is not an e-mail address", field=field, value=value if isinstance(value, str) else None)
    return email


def _text(values: dict[str, Any], name: str, place: str = "") -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Invalid("it is missing", field=f"{place}{name}")
    return clean(value.strip())


def _needed_instant(values: dict[str, Any], name: str) -> datetime:
    instant = _instant(values.get(name))
    if instant is None:
        raise Invalid("it is not a date", field=name, value=str(values.get(name))[:50])
    return instant


def _criteria(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("narrative") or value.get("id") or "")
    return value if isinstance(value, str) else ""


def _evidence(value: Any) -> list[dict[str, Any]]:
    listed = value if isinstance(value, list) else [value] if value else []
    return [one if isinstance(one, dict) else {"id": str(one)} for one in listed][:20]

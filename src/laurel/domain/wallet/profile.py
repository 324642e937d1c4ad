"""What a person lets their wallet say about them, by the names of the Open Badges 3.0 class Profile."""

from datetime import date, datetime
from typing import Any

from laurel.base import json_text, limits
from laurel.base.errors import Invalid, TooLarge
from laurel.database.pool import Transaction
from laurel.domain.people import registry
from laurel.domain.people.model import Person
from laurel.domain.people.registry import Details
from laurel.openbadges.jsonld import CREDENTIALS_V2, OPEN_BADGES_V3

_KEPT_AS = "open_badges_profile"
_TEXTS = frozenset(
    {
        "name", "url", "phone", "description", "familyName", "givenName", "additionalName", "patronymicName",
        "honorificPrefix", "honorificSuffix", "familyNamePrefix", "dateOfBirth", "official", "image",
    }
)  # fmt: skip
_OBJECTS = frozenset({"image", "address", "parentOrg"})
_LISTS = frozenset({"otherIdentifier", "endorsement", "endorsementJwt"})
_OURS = frozenset({"@context", "id", "type", "email"})


def profile_of(person: Person) -> dict[str, Any]:
    """The profile as a Profile object: what the person wrote, and the register's name and address."""
    written = person.attributes.get(_KEPT_AS)
    registered = {
        "name": person.full_name if "@" not in person.full_name else "",
        "givenName": person.first_name,
        "familyName": person.last_name,
    }
    return {
        "@context": [CREDENTIALS_V2, OPEN_BADGES_V3],
        "id": f"urn:laurel:person:{person.uid}",
        "type": ["Profile"],
        **{name: value for name, value in registered.items() if value},
        **(written if isinstance(written, dict) else {}),
        **({"email": person.email} if person.email else {}),
    }


async def write(tx: Transaction, person: Person, profile: dict[str, Any], now: datetime) -> Person:
    """Replace what the person wrote; the register keeps its own name and address. Raises Invalid, TooLarge by field."""
    types = profile.get("type")
    if "Profile" not in (types if isinstance(types, list) else [types]):
        raise Invalid("type must be Profile", field="type")
    kept: dict[str, Any] = {}
    for name, value in profile.items():
        if name in _OURS:
            continue
        kinds = [kind for kind, names in ((str, _TEXTS), (dict, _OBJECTS), (list, _LISTS)) if name in names]
        if not kinds:
            raise Invalid(f"a Profile has no member {name[:100]}", field=name[:100])
        if not isinstance(value, tuple(kinds)):
            raise Invalid(f"{name} is of the wrong type", field=name)
        kept[name] = value
    _check_date(kept)
    size, limit = len(json_text.encode(kept)), limits.WALLET_PROFILE_BYTES_MAX
    if size > limit:
        raise TooLarge(f"the profile has {size} bytes, the limit is {limit}", field="body", limit=limit, value=size)
    attributes = {**person.attributes, _KEPT_AS: kept}
    return await registry.change(tx, person, Details(attributes=attributes), now=now)


def _check_date(profile: dict[str, Any]) -> None:
    born = profile.get("dateOfBirth")
    if born is not None:
        try:
            date.fromisoformat(born)
        except ValueError:
            raise Invalid("dateOfBirth must be a date, as 2001-12-31", field="dateOfBirth", value=born[:50]) from None

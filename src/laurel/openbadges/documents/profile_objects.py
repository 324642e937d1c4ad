"""Issuers, creators, sources and recipients: the Profile and what identifies a person. Makes no credential."""

import hashlib
from collections.abc import Sequence

import msgspec

from laurel.openbadges.documents.members import (
    NARRATIVE_MAX,
    Json,
    embedded,
    filled,
    one_of,
    required_text,
    text_of,
    url_of,
)
from laurel.openbadges.documents.vocabulary import CONTEXTS, IDENTITY_TYPES


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A picture by its URL."""

    id: str
    caption: str | None = None


class Identifier(msgspec.Struct, frozen=True, kw_only=True):
    """Another identifier of a profile or achievement, in the clear."""

    identifier: str
    type: str


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's identifier, published as a salted hash unless `hashed` is off."""

    identifier: str
    type: str = "emailAddress"
    salt: str | None = None
    hashed: bool = True


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """An issuer, creator, source or subject."""

    id: str
    name: str | None = None
    url: str | None = None
    email: str | None = None
    phone: str | None = None
    description: str | None = None
    image: Image | None = None
    other_identifiers: tuple[Identifier, ...] = ()
    official: str | None = None
    parent: "Profile | None" = None
    given_name: str | None = None
    family_name: str | None = None
    endorsements: tuple[Json, ...] = ()


def profile_document(profile: Profile) -> Json:
    """The issuer's profile as published at its own URL."""
    return {"@context": list(CONTEXTS), **profile_object(profile)}


def profile_object(profile: Profile) -> Json:
    """The Profile inside another document. Raises DocumentRefused."""
    found = profile_member(profile, "profile")
    return found if found is not None else {}


def identity_hash(identifier: str, salt: str) -> str:
    """The OB identityHash: `sha256$` and the hex digest of the identifier followed by the salt."""
    return f"sha256${hashlib.sha256((identifier + salt).encode()).hexdigest()}"


def image_object(image: Image | None, field: str) -> Json | None:
    """An Image. Raises DocumentRefused."""
    if image is None:
        return None
    caption = text_of(image.caption, f"{field}.caption")
    return filled({"id": url_of(image.id, f"{field}.id"), "type": "Image", "caption": caption})


def profile_member(profile: Profile | None, field: str) -> Json | None:
    """A Profile, or None. Raises DocumentRefused."""
    if profile is None:
        return None
    return filled(
        {
            "id": url_of(profile.id, f"{field}.id"),
            "type": ["Profile"],
            "name": text_of(profile.name, f"{field}.name"),
            "url": url_of(profile.url, f"{field}.url"),
            "phone": text_of(profile.phone, f"{field}.phone"),
            "description": text_of(profile.description, f"{field}.description", NARRATIVE_MAX),
            "email": text_of(profile.email, f"{field}.email"),
            "image": image_object(profile.image, f"{field}.image"),
            "otherIdentifier": identifier_entries(profile.other_identifiers, f"{field}.other_identifiers"),
            "official": text_of(profile.official, f"{field}.official"),
            "endorsement": embedded(profile.endorsements, f"{field}.endorsements"),
            "parentOrg": profile_member(profile.parent, f"{field}.parent"),
            "givenName": text_of(profile.given_name, f"{field}.given_name"),
            "familyName": text_of(profile.family_name, f"{field}.family_name"),
        }
    )


def identifier_entries(entries: Sequence[Identifier], field: str) -> list[Json]:
    """IdentifierEntry objects. Raises DocumentRefused."""
    return [
        {
            "type": "IdentifierEntry",
            "identifier": required_text(entry.identifier, f"{field}[{i}].identifier"),
            "identifierType": one_of(entry.type, IDENTITY_TYPES, f"{field}[{i}].type"),
        }
        for i, entry in enumerate(entries)
    ]


def identity_objects(entries: Sequence[Identity]) -> list[Json]:
    """IdentityObjects, hashed where they are to be. Raises DocumentRefused."""
    found = []
    for i, entry in enumerate(entries):
        identifier = required_text(entry.identifier, f"subject.identities[{i}].identifier")
        salt = text_of(entry.salt, f"subject.identities[{i}].salt")
        shown = identity_hash(identifier, salt or "") if entry.hashed else identifier
        found.append(
            filled(
                {
                    "type": "IdentityObject",
                    "hashed": entry.hashed,
                    "identityHash": shown,
                    "identityType": one_of(entry.type, IDENTITY_TYPES, f"subject.identities[{i}].type"),
                    "salt": salt if entry.hashed else None,
                }
            )
        )
    return found

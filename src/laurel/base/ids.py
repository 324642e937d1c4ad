"""Identifiers: typed integer ids, 24-hex public uids, secrets. The only home of randomness used for naming things."""

import os
import secrets
import time
import uuid
from typing import NewType

OrganisationId = NewType("OrganisationId", int)
DepartmentId = NewType("DepartmentId", int)
AccountId = NewType("AccountId", int)
ApiKeyId = NewType("ApiKeyId", int)
PersonId = NewType("PersonId", int)
AchievementId = NewType("AchievementId", int)
AwardId = NewType("AwardId", int)
CredentialId = NewType("CredentialId", int)
RewardId = NewType("RewardId", int)
EndpointId = NewType("EndpointId", int)
DeliveryId = NewType("DeliveryId", int)

PersonKey = tuple[str, str]
"""A name for a person: (kind, value), where kind is "uid", "email" or a kind of identifier."""

BASE62_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE62_VALUE = {character: value for value, character in enumerate(BASE62_ALPHABET)}
UID_HEX_LENGTH = 24
UID_BASE62_LENGTH = 20
_UID_BITS = 96


def new_uid() -> str:
    """A public id: 24 lower-case hex digits, the first 8 the UNIX second, the other 16 random (64 bits)."""
    return f"{int(time.time()):08x}{os.urandom(8).hex()}"


def new_uids(count: int) -> list[str]:
    """`count` uids of this second in one go (one call to the random source)."""
    prefix = f"{int(time.time()):08x}"
    noise = os.urandom(8 * count).hex()
    return [prefix + noise[start : start + 16] for start in range(0, 16 * count, 16)]


def new_uuid() -> str:
    """A random UUID (version 4) in its usual spelling."""
    return str(uuid.uuid4())


def is_uid(text: str) -> bool:
    """Whether `text` has the form of a uid."""
    return len(text) == UID_HEX_LENGTH and all(character in "0123456789abcdef" for character in text)


def base62(number: int, length: int) -> str:
    """`number` (not negative) in base 62, zero-padded to `length` characters."""
    digits = []
    while number:
        number, digit = divmod(number, 62)
        digits.append(BASE62_ALPHABET[digit])
    return "".join(reversed(digits)).rjust(length, "0")


def base62_value(text: str) -> int | None:
    """The number that `text` spells in base 62, or None when a character is not of the alphabet."""
    number = 0
    for character in text:
        digit = _BASE62_VALUE.get(character)
        if digit is None:
            return None
        number = number * 62 + digit
    return number


def uid_as_base62(uid: str) -> str:
    """The 96 bits of a uid as 20 base-62 characters."""
    return base62(int(uid, 16), UID_BASE62_LENGTH)


def uid_from_base62(text: str) -> str | None:
    """The uid that `text` (20 base-62 characters) spells, or None when it spells none."""
    if len(text) != UID_BASE62_LENGTH:
        return None
    number = base62_value(text)
    if number is None or number >> _UID_BITS:
        return None
    return f"{number:024x}"


def new_secret() -> str:
    """32 random bytes as 43 base-62 characters."""
    return base62(int.from_bytes(secrets.token_bytes(32)), 43)


def new_public_id() -> str:
    """The public half of an API key: 12 random base-62 characters."""
    return base62(int.from_bytes(secrets.token_bytes(16)), 22)[-12:]

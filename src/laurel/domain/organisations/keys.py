"""API keys: made, recognised, rotated, revoked. Only an HMAC of a key under the pepper is ever stored.

A key reads `lrl_<id>_<secret><checksum>`: the id is public, the secret 32 random bytes in base 62, the checksum six
characters for scanners that look for leaked keys. The checksum is not looked at when a key is presented: the first key
of an unattended set-up may be any text that begins with `lrl_`.
"""

import hashlib
import hmac
import re
import zlib
from datetime import datetime, timedelta

import msgspec

from laurel.base.errors import Conflict, Forbidden, Invalid, NotFound
from laurel.base.ids import AccountId, DepartmentId, PersonId, base62, new_public_id, new_secret
from laurel.base.limits import API_KEY_LENGTH_MAX, NAME_LENGTH_MAX, SCOPES_MAX, check_count, check_length
from laurel.base.text import clean
from laurel.database.pool import Transaction
from laurel.domain.organisations import audit
from laurel.domain.organisations.api_keys import store as api_keys
from laurel.domain.organisations.model import EVERY_SCOPE, SCOPES, ApiKey, Caller

PREFIX = "lrl_"
CHECKSUM_LENGTH = 6
ROTATION_OVERLAP_MAX = timedelta(days=30)
_STANDARD_FORM = re.compile(r"lrl_([0-9A-Za-z]{12})_[0-9A-Za-z]{20,}")
_NO_KEY = b"\0" * 32


class IssuedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new key and its text, which is shown once and kept nowhere."""

    key: ApiKey
    text: str


class KeyWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a new key is to be."""

    name: str
    scopes: tuple[str, ...] = (EVERY_SCOPE,)
    department_id: DepartmentId | None = None
    acting_person_id: PersonId | None = None
    account_id: AccountId | None = None
    expires_at: datetime | None = None


def new_key_text() -> str:
    """A fresh key with its checksum."""
    secret = new_secret()
    return f"{PREFIX}{new_public_id()}_{secret}{checksum(secret)}"


def checksum(secret: str) -> str:
    """Six base-62 characters of the CRC-32 of the secret."""
    return base62(zlib.crc32(secret.encode()), CHECKSUM_LENGTH)


def secret_hmac(pepper: bytes, text: str) -> bytes:
    """What is stored of a key, and what a presented one is compared by."""
    return hmac.digest(pepper, text.encode("utf-8", "surrogatepass"), hashlib.sha256)


def key_uid(pepper: bytes, text: str) -> str:
    """Under which uid a key is found: the one it spells or, for a text of another form, one derived under the pepper."""
    if match := _STANDARD_FORM.fullmatch(text):
        return match[1]
    digest = hmac.digest(pepper, b"uid:" + text.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base62(int.from_bytes(digest[:16]), 22)[-12:]


async def recognise(tx: Transaction, pepper: bytes, text: str, now: datetime) -> ApiKey | None:
    """The valid key that `text` is, or None. Needs a public lookup of `key_uid(pepper, text)`.

    An unknown id costs the same comparison as a wrong secret.
    """
    found = await api_keys.find_with_secret(tx, key_uid(pepper, text))
    key, stored = found or (None, _NO_KEY)
    right = hmac.compare_digest(stored, secret_hmac(pepper, text))
    return key if key is not None and right and key.valid_at(now) else None


def caller_of(key: ApiKey) -> Caller:
    """What a recognised key says about a request."""
    return Caller(
        organisation_id=key.organisation_id,
        identity=f"key:{key.id}",
        actor=f"key:{key.uid}",
        scopes=frozenset(key.scopes),
        key_id=key.id,
        key_uid=key.uid,
        department_id=key.department_id,
        person_id=key.acting_person_id,
        account_id=key.account_id,
    )


async def issue(
    tx: Transaction, *, pepper: bytes, wish: KeyWish, by: Caller | str, now: datetime, text: str | None = None
) -> IssuedKey:
    """Make a key. Raises Invalid for a scope that does not exist or an expiry in the past, Forbidden when the caller
    would give away more than it holds, Conflict when `text` (a value chosen outside) is taken.
    """
    name = clean(wish.name).strip()
    check_length(name, NAME_LENGTH_MAX, "name")
    check_count(len(wish.scopes), SCOPES_MAX, "scopes")
    if not name:
        raise Invalid("name must not be empty", field="name", value=wish.name)
    for index, scope in enumerate(wish.scopes):
        if scope not in SCOPES:
            raise Invalid(f"there is no scope {scope}", field=f"scopes[{index}]", value=scope)
        if isinstance(by, Caller) and not by.may(scope):
            raise Forbidden(f"a key cannot give the scope {scope} that it does not hold", field=f"scopes[{index}]")
    if not wish.scopes:
        raise Invalid("scopes must name at least one scope", field="scopes", value=[])
    if wish.expires_at is not None and wish.expires_at <= now:
        raise Invalid("expires_at must be in the future", field="expires_at", value=wish.expires_at.isoformat())
    if isinstance(by, Caller) and by.department_id is not None and wish.department_id != by.department_id:
        raise Forbidden("a key of a department can only make keys of that department", field="department")
    text = text or new_key_text()
    check_length(text, API_KEY_LENGTH_MAX, "key")
    key = await api_keys.insert(
        tx,
        uid=key_uid(pepper, text),
        name=name,
        secret_hmac=secret_hmac(pepper, text),
        scopes=tuple(dict.fromkeys(wish.scopes)),
        department_id=wish.department_id,
        acting_person_id=wish.acting_person_id,
        account_id=wish.account_id,
        expires_at=wish.expires_at,
        now=now,
    )
    await audit.record(
        tx, at=now, by=by, action="key.create", subject=("key", key.uid), details={"scopes": list(key.scopes)}
    )
    return IssuedKey(key=key, text=text)


async def find(tx: Transaction, uid: str, by: Caller | str) -> ApiKey:
    """By uid. Raises NotFound, also for a key of another department than the caller's."""
    key = await api_keys.find(tx, uid)
    bound_to = by.department_id if isinstance(by, Caller) else None
    if key is None or (bound_to is not None and key.department_id != bound_to):
        raise NotFound(f"there is no key {uid}", field="id", value=uid)
    return key


async def revoke(tx: Transaction, uid: str, *, by: Caller | str, now: datetime) -> ApiKey:
    """Take a key out of use for good; idempotent. Raises NotFound."""
    before = await find(tx, uid, by)
    key = await api_keys.revoke(tx, before.id, now)
    if before.revoked_at is None:
        await audit.record(tx, at=now, by=by, action="key.revoke", subject=("key", key.uid))
    return key


async def rotate(
    tx: Transaction, uid: str, *, pepper: bytes, overlap: timedelta, by: Caller | str, now: datetime
) -> IssuedKey:
    """A successor with the same rights; the old key runs out after `overlap`. Raises NotFound, Invalid, Conflict when the
    key is revoked, has run out or has a successor already.
    """
    if not timedelta(0) <= overlap <= ROTATION_OVERLAP_MAX:
        raise Invalid(
            "overlap_seconds must lie between 0 and 30 days",
            field="overlap_seconds",
            limit=int(ROTATION_OVERLAP_MAX.total_seconds()),
            value=overlap.total_seconds(),
        )
    old = await find(tx, uid, by)
    if not old.valid_at(now):
        raise Conflict("the key is not valid any more: make a new one", field="id", value=uid)
    wish = KeyWish(
        name=old.name,
        scopes=old.scopes,
        department_id=old.department_id,
        acting_person_id=old.acting_person_id,
        account_id=old.account_id,
        expires_at=old.expires_at,
    )
    issued = await issue(tx, pepper=pepper, wish=wish, by=by, now=now)
    if not await api_keys.replace(tx, old.id, replaced_by=issued.key.uid, expires_at=now + overlap):
        raise Conflict("the key has been replaced already", field="id", value=uid)
    await audit.record(
        tx, at=now, by=by, action="key.rotate", subject=("key", uid), details={"replaced_by": issued.key.uid}
    )
    return issued

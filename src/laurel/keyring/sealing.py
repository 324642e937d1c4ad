"""Sealing private keys with a master key that lies outside the database (AES-256-GCM, the key's identity bound in)."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from laurel.base.errors import Conflict, Invalid, Kind, LaurelError

_VERSION: Final = b"\x01"
_KEY_BYTES: Final = 32
_NAME_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_OVERHEAD_MIN: Final = 1 + _NAME_BYTES + _NONCE_BYTES + 16


class MasterKeyRefused(Invalid):
    """A master key is malformed."""

    code: ClassVar[str] = "master_key_refused"


class SealBroken(LaurelError):
    """A sealed key cannot be opened: another master key, another owner, or changed bytes."""

    kind = Kind.UNAVAILABLE
    code = "seal_broken"


class KeyNotUsable(Conflict):
    """The key exists but must not sign: retired, compromised or of another algorithm."""

    code = "key_not_usable"


class MasterKeys:
    """The current master key, and older ones that can still open what they sealed. Shows nothing of itself."""

    __slots__ = ("_current", "_known")

    def __init__(self, current: bytes, older: Sequence[bytes] = ()) -> None:
        for key in (current, *older):
            if len(key) != _KEY_BYTES:
                raise MasterKeyRefused("a master key has 32 bytes", limit=_KEY_BYTES, value=len(key))
        self._current = _name(current)
        self._known = {_name(key): AESGCM(key) for key in (*older, current)}

    def __repr__(self) -> str:
        return f"<{len(self._known)} master keys>"

    def seal(self, secret: bytes, identity: bytes) -> bytes:
        """`secret` under the current master key, to be opened only with the same identity."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._known[self._current].encrypt(nonce, secret, _VERSION + identity)
        return _VERSION + self._current + nonce + sealed

    def open(self, sealed: bytes, identity: bytes) -> bytes:
        """The secret. Raises SealBroken, which does not say why in more words than an attacker may hear."""
        name, nonce = sealed[1 : 1 + _NAME_BYTES], sealed[1 + _NAME_BYTES : 1 + _NAME_BYTES + _NONCE_BYTES]
        cipher = self._known.get(name)
        if sealed[:1] != _VERSION or len(sealed) < _OVERHEAD_MIN or cipher is None:
            raise SealBroken("a private key was sealed with a master key that is not known here")
        try:
            return cipher.decrypt(nonce, sealed[1 + _NAME_BYTES + _NONCE_BYTES :], _VERSION + identity)
        except InvalidTag:
            raise SealBroken("a sealed private key does not belong here or was changed") from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether the current master key sealed this; what it did not should be sealed anew."""
        return sealed[1 : 1 + _NAME_BYTES] == self._current


def _name(key: bytes) -> bytes:
    return hashlib.sha256(b"laurel master key\0" + key).digest()[:_NAME_BYTES]

"""Sealing private keys with a master key that lies outside the database (AES-256-GCM, the key's identity bound in)."""

import base64
import binascii
import hashlib
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from laurel.base.errors import Conflict, Invalid, Kind, LaurelError

_VERSION: Final = b"\x01"
_KEY_BYTES: Final = 32
_NAME_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_OVERHEAD_MIN: Final = 1 + _NAME_BYTES + _NONCE_BYTES + 16
_OWNER_ONLY: Final = 0o077


class MasterKeyRefused(Invalid):
    """A master key is malformed, or its file is open to others."""

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


def parse_master_key(text: str) -> bytes:
    """32 bytes from 64 hex digits or base64. Raises MasterKeyRefused."""
    text = text.strip()
    try:
        key = bytes.fromhex(text) if len(text) == 2 * _KEY_BYTES else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != _KEY_BYTES:
        raise MasterKeyRefused("a master key is 64 hex digits or the base64 of 32 bytes")
    return key


def new_master_key() -> str:
    """A fresh master key as text, to be kept outside the database."""
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def load_master_key(path: Path) -> bytes:
    """The master key in a file that only its owner can read. Raises MasterKeyRefused, FileNotFoundError."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & _OWNER_ONLY:
            raise MasterKeyRefused(
                f"the master key file {path} can be read by others: chmod 600", value=stat.filemode(path.stat().st_mode)
            )
        return parse_master_key(file.read(1_000).decode("ascii", "replace"))


def load_or_create_master_key(path: Path) -> bytes:
    """As load_master_key; a file that is not there is made (0600), by exactly one of several starters."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return load_master_key(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(new_master_key() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return load_master_key(path)


def _name(key: bytes) -> bytes:
    return hashlib.sha256(b"laurel master key\0" + key).digest()[:_NAME_BYTES]

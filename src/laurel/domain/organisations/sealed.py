"""Secrets at rest that must be read again: sealed (AES-256-GCM) with a key derived for one purpose, bound to their owner."""

import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


def seal(key: bytes, purpose: bytes, owner: str, secret: str) -> bytes:
    """`secret` as bytes that only `unseal` with the same key, purpose and owner can read."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(key, purpose).encrypt(nonce, secret.encode(), owner.encode())


def unseal(key: bytes, purpose: bytes, owner: str, sealed: bytes) -> str:
    """What was sealed. Raises cryptography's InvalidTag when key, purpose or owner are others."""
    nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    return _cipher(key, purpose).decrypt(nonce, text, owner.encode()).decode()


def _cipher(key: bytes, purpose: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key, purpose, hashlib.sha256))

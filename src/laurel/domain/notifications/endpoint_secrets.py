"""Signing secrets of webhook endpoints at rest: sealed with a key derived from the server's pepper, bound to their owner."""

import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_PURPOSE = b"laurel webhook secrets v1"
_NONCE_BYTES = 12


def seal(pepper: bytes, endpoint_uid: str, secret: str) -> bytes:
    """`secret` as bytes that only `unseal` with the same pepper and endpoint can read."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_key(pepper)).encrypt(nonce, secret.encode(), endpoint_uid.encode())


def unseal(pepper: bytes, endpoint_uid: str, sealed: bytes) -> str:
    """What was sealed. Raises cryptography's InvalidTag when pepper or endpoint are others."""
    nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    return AESGCM(_key(pepper)).decrypt(nonce, text, endpoint_uid.encode()).decode()


def _key(pepper: bytes) -> bytes:
    return hmac.digest(pepper, _PURPOSE, hashlib.sha256)

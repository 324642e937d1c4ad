"""Signing secrets of webhook endpoints at rest: sealed with a key derived from the server's pepper, bound to their owner."""

from laurel.domain.organisations import sealed

_PURPOSE = b"laurel webhook secrets v1"


def seal(pepper: bytes, endpoint_uid: str, secret: str) -> bytes:
    """`secret` as bytes that only `unseal` with the same pepper and endpoint can read."""
    return sealed.seal(pepper, _PURPOSE, endpoint_uid, secret)


def unseal(pepper: bytes, endpoint_uid: str, secret: bytes) -> str:
    """What was sealed. Raises cryptography's InvalidTag when pepper or endpoint are others."""
    return sealed.unseal(pepper, _PURPOSE, endpoint_uid, secret)

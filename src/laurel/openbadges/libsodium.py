"""Ed25519 signatures as libsodium sees them: bytes in, yes or no out. Imports nothing of ours, so that a process which does
nothing else starts at once.
"""

from collections.abc import Iterable

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey


def all_good(key: bytes, signed: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether every (signature, what was signed) is good under the public key."""
    verify = VerifyKey(key).verify
    try:
        for signature, data in signed:
            verify(data, signature)
    except (CryptoError, ValueError):  # of another length than a signature: a ValueError
        return False
    return True

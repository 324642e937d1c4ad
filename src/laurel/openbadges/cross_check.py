"""Our own Ed25519 signatures held against the public key by another library than the one that made them.

OpenSSL signs and libsodium checks, so that a fault of one is noticed by the other; it also takes half the time. libsodium
accepts nothing that OpenSSL refuses, and refuses keys and points of small order besides. What others have signed is not
checked here: proofs of strangers go through `proofs.check_proof`.
"""

from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from laurel.openbadges.faults import ProofRejected
from laurel.openbadges.libsodium import all_good


def cross_check(key: Ed25519PublicKey, signed: Iterable[tuple[bytes, bytes]]) -> None:
    """Hold each (signature, what was signed) against `key`; returns when all are good. Raises ProofRejected."""
    if not all_good(key.public_bytes_raw(), signed):
        raise ProofRejected("the signature does not fit what was signed and the key", field="proofValue")

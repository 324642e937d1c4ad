"""Keys of organisations and the only function that signs with them, which takes only a checked document.

A checked document is what the Open Badges library prepares after its checks (its ToSign, TokenToSign and
CheckpointToSign have this shape). Every signature comes with the record that the audit keeps.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Final, Protocol, assert_never

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from laurel.keyring.sealing import KeyNotUsable, MasterKeys, SealBroken

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_RSA_BITS: Final = 3_072
_OPEN_KEYS_MAX: Final = 256


class Algorithm(StrEnum):
    """What a key can sign."""

    ED25519 = "Ed25519"
    ES256 = "ES256"
    RS256 = "RS256"


class State(StrEnum):
    """What a key may still do."""

    ACTIVE = "active"
    RETIRED = "retired"
    """Rotated out: signs nothing more, stays published, what it signed stays good."""
    COMPROMISED = "compromised"
    """Signs nothing more and is no longer published; what it signed has to be issued again."""


class StoredKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it lies in the database: the public half in the clear (DER), the private half sealed."""

    uid: str
    organisation_id: int
    algorithm: Algorithm
    public_der: bytes
    sealed: bytes
    state: State
    created_at: datetime

    @property
    def identity(self) -> bytes:
        """What the seal is bound to: moving a sealed key to another row or organisation breaks it."""
        place = f"laurel key\0{self.organisation_id}\0{self.uid}\0{self.algorithm}\0"
        return place.encode() + hashlib.sha256(self.public_der).digest()

    @property
    def is_published(self) -> bool:
        """Whether the public half belongs in the issuer's documents."""
        return self.state is not State.COMPROMISED

    def public_key(self) -> PublicKey:
        """The public half."""
        key = load_der_public_key(self.public_der)
        if not isinstance(key, ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            raise SealBroken("the public half of a key is of a kind that is not made here")
        return key


class CheckedDocument(Protocol):
    """What may be signed: something that was checked, with the bytes to sign and the algorithm they are meant for."""

    @property
    def signing_input(self) -> bytes:
        """The bytes to sign."""

    @property
    def algorithm(self) -> str:
        """Ed25519 (or EdDSA), ES256 or RS256."""


class Signature(msgspec.Struct, frozen=True):
    """A signature and what the audit keeps of it."""

    value: bytes
    key_uid: str
    algorithm: Algorithm
    input_sha256: bytes


class Keyring:
    """Makes keys and signs with them; keeps a bounded number of opened keys in memory. Safe to share among threads."""

    def __init__(self, masters: MasterKeys) -> None:
        self._masters = masters
        self._opened: OrderedDict[tuple[int, str, str, bytes, bytes], PrivateKey] = OrderedDict()
        self._lock = Lock()

    def generate(self, *, uid: str, organisation_id: int, algorithm: Algorithm, created_at: datetime) -> StoredKey:
        """A new active key of an organisation, sealed. RSA takes about a tenth of a second."""
        return self._stored(_new_key(algorithm), uid, organisation_id, algorithm, created_at)

    def adopt(
        self, key: PrivateKey, *, uid: str, organisation_id: int, algorithm: Algorithm, created_at: datetime
    ) -> StoredKey:
        """A key that an organisation brings along, sealed. Raises KeyNotUsable when it is not of the algorithm."""
        if not _fits(key, algorithm):
            raise KeyNotUsable(f"the key is not one for {algorithm}", field="algorithm", value=algorithm)
        return self._stored(key, uid, organisation_id, algorithm, created_at)

    def sign_checked(self, key: StoredKey, document: CheckedDocument) -> Signature:
        """Sign what was checked. ES256 gives r and s, 32 bytes each.

        Raises KeyNotUsable when the key is not active or the document is meant for another algorithm; SealBroken.
        """
        return self.sign_all_checked(key, [document])[0]

    def sign_all_checked(self, key: StoredKey, checked: Sequence[CheckedDocument]) -> list[Signature]:
        """As sign_checked, for many with one key; one signature each, in order. Nothing is signed when any is refused."""
        if key.state is not State.ACTIVE:
            raise KeyNotUsable(f"the key {key.uid} is {key.state} and signs nothing more", field="key", value=key.uid)
        for algorithm in {document.algorithm for document in checked}:
            if {"EdDSA": Algorithm.ED25519}.get(algorithm, algorithm) != key.algorithm:
                raise KeyNotUsable(f"the key {key.uid} is for {key.algorithm}, not for {algorithm}", field="algorithm")
        opened = self._open(key)
        return [
            Signature(
                value=_sign(opened, document.signing_input),
                key_uid=key.uid,
                algorithm=key.algorithm,
                input_sha256=hashlib.sha256(document.signing_input).digest(),
            )
            for document in checked
        ]

    def seal_anew(self, key: StoredKey) -> StoredKey:
        """The key under the current master key; itself when it is already. Raises SealBroken."""
        if self._masters.is_current(key.sealed):
            return key
        secret = self._masters.open(key.sealed, key.identity)
        return msgspec.structs.replace(key, sealed=self._masters.seal(secret, key.identity))

    def _stored(
        self, key: PrivateKey, uid: str, organisation_id: int, algorithm: Algorithm, created_at: datetime
    ) -> StoredKey:
        stored = StoredKey(
            uid=uid,
            organisation_id=organisation_id,
            algorithm=algorithm,
            public_der=key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            sealed=b"",
            state=State.ACTIVE,
            created_at=created_at,
        )
        secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return msgspec.structs.replace(stored, sealed=self._masters.seal(secret, stored.identity))

    def _open(self, key: StoredKey) -> PrivateKey:
        name = (key.organisation_id, key.uid, key.algorithm, key.public_der, key.sealed)
        with self._lock:
            opened = self._opened.get(name)
            if opened is not None:
                self._opened.move_to_end(name)
                return opened
        loaded = load_der_private_key(self._masters.open(key.sealed, key.identity), password=None)
        if not isinstance(loaded, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise SealBroken("a sealed key is of a kind that is not made here")
        with self._lock:
            self._opened[name] = loaded
            while len(self._opened) > _OPEN_KEYS_MAX:
                self._opened.popitem(last=False)
        return loaded


def _new_key(algorithm: Algorithm) -> PrivateKey:
    match algorithm:
        case Algorithm.ED25519:
            return ed25519.Ed25519PrivateKey.generate()
        case Algorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
        case Algorithm.RS256:
            return rsa.generate_private_key(public_exponent=65_537, key_size=_RSA_BITS)
        case _:
            assert_never(algorithm)


def _fits(key: PrivateKey, algorithm: Algorithm) -> bool:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return algorithm is Algorithm.ED25519
    if isinstance(key, rsa.RSAPrivateKey):
        return algorithm is Algorithm.RS256
    return algorithm is Algorithm.ES256 and isinstance(key.curve, ec.SECP256R1)


def _sign(key: PrivateKey, data: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)

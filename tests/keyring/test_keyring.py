import pickle
from datetime import UTC, datetime

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from laurel.keyring.sealing import (
    KeyNotUsable,
    MasterKeyRefused,
    MasterKeys,
    SealBroken,
)
from laurel.keyring.signing import Algorithm, Keyring, State
from laurel.openbadges import did, documents, log, proofs, vc_jwt
from tests.openbadges import builders

NOW = datetime(2026, 3, 14, tzinfo=UTC)
MASTER, OTHER_MASTER = b"m" * 32, b"o" * 32
KEYRING = Keyring(MasterKeys(MASTER))


def a_key(algorithm=Algorithm.ED25519, keyring=KEYRING, **members):
    values = {"uid": "a" * 24, "organisation_id": 7, "algorithm": algorithm, "created_at": NOW}
    return keyring.generate(**values | members)


def prepared(key):
    document = documents.badge_document(builders.a_badge())
    method = did.method_id(builders.ISSUER, key.public_key())
    return proofs.prepare(document, verification_method=method, created="2026-03-14T00:00:00Z")


def test_a_prepared_badge_is_signed_and_verifies():
    key = a_key()
    ready = prepared(key)
    signature = KEYRING.sign_checked(key, ready)
    signed = ready.finish(signature.value)
    proofs.check_proof(signed, signed["proof"][0], key.public_key())
    assert (signature.key_uid, signature.algorithm, len(signature.input_sha256)) == (key.uid, Algorithm.ED25519, 32)


@pytest.mark.parametrize(
    ("algorithm", "name"), [(Algorithm.ED25519, "EdDSA"), (Algorithm.ES256, "ES256"), (Algorithm.RS256, "RS256")]
)
def test_a_prepared_token_is_signed_and_verifies(algorithm, name):
    key = a_key(algorithm)
    ready = vc_jwt.prepare_token(
        documents.badge_document(builders.a_badge()), algorithm=name, kid="https://k.example/1"
    )
    token = ready.finish(KEYRING.sign_checked(key, ready).value)
    vc_jwt.check_token(vc_jwt.parse_token(token), key.public_key())


def test_a_prepared_checkpoint_is_signed_and_opens():
    key = a_key()
    checkpoint = log.Checkpoint(origin="log.example", size=3, root=b"r" * 32)
    ready = log.prepare_checkpoint(checkpoint, name="log.example", key=key.public_key())
    note = ready.finish(KEYRING.sign_checked(key, ready).value)
    assert log.open_checkpoint(note, name="log.example", key=key.public_key()) == checkpoint


@pytest.mark.parametrize("state", [State.RETIRED, State.COMPROMISED])
def test_only_active_keys_sign(state):
    key = a_key()
    with pytest.raises(KeyNotUsable):
        KEYRING.sign_checked(msgspec.structs.replace(key, state=state), prepared(key))


def test_retired_keys_stay_published_and_compromised_ones_do_not():
    key = a_key()
    assert key.is_published
    assert msgspec.structs.replace(key, state=State.RETIRED).is_published
    assert not msgspec.structs.replace(key, state=State.COMPROMISED).is_published


def test_a_key_signs_only_for_its_algorithm():
    with pytest.raises(KeyNotUsable):
        KEYRING.sign_checked(a_key(Algorithm.ES256), prepared(a_key()))


@pytest.mark.parametrize(
    "change", [{"uid": "b" * 24}, {"organisation_id": 8}, {"algorithm": Algorithm.ES256}, {"public_der": b"x"}]
)
def test_a_sealed_key_moved_elsewhere_does_not_open(change):
    key = a_key()
    moved = msgspec.structs.replace(key, **change)
    document = msgspec.structs.replace(prepared(key), algorithm=moved.algorithm)
    with pytest.raises(SealBroken):
        KEYRING.sign_checked(moved, document)


@given(st.integers(0, 80), st.integers(1, 255))
def test_a_changed_seal_does_not_open(position, flip):
    masters = MasterKeys(MASTER)
    sealed = bytearray(masters.seal(b"secret" * 10, b"identity"))
    sealed[position % len(sealed)] ^= flip
    with pytest.raises(SealBroken):
        masters.open(bytes(sealed), b"identity")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02" * 60])
def test_what_is_no_seal_does_not_open(sealed):
    with pytest.raises(SealBroken):
        MasterKeys(MASTER).open(sealed, b"")


def test_a_new_master_key_opens_old_keys_and_seals_them_anew():
    old = a_key()
    rotated = Keyring(MasterKeys(OTHER_MASTER, [MASTER]))
    rotated.sign_checked(old, prepared(old))
    renewed = rotated.seal_anew(old)
    assert rotated.seal_anew(renewed) is renewed
    alone = Keyring(MasterKeys(OTHER_MASTER))
    alone.sign_checked(renewed, prepared(renewed))
    with pytest.raises(SealBroken):
        alone.sign_checked(old, prepared(old))


def test_the_private_half_is_nowhere_in_what_is_stored():
    private = Ed25519PrivateKey.generate()
    stored = KEYRING.adopt(private, uid="c" * 24, organisation_id=1, algorithm=Algorithm.ED25519, created_at=NOW)
    assert private.private_bytes_raw() not in pickle.dumps(msgspec.to_builtins(stored))
    assert MASTER.decode() not in repr(MasterKeys(MASTER)) + repr(KEYRING)


def test_an_adopted_key_must_fit_its_algorithm():
    key = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(KeyNotUsable):
        KEYRING.adopt(key, uid="c" * 24, organisation_id=1, algorithm=Algorithm.ES256, created_at=NOW)


@pytest.mark.parametrize("key", [b"", b"a" * 10, b"a" * 31, b"a" * 33])
def test_a_master_key_has_32_bytes(key):
    with pytest.raises(MasterKeyRefused):
        MasterKeys(key)

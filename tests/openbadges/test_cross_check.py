"""Signatures of ours are held against the key by a second library, which is at least as strict as the first."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.openbadges.cross_check import cross_check
from laurel.openbadges.faults import ProofRejected

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
DATA = bytes(range(64))
SIGNATURE = KEY.sign(DATA)
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
IDENTITY = bytes([1]) + bytes(31)
OF_ORDER_EIGHT = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")


def openssl_accepts(key, signature, data):
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def accepted(key, signature, data):
    try:
        cross_check(key, [(signature, data)])
    except ProofRejected:
        return False
    return True


def test_what_the_key_has_signed_is_good():
    messages = [bytes([number]) * 64 for number in range(20)]
    cross_check(PUBLIC, [(KEY.sign(message), message) for message in messages])


def test_one_bad_signature_among_many_is_noticed():
    signed = [(KEY.sign(bytes([number]) * 64), bytes([number]) * 64) for number in range(20)]
    signed[13] = (signed[12][0], signed[13][1])
    with pytest.raises(ProofRejected):
        cross_check(PUBLIC, signed)


@settings(deadline=None)
@given(place=st.integers(0, 8 * 128 - 1))
def test_every_changed_bit_of_signature_and_data_is_noticed(place):
    both = bytearray(SIGNATURE + DATA)
    both[place // 8] ^= 1 << place % 8
    assert not accepted(PUBLIC, bytes(both[:64]), bytes(both[64:]))
    assert not openssl_accepts(PUBLIC, bytes(both[:64]), bytes(both[64:]))


def test_another_key_is_noticed():
    assert not accepted(Ed25519PrivateKey.generate().public_key(), SIGNATURE, DATA)


@pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
def test_a_signature_of_another_length_is_refused(length):
    assert not accepted(PUBLIC, (SIGNATURE * 2)[:length], DATA)


@pytest.mark.parametrize("times", [1, 2, 7])
def test_a_scalar_that_is_not_reduced_is_refused_as_openssl_refuses_it(times):
    scalar = int.from_bytes(SIGNATURE[32:], "little") + times * GROUP_ORDER
    signature = SIGNATURE[:32] + scalar.to_bytes(32, "little")
    assert not accepted(PUBLIC, signature, DATA)
    assert not openssl_accepts(PUBLIC, signature, DATA)


@pytest.mark.parametrize("point", [IDENTITY, bytes(32), OF_ORDER_EIGHT], ids=["order 1", "order 4", "order 8"])
def test_points_of_small_order_are_refused(point):
    key = Ed25519PublicKey.from_public_bytes(point)
    signatures = [IDENTITY + bytes(32), point + bytes(32)]
    messages = [number.to_bytes(64) for number in range(16)]
    assert any(openssl_accepts(key, signature, data) for signature in signatures for data in messages)
    assert not any(accepted(key, signature, data) for signature in signatures for data in messages)
    assert not accepted(PUBLIC, point + SIGNATURE[32:], DATA)

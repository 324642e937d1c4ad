import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.base import limits
from laurel.openbadges import status_list
from laurel.openbadges.canonical import canonicalise
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.multikey import base64url
from tests.openbadges import builders

URL = "https://badges.example.org/s/1"


def a_list(indexes=(), **members):
    values = {"url": URL, "issuer": builders.ISSUER, "bits": status_list.bits_of(indexes), "valid_from": builders.NOW}
    return status_list.status_list_document(**values | members)


@given(st.sets(st.integers(0, limits.STATUS_LIST_ENTRIES_MIN - 1), max_size=50))
def test_exactly_the_set_entries_are_read_back(indexes):
    bits = status_list.decode_bits(status_list.encode_bits(status_list.bits_of(indexes)))
    assert len(bits) == limits.STATUS_LIST_ENTRIES_MIN // 8
    assert {i for i, byte in enumerate(bits) if byte} == {index // 8 for index in indexes}
    assert all(status_list.bit_at(bits, index) for index in indexes)


def test_entry_zero_is_the_leftmost_bit():
    assert status_list.bits_of([0])[0] == 0x80


def test_the_list_is_a_linked_data_document():
    assert "encodedList" in canonicalise(a_list(ttl_milliseconds=300_000))


def test_a_revoked_entry_is_read_as_revoked_and_its_neighbour_is_not():
    document = a_list([94567])
    assert status_list.read_status(status_list.status_entry(URL, 94567), document)
    assert not status_list.read_status(status_list.status_entry(URL, 94568), document)


@pytest.mark.parametrize(
    "change",
    [
        {"statusPurpose": "suspension"},
        {"statusListIndex": "-1"},
        {"statusListIndex": "131072"},
        {"statusListIndex": "9" * 30},
        {"statusListIndex": None},
        {"statusListIndex": True},
        {"statusSize": 2},
    ],
)
def test_entries_that_do_not_fit_the_list_are_refused(change):
    with pytest.raises(DocumentRefused):
        status_list.read_status(status_list.status_entry(URL, 1) | change, a_list())


@pytest.mark.parametrize(
    "encoded",
    [
        None,
        "",
        "u!!!",
        "uAAAA",
        "u" + base64url(gzip.compress(b"\0" * 16384, mtime=0)[:-12]),
        "u" + base64url(gzip.compress(b"\0" * (limits.STATUS_LIST_ENTRIES_MAX // 8 + 1), mtime=0)),
        "u" + base64url(gzip.compress(b"\0" * 50_000_000, mtime=0)),
        "u" + "A" * 10_000_000,
    ],
)
def test_lists_that_are_broken_or_huge_are_refused(encoded):
    with pytest.raises(DocumentRefused):
        status_list.decode_bits(encoded)


def test_a_short_list_is_not_issued():
    with pytest.raises(DocumentRefused):
        a_list(bits=b"\0" * 100)


def test_the_1edtech_list_names_the_reason():
    document = status_list.revocation_list(
        url=URL, issuer="urn:x:i", revoked=[("urn:x:1", "mistake"), ("urn:x:2", None)]
    )
    assert status_list.read_revocation_list(document, "urn:x:1", "urn:x:i") == "mistake"
    assert status_list.read_revocation_list(document, "urn:x:2", "urn:x:i") == ""
    assert status_list.read_revocation_list(document, "urn:x:3", "urn:x:i") is None
    with pytest.raises(DocumentRefused):
        status_list.read_revocation_list(document, "urn:x:1", "urn:x:other")
    with pytest.raises(DocumentRefused):
        status_list.read_revocation_list([], "urn:x:1", "urn:x:i")

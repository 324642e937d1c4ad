import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from laurel.openbadges import did
from laurel.openbadges.faults import KeyRefused
from laurel.openbadges.multikey import render_multikey
from tests.openbadges import builders

KEY = builders.KEY.public_key()
EC_KEY = ec.derive_private_key(7, ec.SECP256R1()).public_key()
RSA_KEY = rsa.generate_private_key(65537, 2048).public_key()


@pytest.mark.parametrize(
    ("name", "url"),
    [
        (did.did_web("badges.example.org"), "https://badges.example.org/.well-known/did.json"),
        (did.did_web("localhost:8080", "i", "north"), "https://localhost:8080/i/north/did.json"),
    ],
)
def test_did_web_leads_to_its_document(name, url):
    assert did.did_web_url(name) == url


@pytest.mark.parametrize(
    "name",
    [
        "did:web:",
        "did:web:a/b",
        "did:web:a:..",
        "did:web:a:%2e%2e",
        "did:web:a@b",
        "did:web:a:b?c",
        "did:key:z6Mk",
        "did:web:a#b",
        "https://a",
        "did:web:a%2F:b",
        "did:web:a::b",
    ],
)
def test_names_that_are_no_clean_did_web_are_refused(name):
    with pytest.raises(KeyRefused):
        did.did_web_url(name)


@pytest.mark.parametrize("key", [KEY, EC_KEY])
def test_did_key_holds_its_own_key(key):
    name = did.did_key(key)
    assert did.key_of_did_key(f"{name}#{render_multikey(key)}") == key
    with pytest.raises(KeyRefused):
        did.key_of_did_key(f"{name}#{render_multikey(builders.OTHER_KEY.public_key())}")


def test_every_key_of_a_document_is_found_with_its_controller():
    document = did.did_document(builders.ISSUER, [KEY, EC_KEY, RSA_KEY], also_known_as=["https://north.example/"])
    for key in (KEY, EC_KEY, RSA_KEY):
        assert did.key_in_document(document, did.method_id(builders.ISSUER, key)) == (key, builders.ISSUER)
    assert all(isinstance(name, str) for name in document["assertionMethod"])


@pytest.mark.parametrize(
    "change",
    [
        {"assertionMethod": []},
        {"assertionMethod": None},
        {"id": "did:web:evil.example"},
        {"verificationMethod": []},
        {"verificationMethod": [{"id": builders.METHOD, "controller": "did:web:evil.example"}]},
        {"verificationMethod": [{"id": builders.METHOD, "controller": builders.ISSUER}]},
        {"verificationMethod": [7]},
    ],
)
def test_documents_that_do_not_vouch_for_the_key_are_refused(change):
    with pytest.raises(KeyRefused):
        did.key_in_document(did.did_document(builders.ISSUER, [KEY]) | change, builders.METHOD)


def test_single_keys_and_key_sets_are_read():
    url = "https://badges.example.org/keys/1"
    multikey = {"id": url, "type": "Multikey", "controller": "urn:x:1", "publicKeyMultibase": render_multikey(KEY)}
    assert did.key_in_document(multikey, url) == (KEY, "urn:x:1")
    assert did.key_in_document(did.jwks("urn:x:1", [(url, EC_KEY)]), url) == (EC_KEY, "urn:x:1")
    assert did.key_in_document(did.jwks("urn:x:1", [(url, EC_KEY)])["keys"][0], url) == (EC_KEY, "urn:x:1")
    for bad in (multikey | {"id": "urn:x:2"}, multikey | {"controller": None}, {"keys": []}, {}, [], None):
        with pytest.raises(KeyRefused):
            did.key_in_document(bad, url)

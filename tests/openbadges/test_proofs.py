import copy
import hashlib

import pytest

from laurel.openbadges import documents, multikey, proofs
from laurel.openbadges.canonical import canonicalise
from laurel.openbadges.faults import DocumentRefused, KeyRefused, ProofRejected
from laurel.openbadges.rdfc import Order
from tests.openbadges import builders, reference

W3C = "vectors/w3c-vc-di-eddsa"
SIGNED = [
    "vectors/obv3p0/signed.json",
    "vectors/clrv2p0/signed.json",
    f"{W3C}/eddsa-rdfc-2022/signedDataInt.json",
    f"{W3C}/eddsa-jcs-2022/signedJCS.json",
    f"{W3C}/Ed25519Signature2020/signedEdSig.json",
    f"{W3C}/proof-set-chain/signedProofSet1.json",
    f"{W3C}/proof-set-chain/signedProofSet2.json",
    f"{W3C}/proof-set-chain/signedProofChain1.json",
    f"{W3C}/proof-set-chain/signedProofChain2.json",
]


def key_of(proof):
    return multikey.parse_multikey(proof["verificationMethod"].partition("#")[2])


@pytest.mark.parametrize("name", SIGNED)
def test_every_proof_of_the_vectors_holds(name):
    document = reference.read_json(name)
    found = proofs.proofs_of(document)
    assert found
    for proof in found:
        proofs.check_proof(document, proof, key_of(proof), loader=reference.loader())


@pytest.mark.parametrize("name", SIGNED)
def test_no_proof_of_the_vectors_survives_a_change(name):
    document = reference.read_json(name)
    document["name"] = "Somebody else's"
    for proof in proofs.proofs_of(document):
        with pytest.raises(ProofRejected, match="signature"):
            proofs.check_proof(document, proof, key_of(proof), loader=reference.loader())


def test_the_credential_inside_the_clr_vector_holds():
    document = reference.read_json("vectors/clrv2p0/signed.json")["credentialSubject"]["verifiableCredential"][0]
    proofs.check_proof(document, document["proof"][0], key_of(document["proof"][0]))


@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
def test_the_w3c_signatures_are_reproduced_to_the_byte(suite):
    name = {"eddsa-rdfc-2022": "signedDataInt.json", "eddsa-jcs-2022": "signedJCS.json"}[suite]
    signed = reference.read_json(f"{W3C}/{suite}/{name}")
    pair = reference.read_json(f"{W3C}/keyPair.json")
    key = multikey.parse_secret_multikey(pair["privateKeyMultibase"])
    expected = signed.pop("proof")
    made = proofs.add_proof(
        signed,
        sign=key.sign,
        cryptosuite=suite,
        verification_method=expected["verificationMethod"],
        created=expected["created"],
        loader=reference.loader(),
    )
    assert made["proof"] == [expected]


def test_the_employment_vector_is_signed_from_its_canonical_text():
    folder = f"{W3C}/eddsa-rdfc-2022/employ"
    texts = [reference.read_text(f"{folder}/{name}") for name in ("proofCanonDataInt.txt", "canonDocDataInt.txt")]
    data = b"".join(hashlib.sha256(text.encode()).digest() for text in texts)
    assert data.hex() == reference.read_text(f"{folder}/combinedHashDataInt.txt").strip()
    key = multikey.parse_secret_multikey(reference.read_json(f"{W3C}/keyPair.json")["privateKeyMultibase"])
    expected = reference.read_json(f"{folder}/signedDataInt.json")["proof"]["proofValue"]
    assert "z" + multikey.base58(key.sign(data)) == expected


@pytest.mark.parametrize("folder", ["obv3p0", "clrv2p0"])
def test_the_guides_proof_configuration_is_reproduced(folder):
    document = reference.read_json(f"vectors/{folder}/signed.json")
    proof = proofs.proofs_of(document)[0]
    ready = proofs.prepare(
        {name: value for name, value in document.items() if name != "proof"},
        verification_method=proof["verificationMethod"],
        created=proof["created"],
    )
    config = reference.read_text(f"vectors/{folder}/proof-canon.txt")
    text = reference.read_text(f"vectors/{folder}/document-canon.txt")
    assert ready.signing_input == hashlib.sha256(config.encode()).digest() + hashlib.sha256(text.encode()).digest()


def test_a_chain_covers_the_proof_that_it_builds_on():
    first = builders.sign(documents.badge_document(builders.a_badge()), proof_id="urn:uuid:1")
    second = builders.sign(first, key=builders.OTHER_KEY, previous=["urn:uuid:1"])
    link = second["proof"][1]
    proofs.check_proof(second, link, builders.OTHER_KEY.public_key())
    changed = copy.deepcopy(second)
    changed["proof"][0]["created"] = "2020-01-01T00:00:00Z"
    with pytest.raises(ProofRejected):
        proofs.check_proof(changed, link, builders.OTHER_KEY.public_key())
    with pytest.raises(ProofRejected, match="missing"):
        proofs.check_proof(second | {"proof": [link]}, link, builders.OTHER_KEY.public_key())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"proofPurpose": "authentication"}, "proofPurpose"),
        ({"type": "RsaSignature2018"}, "type"),
        ({"cryptosuite": "bbs-2023"}, "type"),
        ({"proofValue": "z" + "1" * 64}, "proofValue"),
        ({"proofValue": "uAAAA"}, "proofValue"),
        ({"proofValue": "z2"}, "proofValue"),
        ({"proofValue": None}, "proofValue"),
        ({"proofValue": "z" + "9" * 5000}, "proofValue"),
        ({"created": "2020-01-01T00:00:00Z"}, "proofValue"),
        ({"previousProof": "urn:uuid:2"}, "previousProof"),
        ({"@context": ["https://evil.example/"]}, "@context"),
    ],
)
def test_a_changed_proof_is_rejected(change, field):
    signed = builders.a_signed_badge()
    proof = signed["proof"][0] | change
    with pytest.raises(ProofRejected) as rejection:
        proofs.check_proof(signed | {"proof": [proof]}, proof, builders.KEY.public_key())
    assert rejection.value.field == field


def test_another_key_is_rejected():
    signed = builders.a_signed_badge()
    with pytest.raises(ProofRejected):
        proofs.check_proof(signed, signed["proof"][0], builders.OTHER_KEY.public_key())


def test_a_proof_signed_in_utf16_order_is_still_read():
    document = documents.badge_document(
        builders.a_badge(achievement=builders.an_achievement(tags=("\U0001f600", "\uff21")))
    )
    with pytest.raises(DocumentRefused, match="emoji"):
        builders.sign(document)
    text = proofs.canonicalise(document, order=proofs.Order.UTF16)
    signed = builders.sign(document, canonical=text)
    proofs.check_proof(signed, signed["proof"][0], builders.KEY.public_key())


def test_too_many_proofs_are_refused():
    with pytest.raises(ProofRejected):
        proofs.proofs_of({"proof": [{}] * 1000})


@pytest.mark.parametrize(
    "text", ["", "z", "z6Mk", "mABC", "z0OIl", "z" + "1" * 3000, "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"]
)
def test_text_that_is_no_multikey_is_refused(text):
    with pytest.raises(KeyRefused):
        multikey.parse_multikey(text)


def test_base58_keeps_leading_zeros():
    assert multikey.base58_bytes(multikey.base58(b"\0\0\1")) == b"\0\0\1"


def test_a_shared_proof_is_the_one_that_each_document_would_get():
    method, created = builders.METHOD, "2026-03-14T10:21:45Z"
    made = [documents.badge_document(badge) for badge in (builders.a_badge(), builders.a_badge(name="Another"))]
    shared = proofs.SharedProof(made[0]["@context"], verification_method=method, created=created)
    for document in made:
        own = proofs.prepare(document, verification_method=method, created=created)
        assert shared.prepare(document, canonicalise(document, order=Order.PORTABLE)) == own


def test_a_shared_proof_is_not_for_other_contexts_or_a_second_proof():
    document = documents.badge_document(builders.a_badge())
    shared = proofs.SharedProof(
        document["@context"], verification_method=builders.METHOD, created="2026-03-14T10:21:45Z"
    )
    signed = builders.sign(document)
    other = {**document, "@context": [*document["@context"], "https://w3id.org/security/data-integrity/v2"]}
    for refused in (signed, other):
        with pytest.raises(ProofRejected):
            shared.prepare(refused, "")

"""Signing, verifying, baking and logging of credentials, each as a ratio against what it cannot do without."""

import json
import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from pyld import jsonld as pyld

from benchmarks.measuring import Ratio, side_by_side
from laurel.openbadges import baking, did, documents, log, proofs, vc_jwt
from laurel.openbadges.jsonld import bundled_document
from laurel.openbadges.reading import read_json
from laurel.openbadges.template import Template
from laurel.openbadges.verdict import Fetched, Need, decide
from laurel.openbadges.verify import verify

NOW = datetime(2026, 3, 14, 10, 21, 45, tzinfo=UTC)
CREATED = "2026-03-14T10:21:45Z"
ISSUER = "did:web:badges.example.org:i:north"
KEY = Ed25519PrivateKey.generate()
EC_KEY = ec.generate_private_key(ec.SECP256R1())
METHOD = did.method_id(ISSUER, KEY.public_key())


def a_document() -> documents.Json:
    """A badge as they usually are: criteria, two alignments, three tags, an image, a salted identity, evidence."""
    skill = documents.Alignment(target_name="Weld", target_url="https://skills.example/weld", target_code="W-2")
    other = documents.Alignment(target_name="Cut", target_url="https://skills.example/cut")
    achievement = documents.Achievement(
        id="https://badges.example.org/a/66f2",
        name="Welding, level 2",
        description="Joins steel plates in three positions, reads drawings and works safely.",
        criteria_narrative="Ten approved test pieces and a written examination.",
        alignments=(skill, other),
        image=documents.Image(id="https://badges.example.org/a/66f2/image.png"),
        tags=("steel", "welding", "safety"),
        achievement_type="Certificate",
    )
    identity = documents.Identity(identifier="ada@example.org", salt="pepper")
    badge = documents.Badge(
        id="https://badges.example.org/c/67aa",
        issuer=documents.Profile(id=ISSUER, name="North College", url="https://north.example"),
        subject=documents.Subject(id="urn:uuid:1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", identities=(identity,)),
        achievement=achievement,
        valid_from=NOW,
        name="Welding, level 2",
        evidence=(documents.Evidence(id="https://north.example/pieces/1", name="Piece 1"),),
    )
    return documents.badge_document(badge)


def sign_general(document: documents.Json) -> bytes:
    """A document to the bytes that are published, by the path that any document takes."""
    signed = proofs.add_proof(document, sign=KEY.sign, verification_method=METHOD, created=CREATED)
    return msgspec.json.encode(signed)


def template_signer() -> Iterator[bytes]:
    """Credentials of one achievement, one after the other, by the template path."""
    slots = {
        "id": ("id",),
        "subject": ("credentialSubject", "id"),
        "hash": ("credentialSubject", "identifier", 0, "identityHash"),
        "salt": ("credentialSubject", "identifier", 0, "salt"),
        "from": ("validFrom",),
    }
    template = Template(a_document(), slots)
    for number in count():
        values = {
            "id": f"https://badges.example.org/c/{number:024x}",
            "subject": f"urn:uuid:1b9d6bcd-bbfd-4b2d-9b5d-{number:012x}",
            "salt": f"{number:x}",
            "hash": documents.identity_hash("ada@example.org", f"{number:x}"),
            "from": CREATED,
        }
        ready = proofs.prepare(
            template.document(values),
            verification_method=METHOD,
            created=CREATED,
            canonical=template.canonical(values),
        )
        yield msgspec.json.encode(ready.finish(KEY.sign(ready.signing_input)))


def sign_es256(data: bytes) -> bytes:
    """A JOSE signature."""
    r, s = decode_dss_signature(EC_KEY.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def a_png(size: int) -> bytes:
    """A PNG of about `size` bytes; its pixels are noise that nothing here looks at."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 600, 600, 8, 2, 0, 0, 0))
    return baking.PNG_SIGNATURE + header + chunk(b"IDAT", bytes(size)) + chunk(b"IEND", b"")


class Log:
    """A log in memory with a hundred thousand entries."""

    def __init__(self, size: int) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.frontier = log.Frontier()
        for number in range(size):
            self.append(log.leaf_hash(number.to_bytes(8)))

    def append(self, leaf: bytes) -> None:
        """Append a leaf and keep the nodes that it completes."""
        for level, index, node in log.completed_nodes(self.frontier.size, leaf, self.frontier):
            self.nodes[level, index] = node
        self.frontier = self.frontier.append(leaf)

    def prove(self) -> list[bytes]:
        """The audit path of one entry."""
        return log.inclusion_proof(lambda level, index: self.nodes[level, index], 4_711, self.frontier.size)


def ratios() -> Iterator[Ratio]:
    """All ratios of this library."""
    yield from issuing()
    yield from verifying()
    yield from carrying()


def issuing() -> Iterator[Ratio]:
    """Proofs and tokens."""
    document, message = a_document(), bytes(64)

    def load(url: str, _options: object) -> dict[str, object]:
        return {"contextUrl": None, "documentUrl": url, "document": bundled_document(url)}

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    slow, general = side_by_side(
        lambda: pyld.normalize(document, options), lambda: sign_general(document), budget=3, rounds=10
    )
    yield Ratio("eddsa-rdfc-2022 general path / PyLD normalising", slow / general, 1, 20, _rate(general))
    template = template_signer()
    raw, filled = side_by_side(lambda: KEY.sign(message), lambda: next(template))
    yield Ratio("eddsa-rdfc-2022 template path / raw Ed25519 signing", raw / filled, 0.15, 0.25, _rate(filled))
    kid = "https://badges.example.org/keys/1"
    raw, token = side_by_side(
        lambda: EC_KEY.sign(message, ec.ECDSA(hashes.SHA256())),
        lambda: vc_jwt.sign_token(document, sign=sign_es256, algorithm="ES256", kid=kid),
    )
    yield Ratio("VC-JWT ES256 / raw ES256 signing", raw / token, 0.05, 0.1, _rate(token))


def verifying() -> Iterator[Ratio]:
    """From bytes to a verdict."""
    signed, message = sign_general(a_document()), bytes(64)
    signature, public = KEY.sign(message), KEY.public_key()
    proof = json.loads(signed)["proof"][0]
    key_document = Fetched(200, msgspec.json.encode(did.did_document(ISSUER, [public])))

    def resolve(_need: Need) -> Fetched:
        return key_document

    raw, checked, whole = side_by_side(
        lambda: public.verify(signature, message),
        lambda: proofs.check_proof(read_json(signed), proof, public),
        lambda: decide(verify(signed, now=NOW), resolve),
    )
    yield Ratio("proof of a JSON document / raw Ed25519 verification", raw / checked, 0.2, 0.3, _rate(checked))
    yield Ratio("whole verification / raw Ed25519 verification", raw / whole, 0.15, 0.3, _rate(whole))


def carrying() -> Iterator[Ratio]:
    """Images and the log."""
    png, text = a_png(84_000), sign_general(a_document()).decode()
    crc, baked = side_by_side(lambda: zlib.crc32(png), lambda: baking.bake(png, text))
    yield Ratio("baking an 84 kB PNG / its checksum alone", crc / baked, 0.2, 0.5, _rate(baked))
    tree = Log(100_000)
    leaf = log.leaf_hash(b"entry")
    node, append, prove = side_by_side(lambda: log.node_hash(leaf, leaf), lambda: tree.append(leaf), tree.prove)
    yield Ratio("appending to the log / one hash of two nodes", node / append, 0.05, 0.1, _rate(append))
    yield Ratio("inclusion proof of 100,000 / one hash of two nodes", node / prove, 0.005, 0.01, _rate(prove))


def _rate(seconds: float) -> str:
    return f"{1 / seconds:,.0f} per second"

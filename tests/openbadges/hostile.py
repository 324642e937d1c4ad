"""What somebody might offer for verification to do harm: each case gives the bytes, and the web that they lead to."""

import base64
import gzip
import json
import zlib

import msgspec

from laurel.openbadges import baking, did, status_list
from laurel.openbadges.multikey import base64url
from tests.openbadges import builders
from tests.openbadges.web_of_documents import Web

DID_URL = "https://badges.example.org/i/north/did.json"
LIST_URL = "https://badges.example.org/s/1"
MANY = 50_000_000


def the_issuers_web():
    return Web().put(DID_URL, did.did_document(builders.ISSUER, [builders.KEY.public_key()]))


def a_chunk(kind, data):
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def a_png(*chunks, side=1):
    header = a_chunk(b"IHDR", side.to_bytes(4) * 2 + b"\x08\x02\0\0\0")
    return baking.PNG_SIGNATURE + header + b"".join(chunks) + a_chunk(b"IEND", b"")


def packed_text(size):
    return b"openbadgecredential\0\1\0\0\0" + zlib.compress(b"\0" * size, 9)


def changed(**members):
    return msgspec.json.encode(builders.a_signed_badge() | members)


def a_token(header, payload):
    return b".".join((base64url(header).encode(), base64url(payload).encode(), b"AAAA"))


def tied_evidence(count):
    """Blank nodes that look alike and point at one another: labelling them takes every path."""
    alike = [{"type": ["Evidence"], "name": "same", "narrative": "same"} for _ in range(count)]
    return [{"type": ["Evidence"], "name": "same", "audience": "x"}, *alike]


def revocable(encoded):
    badge = builders.a_signed_badge(status=status_list.status_entry(LIST_URL, 1))
    listing = status_list.status_list_document(
        url=LIST_URL, issuer=builders.ISSUER, bits=status_list.bits_of([]), valid_from=builders.NOW
    )
    listing["credentialSubject"]["encodedList"] = encoded
    return msgspec.json.encode(badge), the_issuers_web().put(LIST_URL, builders.sign(listing))


def a_packed_gigabyte():
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    megabyte = b"\0" * (1 << 20)
    return b"".join(packer.compress(megabyte) for _ in range(1_024)) + packer.flush()


OFFERED = {
    "nothing": lambda: b"",
    "cut off": lambda: changed()[:-40],
    "every byte": lambda: bytes(range(256)) * 64,
    "nested 10,000 deep": lambda: b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "lists 100,000 deep": lambda: b'{"a":' + b"[" * 100_000,
    "a token nested 10,000 deep": lambda: a_token(b'{"alg":"ES256"}', b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "50 MB of JSON": lambda: b'{"a":"' + b"x" * MANY + b'"}',
    "50 MB of a token": lambda: b"eyJhbGciOiJFUzI1NiJ9." + b"A" * MANY + b".AAAA",
    "50 MB of a picture": lambda: baking.PNG_SIGNATURE + b"\0" * MANY,
    "50 MB of SVG": lambda: b"<svg>" + b"<g/>" * (MANY // 4) + b"</svg>",
    "as much JSON as is read": lambda: b'{"a":[' + b"1," * 1_000_000 + b"1]}",
    "as many keys as are read": lambda: json.dumps({f"k{n}": n for n in range(100_000)}).encode(),
    "a number of 100,000 digits": lambda: b'{"a":' + b"9" * 100_000 + b"}",
    "a member twice": lambda: b'{"id":"a","id":"b"}',
    "a PNG bomb": lambda: a_png(a_chunk(b"iTXt", packed_text(100_000_000))),
    "ten PNG bombs": lambda: a_png(*[a_chunk(b"iTXt", packed_text(30_000_000))] * 10),
    "a PNG of many chunks": lambda: a_png(*[a_chunk(b"tEXt", b"a\0b")] * 400_000),
    "a PNG of huge sides": lambda: a_png(a_chunk(b"iTXt", b"openbadgecredential\0\0\0\0\0{"), side=2**31 - 1),
    "SVG 10,000 deep": lambda: (
        b'<svg xmlns="http://www.w3.org/2000/svg">' + b"<g>" * 10_000 + b"</g>" * 10_000 + b"</svg>"
    ),
    "a billion laughs": lambda: (
        b'<!DOCTYPE s [<!ENTITY a "ha">'
        + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n else b"&a;" * 10) for n in range(10))
        + b']><svg xmlns="http://www.w3.org/2000/svg">&a9;</svg>'
    ),
    "alg none": lambda: a_token(b'{"alg":"none"}', changed()),
    "alg none without a signature": lambda: a_token(b'{"alg":"none"}', changed()).removesuffix(b"AAAA"),
    "a jku": lambda: a_token(b'{"alg":"ES256","jku":"https://evil.example/keys"}', changed()),
    "an x5u": lambda: a_token(b'{"alg":"ES256","x5u":"https://evil.example/keys"}', changed()),
    "a secret for an algorithm of key pairs": lambda: a_token(b'{"alg":"HS256","kid":"did:web:x#y"}', changed()),
    "a context that is not bundled": lambda: changed(
        **{"@context": ["https://www.w3.org/ns/credentials/v2", "https://evil.example/context"]}
    ),
    "contexts 30 deep": lambda: changed(
        **{
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                *json.loads("[" * 30 + '{"a":"urn:a"}' + "]" * 30) * 30,
            ]
        }
    ),
    "a context of 60,000 terms": lambda: changed(
        **{"@context": ["https://www.w3.org/ns/credentials/v2", {f"t{n}": f"urn:t:{n}" for n in range(60_000)}]}
    ),
    "blank nodes that tie": lambda: changed(evidence=tied_evidence(2_000)),
    "a key in a private network": lambda: changed(
        proof=[{**builders.a_signed_badge()["proof"][0], "verificationMethod": "https://10.0.0.1/key"}]
    ),
    "an address": lambda: b"http://127.0.0.1/badge",
    "a long signature": lambda: changed(
        proof=[{**builders.a_signed_badge()["proof"][0], "proofValue": "z" + "2" * 99}]
    ),
    "half a million endorsements": lambda: changed(endorsement=[{}] * 500_000),
}
WITH_A_WEB = {
    "a status list of a gigabyte": lambda: revocable("u" + base64url(a_packed_gigabyte())),
    "a status list that is cut off": lambda: revocable("u" + base64url(gzip.compress(b"\0" * 16_384)[:-20])),
    "a status list in base64": lambda: revocable(base64.b64encode(b"x" * 100_000).decode()),
    "a status list that never answers": lambda: (
        msgspec.json.encode(builders.a_signed_badge(status=status_list.status_entry(LIST_URL, 1))),
        the_issuers_web(),
    ),
    "a DID document 10,000 deep": lambda: (changed(), Web().put(DID_URL, b'{"a":' * 10_000 + b"1" + b"}" * 10_000)),
    "a DID document of 8 MB": lambda: (changed(), Web().put(DID_URL, b'{"a":"' + b"x" * 8_000_000 + b'"}')),
}
CASES = [*OFFERED, *WITH_A_WEB]


def case(name):
    """(the bytes, the web that they lead to)."""
    return WITH_A_WEB[name]() if name in WITH_A_WEB else (OFFERED[name](), the_issuers_web())

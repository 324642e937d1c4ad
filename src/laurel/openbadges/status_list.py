"""Whether an issued credential still holds: W3C Bitstring status lists and the 1EdTech revocation list.

Built for our issuers, read for everybody's; decoding is bounded so that a small download cannot fill the memory.
Source: W3C Bitstring Status List 1.0; for 1EdTechRevocationList what its validator reads.
"""

import gzip
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from laurel.base import limits
from laurel.openbadges.documents import Json, render_instant
from laurel.openbadges.faults import DocumentRefused, KeyRefused
from laurel.openbadges.jsonld import CREDENTIALS_V2
from laurel.openbadges.multikey import base64url, base64url_bytes

REVOCATION: Final = "revocation"
SUSPENSION: Final = "suspension"
_GZIP: Final = 16 + zlib.MAX_WBITS
_LIST_TYPES: Final = frozenset({"BitstringStatusList", "StatusList2021"})


def bits_of(indexes: Iterable[int], *, length: int = limits.STATUS_LIST_ENTRIES_MIN) -> bytes:
    """A bitstring of `length` entries (a multiple of 8) with the given ones set; entry 0 is the leftmost bit."""
    bits = bytearray(length // 8)
    for index in indexes:
        bits[index >> 3] |= 0x80 >> (index & 7)
    return bytes(bits)


def bit_at(bits: bytes, index: int) -> bool:
    """Entry `index`. Raises DocumentRefused outside the list."""
    if not 0 <= index < len(bits) * 8:
        raise DocumentRefused("the index lies outside the status list", field="statusListIndex", value=index)
    return bool(bits[index >> 3] & (0x80 >> (index & 7)))


def encode_bits(bits: bytes) -> str:
    """The encodedList: multibase base64url of the gzipped bitstring; the same bits give the same text."""
    return "u" + base64url(gzip.compress(bits, compresslevel=6, mtime=0))


def decode_bits(encoded: Any) -> bytes:
    """The bitstring of an encodedList. Raises DocumentRefused for what is not one, too short or too long."""
    bytes_max = limits.STATUS_LIST_ENTRIES_MAX // 8
    if not isinstance(encoded, str) or len(encoded) > 2 * bytes_max:
        raise DocumentRefused("encodedList is not text of a sane length", field="encodedList")
    try:
        packed = base64url_bytes(encoded.removeprefix("u") if encoded[:1] == "u" else encoded)
        unpacker = zlib.decompressobj(_GZIP)
        bits = unpacker.decompress(packed, bytes_max + 1)
    except (zlib.error, KeyRefused):
        raise DocumentRefused("encodedList is not a gzipped bitstring", field="encodedList") from None
    if len(bits) > bytes_max or (not unpacker.eof and unpacker.unconsumed_tail):
        raise DocumentRefused("the status list is too long", field="encodedList", limit=limits.STATUS_LIST_ENTRIES_MAX)
    if not unpacker.eof:
        raise DocumentRefused("the status list is cut off", field="encodedList")
    return bits


def status_entry(list_url: str, index: int, *, purpose: str = REVOCATION) -> Json:
    """The credentialStatus that points to one entry of a bitstring list."""
    return {
        "id": f"{list_url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": list_url,
    }


def status_list_document(
    *,
    url: str,
    issuer: str,
    bits: bytes,
    valid_from: datetime,
    valid_until: datetime | None = None,
    purpose: str = REVOCATION,
    ttl_milliseconds: int | None = None,
) -> Json:
    """The unsigned BitstringStatusListCredential served at `url`. Raises DocumentRefused when the list is too short."""
    if not limits.STATUS_LIST_ENTRIES_MIN <= len(bits) * 8 <= limits.STATUS_LIST_ENTRIES_MAX:
        raise DocumentRefused(
            "a status list has 131,072 entries or more", field="bits", limit=limits.STATUS_LIST_ENTRIES_MIN
        )
    subject: Json = {
        "id": f"{url}#list",
        "type": "BitstringStatusList",
        "statusPurpose": purpose,
        "encodedList": encode_bits(bits),
    }
    if ttl_milliseconds is not None:
        subject["ttl"] = ttl_milliseconds
    document: Json = {
        "@context": [CREDENTIALS_V2],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": render_instant(valid_from),
    }
    if valid_until is not None:
        document["validUntil"] = render_instant(valid_until)
    return document | {"credentialSubject": subject}


def read_status(entry: Mapping[str, Any], list_credential: Any) -> bool:
    """What the list says about the entry: True when its purpose (revoked, suspended) applies.

    The list's own proof and issuer are the caller's to check. Raises DocumentRefused when they do not belong together.
    """
    subject = list_credential.get("credentialSubject") if isinstance(list_credential, dict) else None
    kinds = subject.get("type") if isinstance(subject, dict) else None
    names = [str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])]
    if not isinstance(subject, dict) or _LIST_TYPES.isdisjoint(names):
        raise DocumentRefused("the document is not a status list", field="statusListCredential")
    purposes = subject.get("statusPurpose")
    if entry.get("statusPurpose") not in (purposes if isinstance(purposes, list) else [purposes]):
        raise DocumentRefused("the list is for another purpose", field="statusPurpose", value=str(purposes)[:100])
    if entry.get("statusSize", 1) != 1:
        raise DocumentRefused("only status lists of one bit an entry are read", field="statusSize")
    index = entry.get("statusListIndex")
    if (
        not isinstance(index, str | int)
        or isinstance(index, bool)
        or not str(index).isdecimal()
        or len(str(index)) > 12
    ):
        raise DocumentRefused("statusListIndex is not a number", field="statusListIndex", value=str(index)[:50])
    return bit_at(decode_bits(subject.get("encodedList")), int(index))


def revocation_status(list_url: str) -> Json:
    """The credentialStatus of a credential whose issuer keeps a 1EdTech revocation list."""
    return {"id": list_url, "type": "1EdTechRevocationList"}


def revocation_list(*, url: str, issuer: str, revoked: Iterable[tuple[str, str | None]]) -> Json:
    """The 1EdTech revocation list: (credential id, reason) pairs."""
    entries = [
        {"id": name, "revoked": True} | ({"revocationReason": reason} if reason else {}) for name, reason in revoked
    ]
    return {"id": url, "issuer": issuer, "revokedCredential": entries}


def read_revocation_list(document: Any, credential_id: str, issuer: str) -> str | None:
    """The reason ("" when none is given) for which the list revokes the credential, or None.

    Raises DocumentRefused when the document is not a list of that issuer.
    """
    entries = document.get("revokedCredential") if isinstance(document, dict) else None
    if not isinstance(entries, list) or document.get("issuer") != issuer:
        raise DocumentRefused("the document is not a revocation list of this issuer", field="credentialStatus")
    for entry in entries:
        if isinstance(entry, dict) and entry.get("id") == credential_id and entry.get("revoked", True) is not False:
            return str(entry.get("revocationReason") or "")
    return None

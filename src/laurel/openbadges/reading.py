"""From offered bytes to a document: JSON, compact tokens and baked images, each within hard limits.

Nothing here says whether a credential is good; it says what the bytes are, or why they are nothing that is known.
"""

import json
from typing import Any

import msgspec

from laurel.base import limits
from laurel.openbadges.baking import PNG_SIGNATURE, extract
from laurel.openbadges.faults import DocumentRefused, ImageRefused
from laurel.openbadges.structure import enveloped_token
from laurel.openbadges.vc_jwt import Token, parse_token


class Offered(msgspec.Struct, frozen=True):
    """What was found: a JSON document, a token with the document in it, or a link (Open Badges 2.0 images)."""

    carrier: str
    document: dict[str, Any] | None = None
    token: Token | None = None
    link: str | None = None


def read(data: bytes) -> Offered:
    """Say what the bytes are. Raises DocumentRefused, ImageRefused, ProofRejected; never anything else."""
    if len(data) > max(limits.IMAGE_BYTES_MAX, limits.DOCUMENT_BYTES_MAX):
        raise DocumentRefused(
            f"more than {limits.IMAGE_BYTES_MAX} bytes", limit=limits.IMAGE_BYTES_MAX, value=len(data)
        )
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data.startswith(PNG_SIGNATURE) or start.startswith(b"<"):
        baked = extract(data)
        if baked is None:
            raise ImageRefused("the image carries no credential")
        return _read_text(baked.text, baked.picture)
    if len(data) > limits.DOCUMENT_BYTES_MAX:
        raise DocumentRefused(
            f"a document of more than {limits.DOCUMENT_BYTES_MAX} bytes",
            limit=limits.DOCUMENT_BYTES_MAX,
            value=len(data),
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DocumentRefused("neither an image nor UTF-8 text") from None
    return _read_text(text, "json")


def _read_text(text: str, carrier: str) -> Offered:
    text = text.strip()
    if not text:
        raise DocumentRefused("there is nothing in it")
    if text[:1] in {"{", "["}:
        document = read_json(text)
        inside = enveloped_token(document)
        if inside is None:
            return Offered(carrier=carrier, document=document)
        text = inside
    if text.startswith(("https://", "http://")) and len(text) <= limits.URL_LENGTH_MAX and not text.split()[1:]:
        return Offered(carrier=carrier, link=text)
    token = parse_token(text)
    check_depth(token.claims)
    return Offered(carrier=carrier if carrier != "json" else "jwt", document=token.credential, token=token)


def read_json(text: str | bytes) -> dict[str, Any]:
    """A JSON object without duplicate members, not nested too deeply. Raises DocumentRefused."""
    try:
        value = json.loads(text, object_pairs_hook=_members, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else "not valid JSON"
        raise DocumentRefused(f"the document is {reason}") from None
    if not isinstance(value, dict):
        raise DocumentRefused("the document is not a JSON object")
    check_depth(value)
    return value


def check_depth(value: Any) -> None:
    """Refuse a value nested deeper than DOCUMENT_DEPTH_MAX, without recursion. Raises DocumentRefused."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > 2 * limits.DOCUMENT_DEPTH_MAX:
            raise DocumentRefused("the document is nested too deeply", limit=limits.DOCUMENT_DEPTH_MAX)
        inner: list[Any] = []
        for part in level:
            if isinstance(part, dict):
                inner.extend(member for member in part.values() if isinstance(member, dict | list))
            elif isinstance(part, list):
                inner.extend(member for member in part if isinstance(member, dict | list))
        level = inner


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DocumentRefused("the document has a member twice")
    return found


def _no_constant(name: str) -> None:
    raise DocumentRefused(f"{name} is not JSON")

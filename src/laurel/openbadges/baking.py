"""Credentials inside pictures: put into and read from PNG and SVG without touching the picture itself.

Only the structure of the file is read, never a pixel; sizes, chunks, depth and decompression are bounded.
Source: Open Badges 3.0, section 5.3 (baking); PNG third edition.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final
from xml.parsers import expat

import msgspec

from laurel.base import limits
from laurel.openbadges.faults import ImageRefused

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEYWORDS: Final = {"openbadges3": "openbadgecredential", "clr2": "clrcredential", "openbadges2": "openbadges"}
_SVG_NAMES: Final = {
    "openbadges3": ("https://purl.imsglobal.org/ob/v3p0", "credential"),
    "clr2": ("https://purl.imsglobal.org/clr/v2p0", "credential"),
    "openbadges2": ("http://openbadges.org", "assertion"),
}
_KEYWORD_STANDARDS: Final = {keyword: standard for standard, keyword in _PNG_KEYWORDS.items()}
_SVG_STANDARDS: Final = {f"{ns} {name}": standard for standard, (ns, name) in _SVG_NAMES.items()}
_SVG_ROOT: Final = "http://www.w3.org/2000/svg svg"
_SVG_DEPTH_MAX: Final = 200
_TAG_END: Final = re.compile(rb"""(?:[^>"']|"[^"]*"|'[^']*')*?(/?)>""")


class Baked(msgspec.Struct, frozen=True):
    """What a picture carries: the text (JSON, compact token, or for Open Badges 2.0 perhaps a URL)."""

    text: str
    picture: str
    standard: str


def bake_png(png: bytes, text: str, *, standard: str = "openbadges3") -> bytes:
    """The PNG with `text` in an iTXt chunk after its header; one that was there is replaced. Raises ImageRefused."""
    keyword = _PNG_KEYWORDS[standard]
    parts = [PNG_SIGNATURE]
    for kind, data, raw in _chunks(png):
        if kind in {b"iTXt", b"tEXt", b"zTXt"} and data.partition(b"\0")[0] == keyword.encode():
            continue
        parts.append(raw)
        if kind == b"IHDR":
            parts.append(_chunk(b"iTXt", keyword.encode() + b"\0\0\0\0\0" + text.encode()))
    return b"".join(parts)


def bake_svg(svg: bytes, text: str, *, standard: str = "openbadges3") -> bytes:
    """The SVG with the credential as first child of its root (a token as `verify` attribute). Raises ImageRefused."""
    place = _SvgReader(svg)
    namespace, name = _SVG_NAMES[standard]
    for start, end in reversed(place.ranges.get(standard, [])):
        svg = svg[:start] + svg[end:]
    match = _TAG_END.match(svg, place.root_start + 1)
    if match is None:
        raise ImageRefused("the SVG's first tag has no end")
    prefix = "openbadges" if standard == "openbadges3" else standard
    while place.prefixes.get(prefix, namespace) != namespace:
        prefix += "x"
    declaration = b"" if prefix in place.prefixes else f' xmlns:{prefix}="{namespace}"'.encode()
    element = f"{prefix}:{name}"
    if text.lstrip()[:1] == "{":
        safe = _ascii_json(text).replace(b"]]>", b"]]\\u003e")
        child = b"<%b><![CDATA[%b]]></%b>" % (element.encode(), safe, element.encode())
    else:
        child = f'<{element} verify="{_attribute(text)}"/>'.encode()
    opening = svg[: match.start(1)] + declaration
    if match[1]:
        root_name = svg[place.root_start + 1 :].split(None, 1)[0].rstrip(b"/>")
        return opening + b">" + child + b"</" + root_name + b">" + svg[match.end() :]
    return opening + b">" + child + svg[match.end() :]


def bake(picture: bytes, text: str, *, standard: str = "openbadges3") -> bytes:
    """The PNG or SVG with the credential inside. Raises ImageRefused."""
    baker = bake_png if picture.startswith(PNG_SIGNATURE) else bake_svg
    return baker(picture, text, standard=standard)


def extract(picture: bytes) -> Baked | None:
    """The newest kind of credential that the PNG or SVG carries, or None. Raises ImageRefused."""
    found = _from_png(picture) if picture.startswith(PNG_SIGNATURE) else _SvgReader(picture).texts
    kind = "png" if picture.startswith(PNG_SIGNATURE) else "svg"
    for standard in _PNG_KEYWORDS:
        if found.get(standard):
            return Baked(text=found[standard], picture=kind, standard=standard)
    return None


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Kind, data and raw bytes of every chunk up to IEND, each checked."""
    if len(png) > limits.IMAGE_BYTES_MAX:
        raise ImageRefused("the image is too large", limit=limits.IMAGE_BYTES_MAX, value=len(png))
    if not png.startswith(PNG_SIGNATURE):
        raise ImageRefused("not a PNG")
    position, count = len(PNG_SIGNATURE), 0
    while True:
        count += 1
        if count > limits.IMAGE_CHUNKS_MAX:
            raise ImageRefused("the PNG has too many chunks", limit=limits.IMAGE_CHUNKS_MAX)
        if position + 12 > len(png):
            raise ImageRefused("the PNG is cut off")
        length = int.from_bytes(png[position : position + 4])
        end = position + 12 + length
        if end > len(png):
            raise ImageRefused("the PNG is cut off")
        kind, data = png[position + 4 : position + 8], png[position + 8 : end - 4]
        if zlib.crc32(png[position + 4 : end - 4]) != int.from_bytes(png[end - 4 : end]):
            raise ImageRefused("a PNG chunk is damaged")
        if (count == 1) != (kind == b"IHDR"):
            raise ImageRefused("the PNG does not begin with one header")
        yield kind, data, png[position:end]
        if kind == b"IEND":
            return
        position = end


def _from_png(png: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind, data, _ in _chunks(png):
        if kind not in {b"iTXt", b"tEXt"}:
            continue
        keyword, _, rest = data.partition(b"\0")
        standard = _KEYWORD_STANDARDS.get(keyword.decode("latin-1"))
        if standard is None:
            continue
        content = rest
        if kind == b"iTXt":
            compressed, packed = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
            if len(packed) != 3:
                raise ImageRefused("the text in the PNG is malformed")
            content = _inflate(packed[2]) if compressed else packed[2]
        if len(content) > limits.DOCUMENT_BYTES_MAX:
            raise ImageRefused("the text in the PNG is too long", limit=limits.DOCUMENT_BYTES_MAX)
        try:
            found.setdefault(standard, content.decode())
        except UnicodeDecodeError:
            raise ImageRefused("the text in the PNG is not UTF-8") from None
    return found


def _inflate(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, limits.DOCUMENT_BYTES_MAX + 1)
    except zlib.error:
        raise ImageRefused("the text in the PNG is damaged") from None
    return content


def _ascii_json(text: str) -> bytes:
    """JSON text with every character outside ASCII escaped: right in whatever encoding the SVG declares."""
    return re.sub("[^\x00-\x7f]", lambda match: _escaped(match[0]), text).encode("ascii")


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


class _SvgReader:
    """One bounded pass over an SVG: where its root begins, which prefixes it declares, what credentials it carries."""

    def __init__(self, svg: bytes) -> None:
        if len(svg) > limits.IMAGE_BYTES_MAX:
            raise ImageRefused("the image is too large", limit=limits.IMAGE_BYTES_MAX, value=len(svg))
        self.svg = svg
        self.root_start = -1
        self.depth = 0
        self.prefixes: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.ranges: dict[str, list[tuple[int, int]]] = {}
        self._inside: str | None = None
        self._inside_start = 0
        self._collected: list[str] = []
        self._collected_length = 0
        self._parse()

    def _parse(self) -> None:
        if self.svg[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in self.svg[:64]:
            raise ImageRefused("an SVG in UTF-16 is not accepted")
        parser = self.parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartNamespaceDeclHandler = self._namespace
        try:
            parser.Parse(self.svg, True)
        except expat.ExpatError as error:
            raise ImageRefused(
                "neither a PNG nor well-formed SVG", value=expat.errors.messages.get(error.code)
            ) from None

    def _doctype(self, *declaration: Any) -> None:
        if declaration[-1]:
            raise ImageRefused("an SVG with declarations of its own is not accepted")

    def _entity(self, *_: Any) -> None:
        raise ImageRefused("an SVG that declares entities is not accepted")

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        if self.depth == 0 and prefix:
            self.prefixes[prefix] = uri or ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _SVG_DEPTH_MAX:
            raise ImageRefused("the SVG is nested too deeply", limit=_SVG_DEPTH_MAX)
        if self.root_start < 0:
            if name != _SVG_ROOT:
                raise ImageRefused("neither a PNG nor an SVG")
            self.root_start = self.parser.CurrentByteIndex
        standard = _SVG_STANDARDS.get(name)
        if standard is not None and self._inside is None:
            self._inside, self._inside_start = standard, self.parser.CurrentByteIndex
            self._collected = [attributes.get("verify", "")]

    def _text(self, data: str) -> None:
        if self._inside is not None:
            self._collected_length += len(data)
            if self._collected_length > limits.DOCUMENT_BYTES_MAX:
                raise ImageRefused("the text in the SVG is too long", limit=limits.DOCUMENT_BYTES_MAX)
            self._collected.append(data)

    def _end(self, name: str) -> None:
        self.depth -= 1
        if self._inside is not None and _SVG_STANDARDS.get(name) == self._inside:
            verify, content = self._collected[0], "".join(self._collected[1:]).strip()
            self.texts.setdefault(self._inside, content or verify)
            opening = _TAG_END.match(self.svg, self._inside_start + 1)
            if opening is None:
                raise ImageRefused("a tag of the SVG has no end")
            end = opening.end() if opening[1] else self.svg.index(b">", self.parser.CurrentByteIndex) + 1
            self.ranges.setdefault(self._inside, []).append((self._inside_start, end))
            self._inside = None

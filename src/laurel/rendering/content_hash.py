"""One name for one picture: what it is drawn from, hashed, for caches and ETags."""

import hashlib

import msgspec

from laurel.rendering.attributes import attributes_of, value_of
from laurel.rendering.model import Design, Fields, Image
from laurel.rendering.svg import image_bytes

RENDERING_VERSION = 2  # raised when the same input begins to give other bytes
_encoder = msgspec.json.Encoder(order="sorted")


def content_hash(design: Design, fields: Fields, form: str) -> str:
    """64 hex digits over the design, the attributes and pictures it uses, the language, and the form.

    `form` says what is drawn of it: "svg", "png@600", "pdf@2026-01-02T00:00:00Z". Attributes that the design does not
    name do not change the hash.
    """
    pictures = [
        hashlib.sha256(image_bytes(node, fields) or b"").hexdigest() for node in design.nodes if isinstance(node, Image)
    ]
    values = {name: value_of(name, fields) for name in attributes_of(design)}
    author = fields.values.get("issuer.name", "")  # a PDF names it as its author
    parts = (RENDERING_VERSION, form, fields.language, author, design, values, pictures)
    return hashlib.sha256(_encoder.encode(parts)).hexdigest()

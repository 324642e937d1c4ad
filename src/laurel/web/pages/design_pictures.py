"""Pictures of a design while it is edited: the form carries a short name for each, the bytes stay on the server.

A picture of the stored design is `saved:` and its hash; one that was just uploaded is `upload:` and the uid of its file,
which is kept for seven days.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from laurel.base.errors import Invalid, TooLarge
from laurel.base.limits import DESIGN_IMAGES_MAX, DESIGN_UPLOADS_KEPT_MAX, check_count
from laurel.database.pool import Transaction
from laurel.domain.files import store as files
from laurel.domain.files.deposit import deposit
from laurel.rendering import Design, Picture
from laurel.rendering.model import Image
from laurel.web.pages.design_layers import Document, nodes_of

_UPLOAD = re.compile(r"upload:([0-9a-f]{24})")
_NAME = "design picture"
Pictures = Mapping[str, str]
"""Data URIs by the name that stands for them in a form."""


def pictures_of(design: Design) -> dict[str, str]:
    """The pictures that a stored design carries."""
    sources = (node.source for node in design.nodes if isinstance(node, Image) and node.source.startswith("data:"))
    return {f"saved:{hashlib.sha256(source.encode()).hexdigest()[:32]}": source for source in sources}


async def uploads_in(tx: Transaction, text: str) -> dict[str, str]:
    """The uploaded pictures that a document names."""
    uids = sorted(set(_UPLOAD.findall(text)))
    check_count(len(uids), DESIGN_IMAGES_MAX, "nodes")
    found = await files.pictures(tx, uids) if uids else {}
    return {f"upload:{uid}": f"data:{kind};base64,{b64encode(data).decode()}" for uid, (kind, data) in found.items()}


async def keep(tx: Transaction, picture: Picture, now: datetime, *, field: str) -> str:
    """Put an uploaded picture aside; the name that stands for it. Raises TooLarge when too many are aside already."""
    if await files.count_named(tx, _NAME) >= DESIGN_UPLOADS_KEPT_MAX:
        raise TooLarge(
            f"{DESIGN_UPLOADS_KEPT_MAX} pictures were uploaded in the last seven days, and more are not kept; try again tomorrow",
            field=field,
            limit=DESIGN_UPLOADS_KEPT_MAX,
        )
    address = await deposit(tx, [picture.data], name=_NAME, media_type=picture.media_type, now=now)
    return f"upload:{address.partition('/')[0]}"


def written_in(document: Document, pictures: Pictures) -> list[tuple[int, str]]:
    """(layer, data URI) of pictures that somebody wrote into the document itself."""
    known = set(pictures.values())
    sources = [(index, node.get("source")) for index, node in enumerate(nodes_of(document))]
    return [
        (index, source)
        for index, source in sources
        if isinstance(source, str) and source.startswith("data:") and source not in known
    ]


def put_back(document: Document, pictures: Pictures) -> Document:
    """The document with its pictures in it. Raises Invalid for one that is gone."""

    def whole(index: int, node: dict[str, Any]) -> dict[str, Any]:
        source = node.get("source")
        if not isinstance(source, str) or not source.startswith(("saved:", "upload:")):
            return node
        if source not in pictures:
            raise Invalid("this picture is not there any more: upload it again", field=f"nodes[{index}].source")
        return {**node, "source": pictures[source]}

    return {**document, "nodes": [whole(index, node) for index, node in enumerate(nodes_of(document))]}


def put_aside(document: Document, pictures: Pictures) -> Document:
    """The document with short names in the place of its pictures."""
    names = {source: name for name, source in pictures.items()}
    nodes = [
        {**node, "source": names.get(node["source"], node["source"])} if "source" in node else node
        for node in nodes_of(document)
    ]
    return {**document, "nodes": nodes}

"""Reads the JSON of a design and refuses what breaks the format, naming the node, the limit and the value."""

import re
from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from laurel.base import json_text, limits
from laurel.rendering.attributes import names_in
from laurel.rendering.model import (
    Design,
    Image,
    LinearGradient,
    Node,
    Paint,
    Path,
    Qr,
    RadialGradient,
    Shape,
    Text,
)  # fmt: skip
from laurel.rendering.normalise import data_uri_bytes, normalise_image
from laurel.rendering.refusals import DesignInvalid, DesignTooLarge, ImageInvalid, ImageTooLarge

_decoder = msgspec.json.Decoder(Design)
_encoder = msgspec.json.Encoder(order="deterministic")
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?$", re.DOTALL)
_LIMIT = re.compile(r"(?:length )?(?:<=|>=|<|>) ([0-9.eE+\-]+)|matching regex ('.*')")
_VALUE_SHOWN_MAX = 100


def parse_design(data: bytes) -> Design:
    """A design from its JSON. Raises DesignInvalid or DesignTooLarge; `field` is the path of the node, as in nodes[3].x."""
    if len(data) > limits.DESIGN_BYTES_MAX:
        raise DesignTooLarge(
            f"the design has {len(data)} bytes, the limit is {limits.DESIGN_BYTES_MAX}",
            field="design",
            limit=limits.DESIGN_BYTES_MAX,
            value=len(data),
        )
    try:
        try:
            design = _decoder.decode(data)
        except msgspec.ValidationError as error:
            raise _refused(str(error), msgspec.json.decode(data)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DesignInvalid(f"the design is not JSON: {error}", field="design") from error
    return check_design(design)


def check_design(design: Design) -> Design:
    """The design itself when its parts fit together: colours exist, texts can shrink, images are pictures."""
    for path, paint in _paints(design):
        _check_paint(design, path, paint)
    if sum(isinstance(node, Image) for node in design.nodes) > limits.DESIGN_IMAGES_MAX:
        raise DesignTooLarge(
            f"a design has at most {limits.DESIGN_IMAGES_MAX} images", field="nodes", limit=limits.DESIGN_IMAGES_MAX
        )
    for index, node in enumerate(design.nodes):
        path = f"nodes[{index}]"
        match node:
            case Text(size=size, size_min=float(size_min)) if size_min > size:
                raise DesignInvalid(
                    f"{path}.size_min is {size_min:g}, more than its size {size:g}",
                    field=f"{path}.size_min",
                    limit=size,
                    value=size_min,
                )
            case Text() | Image() | Qr() if not (node.width and node.height):
                raise DesignInvalid(f"{path} has a box without width or height", field=path, value=0)
            case Path() if node.data and not node.data.lstrip().startswith(("M", "m")):
                raise DesignInvalid(f"{path}.data must begin with M", field=f"{path}.data", value=node.data[:20])
            case Image():
                _check_source(node, f"{path}.source")
            case _:
                pass
    return design


def encode_design(design: Design) -> bytes:
    """The JSON of a design: members in order, defaults left out; the same design gives the same bytes."""
    return _encoder.encode(design)


def with_normalised_images(design: Design, written_here: Collection[str] = ()) -> Design:
    """The design with every picture that it carries decoded and written anew (see normalise_image).

    written_here: data URIs that were written here before; these are kept, because writing a JPEG anew costs quality.
    """
    nodes: list[Node] = []
    for index, node in enumerate(design.nodes):
        if isinstance(node, Image) and node.source.startswith("data:") and node.source not in written_here:
            picture = normalise_image(data_uri_bytes(node.source), field=f"nodes[{index}].source")
            nodes.append(msgspec.structs.replace(node, source=picture.data_uri))
        else:
            nodes.append(node)
    return msgspec.structs.replace(design, nodes=tuple(nodes))


def _check_source(node: Image, path: str) -> None:
    if names_in(node.source):
        return
    if not node.source.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")):
        raise DesignInvalid(
            f"{path} is neither an attribute such as [issuer.logo] nor a PNG or JPEG data URI",
            field=path,
            value=node.source[:_VALUE_SHOWN_MAX],
        )
    try:
        data = data_uri_bytes(node.source)
    except ImageInvalid as error:
        raise DesignInvalid(f"{path}: {error.message}", field=path) from error
    if len(data) > limits.UPLOADED_IMAGE_BYTES_MAX:
        raise ImageTooLarge(
            f"{path} has {len(data)} bytes, the limit is {limits.UPLOADED_IMAGE_BYTES_MAX}",
            field=path,
            limit=limits.UPLOADED_IMAGE_BYTES_MAX,
            value=len(data),
        )


def _paints(design: Design) -> Iterator[tuple[str, Paint]]:
    if design.background:
        yield "background", design.background
    for index, node in enumerate(design.nodes):
        path = f"nodes[{index}]"
        match node:
            case Shape() | Path():
                if node.fill:
                    yield f"{path}.fill", node.fill
                if node.stroke:
                    yield f"{path}.stroke.colour", node.stroke.colour
            case Text() | Qr():
                yield f"{path}.colour", node.colour
                if isinstance(node, Qr) and node.background:
                    yield f"{path}.background", node.background
            case Image():
                pass


def _check_paint(design: Design, path: str, paint: Paint) -> None:
    if isinstance(paint, LinearGradient | RadialGradient):
        for index, stop in enumerate(paint.stops):
            _check_paint(design, f"{path}.stops[{index}].colour", stop.colour)
    elif paint.startswith("@") and paint[1:] not in design.colours:
        raise DesignInvalid(f"{path} names the colour {paint}, which colours does not have", field=path, value=paint)


def _refused(message: str, document: Any) -> DesignInvalid | DesignTooLarge:
    """Msgspec's sentence with our names: the path, the limit inside it, and what stood there."""
    found = _PLACE.match(message)
    what, path = (found["what"], found["path"] or "") if found else (message, "")
    field = path.lstrip(".").replace("[...]", "") or "design"
    value = _shown(json_text.value_at(document, path))
    limit = _LIMIT.search(what)
    kind = DesignTooLarge if "length <=" in what else DesignInvalid
    return kind(
        f"{field}: {what[:1].lower()}{what[1:]}" + ("" if value is None else f", not {value!r}"),
        field=field,
        limit=(limit[1] or limit[2]) if limit else None,
        value=value,
    )


def _shown(value: Any) -> Any:
    if isinstance(value, dict | list):
        return None
    return value[:_VALUE_SHOWN_MAX] if isinstance(value, str) else value

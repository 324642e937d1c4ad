"""What the form of the design editor carries, taken over and checked: the document, the open layer, its mistakes.

Nothing is stored here; the picture is drawn and the buttons are obeyed by `console_studio`.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import msgspec

from laurel.base.errors import Invalid, LaurelError
from laurel.database.pool import Transaction
from laurel.domain.designs import library
from laurel.domain.designs.model import StoredDesign
from laurel.rendering import Design, parse_design
from laurel.web.pages import design_layers as layers
from laurel.web.pages import design_source
from laurel.web.pages.design_form import Layer, entries_of
from laurel.web.pages.design_layers import CANVAS, Document
from laurel.web.pages.design_mistakes import place_of, sentence_of
from laurel.web.pages.design_pictures import Pictures, pictures_of, put_aside, put_back, uploads_in
from laurel.web.pages.design_typed import typed_layer
from laurel.web.pages.visits import Visit

_UNTOUCHED = frozenset({"remove", "restore"})
"""What is done without asking what the fields say."""


@dataclass(kw_only=True)
class Work:
    """A design on the desk: the document as the form carries it, which layer is open, and what is said about it."""

    stored: StoredDesign
    document: Document
    revision: int
    layer: int = CANVAS
    as_source: bool = False
    source: str = ""
    sample: str = "short"
    design: Design | None = None
    pictures: Pictures = field(default_factory=dict)
    error: LaurelError | None = None
    conflict: str = ""
    typed: dict[str, str] | None = None
    focus: str = ""
    said: str = ""

    @property
    def open_layer(self) -> Layer:
        """The layer whose fields are shown."""
        return layers.layer_at(self.document, self.layer)


async def require_editable(tx: Transaction, visit: Visit) -> StoredDesign:
    """The design of the address. Raises DesignNotFound; Invalid when it is in a foreign format."""
    stored = await library.require_uid(tx, visit.path("design"))
    if not stored.is_drawable:
        raise Invalid(
            "this design is in a format of another product: Laurel keeps it, but cannot edit it", field="design"
        )
    return stored


def document_of(design: Design, pictures: Pictures) -> Document:
    """The design as JSON with short numbers and without the bytes of its pictures."""
    return put_aside(_shortened(msgspec.to_builtins(design)), pictures)


def _shortened(value: Any) -> Any:
    match value:
        case float():
            return int(value) if value == int(value) else round(value, 4)
        case dict():
            return {name: _shortened(one) for name, one in value.items()}
        case list() | tuple():
            return [_shortened(one) for one in value]
        case _:
            return value


async def begin(visit: Visit) -> Work:
    """What the form carries; its `error` says what is wrong with it. Nothing is stored by it."""
    form = visit.form
    as_source = form.get("mode") == "source"
    text = form.raw("source") if as_source else form.get("document")
    async with visit.transaction() as tx:
        stored = await require_editable(tx, visit)
        uploaded = await uploads_in(tx, text)
    work = Work(
        stored=stored,
        document={"nodes": []},
        revision=int(form.get("revision")) if form.get("revision").isdigit() else 0,
        as_source=as_source,
        source=text if as_source else "",
        sample=form.get("sample"),
        pictures={**pictures_of(library.drawable(stored, stored.kind)), **uploaded},
    )
    try:
        work.document = design_source.parsed(text, "source")
        layers.nodes_of(work.document)
    except LaurelError as refused:
        work.error, refused.field = refused, "source"
        work.as_source, work.source = True, text
        return work
    work.error = await check(work)
    if work.error is not None:
        if not as_source:
            work.as_source, work.source = True, design_source.written(work.document)
        work.error = at_line(work, work.error)
        return work
    work.layer = index_of(form.get("layer"), len(work.document["nodes"]))
    if not as_source and form.get("change") not in _UNTOUCHED:
        await _apply(visit, work)
    return work


async def _apply(visit: Visit, work: Work) -> None:
    """Take over what the fields of the open layer say; when they are wrong, the document stays as it was."""
    before, form = work.document, visit.form
    try:
        work.document = layers.with_layer(before, work.layer, typed_layer(form, work.open_layer))
    except LaurelError as refused:
        work.error = refused
    else:
        refused_design = await check(work)
        work.error = refused_design and beside_field(work, refused_design)
    if work.error is not None:
        work.document = before
        work.typed = {entry.name: form.raw(entry.name) for entry in entries_of(work.open_layer)}
        if work.error.field not in {*work.typed, "layers"}:
            work.error.message = f"{(work.error.field or '').replace('_', ' ')}: {work.error.message}"
            work.error.field = "layers"
        await check(work)


def at_line(work: Work, refused: LaurelError) -> LaurelError:
    """A refusal of the format at the line of the source that it is about."""
    path = refused.field or "design"
    refused.message = sentence_of(refused) if path == "design" else f"{path}: {sentence_of(refused)}"
    return design_source.at_line(refused, work.source, "source")


def beside_field(work: Work, refused: LaurelError) -> LaurelError:
    """A refusal of the format at the field that shows it; one about a layer that is not open names the layer."""
    index, name = place_of(refused)
    refused.message, refused.field = sentence_of(refused), name
    if index is not None and index != work.layer:
        refused.message = f"layer {layers.title_of(layers.layer_at(work.document, index))}: {refused.message}"
        refused.field = "layers"
    return refused


async def check(work: Work) -> LaurelError | None:
    """Draw from the document from now on when it is a design; else what is wrong with it."""
    try:
        whole = put_back(work.document, work.pictures)
        design = await asyncio.to_thread(parse_design, msgspec.json.encode(whole))
        if design.kind != work.stored.kind:
            raise Invalid(f"this is a {work.stored.kind}, and stays one", field="kind", value=design.kind)
    except LaurelError as refused:
        return refused
    work.design, work.document = design, document_of(design, work.pictures)
    return None


def index_of(text: str, count: int) -> int:
    """The index of a layer in text; anything else is the canvas."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) < count else CANVAS

"""/console/designs/{design}/edit: a design edited layer by layer, or as JSON, beside a picture of it as it would look.

The form carries the whole document, so nothing is stored before it is saved; saving over somebody else's change is refused.
"""

import asyncio
from base64 import b64encode
from typing import Any

import msgspec
from litestar import Response

from laurel.base.errors import Invalid, LaurelError, Limited
from laurel.base.limits import UPLOADED_IMAGE_BYTES_MAX
from laurel.domain.credentials.samples import SAMPLES, language_of, sample_fields
from laurel.domain.designs import drawing, library
from laurel.domain.designs.library import DesignDraft
from laurel.domain.designs.model import DesignChanged
from laurel.domain.organisations import audit
from laurel.domain.organisations.accounts import store as account_store
from laurel.domain.organisations.audit_trail import store as audit_trail
from laurel.domain.organisations.audit_trail.store import AuditFilter
from laurel.rendering import Design, Picture, encode_design, normalise_image
from laurel.rendering.mirror import in_reading_direction
from laurel.rendering.normalise import data_uri_bytes
from laurel.web.drawing_allowance import previews
from laurel.web.pages import design_layers as layers
from laurel.web.pages import design_source
from laurel.web.pages.design_desk import (
    Work,
    at_line,
    begin,
    beside_field,
    check,
    document_of,
    index_of,
    require_editable,
)
from laurel.web.pages.design_form import entries_of, sections_of, values_of
from laurel.web.pages.design_layers import ADDABLE, ATTRIBUTES, CANVAS
from laurel.web.pages.design_pictures import keep, pictures_of, written_in
from laurel.web.pages.design_typed import add_language, with_attribute
from laurel.web.pages.visits import Visit, page

_CONTROLS = frozenset({"add", "added_picture", "attribute", "language"})
"""Controls beside the fields that have a place for a sentence."""


# --------------------------------------------------------------------------------------------------------------- showing
@page("/console/designs/{design:str}/edit", needs="designs:write")
async def show_studio(visit: Visit) -> Response[bytes]:
    """The design as it was last saved."""
    async with visit.transaction() as tx:
        stored = await require_editable(tx, visit)
    design = msgspec.structs.replace(library.drawable(stored, stored.kind), name=stored.name)
    pictures = pictures_of(design)
    work = Work(
        stored=stored,
        document=document_of(design, pictures),
        revision=stored.revision,
        design=design,
        pictures=pictures,
        layer=index_of(visit.asked("layer"), len(design.nodes)),
        sample=visit.asked("sample"),
    )
    return await _show(visit, work)


async def _show(visit: Visit, work: Work) -> Response[bytes]:
    picture = await _picture(visit, work)
    template = "console/studio.html" if visit.htmx else "console/design_edit.html"
    return visit.show(template, error=work.error, **_context(visit, work), picture=picture, **_panels(visit, work))


def _panels(visit: Visit, work: Work) -> dict[str, Any]:
    """The list of layers and the fields of the open one; nothing of these beside the source."""
    lists = {"addable": ADDABLE, "attributes": ATTRIBUTES, "samples": list(SAMPLES.items())}
    if work.as_source or work.design is None:
        return {**lists, "sections": [], "values": {}, "rows": [], "title": ""}
    shown, language, colours = work.open_layer, visit.organisation.language, work.design.colours
    rows = [
        (index, layers.title_of(one, language), layers.tint_of(one, colours), one)
        for index, one in reversed(list(enumerate(work.document["nodes"])))
    ]
    return {
        **lists,
        "sections": sections_of(shown),
        "values": work.typed or values_of(shown),
        "rows": rows,
        "title": layers.title_of(shown, language),
    }


def _context(visit: Visit, work: Work) -> dict[str, Any]:
    design = work.design and in_reading_direction(work.design, language_of(work.sample))
    return {
        "work": work,
        "stored": work.stored,
        "document": msgspec.json.encode(work.document).decode(),
        "canvas": design.canvas if design else None,
        "boxes": [(index, node) for index, node in enumerate(design.nodes)] if design else [],
        "mirrored": design != work.design,
        "colours": design.colours if design else {},
        "action": f"/console/designs/{work.stored.uid}/edit",
        "may_see_history": visit.may("audit:read"),
    }


async def _picture(visit: Visit, work: Work) -> str:
    """The drawing as a data URI; "" when the document cannot be drawn, or when too many were drawn lately."""
    if work.design is None:
        return ""
    try:
        previews.take(visit.account.uid)
    except Limited as refused:
        work.error = work.error or refused
        return ""
    try:
        return await _drawn(visit, work, work.design)
    except LaurelError as refused:
        work.error = work.error or refused
        return ""


async def _drawn(visit: Visit, work: Work, design: Design) -> str:
    async with visit.transaction() as tx:
        fields = await sample_fields(tx, visit.organisation, visit.parts.public_url, design, sample=work.sample)
    svg = await drawing.svg(design, fields)
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}"


# ------------------------------------------------------------------------------------------------------- what was asked
@page("/console/designs/{design:str}/edit", needs="designs:write", post=True)
async def edit_design(visit: Visit) -> Response[bytes]:
    """Take over the fields and do what the pressed button says: open, add, move, upload, save."""
    work = await begin(visit)
    if work.error is None:
        try:
            await _take_in(visit, work)
            if visit.form.get("change").startswith("save"):
                return await _save(visit, work)
            await _act(visit, work, visit.form.get("change"))
        except DesignChanged as refused:
            work.error, work.conflict = refused, await _who_changed(visit, work)
        except LaurelError as refused:
            work.error = _at_control(visit, work, refused)
    return await _show(visit, work)


def _at_control(visit: Visit, work: Work, refused: LaurelError) -> LaurelError:
    """What could not be done, at the control that asked for it; in the source, at its line."""
    if work.as_source:
        return at_line(work, refused)
    if refused.field not in _CONTROLS and refused.field not in {entry.name for entry in entries_of(work.open_layer)}:
        refused = beside_field(work, refused)
        refused.field = "layers"
    return refused


async def _act(visit: Visit, work: Work, change: str) -> None:
    """Do one thing to the document. Raises Invalid at the control that was used."""
    verb, _, detail = change.partition("-")
    match verb:
        case "source":
            work.as_source, work.source = True, design_source.written(work.document)
            return
        case "design":
            work.as_source = False
        case "open":
            work.layer, work.focus = index_of(detail, len(work.document["nodes"])), "layer"
        case "add":
            await _add(visit, work)
        case "upload" | "insert" | "translate":
            await _change_layer(visit, work, verb)
        case "raise" | "lower" | "copy" | "remove" | "move":
            _rearrange(work, verb, detail)
        case "" | "preview" | "restore":
            pass
        case _:
            raise Invalid("there is no such change", field="change", value=change[:50])
    refused = await check(work)
    if refused is not None:
        raise refused


def _rearrange(work: Work, verb: str, detail: str) -> None:
    count, index = len(work.document["nodes"]), work.layer
    if verb == "move":
        start, _, end = detail.partition("-")
        index, to = index_of(start, count), index_of(end, count)
        if CANVAS in (index, to):
            raise Invalid("there is no such layer", field="layers", value=detail[:50])
    elif index == CANVAS:
        raise Invalid("the canvas stays where it is", field="layers")
    else:
        to = min(max(index + (1 if verb == "raise" else -1), 0), count - 1)
    if verb == "copy":
        work.document, work.layer = layers.copied(work.document, index)
        work.focus = "first"
    elif verb == "remove":
        work.document = layers.removed(work.document, index)
        work.layer = min(index, count - 2)
        work.focus, work.said = "layer", "The layer is removed."
    else:
        work.document, work.layer = layers.moved(work.document, index, to), to
        work.focus = verb if verb != "move" else "layer"
        work.said = f"It is layer {to + 1} of {count} from below."


async def _add(visit: Visit, work: Work) -> None:
    assert work.design is not None  # noqa: S101 - a document with a mistake is not acted upon
    if visit.form.get("add") == "picture":
        name, picture = await _uploaded(visit, work, "added_picture")
        layer = layers.picture_layer(name, work.design, picture.width, picture.height)
    else:
        layer = layers.blank(visit.form.get("add"), work.design)
    work.document, work.layer = layers.added(work.document, layer)
    work.focus = "first"


async def _change_layer(visit: Visit, work: Work, verb: str) -> None:
    layer = work.open_layer
    if verb == "upload" and layer.get("type") == "image":
        name, _ = await _uploaded(visit, work, "picture")
        layer = {**layer, "source": name}
    elif verb == "translate" and layer.get("type") == "text":
        layer = add_language(layer, visit.form.get("language"), visit.organisation.language)
        work.focus = "first"
    elif verb == "insert" and layer.get("type") == "text":
        layer = with_attribute(layer, visit.form.get("attribute"))
    else:
        raise Invalid("this layer has no such thing", field="layers", value=verb)
    work.document = layers.with_layer(work.document, work.layer, layer)


async def _uploaded(visit: Visit, work: Work, field: str) -> tuple[str, Picture]:
    """The file of a field, written anew and put aside. Raises Invalid, ImageInvalid, ImageTooLarge at the field."""
    file = visit.form.files.get(field)
    data = await file.read(UPLOADED_IMAGE_BYTES_MAX + 1) if file is not None else b""
    if not data:
        raise Invalid("choose a file first", field=field)
    previews.take(visit.account.uid)
    try:
        picture = await asyncio.to_thread(normalise_image, data, field=field)
    except LaurelError as refused:
        refused.message = refused.message.replace(field, "the file", 1)
        raise
    async with visit.transaction() as tx:
        name = await keep(tx, picture, visit.parts.clock.now(), field=field)
    work.pictures = {**work.pictures, name: picture.data_uri}
    return name, picture


async def _take_in(visit: Visit, work: Work) -> None:
    """Put pictures that were written into the source aside, as uploads are. Raises ImageInvalid, ImageTooLarge."""
    found = written_in(work.document, work.pictures)
    for index, source in found:
        place = f"nodes[{index}].source"
        picture = await asyncio.to_thread(normalise_image, data_uri_bytes(source), field=place)
        async with visit.transaction() as tx:
            name = await keep(tx, picture, visit.parts.clock.now(), field=place)
        work.pictures = {**work.pictures, name: picture.data_uri}
        work.document = layers.with_layer(
            work.document, index, {**layers.layer_at(work.document, index), "source": name}
        )
    if found:
        work.source = design_source.written(work.document)
        await check(work)


# --------------------------------------------------------------------------------------------------------------- saving
async def _save(visit: Visit, work: Work) -> Response[bytes]:
    """Store it. Raises DesignChanged when somebody else did meanwhile and was not looked at."""
    design, now, over = work.design, visit.parts.clock.now(), visit.form.get("change").removeprefix("save-over-")
    assert design is not None  # noqa: S101 - a document with a mistake is not saved
    draft = DesignDraft(name=design.name, kind=work.stored.kind, content=encode_design(design).decode())
    async with visit.transaction() as tx:
        await library.change(
            tx,
            work.stored,
            draft,
            now,
            revision=int(over) if over.isdigit() else work.revision,
            written_here=frozenset(work.pictures.values()),
        )
        await audit.record(tx, at=now, by=visit.caller, action="design.change", subject=("design", work.stored.uid))
    where = f"/console/designs/{work.stored.uid}/edit?sample={work.sample}"
    return visit.to(
        f"{where}&layer={work.layer}" if work.layer != CANVAS else where, "Saved. Credentials look like this now."
    )


async def _who_changed(visit: Visit, work: Work) -> str:
    """A sentence about the change that came between."""
    async with visit.transaction() as tx:
        entries = await audit_trail.newest(tx, AuditFilter(subject_uid=work.stored.uid), before=None, limit=1)
        accounts = {f"account:{one.uid}": one.name for one in await account_store.page(tx, after=0, limit=500)}
    name = accounts.get(entries[0].actor, "somebody else") if entries else "somebody else"
    return f"{name[:1].upper()}{name[1:]} changed this design since you opened it. Your work is still here, and nothing was saved."


# -------------------------------------------------------------------------------------------------------------- preview
@page("/console/designs/{design:str}/preview", needs="designs:write", post=True)
async def show_preview(visit: Visit) -> Response[bytes]:
    """The live part: the picture as the form stands, and what is wrong beside its field."""
    work = await begin(visit)
    picture = await _picture(visit, work)
    names = ["source"] if work.as_source else [entry.name for entry in entries_of(work.open_layer)]
    return visit.show(
        "console/design_preview.html", error=work.error, picture=picture, slots=names, **_context(visit, work)
    )


HANDLERS = (show_studio, edit_design, show_preview)

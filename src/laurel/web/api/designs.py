"""/api/v1/designs: how badges and certificates look, and pictures of them before anything is issued."""

import asyncio
from datetime import datetime
from typing import Any, Literal

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from laurel.base import json_text, limits
from laurel.base.errors import Invalid
from laurel.base.limits import check_count, check_length
from laurel.base.text import clean
from laurel.database.pool import Transaction
from laurel.domain.catalogue import looks
from laurel.domain.credentials.pictures import fields_for, in_colours
from laurel.domain.designs import drawing, library, store
from laurel.domain.designs.library import DesignDraft
from laurel.domain.designs.model import DesignKind, StoredDesign
from laurel.domain.organisations import audit
from laurel.domain.organisations import store as organisations
from laurel.rendering import Design, DesignInvalid, DesignTooLarge, Fields, builtin_designs, encode_design
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.drawing_allowance import previews
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor

PictureFormat = Literal["png", "svg", "pdf"]
_MEDIA = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}


class DesignIn(Body, frozen=True, kw_only=True):
    """What may be written. content: an object in the design format; like: a design (or built-in one) to begin from instead.

    revision: the one that a change began from; it is refused when somebody changed the design since.
    """

    name: str | UnsetType = UNSET
    content: dict[str, Any] | UnsetType = UNSET
    like: str | UnsetType = UNSET
    is_default: Literal[True] | UnsetType = UNSET
    revision: int | UnsetType = UNSET


class DesignOut(msgspec.Struct, frozen=True, kw_only=True):
    """A design. content: the object, or null where a foreign format is kept, which is drawn as the default design."""

    id: str
    number: int | None
    name: str
    kind: DesignKind
    content: Any
    is_default: bool
    revision: int
    created_at: datetime | None
    updated_at: datetime | None


class PictureIn(Body, frozen=True, kw_only=True):
    """What fills the design in: texts by attribute ("recipient.name"), in a language."""

    values: dict[str, str] = msgspec.field(default_factory=dict)
    language: str = "en"
    width: int | None = None


def _render(found: StoredDesign) -> DesignOut:
    return DesignOut(
        id=found.uid,
        number=found.id,
        name=found.name,
        kind=found.kind,
        content=msgspec.json.decode(found.content) if found.is_drawable else None,
        is_default=found.is_default,
        revision=found.revision,
        created_at=found.created_at,
        updated_at=found.updated_at,
    )


def _render_builtin(key: str, design: Design) -> DesignOut:
    return DesignOut(
        id=key,
        number=None,
        name=design.name,
        kind=design.kind,
        content=msgspec.json.decode(encode_design(design)),
        is_default=False,
        revision=0,
        created_at=None,
        updated_at=None,
    )


def _draft(data: DesignIn) -> DesignDraft:
    """What is to be written; its kind is what the content says."""
    draft = DesignDraft(name=data.name)
    if isinstance(data.content, UnsetType):
        return draft
    try:
        design = library.read_design(clean(json_text.encode(data.content).decode()))
    except (DesignInvalid, DesignTooLarge) as wrong:
        field = f"content.{wrong.field}" if wrong.field else "content"
        raise type(wrong)(f"content.{wrong.message}", field=field, limit=wrong.limit, value=wrong.value) from None
    if design is None:
        raise Invalid('content must say its format: "format": "laurel-design/1"', field="content")
    draft.kind, draft.content = design.kind, design
    return draft


# -------------------------------------------------------------------------------------------------------------- writing
@post("/api/v1/designs", guards=[requires("designs:write")], tags=["designs"])
async def create_design(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[DesignIn]) -> DesignOut:
    """Store a design: `content`, or a copy of the one that `like` names."""
    if isinstance(data.content, UnsetType) == isinstance(data.like, UnsetType):
        raise Invalid("a new design needs one of content and like", field="content")
    draft = await asyncio.to_thread(_draft, data)
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        if isinstance(data.like, UnsetType):
            draft.department_id = caller.department_id
            made = await library.create(tx, draft, now)
        else:
            made = await _copy(tx, data.like, draft, caller.department_id, now)
        if data.is_default is True:
            made = await library.make_default(tx, made, now)
        await audit.record(tx, at=now, by=caller, action="design.create", subject=("design", made.uid))
        return _render(made)


async def _copy(tx: Transaction, like: str, draft: DesignDraft, department_id: Any, now: datetime) -> StoredDesign:
    builtin = builtin_designs().get(like)
    if builtin is None:
        original = await library.require_uid(tx, like, "like")
        copied = await library.copy(tx, original, department_id, now)
        return await library.change(tx, copied, draft, now) if draft.name is not UNSET else copied
    draft.name = builtin.name if draft.name is UNSET else draft.name
    draft.kind, draft.content, draft.department_id = builtin.kind, builtin, department_id
    return await library.create(tx, draft, now)


@patch("/api/v1/designs/{design:str}", guards=[requires("designs:write")], tags=["designs"])
async def change_design(
    parts: InjectedParts, caller: InjectedCaller, design: FromPath[str], data: JSONBody[DesignIn]
) -> DesignOut:
    """Change what is given. Pictures of what was issued follow; documents do not change. `is_default` true makes it so."""
    if not isinstance(data.like, UnsetType):
        raise Invalid("like is for new designs", field="like", value=data.like)
    draft = await asyncio.to_thread(_draft, data)
    revision = None if isinstance(data.revision, UnsetType) else data.revision
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        old = await library.require_uid(tx, design)
        if draft.kind not in (UNSET, old.kind):
            raise Invalid(f"the content is a {draft.kind}, not a {old.kind}", field="content.kind", value=draft.kind)
        changed = await library.change(tx, old, draft, now, revision=revision)
        if data.is_default is True:
            changed = await library.make_default(tx, changed, now)
        await audit.record(tx, at=now, by=caller, action="design.change", subject=("design", old.uid))
        return _render(changed)


@delete("/api/v1/designs/{design:str}", guards=[requires("designs:write")], tags=["designs"])
async def remove_design(parts: InjectedParts, caller: InjectedCaller, design: FromPath[str]) -> None:
    """Take a design away; refused while an achievement looks like it or it is a default."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        found = await library.require_uid(tx, design)
        await looks.delete_unused(tx, found, now, language=(await organisations.organisation(tx)).language)
        await audit.record(tx, at=now, by=caller, action="design.delete", subject=("design", found.uid))


# -------------------------------------------------------------------------------------------------------------- reading
@get("/api/v1/designs", guards=[requires("designs:read")], tags=["designs"])
async def list_designs(
    parts: InjectedParts,
    caller: InjectedCaller,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    kind: FromQuery[DesignKind | None] = None,
) -> Page[DesignOut]:
    """The organisation's designs, newest first."""
    (last,) = read_cursor(after, int, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await store.newest(tx, kind, before_id=last, limit=limit + 1)
    return page_of(found, limit, _render, lambda one: (one.id,))


@get("/api/v1/designs/builtin", guards=[requires("designs:read")], tags=["designs"])
async def list_builtin_designs() -> list[DesignOut]:
    """The designs that come with Laurel: to be named by achievements, or to begin from."""
    return [_render_builtin(key, design) for key, design in builtin_designs().items()]


@get("/api/v1/designs/{design:str}", guards=[requires("designs:read")], tags=["designs"])
async def show_design(parts: InjectedParts, caller: InjectedCaller, design: FromPath[str]) -> DesignOut:
    """One design, or a built-in one by its key."""
    if (builtin := builtin_designs().get(design)) is not None:
        return _render_builtin(design, builtin)
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _render(await library.require_uid(tx, design))


@post(
    "/api/v1/designs/{design:str}/picture",
    guards=[requires("designs:read")],
    tags=["designs"],
    status_code=200,
    media_type="image/png",
)
async def draw_design(
    parts: InjectedParts,
    caller: InjectedCaller,
    design: FromPath[str],
    data: JSONBody[PictureIn],
    format: FromQuery[PictureFormat] = "png",
) -> Response[bytes]:
    """The design filled in, as PNG, SVG or PDF; a built-in one in the organisation's colour."""
    previews.take(caller.identity)
    texts, language = _texts(data), check_length(data.language, limits.LANGUAGE_LENGTH_MAX, "language")
    if data.width is not None and not 16 <= data.width <= limits.PICTURE_WIDTH_MAX:
        limit = limits.PICTURE_WIDTH_MAX
        raise Invalid(f"width must be from 16 to {limit} pixels", field="width", limit=limit, value=data.width)
    async with parts.database.transaction(caller.organisation_id) as tx:
        organisation = await organisations.organisation(tx)
        look = builtin_designs().get(design)
        if look is None:
            stored = await library.require_uid(tx, design)
            look = library.drawable(stored, stored.kind)
        look = in_colours(look, organisation)
        fields = await fields_for(tx, look, texts, organisation, language)
    drawn = await _drawn(look, fields, format, data.width, parts.clock.now())
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
    return Response(drawn, media_type=_MEDIA[format], headers=headers)


async def _drawn(look: Design, fields: Fields, wanted: PictureFormat, width: int | None, now: datetime) -> bytes:
    match wanted:
        case "png":
            return (await drawing.png(look, fields, width_pixels=width))[0]
        case "svg":
            return await drawing.svg(look, fields)
        case "pdf":
            return (await drawing.pdf(look, fields, now))[0]


def _texts(data: PictureIn) -> dict[str, str]:
    check_count(len(data.values), limits.KEY_VALUES_MAX, "values")
    return {
        check_length(name, limits.TAG_LENGTH_MAX, "values"): check_length(
            clean(text), limits.PREVIEW_TEXT_LENGTH_MAX, f"values.{name}"
        )
        for name, text in data.values.items()
    }


HANDLERS = (
    create_design,
    change_design,
    remove_design,
    list_designs,
    list_builtin_designs,
    show_design,
    draw_design,
)

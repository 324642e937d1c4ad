"""Designs: how badges and certificates look, and pictures of them before anything is issued."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Response
from msgspec import UNSET

from laurel.base import limits
from laurel.base.errors import Invalid, NotFound
from laurel.base.ids import OrganisationId, new_secret
from laurel.base.limits import check_count, check_length
from laurel.base.text import clean
from laurel.base.times import render_time
from laurel.domain.catalogue import store as catalogue
from laurel.domain.credentials.pictures import attributes, fields_for, in_colours
from laurel.domain.credentials.samples import a_sample
from laurel.domain.designs import drawing, library
from laurel.domain.designs import store as designs
from laurel.domain.designs.library import DesignDraft
from laurel.domain.designs.model import DesignKind, StoredDesign
from laurel.domain.designs.store import DesignFilter
from laurel.domain.organisations import store as organisations
from laurel.domain.register import store as register
from laurel.web.dialects.accredible.calls import DIALECT, Answer, Call, Desk, details_of, operation
from laurel.web.dialects.accredible.credential_input import key_values
from laurel.web.dialects.accredible.errors import invalid_fields, not_there
from laurel.web.dialects.accredible.group_routes import meta_paths
from laurel.web.dialects.accredible.group_view import group_name
from laurel.web.dialects.accredible.page_meta import read_page
from laurel.web.dialects.accredible.parameters import Parameters
from laurel.web.dialects.accredible.spelling import one_line

READ, WRITE = "designs:read", "designs:write"
_KINDS: dict[str, DesignKind] = {
    "badge": "badge",
    "badges": "badge",
    "certificate": "certificate",
    "certificates": "certificate",
}
_GROUPS_SHOWN_MAX = 100
_OTHER_NAMES = {
    "achievement.course_name": ("achievement.name", "credential.name"),
    "achievement.course_description": ("achievement.description", "credential.description"),
}
"""Attributes that say the same of a group, for previews that are given one of them."""


async def find_design(desk: Desk, text: str) -> StoredDesign:
    """The design with this id that the key sees. Raises NotFound: clients ask for designs/None."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    found = await designs.find_by_id(desk.tx, number) if number else None  # type: ignore[arg-type] # a plain number from the wire
    if found is None or not await desk.sees(found.department_id):
        raise not_there("Design", text)
    return found


async def show_design(desk: Desk, design: StoredDesign) -> dict[str, Any]:
    """A design as it is answered, with the groups that use it."""
    return (await _with_groups(desk, [design], [await _shown(desk, design)]))[0]


async def _with_groups(desk: Desk, found: Sequence[StoredDesign], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    using = await catalogue.using_designs(desk.tx, [design.uid for design in found], _GROUPS_SHOWN_MAX)
    counts = await register.tallies(desk.tx, sorted({one.id for some in using.values() for one in some}))
    for design, row in zip(found, rows, strict=True):
        row["groups"] = [
            {
                "id": one.id,
                "name": group_name(one),
                "updated_at": render_time(one.updated_at),
                "credentials_count": counts.get(one.id, 0),
            }
            for one in using[design.uid]
        ]
    return rows


async def _shown(desk: Desk, design: StoredDesign) -> dict[str, Any]:
    extra = details_of(design)
    canvas = library.drawable(design, design.kind).canvas
    return {
        "id": design.id,
        "name": design.name,
        "kind": design.kind,
        "encoded_content": design.content,
        "background_bleeds": extra.get("background_bleeds", False),
        "orientation": extra.get("orientation") or ("landscape" if canvas.width >= canvas.height else "portrait"),
        "size": extra.get("size")
        or ("us-letter" if {612, 792} == {round(canvas.width), round(canvas.height)} else "a4"),
        "department_id": design.department_id or (await desk.default_department()).id,
        "updated_at": render_time(design.updated_at),
        "created_at": render_time(design.created_at),
        "rasterized_content_url": _picture_address(desk.call, design, {}),
        "meta_data": extra.get("meta_data"),
        "drawn_as": "itself" if design.is_drawable else "the default design: its content is in a foreign format",
    }


# -------------------------------------------------------------------------------------------------------------- writing
def _draft(given: Parameters) -> DesignDraft:
    draft = DesignDraft()
    if "name" in given:
        draft.name = one_line(given.text("name"), "name") or ""
    if "kind" in given:
        kind = given.text("kind") or ""
        draft.kind = _KINDS.get(kind.lower(), kind)
    if "encoded_content" in given:
        draft.content = given.text("encoded_content") or ""
    return draft


def _extra(given: Parameters, old: dict[str, Any]) -> dict[str, Any]:
    extra = dict(old)
    bleeds = given.flag("background_bleeds")
    if bleeds is not None:
        extra["background_bleeds"] = bleeds
    for name, choices in (("orientation", ("landscape", "portrait")), ("size", ("us-letter", "a4"))):
        value = given.text(name)
        if value is None:
            continue
        if value not in choices:
            raise Invalid(f"{name} must be one of {', '.join(choices)}", field=name, value=value)
        extra[name] = value
    if "meta_data" in given:
        extra["meta_data"] = key_values(given, "meta_data")
    return extra


@operation("POST", "/v1/designs", scope=WRITE)
async def create_design(call: Call) -> Answer:
    """Store a design: in the design format it is drawn, in any other kept and drawn as the default one."""
    given = call.parameters.resource("design")
    missing = {
        name: ["can't be blank"] for name in ("name", "kind", "encoded_content") if not (given.text(name) or "").strip()
    }
    if missing:
        raise invalid_fields(missing)
    draft = _draft(given)
    draft.details = {DIALECT: _extra(given, {})}
    async with call.transaction() as desk:
        draft.department_id = await desk.chosen_department(given)
        made = await library.create(desk.tx, draft, call.now)
        return {"design": await show_design(desk, made)}


@operation("GET", "/v1/designs/{design_id}", scope=READ)
async def view_design(call: Call) -> Answer:
    """Show a design with the groups that use it."""
    async with call.transaction() as desk:
        return {"design": await show_design(desk, await find_design(desk, call.path["design_id"]))}


@operation("PUT", "/v1/designs/{design_id}", scope=WRITE)
@operation("PATCH", "/v1/designs/{design_id}", scope=WRITE)
async def change_design(call: Call) -> Answer:
    """Change what is given; pictures of credentials follow at once."""
    given = call.parameters.resource("design")
    async with call.transaction() as desk:
        found = await find_design(desk, call.path["design_id"])
        draft = _draft(given)
        kind = draft.kind
        if kind is not UNSET and kind != found.kind:
            raise Invalid("the kind of a design cannot be changed", field="kind", value=kind)
        draft.kind = found.kind
        draft.details = {**found.details, DIALECT: _extra(given, details_of(found))}
        if given.raw("department_id") is not None:
            draft.department_id = await desk.chosen_department(given)
        changed = await library.change(desk.tx, found, draft, call.now)
        return {"design": await show_design(desk, changed)}


@operation("DELETE", "/v1/designs/{design_id}", scope=WRITE)
async def delete_design(call: Call) -> Answer:
    """Delete a design; what used it looks like the default one."""
    async with call.transaction() as desk:
        found = await find_design(desk, call.path["design_id"])
        answer = {"design": await show_design(desk, found)}
        await library.delete(desk.tx, found, call.now)
        return answer


@operation("POST", "/v1/designs/{design_id}/copy", scope=WRITE)
async def copy_design(call: Call) -> Answer:
    """A design of its own that looks the same, in the department that is given."""
    given = call.parameters.resource("design")
    async with call.transaction() as desk:
        found = await find_design(desk, call.path["design_id"])
        made = await library.copy(desk.tx, found, await desk.chosen_department(given), call.now)
        return {"design": await show_design(desk, made)}


# -------------------------------------------------------------------------------------------------------------- listing
@operation("GET", "/v1/designs", scope=READ)
@operation("GET", "/v1/issuer/all_designs", scope=READ)
async def list_designs(call: Call) -> Answer:
    """A page of designs; there is always one, since the default ones are made when they are asked for."""
    return await _list(call, groups=True)


@operation("POST", "/v1/designs/search", scope=READ)
async def search_designs(call: Call) -> Answer:
    """A page of designs by kind, department and own data."""
    return await _list(call, groups=False)


async def _list(call: Call, *, groups: bool) -> Answer:
    given, page = call.parameters, read_page(call.parameters)
    kind_text = given.text("kind")
    kind = None if kind_text is None else _KINDS.get(kind_text.lower())
    if kind_text is not None and kind is None:
        raise Invalid("kind must be certificates or badges", field="kind", value=kind_text)
    async with call.transaction() as desk:
        await library.defaults(desk.tx, call.now)
        scope = await desk.scope(given.integer("department_id"))
        wanted = DesignFilter(
            kind=kind,
            department_id=scope.id if scope else None,
            unowned_too=scope.is_default if scope else False,
            details=meta_paths(given),
        )
        rows, total = await designs.search(desk.tx, wanted, limit=page.size, offset=page.offset)
        shown = [await _shown(desk, row) for row in rows]
        if groups:
            shown = await _with_groups(desk, rows, shown)
        return {"designs": shown, "meta": page.meta(total)}


# ------------------------------------------------------------------------------------------------------------- pictures
@operation("POST", "/v1/designs/{design_id}/preview", scope=READ)
async def preview_design(call: Call) -> Answer:
    """Where a picture of the design with the given attributes is. The address holds all that is shown, signed."""
    given: dict[str, str] = {}
    for name in call.parameters:
        value = call.parameters.raw(name)
        if isinstance(value, dict):
            given |= {f"{name}.{key}": str(inner) for key, inner in value.items() if not isinstance(inner, dict | list)}
        elif isinstance(value, str | int | float) and "." in name:
            given[name] = str(value)
    check_count(len(given), limits.KEY_VALUES_MAX, "parameters")
    shown = {
        clean(name)[: limits.TAG_LENGTH_MAX]: check_length(clean(value), limits.PREVIEW_TEXT_LENGTH_MAX, name)
        for name, value in given.items()
    }
    async with call.transaction() as desk:
        found = await find_design(desk, call.path["design_id"])
    return {"link": _picture_address(call, found, shown)}


def _picture_address(call: Call, design: StoredDesign, values: dict[str, str]) -> str:
    """The address of a picture of a design: which, of what version, with what in it, and a signature."""
    version = int(design.updated_at.timestamp())
    packed = msgspec.json.encode([int(call.caller.organisation_id), int(design.id), version, values])
    data = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return f"{call.public_url}/v1/frontend/design_image?data={data}.{_signature(call, data)}"


def _signature(call: Call, data: str) -> str:
    return hmac.digest(call.parts.pepper, b"design image:" + data.encode(), hashlib.sha256).hex()[:32]


@operation("GET", "/v1/frontend/design_image", scope=None)
async def design_image(call: Call) -> Answer:
    """The picture behind a signed address."""
    data, _, signature = (call.parameters.text("data") or "").partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(call, data).encode()):
        raise NotFound("Not found", field="data")
    packed = base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
    organisation_id, design_id, _, values = msgspec.json.decode(packed, type=tuple[int, int, int, dict[str, str]])
    async with call.parts.database.transaction(OrganisationId(organisation_id)) as tx:
        design = await library.require(tx, design_id, "data")
        organisation = await organisations.organisation(tx)
        look = in_colours(library.drawable(design, design.kind), organisation)
        language = organisation.language
        examples = attributes(a_sample(call.public_url), organisation, call.public_url, language)
        fields = await fields_for(tx, look, examples | _spelled(values), organisation, language)
    png, version = await drawing.png(look, fields, width_pixels=800)
    headers = {
        "ETag": f'"{version[:32]}"',
        "Cache-Control": "private, max-age=300",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(png, media_type="image/png", headers=headers)


def _spelled(given: dict[str, str]) -> dict[str, str]:
    """What was given, under every name that a design may use for it."""
    values = {f"achievement.{name[6:]}" if name.startswith("group.") else name: text for name, text in given.items()}
    others = {other: values[name] for name, more in _OTHER_NAMES.items() if name in values for other in more}
    return others | values


# ------------------------------------------------------------------------------------------------------------- designers
@operation("POST", "/v1/designers/badge/initialize", scope=WRITE)
async def initialize_badge_designer(call: Call) -> Answer:
    """Begin to draw a badge: a new design, or the one that is given, and a token for the designer."""
    return await _initialize(call, "badge")


@operation("POST", "/v1/designers/certificate/initialize", scope=WRITE)
async def initialize_certificate_designer(call: Call) -> Answer:
    """Begin to draw a certificate, as with badges."""
    return await _initialize(call, "certificate")


async def _initialize(call: Call, kind: DesignKind) -> Answer:
    given = call.parameters
    async with call.transaction() as desk:
        if given.raw("design_id") is not None:
            design = await find_design(desk, given.text("design_id") or "")
            if design.kind != kind:
                raise Invalid(f"design_id names a {design.kind} design", field="design_id", value=design.id)
        else:
            default = (await library.defaults(desk.tx, call.now))[kind]
            design = await library.copy(desk.tx, default, await desk.chosen_department(given), call.now)
        token = f"{new_secret()[:20]}:{_signature(call, f'designer {design.uid}')}"
        return {"token": token, "design_id": design.id}

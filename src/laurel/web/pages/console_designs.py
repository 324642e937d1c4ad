"""/console/designs: how badges and certificates look: the organisation's own and the built-in ones, and who uses them."""

from typing import Any

from litestar import Response

from laurel.base.errors import Conflict, Invalid, LaurelError
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions
from laurel.domain.achievements import store as achievements
from laurel.domain.catalogue import looks
from laurel.domain.catalogue import store as catalogue
from laurel.domain.credentials.pictures import in_colours
from laurel.domain.credentials.samples import SAMPLES, sample_fields
from laurel.domain.designs import drawing, library
from laurel.domain.designs import store as designs
from laurel.domain.designs.library import BADGES, CERTIFICATES, DEFAULTS, DesignDraft
from laurel.domain.designs.model import KINDS, DesignKind, StoredDesign
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Organisation
from laurel.rendering import Design, builtin_designs
from laurel.web.pages.visits import Visit, page
from laurel.web.public.negotiation import holds

_PAGE = 24
_USING_SHOWN = 20
_OFFERED_MAX = 500
_WIDTHS = {"small": 420, "large": 1100}


class Look:
    """A design as the console shows it: a stored one, or a built-in one in the organisation's colours."""

    def __init__(self, name: str, design: Design, stored: StoredDesign | None = None) -> None:
        self.name, self.design, self.stored = name, design, stored

    @property
    def title(self) -> str:
        """What people call it."""
        return self.stored.name if self.stored else self.design.name

    @property
    def kind(self) -> DesignKind:
        """A badge or a certificate."""
        return self.design.kind

    @property
    def version(self) -> str:
        """Changes with what is stored."""
        return str(self.stored.revision) if self.stored else "0"


def look_of(stored: StoredDesign, organisation: Organisation) -> Look:
    """A stored design as it is drawn: one that is no other than a built-in one is in the organisation's colours."""
    design = library.drawable(stored, stored.kind)
    return Look(stored.uid, in_colours(design, organisation), stored)


def builtin_look(key: str, organisation: Organisation) -> Look:
    """A built-in design in the organisation's colours."""
    return Look(key, in_colours(builtin_designs()[key], organisation))


async def require_look(tx: Transaction, name: str, organisation: Organisation) -> Look:
    """A design by uid, the key of a built-in one, or as the default of its kind. Raises DesignNotFound."""
    kind = next((kind for kind in KINDS if name == f"default-{kind}"), None)
    if kind is not None:
        default = (await designs.defaults(tx)).get(kind)
        return look_of(default, organisation) if default else builtin_look(DEFAULTS[kind], organisation)
    if name in builtin_designs():
        return builtin_look(name, organisation)
    return look_of(await library.require_uid(tx, name), organisation)


async def offered_looks(tx: Transaction, organisation: Organisation, kind: DesignKind) -> list[Look]:
    """What can be chosen for a badge or certificate: own designs, newest first, then the built-in ones."""
    own = await designs.newest(tx, kind, before_id=None, limit=_OFFERED_MAX)
    keys = BADGES if kind == "badge" else CERTIFICATES
    return [look_of(one, organisation) for one in own] + [builtin_look(key, organisation) for key in keys]


def _asked_kind(visit: Visit) -> DesignKind | None:
    return next((kind for kind in KINDS if kind == visit.asked("kind")), None)


@page("/console/designs", needs="designs:read")
async def list_designs(visit: Visit) -> Response[bytes]:
    """The organisation's designs, newest first, and the built-in ones."""
    kind, before = _asked_kind(visit), visit.cursor()
    async with visit.transaction() as tx:
        found = await designs.newest(tx, kind, before_id=before, limit=_PAGE + 1)
        own = [look_of(one, visit.organisation) for one in found[:_PAGE]]
        builtin = [
            builtin_look(key, visit.organisation)
            for key in (*BADGES, *CERTIFICATES)
            if before is None and kind in (None, builtin_designs()[key].kind)
        ]
        uses = await catalogue.design_uses(tx, [look.name for look in (*own, *builtin)])
        defaults = await designs.defaults(tx)
    return visit.show(
        "console/designs.html",
        own=own,
        builtin=builtin,
        uses=uses,
        default_names={defaults[kind].uid if kind in defaults else DEFAULTS[kind] for kind in KINDS},
        kind=kind or "",
        next=visit.next_after(found, _PAGE),
    )


# ------------------------------------------------------------------------------------------------------------ pictures
@page("/console/designs/{design:str}/picture.png", needs="designs:read")
async def show_design_picture(visit: Visit) -> Response[bytes]:
    """A design with a sample on it; drawn once, and known again by what is on it."""
    async with visit.transaction() as tx:
        look = await require_look(tx, visit.path("design"), visit.organisation)
        fields = await sample_fields(
            tx,
            visit.organisation,
            visit.parts.public_url,
            look.design,
            sample=visit.asked("sample"),
            name=visit.asked("name")[:200],
        )
    width = _WIDTHS.get(visit.asked("size"), _WIDTHS["small"])
    name = await drawing.png_name(look.design, fields, width_pixels=width)
    headers = {"Cache-Control": "private, max-age=300", "ETag": f'"{name}"', "X-Content-Type-Options": "nosniff"}
    if holds(visit.request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(b"", status_code=304, media_type="image/png", headers=headers)
    data, _ = await drawing.png(look.design, fields, width_pixels=width)
    return Response(data, media_type="image/png", headers=headers)


# ----------------------------------------------------------------------------------------------------------- one design
@page("/console/designs/{design:str}", needs="designs:read")
async def show_design(visit: Visit) -> Response[bytes]:
    """One design: how it looks, what looks like it, and what can be done with it."""
    return await _show(visit)


async def _show(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    async with visit.transaction() as tx:
        look = await require_look(tx, visit.path("design"), visit.organisation)
        using = await catalogue.using_design(tx, look.name, _USING_SHOWN)
        uses = await catalogue.design_uses(tx, [look.name])
        default = (await designs.defaults(tx)).get(look.kind)
        offered = await achievements.list_newest(tx, before_id=None, limit=_OFFERED_MAX)
    return visit.show(
        "console/design.html",
        error=error,
        look=look,
        using=using,
        uses=uses.get(look.name, 0),
        is_default=look.name == (default.uid if default else DEFAULTS[look.kind]),
        offered=[one for one in offered if one.status != "archived"],
        samples=list(SAMPLES.items()),
        sample=visit.asked("sample") or "short",
    )


async def copy_look(tx: Transaction, visit: Visit, look: Look, *, name: str | None = None) -> StoredDesign:
    """A design of the organisation's own that looks the same: a built-in one in the colours that it was shown in."""
    now = visit.parts.clock.now()
    if look.stored is not None:
        return await library.copy(tx, look.stored, look.stored.department_id, now, name=name)
    draft = DesignDraft(name=name or look.title, kind=look.kind, content=look.design)
    return await library.create(tx, draft, now)


@page("/console/designs/{design:str}", needs="designs:write", post=True)
async def change_design(visit: Visit) -> Response[bytes]:
    """Copy, rename, delete, make it the default, or let an achievement look like it."""
    try:
        async with visit.transaction() as tx:
            look = await require_look(tx, visit.path("design"), visit.organisation)
            where, said = await _change(tx, visit, look)
    except LaurelError as refused:
        if isinstance(refused, Conflict):
            refused.field = "change"
        return await _show(visit, refused)
    return visit.to(where, said)


async def _change(tx: Transaction, visit: Visit, look: Look) -> tuple[str, str]:
    """(where to go on, what to say)."""
    form, now, here = visit.form, visit.parts.clock.now(), f"/console/designs/{look.name}"
    match form.get("change"):
        case "copy":
            made = await copy_look(tx, visit, look, name=f"{look.title} (copy)"[:500])
            await _record(tx, visit, "design.copy", made.uid, {"from": look.name})
            return f"/console/designs/{made.uid}/edit", "This copy is yours: change what you like."
        case "rename":
            stored = _stored(look)
            await library.change(tx, stored, DesignDraft(name=form.get("name")), now)
            await _record(tx, visit, "design.rename", stored.uid)
            return here, "The design is renamed."
        case "delete":
            stored = _stored(look)
            await looks.delete_unused(tx, stored, now, language=visit.organisation.language)
            await _record(tx, visit, "design.delete", stored.uid)
            return "/console/designs", "The design is deleted."
        case "default":
            chosen = look.stored or await copy_look(tx, visit, look)
            await library.make_default(tx, chosen, now)
            await _record(tx, visit, "design.make_default", chosen.uid)
            return (
                f"/console/designs/{chosen.uid}",
                f"Every {look.kind} without a design of its own looks like this now.",
            )
        case "use":
            achievement = await definitions.require(tx, form.get("achievement"))
            await looks.choose(tx, achievement, look.kind, look.name, actor=visit.caller.actor, now=now)
            await _record(tx, visit, "design.use", look.name, {"achievement": achievement.uid})
            name = achievement.name_in(visit.organisation.language)
            return here, f"The {look.kind} of {name} looks like this now."
        case other:
            raise Invalid("there is no such change", field="change", value=other[:50])


def _stored(look: Look) -> StoredDesign:
    if look.stored is None:
        raise Invalid("a built-in design stays as it is: copy it first", field="change")
    return look.stored


async def _record(tx: Transaction, visit: Visit, action: str, uid: str, details: dict[str, Any] | None = None) -> None:
    now = visit.parts.clock.now()
    await audit.record(tx, at=now, by=visit.caller, action=action, subject=("design", uid), details=details)


HANDLERS = (list_designs, show_design_picture, show_design, change_design)

"""The designs of an organisation: made, changed, copied, taken away; and the ones that it has by default."""

import asyncio
import base64
import binascii
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from laurel.base import limits
from laurel.base.described import check_json_size
from laurel.base.errors import Invalid
from laurel.base.ids import DepartmentId
from laurel.base.limits import check_length
from laurel.base.text import clean
from laurel.database.pool import Transaction
from laurel.domain.designs import store
from laurel.domain.designs.model import KINDS, DesignChanged, DesignId, DesignKind, DesignNotFound, StoredDesign
from laurel.rendering import Design, builtin_designs, encode_design, parse_design, with_normalised_images

DEFAULTS: Mapping[DesignKind, str] = {
    "badge": "badge-meridian",
    "certificate": "certificate-conservatory-a4-landscape",
}
"""The built-in design that an organisation begins with, by kind."""
BADGES = ("badge-meridian", "badge-bastion", "badge-prism", "badge-olympia", "badge-orbit")
CERTIFICATES = (
    "certificate-sterling-a4-landscape",
    "certificate-conservatory-a4-landscape",
    "certificate-atelier-a4-portrait",
    "certificate-horizon-us-letter-landscape",
    "certificate-chancery-us-letter-portrait",
)
"""The built-in designs in the order in which they are offered."""


class DesignDraft(msgspec.Struct, kw_only=True):
    """What may be written of a design; UNSET leaves a value as it is."""

    name: str | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    content: str | Design | UnsetType = UNSET
    """A Design is kept as it is: what was read before, or is our own."""
    department_id: DepartmentId | UnsetType | None = UNSET
    details: dict[str, Any] | UnsetType = UNSET


async def create(tx: Transaction, draft: DesignDraft, now: datetime) -> StoredDesign:
    """A new design. Raises Invalid, TooLarge, DesignInvalid by field."""
    for field in ("name", "kind", "content"):
        if getattr(draft, field) is UNSET:
            raise Invalid(f"{field} is missing", field=field)
    values = await asyncio.to_thread(_checked, draft)
    made = await store.insert(tx, values, now)
    assert made is not None  # noqa: S101 - it is no default, nothing else can conflict
    return made


async def change(
    tx: Transaction,
    design: StoredDesign,
    draft: DesignDraft,
    now: datetime,
    *,
    revision: int | None = None,
    written_here: Collection[str] = (),
) -> StoredDesign:
    """Change what `draft` names. Pictures of credentials follow.

    revision: the one that the writer began from; written_here: data URIs of pictures that were normalised before and
    are kept as they are. Raises as `create`, and DesignChanged when the design is at another revision.
    """
    values = await asyncio.to_thread(_checked, draft, written_here)
    changed = await store.update(tx, design.id, values, now, revision=revision)
    if changed is None:
        raise DesignChanged(
            "somebody changed this design since you opened it", field="revision", value=revision, limit=design.revision
        )
    return changed


async def copy(
    tx: Transaction, design: StoredDesign, department_id: DepartmentId | None, now: datetime, *, name: str | None = None
) -> StoredDesign:
    """A design of its own that looks the same."""
    values = {
        "name": name or design.name,
        "kind": design.kind,
        "content": design.content,
        "is_drawable": design.is_drawable,
        "builtin": design.builtin,
        "details": design.details,
        "department_id": department_id,
    }
    made = await store.insert(tx, values, now)
    assert made is not None  # noqa: S101 - it is no default, nothing else can conflict
    return made


async def delete(tx: Transaction, design: StoredDesign, now: datetime) -> None:
    """Take a design away; what used it is drawn as the default one of its kind."""
    await store.update(tx, design.id, {"deleted_at": now, "is_default": False}, now)


async def make_default(tx: Transaction, design: StoredDesign, now: datetime) -> StoredDesign:
    """What names no design of this kind looks like this one from now on. Raises DesignChanged when it was just deleted."""
    await store.unset_default(tx, design.kind, now)
    changed = await store.update(tx, design.id, {"is_default": True}, now)
    if changed is None:
        raise DesignChanged("somebody deleted this design just now", field="design", value=design.uid)
    return changed


async def require_uid(tx: Transaction, uid: str, field: str = "design") -> StoredDesign:
    """The design with this uid that the caller may see; raises DesignNotFound."""
    found = (await store.find_by_uids(tx, [uid], shown=True)).get(uid)
    if found is None:
        raise DesignNotFound("there is no such design", field=field, value=uid[:50])
    return found


async def require(tx: Transaction, design_id: int, field: str) -> StoredDesign:
    """The design with this integer id; raises DesignNotFound."""
    found = await store.find_by_id(tx, DesignId(design_id)) if 0 < design_id < 2**63 else None
    if found is None:
        raise DesignNotFound("there is no such design", field=field, value=design_id)
    return found


async def defaults(tx: Transaction, now: datetime) -> dict[DesignKind, StoredDesign]:
    """The organisation's default badge and certificate, made from built-in ones where there is none."""
    known = await store.defaults(tx)
    for kind in KINDS:
        if kind in known:
            continue
        design = builtin_designs()[DEFAULTS[kind]]
        made = await store.insert(
            tx,
            {
                "name": design.name,
                "kind": kind,
                "content": encode_design(design).decode(),
                "is_drawable": True,
                "builtin": DEFAULTS[kind],
                "is_default": True,
            },
            now,
        )
        known[kind] = made or (await store.defaults(tx))[kind]
    return known


def drawable(design: StoredDesign | None, kind: DesignKind) -> Design:
    """What is drawn for a stored design: itself, or the built-in default of the kind where it cannot be."""
    if design is not None and design.is_drawable:
        return parse_design(design.content.encode())
    return builtin_designs()[DEFAULTS[kind]]


def read_design(content: str, written_here: Collection[str] = ()) -> Design | None:
    """The design that `content` is (JSON, or base64 of it); None when it is in another format.

    written_here: data URIs of pictures that need not be written anew. Raises DesignInvalid or DesignTooLarge when it
    means to be one of ours and breaks the format.
    """
    text = content.strip()
    if not text.startswith("{"):
        try:
            text = base64.b64decode(text, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
    if not text.lstrip().startswith("{") or '"laurel-design/' not in text:
        return None
    return with_normalised_images(parse_design(text.encode()), written_here)


def _checked(draft: DesignDraft, written_here: Collection[str] = ()) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: value for name in draft.__struct_fields__ if (value := getattr(draft, name)) is not UNSET
    }
    if "name" in values:
        values["name"] = check_length(clean(values["name"]).strip(), limits.NAME_LENGTH_MAX, "name")
        if not values["name"]:
            raise Invalid("name must not be empty", field="name", value="")
    if "kind" in values and values["kind"] not in KINDS:
        raise Invalid(f"kind must be one of {', '.join(KINDS)}", field="kind", value=values["kind"])
    if "content" in values:
        content = values["content"]
        if isinstance(content, Design):
            design: Design | None = content
        else:
            content = check_length(clean(content), limits.DESIGN_BYTES_MAX, "content")
            design = read_design(content, written_here)
        kind = values.get("kind")
        if design is not None and isinstance(kind, str) and design.kind != kind:
            raise Invalid(f"the content is a {design.kind}, not a {kind}", field="kind", value=kind)
        values["is_drawable"] = design is not None
        values["content"] = encode_design(design).decode() if design is not None else content
        values["builtin"] = None
    if "details" in values:
        check_json_size(values["details"], "details")
    return values

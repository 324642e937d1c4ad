"""Attribute keys: the names of the custom attributes that a department's credentials carry."""

from datetime import datetime
from typing import get_args

from laurel.base import limits
from laurel.base.errors import Invalid
from laurel.base.ids import DepartmentId
from laurel.base.limits import check_length
from laurel.base.text import clean
from laurel.database.pool import Transaction
from laurel.domain.catalogue import store
from laurel.domain.catalogue.model import AttributeKey, AttributeKind

KINDS: tuple[str, ...] = get_args(AttributeKind)


async def create(tx: Transaction, *, department_id: DepartmentId, name: str, kind: str, now: datetime) -> AttributeKey:
    """A new attribute key. Raises Invalid, TooLarge, AttributeKeyTaken."""
    cleaned = check_length(clean(name).strip(), limits.TAG_LENGTH_MAX, "name")
    if not cleaned:
        raise Invalid("name can't be blank", field="name", value=name)
    if kind not in KINDS:
        raise Invalid(f"kind must be one of {', '.join(KINDS)}", field="kind", value=kind)
    return await store.insert_attribute_key(tx, department_id=department_id, name=cleaned, kind=kind, now=now)

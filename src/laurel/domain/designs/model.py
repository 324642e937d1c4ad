"""The words: a design of an organisation. No I/O."""

from datetime import datetime
from typing import Any, Literal, NewType

from laurel.base.errors import Conflict, NotFound
from laurel.base.ids import DepartmentId
from laurel.database.rows import Stored

DesignId = NewType("DesignId", int)
DesignKind = Literal["badge", "certificate"]
KINDS: tuple[DesignKind, ...] = ("badge", "certificate")


class DesignNotFound(NotFound):
    """No such design."""

    code = "design_not_found"


class DesignChanged(Conflict):
    """Somebody else changed the design since the writer looked at it."""

    code = "design_changed"


class DesignInUse(Conflict):
    """The design cannot go while something looks like it."""

    code = "design_in_use"


class StoredDesign(Stored, frozen=True):
    """A design as stored. `content` is what its author gave; only a drawable one is in the design format.

    `details` holds what dialects store besides; `revision` grows by one with every change.
    """

    id: DesignId
    uid: str
    department_id: DepartmentId | None
    name: str
    kind: DesignKind
    content: str
    is_drawable: bool
    builtin: str | None
    is_default: bool
    revision: int
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime

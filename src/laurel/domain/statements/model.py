"""The words: a statement about what somebody experienced, on its way in and as kept. No I/O."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from laurel.base.errors import Conflict, NotFound
from laurel.base.ids import PersonId
from laurel.domain.events.model import NewEvent


class StatementIdReused(Conflict):
    """The same statement id came with another statement."""

    code = "statement_id_reused"


class StatementNotFound(NotFound):
    """No statement with this id."""

    code = "statement_not_found"


class NewStatement(msgspec.Struct, frozen=True):
    """A checked statement. `document` is what will be shown; `said` what the sender said, for telling repeats.

    event: what it is to the spine, None when it tells of nobody in particular. voids: the id of the statement that it
    takes back.
    """

    id: str
    document: dict[str, Any]
    said: bytes
    verb: str
    activity: str | None
    registration: str | None
    event: NewEvent | None
    voids: str | None


class Kept(NamedTuple):
    """What is known of a statement that was recorded before."""

    said: bytes
    person_id: PersonId | None
    verb: str
    voided: bool


class Wanted(msgspec.Struct, frozen=True):
    """Which statements a list is of. since is exclusive, until inclusive, both of `stored`."""

    person_id: PersonId | None = None
    verb: str | None = None
    activity: str | None = None
    registration: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    ascending: bool = False
    beyond: int | None = None

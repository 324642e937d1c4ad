"""The words: a roster, its lines, what became of them. No I/O."""

from datetime import datetime
from typing import Literal, Self

import msgspec

from laurel.base.errors import Invalid, NotFound
from laurel.base.ids import AchievementId, OrganisationId
from laurel.database.pool import Row

ROSTER_JOB = "rosters.issue"
"""Gives the achievement of one roster to everybody on it."""


class RosterNotFound(NotFound):
    """No such roster."""

    code = "roster_not_found"


class RosterRefused(Invalid):
    """A file that cannot be read as a list of names and addresses."""

    code = "roster_refused"


class Line(msgspec.Struct, frozen=True):
    """One person of the list; `number` is the line of the file, from 1. issued_on and expires_on as YYYY-MM-DD or ""."""

    number: int
    name: str
    email: str
    issued_on: str = ""
    expires_on: str = ""


class Mistake(msgspec.Struct, frozen=True):
    """What is wrong with a line."""

    number: int
    message: str


class Reading(msgspec.Struct, frozen=True):
    """What a file says: the lines that can be given, and the mistakes in the others."""

    lines: list[Line]
    mistakes: list[Mistake]


class Roster(msgspec.Struct, frozen=True):
    """A list under way. `done` lines were looked at, `given` of them got the achievement."""

    organisation_id: OrganisationId
    uid: str
    achievement_id: AchievementId
    actor: str
    lines: list[Line]
    done: int
    given: int
    failures: list[Mistake]
    state: Literal["running", "done"]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `roster`."""
        return msgspec.convert({name: row[name] for name in cls.__struct_fields__}, cls)

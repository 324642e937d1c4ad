"""The words: something that a learner asks of an organisation. No I/O."""

from datetime import datetime
from typing import Literal, Self

import msgspec

from laurel.base.errors import Conflict, NotFound
from laurel.base.ids import OrganisationId, PersonId
from laurel.database.pool import Row

Kind = Literal["name", "erasure"]


class LearnerRequestNotFound(NotFound):
    """No such request."""

    code = "learner_request_not_found"


class RequestDecided(Conflict):
    """The request was answered before."""

    code = "request_decided"


class LearnerRequest(msgspec.Struct, frozen=True):
    """`wanted` is the new name; `answer` what the organisation said."""

    organisation_id: OrganisationId
    id: int
    uid: str
    person_id: PersonId
    kind: Kind
    wanted: str
    state: Literal["open", "done", "declined"]
    answer: str
    decided_by: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `learner_request`."""
        return cls(**{name: row[name] for name in cls.__struct_fields__})

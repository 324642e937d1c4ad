"""The words: something that a learner asks of an organisation. No I/O."""

from datetime import datetime
from typing import Literal

from laurel.base.errors import Conflict, NotFound
from laurel.base.ids import OrganisationId, PersonId
from laurel.database.rows import Stored

Kind = Literal["name", "erasure"]


class LearnerRequestNotFound(NotFound):
    """No such request."""

    code = "learner_request_not_found"


class RequestDecided(Conflict):
    """The request was answered before."""

    code = "request_decided"


class LearnerRequest(Stored, frozen=True):
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

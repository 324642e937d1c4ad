"""The words: an endorsement, and what it is of. No I/O."""

from datetime import datetime
from typing import Literal, NamedTuple

from laurel.base.errors import Conflict, Invalid, NotFound
from laurel.base.ids import OrganisationId
from laurel.database.rows import Stored

Kind = Literal["issuer", "achievement", "credential"]
"""What can be endorsed here, and is published with its endorsements."""
KindKept = Literal["issuer", "achievement", "credential", "elsewhere"]
"""`elsewhere`: of ours, of something of another issuer, who keeps it; kept here to be revoked."""


State = Literal["valid", "expired", "revoked"]


class EndorsementNotFound(NotFound):
    """No such endorsement."""

    code = "endorsement_not_found"


class EndorsementKnown(Conflict):
    """The same endorsement is kept already."""

    code = "endorsement_known"


class EndorsementRefused(Invalid):
    """What was offered is not an endorsement of this, or was not verified."""

    code = "endorsement_refused"


class EndorsementRevoked(Conflict):
    """The endorsement was revoked before."""

    code = "endorsement_revoked"


class EndorsementNotRevocable(Conflict):
    """Verifiers could not be told: somebody else has signed it, or it was signed without a place in a status list."""

    code = "endorsement_not_revocable"


class Endorsement(Stored, frozen=True):
    """A signed endorsement as kept. `subject_id` is that of the achievement or credential, else None; `subject` is what
    the signed document calls it.

    `content` is JSON, or a compact token where `token` says so; `own` ones were signed here. `status_list_id` and
    `status_index` are the place in a status list of those that were signed with one.
    """

    organisation_id: OrganisationId
    id: int
    uid: str
    kind: KindKept
    subject_id: int | None
    subject: str
    identity: bytes
    endorser: str
    endorser_name: str
    comment: str
    content: str
    token: bool
    own: bool
    status_list_id: int | None
    status_index: int | None
    valid_until: datetime | None
    created_at: datetime
    revoked_at: datetime | None
    revoke_reason: str | None

    def state_at(self, now: datetime) -> State:
        """Whether it still counts."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.valid_until is not None and self.valid_until <= now else "valid"


class NewEndorsement(NamedTuple):
    """An endorsement about to be kept; `identity` is the SHA-256 of its id and issuer."""

    kind: KindKept
    subject_id: int | None
    subject: str
    identity: bytes
    endorser: str
    endorser_name: str
    comment: str
    content: str
    token: bool
    own: bool
    status_list_id: int | None
    status_index: int | None
    valid_until: datetime | None

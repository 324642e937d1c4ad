"""The words: an endorsement, and what it is of. No I/O."""

from datetime import datetime
from typing import Literal, NamedTuple

from laurel.base.errors import Conflict, Invalid, NotFound
from laurel.base.ids import OrganisationId
from laurel.database.rows import Stored

Kind = Literal["issuer", "achievement", "credential"]


class EndorsementNotFound(NotFound):
    """No such endorsement."""

    code = "endorsement_not_found"


class EndorsementKnown(Conflict):
    """The same endorsement is kept already."""

    code = "endorsement_known"


class EndorsementRefused(Invalid):
    """What was offered is not an endorsement of this, or was not verified."""

    code = "endorsement_refused"


class Endorsement(Stored, frozen=True):
    """A signed endorsement as kept. `subject_id` is that of the achievement or credential, None for the issuer.

    `content` is JSON, or a compact token where `token` says so; `own` ones were signed here.
    """

    organisation_id: OrganisationId
    id: int
    uid: str
    kind: Kind
    subject_id: int | None
    endorser: str
    endorser_name: str
    comment: str
    content: str
    token: bool
    own: bool
    valid_until: datetime | None
    created_at: datetime


class NewEndorsement(NamedTuple):
    """An endorsement about to be kept; `identity` is the SHA-256 of its id and issuer."""

    kind: Kind
    subject_id: int | None
    identity: bytes
    endorser: str
    endorser_name: str
    comment: str
    content: str
    token: bool
    own: bool
    valid_until: datetime | None

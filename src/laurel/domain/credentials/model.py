"""The words: a credential, what it will say, and its states. No I/O."""

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from laurel.base.errors import Conflict, NotFound
from laurel.base.ids import AchievementId, AwardId, CredentialId, OrganisationId, PersonId
from laurel.database.rows import Stored

ISSUE_JOB = "credentials.issue"
"""Signs and publishes what is intended in one organisation."""

EXPIRED_JOB = "credentials.tell_expired"
"""Tells of credentials of one organisation that have run out."""
SUSPENSION_END_JOB = "credentials.end_suspension"
"""Lifts the suspension of one credential once its end has come."""

LETTER_JOB = "letters.send"
"""Tells people by mail of credentials."""

State = Literal["intended", "issued", "suspended", "revoked", "expired"]


class CredentialNotFound(NotFound):
    """No such credential."""

    code = "credential_not_found"


class AlreadyRevoked(Conflict):
    """The credential or award was revoked before."""

    code = "already_revoked"


class AlreadySuspended(Conflict):
    """The credential was suspended before."""

    code = "already_suspended"


class NotSuspendable(Conflict):
    """The credential cannot be suspended as it is."""

    code = "not_suspendable"


class BindingSpent(NotFound):
    """The exchange does not exist, was used before, or is too old; the three are not told apart."""

    code = "binding_spent"


class NotSigned(NotFound):
    """The credential is known and not signed yet."""

    code = "credential_not_signed"


class SigningKeyNotFound(NotFound):
    """No such signing key."""

    code = "signing_key_not_found"


class StatusListNotFound(NotFound):
    """No such status list."""

    code = "status_list_not_found"


class IssuerNotFound(NotFound):
    """No such issuer."""

    code = "issuer_not_found"


class CredentialFields(msgspec.Struct, frozen=True):
    """What a credential says.

    Taken from the definition and the person when it was intended; later edits of those do not change it. Texts are
    plain; `evidence` and `results` are lists of JSON objects. `recipient_id` is the issuer's own name for the recipient,
    `level` what the level of an achievement is called.
    """

    name: str
    description: str
    recipient_name: str
    recipient_email: str | None
    recipient_id: str | None = None
    criteria_narrative: str = ""
    criteria_url: str | None = None
    achievement_type: str = "Achievement"
    image: str | None = None
    narrative: str = ""
    evidence: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    credits_earned: float | None = None
    custom: dict[str, Any] = {}
    level: str = ""


class Credential(Stored, frozen=True):
    """The document of an award; what was signed is read by `store.find_signed` and its kind.

    `details` holds what dialects store besides. `private` ones open only with `access_key`. Nothing is signed or shown
    before `published_at`; it is None while the award is pending. Deleted ones are found by nobody. `status_list_id` and
    `status_index` are its place in a status list, `log_number` that of its newest document in the log. `refusal` says why
    it cannot be signed as it is. `suspended_until` None: until it is reinstated. `holder` is
    the DID of the subject, once a wallet has proved it.
    """

    organisation_id: OrganisationId
    person_id: PersonId
    id: CredentialId
    uid: str
    award_id: AwardId
    achievement_id: AchievementId
    state: Literal["intended", "issued", "revoked"]
    fields: dict[str, Any]
    details: dict[str, Any]
    license_id: str | None
    private: bool
    access_key: str | None
    issued_on: date
    expires_at: datetime | None
    issued_at: datetime | None
    revoked_at: datetime | None
    revoke_reason: str | None
    suspended_at: datetime | None
    suspended_until: datetime | None
    suspend_reason: str | None
    holder: str | None
    status_list_id: int | None
    status_index: int | None
    log_number: int | None
    refusal: str | None
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    deleted_at: datetime | None

    def state_at(self, now: datetime) -> State:
        """The state as the clock makes it: what is not revoked expires at `expires_at`; a suspension ends by itself."""
        if self.state != "revoked" and self.expires_at is not None and now >= self.expires_at:
            return "expired"
        return "suspended" if self.state != "revoked" and self.is_suspended_at(now) else self.state

    def is_suspended_at(self, now: datetime) -> bool:
        """Whether a suspension holds."""
        return self.suspended_at is not None and (self.suspended_until is None or now < self.suspended_until)


class Waiting(msgspec.Struct, frozen=True):
    """As much of a credential as signing it takes; `fields` are read as they are written down."""

    id: CredentialId
    uid: str
    person_id: PersonId
    award_id: AwardId
    achievement_id: AchievementId
    fields: CredentialFields
    license_id: str | None
    issued_on: date
    expires_at: datetime | None
    suspended_at: datetime | None
    holder: str | None
    status_list_id: int | None
    status_index: int | None
    log_number: int | None


class HolderBinding(Stored, frozen=True):
    """An exchange in which a wallet may prove the DID that a credential is to be bound to; once."""

    organisation_id: OrganisationId
    uid: str
    credential_id: CredentialId
    secret_hash: bytes
    challenge: str
    expires_at: datetime
    bound_at: datetime | None


class Signed(Stored, frozen=True):
    """A credential as strangers may see it. `document` is the text that was signed, None before; `token` is there once
    somebody has asked for it (`tokens.token_of`).
    """

    organisation_id: OrganisationId
    uid: str
    private: bool
    access_key: str | None
    state: Literal["intended", "issued", "revoked"]
    expires_at: datetime | None
    revoke_reason: str | None
    log_number: int | None
    document: str | None
    token: str | None
    signed_at: datetime | None


class StatusList(Stored, frozen=True):
    """A list of revocations, or the suspensions of the same places. `document` is what was signed when it had
    `signed_version`; it is right until `changes_at`, when a suspension ends.
    """

    organisation_id: OrganisationId
    id: int
    uid: str
    length: int
    version: int
    signed_version: int
    valid_until: datetime | None
    changes_at: datetime | None
    document: str | None

"""The words: an outgoing message, who subscribes to messages, a delivery and its attempts. No I/O."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from laurel.base.errors import Conflict, NotFound
from laurel.base.ids import DeliveryId, EndpointId, OrganisationId, PersonId
from laurel.database.rows import Stored
from laurel.domain.achievements.model import Achievement, Award
from laurel.domain.credentials.model import Credential
from laurel.domain.organisations.model import Organisation
from laurel.domain.people.model import Person

AWARD_CREATED = "award.created"
AWARD_REVOKED = "award.revoked"
CREDENTIAL_ISSUED = "credential.issued"
CREDENTIAL_UPDATED = "credential.updated"
CREDENTIAL_REVOKED = "credential.revoked"
CREDENTIAL_SUSPENDED = "credential.suspended"
CREDENTIAL_REINSTATED = "credential.reinstated"
CREDENTIAL_EXPIRED = "credential.expired"
TEST = "webhook.test"
"""Sent when an administrator asks for it; no endpoint subscribes to it."""

TOPICS = frozenset(
    {
        AWARD_CREATED,
        AWARD_REVOKED,
        CREDENTIAL_ISSUED,
        CREDENTIAL_UPDATED,
        CREDENTIAL_REVOKED,
        CREDENTIAL_SUSPENDED,
        CREDENTIAL_REINSTATED,
        CREDENTIAL_EXPIRED,
    }
)

EVENT_PREFIX = "event."
EVENT_TOPICS = frozenset(
    f"{EVENT_PREFIX}{sub_category}"
    for sub_category in (
        "action-participation",
        "challenge-completion",
        "challenge-started",
        "points-credited",
        "points-debited",
        "points-earned",
        "reward-claim",
        "reward-distribution",
        "reward-redemption",
        "shop-purchase",
        "streak-extended",
        "xp-earned",
    )
)
"""Events that the server raises itself; recorded as messages only while somebody subscribes to one of them."""

DELIVER_JOB = "notifications.deliver"
"""Works out who subscribes to the messages of one transaction, and writes down what each will be sent."""
SEND_JOB = "notifications.send"
"""Sends what is due to one endpoint."""
MAIL_JOB = "notifications.mail_disabled"
"""Tells the administrators that an endpoint was disabled."""

EndpointState = Literal["active", "disabled"]
DeliveryState = Literal["waiting", "delivered", "failed"]


class EndpointNotFound(NotFound):
    """No such webhook endpoint."""

    code = "webhook_not_found"


class DeliveryNotFound(NotFound):
    """No such delivery."""

    code = "delivery_not_found"


class EndpointDisabled(Conflict):
    """The endpoint is disabled; enable it before sending anything to it."""

    code = "webhook_disabled"


class Message(msgspec.Struct, frozen=True):
    """A fact to be told; `payload` is a snapshot and never changes. quiet: recorded, not sent to people."""

    person_id: PersonId
    topic: str
    payload: dict[str, Any]
    quiet: bool = False


class Recorded(msgspec.Struct, frozen=True):
    """A message in the outbox."""

    id: int
    uid: str
    person_id: PersonId
    topic: str
    payload: dict[str, Any]
    quiet: bool
    at: datetime


class Told(msgspec.Struct, frozen=True):
    """A message with everything that a format may want to say about it, read when it was recorded or just after."""

    message: Recorded
    organisation: Organisation
    person: Person | None
    achievement: Achievement | None
    award: Award | None
    credential: Credential | None
    public_url: str


class Endpoint(Stored, frozen=True):
    """Where messages are sent. `sealed_secret` opens only with the server's pepper (`endpoint_secrets`)."""

    organisation_id: OrganisationId
    id: EndpointId
    uid: str
    url: str
    description: str
    format: str
    topics: list[str]
    state: EndpointState
    sealed_secret: bytes
    sealed_secret_before: bytes | None
    secret_before_until: datetime | None
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class Delivery(Stored, frozen=True):
    """One message for one endpoint. `body` is the snapshot that every attempt sends; `message_uid` its identity.

    `attempts` counts since it was last asked for; manual: asked for again by hand.
    """

    organisation_id: OrganisationId
    id: DeliveryId
    uid: str
    endpoint_id: EndpointId
    message_uid: str
    topic: str
    body: bytes
    state: DeliveryState
    attempts: int
    manual: bool
    created_at: datetime
    first_attempt_at: datetime | None
    next_attempt_at: datetime | None
    delivered_at: datetime | None


class Attempt(msgspec.Struct, frozen=True):
    """One try to deliver: what was answered, or why nothing was. `answer` is the beginning of the answer's body."""

    id: int
    at: datetime
    milliseconds: int
    status: int | None
    error: str | None
    answer: str
    manual: bool

    @property
    def succeeded(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300

"""The words: an outgoing message. No I/O."""

from typing import Any

import msgspec

from laurel.base.ids import PersonId

AWARD_CREATED = "award.created"
AWARD_REVOKED = "award.revoked"
CREDENTIAL_ISSUED = "credential.issued"
CREDENTIAL_UPDATED = "credential.updated"
CREDENTIAL_REVOKED = "credential.revoked"
CREDENTIAL_EXPIRED = "credential.expired"

DELIVER_JOB = "notifications.deliver"


class Message(msgspec.Struct, frozen=True):
    """A fact to be told; `payload` is a snapshot and never changes. quiet: recorded, not sent to people."""

    person_id: PersonId
    topic: str
    payload: dict[str, Any]
    quiet: bool = False

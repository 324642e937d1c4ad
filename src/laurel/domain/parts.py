"""The running parts that use cases are handed: database, clock, secrets. Made by the composition root, opened once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from laurel.database.pool import Database
from laurel.domain.credentials.issuer import Issuer
from laurel.domain.notifications.outlets import MessageFormat
from laurel.domain.record_events.coalesce import Intake
from laurel.domain.record_events.memory import Spine
from laurel.domain.verification.verifier import Verifier
from laurel.outside.clock import Clock
from laurel.outside.http import Http
from laurel.outside.mail import Mailer


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a request or a job may reach besides its own transaction. `spine`, `issuer`, `intake` and `verifier` follow
    from the rest.
    """

    database: Database
    clock: Clock
    public_url: str
    pepper: bytes
    master_key: bytes
    """What signing keys are sealed with."""
    http: Http
    mailer: Mailer
    message_formats: Mapping[str, MessageFormat]
    """How webhooks may ask to be told, by name; each dialect and standard brings its own."""
    terms_url: str | None = None
    privacy_url: str | None = None
    """The operator's own texts."""
    signing_patience_seconds: float = 1.0
    """How long the answer to a request waits for the signatures of what it asked to be issued."""
    spine: Spine = field(init=False)
    issuer: Issuer = field(init=False)
    intake: Intake = field(init=False)
    verifier: Verifier = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "spine", Spine(self.database, self.clock))
        issuer = Issuer(self.database, self.clock, self.public_url, self.master_key)
        object.__setattr__(self, "issuer", issuer)
        object.__setattr__(self, "intake", Intake(self.spine))
        object.__setattr__(self, "verifier", Verifier(self.http, self.clock, self.public_url))

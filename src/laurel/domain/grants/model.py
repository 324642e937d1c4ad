"""The words: client, grant, code, token, scope. No I/O."""

from datetime import datetime
from typing import Any

import msgspec

from laurel.base.errors import Invalid, NotFound
from laurel.base.ids import OrganisationId, PersonId
from laurel.database.rows import Stored

OFFLINE_ACCESS = "offline_access"
_OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/scope/"
_RECORDS = "https://purl.imsglobal.org/spec/clr/v2p0/scope/"
READ_CREDENTIALS = f"{_OPEN_BADGES}credential.readonly"
WRITE_CREDENTIALS = f"{_OPEN_BADGES}credential.upsert"
READ_PROFILE = f"{_OPEN_BADGES}profile.readonly"
WRITE_PROFILE = f"{_OPEN_BADGES}profile.update"
READ_RECORDS = f"{_RECORDS}readonly"
WRITE_RECORDS = f"{_RECORDS}replace"

SCOPES: dict[str, str] = {
    READ_CREDENTIALS: "see your credentials",
    WRITE_CREDENTIALS: "put credentials into your wallet",
    READ_PROFILE: "see your profile",
    WRITE_PROFILE: "change what your wallet profile says",
    READ_RECORDS: "see your record of everything you earned",
    WRITE_RECORDS: "put learner records into your wallet",
    OFFLINE_ACCESS: "do so while you are away, until you take it back",
}
"""Every scope that can be consented to, and what it lets an application do, as said to people."""


class GrantRefused(Invalid):
    """OAuth says no; `error` is the code of RFC 6749, 7009 or 7591, the message its error_description."""

    code = "grant_refused"

    def __init__(self, error: str, message: str, **rest: Any) -> None:
        super().__init__(message, **rest)
        self.error = error


class ConsentNotFound(NotFound):
    """No consent with this id stands."""

    code = "consent_not_found"


class ApplicationNotFound(NotFound):
    """Nobody of the organisation has consented to such an application."""

    code = "application_not_found"


class Client(msgspec.Struct, frozen=True, omit_defaults=True):
    """A registered application, by the names of RFC 7591."""

    client_name: str
    client_uri: str
    logo_uri: str
    tos_uri: str
    policy_uri: str
    software_id: str
    software_version: str
    redirect_uris: tuple[str, ...]
    scope: str


class Grant(Stored, frozen=True):
    """A consent."""

    organisation_id: OrganisationId
    uid: str
    person_id: PersonId
    client_hash: bytes
    client_name: str
    client_uri: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """A consent that stands, as it is looked at: `application` is the id of an Application, `used_at` when it last brought
    a token.
    """

    uid: str
    person_uid: str
    person_name: str
    application: str
    client_name: str
    client_uri: str
    scopes: list[str]
    created_at: datetime
    used_at: datetime | None


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """An application that people of an organisation consented to; its id is the SHA-256 of its client id, in hex."""

    id: str
    name: str
    uri: str
    consents: int
    people: int
    last_consent_at: datetime
    barred_at: datetime | None


class Code(Stored, frozen=True):
    """An authorization code without its secret."""

    organisation_id: OrganisationId
    uid: str
    grant_uid: str
    secret_hash: bytes
    redirect_uri: str
    challenge: str
    expires_at: datetime
    used_at: datetime | None


class Token(Stored, frozen=True):
    """An access or refresh token without its secret."""

    organisation_id: OrganisationId
    uid: str
    grant_uid: str
    person_id: PersonId
    kind: str
    secret_hash: bytes
    scopes: list[str]
    expires_at: datetime
    ended_at: datetime | None

    def valid_at(self, now: datetime) -> bool:
        """Whether it opens anything."""
        return self.ended_at is None and now < self.expires_at


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What an application gets; the texts are kept nowhere."""

    access_token: str
    expires_in: int
    scope: str
    refresh_token: str | None = None

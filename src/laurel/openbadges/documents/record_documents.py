"""The ClrCredential: a record of signed credentials of one person."""

import msgspec

from laurel.base import limits
from laurel.openbadges.documents.achievement_objects import Achievement, achievement_object
from laurel.openbadges.documents.credential_frame import CredentialValues, credential_frame, schema_member
from laurel.openbadges.documents.members import Json, embedded, filled, one_of, url_of
from laurel.openbadges.documents.profile_objects import Identity, identity_objects
from laurel.openbadges.documents.vocabulary import ASSOCIATION_TYPES, CLR_CONTEXTS, CLR_SCHEMA
from laurel.openbadges.faults import DocumentRefused


class Association(msgspec.Struct, frozen=True, kw_only=True):
    """How two achievements of a record relate."""

    type: str
    source_id: str
    target_id: str


class Record(CredentialValues, frozen=True, kw_only=True):
    """A Comprehensive Learner Record: signed credentials of one person, with what connects them."""

    name: str
    subject_id: str | None = None
    identities: tuple[Identity, ...] = ()
    credentials: tuple[Json, ...]
    achievements: tuple[Achievement, ...] = ()
    associations: tuple[Association, ...] = ()
    partial: bool | None = None


def record_document(record: Record) -> Json:
    """The unsigned ClrCredential over signed credentials, which go in as they are. Raises DocumentRefused."""
    if not 0 < len(record.credentials) <= limits.EMBEDDED_CREDENTIALS_MAX:
        raise DocumentRefused(
            f"a record holds 1 to {limits.EMBEDDED_CREDENTIALS_MAX} credentials",
            field="credentials",
            limit=limits.EMBEDDED_CREDENTIALS_MAX,
            value=len(record.credentials),
        )
    subject = filled(
        {
            "id": url_of(record.subject_id, "subject_id"),
            "type": ["ClrSubject"],
            "identifier": identity_objects(record.identities),
            "achievement": [achievement_object(achievement) for achievement in record.achievements],
            "association": [
                {
                    "type": "Association",
                    "associationType": one_of(link.type, ASSOCIATION_TYPES, f"associations[{i}].type"),
                    "sourceId": url_of(link.source_id, f"associations[{i}].source_id"),
                    "targetId": url_of(link.target_id, f"associations[{i}].target_id"),
                }
                for i, link in enumerate(record.associations)
            ],
            "verifiableCredential": embedded(record.credentials, "credentials"),
        }
    )
    if "id" not in subject and "identifier" not in subject:
        raise DocumentRefused("a subject needs an id or an identity", field="subject")
    document = credential_frame(record, ["VerifiableCredential", "ClrCredential"], CLR_CONTEXTS, subject)
    document |= filled({"partial": record.partial})
    plain = not any(isinstance(credential.get("credentialStatus"), list) for credential in record.credentials)
    return document | schema_member(CLR_SCHEMA, wanted=record.declare_schema and plain)

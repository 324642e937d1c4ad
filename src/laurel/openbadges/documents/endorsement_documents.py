"""The EndorsementCredential: somebody speaks for an issuer, an achievement or a credential."""

from laurel.openbadges.documents.credential_frame import CredentialValues, credential_frame, schema_member
from laurel.openbadges.documents.members import NARRATIVE_MAX, Json, filled, text_of, url_of
from laurel.openbadges.documents.vocabulary import CONTEXTS, ENDORSEMENT_SCHEMA


class Endorsement(CredentialValues, frozen=True, kw_only=True):
    """Somebody speaks for an achievement, issuer or credential, named by `subject_id`."""

    subject_id: str
    comment: str | None = None
    name: str


def endorsement_document(endorsement: Endorsement) -> Json:
    """The unsigned EndorsementCredential. Raises DocumentRefused naming the place."""
    subject = filled(
        {
            "id": url_of(endorsement.subject_id, "subject_id"),
            "type": ["EndorsementSubject"],
            "endorsementComment": text_of(endorsement.comment, "comment", NARRATIVE_MAX),
        }
    )
    document = credential_frame(endorsement, ["VerifiableCredential", "EndorsementCredential"], CONTEXTS, subject)
    return document | schema_member(ENDORSEMENT_SCHEMA, wanted=endorsement.declare_schema)

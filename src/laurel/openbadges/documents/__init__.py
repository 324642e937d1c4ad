"""Open Badges 3.0 and CLR 2.0 documents from plain values, checked and cleaned, ready to be signed: a module for each kind.

Knows neither the domain nor storage; the values name things as the standard does.
Source: Open Badges 3.0 and CLR 2.0 data models; contracts/open-badges.md for what verifiers accept in practice.
"""

from laurel.openbadges.documents.achievement_objects import (
    Achievement,
    Alignment,
    Related,
    ResultDescription,
    RubricLevel,
    achievement_document,
    achievement_object,
)
from laurel.openbadges.documents.badge_documents import Badge, Evidence, Result, Subject, badge_document
from laurel.openbadges.documents.endorsement_documents import Endorsement, endorsement_document
from laurel.openbadges.documents.members import Json, render_instant
from laurel.openbadges.documents.profile_objects import (
    Identifier,
    Identity,
    Image,
    Profile,
    identity_hash,
    profile_document,
    profile_object,
)
from laurel.openbadges.documents.record_documents import Association, Record, record_document
from laurel.openbadges.documents.vocabulary import (
    ACHIEVEMENT_SCHEMA,
    ACHIEVEMENT_TYPES,
    ASSOCIATION_TYPES,
    CLR_CONTEXTS,
    CLR_SCHEMA,
    CONTEXTS,
    ENDORSEMENT_SCHEMA,
    IDENTITY_TYPES,
    RESULT_STATUSES,
    RESULT_TYPES,
    TARGET_TYPES,
)

__all__ = [
    "ACHIEVEMENT_SCHEMA",
    "ACHIEVEMENT_TYPES",
    "ASSOCIATION_TYPES",
    "CLR_CONTEXTS",
    "CLR_SCHEMA",
    "CONTEXTS",
    "ENDORSEMENT_SCHEMA",
    "IDENTITY_TYPES",
    "RESULT_STATUSES",
    "RESULT_TYPES",
    "TARGET_TYPES",
    "Achievement",
    "Alignment",
    "Association",
    "Badge",
    "Endorsement",
    "Evidence",
    "Identifier",
    "Identity",
    "Image",
    "Json",
    "Profile",
    "Record",
    "Related",
    "Result",
    "ResultDescription",
    "RubricLevel",
    "Subject",
    "achievement_document",
    "achievement_object",
    "badge_document",
    "endorsement_document",
    "identity_hash",
    "profile_document",
    "profile_object",
    "record_document",
    "render_instant",
]

"""The OpenBadgeCredential: what somebody achieved, with results and evidence."""

from datetime import date

import msgspec

from laurel.openbadges.documents.achievement_objects import (
    Achievement,
    Alignment,
    achievement_object,
    alignment_objects,
)
from laurel.openbadges.documents.credential_frame import CredentialValues, credential_frame, schema_member
from laurel.openbadges.documents.members import (
    NARRATIVE_MAX,
    Json,
    day_of,
    embedded,
    filled,
    number_of,
    text_of,
    url_of,
)
from laurel.openbadges.documents.profile_objects import (
    Identity,
    Image,
    Profile,
    identity_objects,
    image_object,
    profile_member,
)
from laurel.openbadges.documents.vocabulary import ACHIEVEMENT_SCHEMA, CONTEXTS, RESULT_STATUSES
from laurel.openbadges.faults import DocumentRefused


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody reached."""

    result_description: str | None = None
    value: str | None = None
    status: str | None = None
    achieved_level: str | None = None
    alignments: tuple[Alignment, ...] = ()


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Something that shows the work."""

    id: str | None = None
    name: str | None = None
    narrative: str | None = None
    description: str | None = None
    genre: str | None = None
    audience: str | None = None


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Who earned it: an id (did: or URL), identities, or both; and what belongs to this person's achievement."""

    id: str | None = None
    identities: tuple[Identity, ...] = ()
    activity_start: date | None = None
    activity_end: date | None = None
    credits_earned: float | None = None
    image: Image | None = None
    license_number: str | None = None
    narrative: str | None = None
    results: tuple[Result, ...] = ()
    role: str | None = None
    source: Profile | None = None
    term: str | None = None


class Badge(CredentialValues, frozen=True, kw_only=True):
    """Everything that one OpenBadgeCredential says."""

    subject: Subject
    achievement: Achievement
    image: Image | None = None
    evidence: tuple[Evidence, ...] = ()
    endorsements: tuple[Json, ...] = ()
    refresh_url: str | None = None
    terms_of_use: tuple[Json, ...] = ()


def badge_document(badge: Badge) -> Json:
    """The unsigned OpenBadgeCredential (VC 2.0). Raises DocumentRefused naming the place."""
    subject = filled(
        {
            "id": url_of(badge.subject.id, "subject.id"),
            "type": ["AchievementSubject"],
            "identifier": identity_objects(badge.subject.identities),
            "activityStartDate": day_of(badge.subject.activity_start),
            "activityEndDate": day_of(badge.subject.activity_end),
            "creditsEarned": number_of(badge.subject.credits_earned, "subject.credits_earned"),
            "image": image_object(badge.subject.image, "subject.image"),
            "licenseNumber": text_of(badge.subject.license_number, "subject.license_number"),
            "narrative": text_of(badge.subject.narrative, "subject.narrative", NARRATIVE_MAX),
            "role": text_of(badge.subject.role, "subject.role"),
            "source": profile_member(badge.subject.source, "subject.source"),
            "term": text_of(badge.subject.term, "subject.term"),
            "achievement": achievement_object(badge.achievement),
            "result": [_result(result, f"subject.results[{i}]") for i, result in enumerate(badge.subject.results)],
        }
    )
    if "id" not in subject and "identifier" not in subject:
        raise DocumentRefused("a subject needs an id or an identity", field="subject")
    _check_results(badge)
    document = credential_frame(badge, ["VerifiableCredential", "OpenBadgeCredential"], CONTEXTS, subject)
    document |= filled(
        {
            "image": image_object(badge.image, "image"),
            "evidence": [_evidence(entry, f"evidence[{i}]") for i, entry in enumerate(badge.evidence)],
            "endorsement": embedded(badge.endorsements, "endorsements"),
            "refreshService": None
            if badge.refresh_url is None
            else {"id": url_of(badge.refresh_url, "refresh_url"), "type": "1EdTechCredentialRefresh"},
            "termsOfUse": list(badge.terms_of_use),
        }
    )
    return document | schema_member(
        ACHIEVEMENT_SCHEMA, wanted=badge.declare_schema and not isinstance(badge.status, list)
    )


def _check_results(badge: Badge) -> None:
    known = {entry.id for entry in badge.achievement.result_descriptions}
    for i, result in enumerate(badge.subject.results):
        if result.result_description is not None and result.result_description not in known:
            raise DocumentRefused(
                "the result refers to no result description of the achievement",
                field=f"subject.results[{i}].result_description",
                value=result.result_description,
            )


def _result(entry: Result, field: str) -> Json:
    if entry.status is not None and entry.status not in RESULT_STATUSES:
        raise DocumentRefused(f"{field}.status is not one the standard knows", field=f"{field}.status")
    return filled(
        {
            "type": ["Result"],
            "resultDescription": url_of(entry.result_description, f"{field}.result_description"),
            "value": text_of(entry.value, f"{field}.value"),
            "status": entry.status,
            "achievedLevel": url_of(entry.achieved_level, f"{field}.achieved_level"),
            "alignment": alignment_objects(entry.alignments, f"{field}.alignments"),
        }
    )


def _evidence(entry: Evidence, field: str) -> Json:
    return filled(
        {
            "id": url_of(entry.id, f"{field}.id"),
            "type": ["Evidence"],
            "name": text_of(entry.name, f"{field}.name"),
            "narrative": text_of(entry.narrative, f"{field}.narrative", NARRATIVE_MAX),
            "description": text_of(entry.description, f"{field}.description", NARRATIVE_MAX),
            "genre": text_of(entry.genre, f"{field}.genre"),
            "audience": text_of(entry.audience, f"{field}.audience"),
        }
    )

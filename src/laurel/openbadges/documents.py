"""Open Badges 3.0 and CLR 2.0 documents from plain values, checked and cleaned, ready to be signed.

Knows neither the domain nor storage; the values name things as the standard does.

Source: Open Badges 3.0 and CLR 2.0 data models; contracts/open-badges.md for what verifiers accept in practice.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from laurel.base import limits
from laurel.base.text import clean
from laurel.openbadges.canonical import absolute_iri
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.jsonld import CLR_V2, CREDENTIALS_V2, OPEN_BADGES_EXTENSIONS, OPEN_BADGES_V3

Json = dict[str, Any]

CONTEXTS: Final = (CREDENTIALS_V2, OPEN_BADGES_V3, OPEN_BADGES_EXTENSIONS)
CLR_CONTEXTS: Final = (CREDENTIALS_V2, CLR_V2, OPEN_BADGES_V3, OPEN_BADGES_EXTENSIONS)
_SCHEMAS: Final = "https://purl.imsglobal.org/spec"
ACHIEVEMENT_SCHEMA: Final = f"{_SCHEMAS}/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
ENDORSEMENT_SCHEMA: Final = f"{_SCHEMAS}/ob/v3p0/schema/json/ob_v3p0_endorsementcredential_schema.json"
CLR_SCHEMA: Final = f"{_SCHEMAS}/clr/v2p0/schema/json/clr_v2p0_clrcredential_schema.json"

ACHIEVEMENT_TYPES: Final = frozenset(
    [
        "Achievement",
        "ApprenticeshipCertificate",
        "Assessment",
        "Assignment",
        "AssociateDegree",
        "Award",
        "Badge",
        "BachelorDegree",
        "Certificate",
        "CertificateOfCompletion",
        "Certification",
        "CommunityService",
        "Competency",
        "Course",
        "CoCurricular",
        "Degree",
        "Diploma",
        "DoctoralDegree",
        "Fieldwork",
        "GeneralEducationDevelopment",
        "JourneymanCertificate",
        "LearningProgram",
        "License",
        "Membership",
        "ProfessionalDoctorate",
        "QualityAssuranceCredential",
        "MasterCertificate",
        "MasterDegree",
        "MicroCredential",
        "ResearchDoctorate",
        "SecondarySchoolDiploma",
    ]
)
RESULT_TYPES: Final = frozenset(
    [
        "GradePointAverage",
        "LetterGrade",
        "Percent",
        "PerformanceLevel",
        "PredictedScore",
        "RawScore",
        "Result",
        "RubricCriterion",
        "RubricCriterionLevel",
        "RubricScore",
        "ScaledScore",
        "Status",
    ]
)
RESULT_STATUSES: Final = frozenset(
    ["Completed", "Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew"]
)
TARGET_TYPES: Final = frozenset(
    [
        "ceasn:Competency",
        "ceterms:Credential",
        "CFItem",
        "CFRubric",
        "CFRubricCriterion",
        "CFRubricCriterionLevel",
        "CTDL",
    ]
)
IDENTITY_TYPES: Final = frozenset(
    [
        "name",
        "sourcedId",
        "systemId",
        "productId",
        "userName",
        "accountId",
        "emailAddress",
        "nationalIdentityNumber",
        "isbn",
        "issn",
        "lisSourcedId",
        "oneRosterSourcedId",
        "sisSourcedId",
        "ltiContextId",
        "ltiDeploymentId",
        "ltiToolId",
        "ltiPlatformId",
        "ltiUserId",
        "identifier",
    ]
)
ASSOCIATION_TYPES: Final = frozenset(
    ["exactMatchOf", "isChildOf", "isParentOf", "isPartOf", "isPeerOf", "isRelatedTo", "precedes", "replacedBy"]
)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")
_NARRATIVE_MAX: Final = limits.DESCRIPTION_LENGTH_MAX


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A picture by its URL."""

    id: str
    caption: str | None = None


class Identifier(msgspec.Struct, frozen=True, kw_only=True):
    """Another identifier of a profile or achievement, in the clear."""

    identifier: str
    type: str


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's identifier, published as a salted hash unless `hashed` is off."""

    identifier: str
    type: str = "emailAddress"
    salt: str | None = None
    hashed: bool = True


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """An issuer, creator, source or subject."""

    id: str
    name: str | None = None
    url: str | None = None
    email: str | None = None
    phone: str | None = None
    description: str | None = None
    image: Image | None = None
    other_identifiers: tuple[Identifier, ...] = ()
    official: str | None = None
    parent: "Profile | None" = None
    given_name: str | None = None
    family_name: str | None = None
    endorsements: tuple[Json, ...] = ()


class Alignment(msgspec.Struct, frozen=True, kw_only=True):
    """The skill, standard or framework entry that something is aligned with."""

    target_name: str
    target_url: str
    target_code: str | None = None
    target_description: str | None = None
    target_framework: str | None = None
    target_type: str | None = None


class RubricLevel(msgspec.Struct, frozen=True, kw_only=True):
    """One level of a rubric."""

    id: str
    name: str
    level: str | None = None
    points: str | None = None
    description: str | None = None
    alignments: tuple[Alignment, ...] = ()


class ResultDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of result an achievement can have."""

    id: str
    name: str
    result_type: str
    allowed_values: tuple[str, ...] = ()
    required_value: str | None = None
    required_level: str | None = None
    value_min: str | None = None
    value_max: str | None = None
    levels: tuple[RubricLevel, ...] = ()
    alignments: tuple[Alignment, ...] = ()


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


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """Another achievement, such as a translation or an older version."""

    id: str
    in_language: str | None = None
    version: str | None = None


class Achievement(msgspec.Struct, frozen=True, kw_only=True):
    """The definition; criteria need a narrative, a URL, or both."""

    id: str
    name: str
    description: str
    criteria_narrative: str | None = None
    criteria_url: str | None = None
    achievement_type: str | None = None
    alignments: tuple[Alignment, ...] = ()
    creator: Profile | None = None
    credits_available: float | None = None
    field_of_study: str | None = None
    human_code: str | None = None
    image: Image | None = None
    in_language: str | None = None
    other_identifiers: tuple[Identifier, ...] = ()
    related: tuple[Related, ...] = ()
    result_descriptions: tuple[ResultDescription, ...] = ()
    specialization: str | None = None
    tags: tuple[str, ...] = ()
    version: str | None = None
    endorsements: tuple[Json, ...] = ()


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


class Badge(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one OpenBadgeCredential says. `status` is made by status_list.

    The schema of Open Badges 3.0 allows one status; a document with a list of them cannot declare it.
    """

    id: str
    issuer: Profile
    subject: Subject
    achievement: Achievement
    valid_from: datetime
    valid_until: datetime | None = None
    awarded: datetime | None = None
    name: str | None = None
    description: str | None = None
    image: Image | None = None
    evidence: tuple[Evidence, ...] = ()
    endorsements: tuple[Json, ...] = ()
    status: Json | list[Json] | None = None
    refresh_url: str | None = None
    terms_of_use: tuple[Json, ...] = ()
    declare_schema: bool = True


class Endorsement(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody speaks for an achievement, issuer or credential, named by `subject_id`."""

    id: str
    issuer: Profile
    subject_id: str
    comment: str | None = None
    name: str
    valid_from: datetime
    valid_until: datetime | None = None
    awarded: datetime | None = None
    status: Json | None = None
    declare_schema: bool = True


class Association(msgspec.Struct, frozen=True, kw_only=True):
    """How two achievements of a record relate."""

    type: str
    source_id: str
    target_id: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A Comprehensive Learner Record: signed credentials of one person, with what connects them."""

    id: str
    name: str
    issuer: Profile
    subject_id: str | None = None
    identities: tuple[Identity, ...] = ()
    credentials: tuple[Json, ...]
    achievements: tuple[Achievement, ...] = ()
    associations: tuple[Association, ...] = ()
    partial: bool | None = None
    description: str | None = None
    valid_from: datetime
    valid_until: datetime | None = None
    awarded: datetime | None = None
    status: Json | None = None
    declare_schema: bool = True


def badge_document(badge: Badge) -> Json:
    """The unsigned OpenBadgeCredential (VC 2.0). Raises DocumentRefused naming the place."""
    subject = _filled(
        {
            "id": _url(badge.subject.id, "subject.id"),
            "type": ["AchievementSubject"],
            "identifier": _identities(badge.subject.identities),
            "activityStartDate": _day(badge.subject.activity_start),
            "activityEndDate": _day(badge.subject.activity_end),
            "creditsEarned": _number(badge.subject.credits_earned, "subject.credits_earned"),
            "image": _image(badge.subject.image, "subject.image"),
            "licenseNumber": _text(badge.subject.license_number, "subject.license_number"),
            "narrative": _text(badge.subject.narrative, "subject.narrative", _NARRATIVE_MAX),
            "role": _text(badge.subject.role, "subject.role"),
            "source": _profile(badge.subject.source, "subject.source"),
            "term": _text(badge.subject.term, "subject.term"),
            "achievement": achievement_object(badge.achievement),
            "result": [_result(result, f"subject.results[{i}]") for i, result in enumerate(badge.subject.results)],
        }
    )
    if "id" not in subject and "identifier" not in subject:
        raise DocumentRefused("a subject needs an id or an identity", field="subject")
    _check_results(badge)
    document = _credential(badge, ["VerifiableCredential", "OpenBadgeCredential"], CONTEXTS, subject)
    document |= _filled(
        {
            "image": _image(badge.image, "image"),
            "evidence": [_evidence(entry, f"evidence[{i}]") for i, entry in enumerate(badge.evidence)],
            "endorsement": _embedded(badge.endorsements, "endorsements"),
            "refreshService": None
            if badge.refresh_url is None
            else {"id": _url(badge.refresh_url, "refresh_url"), "type": "1EdTechCredentialRefresh"},
            "termsOfUse": list(badge.terms_of_use),
        }
    )
    return document | _schema(ACHIEVEMENT_SCHEMA, wanted=badge.declare_schema and not isinstance(badge.status, list))


def endorsement_document(endorsement: Endorsement) -> Json:
    """The unsigned EndorsementCredential. Raises DocumentRefused naming the place."""
    subject = _filled(
        {
            "id": _url(endorsement.subject_id, "subject_id"),
            "type": ["EndorsementSubject"],
            "endorsementComment": _text(endorsement.comment, "comment", _NARRATIVE_MAX),
        }
    )
    document = _credential(endorsement, ["VerifiableCredential", "EndorsementCredential"], CONTEXTS, subject)
    return document | _schema(ENDORSEMENT_SCHEMA, wanted=endorsement.declare_schema)


def record_document(record: Record) -> Json:
    """The unsigned ClrCredential over signed credentials, which go in as they are. Raises DocumentRefused."""
    if not 0 < len(record.credentials) <= limits.EMBEDDED_CREDENTIALS_MAX:
        raise DocumentRefused(
            f"a record holds 1 to {limits.EMBEDDED_CREDENTIALS_MAX} credentials",
            field="credentials",
            limit=limits.EMBEDDED_CREDENTIALS_MAX,
            value=len(record.credentials),
        )
    subject = _filled(
        {
            "id": _url(record.subject_id, "subject_id"),
            "type": ["ClrSubject"],
            "identifier": _identities(record.identities),
            "achievement": [achievement_object(achievement) for achievement in record.achievements],
            "association": [
                {
                    "type": "Association",
                    "associationType": _one_of(link.type, ASSOCIATION_TYPES, f"associations[{i}].type"),
                    "sourceId": _url(link.source_id, f"associations[{i}].source_id"),
                    "targetId": _url(link.target_id, f"associations[{i}].target_id"),
                }
                for i, link in enumerate(record.associations)
            ],
            "verifiableCredential": _embedded(record.credentials, "credentials"),
        }
    )
    if "id" not in subject and "identifier" not in subject:
        raise DocumentRefused("a subject needs an id or an identity", field="subject")
    document = _credential(record, ["VerifiableCredential", "ClrCredential"], CLR_CONTEXTS, subject)
    document |= _filled({"partial": record.partial})
    plain = not any(isinstance(credential.get("credentialStatus"), list) for credential in record.credentials)
    return document | _schema(CLR_SCHEMA, wanted=record.declare_schema and plain)


def achievement_document(achievement: Achievement) -> Json:
    """The achievement as published at its own URL."""
    return {"@context": list(CONTEXTS), **achievement_object(achievement)}


def profile_document(profile: Profile) -> Json:
    """The issuer's profile as published at its own URL."""
    return {"@context": list(CONTEXTS), **profile_object(profile)}


def profile_object(profile: Profile) -> Json:
    """The Profile inside another document. Raises DocumentRefused."""
    found = _profile(profile, "profile")
    return found if found is not None else {}


def achievement_object(achievement: Achievement) -> Json:
    """The Achievement inside another document. Raises DocumentRefused."""
    here = "achievement"
    criteria = _filled(
        {
            "id": _url(achievement.criteria_url, f"{here}.criteria_url"),
            "narrative": _text(achievement.criteria_narrative, f"{here}.criteria_narrative", _NARRATIVE_MAX),
        }
    )
    if not criteria:
        raise DocumentRefused("criteria need a narrative or a URL", field=f"{here}.criteria_narrative")
    descriptions = achievement.result_descriptions
    return _filled(
        {
            "id": _url(achievement.id, f"{here}.id"),
            "type": ["Achievement"],
            "name": _required(achievement.name, f"{here}.name"),
            "description": _required(achievement.description, f"{here}.description", _NARRATIVE_MAX),
            "criteria": criteria,
            "achievementType": _one_of(achievement.achievement_type, ACHIEVEMENT_TYPES, f"{here}.achievement_type"),
            "alignment": _alignments(achievement.alignments, f"{here}.alignments"),
            "creator": _profile(achievement.creator, f"{here}.creator"),
            "creditsAvailable": _number(achievement.credits_available, f"{here}.credits_available"),
            "endorsement": _embedded(achievement.endorsements, f"{here}.endorsements"),
            "fieldOfStudy": _text(achievement.field_of_study, f"{here}.field_of_study"),
            "humanCode": _text(achievement.human_code, f"{here}.human_code"),
            "image": _image(achievement.image, f"{here}.image"),
            "inLanguage": _language(achievement.in_language, f"{here}.in_language"),
            "otherIdentifier": _identifiers(achievement.other_identifiers, f"{here}.other_identifiers"),
            "related": [_related(entry, f"{here}.related[{i}]") for i, entry in enumerate(achievement.related)],
            "resultDescription": [
                _result_description(entry, f"{here}.result_descriptions[{i}]") for i, entry in enumerate(descriptions)
            ],
            "specialization": _text(achievement.specialization, f"{here}.specialization"),
            "tag": [_required(tag, f"{here}.tags[{i}]") for i, tag in enumerate(achievement.tags)],
            "version": _text(achievement.version, f"{here}.version"),
        }
    )


def identity_hash(identifier: str, salt: str) -> str:
    """The OB identityHash: `sha256$` and the hex digest of the identifier followed by the salt."""
    return f"sha256${hashlib.sha256((identifier + salt).encode()).hexdigest()}"


def render_instant(instant: datetime) -> str:
    """RFC 3339 in UTC, whole seconds, with Z: what a token's `nbf` can equal."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _credential(values: Badge | Endorsement | Record, types: list[str], contexts: Sequence[str], subject: Json) -> Json:
    """The members that every credential has, in the order in which people read them."""
    if values.valid_until is not None and values.valid_until <= values.valid_from:
        raise DocumentRefused("a credential must not end before it begins", field="valid_until")
    description = None if isinstance(values, Endorsement) else values.description
    return _filled(
        {
            "@context": list(contexts),
            "id": _url(values.id, "id"),
            "type": types,
            "name": _text(values.name, "name"),
            "description": _text(description, "description", _NARRATIVE_MAX),
            "issuer": _profile(values.issuer, "issuer"),
            "validFrom": _instant(values.valid_from, "valid_from"),
            "validUntil": _instant(values.valid_until, "valid_until"),
            "awardedDate": _instant(values.awarded, "awarded"),
            "credentialSubject": subject,
            "credentialStatus": values.status,
        }
    )


def _schema(url: str, *, wanted: bool) -> Json:
    return {"credentialSchema": [{"id": url, "type": "1EdTechJsonSchemaValidator2019"}]} if wanted else {}


def _filled(members: Mapping[str, Any]) -> Json:
    return {name: value for name, value in members.items() if value is not None and value not in ([], ())}


def _check_results(badge: Badge) -> None:
    known = {entry.id for entry in badge.achievement.result_descriptions}
    for i, result in enumerate(badge.subject.results):
        if result.result_description is not None and result.result_description not in known:
            raise DocumentRefused(
                "the result refers to no result description of the achievement",
                field=f"subject.results[{i}].result_description",
                value=result.result_description,
            )


def _text(value: str | None, field: str, limit: int = limits.NAME_LENGTH_MAX) -> str | None:
    """`value` without what no verifier carries; blank text counts as absent."""
    if value is None:
        return None
    text = clean(value)
    if len(text) > limit:
        raise DocumentRefused(f"{field} is longer than {limit} characters", field=field, limit=limit, value=len(text))
    return text if text.strip() else None


def _required(value: str, field: str, limit: int = limits.NAME_LENGTH_MAX) -> str:
    text = _text(value, field, limit)
    if text is None:
        raise DocumentRefused(f"{field} has no visible text", field=field)
    return text


def _url(value: str | None, field: str) -> str | None:
    if value is None:
        return None
    if len(value) > limits.URL_LENGTH_MAX or value.startswith("data:"):
        raise DocumentRefused(
            f"{field} must be a link of at most {limits.URL_LENGTH_MAX} characters, not embedded data",
            field=field,
            limit=limits.URL_LENGTH_MAX,
            value=len(value),
        )
    try:
        absolute_iri(value)
    except DocumentRefused:
        raise DocumentRefused(f"{field} is not an absolute URL or URI", field=field, value=value[:200]) from None
    return value


def _one_of(value: str | None, known: frozenset[str], field: str) -> str | None:
    if value is None or value in known or (value.startswith("ext:") and len(value) <= limits.IDENTIFIER_LENGTH_MAX):
        return value
    raise DocumentRefused(f"{field} is not a type that the standard knows, nor ext:…", field=field, value=value[:100])


def _language(value: str | None, field: str) -> str | None:
    if value is not None and not _LANGUAGE.match(value):
        raise DocumentRefused(f"{field} is not a language tag", field=field, value=value[:100])
    return value


def _number(value: float | None, field: str) -> float | None:
    if value is not None and not 0 <= value < 1e15:
        raise DocumentRefused(f"{field} must be a number from 0 to 10^15", field=field, value=value)
    return value


def _instant(value: datetime | None, field: str) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None or not 1 <= value.year <= 9999:
        raise DocumentRefused(f"{field} must be an instant with a time zone", field=field)
    return render_instant(value)


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()[:10]


def _image(image: Image | None, field: str) -> Json | None:
    if image is None:
        return None
    caption = _text(image.caption, f"{field}.caption")
    return _filled({"id": _url(image.id, f"{field}.id"), "type": "Image", "caption": caption})


def _profile(profile: Profile | None, field: str) -> Json | None:
    if profile is None:
        return None
    return _filled(
        {
            "id": _url(profile.id, f"{field}.id"),
            "type": ["Profile"],
            "name": _text(profile.name, f"{field}.name"),
            "url": _url(profile.url, f"{field}.url"),
            "phone": _text(profile.phone, f"{field}.phone"),
            "description": _text(profile.description, f"{field}.description", _NARRATIVE_MAX),
            "email": _text(profile.email, f"{field}.email"),
            "image": _image(profile.image, f"{field}.image"),
            "otherIdentifier": _identifiers(profile.other_identifiers, f"{field}.other_identifiers"),
            "official": _text(profile.official, f"{field}.official"),
            "endorsement": _embedded(profile.endorsements, f"{field}.endorsements"),
            "parentOrg": _profile(profile.parent, f"{field}.parent"),
            "givenName": _text(profile.given_name, f"{field}.given_name"),
            "familyName": _text(profile.family_name, f"{field}.family_name"),
        }
    )


def _identifiers(entries: Sequence[Identifier], field: str) -> list[Json]:
    return [
        {
            "type": "IdentifierEntry",
            "identifier": _required(entry.identifier, f"{field}[{i}].identifier"),
            "identifierType": _one_of(entry.type, IDENTITY_TYPES, f"{field}[{i}].type"),
        }
        for i, entry in enumerate(entries)
    ]


def _identities(entries: Sequence[Identity]) -> list[Json]:
    found = []
    for i, entry in enumerate(entries):
        identifier = _required(entry.identifier, f"subject.identities[{i}].identifier")
        salt = _text(entry.salt, f"subject.identities[{i}].salt")
        shown = identity_hash(identifier, salt or "") if entry.hashed else identifier
        found.append(
            _filled(
                {
                    "type": "IdentityObject",
                    "hashed": entry.hashed,
                    "identityHash": shown,
                    "identityType": _one_of(entry.type, IDENTITY_TYPES, f"subject.identities[{i}].type"),
                    "salt": salt if entry.hashed else None,
                }
            )
        )
    return found


def _alignments(entries: Sequence[Alignment], field: str) -> list[Json]:
    if len(entries) > limits.ALIGNMENTS_MAX:
        raise DocumentRefused(f"{field} has too many members", field=field, limit=limits.ALIGNMENTS_MAX)
    return [
        _filled(
            {
                "type": ["Alignment"],
                "targetName": _required(entry.target_name, f"{field}[{i}].target_name"),
                "targetUrl": _url(entry.target_url, f"{field}[{i}].target_url"),
                "targetCode": _text(entry.target_code, f"{field}[{i}].target_code"),
                "targetDescription": _text(
                    entry.target_description, f"{field}[{i}].target_description", _NARRATIVE_MAX
                ),
                "targetFramework": _text(entry.target_framework, f"{field}[{i}].target_framework"),
                "targetType": _one_of(entry.target_type, TARGET_TYPES, f"{field}[{i}].target_type"),
            }
        )
        for i, entry in enumerate(entries)
    ]


def _result_description(entry: ResultDescription, field: str) -> Json:
    return _filled(
        {
            "id": _url(entry.id, f"{field}.id"),
            "type": ["ResultDescription"],
            "name": _required(entry.name, f"{field}.name"),
            "resultType": _one_of(entry.result_type, RESULT_TYPES, f"{field}.result_type"),
            "allowedValue": [_required(value, f"{field}.allowed_values") for value in entry.allowed_values],
            "requiredValue": _text(entry.required_value, f"{field}.required_value"),
            "requiredLevel": _url(entry.required_level, f"{field}.required_level"),
            "valueMin": _text(entry.value_min, f"{field}.value_min"),
            "valueMax": _text(entry.value_max, f"{field}.value_max"),
            "rubricCriterionLevel": [_level(level, f"{field}.levels[{i}]") for i, level in enumerate(entry.levels)],
            "alignment": _alignments(entry.alignments, f"{field}.alignments"),
        }
    )


def _level(entry: RubricLevel, field: str) -> Json:
    return _filled(
        {
            "id": _url(entry.id, f"{field}.id"),
            "type": ["RubricCriterionLevel"],
            "name": _required(entry.name, f"{field}.name"),
            "level": _text(entry.level, f"{field}.level"),
            "points": _text(entry.points, f"{field}.points"),
            "description": _text(entry.description, f"{field}.description", _NARRATIVE_MAX),
            "alignment": _alignments(entry.alignments, f"{field}.alignments"),
        }
    )


def _result(entry: Result, field: str) -> Json:
    if entry.status is not None and entry.status not in RESULT_STATUSES:
        raise DocumentRefused(f"{field}.status is not one the standard knows", field=f"{field}.status")
    return _filled(
        {
            "type": ["Result"],
            "resultDescription": _url(entry.result_description, f"{field}.result_description"),
            "value": _text(entry.value, f"{field}.value"),
            "status": entry.status,
            "achievedLevel": _url(entry.achieved_level, f"{field}.achieved_level"),
            "alignment": _alignments(entry.alignments, f"{field}.alignments"),
        }
    )


def _evidence(entry: Evidence, field: str) -> Json:
    return _filled(
        {
            "id": _url(entry.id, f"{field}.id"),
            "type": ["Evidence"],
            "name": _text(entry.name, f"{field}.name"),
            "narrative": _text(entry.narrative, f"{field}.narrative", _NARRATIVE_MAX),
            "description": _text(entry.description, f"{field}.description", _NARRATIVE_MAX),
            "genre": _text(entry.genre, f"{field}.genre"),
            "audience": _text(entry.audience, f"{field}.audience"),
        }
    )


def _related(entry: Related, field: str) -> Json:
    return _filled(
        {
            "id": _url(entry.id, f"{field}.id"),
            "type": ["Related"],
            "inLanguage": _language(entry.in_language, f"{field}.in_language"),
            "version": _text(entry.version, f"{field}.version"),
        }
    )


def _embedded(documents: Sequence[Json], field: str) -> list[Json]:
    for i, document in enumerate(documents):
        if "proof" not in document or "@context" not in document:
            raise DocumentRefused("an embedded credential must be signed", field=f"{field}[{i}]")
    return list(documents)

"""Achievements as they stand inside credentials and at their own address. Makes no credential."""

from collections.abc import Sequence

import msgspec

from laurel.base import limits
from laurel.openbadges.documents.members import (
    NARRATIVE_MAX,
    Json,
    embedded,
    filled,
    language_tag,
    number_of,
    one_of,
    required_text,
    text_of,
    url_of,
)
from laurel.openbadges.documents.profile_objects import (
    Identifier,
    Image,
    Profile,
    identifier_entries,
    image_object,
    profile_member,
)
from laurel.openbadges.documents.vocabulary import ACHIEVEMENT_TYPES, CONTEXTS, RESULT_TYPES, TARGET_TYPES
from laurel.openbadges.faults import DocumentRefused


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


def achievement_document(achievement: Achievement) -> Json:
    """The achievement as published at its own URL."""
    return {"@context": list(CONTEXTS), **achievement_object(achievement)}


def achievement_object(achievement: Achievement) -> Json:
    """The Achievement inside another document. Raises DocumentRefused."""
    here = "achievement"
    criteria = filled(
        {
            "id": url_of(achievement.criteria_url, f"{here}.criteria_url"),
            "narrative": text_of(achievement.criteria_narrative, f"{here}.criteria_narrative", NARRATIVE_MAX),
        }
    )
    if not criteria:
        raise DocumentRefused("criteria need a narrative or a URL", field=f"{here}.criteria_narrative")
    descriptions = achievement.result_descriptions
    return filled(
        {
            "id": url_of(achievement.id, f"{here}.id"),
            "type": ["Achievement"],
            "name": required_text(achievement.name, f"{here}.name"),
            "description": required_text(achievement.description, f"{here}.description", NARRATIVE_MAX),
            "criteria": criteria,
            "achievementType": one_of(achievement.achievement_type, ACHIEVEMENT_TYPES, f"{here}.achievement_type"),
            "alignment": alignment_objects(achievement.alignments, f"{here}.alignments"),
            "creator": profile_member(achievement.creator, f"{here}.creator"),
            "creditsAvailable": number_of(achievement.credits_available, f"{here}.credits_available"),
            "endorsement": embedded(achievement.endorsements, f"{here}.endorsements"),
            "fieldOfStudy": text_of(achievement.field_of_study, f"{here}.field_of_study"),
            "humanCode": text_of(achievement.human_code, f"{here}.human_code"),
            "image": image_object(achievement.image, f"{here}.image"),
            "inLanguage": language_tag(achievement.in_language, f"{here}.in_language"),
            "otherIdentifier": identifier_entries(achievement.other_identifiers, f"{here}.other_identifiers"),
            "related": [_related(entry, f"{here}.related[{i}]") for i, entry in enumerate(achievement.related)],
            "resultDescription": [
                _result_description(entry, f"{here}.result_descriptions[{i}]") for i, entry in enumerate(descriptions)
            ],
            "specialization": text_of(achievement.specialization, f"{here}.specialization"),
            "tag": [required_text(tag, f"{here}.tags[{i}]") for i, tag in enumerate(achievement.tags)],
            "version": text_of(achievement.version, f"{here}.version"),
        }
    )


def alignment_objects(entries: Sequence[Alignment], field: str) -> list[Json]:
    """Alignments, at most ALIGNMENTS_MAX. Raises DocumentRefused."""
    if len(entries) > limits.ALIGNMENTS_MAX:
        raise DocumentRefused(f"{field} has too many members", field=field, limit=limits.ALIGNMENTS_MAX)
    return [
        filled(
            {
                "type": ["Alignment"],
                "targetName": required_text(entry.target_name, f"{field}[{i}].target_name"),
                "targetUrl": url_of(entry.target_url, f"{field}[{i}].target_url"),
                "targetCode": text_of(entry.target_code, f"{field}[{i}].target_code"),
                "targetDescription": text_of(
                    entry.target_description, f"{field}[{i}].target_description", NARRATIVE_MAX
                ),
                "targetFramework": text_of(entry.target_framework, f"{field}[{i}].target_framework"),
                "targetType": one_of(entry.target_type, TARGET_TYPES, f"{field}[{i}].target_type"),
            }
        )
        for i, entry in enumerate(entries)
    ]


def _result_description(entry: ResultDescription, field: str) -> Json:
    return filled(
        {
            "id": url_of(entry.id, f"{field}.id"),
            "type": ["ResultDescription"],
            "name": required_text(entry.name, f"{field}.name"),
            "resultType": one_of(entry.result_type, RESULT_TYPES, f"{field}.result_type"),
            "allowedValue": [required_text(value, f"{field}.allowed_values") for value in entry.allowed_values],
            "requiredValue": text_of(entry.required_value, f"{field}.required_value"),
            "requiredLevel": url_of(entry.required_level, f"{field}.required_level"),
            "valueMin": text_of(entry.value_min, f"{field}.value_min"),
            "valueMax": text_of(entry.value_max, f"{field}.value_max"),
            "rubricCriterionLevel": [_level(level, f"{field}.levels[{i}]") for i, level in enumerate(entry.levels)],
            "alignment": alignment_objects(entry.alignments, f"{field}.alignments"),
        }
    )


def _level(entry: RubricLevel, field: str) -> Json:
    return filled(
        {
            "id": url_of(entry.id, f"{field}.id"),
            "type": ["RubricCriterionLevel"],
            "name": required_text(entry.name, f"{field}.name"),
            "level": text_of(entry.level, f"{field}.level"),
            "points": text_of(entry.points, f"{field}.points"),
            "description": text_of(entry.description, f"{field}.description", NARRATIVE_MAX),
            "alignment": alignment_objects(entry.alignments, f"{field}.alignments"),
        }
    )


def _related(entry: Related, field: str) -> Json:
    return filled(
        {
            "id": url_of(entry.id, f"{field}.id"),
            "type": ["Related"],
            "inLanguage": language_tag(entry.in_language, f"{field}.in_language"),
            "version": text_of(entry.version, f"{field}.version"),
        }
    )

"""The words: a learner profile (one per person) and a goal. No I/O."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from laurel.base.errors import Conflict, NotFound
from laurel.base.ids import OrganisationId, PersonId
from laurel.database.rows import Stored


class ProfileNotFound(NotFound):
    """The person has no learner profile, or there is none with this id."""

    code = "profile_not_found"


class ProfileExists(Conflict):
    """The person has a learner profile already."""

    code = "profile_exists"


class GoalNotFound(NotFound):
    """No such goal."""

    code = "goal_not_found"


class ProfileFields(msgspec.Struct, kw_only=True):
    """What may be written of a profile; UNSET leaves a value as it is (or at its default on creation).

    A field given replaces the stored one whole. The members of the lists and objects are the organisation's own.
    """

    goals: list[Any] | UnsetType = UNSET
    constraints: dict[str, Any] | UnsetType | None = UNSET
    preferences: dict[str, Any] | UnsetType = UNSET
    participation: dict[str, Any] | UnsetType = UNSET
    employment_status: str | UnsetType = UNSET
    career_fields: list[Any] | UnsetType = UNSET
    personal_goals: str | UnsetType = UNSET
    contact_preferences: dict[str, Any] | UnsetType = UNSET
    enrolment: dict[str, Any] | UnsetType = UNSET
    attestation: dict[str, Any] | UnsetType = UNSET
    progress: dict[str, Any] | UnsetType = UNSET
    tagged_skills: list[Any] | UnsetType = UNSET
    tagged_competencies: list[Any] | UnsetType = UNSET
    mastered_skills: list[Any] | UnsetType = UNSET
    mastered_competencies: list[Any] | UnsetType = UNSET
    archived_at: datetime | UnsetType | None = UNSET


class LearnerProfile(Stored, frozen=True):
    """A profile as stored. What the person has earned stands in awards and is read from there."""

    organisation_id: OrganisationId
    person_id: PersonId
    id: int
    uid: str
    goals: list[Any]
    constraints: dict[str, Any] | None
    preferences: dict[str, Any]
    participation: dict[str, Any]
    employment_status: str
    career_fields: list[Any]
    personal_goals: str
    contact_preferences: dict[str, Any]
    enrolment: dict[str, Any]
    attestation: dict[str, Any]
    progress: dict[str, Any]
    tagged_skills: list[Any]
    tagged_competencies: list[Any]
    mastered_skills: list[Any]
    mastered_competencies: list[Any]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None


class GoalFields(msgspec.Struct, kw_only=True):
    """What may be written of a goal; UNSET leaves a value as it is (or at its default on creation)."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    aligned_skills: list[Any] | UnsetType = UNSET
    aligned_workforces: list[Any] | UnsetType = UNSET
    aligned_credentials: list[Any] | UnsetType = UNSET
    aligned_learning_experiences: list[Any] | UnsetType = UNSET
    archived_at: datetime | UnsetType | None = UNSET


class Goal(Stored, frozen=True):
    """Something that learners of the organisation may aim at."""

    organisation_id: OrganisationId
    id: int
    uid: str
    name: str
    description: str
    type: str
    aligned_skills: list[Any]
    aligned_workforces: list[Any]
    aligned_credentials: list[Any]
    aligned_learning_experiences: list[Any]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None

"""Between the service's words and ours: bodies to what the domain writes, stored things to records. No rules."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from laurel.base.ids import uid_as_base62
from laurel.domain.achievements.definitions import Definition
from laurel.domain.achievements.model import Achievement, StoredStatus
from laurel.domain.people.model import Person
from laurel.domain.people.profiles.model import Goal, GoalFields, LearnerProfile, ProfileFields
from laurel.domain.people.registry import Details
from laurel.web.dialects.learner_profile.wire import (
    ALIGNED,
    ALIGNMENTS,
    ASSOCIATIONS,
    DESIGN,
    LEARNER_FIELDS,
    NODE_TYPES,
    PROFILE_DEFAULTS,
)

OWN: Final = "learner_profile"
"""The key under which this dialect keeps what only it knows, in `details` and `attributes`."""

LEARNER_ID: Final = "learner"
"""The kind of identifier that holds ids which learners had elsewhere."""

_TYPES: Final = {"course equate": "Course", "competency": "Competency", "level": "ext:Level"}
_SHOWN_TYPES: Final = {ours: theirs for theirs, ours in _TYPES.items()}
_OTHER_TYPES_SHOWN: Final = "competency"

ACHIEVEMENT_NAMES: Final = {
    "names": "name",
    "descriptions": "description",
    "credits": "credits_available",
    "details": "metadata",
}
"""Fields of a definition that are called otherwise here."""

PROFILE_NAMES: Final = {
    "goals": "learning_goals",
    "constraints": "learning_constraints",
    "preferences": "learning_preferences",
    "participation": "patterns_of_participation",
    "career_fields": "potential_career_fields",
    "attestation": "attestation_object",
    "enrolment": "enrollment_information",
}
"""Fields of a profile that are called otherwise here."""

LEARNER_NAMES: Final = {"email": "email_address", "attributes": "phone_number"}
"""Fields of a person that are called otherwise here."""

_COLUMNS_OF_PERSON = ("first_name", "last_name", "email_address")


def render_time(value: datetime) -> str:
    """As the service writes times: 2022-03-03 09:22:49.843674+00:00."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00"


def _kept_by_server(uid: str, *, archived: bool, created_at: datetime, updated_at: datetime) -> dict[str, Any]:
    return {
        "uuid": uid_as_base62(uid),
        "is_archived": archived,
        "created_time": render_time(created_at),
        "last_modified_time": render_time(updated_at),
    }


# -------------------------------------------------------------------------------------------------------- achievements
def types_of(shown: str | None) -> tuple[list[str] | None, list[str] | None]:
    """(our types, types left out) that are shown as `shown`."""
    if shown is None:
        return None, None
    if shown == _OTHER_TYPES_SHOWN:
        return None, [ours for theirs, ours in _TYPES.items() if theirs != shown]
    return [_TYPES[shown]], None


def to_definition(body: Mapping[str, Any], language: str, old: Achievement | None) -> Definition:
    """What a POST (`old` None) or PUT writes."""
    definition = Definition()
    own: dict[str, Any] = dict(old.details.get(OWN, {})) if old else {}
    for name, value in body.items():
        match name:
            case "type":
                definition.type = _TYPES[value]
            case "name":
                definition.names = {**(old.names if old else {}), language: value}
            case "description":
                definition.descriptions = {**(old.descriptions if old else {}), language: value}
            case "credits_available":
                definition.credits = Decimal(str(value))
            case "field_of_study":
                definition.field_of_study = value
            case "image":
                definition.image = value
            case "associations":
                definition.associations = value
            case "tags":
                definition.tags = own[name] = value
            case "is_archived":
                status = _status(archived=value, old=old)
                if status is not None:
                    definition.status = status
            case _:
                own[name] = value
    if own:
        definition.details = {**(old.details if old else {}), OWN: own}
    return definition


def _status(*, archived: bool, old: Achievement | None) -> StoredStatus | None:
    """The status to write, None to leave it: who is no longer archived becomes what it was."""
    if archived:
        return "archived"
    if old is None or old.status != "archived":
        return None
    return "live" if old.live_spans else "draft"


def render_achievement(achievement: Achievement, language: str) -> dict[str, Any]:
    """The record of an achievement, whoever defined it."""
    own = achievement.details.get(OWN, {})
    alignments = own.get("alignments", {"competency_alignments": achievement.alignments})
    design = own.get("metadata", {}).get("design_config")
    return {
        "type": _SHOWN_TYPES.get(achievement.type, _OTHER_TYPES_SHOWN),
        "name": achievement.name_in(language, language),
        "description": achievement.description_in(language, language) if achievement.descriptions else None,
        "alignments": {name: alignments.get(name, []) for name in ALIGNMENTS},
        "associations": {name: achievement.associations.get(name, []) for name in ASSOCIATIONS},
        "tags": achievement.tags or (None if own.get("tags") is None else []),
        "credits_available": None if achievement.credits is None else float(achievement.credits),
        "field_of_study": achievement.field_of_study,
        "metadata": {"design_config": {} if design is None else {name: design.get(name, "") for name in DESIGN}},
        "image": achievement.image,
        "result_descriptions": own.get("result_descriptions"),
        "timestamp": own.get("timestamp"),
        **_kept_by_server(
            achievement.uid,
            archived=achievement.status == "archived",
            created_at=achievement.created_at,
            updated_at=achievement.updated_at,
        ),
    }


# ------------------------------------------------------------------------------------------------------------ learners
def to_person(body: Mapping[str, Any], old: Person | None, now: datetime) -> Details:
    """What a POST (`old` None) or PUT writes."""
    details = Details()
    if "first_name" in body:
        details.first_name = body["first_name"]
    if "last_name" in body:
        details.last_name = body["last_name"]
    if "email_address" in body:
        details.email = body["email_address"]
    if "is_archived" in body:
        details.archived_at = now if body["is_archived"] else None
    own = {name: value for name, value in body.items() if name not in (*_COLUMNS_OF_PERSON, "is_archived")}
    if own:
        before = old.attributes if old else {}
        details.attributes = {**before, OWN: {**before.get(OWN, {}), **own}}
    return details


def render_learner(person: Person) -> dict[str, Any]:
    """The record of a person, whoever registered them."""
    own = person.attributes.get(OWN, {})
    of_person = {"first_name": person.first_name, "last_name": person.last_name, "email_address": person.email or ""}
    return {
        **{name: of_person.get(name, own.get(name, field.default)) for name, field in LEARNER_FIELDS.items()},
        **_kept_by_server(
            person.uid,
            archived=person.archived_at is not None,
            created_at=person.created_at,
            updated_at=person.updated_at,
        ),
    }


# ------------------------------------------------------------------------------------------------------------ profiles
def to_profile(body: Mapping[str, Any], now: datetime) -> ProfileFields:
    """What a POST or PUT writes; what is held (`achievements`) and the objects that are always empty are not in it."""
    ours = {theirs: name for name, theirs in PROFILE_NAMES.items()}
    fields = ProfileFields()
    for name, value in body.items():
        column = ours.get(name, name)
        if column in ProfileFields.__struct_fields__:
            setattr(fields, column, value)
    if "is_archived" in body:
        fields.archived_at = now if body["is_archived"] else None
    return fields


def render_profile(profile: LearnerProfile, person: Person, held: Sequence[str]) -> dict[str, Any]:
    """The record of a profile; `held` are the uids of the achievements that the person holds now."""
    ours = {theirs: name for name, theirs in PROFILE_NAMES.items()}
    record = {name: getattr(profile, ours.get(name, name), default) for name, default in PROFILE_DEFAULTS.items()}
    record["contact_preferences"] = {**PROFILE_DEFAULTS["contact_preferences"], **profile.contact_preferences}
    record["progress"] = {name: profile.progress.get(name, {}) for name in NODE_TYPES}
    return {
        "learner_id": uid_as_base62(person.uid),
        **record,
        "achievements": [uid_as_base62(uid) for uid in held],
        **_kept_by_server(
            profile.uid,
            archived=profile.archived_at is not None,
            created_at=profile.created_at,
            updated_at=profile.updated_at,
        ),
    }


# --------------------------------------------------------------------------------------------------------------- goals
def to_goal(body: Mapping[str, Any], now: datetime) -> GoalFields:
    """What a POST or PUT writes."""
    fields = GoalFields()
    for name, value in body.items():
        if name == "is_archived":
            fields.archived_at = now if value else None
        else:
            setattr(fields, name, value)
    return fields


def render_goal(goal: Goal) -> dict[str, Any]:
    """The record of a goal."""
    return {
        "name": goal.name,
        "description": goal.description,
        "type": goal.type,
        **{name: getattr(goal, name) for name in ALIGNED},
        **_kept_by_server(
            goal.uid,
            archived=goal.archived_at is not None,
            created_at=goal.created_at,
            updated_at=goal.updated_at,
        ),
    }

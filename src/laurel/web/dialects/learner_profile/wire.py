"""The shapes of the service: every body and query, field by field, with the defaults that it shows."""

from typing import Any, Final

from laurel.base import limits
from laurel.base.text import clean_email
from laurel.web.dialects.learner_profile.lenient_checks import (
    Check,
    Field,
    Shape,
    as_object,
    boolean,
    choice,
    decimal_number,
    empty_object,
    integer,
    items,
    objects,
    text,
    text_or_words,
)

SKIP_MAX = 2_000
PAGE_LIMIT_MAX = 100
PAGE_LIMIT_DEFAULT = 10
_ID_LENGTH_MAX = limits.IDENTIFIER_LENGTH_MAX

short_text: Check = text(length_max=limits.NAME_LENGTH_MAX)
long_text: Check = text(length_max=limits.DESCRIPTION_LENGTH_MAX)
any_list: Check = items(count_max=limits.PROFILE_LIST_MEMBERS_MAX)


def _changes(fields: dict[str, Field], *left_out: str) -> Shape:
    """The body of a PUT: the same fields, none needed and none with a default, `is_archived`, and nothing else."""
    kept = {name: Field(field.check) for name, field in fields.items() if name not in left_out}
    return Shape({**kept, "is_archived": Field(boolean)}, strict=True)


# -------------------------------------------------------------------------------------------------------- achievements
ACHIEVEMENT_TYPES: Final = ("course equate", "competency", "level")
ALIGNMENTS: Final = ("competency_alignments", "skill_alignments")
ASSOCIATIONS: Final = (
    "exact_match_of",
    "exemplar",
    "has_skill_level",
    "is_child_of",
    "is_parent_of",
    "is_part_of",
    "is_peer_of",
    "is_related_to",
    "precedes",
    "replaced_by",
)  # fmt: skip
DESIGN: Final = ("theme", "illustration", "shape")

_METADATA = Shape({"design_config": Field(Shape({name: Field(short_text, default="") for name in DESIGN}))})


def _lists(names: tuple[str, ...], default: Any) -> Shape:
    return Shape({name: Field(any_list, default=default) for name in names})


_ACHIEVEMENT = {
    "type": Field(choice(*ACHIEVEMENT_TYPES), required=True),
    "name": Field(text(length_min=1, length_max=limits.NAME_LENGTH_MAX), required=True),
    "description": Field(long_text),
    "alignments": Field(_lists(ALIGNMENTS, [])),
    "associations": Field(_lists(ASSOCIATIONS, [])),
    "credits_available": Field(decimal_number()),
    "field_of_study": Field(short_text),
    "metadata": Field(_METADATA),
    "image": Field(text(length_max=limits.URL_LENGTH_MAX)),
    "result_descriptions": Field(items(long_text, count_max=limits.RESULT_DESCRIPTIONS_MAX)),
    "tags": Field(items(text(length_max=limits.TAG_LENGTH_MAX), count_max=limits.TAGS_MAX)),
    "timestamp": Field(short_text),
}
NEW_ACHIEVEMENT = Shape(_ACHIEVEMENT)
ACHIEVEMENT_CHANGE = _changes(
    {
        **_ACHIEVEMENT,
        "alignments": Field(_lists(ALIGNMENTS, None)),
        "associations": Field(_lists(ASSOCIATIONS, None)),
    }
)

# ------------------------------------------------------------------------------------------------------------ profiles
EMPLOYMENT_STATUSES: Final = ("Full-time", "Part-time", "Seeking work", "Unemployed", "")
NODE_TYPES: Final = (
    "curriculum_pathways",
    "learning_experiences",
    "learning_objects",
    "learning_resources",
    "assessments",
)  # fmt: skip
CAREER_FIELDS_MAX = 3
_NODE_STATUSES = (
    "in_progress",
    "not_attempted",
    "completed",
    "evaluation_pending",
    "evaluated",
    "non_evaluated",
    "skipped",
)  # fmt: skip
_NODE = Shape(
    {
        "name": Field(short_text, required=True),
        "status": Field(choice(*_NODE_STATUSES), default="not_attempted"),
        "is_optional": Field(boolean, default=False),
        "is_hidden": Field(boolean, default=True),
        "parent_node": Field(short_text, default=None),
        "is_locked": Field(boolean, default=True),
        "progress": Field(decimal_number(), default=0.0),
        "last_attempted": Field(short_text, default=None),
        "num_attempts": Field(integer(), default=None),
        "child_count": Field(integer(), default=None),
        "completed_child_count": Field(integer(), default=None),
        "ungate": Field(boolean, default=False),
        "instruction_completed": Field(boolean, default=None),
    }
)
_CONSTRAINTS = Shape({"weekly_study_time": Field(integer(ge=0, le=30), default=0)})
_CONTACT = Shape({"email": Field(boolean, default=False), "phone": Field(boolean, default=False)})
_PROGRESS = Shape({name: Field(objects(_NODE), default={}) for name in NODE_TYPES})

PROFILE_DEFAULTS: Final[dict[str, Any]] = {
    "learning_goals": [],
    "learning_constraints": None,
    "learning_preferences": {},
    "patterns_of_participation": {},
    "employment_status": "",
    "potential_career_fields": [],
    "personal_goals": "",
    "employment_history": {},
    "education_history": {},
    "account_settings": {},
    "contact_preferences": {"email": False, "phone": False},
    "attestation_object": {},
    "enrollment_information": {},
    "progress": {name: {} for name in NODE_TYPES},
    "achievements": [],
    "tagged_skills": [],
    "tagged_competencies": [],
    "mastered_skills": [],
    "mastered_competencies": [],
}
_PROFILE_CHECKS: dict[str, Check] = {
    **dict.fromkeys(PROFILE_DEFAULTS, any_list),
    **dict.fromkeys(
        ("learning_preferences", "patterns_of_participation", "enrollment_information", "attestation_object"), as_object
    ),
    **dict.fromkeys(("employment_history", "education_history", "account_settings"), empty_object),
    "learning_constraints": _CONSTRAINTS,
    "employment_status": choice(*EMPLOYMENT_STATUSES),
    "potential_career_fields": items(count_max=CAREER_FIELDS_MAX),
    "personal_goals": text(length_max=limits.PERSONAL_GOALS_LENGTH_MAX),
    "contact_preferences": _CONTACT,
    "progress": _PROGRESS,
}
# In the order in which the service declares them, which is the order of its complaints.
_PROFILE_ORDER = (
    "learning_goals",
    "learning_constraints",
    "learning_preferences",
    "patterns_of_participation",
    "employment_status",
    "employment_history",
    "education_history",
    "potential_career_fields",
    "personal_goals",
    "account_settings",
    "contact_preferences",
    "enrollment_information",
    "attestation_object",
    "progress",
    "achievements",
    "tagged_skills",
    "tagged_competencies",
    "mastered_skills",
    "mastered_competencies",
)
_PROFILE = {name: Field(_PROFILE_CHECKS[name]) for name in _PROFILE_ORDER}
NEW_PROFILE = Shape(_PROFILE)
PROFILE_CHANGE = _changes(_PROFILE, "enrollment_information")
IMPORTED_PROFILE = Shape(
    {"learner_id": Field(text(length_min=1, length_max=_ID_LENGTH_MAX), required=True), **_PROFILE}
)

# ------------------------------------------------------------------------------------------------------------ learners
EMAIL_PATTERN: Final = r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}\b"
_LETTERS_AND_DIGITS = "^[a-zA-Z0-9]*$"
_MIDDLE_NAME = r"[a-zA-Z0-9`!#&*%_[\]{}\\;:'\,.\?\s-]*$"
_YES_NO_UNKNOWN = choice("Yes", "No", "Unknown")
_PHONE = Shape(
    {
        "phone_number_type": Field(choice("Home", "Work", "Mobile", "Fax", "Other"), default="Work"),
        "primary_phone_number_indicator": Field(choice("Yes", "No"), default="Yes"),
        "phone_number": Field(text(length_max=24), default=""),
        "phone_do_not_publish_indicator": Field(_YES_NO_UNKNOWN, default="Yes"),
        "phone_number_listed_status": Field(choice("Listed", "Unlisted", "Unknown"), default="Listed"),
    }
)


def _email() -> Check:
    return text(
        length_min=7,
        length_max=128,
        pattern=EMAIL_PATTERN,
        accept=lambda address: clean_email(address) is not None,
        shape=lambda address: address.strip().lower(),
    )


def _optional(length_max: int, pattern: str | None = None) -> Field:
    return Field(text(length_max=length_max, pattern=pattern), default="")


LEARNER_FIELDS: Final[dict[str, Field]] = {
    "first_name": Field(text_or_words("Invalid first format", length_min=1, length_max=60), required=True),
    "middle_name": _optional(60, _MIDDLE_NAME),
    "last_name": Field(text_or_words("Invalid last name format", length_min=1, length_max=60), required=True),
    "suffix": _optional(10, _LETTERS_AND_DIGITS),
    "prefix": _optional(30, _LETTERS_AND_DIGITS),
    "preferred_name": _optional(100, _LETTERS_AND_DIGITS),
    "preferred_first_name": _optional(100, _LETTERS_AND_DIGITS),
    "preferred_middle_name": _optional(100, _LETTERS_AND_DIGITS),
    "preferred_last_name": _optional(100, _LETTERS_AND_DIGITS),
    "preferred_name_type": Field(
        choice(
            "Alias",
            "NickName",
            "PreferredName",
            "PreviousLegalName",
            "PreferredFamilyName",
            "PreferredGivenName",
            "FullName",
        ),
        default="PreferredName",
    ),
    "preferred_pronoun": _optional(limits.NAME_LENGTH_MAX),
    "student_identifier": _optional(40),
    "student_identification_system": _optional(15),
    "personal_information_verification": _optional(limits.NAME_LENGTH_MAX),
    "personal_information_type": _optional(limits.NAME_LENGTH_MAX),
    "address_type": _optional(30),
    "street_number_and_name": _optional(100),
    "apartment_room_or_suite_number": _optional(100),
    "city": _optional(100),
    "state_abbreviation": _optional(2),
    "postal_code": _optional(17),
    "country_name": _optional(30),
    "country_code": _optional(2),
    "latitude": _optional(20),
    "longitude": _optional(20),
    "country_ansi_code": Field(integer(ge=10_000, le=99_999), default=10_000),
    "address_do_not_publish_indicator": Field(_YES_NO_UNKNOWN, default="Yes"),
    "phone_number": Field(
        Shape({"mobile": Field(_PHONE, default={}), "telephone": Field(_PHONE, default={})}),
        default={"mobile": {}, "telephone": {}},
    ),
    "email_address_type": Field(choice("Home", "Work", "Organizational", "Other"), default="Work"),
    "email_address": Field(_email(), required=True),
    "email_do_not_publish_indicator": Field(_YES_NO_UNKNOWN, default="Yes"),
    "backup_email_address": Field(
        text(length_max=limits.EMAIL_LENGTH_MAX, shape=lambda address: address.strip().lower()), default=""
    ),
    "birth_date": Field(short_text, default=None),
    "gender": Field(choice("Male", "Female", "NotSelected"), default="NotSelected"),
    "country_of_birth_code": Field(short_text, default=None),
    "ethnicity": Field(text(length_max=100), default=None),
    "organisation_email_id": Field(_email(), default="test@mail.com"),
    "employer_id": _optional(limits.NAME_LENGTH_MAX),
    "affiliation": _optional(limits.NAME_LENGTH_MAX),
    "employer": _optional(limits.NAME_LENGTH_MAX),
    "employer_email": Field(_email(), default="test@mail.com"),
}
NEW_LEARNER = Shape(LEARNER_FIELDS)
LEARNER_CHANGE = _changes(LEARNER_FIELDS, "middle_name", "suffix", "prefix")

# --------------------------------------------------------------------------------------------------------------- goals
ALIGNED: Final = ("aligned_skills", "aligned_workforces", "aligned_credentials", "aligned_learning_experiences")
_GOAL = {
    "name": Field(short_text, required=True),
    "description": Field(long_text),
    "type": Field(short_text),
    **{name: Field(any_list) for name in ALIGNED},
}
NEW_GOAL = Shape(_GOAL)
GOAL_CHANGE = _changes(_GOAL)

# ------------------------------------------------------------------------------------------------------------- queries
_SEARCH_TEXT = text(length_max=limits.NAME_LENGTH_MAX)
_PAGE = {
    "skip": Field(integer(ge=0, le=SKIP_MAX), default=0),
    "limit": Field(integer(ge=1, le=PAGE_LIMIT_MAX), default=PAGE_LIMIT_DEFAULT),
    "fetch_archive": Field(boolean, default=None),
    "after": Field(_SEARCH_TEXT, default=None),
}
ACHIEVEMENTS_QUERY = Shape(
    {
        **_PAGE,
        "name": Field(_SEARCH_TEXT, default=None),
        "achievement_type": Field(choice(*ACHIEVEMENT_TYPES), default=None),
        "tag": Field(_SEARCH_TEXT, default=None),
    }
)
ACHIEVEMENT_SEARCH = Shape({"type": Field(choice(*ACHIEVEMENT_TYPES), default=None)})
PROFILES_QUERY = Shape({**_PAGE, "learning_goal": Field(_SEARCH_TEXT, default=None)})
PROFILE_SEARCH = Shape({"learner_id": Field(long_text, default=None)})
LEARNERS_QUERY = Shape(
    {
        **_PAGE,
        "sort_by": Field(choice("first_name", "last_name", "created_time"), default="created_time"),
        "sort_order": Field(choice("ascending", "descending"), default="descending"),
    }
)
LEARNER_SEARCH = Shape(
    {"first_name": Field(_SEARCH_TEXT, default=None), "email_address": Field(_SEARCH_TEXT, default=None)}
)
GOALS_QUERY = Shape({**_PAGE, "goal_type": Field(_SEARCH_TEXT, default=None)})
GOAL_SEARCH = Shape({"name": Field(_SEARCH_TEXT, default=None)})
PATHWAY_ACHIEVEMENTS_QUERY = Shape({"program_pathway_id": Field(long_text, required=True)})
NODE_PROGRESS_QUERY = Shape(
    {"node_id": Field(long_text, required=True), "node_type": Field(choice(*NODE_TYPES), required=True)}
)

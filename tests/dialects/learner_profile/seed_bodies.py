"""The bodies of the service's own pages, word for word: achievements and learner profiles."""

import json
from typing import Any

ACHIEVEMENT_REQUEST = """
{
  "type": "course equate",
  "name": "ML Professional",
  "description": "",
  "alignments": {
    "competency_alignments": [],
    "skill_alignments": []
  },
  "associations": {
    "exact_match_of": [],
    "exemplar": [],
    "has_skill_level": [],
    "is_child_of": [],
    "is_parent_of": [],
    "is_part_of": [],
    "is_peer_of": [],
    "is_related_to": [],
    "precedes": [],
    "replaced_by": []
  },
  "tags": ["ML"],
  "credits_available": 0,
  "field_of_study": "",
"metadata": {"design_config" : {
                           "shape" : "",
                           "theme": "",
                           "illustration": ""
}},
  "image": "",
  "result_descriptions": [],
  "timestamp": ""
}
"""

ACHIEVEMENT_CREATED = """
{
  "success": true,
  "message": "Successfully created the achievement",
  "data": {
    "uuid": "U2DDBkl3Ayg0PWudzhI",
    "type": "course equate",
    "name": "ML Professional",
    "description": "",
    "alignments": {
      "competency_alignments": [],
      "skill_alignments": []
    },
    "associations": {
      "exact_match_of": [],
      "exemplar": [],
      "has_skill_level": [],
      "is_child_of": [],
      "is_parent_of": [],
      "is_part_of": [],
      "is_peer_of": [],
      "is_related_to": [],
      "precedes": [],
      "replaced_by": []
    },
    "tags": ["ML"],
    "credits_available": 0,
    "field_of_study": "",
"metadata": {"design_config" : {
                           "shape" : "",
                           "theme": "",
                           "illustration": ""
}},
    "image": "",
    "result_descriptions": [],
    "timestamp": "",
    "is_archived": false,
    "created_time": "2022-03-03 09:22:49.843674+00:00",
    "last_modified_time": "2022-03-03 09:22:49.843674+00:00"
  }
}
"""

ACHIEVEMENT_UPDATE = """
{
  "success": true,
  "message": "Successfully fetched the achievement",
  "data": {
    "type": "competency",
    "name": "ML Professional",
    "description": "Updated description",
    "alignments": {
      "competency_alignments": [],
      "skill_alignments": []
    },
    "associations": {
      "exact_match_of": [],
      "exemplar": [],
      "has_skill_level": [],
      "is_child_of": [],
      "is_parent_of": [],
      "is_part_of": [],
      "is_peer_of": [],
      "is_related_to": [],
      "precedes": [],
      "replaced_by": []
    },
    "tags": ["ML"],
    "credits_available": 0,
    "field_of_study": "",
"metadata": {"design_config" : {
                           "shape" : "",
                           "theme": "",
                           "illustration": ""
}},
    "image": "",
    "result_descriptions": [],
    "timestamp": "",
    "is_archived": false
  }
}
"""

PROFILE_REQUEST = """
{
    "learning_goals": ["Develop Communication Skills", "Teamwork"],
    "learning_constraints": {"weekly_study_time": 0},
    "learning_preferences": {},
    "patterns_of_participation": {},
    "employment_status": "Unemployed",
    "potential_career_fields":  [],
    "personal_goals": "",
    "employment_history": {},
    "education_history": {},
    "account_settings": {},
    "contact_preferences": {"email":false, "phone":false},
    "attestation_object": {},
    "enrollment_information": {},
    "progress": {
        "curriculum_pathways": {},
        "learning_experiences": {},
        "learning_objects": {},
        "learning_resources": {},
        "assessments": {}
    },
    "achievements": [],
    "tagged_skills": [],
    "tagged_competencies": [],
    "mastered_skills": [],
    "mastered_competencies": []
}
"""

PROFILE_CREATED = """
{
  "success": true,
  "message": "Successfully created the learner profile",
  "data": {
    "learning_goals": ["Develop Communication Skills", "Teamwork"],
    "learning_constraints": {"weekly_study_time": 0},
    "learning_preferences": {},
    "patterns_of_participation": {},
    "employment_status": "Unemployed",
    "potential_career_fields":  [],
    "personal_goals": "",
    "employment_history": {},
    "education_history": {},
    "account_settings": {},
    "contact_preferences": {"email":false, "phone":false},
    "attestation_object": {},
    "enrollment_information": {},
    "progress": {
        "curriculum_pathways": {},
        "learning_experiences": {},
        "learning_objects": {},
        "learning_resources": {},
        "assessments": {}
    },
    "achievements": [],
    "tagged_skills": [],
    "tagged_competencies": [],
    "mastered_skills": [],
    "mastered_competencies": [],
    "uuid": "ymGSJ69MGtgoiL9wudZd",
    "is_archived": false,
    "created_time": "2022-07-28 11:08:55.066059+00:00",
    "last_modified_time": "2022-07-28 11:08:55.085461+00:00"
  }
}
"""

PROFILE_UPDATE = """
{
  "learning_goals": ["Develop Communication Skills", "Teamwork"],
  "learning_constraints": {"weekly_study_time": 0},
  "learning_preferences": {},
  "patterns_of_participation": {},
  "employment_status": "Unemployed",
  "potential_career_fields":  [],
  "personal_goals": "",
  "employment_history": {},
  "education_history": {},
  "account_settings": {},
  "contact_preferences": {"email":false, "phone":false},
  "attestation_object": {},
  "is_archived": false,
  "progress": {
      "curriculum_pathways": {},
      "learning_experiences": {},
      "learning_objects": {},
      "learning_resources": {},
      "assessments": {}
  },
  "achievements": [],
  "tagged_skills": [],
  "tagged_competencies": [],
  "mastered_skills": [],
  "mastered_competencies": []
}
"""

MADE_BY_SERVER = ("uuid", "created_time", "last_modified_time")


def without_made_up(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without what differs from server to server."""
    kept = {name: value for name, value in answer["data"].items() if name not in MADE_BY_SERVER}
    return {**answer, "data": kept}


def parsed(text: str) -> dict[str, Any]:
    """A body as JSON."""
    value: dict[str, Any] = json.loads(text)
    return value

"""The words that the standards fix: contexts, schemas, and types by name. Source: Open Badges 3.0 and CLR 2.0 data models."""

from typing import Final

from laurel.openbadges.jsonld import CLR_V2, CREDENTIALS_V2, OPEN_BADGES_EXTENSIONS, OPEN_BADGES_V3

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

"""Values with defaults, and a key, for the tests of the Open Badges library."""

from datetime import UTC, date, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from laurel.openbadges import documents, proofs
from laurel.openbadges.did import method_id

NOW = datetime(2026, 3, 14, 10, 21, 45, tzinfo=UTC)
ISSUER = "did:web:badges.example.org:i:north"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
METHOD = method_id(ISSUER, KEY.public_key())


def a_profile(**members):
    return documents.Profile(**{"id": ISSUER, "name": "North College", "url": "https://north.example"} | members)


def an_achievement(**members):
    values = {
        "id": "https://badges.example.org/a/66f2",
        "name": "Welding, level 2",
        "description": "Joins steel plates in three positions.",
        "criteria_narrative": "Ten approved test pieces.",
    }
    return documents.Achievement(**values | members)


def a_full_achievement(**members):
    here = "https://badges.example.org/a/66f2"
    alignment = documents.Alignment(
        target_name="Weld",
        target_url="https://skills.example/weld",
        target_code="W-2",
        target_description="Joins metal",
        target_framework="Skills",
        target_type="ceasn:Competency",
    )
    level = documents.RubricLevel(
        id=f"{here}#good", name="Good", level="2", points="8", description="Even seams", alignments=(alignment,)
    )
    grade = documents.ResultDescription(
        id=f"{here}#grade",
        name="Grade",
        result_type="LetterGrade",
        allowed_values=("A", "B", "C"),
        required_value="B",
        value_min="C",
        value_max="A",
        alignments=(alignment,),
    )
    rubric = documents.ResultDescription(
        id=f"{here}#rubric",
        name="Seam",
        result_type="RubricCriterionLevel",
        levels=(level,),
        required_level=f"{here}#good",
    )
    values = {
        "criteria_url": f"{here}/criteria",
        "achievement_type": "Certificate",
        "alignments": (alignment,),
        "creator": a_profile(),
        "credits_available": 2.5,
        "field_of_study": "Metal",
        "human_code": "W2",
        "image": documents.Image(id=f"{here}/image.png", caption="A seam"),
        "in_language": "en-GB",
        "other_identifiers": (documents.Identifier(identifier="W-2", type="systemId"),),
        "related": (documents.Related(id=f"{here}/de", in_language="de", version="1"),),
        "result_descriptions": (grade, rubric),
        "specialization": "TIG",
        "tags": ("steel", "welding"),
        "version": "3",
    }
    return an_achievement(**values | members)


def a_badge(**members):
    values = {
        "id": "https://badges.example.org/c/67aa",
        "issuer": a_profile(),
        "subject": documents.Subject(id="did:example:ebfeb1f712ebc6f1c276e12ec21"),
        "achievement": an_achievement(),
        "valid_from": NOW,
    }
    return documents.Badge(**values | members)


def a_full_badge(**members):
    here = "https://badges.example.org/a/66f2"
    subject = documents.Subject(
        id="did:example:ebfeb1f712ebc6f1c276e12ec21",
        identities=(documents.Identity(identifier="ada@example.org", salt="pepper"),),
        activity_start=date(2026, 1, 1),
        activity_end=date(2026, 3, 1),
        credits_earned=3.0,
        image=documents.Image(id="https://badges.example.org/c/67aa.png"),
        license_number="L-77",
        narrative="Passed *with distinction*.",
        results=(
            documents.Result(result_description=f"{here}#grade", value="A", status="Completed"),
            documents.Result(result_description=f"{here}#rubric", achieved_level=f"{here}#good"),
        ),
        role="student",
        source=a_profile(id="https://partner.example/", name="Partner"),
        term="2026-1",
    )
    evidence = documents.Evidence(
        id="https://north.example/pieces/1",
        name="Piece 1",
        narrative="The first",
        description="A plate",
        genre="photo",
        audience="public",
    )
    values = {
        "subject": subject,
        "achievement": a_full_achievement(),
        "valid_until": datetime(2029, 3, 14, tzinfo=UTC),
        "awarded": NOW,
        "name": "Welding, level 2",
        "description": "For Ada",
        "image": documents.Image(id="https://badges.example.org/c/67aa.png"),
        "evidence": (evidence,),
        "refresh_url": "https://badges.example.org/c/67aa/refresh",
    }
    return a_badge(**values | members)


def sign(document, key=KEY, **settings):
    """The document with an eddsa-rdfc-2022 proof of the test key."""
    method = settings.pop("verification_method", method_id(ISSUER, key.public_key()))
    created = settings.pop("created", "2026-03-14T10:21:45Z")
    return proofs.add_proof(document, sign=key.sign, verification_method=method, created=created, **settings)


def a_signed_badge(**members):
    return sign(documents.badge_document(a_badge(**members)))

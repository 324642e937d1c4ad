import json
from datetime import UTC, datetime, timedelta

import jsonschema
import msgspec
import pytest

from laurel.base import limits
from laurel.openbadges import documents, open_badges_2, proofs, status_list
from laurel.openbadges.canonical import canonicalise
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.rdfc import Order
from tests.openbadges import builders, reference

SCHEMAS = {
    "badge": ["schema-strict/achievementcredential.json", "schema-published/ob_v3p0/ob_v3p0_achievementcredential_schema.json"],
    "endorsement": ["schema-strict/endorsementcredential.json", "schema-published/ob_v3p0/ob_v3p0_endorsementcredential_schema.json"],
    "profile": ["schema-strict/profile.json", "schema-published/ob_v3p0/ob_v3p0_profile_schema.json"],
    "record": ["schema-published/clr_v2p0/clr_v2p0_clrcredential_schema.json"],
}  # fmt: skip


def check_schemas(document, kind):
    plain = json.loads(msgspec.json.encode(document))
    for name in SCHEMAS[kind]:
        schema = reference.read_json(name)
        validator = jsonschema.validators.validator_for(schema)(schema)
        assert [f"{list(e.path)}: {e.message[:200]}" for e in validator.iter_errors(plain)] == [], name


def an_endorsement(**members):
    values = {
        "id": "urn:uuid:5e1b6f0e-0000-4000-8000-000000000001",
        "issuer": builders.a_profile(),
        "subject_id": "https://badges.example.org/a/66f2",
        "comment": "Well made.",
        "name": "Endorsement",
        "valid_from": builders.NOW,
    }
    return documents.Endorsement(**values | members)


def a_record(**members):
    values = {
        "id": "urn:uuid:5e1b6f0e-0000-4000-8000-000000000002",
        "name": "Everything Ada earned",
        "issuer": builders.a_profile(),
        "subject_id": "did:example:ada",
        "credentials": (builders.a_signed_badge(),),
        "valid_from": builders.NOW,
    }
    return documents.Record(**values | members)


@pytest.mark.parametrize("badge", [builders.a_badge(), builders.a_full_badge()], ids=["least", "full"])
def test_badges_fit_both_official_schemas(badge):
    check_schemas(builders.sign(documents.badge_document(badge)), "badge")


def test_a_badge_with_status_and_endorsements_fits_both_official_schemas():
    endorsement = builders.sign(documents.endorsement_document(an_endorsement()))
    badge = builders.a_full_badge(
        status=status_list.status_entry("https://badges.example.org/s/1", 94567),
        endorsements=(endorsement,),
        achievement=builders.a_full_achievement(endorsements=(endorsement,)),
    )
    check_schemas(builders.sign(documents.badge_document(badge)), "badge")


def test_endorsements_fit_both_official_schemas():
    check_schemas(builders.sign(documents.endorsement_document(an_endorsement())), "endorsement")


def test_profiles_fit_both_official_schemas():
    profile = builders.a_profile(
        email="badges@north.example",
        phone="+49 1",
        description="A college",
        image=documents.Image(id="https://north.example/logo.png"),
        other_identifiers=(documents.Identifier(identifier="4711", type="identifier"),),
        official="The rector",
        parent=builders.a_profile(id="https://county.example/"),
    )
    check_schemas(documents.profile_object(profile), "profile")


def test_records_fit_the_official_schema():
    record = a_record(
        achievements=(builders.a_full_achievement(),),
        associations=(documents.Association(type="isPartOf", source_id="urn:a:1", target_id="urn:a:2"),),
        partial=True,
    )
    check_schemas(builders.sign(documents.record_document(record)), "record")


@pytest.mark.parametrize(
    "document",
    [documents.achievement_document(builders.a_full_achievement()), documents.profile_document(builders.a_profile())],
)
def test_published_achievements_and_profiles_are_linked_data(document):
    assert canonicalise(document, order=Order.PORTABLE)


def test_identities_are_hashed_with_their_salt():
    subject = documents.Subject(identities=(documents.Identity(identifier="a@example.org", salt="s"),))
    entry = documents.badge_document(builders.a_badge(subject=subject))["credentialSubject"]["identifier"][0]
    assert entry["identityHash"] == "sha256$6e8e998d99f572567b8b1e94e4ccc43efe04649e43b2e69265f7695f82763eb4"
    assert "a@example.org" not in json.dumps(entry)


def test_instants_are_whole_seconds_in_utc():
    late = builders.NOW.replace(microsecond=999999).astimezone(UTC)
    assert documents.badge_document(builders.a_badge(valid_from=late))["validFrom"] == "2026-03-14T10:21:45Z"


HOSTILE = [
    "\x00\x01\x08\x0bA\x7f",
    "emoji \U0001f600 beside \ue000 and \uff21",
    "\u202eright to left\u202c \u200f",
    "quotes \" and \\ and ' and <b> and ]]> and &amp;",
    "line\nbreak and tab\t",
    "x" * 10_000,
    "e\u0301 decomposed \ud7ff \ufffd",
    "\U0010ffff\ufdd0",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_signs_to_something_that_verifies(text):
    achievement = builders.an_achievement(description=text, criteria_narrative=text, tags=(text[:100], "b"))
    document = documents.badge_document(builders.a_badge(achievement=achievement, name=text[:100]))
    signed = json.loads(msgspec.json.encode(builders.sign(document)))
    proofs.check_proof(signed, signed["proof"][0], builders.KEY.public_key())


BAD = [
    (lambda: builders.a_badge(achievement=builders.an_achievement(name=" \x00 ")), "achievement.name"),
    (lambda: builders.a_badge(achievement=builders.an_achievement(name="x" * 600)), "achievement.name"),
    (lambda: builders.a_badge(achievement=builders.an_achievement(criteria_narrative=None)), "achievement.criteria_narrative"),
    (lambda: builders.a_badge(achievement=builders.an_achievement(achievement_type="Trophy")), "achievement.achievement_type"),
    (lambda: builders.a_badge(achievement=builders.an_achievement(in_language="de DE")), "achievement.in_language"),
    (lambda: builders.a_badge(achievement=builders.an_achievement(credits_available=-1)), "achievement.credits_available"),
    (lambda: builders.a_badge(achievement=builders.an_achievement(id="66f2")), "achievement.id"),
    (lambda: builders.a_badge(image=documents.Image(id="data:image/png;base64,AAAA")), "image.id"),
    (lambda: builders.a_badge(id="https://example.org/" + "x" * 3000), "id"),
    (lambda: builders.a_badge(subject=documents.Subject()), "subject"),
    (lambda: builders.a_badge(valid_until=builders.NOW), "valid_until"),
    (lambda: builders.a_badge(valid_from=datetime(2026, 1, 1)), "valid_from"),  # noqa: DTZ001 - the missing zone is the point
    (
        lambda: builders.a_badge(
            subject=documents.Subject(id="urn:x:1", results=(documents.Result(result_description="urn:x:2"),))
        ),
        "subject.results[0].result_description",
    ),
    (
        lambda: builders.a_badge(
            subject=documents.Subject(id="urn:x:1", results=(documents.Result(status="Done"),))
        ),
        "subject.results[0].status",
    ),
    (lambda: builders.a_badge(endorsements=({"name": "unsigned"},)), "endorsements[0]"),
    (
        lambda: builders.a_badge(
            achievement=builders.an_achievement(
                alignments=(documents.Alignment(target_name="a", target_url="x"),) * 2
            )
        ),
        "achievement.alignments[0].target_url",
    ),
    (
        lambda: builders.a_badge(
            achievement=builders.an_achievement(
                alignments=(documents.Alignment(target_name="a", target_url="urn:x:1"),) * (limits.ALIGNMENTS_MAX + 1)
            )
        ),
        "achievement.alignments",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("badge", "field"), BAD, ids=[field for _, field in BAD])
def test_values_that_make_no_valid_badge_are_refused_with_their_place(badge, field):
    with pytest.raises(DocumentRefused) as refusal:
        documents.badge_document(badge())
    assert refusal.value.field == field


def test_a_record_needs_credentials():
    with pytest.raises(DocumentRefused):
        documents.record_document(a_record(credentials=()))
    with pytest.raises(DocumentRefused):
        documents.record_document(a_record(subject_id=None))


def test_open_badges_2_assertions_hide_the_address():
    document = open_badges_2.hosted_assertion(
        id="https://badges.example.org/ob2/1",
        badge="https://badges.example.org/ob2/b/1",
        email="ada@example.org",
        salt="s",
        issued=builders.NOW,
        expires=builders.NOW + timedelta(days=1),
        evidence=("https://north.example/1",),
    )
    assert document["recipient"]["identity"] == documents.identity_hash("ada@example.org", "s")
    assert "ada" not in json.dumps(document)
    assert canonicalise(document)


def test_open_badges_2_classes_and_profiles_are_linked_data():
    badge = open_badges_2.badge_class(
        builders.a_full_achievement(),
        id="https://badges.example.org/ob2/b/1",
        issuer_id="https://badges.example.org/ob2/i/1",
        image="https://badges.example.org/b.png",
    )
    profile = open_badges_2.profile_2(
        builders.a_profile(id="https://badges.example.org/ob2/i/1", email="a@north.example")
    )
    assert canonicalise(badge)
    assert canonicalise(profile)
    with pytest.raises(DocumentRefused, match="email"):
        open_badges_2.profile_2(builders.a_profile())


def test_an_open_badges_2_revocation_list_never_has_one_entry():
    document = open_badges_2.revocation_list_2(id="urn:x:1", issuer_id="urn:x:2", revoked=[("urn:x:3", "mistake")])
    assert len(document["revokedAssertions"]) == 2


def test_a_revoked_open_badges_2_assertion_says_nothing_else():
    assert set(open_badges_2.revoked_assertion(id="urn:x:1", reason="mistake")) == {
        "@context", "type", "id", "revoked", "revocationReason",
    }  # fmt: skip

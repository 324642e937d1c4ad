import copy
import json

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pyld import jsonld as pyld

from laurel.base import limits
from laurel.openbadges import documents
from laurel.openbadges.canonical import canonicalise
from laurel.openbadges.faults import ContextUnknown, DocumentRefused, WorkLimitReached
from laurel.openbadges.jsonld import BUNDLED_FILES, CREDENTIALS_V2, bundled_document
from laurel.openbadges.rdfc import Order
from tests.openbadges import builders, reference
from tests.openbadges.odd_documents import READ, REFUSED

V = "vectors"


def without_proof(document):
    return {name: value for name, value in document.items() if name != "proof"}


@pytest.mark.parametrize("folder", ["obv3p0", "clrv2p0"])
def test_the_guides_documents_canonicalise_to_the_byte(folder):
    document = without_proof(reference.read_json(f"{V}/{folder}/signed.json"))
    assert canonicalise(document) == reference.read_text(f"{V}/{folder}/document-canon.txt")


@pytest.mark.parametrize(
    ("document", "canonical"),
    [
        ("eddsa-rdfc-2022/signedDataInt.json", "eddsa-rdfc-2022/canonDocDataInt.txt"),
        ("Ed25519Signature2020/signedEdSig.json", "Ed25519Signature2020/canonDocEdSig.txt"),
    ],
)
def test_the_w3c_documents_canonicalise_to_the_byte(document, canonical):
    source = without_proof(reference.read_json(f"{V}/w3c-vc-di-eddsa/{document}"))
    expected = reference.read_text(f"{V}/w3c-vc-di-eddsa/{canonical}")
    assert canonicalise(source, loader=reference.loader()) == expected


def with_pyld(document):
    def load(url, _options):
        return {"contextUrl": None, "documentUrl": url, "document": bundled_document(url)}

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    return pyld.normalize(document, options)


def test_a_badge_with_everything_canonicalises_as_pyld_does():
    document = documents.badge_document(builders.a_full_badge())
    assert canonicalise(document, order=Order.PORTABLE) == with_pyld(document)


def test_a_record_of_signed_badges_canonicalises_as_pyld_does():
    record = documents.Record(
        id="urn:uuid:91537dba-56cb-11ec-bf63-0242ac130002",
        name="Record",
        issuer=builders.a_profile(),
        subject_id="did:example:ada",
        credentials=(builders.a_signed_badge(), builders.sign(documents.badge_document(builders.a_full_badge()))),
        achievements=(builders.an_achievement(),),
        associations=(documents.Association(type="isPartOf", source_id="urn:example:1", target_id="urn:example:2"),),
        valid_from=builders.NOW,
        partial=True,
    )
    document = documents.record_document(record)
    assert canonicalise(document) == with_pyld(document)


# Control characters are left out: PyLD does not escape them as RDFC-1.0 demands (our own escapes: the W3C suite).
TEXT = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", exclude_categories=["Cs"]), max_size=20)
URLS = st.integers(0, 5).map(lambda n: f"https://example.org/x/{n}")
DAYS = st.sampled_from(["2026-01-01T00:00:00Z", "2026-06-01T12:00:00+02:00"])
IMAGES = st.one_of(URLS, st.builds(lambda u, c: {"id": u, "type": "Image", "caption": c}, URLS, TEXT))


def objects(required, optional):
    return st.fixed_dictionaries(required, optional=optional)


def types(name):
    return st.sampled_from([name, [name]])


ALIGNMENTS = objects(
    {"type": types("Alignment"), "targetName": TEXT, "targetUrl": URLS},
    {"targetCode": TEXT, "targetDescription": TEXT, "targetFramework": TEXT, "id": URLS},
)
IDENTITIES = objects(
    {"type": st.just("IdentityObject"), "hashed": st.booleans(), "identityHash": TEXT, "identityType": TEXT},
    {"salt": TEXT},
)
PROFILES = objects(
    {"id": URLS, "type": types("Profile")},
    {
        "name": TEXT,
        "url": URLS,
        "email": TEXT,
        "image": IMAGES,
        "address": objects(
            {"type": types("Address")},
            {"streetAddress": TEXT, "geo": st.just({"type": "GeoCoordinates", "latitude": 1.25, "longitude": -7})},
        ),
        "otherIdentifier": st.lists(
            st.builds(lambda i: {"type": "IdentifierEntry", "identifier": i, "identifierType": "name"}, TEXT),
            max_size=3,
        ),
    },
)
RESULT_DESCRIPTIONS = objects(
    {"type": types("ResultDescription"), "name": TEXT, "resultType": TEXT},
    {"id": URLS, "allowedValue": st.lists(TEXT, max_size=4), "valueMin": TEXT, "requiredLevel": URLS},
)
ACHIEVEMENTS = objects(
    {
        "type": types("Achievement"),
        "name": TEXT,
        "description": TEXT,
        "criteria": objects({}, {"id": URLS, "narrative": TEXT}),
    },
    {
        "id": URLS,
        "alignment": st.lists(ALIGNMENTS, max_size=4),
        "creator": PROFILES,
        "image": IMAGES,
        "tag": st.lists(TEXT, max_size=4),
        "resultDescription": st.lists(RESULT_DESCRIPTIONS, max_size=3),
        "creditsAvailable": st.one_of(st.integers(-5, 5), st.floats(0.001, 1e6), st.just(1e21)),
        "inLanguage": st.just("de"),
    },
)
SUBJECTS = objects(
    {"type": types("AchievementSubject"), "achievement": ACHIEVEMENTS},
    {
        "id": URLS,
        "identifier": st.lists(IDENTITIES, max_size=4),
        "narrative": TEXT,
        "result": st.lists(objects({"type": types("Result")}, {"value": TEXT, "achievedLevel": URLS}), max_size=4),
        "source": PROFILES,
    },
)
CREDENTIALS = objects(
    {
        "@context": st.just(list(documents.CONTEXTS)),
        "type": st.just(["VerifiableCredential", "OpenBadgeCredential"]),
        "issuer": st.one_of(URLS, PROFILES),
        "validFrom": DAYS,
        "credentialSubject": SUBJECTS,
    },
    {
        "id": URLS,
        "name": TEXT,
        "awardedDate": DAYS,
        "evidence": st.lists(objects({"type": types("Evidence")}, {"id": URLS, "genre": TEXT}), max_size=4),
        "credentialSchema": st.just([{"id": documents.ACHIEVEMENT_SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}]),
        "proof": st.lists(
            st.builds(
                lambda value: {
                    "type": "DataIntegrityProof",
                    "proofPurpose": "assertionMethod",
                    "proofValue": value,
                    "created": "2026-01-01T00:00:00Z",
                },
                TEXT,
            ),
            max_size=3,
        ),
    },
)


@settings(max_examples=60, deadline=None)
@given(CREDENTIALS)
def test_any_credential_that_we_would_sign_canonicalises_as_pyld_does(document):
    try:
        text = canonicalise(copy.deepcopy(document), order=Order.PORTABLE)
    except DocumentRefused:
        reject()
    assert text == with_pyld(document)


@settings(max_examples=50, deadline=None)
@given(CREDENTIALS, st.randoms(use_true_random=False))
def test_the_order_of_members_and_sets_does_not_matter(document, random):
    def shuffled(value, *, ordered=False):
        if isinstance(value, dict):
            members = [(k, shuffled(v, ordered=k in {"@context", "allowedValue"})) for k, v in value.items()]
            random.shuffle(members)
            return dict(members)
        if isinstance(value, list) and not ordered:
            value = [shuffled(member) for member in value]
            random.shuffle(value)
        return value

    assert canonicalise(shuffled(document)) == canonicalise(document)


def test_numbers_are_written_as_json_ld_says():
    achievement = {"type": "Achievement", "creditsAvailable": [3.0, 2.5, 1e21, 1.5e-7, -0.0]}
    text = canonicalise({"@context": list(documents.CONTEXTS), **achievement})
    for value in ('"3"', '"2.5E0"', '"1.0E21"', '"1.5E-7"', '"0"'):
        assert f"creditsAvailable> {value}^^<https://www.w3.org/2001/XMLSchema#float>" in text


BAD_MEMBERS = [
    ({"nickname": "Ada"}, "/nickname"),
    ({"credentialSubject": {"type": "AchievementSubject", "colour": 1}}, "/credentialSubject/colour"),
    ({"credentialSubject": {"type": "NoSuchType"}}, "/credentialSubject/type"),
    ({"credentialStatus": {"type": "1EdTechRevocationLists"}}, "/credentialStatus/type"),
    ({"id": "relative/path"}, "/id"),
    ({"id": "https://example.org/with space"}, "/id"),
    ({"id": 5}, "/id"),
    ({"issuer": "#me"}, "/issuer"),
    ({"type": "Thing"}, "/type"),
    ({"type": {"a": 1}}, "/type"),
    ({"evidence": [{"type": "Evidence"}, {"id": "x"}]}, "/evidence/1/id"),
    ({"evidence": [["a"]]}, "/evidence/0"),
    ({"name": float("nan")}, "/name"),
    ({"name": 2**60}, "/name"),
    ({"name": "\ud800"}, "/name"),
    ({"name": {"@value": "a", "@type": "https://e.example/t", "@language": "en"}}, "/name"),
    ({"name": {"@value": "a", "@direction": "rtl"}}, "/name"),
    ({"name": {"@value": "a", "@language": "no tag"}}, "/name"),
    ({"@graph": []}, "/@graph"),
    ({"@reverse": {}}, "/@reverse"),
    ({"a/b~c": 1}, "/a~1b~0c"),
]


@pytest.mark.parametrize(("members", "place"), BAD_MEMBERS, ids=[place for _, place in BAD_MEMBERS])
def test_what_verifiers_would_drop_or_invent_is_refused_with_its_place(members, place):
    document = documents.badge_document(builders.a_badge()) | members
    with pytest.raises(DocumentRefused) as refusal:
        canonicalise(document)
    assert refusal.value.field == place


def test_a_tiny_number_is_refused_only_when_issuing():
    document = {"@context": list(documents.CONTEXTS), "type": "Achievement", "creditsAvailable": 1e-7}
    assert "1.0E-7" in canonicalise(document)
    with pytest.raises(DocumentRefused, match="close to zero"):
        canonicalise(document, order=Order.PORTABLE)


def test_text_may_have_a_language():
    text = canonicalise({"@context": CREDENTIALS_V2, "id": "urn:x:1", "name": {"@value": "Ja", "@language": "DE"}})
    assert text == '<urn:x:1> <https://schema.org/name> "Ja"@de .\n'


def test_every_control_character_is_escaped():
    text = canonicalise({"@context": CREDENTIALS_V2, "id": "urn:x:1", "name": '\b\t\n\f\r"\\\x01\x7f'})
    assert text == '<urn:x:1> <https://schema.org/name> "\\b\\t\\n\\f\\r\\"\\\\\\u0001\\u007F" .\n'


def test_an_unknown_context_is_refused():
    with pytest.raises(ContextUnknown):
        canonicalise({"@context": ["https://evil.example/"], "id": "urn:x:1"})


def test_no_context_is_refused():
    with pytest.raises(DocumentRefused):
        canonicalise({"id": "urn:x:1"})


def test_deep_nesting_is_refused():
    inner = {"type": "Profile", "id": "urn:x:0"}
    for number in range(1, 100):
        inner = {"type": "Profile", "id": f"urn:x:{number}", "parentOrg": inner}
    document = documents.badge_document(builders.a_badge()) | {"issuer": inner}
    with pytest.raises(DocumentRefused, match="deeper"):
        canonicalise(document)


def test_many_statements_are_refused():
    evidence = [{"type": "Evidence", "id": f"urn:x:{number}"} for number in range(limits.CANONICAL_WORK_MAX // 4)]
    document = documents.badge_document(builders.a_badge()) | {"evidence": evidence}
    with pytest.raises(WorkLimitReached):
        canonicalise(document)


def test_blank_nodes_made_to_be_slow_are_refused():
    clique = [
        {"id": f"_:n{i}", "type": "Evidence", "image": [f"_:n{j}" for j in range(12) if j != i]} for i in range(12)
    ]
    context = [*documents.CONTEXTS, {"image": {"@id": "https://e.example/i", "@type": "@id"}}]
    with pytest.raises((WorkLimitReached, DocumentRefused)):
        canonicalise(documents.badge_document(builders.a_badge()) | {"@context": context, "evidence": clique})
    document = {"@context": {"knows": {"@id": "https://e.example/knows", "@type": "@id"}, "id": "@id"}}
    nodes = [{"id": f"_:n{i}", "knows": [f"_:n{j}" for j in range(12) if j != i]} for i in range(12)]
    with pytest.raises(WorkLimitReached):
        canonicalise(document | {"id": "urn:x:1", "knows": nodes})


def test_identical_blank_nodes_are_told_apart_by_the_full_algorithm():
    identity = {"type": "IdentityObject", "hashed": True, "identityHash": "sha256$a", "identityType": "emailAddress"}
    document = documents.badge_document(builders.a_badge())
    document["credentialSubject"]["identifier"] = [identity, dict(identity), dict(identity)]
    assert canonicalise(document) == with_pyld(document)


@pytest.mark.parametrize("name", REFUSED)
def test_what_processors_read_differently_is_refused_when_issuing_and_read_when_verifying(name):
    document, reason = REFUSED[name]
    with pytest.raises(DocumentRefused, match=reason):
        canonicalise(document, order=Order.PORTABLE)
    assert canonicalise(document).count("\n") == len(set(canonicalise(document).splitlines()))


@pytest.mark.parametrize("name", READ)
def test_odd_values_are_read_as_the_specifications_say(name):
    document, text = READ[name]
    assert canonicalise(document, order=Order.PORTABLE) == text


def test_noncharacters_are_refused_when_issuing():
    document = documents.badge_document(builders.a_badge()) | {"name": "a\uffff"}
    assert "a\uffff" in canonicalise(document)
    with pytest.raises(DocumentRefused, match="U\\+FFFF"):
        canonicalise(document, order=Order.PORTABLE)


def test_result_descriptions_of_equal_grades_can_be_issued():
    here = "https://badges.example.org/a/66f2"
    grades = [
        documents.ResultDescription(
            id=f"{here}#{n}", name=f"Part {n}", result_type="LetterGrade", allowed_values=("A", "B", "C")
        )
        for n in range(3)
    ]
    document = documents.badge_document(
        builders.a_badge(achievement=builders.an_achievement(result_descriptions=grades))
    )
    assert canonicalise(document, order=Order.PORTABLE) == with_pyld(document)


def test_every_bundled_url_can_open_a_document():
    for url in BUNDLED_FILES:
        assert canonicalise({"@context": url, "@id": "urn:x:1"}) == ""


def test_json_literals_are_canonical_json():
    context = {"data": {"@id": "https://e.example/d", "@type": "@json"}}
    text = canonicalise({"@context": context, "@id": "urn:x:1", "data": {"b": 1.0, "a": [None, True, "é"]}})
    assert json.loads(json.loads('"' + text.split('"', 1)[1].rsplit('"', 1)[0] + '"')) == {
        "a": [None, True, "é"],
        "b": 1,
    }

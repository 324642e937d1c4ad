import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.openbadges import documents, proofs
from laurel.openbadges.canonical import canonicalise
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.template import Template
from tests.openbadges import builders

SLOTS = {
    "id": ("id",),
    "subject": ("credentialSubject", "id"),
    "name": ("name",),
    "hash": ("credentialSubject", "identifier", 0, "identityHash"),
    "salt": ("credentialSubject", "identifier", 0, "salt"),
}
WITH_ID = documents.badge_document(builders.a_full_badge())
ANONYMOUS = documents.badge_document(
    builders.a_full_badge(
        subject=documents.Subject(identities=(documents.Identity(identifier="ada@example.org", salt="pepper"),))
    )
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
URLS = st.integers(0, 3).map(lambda n: f"https://badges.example.org/a/{n}")


def a_template(document):
    return Template(document, {name: path for name, path in SLOTS.items() if name != "subject" or document is WITH_ID})


TEMPLATES = [a_template(WITH_ID), a_template(ANONYMOUS)]


@settings(max_examples=150)
@given(st.sampled_from(TEMPLATES), URLS, st.one_of(URLS, st.just(builders.ISSUER)), TEXT, TEXT, TEXT)
def test_a_filled_template_is_what_the_general_path_gives(template, url, subject, name, digest, salt):
    values = {"id": url, "subject": subject, "name": name, "hash": digest, "salt": salt}
    document = template.document(values)
    assert template.canonical(values) == canonicalise(document)


def test_filling_a_template_leaves_the_example_alone():
    TEMPLATES[0].document({"id": "urn:x:1", "subject": "urn:x:2", "name": "n", "hash": "h", "salt": "s"})
    assert WITH_ID["id"] == "https://badges.example.org/c/67aa"
    assert WITH_ID["credentialSubject"]["identifier"][0]["salt"] == "pepper"


def test_a_proof_made_with_a_template_holds():
    values = {"id": "urn:x:1", "subject": "did:example:1", "name": "%s %(a)d {0}", "hash": "h", "salt": "s"}
    signed = builders.sign(TEMPLATES[0].document(values), canonical=TEMPLATES[0].canonical(values))
    proofs.check_proof(signed, signed["proof"][0], builders.KEY.public_key())


@pytest.mark.parametrize(
    ("slot", "value"), [("id", "relative"), ("id", "https://a b"), ("id", "_:b1"), ("name", "\ud800")]
)
def test_values_that_cannot_be_signed_are_refused(slot, value):
    values = {"id": "urn:x:1", "subject": "did:example:1", "name": "n", "hash": "h", "salt": "s"} | {slot: value}
    with pytest.raises(DocumentRefused):
        TEMPLATES[0].canonical(values)


@pytest.mark.parametrize("path", [("type", 0), ("nothing",), ("credentialSubject",), ("@context", 0), ("name", "x")])
def test_slots_must_be_text_members(path):
    with pytest.raises(DocumentRefused):
        Template(WITH_ID, {"slot": path})


@pytest.mark.parametrize("slots", [{"id": ("id",)}, {"name": ("name",)}])
def test_blank_nodes_that_look_alike_take_the_general_path(slots):
    identity = documents.Identity(identifier="a@example.org", salt="s")
    subject = documents.Subject(identities=(identity, identity))
    template = Template(documents.badge_document(builders.a_badge(subject=subject, name="n")), slots)
    values = {"id": "urn:x:1", "name": "m"}
    assert template.canonical(values) == canonicalise(template.document(values))

import hashlib
import json
import re
from importlib.resources import files

import pytest

from laurel.openbadges.faults import ContextUnknown, DocumentRefused
from laurel.openbadges.jsonld import BUNDLED, BUNDLED_FILES, OPEN_BADGES_V3, ContextLoader, bundled_document
from tests.openbadges import reference

FOLDER = files("laurel.openbadges") / "contexts"


def test_every_context_file_is_the_one_that_its_provenance_names():
    page = (FOLDER / "PROVENANCE.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([\w.-]+\.json) \|.*`([0-9a-f]{64})` \|$", page, re.MULTILINE))
    assert rows.keys() == set(BUNDLED_FILES.values())
    for name, digest in rows.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("url", sorted(set(BUNDLED_FILES) - {OPEN_BADGES_V3}))
def test_bundled_contexts_say_what_the_reference_copies_say(url):
    known = reference.read_json("contexts/index.json")
    if url not in known:
        assert url == "https://w3id.org/vc/status-list/2021/v1"
        return
    name = known[url]["file"]
    assert bundled_document(url) == reference.read_json(f"contexts/{name}")


def test_the_validators_newer_copy_of_the_badge_context_adds_two_terms_that_we_do_not_sign():
    ours = bundled_document(OPEN_BADGES_V3)["@context"]
    theirs = reference.read_json("contexts/ob-v3p0-3.0.3.json")["@context"]
    assert {name for name in theirs if theirs[name] != ours.get(name)} == {"endorsementJwt", "jti"}
    assert ours.keys() <= theirs.keys()


@pytest.mark.parametrize("url", sorted(BUNDLED_FILES))
def test_every_bundled_context_compiles(url):
    context = BUNDLED.root(url)
    assert context.terms or context.vocab


def test_an_unknown_context_is_named():
    with pytest.raises(ContextUnknown) as refusal:
        BUNDLED.root(["https://www.w3.org/ns/credentials/v2", "https://evil.example/context"])
    assert refusal.value.value == "https://evil.example/context"


def test_a_protected_term_cannot_be_redefined():
    with pytest.raises(DocumentRefused, match="protected"):
        BUNDLED.root(["https://www.w3.org/ns/credentials/v2", {"name": "https://evil.example/name"}])


def test_null_does_not_undo_protection():
    with pytest.raises(DocumentRefused, match="protected"):
        BUNDLED.root(["https://www.w3.org/ns/credentials/v2", None])


def test_terms_that_define_each_other_are_refused():
    with pytest.raises(DocumentRefused, match="itself"):
        ContextLoader().root({"a": {"@id": "b:x", "@prefix": True}, "b": {"@id": "a:y", "@prefix": True}})


@pytest.mark.parametrize(
    "context",
    [
        {"@import": "https://www.w3.org/ns/credentials/v2"},
        {"@base": "https://example.org/"},
        {"@version": 1.0},
        {"@direction": "rtl"},
        {"@vocab": 1},
        {"a": 1},
        {"a": {"@id": 1}},
        {"a": {"@id": "https://e.example/a", "@type": "nothing"}},
        {"a": {"@id": "https://e.example/a", "@container": "bag"}},
        {"a": {"@id": "https://e.example/a", "@colour": "red"}},
        {"a": "not an IRI"},
        {"a": {"@id": "https://e.example/a", "@context": "https://evil.example/"}},
        7,
    ],
)
def test_contexts_that_cannot_be_read_the_same_way_everywhere_are_refused(context):
    with pytest.raises(DocumentRefused):
        ContextLoader().root(context)


def test_context_files_are_plain_json():
    for name in set(BUNDLED_FILES.values()):
        assert set(json.loads((FOLDER / name).read_bytes())) == {"@context"}


@pytest.mark.parametrize(
    "context",
    [
        {f"a{n}": f"a{n + 1}:x" for n in range(1_900)},
        {f"a{n}": "urn:a" for n in range(3_000)},
        [{}] * 100,
    ],
    ids=["chained", "many terms", "many contexts"],
)
def test_contexts_made_to_be_slow_are_refused(context):
    with pytest.raises(DocumentRefused):
        ContextLoader().root(context)

"""Laurel's credentials, shown to verifiers that others have published.

Needs Node.js, npm and the npm registry, so it is not part of `make test`: `make conformance` runs it. The packages are
installed once into .make/verifiers at the exact versions of verifiers/package.json.
"""

import shutil
import subprocess
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from laurel.openbadges import did, documents, status_list, vc_jwt
from laurel.openbadges.canonical import canonicalise
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.jsonld import CLR_V2, bundled_document
from laurel.openbadges.multikey import render_jwk
from laurel.openbadges.rdfc import Order
from laurel.openbadges.template import Template
from tests.openbadges import builders
from tests.openbadges.odd_documents import ODD_DOCUMENTS, READ, REFUSED
from tests.openbadges.test_canonical import CREDENTIALS
from tests.openbadges.test_documents import HOSTILE, an_endorsement
from tests.openbadges.test_vc_jwt import EC_KEY, SIGNERS

HERE = Path(__file__).parent / "verifiers"
FOLDER = Path(__file__).parents[2] / ".make" / "verifiers"
LIST_URL = "https://badges.example.org/s/1"
SELF = did.did_key(builders.KEY.public_key())
SELF_METHOD = f"{SELF}#{SELF.removeprefix('did:key:')}"
# The key that signed has been rotated out: another one stands before it in the issuer's document.
KEYS = [builders.OTHER_KEY.public_key(), builders.KEY.public_key()]


def a_status_list(indexes):
    values = {
        "url": LIST_URL,
        "issuer": builders.ISSUER,
        "bits": status_list.bits_of(indexes),
        "valid_from": builders.NOW,
    }
    return builders.sign(status_list.status_list_document(**values))


def with_status(index):
    return builders.a_signed_badge(status=status_list.status_entry(LIST_URL, index))


def by_template():
    example = documents.badge_document(builders.a_full_badge(refresh_url=None))
    template = Template(example, {"id": ("id",), "name": ("name",)})
    values = {"id": "https://badges.example.org/c/99", "name": "Tig \U0001f600"}
    return builders.sign(template.document(values), canonical=template.canonical(values))


def with_text(text):
    achievement = builders.an_achievement(description=text, criteria_narrative=text, tags=(text[:100], "b"))
    return builders.sign(documents.badge_document(builders.a_badge(achievement=achievement, name=text[:100])))


def signed_by_itself(badge):
    return builders.sign(documents.badge_document(badge), verification_method=SELF_METHOD)


def a_token(algorithm):
    document = documents.badge_document(builders.a_full_badge())
    return vc_jwt.sign_token(
        document, sign=SIGNERS[algorithm][0], algorithm=algorithm, kid="https://badges.example.org/k"
    )


def a_record():
    badges = tuple(builders.a_signed_badge(id=f"urn:uuid:0b1d1f3a-0000-4000-8000-00000000000{n}") for n in range(2))
    record = documents.Record(
        id="urn:uuid:0b1d1f3a-0000-4000-8000-000000000009",
        name="Learner record",
        issuer=builders.a_profile(),
        subject_id="did:example:ebfeb1f712ebc6f1c276e12ec21",
        credentials=badges,
        valid_from=builders.NOW,
    )
    return builders.sign(documents.record_document(record))


BADGE = builders.a_signed_badge()
PROFILE = builders.a_profile(id=SELF)
DIGITAL_BAZAAR = {
    "the least badge": (BADGE, True),
    "a badge with everything": (builders.sign(documents.badge_document(builders.a_full_badge(refresh_url=None))), True),
    "a badge from a template": (by_template(), True),
    "an endorsement": (builders.sign(documents.endorsement_document(an_endorsement())), True),
    "a record of two badges": (a_record(), True),
    "a record changed": (a_record() | {"name": "changed"}, False),
    "a badge not revoked": (with_status(6), True),
    "a badge revoked": (with_status(7), False),
    "a badge expired": (builders.a_signed_badge(valid_until=builders.NOW + timedelta(hours=1)), False),
    "a badge changed": (BADGE | {"name": "changed"}, False),
} | {f"hostile text {number}": (with_text(text), True) for number, text in enumerate(HOSTILE)}
DCC = {
    "the least badge": (signed_by_itself(builders.a_badge(issuer=PROFILE)), True),
    "a badge with everything": (signed_by_itself(builders.a_full_badge(issuer=PROFILE, refresh_url=None)), True),
    "a badge changed": (signed_by_itself(builders.a_badge(issuer=PROFILE)) | {"name": "changed"}, False),
}
CANONICAL = {
    "a badge with everything": documents.badge_document(builders.a_full_badge()),
    "an endorsement inside": documents.badge_document(
        builders.a_badge(endorsements=(builders.sign(documents.endorsement_document(an_endorsement())),))
    ),
}


@cache
def generated(documents, count):
    """Documents of every shape that we would sign, which jsonld.js and we must read alike."""
    found = []

    @settings(
        max_examples=count,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(documents)
    def collect(document):
        with suppress(DocumentRefused):
            found.append((document, canonicalise(document, order=Order.PORTABLE)))

    collect()
    return found


GENERATED = {"credentials": (CREDENTIALS, 600), "odd documents": (ODD_DOCUMENTS, 600)}


@cache
def cases():
    now = (builders.NOW + timedelta(days=1)).isoformat()
    found = {
        f"digitalbazaar: {name}": {"way": "digitalbazaar", "credential": c, "now": now}
        for name, (c, _) in DIGITAL_BAZAAR.items()
    }
    found |= {f"dcc: {name}": {"way": "dcc", "credential": credential} for name, (credential, _) in DCC.items()}
    for algorithm, (_, key) in SIGNERS.items():
        jwk = render_jwk(key)
        found[f"jose: {algorithm}"] = {"way": "jose", "token": a_token(algorithm), "jwk": jwk, "now": now}
    stranger = render_jwk(EC_KEY.public_key()) | {"x": render_jwk(EC_KEY.public_key())["y"]}
    found["jose: wrong key"] = {"way": "jose", "token": a_token("ES256"), "jwk": stranger, "now": now}
    found |= {f"jsonld.js: {name}": {"way": "canonical", "document": document} for name, document in CANONICAL.items()}
    odd = {name: document for name, (document, _) in (REFUSED | READ).items()}
    found |= {f"odd: {name}": {"way": "canonical", "document": document} for name, document in odd.items()}
    for kind, wanted in GENERATED.items():
        for number, (document, _) in enumerate(generated(*wanted)):
            found[f"{kind}: {number}"] = {"way": "canonical", "document": document}
    return found


EXPECTED = (
    {f"digitalbazaar: {name}": good for name, (_, good) in DIGITAL_BAZAAR.items()}
    | {f"dcc: {name}": good for name, (_, good) in DCC.items()}
    | {f"jose: {algorithm}": True for algorithm in SIGNERS}
    | {"jose: wrong key": False}
)


def ask_verifiers(pages, cases):
    """What the published verifiers answer to each of `cases`; `pages` are the only addresses that answer them."""
    node, npm = shutil.which("node"), shutil.which("npm")
    assert node, "Node.js is needed to run the independent verifiers"
    assert npm, "npm is needed to install the independent verifiers"
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_bytes()
    if not (FOLDER / "installed.json").is_file() or (FOLDER / "installed.json").read_bytes() != wanted:
        (FOLDER / "package.json").write_bytes(wanted)
        command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, timeout=300)
        (FOLDER / "installed.json").write_bytes(wanted)
    shutil.copy(HERE / "verify.mjs", FOLDER)
    question = msgspec.json.encode({"documents": pages, "cases": list(cases.values())})
    run = subprocess.run([node, "verify.mjs"], cwd=FOLDER, check=True, input=question, capture_output=True, timeout=300)
    return dict(zip(cases, msgspec.json.decode(run.stdout), strict=True))


@cache
def answers():
    pages = {builders.ISSUER: did.did_document(builders.ISSUER, KEYS), LIST_URL: a_status_list([7])}
    pages[CLR_V2] = bundled_document(CLR_V2)
    return ask_verifiers(pages, cases())


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", EXPECTED)
def test_published_verifiers_come_to_the_expected_verdict(name):
    answer = answers()[name]
    assert answer["verified"] is EXPECTED[name], answer["detail"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CANONICAL)
def test_jsonld_js_gives_the_same_canonical_text(name):
    answer = answers()[f"jsonld.js: {name}"]
    assert answer["detail"] == canonicalise(CANONICAL[name], order=Order.PORTABLE)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", READ)
def test_jsonld_js_reads_odd_documents_as_we_do(name):
    assert answers()[f"odd: {name}"]["detail"] == READ[name][1]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", REFUSED)
def test_what_we_refuse_to_sign_is_read_differently_by_jsonld_js(name):
    assert answers()[f"odd: {name}"]["detail"] != canonicalise(REFUSED[name][0])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", GENERATED)
def test_jsonld_js_reads_whatever_we_would_sign_as_we_do(kind):
    documents = generated(*GENERATED[kind])
    different = [
        {"document": document, "ours": ours, "theirs": theirs}
        for number, (document, ours) in enumerate(documents)
        if (theirs := answers()[f"{kind}: {number}"]["detail"]) != ours
    ]
    assert len(documents) > GENERATED[kind][1] / 2
    assert different == []

"""C4: what was issued over HTTP, shown to two verifiers that others have published, whole and changed in one place."""

import asyncio
import copy
import random
import string
from collections import Counter
from datetime import timedelta

import pytest

from laurel.openbadges import did
from laurel.openbadges.structure import listed
from laurel.outside.clock import SystemClock
from tests.conformance.independent_verifiers import ask_verifiers
from tests.support.credentials import an_award, signed_document
from tests.support.events import an_achievement
from tests.support.figures import a_seed, report, sized
from tests.support.fixtures import BASE_URL
from tests.support.work import run_jobs

VERIFIERS = ("digitalbazaar", "dcc")
AT_ONCE = 8
SHOWN_AT_ONCE = 400
CHARACTERS = string.ascii_letters + string.digits + "-.:/#_ \u00e9\U0001f600"
TEXTS = (
    "Well done",
    "T\u00fcr \U0001f600",
    "\u202eright to left",
    'quotes " and \\',
    "line\nbreak",
    "\ufffd",
    "x" * 2_000,
)


def leaves(value, path=()):
    """Where the texts, numbers and truths of a document stand."""
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for name, member in members for leaf in leaves(member, (*path, name))]
    return [path]


def changed(document, path, chance):
    """The document with one character, number or truth at `path` made another."""
    document = copy.deepcopy(document)
    part = document
    for step in path[:-1]:
        part = part[step]
    value = part[path[-1]]
    if isinstance(value, bool):
        part[path[-1]] = not value
    elif isinstance(value, str):
        at = chance.randrange(len(value))
        other = chance.choice([character for character in CHARACTERS if character != value[at]])
        part[path[-1]] = value[:at] + other + value[at + 1 :]
    else:
        part[path[-1]] = value + 1
    return document


def field(path):
    """A path as one name, whatever the places in lists."""
    return "/".join(step for step in path if isinstance(step, str))


async def achievements(api):
    """Of several shapes: the least, with everything, endorsed, with suspensions."""
    grades = [
        {"id": f"urn:x:{name}", "name": name, "resultType": "LetterGrade", "allowedValue": ["A", "B", "C"]}
        for name in ("Seam", "Safety")
    ]
    full = {
        "description": "Joins steel plates in three positions.",
        "tags": ["steel", "welding"],
        "alignments": [{"targetName": "Weld", "targetUrl": "https://skills.example/weld", "targetCode": "W-2"}],
        "result_descriptions": grades,
    }
    made = [
        await an_achievement(api),
        await an_achievement(api, credential={"suspendable": True}),
        await an_achievement(api, **full),
    ]
    endorsed = await an_achievement(api, alignments=full["alignments"])
    wish = {"of": "achievement", "subject": endorsed["id"], "comment": "Hard to get"}
    assert (await api.post("/api/v1/endorsements", json=wish)).status_code == 201
    return [*made, endorsed]


async def issued(api, stranger, parts, organisation, known, count, chance):
    """So many signed documents."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(number):
        wishes = {
            "narrative": chance.choice(TEXTS),
            "license_id": f"L-{number}",
            "evidence": [{"id": f"https://example.org/e/{number}", "name": "Piece", "narrative": chance.choice(TEXTS)}],
            "expires_at": "2130-01-01T00:00:00Z",
        }
        wanted = {name: wishes[name] for name in wishes if chance.random() < 0.5}
        async with free:
            return (await an_award(api, chance.choice(known), **wanted))["credential"]

    credentials = await asyncio.gather(*(one(number) for number in range(count)))
    await run_jobs(parts, organisation, "credentials.issue")  # what the requests left to it
    return [await signed_document(stranger, credential) for credential in credentials]


async def pages_of(stranger, documents):
    """What verifiers look up: the issuer's document by both of its names, and the status lists."""
    found = {}
    for issuer in {document["issuer"]["id"] for document in documents}:
        url = did.did_web_url(issuer)
        found[issuer] = found[url] = (await stranger.get(url.removeprefix(BASE_URL))).json()
    entries = [entry for document in documents for entry in listed(document["credentialStatus"])]
    for url in {entry["statusListCredential"] for entry in entries}:
        found[url] = (await stranger.get(url.removeprefix(BASE_URL))).json()
    return found


async def verdicts(pages, documents, now):
    """What each verifier says to each document: pairs in the order of VERIFIERS."""
    said = []
    for start in range(0, len(documents), SHOWN_AT_ONCE):
        cases = {
            (number, way): {"way": way, "credential": document, "now": now}
            for number, document in enumerate(documents[start : start + SHOWN_AT_ONCE])
            for way in VERIFIERS
        }
        answers = await asyncio.to_thread(ask_verifiers, pages, cases)
        said += [[answers[number, way] for way in VERIFIERS] for number in range(len(cases) // len(VERIFIERS))]
    return said


@pytest.mark.timeout(0)
async def test_two_published_verifiers_accept_what_was_issued_and_refuse_each_change(
    api, stranger, parts, organisation, clock
):
    clock.set(SystemClock().now())
    seed = a_seed()
    chance = random.Random(seed)
    documents = await issued(
        api, stranger, parts, organisation, await achievements(api), sized(10_000, least=50), chance
    )
    pages = await pages_of(stranger, documents)
    now = (clock.now() + timedelta(minutes=1)).isoformat()
    refused = [answers for answers in await verdicts(pages, documents, now) if not all(a["verified"] for a in answers)]
    assert refused == []
    # One change in each document, and in a few documents a change in every place.
    places = [(document, chance.choice(leaves(document))) for document in documents]
    places += [(document, path) for document in documents[: sized(200, least=5)] for path in leaves(document)]
    places = [(document, path) for document, path in places if field_value(document, path) != ""]
    tampered = [changed(document, path, chance) for document, path in places]
    judged = await verdicts(pages, tampered, now)
    accepted = [
        (path, way)
        for (_, path), answers in zip(places, judged, strict=True)
        for way, answer in zip(VERIFIERS, answers, strict=True)
        if answer["verified"]
    ]
    fields = Counter(field(path) for _, path in places)
    report(
        f"seed {seed}: {len(documents)} credentials, none refused by a foreign verifier; "
        f"{len(tampered)} changes in {len(fields)} fields, {len(accepted)} not noticed (verifiers: {', '.join(VERIFIERS)})"
    )
    assert accepted == []


def field_value(document, path):
    for step in path:
        document = document[step]
    return document

import io
import json
import re

import pytest
from typer.testing import CliRunner

from laurel.base.errors import Invalid
from laurel.cli import app
from laurel.cli.imports import read_credentials
from laurel.domain.imports import credential_files, event_rows, into_spine, moving_in, records
from laurel.domain.imports.into_spine import Take
from laurel.domain.imports.model import FileUnreadable, Record, Tally
from tests.support.events import an_achievement
from tests.support.fixtures import NOON

HEADER = "external_id,name,key,occurred_at,tags,payload.minutes\n"


async def take(parts, organisation, listed, parse):
    rejected = []
    write = into_spine.events_into(parts.spine, organisation.id, create_people=True, quiet=False)
    tally = await into_spine.take_all(
        listed, Take(parse, write), NOON, tally=Tally(), on_batch=lambda _, refused, __: rejected.extend(refused)
    )
    return tally, rejected


async def take_csv(parts, organisation, text):
    columns, listed = records.read_csv(io.BytesIO(text.encode()), "events.csv")
    event_rows.check_columns(columns)
    return await take(parts, organisation, listed, event_rows.from_csv)


async def events_of(api):
    return [json.loads(line) for line in (await api.get("/api/v1/exports/events")).text.splitlines()]


async def test_events_of_a_csv_file_are_recorded_once(api, parts, organisation):
    await an_achievement(api, queries=[{"alias": "m", "event_name": "study", "tags": ["evening"]}],
                         criteria={"type": "sum", "query": "m", "attribute": "minutes", "value": 60})  # fmt: skip
    text = HEADER + "ada,study,e1,2026-03-14T10:00:00Z,evening;home,45.5\nada,study,,,evening,14.5\n"
    tally, rejected = await take_csv(parts, organisation, text)
    assert (tally.records, tally.taken, rejected) == (2, 2, [])
    first, second, award = await events_of(api)
    assert (first["key"], first["tags"], first["payload"]) == ("e1", ["evening", "home"], {"minutes": 45.5})
    assert award["name"] == "achievement-completion"
    tally, _ = await take_csv(parts, organisation, text)
    assert (tally.taken, tally.replayed) == (0, 2)
    assert second["key"].startswith("file:2:")


async def test_a_bad_row_at_the_end_of_many_loses_nothing_else(api, parts, organisation):
    rows = "".join(f"p{number % 7},study,k{number},,,1\n" for number in range(2_500))
    tally, rejected = await take_csv(parts, organisation, HEADER + rows + "ada,study,bad,yesterday,,\n")
    assert (tally.records, tally.taken, tally.rejected) == (2_501, 2_500, 1)
    assert (rejected[0].record, rejected[0].field) == (2_501, "occurred_at")
    assert len(await events_of(api)) == 2_500


async def test_each_bad_row_is_told_with_its_reason(parts, organisation):
    text = HEADER + 'ada,,k1,,,\n,study,k2,,,\nada,study,k3\nada,study,k4,,,"x\n'
    tally, rejected = await take_csv(parts, organisation, text)
    assert tally.taken == 0
    assert [one.field for one in rejected] == ["name", "person", None, None]
    assert "cells" in rejected[2].reason


async def test_lines_that_are_not_utf_8_are_rejected_alone(parts, organisation):
    raw = HEADER.encode() + b"ada,study,k1,,caf\xe9,\nada,study,k2,,caf\xc3\xa9,\n"
    _columns, listed = records.read_csv(io.BytesIO(raw), "events.csv")
    tally, rejected = await take(parts, organisation, listed, event_rows.from_csv)
    assert (tally.taken, [one.record for one in rejected]) == (1, [1])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("name,external_id\n".encode("utf-16"), "UTF-16"),
        (b"name\x00,x\n", "NUL"),
        (b"", "header"),
        (b"caf\xe9,name\n", "UTF-8"),
        (b",".join([b"c"] * 501) + b"\n", "501"),
    ],
)
def test_a_file_that_is_no_utf_8_table_is_refused_as_a_whole(content, says):
    with pytest.raises(FileUnreadable, match=says):
        records.read_csv(io.BytesIO(content), "events.csv")


@pytest.mark.parametrize(
    ("header", "field"), [("external_id,key", "name"), ("name,key", "person"), ("name,email,colour", "colour")]
)
def test_a_missing_or_unknown_column_is_named(header, field):
    with pytest.raises(Invalid) as refused:
        event_rows.check_columns(header.split(","))
    assert refused.value.field == field


async def test_lines_of_json_have_the_shape_of_the_api(api, parts, organisation):
    lines = [
        {"person": {"external_id": "ada"}, "name": "study", "key": "1", "payload": {"minutes": 1.50}},
        {"person": {"email": "Bob@Example.org"}, "name": "study", "key": "2", "tags": ["a"]},
        {"person": {"external_id": "ada"}, "name": "study", "colour": "red"},
        {"person": {"external_id": "ada"}, "name": 5},
        {"person": "ada", "name": "study"},
        {"person": {}, "name": "study"},
    ]
    raw = "\ufeff" + "\n".join(map(json.dumps, lines)) + "\n{broken\n\n[]\n"
    listed = records.read_json_lines(io.BytesIO(raw.encode()), "events.jsonl")
    tally, rejected = await take(parts, organisation, listed, event_rows.from_json)
    assert (tally.taken, tally.rejected) == (2, 6)
    assert [one.record for one in rejected] == [3, 4, 5, 6, 7, 9]
    assert [one.field for one in rejected[:3]] == ["colour", "name", "person"]


def test_a_line_beyond_the_limit_is_rejected_and_the_next_one_read():
    raw = b'{"a": "' + b"x" * (1024 * 1024) + b'"}\n{"b": 1}\n'
    first, second = records.read_json_lines(io.BytesIO(raw), "events.jsonl")
    assert "over" in first.wrong
    assert second == Record(2, {"b": 1}, None, len(raw))


# -------------------------------------------------------------------------------------------------------- credentials
ACCREDIBLE = """Credential ID,Recipient Name,Recipient Email,Credential Name,Issued On,Expired On,Credential URL,Grade,Views
101,Ada Lovelace,ADA@example.org,Diving,2024-05-01,2026-05-01,https://x.example/1,A,7
102,Bob,bob@example.org,Diving,01/06/2024,,https://x.example/2,,0
103,Eve,not an address,Diving,2024-05-01,,,,0
104,Eve,eve@example.org,Diving,soon,,,,0
"""


def the_found(text, tmp_path):
    file = tmp_path / "credentials.csv"
    file.write_text(text)
    return read_credentials(file)


def test_an_accredible_export_is_mapped_column_by_column(tmp_path):
    mapping, found, rejected = the_found(ACCREDIBLE, tmp_path)
    assert dict(mapping.used)["Issued On"] == "issued_at"
    assert mapping.ignored == ["Views"]
    assert mapping.custom == ["Credential URL", "Grade"]
    ada, bob = found
    assert (ada.origin_id, ada.recipient_email, ada.achievement) == ("101", "ada@example.org", "Diving")
    assert ada.custom["Grade"] == "A"
    assert bob.issued_at.date().isoformat() == "2024-06-01"
    assert [(one.record, one.field) for one in rejected] == [(3, "Recipient Email"), (4, "Issued On")]


def test_an_export_without_a_needed_column_is_refused_by_name(tmp_path):
    with pytest.raises(FileUnreadable) as refused:
        the_found("Credential ID,Recipient Name\n1,Ada\n", tmp_path)
    assert refused.value.field == "recipient_email"


async def test_credentials_are_taken_over_once_and_quietly(api, parts, organisation, outgoing, tmp_path):
    _, found, _ = the_found(ACCREDIBLE, tmp_path)
    planned = await moving_in.plan(parts.spine, organisation.id, found)
    assert (planned.new, planned.known, planned.people_new, planned.achievements_new) == (2, 0, 2, ["Diving"])
    assert (await api.get("/api/v1/exports/awards")).text == ""
    assert await moving_in.take_over(parts.spine, organisation.id, found) == 2
    assert await moving_in.take_over(parts.spine, organisation.id, found) == 0
    planned = await moving_in.plan(parts.spine, organisation.id, found)
    assert (planned.new, planned.known, planned.achievements_new) == (0, 2, [])
    exported = [json.loads(line) for line in (await api.get("/api/v1/exports/credentials")).text.splitlines()]
    assert {(one["name"], one["recipient_name"], one["issued_on"]) for one in exported} == {
        ("Diving", "Ada Lovelace", "2024-05-01"),
        ("Diving", "Bob", "2024-06-01"),
    }
    assert {one["expires_at"] for one in exported} == {"2026-05-01T00:00:00.000Z", None}


BADGE_2 = {
    "@context": "https://w3id.org/openbadges/v2",
    "type": "Assertion",
    "id": "https://badges.example/a/1",
    "recipient": {"type": "email", "hashed": False, "identity": "ada@example.org"},
    "issuedOn": "2023-02-03T04:05:06Z",
    "badge": {"type": "BadgeClass", "name": "Reader", "description": "Reads", "criteria": {"narrative": "Read"}},
}
BADGE_3 = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "id": "https://badges.example/c/2",
    "validFrom": "2024-01-01T00:00:00Z",
    "validUntil": "2030-01-01T00:00:00Z",
    "credentialSubject": {
        "identifier": [{"type": "IdentityObject", "identityType": "emailAddress", "identityHash": "bob@example.org",
                        "hashed": False}],
        "achievement": {"type": ["Achievement"], "name": "Writer", "description": "Writes", "criteria": {"narrative": "W"}},
    },
}  # fmt: skip


async def test_badges_of_both_versions_are_taken_over_with_their_documents(api, parts, organisation):
    found = [credential_files.from_badge(BADGE_2), credential_files.from_badge({**BADGE_3})]
    assert await moving_in.take_over(parts.spine, organisation.id, found) == 2
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch(
            "SELECT fields ->> 'name' AS name, details FROM credential WHERE organisation_id = $1 ORDER BY id",
            organisation.id,
        )
    assert [(row["name"], row["details"]["imported_document"]["id"]) for row in rows] == [
        ("Reader", BADGE_2["id"]),
        ("Writer", BADGE_3["id"]),
    ]


async def test_a_revoked_badge_arrives_revoked(api, parts, organisation):
    await moving_in.take_over(parts.spine, organisation.id, [credential_files.from_badge({**BADGE_2, "revoked": True})])
    (award,) = [json.loads(line) for line in (await api.get("/api/v1/exports/awards")).text.splitlines()]
    assert award["state"] == "revoked"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "type"),
        ({**BADGE_2, "badge": "https://badges.example/b/1"}, "badge"),
        ({**BADGE_2, "recipient": {"hashed": True, "identity": "sha256$00"}}, "recipient.identity"),
        ({**BADGE_2, "issuedOn": "long ago"}, "issuedOn"),
        ({**BADGE_2, "id": None}, "id"),
        ({**BADGE_3, "credentialSubject": {"id": "did:key:z"}}, "credentialSubject.achievement"),
        ({**BADGE_3, "credentialSubject": {"achievement": {"name": "x"}}}, "credentialSubject.identifier"),
    ],
)
def test_a_badge_that_cannot_be_taken_is_told_by_place(document, field):
    with pytest.raises(Invalid) as refused:
        credential_files.from_badge(document)
    assert refused.value.field == field


# ---------------------------------------------------------------------------------------------------- the command line
@pytest.fixture
def laurel(postgres_url, parts, organisation, monkeypatch):
    monkeypatch.setenv("LAUREL_DATABASE_URL", postgres_url)
    monkeypatch.setenv("LAUREL_PEPPER", "cHBw" * 11)
    monkeypatch.setenv("LAUREL_MASTER_KEY", "bW1t" * 11)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words, code=0):
        result = CliRunner().invoke(app, [*words, "--organisation", organisation.slug])
        assert result.exit_code == code, (result.output, result.exception)
        return re.sub(r"\s+", " ", result.output)

    return run


def test_the_command_goes_on_after_an_interruption(laurel, tmp_path):
    file = tmp_path / "events.csv"
    file.write_text(HEADER + "".join(f"ada,study,k{number},,,1\n" for number in range(1_200)) + "ada,,bad,,,\n")
    said = laurel("import", "events", str(file), code=1)
    assert "1201 records: 1200 taken, 0 known already, 1 rejected" in said
    (reject,) = (tmp_path / "events.csv.rejected.jsonl").read_text().splitlines()
    assert json.loads(reject)["field"] == "name"
    assert not (tmp_path / "events.csv.progress").exists()
    journal = {"records": 1_000, "taken": 1_000, "replayed": 0, "rejected": 0, "size": file.stat().st_size}
    (tmp_path / "events.csv.progress").write_text(json.dumps(journal))
    said = laurel("import", "events", str(file), code=1)
    assert "1201 records: 1000 taken, 200 known already, 1 rejected" in said


def test_the_command_takes_statements(laurel, tmp_path):
    statement = {
        "id": "9d2f1c34-4fd6-4a57-8a5f-0f5c9d3d8a01",
        "actor": {"mbox": "mailto:ada@example.org"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": "https://app.example/1"},
    }
    file = tmp_path / "statements.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in (statement, statement, {**statement, "verb": {}})))
    assert "3 records: 2 taken, 0 known already, 1 rejected" in laurel("import", "events", str(file), code=1)


def test_credentials_are_only_shown_unless_asked_to_apply(laurel, tmp_path):
    file = tmp_path / "credentials.csv"
    file.write_text(ACCREDIBLE)
    said = laurel("import", "credentials", str(file), code=1)
    assert "2 credentials can be read: 2 new, 0 taken over before; 2 people and 1 achievements would be made" in said
    assert "Nothing was changed" in said
    assert "record 3: Recipient Email: it is not an e-mail address" in said
    assert "Took over 2 credentials" in laurel("import", "credentials", str(file), "--apply", code=1)
    assert "0 new, 2 taken over before" in laurel("import", "credentials", str(file), code=1)
    out = tmp_path / "out.csv"
    assert "Wrote 2 credentials" in laurel("export", "credentials", str(out))
    assert out.read_text().count("Diving") == 2

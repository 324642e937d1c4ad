import csv
import io
import json
from datetime import timedelta

import pyarrow.parquet
import pytest

from laurel.domain.exports import stream
from laurel.domain.exports.encode import safe_cell
from laurel.domain.exports.model import COLUMNS, ExportFilter
from laurel.web.standards.xapi_check import check_statement
from tests.support.awards import some_awards
from tests.support.builders import a_key, a_person
from tests.support.events import an_event
from tests.support.fixtures import NOON, client_of


async def exported(api, what, **query):
    answer = await api.get(f"/api/v1/exports/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return answer


async def lines(api, what, **query):
    return [json.loads(line) for line in (await exported(api, what, **query)).text.splitlines()]


async def test_every_format_says_the_same(api, parts, organisation):
    person, course, awards = await some_awards(parts, organisation, [NOON, NOON - timedelta(days=1)], score="85")
    listed = await lines(api, "awards")
    assert [line["number"] for line in listed] == [one.id for one in awards]
    assert list(listed[0]) == [column.name for column in COLUMNS["awards"]]
    assert listed[0]["person"] == person.uid
    assert listed[0]["achievement_name"] == "Course Demo"
    answer = await exported(api, "awards", format="csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="awards.csv"'
    assert answer.text.count("\r\n") == 3
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["number"] for row in rows] == [str(one.id) for one in awards]
    assert (rows[0]["awarded_at"], rows[0]["points"], rows[0]["credential"]) == ("2026-03-14T12:00:00.000Z", "0", "")
    table = pyarrow.parquet.read_table(io.BytesIO((await exported(api, "awards.parquet")).content))
    assert table.column("number").to_pylist() == [one.id for one in awards]
    assert table.column("awarded_at").to_pylist()[0] == NOON
    statements = await lines(api, "awards.xapi.jsonl")
    for statement in statements:
        check_statement(statement, "statement")
    assert statements[0]["actor"]["account"]["name"] == person.uid
    assert statements[0]["object"]["id"].endswith(course.uid)


@pytest.mark.parametrize("subject", ["awards", "credentials", "events", "people"])
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
async def test_an_export_of_nothing_is_a_whole_file(api, subject, ending):
    content = (await exported(api, f"{subject}.{ending}")).content
    names = [column.name for column in COLUMNS[subject]]
    if ending == "parquet":
        assert pyarrow.parquet.read_table(io.BytesIO(content)).column_names == names
    else:
        assert content == (",".join(names) + "\r\n").encode() * (ending == "csv")


async def test_credentials_people_and_events_are_exported(api, parts, organisation):
    person, _course, awards = await some_awards(parts, organisation, [NOON], credential=True)
    (credential,) = await lines(api, "credentials")
    assert (credential["award"], credential["recipient_email"]) == (awards[0].uid, person.email)
    assert credential["issued_on"] == "2026-03-14"
    (shown,) = await lines(api, "people")
    assert (shown["id"], shown["email"]) == (person.uid, person.email)
    await an_event(api, "ada", key="e1", tags=["a", "b"], payload={"minutes": 1.5})
    events = await lines(api, "events")
    assert [event["name"] for event in events] == ["achievement-completion", "lesson.completed"]
    assert events[1]["tags"] == ["a", "b"]
    assert events[1]["payload"] == {"minutes": 1.5}
    assert [event["key"] for event in await lines(api, "events", name="lesson.completed")] == ["e1"]
    table = pyarrow.parquet.read_table(io.BytesIO((await exported(api, "events.parquet")).content))
    assert json.loads(table.column("payload").to_pylist()[1]) == {"minutes": 1.5}


async def test_an_export_is_resumed_since_the_last_row(api, parts, organisation, clock):
    for _ in range(3):
        await some_awards(parts, organisation, [NOON - timedelta(days=3)])
        clock.advance(timedelta(minutes=1))
    everything = await lines(api, "awards")
    rest = await lines(api, "awards", since=everything[1]["changed_at"])
    assert rest == everything[1:]
    assert await lines(api, "awards", until=everything[0]["changed_at"]) == everything[:1]
    people = await lines(api, "people")
    assert await lines(api, "people", since=people[2]["changed_at"]) == people[2:]
    events = await lines(api, "events")
    assert await lines(api, "events", since=events[2]["recorded_at"]) == events[2:]


async def test_filters_are_as_on_lists(api, parts, organisation):
    first, course, awards = await some_awards(parts, organisation, [NOON])
    await some_awards(parts, organisation, [NOON])
    assert [line["id"] for line in await lines(api, "awards", person=first.uid)] == [awards[0].uid]
    assert [line["id"] for line in await lines(api, "awards", achievement=course.uid)] == [awards[0].uid]
    await api.post(f"/api/v1/awards/{awards[0].uid}/revoke", json={"reason": "mistake"})
    assert [line["id"] for line in await lines(api, "awards", state="revoked")] == [awards[0].uid]
    assert len(await lines(api, "awards.xapi.jsonl")) == 1


async def test_more_rows_than_a_step_come_once_each(parts, organisation):
    await some_awards(parts, organisation, [NOON - timedelta(hours=hour) for hour in range(9)])
    for what, count in (("awards", 9), ("events", 9), ("people", 1)):
        found = stream.stream(
            parts.database, organisation.id, what, "jsonl", ExportFilter(), "http://x", step_rows=3, step_numbers=2
        )
        text = b"".join([part async for _, part in found])
        numbers = [json.loads(line)["number"] for line in text.splitlines()]
        assert len(numbers) == len(set(numbers)) == count
        assert numbers == sorted(numbers)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
async def test_formulas_are_neutralised_in_csv_and_left_alone_elsewhere(api, parts, organisation, text):
    assert safe_cell(text) == f"'{text}"
    if text.isprintable():
        await a_person(parts, organisation, first_name=text)
        (row,) = csv.DictReader(io.StringIO((await exported(api, "people.csv")).text))
        assert row["first_name"] == f"'{text}"
        assert (await lines(api, "people"))[0]["first_name"] == text


async def test_commas_quotes_and_line_breaks_survive_csv(api, parts, organisation):
    await a_person(parts, organisation, first_name='a,"b"', last_name="c\nd")
    (row,) = csv.DictReader(io.StringIO((await exported(api, "people.csv")).text, newline=""))
    assert (row["first_name"], row["last_name"]) == ('a,"b"', "c\nd")


@pytest.mark.parametrize(
    ("what", "query", "status", "field"),
    [
        ("awards", {"format": "xlsx"}, 422, "format"),
        ("people", {"format": "xapi"}, 422, "format"),
        ("people", {"achievement": "x"}, 404, "achievement"),
        ("awards", {"since": "yesterday"}, 422, "since"),
        ("awards", {"since": "2026-03-14T10:00:00"}, 422, "since"),
        ("awards", {"person": "nobody"}, 404, "person"),
        ("people", {"state": "active"}, 422, "state"),
        ("awards", {"name": "x"}, 422, "name"),
        ("secrets", {}, 404, None),
        ("awards.exe", {}, 404, None),
    ],
)
async def test_what_cannot_be_exported_is_named(api, what, query, status, field):
    answer = await api.get(f"/api/v1/exports/{what}", params=query)
    assert (answer.status_code, answer.json().get("field")) == (status, field), answer.text


async def test_each_subject_needs_its_own_scope(parts, organisation, application):
    key = await a_key(parts, organisation, scopes=("people:read",))
    async with client_of(application, key) as client:
        assert (await client.get("/api/v1/exports/people")).status_code == 200
        assert (await client.get("/api/v1/exports/awards")).status_code == 403


async def test_another_organisation_exports_its_own(other_api, parts, organisation):
    await some_awards(parts, organisation, [NOON], credential=True)
    for subject in ("awards", "credentials", "events", "people"):
        assert await lines(other_api, subject) == []

import html
import io
import json
import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from lxml import etree

from laurel.domain.feeds import store as feeds
from laurel.domain.people import store as people
from tests.support.awards import some_awards
from tests.support.builders import a_key
from tests.support.fixtures import NOON, client_of

FIELDS = [
    "UserId", "Title", "Description", "AchievementDate", "CourseId", "CompliantTillDate", "Score", "Result", "Type",
    "FirstName", "LastName", "AchievementId", "CertificateId",
]  # fmt: skip
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def instant(text):
    """As the Ruby clients read it."""
    return datetime.fromtimestamp(int(re.search(r"Date\(([0-9]+)\+[0-9]+\)", text)[1]) / 1000, UTC)


async def test_xml_has_the_documented_fields_in_their_order(parts, organisation, litmos):
    person, course, (one,) = await some_awards(parts, organisation, [NOON], score="85")
    answer = await litmos(as_json=False)
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    assert answer.text == (
        '<Achievements xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><Achievement>'
        f"<UserId>{person.uid}</UserId><Title>Course Demo</Title><Description></Description>"
        f"<AchievementDate>2026-03-14T12:00:00.000Z</AchievementDate><CourseId>{course.uid}</CourseId>"
        '<CompliantTillDate i:nil="true"/><Score>85</Score><Result>Completed</Result><Type>Course Completed</Type>'
        f"<FirstName>Sample</FirstName><LastName>User</LastName><AchievementId>{one.id}</AchievementId>"
        '<CertificateId i:nil="true"/></Achievement></Achievements>'
    )


async def test_json_is_a_bare_array_with_escaped_dates(parts, organisation, litmos):
    await some_awards(parts, organisation, [NOON])
    answer = await litmos()
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert b'"AchievementDate":"\\/Date(1773489600000+0000)\\/"' in answer.content
    (line,) = answer.json()
    assert list(line) == FIELDS
    assert (line["CompliantTillDate"], line["CertificateId"], line["Score"]) == (None, None, "")


async def test_an_empty_list_is_an_empty_array_or_an_empty_root(litmos):
    assert (await litmos()).text == "[]"
    xml = (await litmos(as_json=False)).text
    assert xml == '<Achievements xmlns:i="http://www.w3.org/2001/XMLSchema-instance"/>'


async def test_every_xml_reader_says_the_same_as_the_json(parts, organisation, litmos):
    await some_awards(parts, organisation, [NOON - timedelta(hours=hour) for hour in range(5)], name="A & B <é>\x85")
    xml, listed = (await litmos(as_json=False)).content, (await litmos()).json()
    by_lxml = [
        {child.tag: None if child.get(NIL) else child.text or "" for child in one} for one in etree.fromstring(xml)
    ]
    by_tree = [
        {child.tag: None if child.get(NIL) else child.text or "" for child in one}
        for one in ET.parse(io.BytesIO(xml)).getroot()
    ]
    assert by_lxml == by_tree
    for line, read in zip(listed, by_lxml, strict=True):
        at = datetime.fromisoformat(read["AchievementDate"])
        assert at == instant(line["AchievementDate"])
        assert {
            name: None if value is None else str(value) for name, value in line.items() if name != "AchievementDate"
        } == {name: value for name, value in read.items() if name != "AchievementDate"}


async def test_text_that_looks_like_html_survives_clients_that_unescape_first(parts, organisation, litmos):
    name = 'Say &quot;hi&quot; & <b>bye</b> "/Date(1+0000)/"'
    await some_awards(parts, organisation, [NOON], name=name)
    assert json.loads(html.unescape((await litmos()).text))[0]["Title"] == name


@pytest.mark.parametrize("count", [7, 9])
async def test_a_full_sync_by_offset_yields_every_row_once(parts, organisation, litmos, count):
    _, _, awards = await some_awards(parts, organisation, [NOON - timedelta(minutes=i // 2) for i in range(count)])
    seen, start = [], 0
    while page := (await litmos(limit="3", start=str(start))).json():
        seen += [line["AchievementId"] for line in page]
        start += 3
    assert seen == [one.id for one in sorted(awards, key=lambda one: (one.awarded_at, one.id), reverse=True)]


async def test_rows_that_come_or_go_between_pages_neither_repeat_nor_skip_one(parts, organisation, litmos, api):
    person, _, awards = await some_awards(parts, organisation, [NOON - timedelta(hours=i) for i in range(9)])
    first = (await litmos(limit="3", userid=person.uid)).json()
    await some_awards(parts, organisation, [NOON + timedelta(minutes=1)] * 2)
    await api.post(f"/api/v1/awards/{awards[0].uid}/revoke", json={"reason": "mistake"})
    rest = []
    for start in (3, 6):
        rest += (await litmos(limit="3", start=str(start), userid=person.uid)).json()
    seen = [line["AchievementId"] for line in first + rest]
    assert seen == [one.id for one in awards]


async def test_any_offset_may_be_asked_for_without_reading_up_to_it(parts, organisation, litmos):
    _, _, awards = await some_awards(parts, organisation, [NOON - timedelta(hours=i) for i in range(8)])
    page = (await litmos(limit="2", start="5")).json()
    assert [line["AchievementId"] for line in page] == [awards[5].id, awards[6].id]
    assert (await litmos(limit="2", start="7")).json()[0]["AchievementId"] == awards[7].id
    assert (await litmos(start="8")).json() == []
    assert (await litmos(start="2000000000")).json() == []


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("AchievementId", "id"), ("Title", "name"), ("FirstName", "name"), ("Score", "score"), ("AchievementDate", "at")],
)
async def test_sorting_keeps_pages_total_in_both_directions(parts, organisation, litmos, sort, expected):
    for index, name in enumerate(["beta", "Alpha", "gamma"]):
        await some_awards(parts, organisation, [NOON - timedelta(hours=index)], name=name, score=str(index))
    up = [
        line["AchievementId"]
        for start in range(3)
        for line in (await litmos(sort=sort, dir="ASC", limit="1", start=str(start))).json()
    ]
    down = [
        line["AchievementId"]
        for start in range(3)
        for line in (await litmos(sort=sort, dir="desc", limit="1", start=str(start))).json()
    ]
    assert len(set(up)) == 3
    assert sorted(up) == sorted(down)
    if sort != "FirstName":
        assert up == down[::-1]
    if sort == "Title":
        assert [line["Title"] for line in (await litmos(sort=sort, dir="ASC")).json()] == ["Alpha", "beta", "gamma"]


@pytest.mark.parametrize(
    ("since", "hours"),
    [
        ("2026-03-14", {0, 12}),
        ("2026-03-14 11:00", {0}),
        ("2026-03-14 12:00:00", {0}),
        ("2026-03-14T12:00:00", {0}),
        ("2026-03-14T12:00:00.000Z", {0}),
        ("2026-03-14T13:00:00+01:00", {0}),
        ("2026-03-14T12:00:00.001", set()),
        ("", {0, 12, 36}),
    ],
)
async def test_since_is_inclusive_in_every_accepted_form(parts, organisation, litmos, since, hours):
    _, _, awards = await some_awards(parts, organisation, [NOON - timedelta(hours=h) for h in (0, 12, 36)])
    by_id = {one.id: int((NOON - one.awarded_at) / timedelta(hours=1)) for one in awards}
    assert {by_id[line["AchievementId"]] for line in (await litmos(since=since)).json()} == hours


async def test_a_space_in_since_may_come_as_plus(parts, organisation, api, key):
    await some_awards(parts, organisation, [NOON])
    for spelled in ("2026-03-14+12:00:00", "2026-03-14%2012:00:00"):
        answer = await api.get(f"/v1.svc/achievements?source=x&format=json&apikey={key.text}&since={spelled}")
        assert len(answer.json()) == 1


async def test_to_is_inclusive(parts, organisation, litmos):
    await some_awards(parts, organisation, [NOON, NOON - timedelta(days=1)])
    assert len((await litmos(to="2026-03-14 11:59")).json()) == 1


@pytest.mark.parametrize(
    "since", ["yesterday", "14/03/2026", "2026-13-01", "2026-02-30", "2026-03-14T25:00", "9999-99"]
)
async def test_a_bad_since_is_not_acceptable_in_the_documented_words(litmos, since):
    answer = await litmos(since=since)
    assert answer.status_code == 406
    assert answer.json()["Detail"].startswith("Please provide a valid since parameter. Valid formats are  - ")
    xml = await litmos(since=since, as_json=False)
    assert etree.fromstring(xml.content).findtext("Detail") == answer.json()["Detail"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "-1"), ("limit", "ten"), ("limit", "1.5"), ("start", "-1"), ("start", "x"),
     ("start", "9" * 30), ("start", "3000000000"), ("search", "x" * 51), ("limit", "\u0663")],
)  # fmt: skip
async def test_numbers_that_are_none_are_bad_requests(litmos, name, value):
    answer = await litmos(**{name: value})
    assert answer.status_code == 400
    assert answer.json()["Detail"].startswith("Bad Request. Please check that your URI and request body are properly")
    assert name in answer.json()["Message"]


async def test_limits_are_a_hundred_by_default_and_a_thousand_at_most(parts, organisation, litmos):
    await some_awards(parts, organisation, [NOON - timedelta(seconds=i) for i in range(1_001)])
    assert len((await litmos()).json()) == 100
    assert len((await litmos(limit="")).json()) == 100
    assert len((await litmos(limit="10000")).json()) == 1_000


async def test_a_user_may_be_named_by_id_or_user_name_in_any_case(parts, organisation, litmos):
    person, _, _ = await some_awards(parts, organisation, [NOON])
    await some_awards(parts, organisation, [NOON])
    for name in (person.uid, person.email, person.email.upper()):
        assert [line["UserId"] for line in (await litmos(userid=name)).json()] == [person.uid]
    answer = await litmos(userid="nobody@example.org")
    assert (answer.status_code, answer.json()) == (200, [])


async def test_search_finds_parts_of_titles_and_names_and_takes_wildcards_literally(parts, organisation, litmos):
    await some_awards(parts, organisation, [NOON], name="Fire Safety 100%")
    await some_awards(parts, organisation, [NOON], name="First aid")
    assert [line["Title"] for line in (await litmos(search="SAFETY")).json()] == ["Fire Safety 100%"]
    assert len((await litmos(search="sampl")).json()) == 2
    assert [line["Title"] for line in (await litmos(search="0%")).json()] == ["Fire Safety 100%"]
    assert (await litmos(search="_")).json() == []


async def test_pending_and_revoked_awards_are_absent(parts, organisation, litmos, api):
    _, _, (one,) = await some_awards(parts, organisation, [NOON])
    await some_awards(parts, organisation, [NOON], published=False)
    await api.post(f"/api/v1/awards/{one.uid}/revoke", json={"reason": "mistake"})
    assert (await litmos()).json() == []


# ------------------------------------------------------------------------------------------------- keys, paths, formats
async def test_keys_are_taken_from_header_and_query_whatever_the_case(stranger, key):
    for query, headers in (
        ({"apikey": key.text}, {}),
        ({"apiKey": key.text}, {}),
        ({}, {"APIKey": key.text}),
        ({}, {"apikey": key.text}),
    ):
        answer = await stranger.get("/v1.svc/achievements", params={"source": "x", **query}, headers=headers)
        assert answer.status_code == 200


async def test_a_bad_key_is_401_and_a_missing_source_403(stranger, key):
    for headers in ({}, {"apikey": "lrl_nonsense"}, {"Authorization": f"Bearer {key.text}"}):
        answer = await stranger.get("/v1.svc/achievements?source=x&format=json", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["Detail"].startswith("The API key that you have used for this request is either not valid")
    answer = await stranger.get("/v1.svc/achievements?format=json", headers={"apikey": key.text})
    assert (answer.status_code, answer.json()["Message"]) == (
        403,
        "Forbidden. Please check your API key, content-type, parameters, etc.",
    )


async def test_a_key_without_the_scope_is_403(parts, organisation, application):
    key = await a_key(parts, organisation, scopes=("people:read",))
    async with client_of(application) as client:
        answer = await client.get("/v1.svc/achievements?source=x&format=json", headers={"apikey": key.text})
    assert (answer.status_code, answer.json()["Detail"]) == (
        403,
        "You do not have the proper permissions for this call.",
    )


@pytest.mark.parametrize(
    "path", ["/v1.svc//achievements", "/v1.svc/Achievements", "/V1.SVC/ACHIEVEMENTS/", "/v1.svc/achievements/"]
)
async def test_spellings_of_the_path(stranger, key, path):
    answer = await stranger.get(path, params={"source": "x", "apikey": key.text, "format": "json"})
    assert (answer.status_code, answer.text) == (200, "[]")


@pytest.mark.parametrize(
    ("query", "headers", "kind"),
    [
        ({"format": "json"}, {"Accept": "application/xml"}, "json"),
        ({"format": "xml"}, {"Accept": "application/json"}, "xml"),
        ({}, {"Accept": "application/json", "Content-Type": "application/xml"}, "json"),
        ({}, {"Accept": "*/*", "Content-Type": "application/json"}, "json"),
        ({}, {"Accept": "*/*"}, "xml"),
        ({}, {"Content-Type": "text/xml"}, "xml"),
        ({}, {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9"}, "xml"),
    ],
)
async def test_negotiation_looks_at_format_then_accept_then_content_type(stranger, key, query, headers, kind):
    answer = await stranger.get(
        "/v1.svc/achievements", params={"source": "x", **query}, headers={"apikey": key.text, **headers}
    )
    assert answer.headers["content-type"] == f"application/{kind}; charset=utf-8"


async def test_over_the_rate_limit_is_503_with_retry_after(parts, organisation, litmos):
    assert (await litmos("org/settings", method="PUT", content='{"requests_per_minute": 2}')).status_code == 200
    assert [(await litmos()).status_code for _ in range(2)] == [200, 200]
    answer = await litmos()
    assert answer.status_code == 503
    assert answer.json()["Detail"] == "Service Unavailable. The API rating limit has been exceeded."
    assert 1 <= int(answer.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    ("style", "spelled"),
    [("wcf-0000", "/Date(1773489600000-0000)/"), ("wcf", "/Date(1773489600000)/"), ("iso", "2026-03-14T12:00:00.000Z")],
)
async def test_an_organisation_may_choose_how_json_dates_are_spelled(parts, organisation, litmos, style, spelled):
    chosen = (await litmos("org/settings", method="PUT", content=json.dumps({"json_date": style}))).json()
    assert chosen == (await litmos("org/settings")).json() == {"json_date": style, "requests_per_minute": 0}
    await some_awards(parts, organisation, [NOON])
    assert (await litmos()).json()[0]["AchievementDate"] == spelled


@pytest.mark.parametrize(
    "body",
    ['{"json_date": "french"}', '{"requests_per_minute": -1}', '{"requests_per_minute": "9"}', '{"colour": 1}', "["],
)
async def test_settings_that_make_no_sense_are_bad_requests(litmos, body):
    assert (await litmos("org/settings", method="PUT", content=body)).status_code == 400


async def test_an_unknown_route_is_not_found_in_their_shape(litmos):
    answer = await litmos("nothing/here")
    assert (answer.status_code, answer.json()) == (404, {"Detail": "Not Found", "Message": "Not Found"})


async def test_another_organisation_sees_nothing(parts, organisation, other_organisation, application):
    person, _, _ = await some_awards(parts, organisation, [NOON])
    key = await a_key(parts, other_organisation)
    async with client_of(application) as client:
        for path in ("achievements", f"achievements?userid={person.uid}", "users"):
            answer = await client.get(
                f"/v1.svc/{path}{'&' if '?' in path else '?'}source=x&format=json", headers={"apikey": key.text}
            )
            assert answer.json() == []
        answer = await client.get(f"/v1.svc/users/{person.uid}?source=x&format=json", headers={"apikey": key.text})
        assert answer.status_code == 404


async def test_characters_that_xml_forbids_do_not_break_the_list(parts, organisation, litmos):
    person, _, _ = await some_awards(parts, organisation, [NOON])
    async with parts.database.transaction(organisation.id) as tx:
        await people.update(tx, person.id, {"first_name": "A\x0bB\x1f\ufffe"})
    answer = await litmos(as_json=False)
    assert etree.fromstring(answer.content).findtext("Achievement/FirstName") == "AB"


async def test_positions_of_readers_are_forgotten_after_an_hour(parts, organisation, litmos, clock):
    await some_awards(parts, organisation, [NOON - timedelta(hours=i) for i in range(4)])
    await litmos(limit="2")
    async with parts.database.every_organisation() as tx:
        assert await feeds.forget_positions(tx, NOON) == 0
        assert await feeds.forget_positions(tx, NOON + timedelta(hours=2)) >= 1

import json
from datetime import timedelta

import pytest
from lxml import etree

from laurel.web.dialects.litmos.module_results import parse_result
from tests.support.awards import some_awards
from tests.support.builders import a_department, a_person
from tests.support.events import an_achievement
from tests.support.fixtures import NOON
from tests.support.work import run_jobs


async def test_users_are_listed_with_their_documented_fields(parts, organisation, litmos):
    person = await a_person(parts, organisation, first_name="Grace", last_name="Hopper")
    (user,) = (await litmos("users")).json()
    assert user == {
        "Id": person.uid,
        "UserName": person.email,
        "FirstName": "Grace",
        "LastName": "Hopper",
        "Active": True,
        "Email": person.email,
        "AccessLevel": "Learner",
        "Brand": "Default",
    }
    root = etree.fromstring((await litmos("users", as_json=False)).content)
    assert (root.tag, root[0].tag, root.findtext("User/Active")) == ("Users", "User", "true")


async def test_a_user_is_shown_by_id_and_by_user_name(parts, organisation, litmos):
    person = await a_person(parts, organisation, identifiers={"external": "Emp-7"})
    for name in (person.uid, person.email, "Emp-7", "emp-7"):
        user = (await litmos(f"users/{name}")).json()
        assert (user["Id"], user["OriginalId"], user["CustomField10"]) == (person.uid, person.id, "")
    answer = await litmos("users/nobody")
    assert (answer.status_code, answer.json()["Detail"]) == (404, "User - nobody was not found")


async def test_users_are_searched_and_paged(parts, organisation, litmos):
    for name in ("Ada", "Alan", "Grace"):
        await a_person(parts, organisation, first_name=name)
    assert [user["FirstName"] for user in (await litmos("users", search="a", sort="FirstName", dir="DESC")).json()] == [
        "Grace",
        "Alan",
        "Ada",
    ]
    page = (await litmos("users/paginated", limit="2", start="2")).json()
    assert page["Pagination"] == {"BatchParam": None, "BatchSize": 2, "Start": 2, "TotalCount": 3}
    assert [user["FirstName"] for user in page["Items"]] == ["Grace"]


async def test_user_details_are_those_created_since(parts, organisation, litmos, clock):
    await a_person(parts, organisation)
    clock.advance(timedelta(days=2))
    later = await a_person(parts, organisation)
    listed = (await litmos("users/details", since="2026-03-15")).json()
    assert [user["Id"] for user in listed] == [later.uid]
    assert listed[0]["CreatedDate"] == "2026-03-16T12:00:00Z"
    assert (await litmos("users/details", since="soon")).status_code == 406


async def test_courses_of_a_user_show_how_far_they_came(parts, organisation, litmos, api):
    half = await an_achievement(api, name="Half", criteria={"type": "count", "query": "lessons", "value": 2})
    whole = await an_achievement(api, name="Whole")
    person = await a_person(parts, organisation)
    body = {"person": {"id": person.uid}, "name": "lesson.completed"}
    assert (await api.post("/api/v1/events", json=body)).status_code == 200
    listed = {course["Id"]: course for course in (await litmos(f"users/{person.uid}/courses")).json()}
    assert (listed[half["id"]]["Complete"], listed[half["id"]]["PercentageComplete"]) == (False, 50)
    assert (listed[whole["id"]]["Complete"], listed[whole["id"]]["PercentageComplete"]) == (True, 100)
    summary = (await litmos(f"users/{person.uid}/gamificationsummary")).json()
    assert summary == {"TotalBadgesEarned": 1, "TotalPointsEarned": 0}
    assert [badge["Title"] for badge in (await litmos(f"users/{person.uid}/badges")).json()] == ["Whole"]


async def test_courses_and_who_completed_them(parts, organisation, litmos):
    person, course, _ = await some_awards(parts, organisation, [NOON])
    (listed,) = (await litmos("courses")).json()
    assert (listed["Id"], listed["Name"], listed["OriginalId"]) == (course.uid, "Course Demo", course.id)
    assert (await litmos(f"courses/{course.uid}")).json() == listed
    (user,) = (await litmos(f"courses/{course.uid}/users")).json()
    assert (user["Id"], user["UserName"], user["Completed"]) == (person.uid, person.email, True)
    answer = await litmos("courses/none")
    assert (answer.status_code, answer.json()["Detail"]) == (404, "The course none does not exist.")


async def test_teams_are_departments(parts, organisation, litmos, api):
    person, _, _ = await some_awards(parts, organisation, [NOON])
    other = await a_department(parts, organisation, name="Divers")
    teams = {team["Name"]: team for team in (await litmos("teams")).json()}
    assert teams["Divers"]["Id"] == other.uid
    default = next(team for team in teams.values() if team["Id"] != other.uid)
    assert [user["Id"] for user in (await litmos(f"teams/{default['Id']}/users")).json()] == [person.uid]
    assert (await litmos(f"teams/{other.uid}/users")).json() == []
    answer = await litmos("teams/none")
    assert (answer.status_code, answer.json()["Detail"]) == (404, "No team with this none exists in your organization")


async def test_the_delta_lists_what_changed_in_the_order_of_the_change(parts, organisation, litmos, clock):
    _, _, (late,) = await some_awards(parts, organisation, [NOON - timedelta(days=300)])
    clock.advance(timedelta(hours=1))
    _, _, (second,) = await some_awards(parts, organisation, [NOON])
    listed = (await litmos("org/achievements", since="2026-03-14", to="2026-03-15")).json()
    assert [line["OriginalAchievementId"] for line in listed] == [late.id, second.id]
    assert listed[0]["UpdatedDate"] == "2026-03-14T12:00:00.000Z"
    assert (await litmos("org/achievements", since="2026-03-15", to="2026-03-16")).json() == []
    results = (await litmos("results/details", since="2026-03-14", to="2026-03-15")).json()
    assert [line["ResultId"] for line in results] == [second.id]


@pytest.mark.parametrize(
    "query",
    [{}, {"since": "2026-03-14"}, {"to": "2026-03-14"}, {"since": "x", "to": "y"},
     {"since": "2026-03-01", "to": "2026-03-08 00:00:01"}],
)  # fmt: skip
async def test_the_delta_demands_a_range_of_a_week_at_most(litmos, query):
    for path in ("org/achievements", "results/details"):
        answer = await litmos(path, **query)
        assert answer.status_code == 406
        assert answer.json()["Detail"].startswith("Please provide a valid since and to query string parameters")


# ------------------------------------------------------------------------------------------------------ module results
async def a_course_with_a_module(parts, organisation, api):
    person = await a_person(parts, organisation)
    course = await an_achievement(api, name="Course", queries=[{"alias": "lessons", "event_name": "module.completed"}])
    return person, course


async def test_a_module_result_is_an_event_that_may_complete_a_course(parts, organisation, api, litmos):
    person, course = await a_course_with_a_module(parts, organisation, api)
    body = json.dumps(
        {
            "CourseId": course["id"],
            "UserId": person.uid,
            "Score": 85,
            "Completed": True,
            "UpdatedAt": "/Date(1773489000000)/",
            "Note": "well done",
            "Attempts": 1,
        }
    )
    for _ in range(2):
        answer = await litmos("results/modules/m1", method="PUT", content=body)
        assert (answer.status_code, answer.content) == (200, b""), answer.text
    (line,) = (await litmos()).json()
    assert (line["UserId"], line["CourseId"]) == (person.uid, course["id"])
    assert line["AchievementDate"] == "/Date(1773489000000+0000)/"


async def test_a_module_result_may_come_as_xml(parts, organisation, api, litmos):
    person, course = await a_course_with_a_module(parts, organisation, api)
    body = f"""<ModuleResult xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><CourseId>{course["id"]}</CourseId>
        <UserId>{person.email}</UserId><Score>85</Score><Completed>true</Completed>
        <UpdatedAt>2026-03-14T11:00:00</UpdatedAt><Note i:nil="true"/></ModuleResult>"""
    answer = await litmos(
        "results/modules/m1", method="PUT", content=body, headers={"Content-Type": "application/xml"}, as_json=False
    )
    assert answer.status_code == 200, answer.text
    assert len((await litmos()).json()) == 1


async def test_an_attempt_that_is_not_completed_completes_nothing(parts, organisation, api, litmos):
    person, course = await a_course_with_a_module(parts, organisation, api)
    body = json.dumps({"CourseId": course["id"], "UserId": person.uid, "Completed": False})
    assert (await litmos("results/modules/m1", method="PUT", content=body)).status_code == 200
    assert (await litmos()).json() == []


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><ModuleResult><Note>&c;</Note></ModuleResult>'
OUTSIDE = '<!DOCTYPE a SYSTEM "file:///etc/passwd"><ModuleResult><Note>x</Note></ModuleResult>'
INCLUDED = '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><ModuleResult><Note>&f;</Note></ModuleResult>'


@pytest.mark.parametrize(
    "body",
    [BOMB, OUTSIDE, INCLUDED, "<ModuleResult>", "<a><b><c/></b></a>", "<ModuleResult><Colour>red</Colour></ModuleResult>",
     "[]", "{", "5", '{"Colour": 1}', '{"CourseId": 5, "UserId": "x"}', "", BOMB.encode("utf-16").decode("latin-1")],
)  # fmt: skip
async def test_a_body_that_is_no_flat_module_result_is_a_bad_request(litmos, body):
    answer = await litmos("results/modules/m1", method="PUT", content=body.encode())
    assert answer.status_code == 400, answer.text
    assert answer.json()["Detail"].startswith("Bad Request.")
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Score": "much"}, 400),
        ({"Score": 1e400}, 400),
        ({"Completed": "perhaps"}, 400),
        ({"UpdatedAt": "later"}, 400),
        ({"UpdatedAt": "/Date(99999999999999999)/"}, 400),
        ({"UpdatedAt": "2030-01-01"}, 400),
        ({"Note": "x" * 10_001}, 400),
        ({"CourseId": "none"}, 404),
        ({"UserId": "none"}, 404),
    ],
)
async def test_a_bad_field_is_named(parts, organisation, api, litmos, change, status):
    person, course = await a_course_with_a_module(parts, organisation, api)
    body = json.dumps({"CourseId": course["id"], "UserId": person.uid, "Completed": True, **change})
    answer = await litmos("results/modules/m1", method="PUT", content=body.replace("Infinity", "1e999"))
    assert answer.status_code == status, answer.text


def test_fields_are_known_in_any_case():
    assert parse_result(b'{"courseid": "a", "COMPLETED": true}', "application/json") == {
        "CourseId": "a",
        "Completed": True,
    }


async def test_the_webhook_speaks_as_documented(parts, organisation, api, outgoing):
    answer = await api.post("/api/v1/webhooks", json={"url": "https://receiver.example/", "format": "litmos"})
    assert answer.status_code == 201, answer.text
    person, course, (one,) = await some_awards(parts, organisation, [NOON])
    await run_jobs(parts, organisation)
    (request,) = outgoing.sent
    body = json.loads(request.body)
    assert isinstance(body.pop("id"), int)
    assert body == {
        "created": "2026-03-14T12:00:00.000",
        "type": "achievement.earned",
        "object": "event",
        "data": {
            "userId": person.uid,
            "userName": person.email,
            "courseId": course.uid,
            "title": "Course Demo",
            "code": "",
            "achievementDate": "2026-03-14T12:00:00.000",
            "compliantTilldate": None,
            "result": "Completed",
            "type": "Course Completed",
            "firstName": "Sample",
            "lastName": "User",
            "achievementId": one.id,
            "certificateId": None,
        },
    }

import base64
import json
import uuid
from datetime import timedelta

import httpx
import pytest

from laurel.outside.http import HttpAnswer
from laurel.web.standards.xapi_check import check_statement
from tests.support.awards import some_awards
from tests.support.builders import a_person
from tests.support.events import an_achievement
from tests.support.fixtures import NOON
from tests.support.work import run_jobs

COMPLETED = "http://adlnet.gov/expapi/verbs/completed"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
VERSION = {"X-Experience-API-Version": "1.0.3"}


def a_statement(**wishes):
    statement = {
        "id": str(uuid.uuid4()),
        "actor": {"account": {"homePage": "https://app.example", "name": "ada"}},
        "verb": {"id": COMPLETED, "display": {"en": "completed"}},
        "object": {
            "id": "https://app.example/course/1",
            "definition": {"type": "http://adlnet.gov/expapi/activities/course"},
        },
        "timestamp": "2026-03-14T11:00:00Z",
        **wishes,
    }
    return {name: value for name, value in statement.items() if value is not None}


@pytest.fixture
def xapi(api):
    async def send(method, path="statements", *, headers=VERSION, **more):
        return await api.request(method, f"/xapi/{path}", headers=headers, **more)

    return send


async def posted(xapi, *statements):
    answer = await xapi("POST", json=list(statements))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def awards_of(api, external_id):
    (person,) = (await api.get("/api/v1/people", params={"external_id": external_id})).json()["items"]
    return (await api.get(f"/api/v1/people/{person['id']}/awards")).json()["items"]


async def test_about_needs_no_key_and_no_version(stranger):
    answer = await stranger.get("/xapi/about")
    assert answer.status_code == 200
    assert "1.0.3" in answer.json()["version"]
    assert answer.headers["X-Experience-API-Version"] == "1.0.3"


async def test_a_statement_is_an_event_that_may_complete_an_achievement(api, xapi):
    await an_achievement(
        api,
        queries=[
            {
                "alias": "c",
                "event_name": "completed",
                "category": "xapi",
                "source_id": "https://app.example/course/1",
                "where": [{"attribute": "result.score.scaled", "operator": ">=", "value": 0.8}],
            }
        ],
        criteria={"type": "count", "query": "c", "value": 1},
    )
    await posted(xapi, a_statement(result={"score": {"scaled": 0.5}}))
    assert await awards_of(api, "ada") == []
    await posted(xapi, a_statement(result={"score": {"scaled": 0.85}}))
    assert len(await awards_of(api, "ada")) == 1


async def test_what_was_said_is_shown_with_what_the_server_sets(xapi):
    statement = a_statement(result={"score": {"raw": 1.50}})
    body = json.dumps(statement).replace('"raw": 1.5', '"raw": 1.50')
    assert (await xapi("POST", content=body)).json() == [statement["id"]]
    answer = await xapi("GET", params={"statementId": statement["id"]})
    shown = answer.json()
    assert {name: shown[name] for name in statement} == statement
    assert b"1.50" in answer.content
    assert shown["stored"] == "2026-03-14T12:00:00.000Z"
    assert shown["version"] == "1.0.3"
    assert shown["authority"]["account"]["homePage"] == "https://laurel.test"
    assert answer.headers["X-Experience-API-Consistent-Through"] == "2026-03-14T12:00:00.000Z"


async def test_the_same_statement_again_changes_nothing_and_another_under_its_id_is_a_conflict(api, xapi):
    await an_achievement(
        api, queries=[{"alias": "c", "event_name": "completed"}], criteria={"type": "count", "query": "c", "value": 2}
    )
    statement = a_statement()
    for _ in range(3):
        await posted(xapi, statement)
    assert await awards_of(api, "ada") == []
    answer = await xapi("POST", json={**statement, "result": {"success": True}})
    assert (answer.status_code, answer.json()["code"]) == (409, "statement_id_reused")


async def test_put_records_under_the_id_of_the_address(xapi):
    wanted = str(uuid.uuid4())
    answer = await xapi("PUT", params={"statementId": wanted}, json=a_statement(id=None))
    assert (answer.status_code, answer.content) == (204, b"")
    again = await xapi("PUT", params={"statementId": wanted}, json=a_statement(id=None))
    assert again.status_code == 204
    other = await xapi(
        "PUT", params={"statementId": wanted}, json=a_statement(id=None, timestamp="2026-03-14T10:00:00Z")
    )
    assert other.status_code == 409
    wrong = await xapi("PUT", params={"statementId": wanted}, json=a_statement())
    assert wrong.status_code == 400


async def test_one_bad_statement_refuses_the_whole_batch(api, xapi):
    good = a_statement()
    answer = await xapi("POST", json=[good, a_statement(verb={"id": "no iri"})])
    assert (answer.status_code, answer.json()["field"]) == (400, "statements[1].verb.id")
    taken = a_statement()
    await posted(xapi, taken)
    answer = await xapi("POST", json=[good, {**taken, "timestamp": "2026-03-14T09:00:00Z"}])
    assert answer.status_code == 409
    assert (await xapi("GET", params={"statementId": good["id"]})).status_code == 404
    late = await xapi("POST", json=[good, a_statement(timestamp="2026-04-14T09:00:00Z")])
    assert late.status_code == 400
    assert (await xapi("GET", params={"statementId": good["id"]})).status_code == 404


async def test_an_id_twice_in_a_batch_is_refused(xapi):
    statement = a_statement()
    answer = await xapi("POST", json=[statement, statement])
    assert (answer.status_code, answer.json()["field"]) == (400, "statements[1].id")


async def test_voiding_takes_the_event_back(api, xapi):
    await an_achievement(
        api, queries=[{"alias": "c", "event_name": "completed"}],
        criteria={"type": "count", "query": "c", "value": 1}, revoke_on_retraction=True,
    )  # fmt: skip
    statement = a_statement()
    await posted(xapi, statement)
    voiding = a_statement(
        actor={"mbox": "mailto:admin@example.org"},
        verb={"id": VOIDED},
        object={"objectType": "StatementRef", "id": statement["id"]},
    )
    await posted(xapi, voiding)
    assert [award["state"] for award in await awards_of(api, "ada")] == ["revoked"]
    assert (await xapi("GET", params={"statementId": statement["id"]})).status_code == 404
    assert (await xapi("GET", params={"voidedStatementId": statement["id"]})).status_code == 200
    listed = (await xapi("GET")).json()["statements"]
    assert [one["id"] for one in listed] == [voiding["id"]]
    again = a_statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": voiding["id"]})
    assert (await xapi("POST", json=again)).status_code == 400


async def test_lists_are_filtered_and_go_on(xapi, clock):
    first = a_statement()
    await posted(xapi, first)
    clock.advance(timedelta(minutes=1))
    mail = a_statement(actor={"mbox": "mailto:Bob@Example.org"}, verb={"id": "https://app.example/verbs/liked"})
    await posted(xapi, mail)
    clock.advance(timedelta(minutes=1))
    registered = str(uuid.uuid4())
    last = a_statement(object={"id": "https://app.example/2"}, context={"registration": registered})
    await posted(xapi, last)

    async def ids(**query):
        return [one["id"] for one in (await xapi("GET", params=query)).json()["statements"]]

    assert await ids() == [last["id"], mail["id"], first["id"]]
    assert await ids(ascending="true") == [first["id"], mail["id"], last["id"]]
    assert await ids(agent=json.dumps({"mbox": "mailto:bob@example.org"})) == [mail["id"]]
    assert await ids(agent=json.dumps({"mbox": "mailto:nobody@example.org"})) == []
    assert await ids(verb="https://app.example/verbs/liked") == [mail["id"]]
    assert await ids(activity="https://app.example/2") == [last["id"]]
    assert await ids(registration=registered) == [last["id"]]
    assert await ids(since="2026-03-14T12:00:00Z") == [last["id"], mail["id"]]
    assert await ids(until="2026-03-14T12:00:00Z") == [first["id"]]
    seen, path = [], "statements?limit=2"
    while path:
        page = (await xapi("GET", path)).json()
        seen += [one["id"] for one in page["statements"]]
        path = page["more"].removeprefix("/xapi/")
    assert seen == [last["id"], mail["id"], first["id"]]


async def test_basic_authentication_takes_the_key_as_password(stranger, key):
    for pair in (f"client:{key.text}", f"{key.text}:"):
        basic = base64.b64encode(pair.encode()).decode()
        answer = await stranger.get("/xapi/statements", headers={**VERSION, "Authorization": f"Basic {basic}"})
        assert answer.status_code == 200
    answer = await stranger.get("/xapi/statements", headers=VERSION)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("version", [None, "", "0.95", "2.0.0", "1.1", "1.0.x"])
async def test_a_version_that_is_not_spoken_is_refused(xapi, version):
    headers = {} if version is None else {"X-Experience-API-Version": version}
    for method, body in (("GET", None), ("POST", [a_statement()])):
        answer = await xapi(method, headers=headers, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "xapi_version")
        assert answer.headers["X-Experience-API-Version"] == "1.0.3"


AGENT = {"mbox": "mailto:a@example.org"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"actor": None}, "actor"),
        ({"actor": {}}, "actor"),
        ({"actor": {**AGENT, "openid": "https://a.example"}}, "actor"),
        ({"actor": {"mbox": "a@example.org"}}, "actor.mbox"),
        ({"actor": {"mbox": 5}}, "actor.mbox"),
        ({"actor": {"mbox_sha1sum": "xyz"}}, "actor.mbox_sha1sum"),
        ({"actor": {"account": {"name": "x"}}}, "actor.account.homePage"),
        ({"actor": {"account": {"homePage": "https://a.example", "name": ""}}}, "actor.account.name"),
        ({"actor": {"objectType": "Robot", **AGENT}}, "actor.objectType"),
        ({"actor": {"objectType": "Group"}}, "actor"),
        ({"actor": {"objectType": "Group", "member": [{}]}}, "actor.member[0]"),
        ({"verb": {"display": {"en": "x"}}}, "verb.id"),
        ({"verb": {"id": COMPLETED, "display": "x"}}, "verb.display"),
        ({"verb": {"id": VOIDED}}, "object"),
        ({"object": None}, "object"),
        ({"object": "x"}, "object"),
        ({"object": {"id": "course 1"}}, "object.id"),
        ({"object": {"objectType": "Thing", "id": "https://a.example"}}, "object.objectType"),
        ({"object": {"objectType": "StatementRef", "id": "x"}}, "object.id"),
        ({"object": {"id": "https://a.example", "definition": {"type": "x"}}}, "object.definition.type"),
        ({"result": {"score": {"scaled": 1.5}}}, "result.score.scaled"),
        ({"result": {"score": {"raw": 5, "max": 4}}}, "result.score"),
        ({"result": {"score": {"raw": "5"}}}, "result.score.raw"),
        ({"result": {"success": "yes"}}, "result.success"),
        ({"result": {"duration": "1 hour"}}, "result.duration"),
        ({"result": {"extensions": {"x": 1}}}, "result.extensions"),
        ({"context": {"registration": "1"}}, "context.registration"),
        ({"context": {"contextActivities": {"near": []}}}, "context.contextActivities.near"),
        ({"context": {"contextActivities": {"parent": [{"id": "x"}]}}}, "context.contextActivities.parent[0].id"),
        ({"context": {"team": AGENT}}, "context.team"),
        ({"context": {"language": "no language"}}, "context.language"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": "2026-03-14T11:00:00-00:00"}, "timestamp"),
        ({"timestamp": "2026-13-14T11:00:00Z"}, "timestamp"),
        ({"id": "7"}, "id"),
        ({"version": "2.0"}, "version"),
        ({"colour": "red"}, "colour"),
        ({"result": {"response": "\x00"}}, "result.response"),
        ({"attachments": [{"usageType": "https://a.example", "display": {"en": "x"}, "contentType": "text/plain",
                           "length": 1, "sha2": "0"}]}, "attachments[0].fileUrl"),
    ],
)  # fmt: skip
async def test_what_is_no_statement_is_refused_by_place(xapi, change, field):
    statement = {**a_statement(), **change}
    answer = await xapi("POST", json={name: value for name, value in statement.items() if value is not None})
    assert (answer.status_code, answer.json()["field"]) == (400, f"statements[0].{field}"), answer.text


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b'"x"', b"{", b"[null]", b'{"actor": NaN}'])
async def test_a_body_that_holds_no_statement_is_refused(xapi, body):
    assert (await xapi("POST", content=body)).status_code == 400


async def test_nulls_are_allowed_in_extensions_alone(xapi):
    await posted(xapi, a_statement(result={"extensions": {"https://a.example/x": None}}))
    answer = await xapi(
        "POST", json=a_statement(result={"success": True}, context={"platform": "x"}) | {"result": None}
    )
    assert (answer.status_code, answer.json()["field"]) == (400, "statements[0].result")


async def test_more_statements_than_the_limit_are_refused_with_it(xapi):
    answer = await xapi("POST", json=[a_statement()] * 1_001)
    assert (answer.status_code, answer.json()["limit"]) == (400, 1_000)


@pytest.mark.parametrize(
    "query",
    [
        {"statementId": "x"},
        {"statementId": str(uuid.uuid4()), "verb": COMPLETED},
        {"agent": "{"},
        {"agent": "[]"},
        {"limit": "many"},
        {"since": "soon"},
        {"ascending": "yes"},
        {"colour": "red"},
        {"cursor": "zzz"},
        {"registration": "1"},
    ],
)
async def test_a_bad_parameter_is_named(xapi, query):
    answer = await xapi("GET", params=query)
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"]


async def test_another_organisation_has_its_own_statements_and_ids(xapi, other_api):
    statement = a_statement()
    await posted(xapi, statement)
    assert (await other_api.get("/xapi/statements", headers=VERSION)).json()["statements"] == []
    hidden = await other_api.get("/xapi/statements", params={"statementId": statement["id"]}, headers=VERSION)
    assert hidden.status_code == 404
    again = await other_api.post("/xapi/statements", json={**statement, "result": {"success": True}}, headers=VERSION)
    assert again.status_code == 200


# ------------------------------------------------------------------------------------------------------------ emission
async def a_record_store(api, **wishes):
    answer = await api.post(
        "/api/v1/webhooks",
        json={"url": "https://lrs.example/xapi/statements", "format": "xapi", "secret": "us:pass", **wishes},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_awards_are_told_to_a_record_store_in_one_batch(api, parts, organisation, outgoing):
    await a_record_store(api)
    person, course, awards = await some_awards(parts, organisation, [NOON, NOON - timedelta(hours=1)])
    await run_jobs(parts, organisation)
    (request,) = outgoing.sent
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"us:pass").decode()
    assert request.headers["X-Experience-API-Version"] == "1.0.3"
    statements = json.loads(request.body)
    assert len(statements) == 2
    for statement, one in zip(statements, awards, strict=True):
        check_statement(statement, "statement")
        assert statement["id"] == str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://laurel.test/awards/{one.uid}"))
        assert statement["actor"]["account"] == {"homePage": "https://laurel.test", "name": person.uid}
        assert statement["object"]["id"] == f"https://laurel.test/achievements/{course.uid}"
    assert statements[0]["timestamp"] == "2026-03-14T12:00:00.000Z"


async def test_a_revocation_voids_the_statement(api, parts, organisation, outgoing):
    await a_record_store(api)
    _, _, (one,) = await some_awards(parts, organisation, [NOON])
    await api.post(f"/api/v1/awards/{one.uid}/revoke", json={"reason": "mistake"})
    await run_jobs(parts, organisation)
    sent = [statement for request in outgoing.sent for statement in json.loads(request.body)]
    assert sent[1]["verb"]["id"] == VOIDED
    assert sent[1]["object"] == {"objectType": "StatementRef", "id": sent[0]["id"]}


async def test_a_batch_that_is_refused_for_one_is_sent_one_by_one(api, parts, organisation, outgoing):
    webhook = await a_record_store(api)
    await some_awards(parts, organisation, [NOON, NOON - timedelta(hours=1), NOON - timedelta(hours=2)])
    outgoing.answers = lambda request: HttpAnswer(409 if len(json.loads(request.body)) > 1 else 200, {}, b"", 1)
    await run_jobs(parts, organisation)
    assert [len(json.loads(request.body)) for request in outgoing.sent] == [3, 1, 1, 1]
    listed = (await api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries")).json()["items"]
    assert {delivery["state"] for delivery in listed} == {"delivered"}


async def test_what_we_emit_we_also_take(api, parts, organisation, application, outgoing, xapi):
    await a_record_store(api)
    person = await a_person(parts, organisation)
    await an_achievement(api)
    await api.post("/api/v1/events", json={"person": {"id": person.uid}, "name": "lesson.completed"})
    await run_jobs(parts, organisation)
    (request,) = outgoing.sent
    answer = await xapi("POST", content=request.body)
    assert answer.status_code == 200, answer.text
    assert isinstance(answer, httpx.Response)


async def test_a_record_store_needs_a_user_and_a_password(api):
    answer = await api.post("/api/v1/webhooks", json={"url": "https://lrs.example/", "format": "xapi"})
    assert (answer.status_code, answer.json()["field"]) == (422, "secret")

"""Every route of every surface is asked for another organisation's things by each of their ids: the answer is the one for
an id that nobody has.

A probe counts only where the organisation's own thing is answered otherwise; which routes have such a control is checked too.
"""

import re
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio

from laurel.base.ids import is_uid, new_uid, uid_as_base62
from tests.dialects.nudj.wishes import ADMIN, Nudj, an_allocation
from tests.support.builders import a_key, a_number, an_account
from tests.support.fixtures import BASE_URL, client_of
from tests.support.routes import every_route
from tests.support.work import run_jobs

CONTROLLED_SHARE = 0.5
"""How many of the routes must answer otherwise for the organisation's own thing: the rest needs more than an id and an empty
body to get that far (a file, a draw, a design of one's own)."""
NOBODYS_NUMBER = "2147483646"


class Inhabited(NamedTuple):
    """An organisation with one of everything: a client, and its ids as `table -> ids in every spelling`."""

    http: httpx.AsyncClient
    ids: dict[str, list[str]]


async def inhabit(parts, application, organisation) -> Inhabited:
    """Fill an organisation through its surfaces, and read back the ids of whatever that made."""
    await spread_numbers(parts)
    person = await made(client_of(application, await a_key(parts, organisation)), "/api/v1/people", external())
    key = await a_key(parts, organisation, acting_person_id=await person_id(parts, organisation, person["id"]))
    http = httpx.AsyncClient(
        transport=application,
        base_url=BASE_URL,
        headers={"Authorization": f"Bearer {key.text}", "x-api-token": key.text, "apikey": key.text},
    )
    nudj = Nudj(http)
    await made(http, "/api/v1/departments", {"name": "Physics"})
    await an_account(parts, organisation)
    await made(http, "/api/v1/keys", {"name": "another"})
    await made(http, "/api/v1/webhooks", {"url": "https://receiver.example/hook"})
    achievement = await made(http, "/api/v1/achievements", an_achievement())
    await made(http, f"/api/v1/achievements/{achievement['id']}/awards", {"person": {"id": person["id"]}})
    mug = await nudj.reward()
    prized = await nudj.achievement()
    await made(http, "/api/v1/challenges", {"name": "Explore", "status": "live", "actions": [{"name": "Go there"}]})
    await made(http, "/api/v1/leaderboards", {"name": "XP", "metric": "xp", "period": "open", "status": "live"})
    await nudj.distribute(prized, [an_allocation(mug), an_allocation(mug, allocationType="entries")], points=5)
    for _ in range(3):
        await nudj.post(f"{ADMIN}/events/custom", {"eventName": "lesson", "payload": {}, "userId": person["id"]})
    base = "/learner-profile-service/api/v1"
    learner = uid_as_base62(person["id"])
    await http.post(f"{base}/learner/{learner}/learner-profile", json={})
    await http.post(f"{base}/goal", json={"name": "Swim", "type": "personal"})
    await http.post("/v1/designs", json={"design": {"name": "Plain"}})
    await http.post("/v1/collections", json={"collection": {"name": "All"}})
    await run_jobs(parts, organisation)
    return Inhabited(http, await ids_of(parts, organisation))


def external() -> dict:
    return {"identifiers": {"external": f"member-{a_number()}"}, "email": f"ada{a_number()}@example.org"}


def an_achievement(**wishes) -> dict:
    return {"name": "Given by hand", "status": "live", "issues_credential": True, **wishes}


async def made(http, path, body) -> dict:
    answer = await http.post(path, json=body)
    assert answer.status_code == 201, (path, answer.text)
    return answer.json()


async def person_id(parts, organisation, uid):
    async with parts.database.transaction(organisation.id) as tx:
        return await tx.fetchval("SELECT id FROM person WHERE organisation_id = $1 AND uid = $2", organisation.id, uid)


async def spread_numbers(parts) -> None:
    """Let no number of a row be that of another table's row, so that a number means one thing."""
    sequences = await parts.database.pool.fetch("SELECT quote_ident(sequencename) AS name FROM pg_sequences ORDER BY 1")
    base = 1_000_000 + a_number() * 100_000
    for place, sequence in enumerate(sequences):
        await parts.database.pool.execute(
            "SELECT setval($1::text::regclass, $2)", sequence["name"], base + place * 1_000
        )


async def ids_of(parts, organisation) -> dict[str, list[str]]:
    """The ids of every row that belongs to the organisation, in the spellings of all surfaces."""
    found = {}
    async with parts.database.transaction(organisation.id) as tx:
        tables = await tx.fetch(
            """
            SELECT c.relname AS name, array_agg(a.attname::text) AS columns FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('id', 'uid', 'organisation_id')
            WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace GROUP BY 1 ORDER BY 1
            """
        )
        for table in tables:
            if {"organisation_id", "uid"} <= set(table["columns"]):
                number = "max(id)::text" if "id" in table["columns"] else "NULL"
                row = await tx.fetchrow(
                    f"SELECT max(uid) AS uid, {number} AS number FROM {table['name']} WHERE organisation_id = $1",
                    organisation.id,
                )
                if row["uid"] is not None:
                    spelled = [row["uid"], *filter(None, [row["number"]])]
                    found[table["name"]] = spelled + ([uid_as_base62(row["uid"])] if is_uid(row["uid"]) else [])
    return found


def nobodys(value: str) -> str:
    """An id of the same spelling that nobody has."""
    if value.isdigit():
        return NOBODYS_NUMBER
    if is_uid(value):
        return new_uid()
    return uid_as_base62(new_uid()) if len(value) == 20 else new_uid()[: len(value)]


def spoken_ids(path, home, abroad):
    """(table, the foreign id, the own one) for every table, in the spellings that the surface of `path` has."""
    for table, spellings in abroad.ids.items():
        for value, own in zip(spellings, home.ids[table], strict=True):
            if path.startswith("/learner-profile-service"):
                said = not value.isdigit() and not is_uid(value)
            elif path.startswith(("/v1/", "/v2/")):
                said = value.isdigit() or is_uid(value)
            else:
                said = not value.isdigit() and len(value) != 20
            if said:
                yield table, value, own


# What strangers may read: the addresses that stand on credentials, and what a verifier needs to check them.
PUBLIC_PREFIXES = ("/c/", "/a/", "/i/", "/s/", "/ob2/", "/workflows/credential/exchanges/", "/v1/frontend/")
PUBLIC_WITH_A_KEY = ("/v1/credentials/blockchain_data/{id}", "/v2/credentials/{id}/blockchain_data")
PUBLIC_TABLES = ("credential", "signed_credential", "achievement", "organisation", "status_list")


def is_public(route, table) -> bool:
    return table in PUBLIC_TABLES and (
        route.path.startswith(PUBLIC_PREFIXES) or (route.path in PUBLIC_WITH_A_KEY and "credential" in table)
    )


# What a write needs in its body before the path's id is looked up; {} where nothing is said.
BODIES = {
    "POST /api/v1/achievements/{achievement}/awards": {
        "person": {"external_id": "zoe"},
        "create_person": True,
        "again": True,
    },
    "POST /api/v1/awards/{award}/revoke": {"reason": "a mistake"},
    "POST /api/v1/webhooks/{webhook}/redeliver-failed": {"since": "2026-03-01T00:00:00Z"},
    "POST /api/v2/admin/achievements/{achievement_id}": {"status": "live"},
    "PUT /learner-profile-service/api/v1/learner/{uuid}": {"first_name": "Ada"},
}


async def asked(http, route, values) -> tuple:
    """What a client can tell answers apart by, with the ids themselves taken out."""
    path = route.path
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    body = BODIES.get(f"{route.method} {route.path}", {})
    content = {} if route.method in {"GET", "DELETE"} else {"json": body}
    answer = await http.request(route.method, path, params={"source": "tests"} if "v1.svc" in path else None, **content)
    text = answer.text
    for value in values.values():
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "ID", text, flags=re.IGNORECASE)
    assert answer.status_code < 500 or answer.status_code == 501, (route, values, text)
    return (
        answer.status_code,
        answer.headers.get("content-type"),
        re.sub(r"[0-9a-f]{24}|\d{4}-\d\d-\d\dT[\d:.Z+]+", "_", text),
    )


@pytest_asyncio.fixture
async def home(parts, application, organisation):
    inhabited = await inhabit(parts, application, organisation)
    yield inhabited
    await inhabited.http.aclose()


@pytest_asyncio.fixture
async def abroad(parts, application, other_organisation):
    inhabited = await inhabit(parts, application, other_organisation)
    yield inhabited
    await inhabited.http.aclose()


@pytest.mark.timeout(600)  # every route times every table: the probes of a quiet minute take three on a busy machine
async def test_a_foreign_id_is_indistinguishable_from_an_absent_one(
    parts, application, home, abroad, other_organisation
):
    before = await ids_of(parts, other_organisation)
    probes, leaks, reached, controlled = 0, [], set(), set()
    for route in every_route(application):
        if route.method != "DELETE" and route.parameters:
            controlled.add(f"{route.method} {route.path}")
        for parameter in route.parameters:
            rest = {name: "1" for name in route.parameters if name != parameter}
            absent: dict[tuple, tuple] = {}
            for table, value, _ in spoken_ids(route.path, home, abroad):
                kind = (value.isdigit(), len(value))
                if kind not in absent:
                    absent[kind] = await asked(home.http, route, {**rest, parameter: nobodys(value)})
                foreign = await asked(home.http, route, {**rest, parameter: value})
                probes += 1
                if foreign != absent[kind] and not is_public(route, table):
                    leaks.append((route, table, value, foreign, absent[kind]))
            # The organisation's own things come after all foreign ones: erasing whom the key acts for ends the key.
            name = f"{route.method} {route.path}"
            for _, value, own in spoken_ids(route.path, home, abroad):
                if name not in controlled - reached:
                    break
                if await asked(home.http, route, {**rest, parameter: own}) != absent[value.isdigit(), len(value)]:
                    reached.add(name)
    print(  # noqa: T201 - the figure of the campaign
        f"{probes} probes with ids of {len(abroad.ids)} tables, {len(reached)} routes with a control: {len(leaks)} leaks"
    )
    assert not leaks, (sorted({(route.method, route.path, table) for route, table, *_ in leaks}), leaks[0])
    assert len(reached) >= CONTROLLED_SHARE * len(controlled), sorted(controlled - reached)
    assert await ids_of(parts, other_organisation) == before, "something of the other organisation is gone"


async def test_no_list_shows_what_belongs_to_another_organisation(application, home, abroad):
    foreign = {value for spellings in abroad.ids.values() for value in spellings if not value.isdigit()}
    for route in every_route(application):
        if route.method == "GET" and not route.parameters:
            answer = await home.http.get(route.path)
            assert answer.status_code < 500, route
            assert not [value for value in foreign if value in answer.text], route

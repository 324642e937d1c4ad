"""A marker is planted wherever something about a person can go; after the erasure no table holds it in any spelling."""

import base64
import uuid

from laurel.base.ids import new_uid
from laurel.domain.achievements import definitions
from laurel.domain.erasure import store
from laurel.domain.learner_requests import asking
from laurel.domain.letters import bounces, sending
from laurel.domain.people import store as people
from laurel.domain.rosters import issuing
from laurel.domain.rosters.model import Line
from laurel.outside.http import HttpAnswer
from laurel.outside.mail import AddressRefused
from laurel.worker.known_jobs import JOBS
from tests.dialects.accredible.conftest import a_credential, a_group
from tests.dialects.nudj.wishes import ADMIN, Nudj, an_allocation
from tests.support.builders import a_key, a_number
from tests.support.events import an_achievement
from tests.support.fixtures import client_of
from tests.support.work import run_jobs


class Planted:
    """Somebody whose every trace carries a marker."""

    def __init__(self) -> None:
        self.marker = f"zyxwv{a_number()}q{uuid.uuid4().hex[:6]}"
        self.email = f"{self.marker}@example.org"
        self.uid = ""


def spellings(marker: str) -> list[bytes]:
    """The marker plain, and in base64 at each of the three places where it may begin (lower case and as it is)."""
    found = [marker.encode()]
    for before in range(3):
        text = base64.b64encode(b"x" * before + marker.encode()).decode()
        found.append(text[4 if before else 0 : len(text) - 4].replace("=", "").encode())
    return found


async def traces(parts, marker: str) -> list[str]:
    """Every column of every table in which the marker stands, as the superuser sees them."""
    columns = await parts.database.pool.fetch(
        """
        SELECT c.relname AS place, a.attname AS name, format_type(a.atttypid, NULL) AS type FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
        """
    )
    assert len({row["place"] for row in columns}) > 60
    found = []
    for row in columns:
        name = f'"{row["name"]}"'
        value = name if row["type"] == "bytea" else f"convert_to({name}::text, 'UTF8')"
        for spelling in spellings(marker):
            if await parts.database.pool.fetchval(
                f'SELECT EXISTS (SELECT FROM "{row["place"]}" WHERE position($1::bytea IN {value}) > 0)', spelling
            ):
                found.append(f"{row['place']}.{row['name']}")
    return sorted(set(found))


async def plant(api, parts, organisation, outgoing) -> Planted:
    """A person with traces on every surface."""
    one = Planted()
    marker, email = one.marker, one.email
    outgoing.answers = lambda request: HttpAnswer(
        500, {}, request.body[:900] if marker.encode() in request.body else b"", 1
    )
    hook = await api.post("/api/v1/webhooks", json={"url": "https://receiver.example/hook"})
    assert hook.status_code == 201, hook.text
    made = await api.post(
        "/api/v1/people",
        headers={"Idempotency-Key": f"k{a_number()}"},
        json={
            "email": email,
            "first_name": marker,
            "last_name": marker,
            "display_name": marker,
            "attributes": {"note": marker},
            "identifiers": {"external": f"id-{marker}"},
        },
    )
    assert made.status_code == 201, made.text
    one.uid = made.json()["id"]
    lessons = await an_achievement(api, name="Lessons", issues_credential=True)
    event = {
        "person": {"id": one.uid}, "name": "lesson.completed", "key": f"key-{marker}", "source_id": marker,
        "tags": [marker], "payload": {marker: marker},
    }  # fmt: skip
    assert (await api.post("/api/v1/events", json=event)).status_code == 200
    assert (await api.post("/api/v1/events", json={**event, "key": f"other-{marker}"})).status_code == 200
    gone = await api.post(f"/api/v1/people/{one.uid}/events/key-{marker}/retract", json={"reason": marker})
    assert gone.status_code in {200, 404}, gone.text
    by_hand = await an_achievement(api, name="By hand", issues_credential=True)
    given = await api.post(
        f"/api/v1/achievements/{by_hand['id']}/awards",
        json={
            "person": {"id": one.uid}, "recipient_name": marker, "name": f"Diploma of {marker}", "narrative": marker,
            "description": marker, "evidence": [{"name": marker, "narrative": marker}], "custom": {"note": marker},
        },
    )  # fmt: skip
    assert given.status_code == 201, given.text
    await dialects(api, parts, organisation, one)
    await lists_and_letters(parts, organisation, one, by_hand, given.json()["credential"])
    await run_jobs(parts, organisation)
    await by_sql(parts, organisation, one, lessons)
    return one


async def dialects(api, parts, organisation, one) -> None:
    """Traces left through other products' surfaces."""
    marker, email = one.marker, one.email
    key = await a_key(parts, organisation)
    async with client_of(api._transport) as accredible:
        accredible.headers["Authorization"] = f"Token token={key.text}"
        group = (await accredible.post("/v1/issuer/groups", json={"group": a_group()})).json()["group"]
        await a_credential(
            accredible, group, recipient={"name": marker, "email": email, "id": marker}, id=marker,
            custom_attributes={"grade": marker},
        )  # fmt: skip
        made = await accredible.post("/v1/data_exports", json={"data_export": {"entity": "credentials"}})
        payload = {"organisation_id": organisation.id, "export_id": made.json()["data_export"]["id"]}
        await JOBS["register.export"].run(parts, payload)
    statement = {
        "id": str(uuid.uuid4()),
        "actor": {"mbox": f"mailto:{email}", "name": marker},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": f"https://app.example/{marker}"},
    }
    said = await api.post("/xapi/statements", json=[statement], headers={"X-Experience-API-Version": "1.0.3"})
    assert said.status_code == 200, said.text
    acting = await a_key(parts, organisation, acting_person_id=await person_id(parts, organisation, one), name=marker)
    async with client_of(api._transport) as client:
        client.headers.update({"x-api-token": acting.text, "Authorization": f"Bearer {acting.text}"})
        nudj = Nudj(client)
        mug = await nudj.reward()
        prized = await nudj.achievement()
        await nudj.distribute(prized, [an_allocation(mug)], points=5)
        for _ in range(3):
            await nudj.post(
                f"{ADMIN}/events/custom", {"eventName": "lesson", "payload": {"note": marker}, "userId": one.uid}
            )


async def lists_and_letters(parts, organisation, one, achievement, credential_uid) -> None:
    """Traces in rosters, letters, requests and waiting jobs."""
    marker, email, now = one.marker, one.email, parts.clock.now()
    async with parts.database.transaction(organisation.id) as tx:
        wanted = await definitions.require(tx, achievement["id"])
        roster = new_uid()
        lines = [Line(2, marker, email), Line(3, "Grace", f"grace{a_number()}@example.org")]
        await issuing.start(tx, wanted, lines, uid=roster, actor="test", now=now)
    await issuing.issue_roster(parts.spine, organisation.id, roster)
    async with parts.database.transaction(organisation.id) as tx:
        person = await people.find_by_id(tx, await person_id(parts, organisation, one))
        assert person is not None
        await asking.ask(tx, person, "name", marker, now)
        await bounces.note_refused(tx, email, AddressRefused("5.1.1", f"no {marker}"), now)
        await sending.ask_for_link(tx, email, "en", alone=True)
        sql = "SELECT id FROM credential WHERE organisation_id = $1 AND uid = $2"
        credential = await tx.fetchval(sql, organisation.id, credential_uid)
        await tx.execute("DELETE FROM bounce WHERE organisation_id = $1", organisation.id)
    await sending.send_letters(parts, {"organisation_id": organisation.id, "credentials": [credential]})
    async with parts.database.transaction(organisation.id) as tx:
        await bounces.note_refused(tx, email, AddressRefused("5.1.1", f"no {marker}"), now)


async def by_sql(parts, organisation, one, achievement) -> None:
    """What takes long to reach through a surface: every remaining text of a row of the person's."""
    person, marker, email = await person_id(parts, organisation, one), one.marker, one.email
    pool, mine = parts.database.pool, (organisation.id, person)
    for statement in (
        f"UPDATE ledger SET reason = '{marker}', reference = '{marker}' || id WHERE organisation_id = $1 AND person_id = $2",
        f"""UPDATE reward_grant SET details = '{{"a": "{marker}"}}', source_id = '{marker}' || id
            WHERE organisation_id = $1 AND person_id = $2""",
        f"""UPDATE award SET score = '{marker}', revoke_reason = '{marker}', results = '[{{"a": "{marker}"}}]'
            WHERE organisation_id = $1 AND person_id = $2""",
        f"""UPDATE credential SET refusal = '{marker}', holder = '{marker}',
            revoke_reason = '{marker}' WHERE organisation_id = $1 AND person_id = $2""",
        f"""INSERT INTO event_retraction SELECT organisation_id, person_id, event_key, '{marker}', now() FROM event
            WHERE organisation_id = $1 AND person_id = $2 ON CONFLICT DO NOTHING""",
        f"""INSERT INTO held_credential VALUES ($1, $2, 'h{marker}', '\\x00', '{marker}', 'i', 's', false, '{marker}',
            now(), now(), now())""",
        f"""INSERT INTO one_time_link (organisation_id, uid, person_id, secret_hash, destination, fallback, expires_at,
            created_at) VALUES ($1, 'l{marker}', $2, '\\x00', '{marker}', '', now(), now())""",
        f"""INSERT INTO event_link VALUES ($1, 'e{a_number()}', 'x', '{{"a": "{marker}"}}', NULL, true, now(), $2, now(), now())""",
        f"""INSERT INTO challenge_participation VALUES ($1, $2, 'a', '{marker}', 'u{a_number()}', 1, '{{"a": "{marker}"}}',
            now(), 1, true, '{marker}')""",
        f"""INSERT INTO oauth_grant VALUES ($1, 'g{a_number()}', $2, '\\x00', '{marker}', 'x', '{{}}', now())""",
        f"""INSERT INTO sign_in_attempt SELECT $1, 's{a_number()}', '\\x00', 'i', '', '{{"fields": ["{email}"]}}', now()
            WHERE $2::bigint > 0""",
        f"""INSERT INTO learner_profile (organisation_id, person_id, uid, employment_status, personal_goals, created_at,
            updated_at) VALUES ($1, $2, 'p{a_number()}', '{marker}', '{marker}', now(), now())
            ON CONFLICT (organisation_id, person_id) WHERE deleted_at IS NULL DO UPDATE
            SET employment_status = EXCLUDED.employment_status, personal_goals = EXCLUDED.personal_goals""",
        f"""UPDATE past_progress SET entry = '{marker}' WHERE organisation_id = $1 AND person_id = $2""",
    ):  # fmt: skip
        await pool.execute(statement, *mine)


async def person_id(parts, organisation, one):
    sql = "SELECT id FROM person WHERE organisation_id = $1 AND uid = $2"
    return await parts.database.pool.fetchval(sql, organisation.id, one.uid)


async def figures(parts, organisation) -> dict[str, int]:
    """How many rows of what counts there are."""
    tables = ("person", "event", "award", "credential", "ledger", "balance", "log_entry", "reward_grant", "audit")
    sql = "SELECT count(*) FROM {} WHERE organisation_id = $1"
    return {name: await parts.database.pool.fetchval(sql.format(name), organisation.id) for name in tables}


async def test_erasing_leaves_no_trace_of_a_person_and_every_figure(
    api, stranger, parts, organisation, other_organisation, outgoing
):
    one = await plant(api, parts, organisation, outgoing)
    bystander = await api.post(
        "/api/v1/events?create_people=true",
        json={"person": {"external_id": "grace"}, "name": "lesson.completed", "key": "kept", "payload": {"kept": True}},
    )
    assert bystander.status_code == 200
    await run_jobs(parts, organisation)
    places = await traces(parts, one.marker)
    wanted = {
        "person.email", "person_identifier.value", "event.payload", "event.event_key", "award.source_event_key",
        "credential.fields", "signed_credential.document", "statement.document", "roster.lines", "bounce.address",
        "webhook_delivery.body", "webhook_attempt.answer", "stored_file_part.data", "idempotent_answer.body",
        "learner_request.wanted", "held_credential.content", "ledger.reason", "api_key.name",
    }  # fmt: skip
    assert wanted - set(places) == set()
    before = await figures(parts, organisation)
    checkpoint = await stranger.get(f"/i/{organisation.uid}/log/checkpoint")
    answer = await api.post(f"/api/v1/people/{one.uid}/erasure")
    assert answer.status_code == 204, answer.text
    outgoing.answers = None
    await run_jobs(parts, organisation)
    assert await traces(parts, one.marker) == []
    after = await figures(parts, organisation)
    assert {name for name in before if after[name] < before[name]} == set()
    kept = await parts.database.pool.fetchval(
        "SELECT payload FROM event WHERE organisation_id = $1 AND event_key = 'kept'", organisation.id
    )
    assert kept == {"kept": True}
    assert (await api.get(f"/api/v1/people/{one.uid}")).status_code == 404
    again = await api.post(f"/api/v1/people/{one.uid}/erasure")
    assert again.status_code == 404
    # The log only grew: what stood under its first checkpoint stands there still.
    later = await stranger.get(f"/i/{organisation.uid}/log/checkpoint")
    assert (checkpoint.status_code, later.status_code) == (200, 200)
    assert int(later.text.split("\n")[1]) >= int(checkpoint.text.split("\n")[1]) > 0


async def test_only_a_caller_who_may_change_people_erases_and_only_its_own(api, other_api, parts, organisation):
    made = (await api.post("/api/v1/people", json={"email": f"x{a_number()}@example.org"})).json()
    assert (await other_api.post(f"/api/v1/people/{made['id']}/erasure")).status_code == 404
    key = await a_key(parts, organisation, scopes=("people:read",))
    async with client_of(api._transport, key) as reader:
        assert (await reader.post(f"/api/v1/people/{made['id']}/erasure")).status_code == 403
    assert (await api.get(f"/api/v1/people/{made['id']}")).status_code == 200


async def test_every_table_is_told_what_erasure_does_to_it(parts):
    rows = await parts.database.pool.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    )
    known = {
        name
        for table in (store.OF_THE_PERSON, store.WITH_THEIR_NAMES, store.WHOLE, store.ELSEWHERE, store.KEPT)
        for name in table
    }
    outside = {"alembic_version", "pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics"}
    assert {row["relname"] for row in rows} - outside - known == set()
    assert known - {row["relname"] for row in rows} == set()

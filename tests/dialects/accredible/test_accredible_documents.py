import base64
import csv
import hashlib
import io
import json
import zipfile
from datetime import timedelta

import pytest

from laurel.domain.organisations.model import Organisation
from laurel.domain.register import exports
from laurel.web.dialects.accredible.chain_data import sides
from laurel.worker.known_jobs import JOBS, TIMETABLE
from tests.dialects.accredible.conftest import a_credential, a_group
from tests.support.builders import a_department, a_key
from tests.support.fixtures import BASE_URL, client_of
from tests.support.work import run_jobs

PNG, PDF = b"\x89PNG\r\n\x1a\n", b"%PDF-"


# -------------------------------------------------------------------------------------------------------- evidence items
@pytest.fixture
async def evidence(accredible, group):
    made = await a_credential(accredible, group)
    return f"/v1/credentials/{made['id']}/evidence_items"


async def add(client, path, /, **item):
    answer = await client.post(path, json={"evidence_item": item})
    assert answer.status_code == 200, answer.text
    return answer.json()["evidence_item"]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"category": "grade", "string_object": "83"}, {"type": "grade", "string_object": {"grade": 83}}),
        ({"category": "grade", "string_object": 88.5}, {"type": "grade", "string_object": {"grade": 88.5}}),
        ({"category": "grade", "string_object": "A+"}, {"type": "grade", "string_object": {"grade": "A+"}}),
        ({"category": "grade", "string_object": '{"grade": 80}'}, {"type": "grade", "string_object": {"grade": 80}}),
        (
            {"category": "transcript", "string_object": '[{"category":"Homework","percent":80}]'},
            {"type": "transcript", "string_object": [{"category": "Homework", "percent": 80}]},
        ),
        (
            {"category": "course_duration", "string_object": '{"start_date":"2026-01-01","duration_in_days":1}'},
            {"type": "course_duration", "string_object": {"start_date": "2026-01-01", "duration_in_days": 1}},
        ),
        ({"string_object": "<p>An essay</p>"}, {"type": "text", "string_object": "<p>An essay</p>"}),
        ({"url": "https://example.com/a"}, {"type": "url", "link_url": "https://example.com/a"}),
        (
            {"category": "file", "file": "https://example.com/f.pdf", "preview": "https://example.com/p.png"},
            {"type": "file", "link_url": "https://example.com/f.pdf", "preview_image_url": "https://example.com/p.png"},
        ),
        ({"category": "video", "url": "https://example.com/v", "hidden": True, "custom": False}, {"type": "video"}),
        ({"category": "anything", "description": "New"}, {"type": "anything"}),
    ],
)
async def test_evidence_of_every_category_is_taken(accredible, evidence, sent, shown):
    item = await add(accredible, evidence, **sent)
    assert {name: item[name] for name in shown} == shown
    assert (item["supplemental"], item["position"]) == (False, 0)
    assert (await accredible.get(f"{evidence}/{item['id']}")).json()["evidence_item"] == item


async def test_a_grade_is_changed_by_a_bare_number(accredible, evidence):
    item = await add(accredible, evidence, description="Final", category="grade", string_object="83")
    answer = await accredible.put(f"{evidence}/{item['id']}", json={"evidence_item": {"string_object": 88.5}})
    assert answer.json()["evidence_item"] == {**item, "string_object": {"grade": 88.5}}


async def test_evidence_is_removed_and_unknown_evidence_is_refused_in_the_known_words(accredible, evidence):
    item = await add(accredible, evidence, description="Final", category="grade", string_object="83")
    gone = await accredible.delete(f"{evidence}/{item['id']}")
    assert gone.json() == {"evidence_item": {"id": item["id"], "description": "Final"}}
    answer = await accredible.get(f"{evidence}/{item['id']}")
    assert (answer.status_code, answer.json()["errors"]) == (
        404,
        "No Evidence Item with the id given on the credential",
    )


@pytest.mark.parametrize("wrong", [{}, {"url": "javascript:alert(1)"}, {"description": "x" * 10_001}])
async def test_wrong_evidence_is_refused(accredible, evidence, wrong):
    assert (await accredible.post(evidence, json={"evidence_item": wrong})).status_code == 422


async def test_a_hundred_items_are_the_limit(accredible, group):
    items = [{"description": f"{number}"} for number in range(100)]
    made = await a_credential(accredible, group, evidence_items=items)
    assert [item["position"] for item in made["evidence_items"]] == list(range(100))
    url = f"/v1/credentials/{made['id']}/evidence_items"
    answer = await accredible.post(url, json={"evidence_item": {"description": "one more"}})
    assert (answer.status_code, answer.json()["limit"]) == (422, 100)


async def test_an_avatar_that_nobody_can_fetch_is_taken_and_never_fetched(accredible, group):
    made = await a_credential(accredible, group)
    url = f"/v1/credentials/{made['id']}/references"
    referee = {"name": "Jane", "email": "jane@example.com", "avatar": "http://10.0.0.1/nothing.png"}
    body = {"reference": {"description": "Worked hard", "relationship": "managed", "referee": referee}}
    made = (await accredible.post(url, json=body)).json()["reference"]
    assert made["referee"] == {**referee, "url": None}
    changed = await accredible.put(f"{url}/{made['id']}", json={"reference": {"relationship": "taught"}})
    assert changed.json()["reference"] == {**made, "relationship": "taught"}
    wrong = await accredible.put(f"{url}/{made['id']}", json={"reference": {"relationship": "enemy"}})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "relationship")
    assert (await accredible.delete(f"{url}/{made['id']}")).json()["reference"]["id"] == made["id"]
    assert (await accredible.get(f"{url}/{made['id']}")).status_code == 404


# ------------------------------------------------------------------------------------------------------ PDFs, pictures
def local(address):
    assert address.startswith(BASE_URL)
    return address.removeprefix(BASE_URL)


async def test_one_pdf_is_behind_its_address_and_moves_with_its_content(accredible, stranger, group):
    made = await a_credential(accredible, group)
    url = f"/v1/credentials/generate_single_pdf/{made['id']}"
    first = (await accredible.post(url, json={})).json()["file"]
    pdf = await stranger.get(local(first))
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", PDF)
    await accredible.put(f"/v1/credentials/{made['id']}", json={"credential": {"recipient": {"name": "Corrected"}}})
    assert (await accredible.post(url, json={})).json()["file"] != first


async def test_several_pdfs_come_in_an_archive_for_a_week(accredible, stranger, clock, group):
    numbers = [(await a_credential(accredible, group))["id"] for _ in range(2)]
    for name in ("credential_ids", "credentials"):
        address = (await accredible.post("/v1/credentials/generate_pdf", json={name: numbers})).json()["file"]
        archive = await stranger.get(local(address))
        with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
            assert [opened.read(one)[:5] for one in opened.namelist()] == [PDF, PDF]
    guessed = local(address).rsplit("/", 2)
    assert (await stranger.get(f"{guessed[0]}/{'x' * 43}/{guessed[2]}")).status_code == 404
    clock.advance(timedelta(days=8))
    assert (await stranger.get(local(address))).status_code == 404


@pytest.mark.parametrize("wish", [{"approve": False}, None])
async def test_only_published_credentials_have_a_pdf(accredible, group, wish):
    number = (await a_credential(accredible, group, **wish))["id"] if wish else 10**9
    single = await accredible.post(f"/v1/credentials/generate_single_pdf/{number}")
    several = await accredible.post("/v1/credentials/generate_pdf", json={"credential_ids": [number]})
    assert single.status_code == several.status_code == (422 if wish else 404)


async def test_pictures_are_drawn_for_everybody(accredible, stranger, group):
    made = await a_credential(accredible, group, recipient={"name": "Zoë Żółć"})
    for address in (made["seo_image"], made["certificate"]["image"]["preview"], made["badge"]["image"]["preview"]):
        picture = await stranger.get(local(address))
        assert (picture.status_code, picture.headers["content-type"], picture.content[:8]) == (200, "image/png", PNG)
        assert picture.headers["etag"]


async def test_a_private_credential_opens_with_its_key_alone(accredible, stranger, group):
    made = await a_credential(accredible, group, private=True)
    bare, _, key = local(made["badge"]["image"]["preview"]).partition("?")
    assert (await stranger.get(f"{bare}?{key}")).status_code == 200
    for wrong in ("", "?key=", "?key=wrong"):
        answer = await stranger.get(bare + wrong)
        assert (answer.status_code, answer.json()["errors"]) == (403, "Private Certificate, use key")
    assert (await stranger.get(f"/v1/credentials/blockchain_data/{made['uuid']}")).status_code == 403
    assert (await stranger.get(local(made["url"]))).status_code == 200


async def test_the_issuer_s_own_id_leads_to_the_page(accredible, stranger, organisation: Organisation, group):
    made = await a_credential(accredible, group, id="own-7")
    answer = await stranger.get(f"/v1/issuer/credential_redirect?issuer_id={organisation.id}&id=own-7")
    assert (answer.status_code, answer.headers["location"]) == (302, made["url"])
    for query in (f"issuer_id={organisation.id}&id=nobody", "issuer_id=999999999&id=own-7"):
        assert (await stranger.get(f"/v1/issuer/credential_redirect?{query}")).status_code == 404
    assert (await stranger.get("/v1/issuer/credential_redirect?id=own-7")).status_code == 422


async def test_chain_data_proves_the_credential_by_our_log(accredible, stranger, parts, organisation, group):
    made = [await a_credential(accredible, group) for _ in range(3)]
    url = f"/v2/credentials/{made[1]['uuid']}/blockchain_data"
    await run_jobs(parts, organisation)
    data = (await stranger.get(url)).json()["data"]
    receipt = data["receipt"]
    hashed = bytes.fromhex(receipt["targetHash"])
    for step in receipt["proof"]:
        if "left" in step:
            hashed = hashlib.sha256(b"\x01" + bytes.fromhex(step["left"]) + hashed).digest()
        else:
            hashed = hashlib.sha256(b"\x01" + hashed + bytes.fromhex(step["right"])).digest()
    assert hashed.hex() == receipt["merkleRoot"]
    assert base64.b64encode(hashed).decode() in receipt["anchors"][0]["checkpoint"]
    assert (data["chain"], data["credential_json_data"]["assertion"]["uid"]) == ("TransparencyLog", made[1]["uuid"])
    assert made[1]["recipient"]["email"] not in json.dumps(data)
    older = (await stranger.get(f"/v1/credentials/blockchain_data/{made[1]['uuid']}")).json()["data"]
    assert set(older) == {"credential_json_data", "receipt"}


async def test_without_an_entry_in_the_log_there_is_a_reason_instead_of_chain_data(
    accredible, stranger, parts, organisation, group
):
    made = await a_credential(accredible, group)
    async with parts.database.transaction(organisation.id) as tx:
        await tx.execute("UPDATE credential SET log_number = NULL WHERE organisation_id = $1", organisation.id)
    answer = await stranger.get(f"/v1/credentials/blockchain_data/{made['uuid']}")
    assert (answer.status_code, "transparency log" in answer.json()["errors"]) == (404, True)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_every_audit_path_is_joined_on_the_right_sides(size):
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(size)]
    level, levels = leaves, [leaves]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\x01" + b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
        levels.append(level)
    for number in range(size):
        path, at = [], number
        for level in levels[:-1]:
            if at ^ 1 < len(level):
                path.append(level[at ^ 1])
            at >>= 1
        hashed = leaves[number]
        for step in sides(path, number, size):
            left, right = (
                (bytes.fromhex(step["left"]), hashed) if "left" in step else (hashed, bytes.fromhex(step["right"]))
            )
            hashed = hashlib.sha256(b"\x01" + left + right).digest()
        assert hashed == levels[-1][0], number


# ---------------------------------------------------------------------------------------------------- one-time links
async def test_a_link_works_once_and_then_leads_back(accredible, stranger, group):
    made = await a_credential(accredible, group, recipient={"email": "Sso@Example.com", "id": "u-9"})
    for wish in (
        {"credential_id": str(made["id"])},
        {"credential_id": made["uuid"]},
        {"recipient_email": "SSO@example.COM"},
        {"recipient_id": "u-9", "group_id": group["id"]},
    ):
        answer = await accredible.post(
            "/v1/sso/generate_link", data={**wish, "redirect_to": "https://school.example/x"}
        )
        link = answer.json()["link"]
        assert "/sso/" in link
        assert "&jwt=" in link
        opened = await stranger.get(local(link))
        assert (opened.status_code, opened.headers["location"]) == (302, made["url"])
        again = await stranger.get(local(link))
        assert (again.status_code, again.headers["location"]) == (302, "https://school.example/x")
    rows = (await accredible.post("/v2/credentials/search", json={"query": {}})).json()["credentials"]
    assert (rows[0]["recipient_opened"], rows[0]["recipient_engaged"]) == (True, True)


async def test_either_half_of_a_link_opens_it_and_a_wrong_or_old_one_does_not(accredible, stranger, clock, group):
    made = await a_credential(accredible, group)

    async def link():
        body = {"credential_id": made["id"], "redirect_to": "https://school.example/back"}
        return local((await accredible.post("/v1/sso/generate_link", json=body)).json()["link"])

    async def leads_to(address):
        return (await stranger.get(address)).headers["location"]

    base, _, query = (await link()).partition("?")
    code, _, token = query.partition("&")
    assert await leads_to(f"{base}?code=wrong") == "https://school.example/back"
    assert await leads_to(f"{base}?{token}") == made["url"]
    assert await leads_to(f"{base}?{code}") == "https://school.example/back"
    late = await link()
    clock.advance(timedelta(hours=2))
    assert await leads_to(late) == "https://school.example/back"
    assert (await stranger.get("/v1/sso/000000000000000000000000?code=x")).status_code == 404


async def test_a_link_to_nothing_is_refused_with_the_reason(accredible):
    answer = await accredible.post("/v1/sso/generate_link", json={"recipient_email": "nobody@example.com"})
    assert (answer.status_code, answer.json()["error"]) == (404, "No Published Credential with this attribute")
    assert (await accredible.post("/v1/sso/generate_link", json={})).status_code == 422
    wrong = {"credential_id": 1, "redirect_to": "javascript:alert(1)"}
    assert (await accredible.post("/v1/sso/generate_link", json=wrong)).status_code == 422


# --------------------------------------------------------------------------------------------------- what happened
async def test_what_happened_is_listed_for_one_credential_and_for_all(accredible, stranger, group):
    made = await a_credential(accredible, group, id="own-1")
    await accredible.put(f"/v1/credentials/{made['id']}", json={"credential": {"private": False}})
    pdf = (await accredible.post(f"/v1/credentials/generate_single_pdf/{made['id']}")).json()["file"]
    await stranger.get(local(pdf))
    own = (await accredible.post(f"/v1/credentials/analytics/{made['id']}")).json()["analytics"]
    assert [one["event"] for one in own] == ["privacy_updated", "pdf_downloaded"]
    assert own[0]["created_at"] == "2026-03-14T12:00:00.000Z"
    every = (
        await accredible.get(f"/v1/analytics?group_id={group['id']}&start_date=14/03/2026&end_date=2026/03/14")
    ).json()
    assert every["analytics"][0]["credential"] == {"id": made["id"], "license_id": "own-1"}
    assert (every["meta"]["total_count"], every["meta"]["page_size"]) == (2, 100)
    assert (await accredible.get("/v1/analytics?start_date=2026-03-15")).json()["analytics"] == []


# --------------------------------------------------------------------------------------------------------- exports
async def exported(client, stranger, parts, organisation, entity):
    made = (await client.post("/v1/data_exports", json={"data_export": {"entity": entity}})).json()["data_export"]
    assert (made["status"], made["urls"]) == ("scheduled", [])
    payload = {"organisation_id": organisation.id, "export_id": made["id"]}
    await JOBS[exports.EXPORT_JOB].run(parts, payload)
    await JOBS[exports.EXPORT_JOB].run(parts, payload)
    done = (await client.get(f"/v1/data_exports/{made['id']}")).json()["data_export"]
    assert done["status"] == "completed"
    files = {}
    for file in done["urls"]:
        answer = await stranger.get(local(file["url"]))
        files[file["year"]] = list(csv.DictReader(io.StringIO(answer.text)))
    return files


async def test_credentials_are_exported_year_by_year_without_formulas(
    accredible, stranger, parts, clock, organisation, group
):
    await a_credential(accredible, group, recipient={"name": "=SUM(A1)", "email": "one@example.com"}, id="own-1")
    clock.advance(timedelta(days=365))
    await a_credential(accredible, group, recipient={"name": "Zoë", "email": "two@example.com", "id": "u2"})
    files = await exported(accredible, stranger, parts, organisation, "credentials")
    assert sorted(files) == [2026, 2027]
    assert files[2026][0]["recipient_name"] == "'=SUM(A1)"
    assert files[2026][0]["license_id"] == "own-1"
    assert (files[2027][0]["recipient_name"], files[2027][0]["recipient_id"]) == ("Zoë", "u2")


@pytest.mark.parametrize("entity", ["groups", "designs", "organizations", "credential_analytics"])
async def test_everything_else_is_exported_too(accredible, stranger, parts, organisation, group, entity):
    made = await a_credential(accredible, group)
    await accredible.put(f"/v1/credentials/{made['id']}", json={"credential": {"private": True}})
    files = await exported(accredible, stranger, parts, organisation, entity)
    assert len(files[2026]) >= 1


async def test_an_export_of_another_department_is_not_shown(accredible, parts, application, organisation):
    made = (await accredible.post("/v1/data_exports", json={"data_export": {"entity": "groups"}})).json()["data_export"]
    department = await a_department(parts, organisation)
    async with client_of(application, await a_key(parts, organisation, department_id=department.id)) as bound:
        assert (await bound.get(f"/v1/data_exports/{made['id']}")).status_code == 404
        assert (await bound.get("/v1/data_exports")).json()["data_exports"] == []
    wrong = await accredible.post("/v1/data_exports", json={"data_export": {"entity": "secrets"}})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "entity")


async def test_files_and_links_that_ran_out_are_removed(accredible, parts, clock, organisation, group):
    made = await a_credential(accredible, group)
    await accredible.post("/v1/credentials/generate_pdf", json={"credential_ids": [made["id"]]})
    await accredible.post("/v1/sso/generate_link", json={"credential_id": made["id"]})
    clock.advance(timedelta(days=8))
    await TIMETABLE["forget_files_and_links"].run(parts)
    async with parts.database.transaction(organisation.id) as tx:
        for table in ("stored_file", "stored_file_part", "one_time_link"):
            counted = await tx.fetchval(f"SELECT count(*) FROM {table} WHERE organisation_id = $1", organisation.id)
            assert counted == 0, table


async def test_a_group_made_for_a_department_stays_out_of_the_default_one(accredible, parts, application, organisation):
    department = await a_department(parts, organisation)
    made = await accredible.post("/v1/issuer/groups", json={"group": a_group(department_id=department.id)})
    default = (await accredible.post("/v1/departments/search", json={})).json()["departments"][0]
    key = await a_key(parts, organisation, department_id=default["id"])
    async with client_of(application, key) as bound:
        assert (await bound.get(f"/v1/issuer/groups/{made.json()['group']['id']}")).status_code == 404

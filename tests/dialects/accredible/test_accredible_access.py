import httpx
import pytest

from laurel.application import surfaces
from laurel.settings import Settings
from laurel.web.server import create_web
from tests.dialects.accredible.conftest import a_credential
from tests.support.builders import a_key
from tests.support.fixtures import BASE_URL

DENIED = "HTTP Token: Access denied.\n"


@pytest.mark.parametrize(
    "spelling",
    ["Token token={}", 'Token token="{}"', "Token {}", "Bearer {}", "token token={}", "Token token={}, nonce=1"],
)
async def test_a_key_is_known_in_every_spelling(stranger, key, spelling):
    headers = {"Authorization": spelling.format(key.text), "Accredible-Integration": "Moodle"}
    assert (await stranger.get("/v1/issuer/details", headers=headers)).status_code == 200


@pytest.mark.parametrize("header", [None, "", "Token", "Token token=wrong", "Basic Zm9vOmJhcg==", "Bearer lrl_x"])
async def test_a_stranger_gets_the_text_that_clients_compare(stranger, header):
    answer = await stranger.get("/v1/issuer/details", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.text) == (401, DENIED)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["www-authenticate"] == 'Token realm="Application"'


async def test_a_key_without_the_scope_is_forbidden(stranger, parts, organisation):
    key = await a_key(parts, organisation, scopes=("credentials:read",))
    headers = {"Authorization": f"Token token={key.text}"}
    assert (await stranger.get("/v1/all_credentials", headers=headers)).status_code == 200
    answer = await stranger.post("/v1/credentials", headers=headers, json={"credential": {}})
    assert answer.status_code == 403
    assert answer.json()["errors"]


@pytest.mark.parametrize("path", ["/v1/issuer/details/", "//v1//issuer//details", "/v1/issuer//details/"])
async def test_doubled_and_trailing_slashes_do_not_matter(accredible, path):
    assert (await accredible.get(f"{BASE_URL}{path}")).status_code == 200


@pytest.mark.parametrize(
    ("path", "method"),
    [("/v1/nothing", "GET"), ("/v1/issuer/group/1", "GET"), ("/v2", "GET"), ("/v1/designs/None", "GET")],
)
async def test_what_is_not_there_is_a_404_in_every_shape(accredible, path, method):
    answer = await accredible.request(method, path)
    assert answer.status_code == 404
    body = answer.json()
    assert body["success"] is False
    assert all(body[name] for name in ("errors", "error", "message", "data"))


async def test_a_wrong_method_is_405(accredible):
    answer = await accredible.delete("/v1/issuer/details")
    assert (answer.status_code, answer.json()["status"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff\xfe", b'{"credential": [1]}', b'{"credential": "x"}'])
async def test_a_body_that_cannot_be_read_is_refused(accredible, body):
    answer = await accredible.post("/v1/credentials", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.json()["errors"]


async def test_query_form_and_json_are_alike(accredible, group):
    flat = {
        "credential[group_id]": str(group["id"]),
        "credential[recipient][name]": "Form",
        "credential[recipient][email]": "form@example.com",
        "credential[evidence_items][0][url]": "https://example.com/essay",
    }
    made = await accredible.post("/v1/credentials", data=flat)
    assert made.json()["credential"]["evidence_items"][0]["link_url"] == "https://example.com/essay"
    in_query = {name.replace("form@", "query@"): value.replace("form@", "query@") for name, value in flat.items()}
    made = await accredible.post("/v1/credentials", params=in_query)
    assert made.json()["credential"]["recipient"]["email"] == "query@example.com"
    multipart = {name: (None, value.replace("form@", "multi@")) for name, value in flat.items()}
    made = await accredible.post("/v1/credentials", files=multipart)
    assert made.json()["credential"]["recipient"]["email"] == "multi@example.com"
    found = await accredible.post("/v1/issuer/groups/search?page=1&page_size=1", content=b"")
    assert found.json()["meta"]["page_size"] == 1
    found = await accredible.request("GET", "/v1/issuer/all_groups", json={"name": "no such group"})
    assert found.json()["groups"] == []


async def test_an_unwrapped_resource_is_read_too(accredible, group):
    body = {"group_id": group["id"], "recipient": {"name": "Bare", "email": "bare@example.com"}, "hidden": True}
    assert (await accredible.post("/v1/credentials", json=body)).status_code == 200


async def test_a_key_sent_twice_with_an_idempotency_key_makes_one_credential(accredible, group):
    body = {"credential": {"group_id": group["id"], "recipient": {"name": "Once", "email": "once@example.com"}}}
    answers = [
        await accredible.post("/v1/credentials", json=body, headers={"Idempotency-Key": "same"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


async def test_requests_over_the_limit_wait_and_are_told_how_long(parts, key):
    web = create_web(parts, surfaces(Settings(accredible_requests_max=3, accredible_searches_max=1)))
    headers = {"Authorization": f"Token {key.text}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url=BASE_URL, headers=headers) as client:
        first = await client.get("/v1/issuer/details")
        assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("3", "2")
        assert (await client.post("/v1/credentials/search", json={})).status_code == 200
        searched_again = await client.post("/v1/credentials/search", json={})
        assert searched_again.status_code == 429
        refused = await client.get("/v1/issuer/details")
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 300
        assert refused.headers["ratelimit-remaining"] == "0"
        assert refused.json()["errors"]


# ----------------------------------------------------------------------------------------------------------------- batch
async def test_a_batch_answers_each_operation_in_order(accredible, group):
    made = await a_credential(accredible, group)
    recipient = {"name": "B", "email": "batch@example.com"}
    ops = [
        {"method": "get", "url": f"/v1/credentials/{made['id']}"},
        {"method": "GET", "url": "v1/all_credentials", "params": {"page_size": 1}},
        {
            "method": "post",
            "url": "/v1/credentials",
            "params": {"credential": {"group_id": group["id"], "recipient": recipient}},
        },
        {"method": "get", "url": "/v1/credentials/999999999"},
        {"method": "get", "url": "/v1/nothing"},
        {"method": "get", "url": "v1/issuer/all_groups?page_size=1"},
        {"method": "post", "url": "/v1/batch", "params": {"ops": []}},
    ]
    answer = await accredible.post("/v1/batch", json={"ops": ops, "sequential": True})
    results = answer.json()["results"]
    assert [one["status"] for one in results] == [200, 200, 200, 404, 404, 200, 404]
    assert f'"id":{made["id"]}' in results[0]["body"]
    assert '"page_size":1' in results[1]["body"]
    assert results[4]["body"] == "Not Found"
    assert isinstance(results[3]["body"], str)


async def test_a_batch_has_fifty_operations_at_most(accredible):
    ops = [{"method": "get", "url": "/v1/issuer/details"}] * 51
    answer = await accredible.post("/v1/batch", json={"ops": ops})
    assert (answer.status_code, answer.json()["limit"]) == (422, 50)


async def test_a_batch_has_no_more_rights_than_its_key(stranger, parts, organisation):
    key = await a_key(parts, organisation, scopes=("credentials:read",))
    headers = {"Authorization": f"Token {key.text}"}
    ops = [{"method": "get", "url": "/v1/all_credentials"}, {"method": "get", "url": "/v1/team_members/1"}]
    results = (await stranger.post("/v1/batch", json={"ops": ops}, headers=headers)).json()["results"]
    assert [one["status"] for one in results] == [200, 403]
    assert (await stranger.post("/v1/batch", json={"ops": ops})).status_code == 401

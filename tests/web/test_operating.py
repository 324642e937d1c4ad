import json

import httpx
import pytest
import structlog
from litestar import get

from laurel.web.api.wire import own_surface
from laurel.web.edge import _believe_proxy, ip_network
from laurel.web.server import create_web
from tests.support.fixtures import client_of


async def test_health_says_that_the_process_answers(stranger):
    assert (await stranger.get("/healthz")).json() == {"status": "ok"}


async def test_readiness_tells_the_revision_and_the_backlog(stranger):
    body = (await stranger.get("/readyz")).json()
    assert body["status"] in {"ok", "unavailable"}
    assert body["revision"]
    assert body["jobs_queued"] >= 0


async def test_metrics_count_requests_by_surface_and_status(stranger):
    await stranger.get("/api/v1/nowhere")
    text = (await stranger.get("/metrics")).text
    assert 'laurel_http_requests_total{method="GET",status="404",surface="api"}' in text
    assert "laurel_http_request_seconds_bucket" in text


async def test_the_description_is_openapi_3_1_and_names_our_routes(stranger):
    body = (await stranger.get("/openapi.json")).json()
    assert body["openapi"].startswith("3.1")
    assert {"get", "post"} <= set(body["paths"]["/api/v1/departments"])
    schema = body["paths"]["/api/v1/departments"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["$ref"].endswith("NewDepartment")
    assert body["security"]


@pytest.mark.parametrize("path", ["/docs", "/docs/try.js", "/docs/try.css"])
async def test_the_page_to_try_the_api_asks_no_other_host(stranger, path):
    answer = await stranger.get(path)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "://" not in answer.text


async def test_one_log_line_a_request_and_nothing_personal_in_it(api, key):
    with structlog.testing.capture_logs() as lines:
        await api.get("/api/v1/people", params={"email": "ada@example.org"})
        await api.get("/api/v1/people/ada@example.org")
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["route"] for line in requests] == ["/api/v1/people", "/api/v1/people/{person}"]
    assert requests[0]["caller"] == f"key:{key.key.uid}"
    assert "ada" not in json.dumps(requests, default=str)
    assert key.text.split("_")[2] not in json.dumps(lines, default=str)


@get("/broken", include_in_schema=False)
async def broken() -> None:
    raise ZeroDivisionError("a secret detail")


async def test_a_mistake_of_ours_is_a_500_with_the_request_id_and_no_detail(parts):
    web = create_web(parts, [own_surface([broken], hot={})])
    async with client_of(httpx.ASGITransport(web)) as client:
        with structlog.testing.capture_logs() as lines:
            answer = await client.get("/broken", headers={"X-Request-Id": "abc"})
    assert (answer.status_code, answer.json()["code"], answer.json()["request_id"]) == (500, "internal_error", "abc")
    assert "secret detail" not in answer.text
    assert [line["event"] for line in lines] == ["unexpected failure", "request"]


async def test_a_database_that_went_away_is_a_503_and_comes_back_by_itself(api, parts):
    async with parts.database.pool.acquire() as connection:
        own = await connection.fetchval("SELECT pg_backend_pid()")
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tests' AND pid <> $1", own
        )
    statuses = [(await api.get("/api/v1/organisation")).status_code for _ in range(40)]
    assert set(statuses) <= {200, 503}
    assert statuses[-1] == 200


@pytest.mark.parametrize(
    ("peer", "chain", "expected"),
    [
        ("10.0.0.1", b"203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", b"198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("192.0.2.1", b"203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", b"", "10.0.0.1"),
        ("10.0.0.1", b"rubbish", "rubbish"),
    ],
)
def test_only_a_trusted_proxy_is_believed_about_the_address(peer, chain, expected):
    scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", chain)], "scheme": "http"}
    _believe_proxy(scope, [ip_network("10.0.0.0/8")])
    assert scope["client"][0] == expected

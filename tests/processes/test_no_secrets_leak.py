"""Canaries sent through every surface, rightly and wrongly, turn up neither in logs nor in metrics; keys in no answer either."""

import tempfile
from pathlib import Path

import httpx

from tests.support.processes import BOOTSTRAP_KEY, serving

PERSON = "canary-7f3a"
EMAIL = f"{PERSON}@example.org"
WRONG_KEY = "lrl_canary0000_9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d"
REQUESTS = [
    ("POST", "/api/v1/people", {"email": EMAIL, "display_name": PERSON, "attributes": {"note": PERSON}}),
    ("POST", "/api/v1/people", {"email": f"{PERSON} is no address"}),
    ("POST", "/api/v1/people", {PERSON: PERSON}),
    ("GET", f"/api/v1/people?email={EMAIL}", None),
    ("GET", f"/api/v1/people/{PERSON}", None),
    ("GET", f"/nowhere/{PERSON}?q={EMAIL}", None),
    ("POST", "/api/v1/events?create_people=true", {"person": {"email": EMAIL}, "name": "x", "payload": {"a": PERSON}}),
    ("POST", "/api/v1/events", {"person": {"email": EMAIL}, "name": PERSON * 500}),
    ("POST", "/api/v1/events", {"person": {"email": EMAIL}, "name": "x\u0000", "payload": {"a": f"{PERSON}\u0000"}}),
    ("POST", "/api/v1/accounts", {"email": EMAIL, "name": PERSON, "password": PERSON}),
    ("POST", "/api/v1/webhooks", {"url": f"https://{PERSON}.example/hook?secret={PERSON}"}),
    ("POST", "/api/v2/admin/events/custom", {"eventName": "x", "payload": {"a": PERSON}, "userId": PERSON}),
    ("POST", "/learner-profile-service/api/v1/learner", {"first_name": PERSON, "last_name": "B", "email_address": EMAIL}),
    ("GET", f"/learner-profile-service/api/v1/learner/search?email_address={EMAIL}", None),
    ("POST", "/v1/credentials", {"credential": {"recipient": {"name": PERSON, "email": EMAIL}, "group_id": 1}}),
    ("GET", f"/v1/all_credentials?email={EMAIL}", None),
    ("GET", f"/v1.svc/users/{EMAIL}?source=tests", None),
    ("GET", f"/v1.svc/achievements?apikey={WRONG_KEY}&source={PERSON}", None),
    ("POST", "/xapi/statements", {"actor": {"mbox": f"mailto:{EMAIL}"}, "verb": {"id": PERSON}}),
    ("POST", "/verify", {"credential": {"id": PERSON, "email": EMAIL}}),
]  # fmt: skip


def test_canaries_stay_where_they_belong():
    with tempfile.TemporaryDirectory(prefix="laurel-canary-") as name:
        log = Path(name) / "serve.log"
        with (
            serving(log, data_dir=name, log_level="debug", log_format="json") as server,
            httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as client,
        ):
            for key in (BOOTSTRAP_KEY, WRONG_KEY):
                headers = {"Authorization": f"Bearer {key}", "x-api-token": key, "apikey": key}
                for method, path, body in REQUESTS:
                    answer = client.request(
                        method, path, json=body, headers={**headers, "Idempotency-Key": f"{PERSON}-{path}"}
                    )
                    assert answer.status_code < 500, (path, answer.text)
                    assert BOOTSTRAP_KEY not in answer.text, path
                    assert WRONG_KEY not in answer.text, path
            metrics = client.get("/metrics").text
        logged = log.read_text()
    assert "laurel_http_requests_total" in metrics
    assert logged.count('"event": "request"') + logged.count('"event":"request"') >= 2 * len(REQUESTS)
    for canary in (PERSON, WRONG_KEY, WRONG_KEY.partition("_")[2].partition("_")[2], BOOTSTRAP_KEY):
        assert canary not in metrics
        assert canary not in logged, next(line for line in logged.splitlines() if canary in line)

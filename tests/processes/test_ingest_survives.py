"""What was acknowledged is there, once, whatever happens to the processes underneath."""

import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import httpx
import pytest

from laurel.database.embedded import EmbeddedPostgres
from tests.support.processes import laurel, serving

PEOPLE = 20
BATCH = 50


@pytest.fixture
def directory():
    """A short path: the embedded server's socket lies below it."""
    path = Path(tempfile.mkdtemp(prefix="laurel-crash-"))
    yield path
    server = EmbeddedPostgres(path)
    if (path / "postgres").is_dir():
        server.start()
        server.stop()
    shutil.rmtree(path, ignore_errors=True)


def a_batch(number: int) -> list[dict]:
    """Events that are the same each time; every person's tenth completes the achievement."""
    chance = random.Random(number)
    return [
        {
            "key": f"{number}-{index}",
            "person": {"external_id": f"p{chance.randrange(PEOPLE)}"},
            "name": "lesson.completed",
            "payload": {"minutes": chance.randrange(100) / 10},
        }
        for index in range(BATCH)
    ]


def define(server) -> str:
    answer = server.post(
        "/api/v1/achievements",
        json={
            "name": "Ten",
            "status": "live",
            "queries": [{"alias": "l", "event_name": "lesson.completed"}],
            "criteria": {
                "type": "logical",
                "operator": "and",
                "conditions": [
                    {"type": "count", "query": "l", "value": 10},
                    {"type": "sum", "query": "l", "attribute": "minutes", "value": 1},
                ],
            },
            "rewards": {"points": 3},
        },
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def send(server, number: int) -> dict | None:
    try:
        answer = server.post("/api/v1/events?create_people=true", json=a_batch(number), timeout=30)
    except httpx.TransportError:
        return None
    return answer.json() if answer.status_code == 200 else None


def expected() -> dict[str, tuple[int, float]]:
    sums: dict[str, tuple[int, float]] = {}
    for number in range(40):
        for event in a_batch(number):
            person = event["person"]["external_id"]
            count, minutes = sums.get(person, (0, 0))
            sums[person] = (count + 1, round(minutes + event["payload"]["minutes"], 1))
    return sums


def test_a_kill_in_the_middle_of_ingest_loses_and_doubles_nothing(directory):
    acknowledged: list[int] = []
    with serving(directory / "serve.log", data_dir=directory) as first:
        define(first)

        def stream() -> None:
            for number in range(40):
                if send(first, number) is None:
                    return
                acknowledged.append(number)

        sender = threading.Thread(target=stream)
        sender.start()
        while len(acknowledged) < 5:
            time.sleep(0.01)
        first.end(signal.SIGKILL)
        sender.join()
        first.wait_until_gone()
    assert 5 <= len(acknowledged) < 40
    with serving(directory / "serve.log", data_dir=directory, port=first.port) as second:
        for number in acknowledged:
            again = send(second, number)
            assert again is not None
            assert (again["replayed"], again["accepted"]) == (BATCH, 0), "an acknowledged event was lost"
        for number in range(40):
            assert send(second, number) is not None
        check(second)


def check(server) -> None:
    sums = expected()
    people = {}
    for item in server.get("/api/v1/people?limit=100").json()["items"]:
        people[item["external_id"]] = item["id"]
    assert people.keys() == sums.keys()
    for external_id, (count, minutes) in sums.items():
        (progress,) = server.get(f"/api/v1/people/{people[external_id]}/progress").json()["items"]
        leaves = progress["progress"]["conditions"]
        assert [round(leaf["current_value"], 1) for leaf in leaves] == [count, minutes]
        awards = server.get(f"/api/v1/people/{people[external_id]}/awards").json()["items"]
        assert len(awards) == 1
        ledger = server.get(f"/api/v1/people/{people[external_id]}/ledger").json()["items"]
        assert [entry["amount"] for entry in ledger] == [3]


def test_the_server_recovers_by_itself_when_the_database_comes_back(directory):
    with serving(directory / "serve.log", data_dir=directory) as server:
        define(server)
        assert send(server, 0) is not None
        pid = int((directory / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        subprocess.run(["kill", "-QUIT", str(pid)], check=True)
        while (directory / "postgres" / "postmaster.pid").exists():
            time.sleep(0.05)
        refused = server.post("/api/v1/events", json=a_batch(1), timeout=30)
        assert refused.status_code == 503
        assert refused.json()["code"] == "unavailable"
        assert server.get("/readyz").status_code == 503
        assert server.get("/healthz").status_code == 200
        embedded = EmbeddedPostgres(directory)
        embedded.start()
        deadline = time.monotonic() + 30
        while (answer := send(server, 1)) is None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert answer is not None
        assert answer["accepted"] == BATCH
        assert send(server, 0)["replayed"] == BATCH


def test_the_demo_tells_its_story(directory):
    told = laurel("demo", "--no-keep", "--people", "30", "--events", "3000", data_dir=directory)
    assert told.returncode == 0, told.stderr
    assert "First steps" in told.stdout
    assert "given out" in told.stdout
    again = laurel("demo", "--no-keep", data_dir=directory)
    assert again.returncode == 1
    assert "holds a demo already" in again.stderr

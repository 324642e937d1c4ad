"""What was acknowledged is there, once, whatever happens to the processes underneath."""

import signal
import subprocess
import threading
import time

import pytest

from laurel.database.embedded import EmbeddedPostgres
from tests.support.processes import a_short_directory, laurel, serving
from tests.support.streams import BATCH, a_batch, define, differences, send


@pytest.fixture
def directory():
    with a_short_directory() as path:
        yield path


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
        assert differences(second, range(40)) == []


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

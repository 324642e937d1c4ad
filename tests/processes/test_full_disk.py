"""A full disk is an error and nothing worse: what was acknowledged stays, and room brings the server back without a restart.

Needs root for a small file system; without it the test says so and does nothing.
"""

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

from laurel.database.embedded import EmbeddedPostgres
from tests.support.figures import report
from tests.support.processes import serving
from tests.support.streams import BATCH, a_batch, define, send

SIZE = "240m"
BATCHES_BEFORE, BATCHES_AFTER = 5, 10


@contextmanager
def a_small_file_system():
    """A directory of limited size, and one beside it for the log."""
    beside = Path(tempfile.mkdtemp(prefix="laurel-disk-"))
    small = beside / "d"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(small)], check=True)
    try:
        yield small, beside
    finally:
        server = EmbeddedPostgres(small)
        if (small / "postgres").is_dir():
            server.start()
            server.stop()
        subprocess.run(["umount", str(small)], check=True)
        shutil.rmtree(beside)


def fill(small: Path) -> Path:
    """Take every byte that is left."""
    filler = small / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def may_mount() -> bool:
    """Whether this user may mount here (root in a container often may not)."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as directory:
        tried = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", directory], check=False, capture_output=True)
        if tried.returncode == 0:
            subprocess.run(["umount", directory], check=True)
        return tried.returncode == 0


def test_a_full_disk_loses_nothing_and_needs_no_restart():
    if not may_mount():
        print("left out: only root may make the small file system that this needs")  # noqa: T201 - the notice
        return
    with a_small_file_system() as (small, beside), serving(beside / "serve.log", data_dir=small) as server:
        define(server)
        acknowledged = [number for number in range(BATCHES_BEFORE) if send(server, number) is not None]
        assert len(acknowledged) == BATCHES_BEFORE
        filler = fill(small)
        refused = 0
        for number in range(BATCHES_BEFORE, 400):
            try:
                answer = server.post("/api/v1/events?create_people=true", json=a_batch(number), timeout=30)
            except httpx.TransportError as broken:
                raise AssertionError(f"no answer: {broken}") from broken
            if answer.status_code == 200:
                acknowledged.append(number)
                continue
            assert answer.status_code in {503, 507}, answer.text
            refused += 1
            if refused == 3:
                break
        assert refused == 3, "the disk never was full"
        assert server.get("/healthz").status_code == 200
        filler.unlink()
        deadline = time.monotonic() + 60
        while send(server, 1_000) is None:
            assert time.monotonic() < deadline, "it did not recover by itself"
            time.sleep(0.5)
        for number in acknowledged:
            again = send(server, number)
            assert again is not None
            assert (again["replayed"], again["accepted"]) == (BATCH, 0), f"batch {number} was acknowledged and is lost"
        for number in range(2_000, 2_000 + BATCHES_AFTER):
            assert send(server, number) is not None
        report(f"{len(acknowledged)} batches acknowledged, {refused} refused, 0 lost")

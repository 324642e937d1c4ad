"""R2: the power goes. The database lies on a file system in an image; what the image holds when everything is killed is what
a disk would hold. From a copy of it the server starts again.

Needs root for the file system. PostgreSQL is killed the moment before the copy, so that it cannot write on during it; what the
kernel had not yet brought to the image by then is lost, as it should be.
"""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.support.figures import a_seed, report, sized
from tests.support.processes import Serving
from tests.support.streams import BATCH, Senders, define, send

SIZE = "900M"
HANDS = 4


@contextmanager
def mounted(image: Path, where: Path):
    """The file system in `image` at `where`."""
    subprocess.run(["mount", "-o", "loop", str(image), str(where)], check=True)
    try:
        yield
    finally:
        for _ in range(50):
            if subprocess.run(["umount", str(where)], check=False, capture_output=True).returncode == 0:
                break
            time.sleep(0.2)
        else:
            raise AssertionError(f"{where} stays busy")


def kill_everything(server: Serving, data: Path) -> None:
    """SIGKILL to the server's processes and to PostgreSQL's, all of which this test started."""
    assert server.process is not None
    postmaster = psutil.Process(int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0]))
    victims = [postmaster, *postmaster.children(recursive=True)]
    for victim in victims:
        with suppress(psutil.NoSuchProcess):
            victim.kill()
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    psutil.wait_procs(victims, timeout=30)


@pytest.mark.timeout(0)
def test_what_was_acknowledged_is_in_the_files_when_the_power_goes():
    seed, cuts = a_seed(), sized(50, least=2)
    chance = random.Random(seed)
    home = Path(tempfile.mkdtemp(prefix="laurel-"))
    data = home / "d"
    data.mkdir()
    image, copy = home / "image", home / "copy"
    subprocess.run(["truncate", "-s", SIZE, str(image)], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    acknowledged: list[int] = []
    lost: list[int] = []
    try:
        for cut in range(cuts + 1):
            with mounted(image, data):
                server = Serving(home / "serve.log", data_dir=data)
                server.start()
                if cut == 0:
                    define(server)
                for number in acknowledged[-100:]:
                    again = send(server, number)
                    if again is None or again["replayed"] != BATCH:
                        lost.append(number)
                if cut == cuts or lost:
                    server.end()
                    break
                senders = Senders(server, range(cut * 10_000, (cut + 1) * 10_000), hands=HANDS)
                senders.start()
                while len(senders.acknowledged) < 10:
                    time.sleep(0.02)
                time.sleep(chance.uniform(0, 2))
                kill_everything(server, data)
                shutil.copyfile(image, copy)
                senders.finish(0)
                acknowledged += senders.acknowledged
            copy.replace(image)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    report(f"seed {seed}: {cuts} power cuts, {len(acknowledged) * BATCH} events acknowledged, {len(lost) * BATCH} lost")
    assert lost == []

"""R1: the server is killed again and again while clients send, and each time starts anew on the same database."""

import os
import random
import signal
import time

import pytest

from laurel.database.embedded import EmbeddedPostgres
from tests.support.figures import a_seed, report, sized
from tests.support.processes import Serving, a_short_directory
from tests.support.streams import Senders, define, differences, rows, rows_expected

HANDS = 6


def kill(server: Serving, chance: random.Random) -> None:
    """SIGKILL to the main process alone (its workers notice), or to all of its processes at once."""
    assert server.process is not None
    if chance.random() < 0.5:
        os.killpg(server.process.pid, signal.SIGKILL)
    else:
        server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    server.wait_until_gone()


@pytest.mark.timeout(0)
def test_kills_lose_and_double_nothing_that_was_acknowledged():
    seed, crashes, batches = a_seed(), sized(200, least=4), sized(10_000, least=240)
    chance = random.Random(seed)
    with a_short_directory() as directory:
        server = Serving(directory / "serve.log", data_dir=directory, workers=2)
        server.start()
        try:
            define(server)
            senders = Senders(server, range(batches), hands=HANDS)
            senders.start()
            killed = 0
            while killed < crashes and senders.busy:
                begun = len(senders.acknowledged)
                while senders.busy and len(senders.acknowledged) < begun + 5:
                    time.sleep(0.02)
                time.sleep(chance.uniform(0, 1))
                kill(server, chance)
                killed += 1
                server.start()
            everything = senders.finish(240)
            found = differences(server, range(batches))
            held = rows(EmbeddedPostgres(directory).start())
        finally:
            if server.process is not None and server.process.poll() is None:
                server.end()
    report(
        f"seed {seed}: {killed} kills, {len(senders.acknowledged) * senders.size} events acknowledged, answers "
        f"{senders.statuses}, {senders.unanswered} without answer; {len(found)} differences, rows {held}"
    )
    assert everything
    assert found == []
    assert held == rows_expected(range(batches))

"""R8: between server and database lies a network that stalls, resets, loses answers and falls silent."""

import base64
import random
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from laurel.database.embedded import EmbeddedPostgres
from tests.support.figures import a_seed, report, sized
from tests.support.processes import Serving, a_short_directory, serving
from tests.support.proxy import BadNetwork
from tests.support.streams import Senders, define, differences, jobs_waiting, rows, rows_expected

CONNECTIONS = 6
HANDS = 8
BACK_SECONDS = 90
"""Everybody who waited on a silent connection must have given up by then: a statement is waited for 60 s."""


def a_server_behind(stack: ExitStack, directory: Path) -> tuple[Serving, BadNetwork, str]:
    """A server, the network between it and a database of its own, and the database's address past that network."""
    postgres = EmbeddedPostgres(directory)
    stack.callback(postgres.stop)
    url = postgres.start()
    network = stack.enter_context(BadNetwork(f"{directory / 'postgres'}/.s.PGSQL.5432"))
    return a_server_through(stack, network, directory), network, url


def a_server_through(stack: ExitStack, network: BadNetwork, directory: Path) -> Serving:
    """A server that reaches its database through `network`."""
    secret = directory / "secret"
    secret.write_text(base64.b64encode(b"s" * 32).decode())
    secret.chmod(0o600)
    return stack.enter_context(
        serving(
            directory / "serve.log",
            data_dir=directory,
            database_url=f"postgresql://postgres@127.0.0.1:{network.port}/postgres?sslmode=disable",
            pepper=f"file:{secret}",
            master_key=f"file:{secret}",
            database_connections=CONNECTIONS,
        )
    )


def until(condition, seconds: float) -> float | None:
    """After how many seconds it held, or None."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if condition():
            return time.monotonic() - started
        time.sleep(0.25)
    return None


def all_answer(server: Serving, count: int) -> bool:
    """Whether so many requests at once are all answered with 200 within five seconds."""
    good = []

    def ask() -> None:
        with suppress(httpx.TransportError):
            good.append(server.get("/api/v1/people", timeout=5).status_code == 200)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return good == [True] * count


def strike(network: BadNetwork, chance: random.Random) -> str:
    """One fault; its name."""
    name = chance.choice(["stall", "reset", "reset", "answers lost", "refused"])
    if name == "stall":
        network.stall(chance.uniform(0.5, 3))
    elif name == "reset":
        network.reset()
    elif name == "answers lost":
        network.lose_answers()
    else:
        network.refuse(True)
        network.reset()
        time.sleep(chance.uniform(0.2, 1))
        network.refuse(False)
    return name


@pytest.mark.timeout(0)
def test_a_bad_network_loses_and_doubles_nothing():
    seed, faults, batches = a_seed(), sized(1_000, least=10), sized(20_000, least=60)
    chance = random.Random(seed)
    struck: dict[str, int] = {}
    with ExitStack() as stack:
        server, network, url = a_server_behind(stack, stack.enter_context(a_short_directory()))
        define(server)
        senders = Senders(server, range(batches), hands=HANDS)
        senders.start()
        while senders.busy and sum(struck.values()) < faults:
            time.sleep(chance.uniform(0.1, 0.8))
            name = strike(network, chance)
            struck[name] = struck.get(name, 0) + 1
        everything = senders.finish(120)
        found, held = differences(server, range(batches)), rows(url)
        report(
            f"seed {seed}; {len(senders.acknowledged) * senders.size} events acknowledged through {struck}; "
            f"answers {senders.statuses}, {senders.unanswered} without answer; {len(found)} differences, rows {held}"
        )
        assert everything, "not everything was acknowledged"
        assert set(senders.statuses) <= {200, 503}
        assert found == []
        assert held == rows_expected(range(batches))


@pytest.mark.timeout(0)
def test_connections_that_fall_silent_are_given_up():
    with ExitStack() as stack:
        server, network, url = a_server_behind(stack, stack.enter_context(a_short_directory()))
        achievement = define(server)
        senders = Senders(server, range(sized(20_000, least=60)), hands=HANDS)
        senders.start()
        while len(senders.acknowledged) < 20:
            time.sleep(0.05)
        silent = network.half_open()
        back = until(lambda: all_answer(server, CONNECTIONS * 3), BACK_SECONDS)
        everything = senders.finish(60)
        found = differences(server, range(sized(20_000, least=60)))
        taken = until(lambda: jobs_are_taken(server, url, achievement), BACK_SECONDS)
        report(
            f"{silent} connections silent at once; all requests answered again after {shown(back)}, jobs taken again "
            f"{shown(taken)} later; answers {senders.statuses}; {len(found)} differences"
        )
        assert back is not None, "a request still waits on a silent connection"
        assert taken is not None, "the worker still waits on a silent connection"
        assert everything
        assert set(senders.statuses) <= {200, 503}
        assert found == []


def shown(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.0f} s"


def jobs_are_taken(server: Serving, url: str, achievement: str) -> bool:
    """Whether a job that is put into the queue now is done within ten seconds."""
    asked = server.post(f"/api/v1/achievements/{achievement}/backfill", json={}, timeout=10)
    return asked.status_code == 202 and until(lambda: jobs_waiting(url) == 0, 10) is not None

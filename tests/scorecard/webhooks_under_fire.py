"""R6: messages go out while their sender is killed and a third of the requests fail; each arrives, under one id."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks.webhooks import Webhook

from laurel.database.embedded import EmbeddedPostgres
from tests.support.figures import a_seed, report, sized
from tests.support.processes import a_short_directory, environment, serving
from tests.support.streams import row

FAILING = 0.3
PATIENCE_SECONDS = 300


class Receiver:
    """Takes what the standard's library verifies, but fails now and then before or after it has taken it."""

    def __init__(self, chance: random.Random) -> None:
        self.secret = ""
        self.taken: dict[str, set[str]] = {}
        self.received: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._chance = chance

    def receive(self, headers: dict[str, str], body: bytes) -> int:
        """The status of the answer."""
        with self._lock:
            failing, late = self._chance.random() < FAILING, self._chance.random() < 0.5
        if failing and not late:
            return 503
        told = Webhook(self.secret).verify(body, headers)
        with self._lock:
            award = told["data"]["award"]
            self.taken.setdefault(award, set()).add(headers["webhook-id"])
            self.received[award] += 1
        return 500 if failing else 200


@contextmanager
def listening(receiver: Receiver):
    """Its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.receive({name.lower(): value for name, value in self.headers.items()}, body)
            receiver.answers[status] += 1
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()
        server.server_close()


class Sender:
    """A `laurel worker`, started again after each kill."""

    def __init__(self, log, **settings) -> None:
        self.log, self.settings = log, settings
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it works when it is ready."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "laurel.cli", "worker"],
                env=environment(**self.settings),
                stdout=output,
                stderr=output,
            )

    def end(self, number: int) -> None:
        """Send a signal and wait."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(60)


@pytest.mark.timeout(0)
def test_every_message_arrives_under_one_id():
    seed, messages, kills = a_seed(), sized(20_000, least=150), sized(20, least=3)
    chance = random.Random(seed)
    receiver = Receiver(random.Random(seed + 1))
    with a_short_directory() as directory, listening(receiver) as address:
        settings = {"data_dir": directory, "outgoing_networks": "127.0.0.0/8"}
        with serving(directory / "serve.log", jobs_in_server=False, **settings) as server:
            made = server.post("/api/v1/webhooks", json={"url": address, "topics": ["award.created"]})
            assert made.status_code == 201, made.text
            receiver.secret = made.json()["secret"]
            define_one(server)
            sender = Sender(directory / "worker.log", **settings)
            sender.start()
            killed = 0
            try:
                awards = complete(server, messages)
                deadline = time.monotonic() + PATIENCE_SECONDS
                while time.monotonic() < deadline and (killed < kills or waiting(directory)):
                    share = len(receiver.taken) / messages
                    if killed < kills and share >= killed / (kills + 1):
                        time.sleep(chance.uniform(0, 0.5))
                        sender.end(signal.SIGKILL)
                        killed += 1
                        sender.start()
                    time.sleep(0.2)
            finally:
                sender.end(signal.SIGTERM)
            left = waiting(directory)
    lost = awards - receiver.taken.keys()
    renamed = [award for award, ids in receiver.taken.items() if len(ids) > 1]
    twice = sum(1 for count in receiver.received.values() if count > 1)
    report(
        f"seed {seed}: {messages} messages, {killed} kills, answers {dict(receiver.answers)}, {twice} arrived more than once; "
        f"{len(lost)} lost, {left} not done with, {len(renamed)} under more than one id"
    )
    assert lost == set()
    assert renamed == []
    assert left == 0


def waiting(directory) -> int:
    """How many deliveries are not done with."""
    url = EmbeddedPostgres(directory).start()
    return row(url, "SELECT count(*) AS open FROM webhook_delivery WHERE state <> 'delivered'")["open"]


def define_one(server) -> None:
    answer = server.post(
        "/api/v1/achievements",
        json={
            "name": "First",
            "status": "live",
            "queries": [{"alias": "l", "event_name": "lesson.completed"}],
            "criteria": {"type": "count", "query": "l", "value": 1},
        },
    )
    assert answer.status_code == 201, answer.text


def complete(server, people: int) -> set[str]:
    """Let so many people complete it; their awards."""
    awards: set[str] = set()
    for first in range(0, people, 50):
        events = [
            {"person": {"external_id": f"p{number}"}, "name": "lesson.completed", "key": "k"}
            for number in range(first, min(first + 50, people))
        ]
        answer = server.post("/api/v1/events?create_people=true", json=events, timeout=60)
        awards |= {unlock["award"] for result in answer.json()["results"] for unlock in result["unlocked"]}
    assert len(awards) == people
    return awards

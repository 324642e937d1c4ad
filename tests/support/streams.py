"""A stream of numbered batches of events, the clients that send it until it is acknowledged, and what must come of it."""

import asyncio
import queue
import random
import threading
import time
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import asyncpg
import httpx

PEOPLE = 20
BATCH = 50
POINTS = 3


def a_batch(number: int, size: int = BATCH) -> list[dict[str, Any]]:
    """Events that are the same each time; every person's tenth completes the achievement."""
    chance = random.Random(number)
    return [
        {
            "key": f"{number}-{index}",
            "person": {"external_id": f"p{chance.randrange(PEOPLE)}"},
            "name": "lesson.completed",
            "payload": {"minutes": chance.randrange(100) / 10},
        }
        for index in range(size)
    ]


def define(server: Any) -> str:
    """The achievement that the stream completes; its id."""
    answer = server.post(
        "/api/v1/achievements",
        json={
            "name": "Ten",
            "status": "live",
            "queries": [{"alias": "l", "event_name": "lesson.completed"}],
            "criteria": {
                "type": "logical",
                "operator": "and",
                "conditions": [
                    {"type": "count", "query": "l", "value": 10},
                    {"type": "sum", "query": "l", "attribute": "minutes", "value": 1},
                ],
            },
            "rewards": {"points": POINTS},
        },
    )
    assert answer.status_code == 201, answer.text
    uid: str = answer.json()["id"]
    return uid


def send(server: Any, number: int, size: int = BATCH) -> dict[str, Any] | None:
    """The answer when the batch was acknowledged."""
    try:
        answer = server.post("/api/v1/events?create_people=true", json=a_batch(number, size), timeout=30)
    except httpx.TransportError:
        return None
    return answer.json() if answer.status_code == 200 else None


class Senders:
    """Clients that send batches at once, each again and again with the same keys until it is acknowledged.

    Every other batch carries an Idempotency-Key as well, so that its answer is stored in the transaction of its effect.
    """

    def __init__(self, server: Any, numbers: Iterable[int], *, hands: int, size: int = BATCH) -> None:
        self.server = server
        self.size = size
        self.acknowledged: list[int] = []
        self.unanswered = 0
        self._instants: list[float] = []
        self.statuses: dict[int, int] = {}
        self._waiting: queue.Queue[int] = queue.Queue()
        for number in numbers:
            self._waiting.put(number)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(hands)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def finish(self, patience_seconds: float) -> bool:
        """Wait until everything is acknowledged; whether that came about in time."""
        deadline = threading.Event()
        timer = threading.Timer(patience_seconds, deadline.set)
        timer.start()
        try:
            while any(thread.is_alive() for thread in self._threads) and not deadline.is_set():
                self._stop.wait(0.1)
        finally:
            timer.cancel()
        done = not any(thread.is_alive() for thread in self._threads)
        self._stop.set()
        return done

    @property
    def busy(self) -> bool:
        """Whether somebody still sends."""
        return any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                number = self._waiting.get_nowait()
            except queue.Empty:
                return
            while not self._stop.is_set() and not self._send(number):
                self._stop.wait(0.2)

    def _send(self, number: int) -> bool:
        try:
            answer = self.server.post(
                "/api/v1/events?create_people=true",
                json=a_batch(number, self.size),
                timeout=30,
                more_headers={"Idempotency-Key": f"batch-{number}"} if number % 2 else {},
            )
        except httpx.TransportError:
            self.unanswered += 1
            return False
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        if answer.status_code != 200:
            return False
        self.acknowledged.append(number)
        self._instants.append(time.monotonic())
        return True

    def longest_gap(self) -> float:
        """Seconds between two acknowledgements."""
        return max((later - before for before, later in pairwise(sorted(self._instants))), default=0.0)


def expected(numbers: Iterable[int], size: int = BATCH) -> dict[str, tuple[int, float]]:
    """How many events and minutes each person has after these batches: counted naively."""
    sums: dict[str, tuple[int, float]] = {}
    for number in numbers:
        for event in a_batch(number, size):
            person = event["person"]["external_id"]
            count, minutes = sums.get(person, (0, 0))
            sums[person] = (count + 1, round(minutes + event["payload"]["minutes"], 1))
    return sums


def differences(server: Any, numbers: Iterable[int], size: int = BATCH) -> list[str]:
    """Where progress, awards or ledger, as the API tells them, are not what these batches amount to."""
    sums = expected(numbers, size)
    found: list[str] = []
    people = {item["external_id"]: item["id"] for item in _items(server, "/api/v1/people?limit=100")}
    if people.keys() != sums.keys():
        found.append(f"people: {sorted(people.keys() ^ sums.keys())}")
    for external_id in sorted(people.keys() & sums.keys()):
        count, minutes = sums[external_id]
        progress = _items(server, f"/api/v1/people/{people[external_id]}/progress")
        leaves = [round(leaf["current_value"], 1) for one in progress for leaf in one["progress"]["conditions"]]
        if leaves != [count, minutes]:
            found.append(f"{external_id}: progress is {leaves}, not {[count, minutes]}")
        complete = count >= 10 and minutes >= 1
        awards = len(_items(server, f"/api/v1/people/{people[external_id]}/awards"))
        if awards != complete:
            found.append(f"{external_id}: {awards} awards")
        ledger = [entry["amount"] for entry in _items(server, f"/api/v1/people/{people[external_id]}/ledger")]
        if ledger != [POINTS] * complete:
            found.append(f"{external_id}: ledger {ledger}")
    return found


def _items(server: Any, path: str) -> list[dict[str, Any]]:
    answer = server.get(path, timeout=30)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def row(url: str, sql: str) -> dict[str, int]:
    """The one row that a query past every tenant's bounds finds."""

    async def read() -> dict[str, int]:
        connection = await asyncpg.connect(url)
        try:
            return dict(await connection.fetchrow(sql))
        finally:
            await connection.close()

    return asyncio.run(read())


def rows(url: str) -> dict[str, int]:
    """How many events, awards, ledger entries and recorded messages the database holds, and points on balances."""
    return row(
        url,
        """
        SELECT (SELECT count(*) FROM event WHERE name = 'lesson.completed') AS events,
               (SELECT count(*) FROM award) AS awards, (SELECT count(*) FROM ledger) AS ledger,
               (SELECT count(*) FROM outbox) AS messages,
               (SELECT coalesce(sum(amount), 0)::bigint FROM balance WHERE unit = 'points') AS points
        """,
    )


def jobs_waiting(url: str) -> int:
    """How many jobs wait or run."""
    return row(url, "SELECT count(*) AS jobs FROM pgqueuer")["jobs"]


def rows_expected(numbers: Iterable[int], size: int = BATCH) -> dict[str, int]:
    """What `rows` should be after these batches."""
    sums = expected(numbers, size)
    complete = sum(count >= 10 and minutes >= 1 for count, minutes in sums.values())
    return {
        "events": sum(count for count, _ in sums.values()),
        "awards": complete,
        "ledger": complete,
        "messages": complete,
        "points": complete * POINTS,
    }

"""R4: far more claims than there is supply, all at once, each sent twice, to two server processes."""

import random
import threading
from collections import Counter

import pytest

from laurel.database.embedded import EmbeddedPostgres
from tests.support.figures import a_seed, report, sized
from tests.support.processes import a_short_directory, serving
from tests.support.streams import row

HANDS = 16
SCARCITY = 20
"""So many claims for each unit."""


def claimable(server, people: int, supply: int) -> list[str]:
    """Awards that wait to be claimed, one a person, for a reward of which there are `supply`."""
    mug = server.post("/api/v1/rewards", json={"name": "Mug", "status": "live", "assets_supply": supply}).json()["id"]
    made = server.post(
        "/api/v1/achievements",
        json={
            "name": "Early",
            "status": "live",
            "queries": [{"alias": "l", "event_name": "lesson.completed"}],
            "criteria": {"type": "count", "query": "l", "value": 1},
            "rewards": {"items": [{"reward": mug}], "claim": "manual"},
        },
    )
    assert made.status_code == 201, made.text
    awards = []
    for first in range(0, people, 200):
        events = [
            {"person": {"external_id": f"p{number}"}, "name": "lesson.completed", "key": "k"}
            for number in range(first, min(first + 200, people))
        ]
        answer = server.post("/api/v1/events?create_people=true", json=events, timeout=60)
        awards += [unlock["award"] for result in answer.json()["results"] for unlock in result["unlocked"]]
    assert len(awards) == people
    return awards


@pytest.mark.timeout(0)
def test_a_supply_is_never_oversold_and_nobody_gets_two():
    seed = a_seed()
    people = sized(20_000, least=400)
    supply = people // SCARCITY
    with a_short_directory() as directory, serving(directory / "serve.log", data_dir=directory, workers=2) as server:
        asked = claimable(server, people, supply) * 2
        random.Random(seed).shuffle(asked)
        granted: Counter[str] = Counter()
        statuses: Counter[int] = Counter()
        lock = threading.Lock()

        def claim() -> None:
            while True:
                with lock:
                    if not asked:
                        return
                    award = asked.pop()
                answer = server.post(f"/api/v1/awards/{award}/claim", json={}, timeout=60)
                with lock:
                    statuses[answer.status_code] += 1
                    if answer.status_code == 200:
                        granted[award] += len(answer.json()["rewards"])

        threads = [threading.Thread(target=claim) for _ in range(HANDS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        held = row(
            EmbeddedPostgres(directory).start(),
            """
            SELECT (SELECT sum(granted)::bigint FROM reward_supply) AS taken, (SELECT count(*) FROM reward_grant) AS grants,
                   (SELECT count(DISTINCT person_id) FROM reward_grant) AS people,
                   (SELECT count(*) FROM reward_shortage) AS shortages
            """,
        )
    report(
        f"seed {seed}: {2 * people} claims by {people} people for {supply} units: {sum(granted.values())} granted by the "
        f"answers {dict(statuses)}, the database holds {held}"
    )
    assert sum(granted.values()) == supply
    assert max(granted.values()) == 1
    assert held == {"taken": supply, "grants": supply, "people": supply, "shortages": people - supply}
    assert statuses == {200: people, 409: people}

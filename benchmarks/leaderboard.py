"""Leaderboards: the top 100 and one person's rank among 1,000,000 people against the same among 10,000, while scores arrive.

Both boards lie in one database and are asked in turns, with a writer adding scores to both. A value of 1 means equally
fast; the limit 0.67 is 1.5 times the latency.
"""

import asyncio
import random
import statistics
import time
from datetime import UTC, datetime
from decimal import Decimal

from benchmarks._world import a_database
from benchmarks.measuring import Ratio
from laurel.base.ids import OrganisationId, PersonId
from laurel.database.pool import Database, Transaction
from laurel.domain.achievements.periods import Calendar, zone
from laurel.domain.leaderboards import boards, scoring, store
from laurel.domain.leaderboards.boards import BoardWish
from laurel.domain.leaderboards.model import Leaderboard
from laurel.domain.leaderboards.ranking import place_of, top_places
from laurel.domain.leaderboards.scoring import Gain
from laurel.domain.organisations import tenancy

SIZES = (10_000, 1_000_000)
CALLS = 300
SCORE_MAX = 50_000
NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
LIMIT = 1 / 1.5
WRITES_TOGETHER = 20


async def _board(tx: Transaction, name: str) -> Leaderboard:
    wish = BoardWish(name=name, metric="xp", period="open", status="live", starts_at=datetime(2020, 1, 1, tzinfo=UTC))
    return await boards.create(tx, wish, actor="bench", now=NOW)


async def _fill(tx: Transaction, board: Leaderboard, people: int) -> None:
    """Scores in bulk and the histogram counted from them, as the server's own writes would have left them."""
    await tx.execute(
        """
        INSERT INTO leaderboard_score (organisation_id, leaderboard_id, period, person_id, score, reached_at)
        SELECT $1, $2, 0, n, 1 + (abs(hashint8(n)) % $4), $5 FROM generate_series(1, $3) n
        """,
        tx.organisation_id,
        board.id,
        people,
        SCORE_MAX,
        NOW,
    )
    await tx.execute(
        """
        INSERT INTO leaderboard_bucket (organisation_id, leaderboard_id, period, level, bucket, shard, people)
        SELECT $1, $2, 0, level, whole >> (4 * level), person_id % 4, count(*)
        FROM leaderboard_score, generate_series(0, 14) level
        WHERE organisation_id = $1 AND leaderboard_id = $2 AND (whole >> (4 * level)) & 15 <> 0
        GROUP BY level, whole >> (4 * level), person_id % 4
        """,
        tx.organisation_id,
        board.id,
    )
    await tx.execute(
        """
        INSERT INTO leaderboard_bucket (organisation_id, leaderboard_id, period, level, bucket, shard, people)
        SELECT $1, $2, 0, -1, 0, 0, $3
        """,
        tx.organisation_id,
        board.id,
        people,
    )


async def _check(tx: Transaction, board: Leaderboard) -> None:
    """The rank from the histogram is the rank from counting."""
    for person in (1, 77, 4_242):
        found = await store.score_of(tx, board.id, 0, PersonId(person))
        assert found is not None
        plain = await tx.fetchval(
            """
            SELECT 1 + count(*) FROM leaderboard_score
            WHERE organisation_id = $1 AND leaderboard_id = $2 AND period = 0 AND score > $3
            """,
            tx.organisation_id,
            board.id,
            found[0],
        )
        place = await place_of(tx, board, 0, PersonId(person))
        assert place is not None
        assert place.rank == plain, (place, plain)


class _Bench:
    def __init__(self, database: Database, organisation_id: OrganisationId, found: list[Leaderboard]) -> None:
        self.database = database
        self.organisation_id = organisation_id
        self.boards = found
        self.calendar = Calendar(zone("UTC"))
        self.chance = random.Random(7)
        self.written = 0

    async def write(self, stop: asyncio.Event) -> None:
        """Scores for random people of both boards until told to stop."""
        while not stop.is_set():
            people = sorted(self.chance.sample(range(1, SIZES[0]), WRITES_TOGETHER))
            async with self.database.transaction(self.organisation_id) as tx:
                gains = [Gain("xp", PersonId(person), None, Decimal(10), NOW) for person in people]
                await scoring.write(tx, self.boards, self.calendar, gains)
            self.written += len(gains) * len(self.boards)
            await asyncio.sleep(0.005)

    async def time(self, size: int, board: Leaderboard) -> tuple[float, float]:
        """Seconds of (top 100, one rank)."""
        person = PersonId(self.chance.randrange(1, size))
        async with self.database.transaction(self.organisation_id) as tx:
            started = time.perf_counter()
            places = await top_places(tx, board, 0, limit=100)
            between = time.perf_counter()
            place = await place_of(tx, board, 0, person)
            ended = time.perf_counter()
        assert len(places) == 100
        assert place is not None
        return between - started, ended - between


async def _measure() -> list[Ratio]:
    async with a_database() as (_, database):
        async with database.every_organisation() as tx:
            organisation = await tenancy.add_organisation(tx, name="Ranked", slug="ranked", now=NOW)
        found = []
        for size in SIZES:
            async with database.transaction(organisation.id) as tx:
                board = await _board(tx, f"{size}")
                await _fill(tx, board, size)
                await _check(tx, board)
                found.append(board)
        connection = await database.acquire()
        await connection.execute("VACUUM ANALYZE leaderboard_score")
        await connection.execute("VACUUM ANALYZE leaderboard_bucket")
        await database.release(connection)
        bench = _Bench(database, organisation.id, found)
        stop = asyncio.Event()
        writer = asyncio.create_task(bench.write(stop))
        times: dict[int, list[tuple[float, float]]] = {size: [] for size in SIZES}
        started = time.perf_counter()
        for _ in range(CALLS):
            for size, board in zip(SIZES, found, strict=True):
                times[size].append(await bench.time(size, board))
        seconds = time.perf_counter() - started
        stop.set()
        await writer
        for board in found:
            async with database.transaction(organisation.id) as tx:
                await _check(tx, board)
    result = []
    for index, what in enumerate(("top 100", "rank of one person")):
        small, large = (statistics.median(one[index] for one in times[size]) for size in SIZES)
        note = f"{small * 1e3:.2f} ms and {large * 1e3:.2f} ms, {bench.written / seconds:.0f} scores/s arriving"
        result.append(Ratio(f"leaderboard, {what}: 10,000 / 1,000,000 people", small / large, LIMIT, 1.0, note))
    return result


def ratios() -> list[Ratio]:
    """The two ratios."""
    return asyncio.run(_measure())

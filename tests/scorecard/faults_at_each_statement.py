"""R10: seeded lives of an organisation in which any statement may fail, held against the naive oracle.

Every event is sent until it is acknowledged, some once more; people act at the same time. In the end awards, values,
points, supply and messages must be what the events amount to.
"""

import asyncio
import dataclasses
import random
from collections import Counter
from datetime import timedelta

import pytest

from laurel.base.errors import Unavailable
from laurel.domain.parts import Parts
from laurel.domain.rewards import catalogue
from laurel.domain.rewards.catalogue import RewardWish
from tests.domain.test_spine_against_oracle import ALIASES, EDGE_DAYS, PEOPLE, ZONES, World
from tests.support.faults import FaultyDatabase
from tests.support.figures import a_seed, report, sized

OPERATIONS = 200
POINTS = 3
SUPPLY = 4
STATEMENTS_MAX = 16
FAULTY_ATTEMPTS = 3


class Broken(AssertionError):
    """Something that must always hold does not."""


def a_leaf(chance: random.Random) -> dict:
    query = {"query": chance.choice(ALIASES), "operator": chance.choice([">=", ">"])}
    kind = chance.choice(["count", "count", "sum", "streak"])
    if kind == "sum":
        return {"type": "sum", **query, "attribute": "n", "value": chance.choice([0.3, 2.5, 7, 12])}
    return {"type": kind, **query, "value": chance.randint(1, 3 if kind == "streak" else 8)}


def a_tree(chance: random.Random) -> dict:
    if chance.random() < 0.5:
        return a_leaf(chance)
    leaves = [a_leaf(chance) for _ in range(chance.randint(1, 3))]
    return {"type": "logical", "operator": chance.choice(["and", "or"]), "conditions": leaves}


def a_plan(chance: random.Random, mug: str) -> dict:
    rewards = {"points": POINTS, "items": [{"reward": mug}]} if chance.random() < 0.7 else {}
    return {
        "period": chance.choice(["open", "daily", "weekly", "monthly", "yearly"]),
        "calendar": chance.choice(["organisation", "person"]),
        "criteria": a_tree(chance),
        "names": [chance.choice(["a", "b", None]) for _ in ALIASES],
        "after": chance.random() < 0.4,
        "levels": chance.randint(1, 3),
        "rewards": rewards,
    }


def an_event(chance: random.Random, number: int) -> dict:
    return {
        "person": chance.choice(PEOPLE),
        "key": number,
        "name": chance.choice("abc"),
        "at": chance.choice(EDGE_DAYS) + timedelta(hours=chance.randint(-60, 60)),
        "n": chance.choice([0.1, 0.2, 1, 2, 2.5]),
    }


class Simulation:
    """One seed's organisation."""

    def __init__(self, world: World, database: FaultyDatabase, chance: random.Random, mug: str) -> None:
        self.world, self.database, self.chance, self.mug = world, database, chance, mug
        self.sent: list[dict] = []
        self.retried = 0

    @classmethod
    async def begin(cls, parts: Parts, seed: int) -> "Simulation":
        chance = random.Random(seed)
        database = FaultyDatabase(parts.database, random.Random(f"faults of {seed}"))
        own: Parts = dataclasses.replace(parts, database=database)
        zone = chance.choice(ZONES)
        world = await World.make(own, {"achievements": [], "zone": zone})
        async with database.transaction(world.id) as tx:
            wish = RewardWish(names={"en": "Mug"}, status="live", assets_supply=SUPPLY)
            mug = await catalogue.create(tx, wish, actor="test", now=own.clock.now())
        await world.define([a_plan(chance, mug.uid) for _ in range(chance.randint(2, 4))])
        return cls(world, database, chance, mug.uid)

    async def live(self) -> None:
        """OPERATIONS of them, some at the same time by different people."""
        for number in range(OPERATIONS):
            choice = self.chance.random()
            if choice < 0.1:
                await self.change_a_body()
            elif choice < 0.2 and self.sent:
                await self.until_acknowledged([self.chance.choice(self.sent)])
            else:
                events = [an_event(self.chance, number)]
                if self.chance.random() < 0.3:
                    events.append({**an_event(self.chance, number), "person": other(events[0]["person"])})
                await self.until_acknowledged(*([event] for event in events))
                self.world.foretell(events)
                self.sent += events
            self.world.parts.clock.advance(timedelta(minutes=self.chance.randint(-30, 60)))

    async def until_acknowledged(self, *batches: list[dict]) -> None:
        """Send batches at once, each until it is answered."""
        waiting = list(batches)
        for attempt in range(50):
            if attempt < FAULTY_ATTEMPTS:
                self.database.strike_within(STATEMENTS_MAX)
            answers = await asyncio.gather(
                *(asyncio.ensure_future(self.world.record(batch)) for batch in waiting), return_exceptions=True
            )
            self.database.spare()
            for answer in answers:
                if isinstance(answer, BaseException) and not isinstance(answer, Unavailable | asyncio.CancelledError):
                    raise answer
            waiting = [batch for batch, answer in zip(waiting, answers, strict=True) if answer is not None]
            self.retried += len(waiting)
            if not waiting:
                return
        raise Broken("an event was not acknowledged in 50 attempts")

    async def change_a_body(self) -> None:
        """A key that is known with another body must be refused and change nothing."""
        if not self.sent:
            return
        event = self.chance.choice(self.sent)
        (outcome,) = await self.world.outcomes([{**event, "n": event["n"] + 1}])
        if outcome.status != "refused":
            raise Broken(f"a key was used again with another body: {outcome.status}")

    async def check(self) -> None:
        """Everything the events amount to, and nothing else."""
        awards = await self.world.awards()
        if awards != self.world.oracle.awards:
            raise Broken(f"awards differ: {awards ^ self.world.oracle.awards}")
        await self.world.check_values()
        paying = sum(1 for _, uid, _ in awards if uid in self.paying())
        found = await self.figures()
        wanted = {
            "points": paying * POINTS,
            "entries": paying,
            "balance": paying * POINTS,
            "granted": min(paying, SUPPLY),
            "grants": min(paying, SUPPLY),
            "shortages": max(paying - SUPPLY, 0),
            "messages": len(awards),
            "events": len({(event["person"], event["key"]) for event in self.sent}),
            "completions": len(awards),
        }
        if found != wanted:
            raise Broken(f"{found} is not {wanted}")

    def paying(self) -> set[str]:
        return {plan["id"] for plan in self.world.oracle.achievements if plan["rewards"]}

    async def figures(self) -> dict[str, int]:
        async with self.world.parts.database.transaction(self.world.id) as tx:
            row = await tx.fetchrow(
                """
                SELECT (SELECT coalesce(sum(amount), 0)::bigint FROM ledger WHERE organisation_id = $1) AS points,
                       (SELECT count(*) FROM ledger WHERE organisation_id = $1) AS entries,
                       (SELECT coalesce(sum(amount), 0)::bigint FROM balance WHERE organisation_id = $1) AS balance,
                       (SELECT coalesce(sum(granted), 0)::bigint FROM reward_supply WHERE organisation_id = $1) AS granted,
                       (SELECT count(*) FROM reward_grant WHERE organisation_id = $1) AS grants,
                       (SELECT count(*) FROM reward_shortage WHERE organisation_id = $1) AS shortages,
                       (SELECT count(*) FROM outbox WHERE organisation_id = $1 AND topic = 'award.created') AS messages,
                       (SELECT count(*) FROM event WHERE organisation_id = $1 AND category = 'custom') AS events,
                       (SELECT count(*) FROM event WHERE organisation_id = $1
                        AND name = 'achievement-completion') AS completions
                """,
                self.world.id,
            )
        return dict(row)


def other(person: str) -> str:
    return next(one for one in PEOPLE if one != person)


@pytest.mark.timeout(0)
async def test_no_life_of_an_organisation_breaks_an_invariant(parts):
    seed, lives = a_seed(), sized(10_000, least=4)
    struck: Counter[str] = Counter()
    statements = retried = awards = 0
    for number in range(lives):
        try:
            simulation = await Simulation.begin(parts, seed + number)
            await simulation.live()
            await simulation.check()
        except Exception as failure:
            report(f"seed {seed + number}: broken after {number} whole lives: {type(failure).__name__}")
            raise
        struck.update(simulation.database.struck)
        statements += simulation.database.statements
        retried += simulation.retried
        awards += len(simulation.world.oracle.awards)
    report(
        f"seeds {seed} to {seed + lives - 1}: {lives} lives of {OPERATIONS} operations, {statements} statements, "
        f"faults {dict(sorted(struck.items()))}, {retried} sent again, {awards} awards; 0 broken invariants"
    )

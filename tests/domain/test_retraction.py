"""A retracted event leaves the world as if it had never been recorded, as far as nothing was spent or closed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laurel.base.errors import AlreadyHeld
from laurel.base.ids import OrganisationId, PersonId
from laurel.domain.achievements import definitions, store
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.definitions import Definition
from laurel.domain.achievements.model import Award
from laurel.domain.events.model import check_event
from laurel.domain.give_rewards.prizes import pay_prizes
from laurel.domain.leaderboards import boards, ranking
from laurel.domain.leaderboards.boards import BoardWish
from laurel.domain.leaderboards.model import Prize
from laurel.domain.parts import Parts
from laurel.domain.record_events.ingest import record
from laurel.domain.record_events.races import run_again_on_races
from laurel.domain.record_events.retract import Retracted, retract
from laurel.domain.record_events.revoke import reinstate
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import experience
from laurel.domain.rewards.experience import NewXpRule
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.rewards.model import LedgerEntry, RewardPlan
from laurel.domain.streaks import streak_rules
from tests.support.builders import a_person, an_organisation

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
METRICS = ("xp", "challenges_completed", "challenges_started", "actions_completed")
ACHIEVEMENTS: tuple[dict[str, Any], ...] = (
    {"sub": "challenge-completion", "value": 1, "rewards": {"points": 10, "xp": {"knowledge": 3}}},
    {"sub": "challenge-completion", "value": 2, "period": "daily", "rewards": {"xp": {"total": 5, "loyalty": 2}}},
    {"sub": "achievement-completion", "value": 2, "rewards": {"points": 7}},
    {"sub": "xp-earned", "value": 3, "rewards": {"points": 1}},
    {"sub": "streak-extended", "value": 2, "rewards": {"xp": {"total": 4}}},
    {"sub": "challenge-started", "value": 2, "after": 1, "rewards": {"points": 2}},
)


class World:
    """An organisation in which everything follows from events that can follow, and one person in it."""

    def __init__(self, parts: Parts, organisation_id: OrganisationId, person_id: PersonId) -> None:
        self.parts, self.id, self.person_id = parts, organisation_id, person_id
        self.boards: list[Any] = []

    @classmethod
    async def make(cls, parts: Parts, *, revoking: bool = True, prizes: list[Prize] | None = None) -> "World":
        organisation = await an_organisation(parts)
        person = await a_person(parts, organisation, identifiers={"external": "ada"}, time_zone="Asia/Tokyo")
        world = cls(parts, organisation.id, person.id)
        now = parts.clock.now()
        async with parts.database.transaction(organisation.id) as tx:
            made = []
            for plan in ACHIEVEMENTS:
                body = {
                    "names": {"en": plan["sub"]},
                    "status": "live",
                    "queries": [{"alias": "q", "sub_category": plan["sub"]}],
                    "criteria": {"type": "count", "query": "q", "value": plan["value"]},
                    "period": plan.get("period", "open"),
                    "prerequisites": [made[plan["after"]].uid] if "after" in plan else [],
                    "rewards": plan["rewards"],
                    "revoke_on_retraction": revoking,
                }
                definition = msgspec.convert(body, Definition, strict=False)
                made.append(await definitions.create(tx, definition, actor="test", now=now))
            rules = [
                NewXpRule(
                    "challenge", "challenge-completion", "", experience.amounts_of(Decimal(4), loyalty=Decimal(1))
                ),
                NewXpRule("achievement", "achievement-completion", "", experience.amounts_of(Decimal("1.5"))),
            ]
            await experience.set_rules(tx, rules, now=now)
            changes = {"sub_categories": ["challenge-completion"], "names": [], "freezes_max": 1, "freeze_every": 2}
            await streak_rules.set_rule(tx, 0, changes, actor="test", now=now)
            for metric in METRICS:
                wish = BoardWish(
                    name=metric, metric=metric, period="open", status="live", starts_at=START, prizes=prizes or []
                )
                world.boards.append(await boards.create(tx, wish, actor="test", now=now))
                wish = BoardWish(
                    name=metric, metric=metric, period="daily", status="live", starts_at=START, prizes=prizes or []
                )
                world.boards.append(await boards.create(tx, wish, actor="test", now=now))
            await store.bump_rules(tx)
        return world

    async def record(self, *did: tuple[str, str, timedelta]) -> None:
        """Events by key, what was done, and how long after the start."""
        for key, sub_category, after in did:
            event = check_event(
                person=("external", "ada"),
                name=sub_category,
                key=key,
                category="action" if sub_category == "action-participation" else "challenge",
                sub_category=sub_category,
                occurred_at=START + after,
                now=self.parts.clock.now(),
                field="event",
            )
            (outcome,) = await record(self.parts.spine, self.id, [event])
            assert outcome.status == "accepted"

    async def retract(self, key: str) -> Retracted:
        async def work(tx: Any, _careful: bool) -> Retracted:
            run = Run(tx, self.parts.spine, await self.parts.spine.open(tx), self.parts.clock.now(), quiet=False)
            result = await retract(run, self.person_id, key, "a mistake")
            await run.save()
            return result

        return await run_again_on_races(self.parts.spine, self.id, work)

    async def reinstate(self, award: Award) -> Award:
        async def work(tx: Any, _careful: bool) -> Award:
            run = Run(tx, self.parts.spine, await self.parts.spine.open(tx), self.parts.clock.now(), quiet=False)
            active, _ = await reinstate(run, award)
            await run.save()
            return active

        return await run_again_on_races(self.parts.spine, self.id, work)

    async def picture(self) -> dict[str, Any]:
        """Everything that there is to compare, with names in place of ids."""
        async with self.parts.database.transaction(self.id) as tx:

            async def rows(sql: str) -> list[tuple[Any, ...]]:
                return sorted(tuple(row.values()) for row in await tx.fetch(sql, self.id))

            return {
                "awards": await rows(
                    """
                    SELECT c.names ->> 'en', a.period FROM award a
                    JOIN achievement c ON c.organisation_id = $1 AND c.id = a.achievement_id
                    WHERE a.organisation_id = $1 AND a.state = 'active'
                    """
                ),
                "balances": await rows(
                    "SELECT unit, dimension, amount FROM balance WHERE organisation_id = $1 AND amount <> 0"
                ),
                "scores": await rows(
                    """
                    SELECT l.name, l.period, s.period, s.score FROM leaderboard_score s
                    JOIN leaderboard l ON l.organisation_id = $1 AND l.id = s.leaderboard_id
                    WHERE s.organisation_id = $1
                    """
                ),
                "histogram": await rows(
                    """
                    SELECT l.name, l.period, b.period, b.level, b.bucket, sum(b.people) FROM leaderboard_bucket b
                    JOIN leaderboard l ON l.organisation_id = $1 AND l.id = b.leaderboard_id
                    WHERE b.organisation_id = $1 GROUP BY 1, 2, 3, 4, 5 HAVING sum(b.people) <> 0
                    """
                ),
                "streaks": await rows(
                    "SELECT length, longest, last_day, freezes FROM streak WHERE organisation_id = $1"
                ),
                "events": await rows(
                    """
                    SELECT e.sub_category, e.payload ->> 'length', e.payload ->> 'amount' FROM event e
                    WHERE e.organisation_id = $1 AND NOT EXISTS (
                        SELECT FROM event_retraction r WHERE r.organisation_id = $1 AND r.event_key = e.event_key)
                    """
                ),
            }

    async def score(self, name: str, period: str = "open") -> Decimal | None:
        (board,) = [one for one in self.boards if (one.name, one.period) == (name, period)]
        async with self.parts.database.transaction(self.id) as tx:
            calendar = (await self.parts.spine.open(tx)).book.calendar
            place = await ranking.place_of(
                tx, board, ranking.period_at(board, calendar, self.parts.clock.now()), self.person_id
            )
        return place.score if place else None

    async def points(self) -> Decimal:
        async with self.parts.database.transaction(self.id) as tx:
            return await ledger.balance(tx, self.entry("points", 0))

    def entry(self, unit: Any, amount: int) -> LedgerEntry:
        return LedgerEntry(self.person_id, unit, "", 0, Decimal(amount), "test")


DONE = st.tuples(
    st.sampled_from(["challenge-completion", "challenge-completion", "challenge-started", "action-participation"]),
    st.integers(0, 5 * 24),
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(done=st.lists(DONE, min_size=1, max_size=8), data=st.data())
async def test_what_is_left_is_what_would_be_there_without_the_event(parts, done, data):
    parts.clock.set(START + timedelta(days=6))
    events = [
        (str(number), what, timedelta(hours=hours))
        for number, (what, hours) in enumerate(sorted(done, key=lambda one: one[1]))
    ]
    taken = data.draw(st.sets(st.sampled_from([event[0] for event in events]), min_size=1, max_size=3))
    world, other = await World.make(parts), await World.make(parts)
    await world.record(*events)
    for key in sorted(taken):
        await world.retract(key)
    await other.record(*(event for event in events if event[0] not in taken))
    assert await world.picture() == await other.picture()
    for key in sorted(taken):
        again = await world.retract(key)
        assert (again.points, again.xp, again.revoked) == (0, 0, [])
    assert await world.picture() == await other.picture()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(done=st.lists(DONE, min_size=2, max_size=9), data=st.data())
async def test_what_fell_is_earned_again_as_if_the_event_had_never_been(parts, done, data):
    parts.clock.set(START + timedelta(days=6))
    events = [
        (str(number), what, timedelta(hours=hours))
        for number, (what, hours) in enumerate(sorted(done, key=lambda one: one[1]))
    ]
    taken = data.draw(
        st.dictionaries(st.sampled_from(range(len(events) - 1)), st.integers(0, 3), min_size=1, max_size=3)
    )
    world, other = await World.make(parts), await World.make(parts)
    for index, event in enumerate(events):
        await world.record(event)
        for late, wait in taken.items():
            if late + wait == index:
                await world.retract(events[late][0])
    for late in taken:
        await world.retract(events[late][0])  # those that nothing came after
    await other.record(*(event for index, event in enumerate(events) if index not in taken))
    assert await world.picture() == await other.picture()


async def test_an_award_that_is_earned_again_is_another_one_and_pays_what_was_not_kept(parts, clock):
    clock.set(START)
    world = await World.make(parts)
    await world.record(("1", "challenge-completion", timedelta(0)))
    async with parts.database.transaction(world.id) as tx:
        assert await ledger.debit(tx, world.entry("points", -16))
    fallen = {award.id for award in (await world.retract("1")).revoked}
    assert await world.points() == 0
    await world.record(("2", "challenge-completion", timedelta(0)))
    async with parts.database.transaction(world.id) as tx:
        awards = await awarded.of_person(tx, world.person_id)
    assert {award.id for award in awards if award.state == "revoked"} == fallen
    assert len([award for award in awards if award.state == "active"]) == len(fallen) == 3
    assert await world.points() == 2  # 18 were paid and 16 of them spent, as if the first had never been
    again = await world.retract("2")
    assert (again.points, len(again.revoked)) == (2, 3)


async def test_a_fallen_award_is_not_reinstated_beside_the_one_that_was_earned_again(parts, clock):
    clock.set(START)
    world = await World.make(parts)
    await world.record(("1", "challenge-completion", timedelta(0)))
    fallen = (await world.retract("1")).revoked
    await world.record(("2", "challenge-completion", timedelta(0)))
    with pytest.raises(AlreadyHeld):
        await world.reinstate(fallen[0])
    await world.retract("2")
    assert (await world.reinstate(fallen[0])).state == "active"
    await world.record(("3", "challenge-completion", timedelta(0)))
    async with parts.database.transaction(world.id) as tx:
        awards = await awarded.of_person(tx, world.person_id, achievement_id=fallen[0].achievement_id)
    assert [award.id for award in awards if award.state == "active"] == [fallen[0].id]


async def test_what_was_paid_comes_back_and_points_only_as_far_as_they_are_unspent(parts, clock):
    clock.set(START)
    world = await World.make(parts)
    await world.record(("1", "challenge-completion", timedelta(0)))
    assert await world.points() == 10 + 7 + 1
    async with parts.database.transaction(world.id) as tx:
        assert await ledger.debit(tx, world.entry("points", -16))
    result = await world.retract("1")
    assert (result.points, result.xp) == (2, 4 + 3 + 3 * Decimal("1.5"))
    assert await world.points() == 0
    assert [award.state for award in result.revoked] == ["revoked"] * 3


async def test_awards_that_stay_keep_what_they_paid(parts, clock):
    clock.set(START)
    world = await World.make(parts, revoking=False)
    await world.record(("1", "challenge-completion", timedelta(0)))
    result = await world.retract("1")
    assert (result.points, result.xp, result.revoked) == (0, 4, [])
    assert await world.points() == 10 + 7 + 1
    assert await world.score("challenges_completed") is None
    assert await world.score("xp") == 3 + 3 * Decimal("1.5")


async def test_a_score_of_a_closed_period_and_its_prizes_stay(parts, clock):
    clock.set(START)
    world = await World.make(parts, revoking=False, prizes=[Prize(1, 1, RewardPlan(points=Decimal(100)))])
    await world.record(("1", "challenge-started", timedelta(0)))
    assert await world.score("challenges_started", "daily") == 1
    clock.advance(timedelta(days=1))
    assert await pay_prizes(parts.spine, world.id) == 1
    await world.retract("1")
    assert await world.points() == 100
    assert await world.score("challenges_started") is None
    clock.set(START)
    assert await world.score("challenges_started", "daily") == 1


async def test_a_board_that_is_younger_than_an_event_loses_nothing_by_it(parts, clock):
    clock.set(START)
    world = await World.make(parts)
    await world.record(("1", "challenge-started", timedelta(0)))
    clock.advance(timedelta(hours=1))
    async with parts.database.transaction(world.id) as tx:
        wish = BoardWish(name="late", metric="challenges_started", period="open", status="live", starts_at=START)
        world.boards.append(await boards.create(tx, wish, actor="test", now=clock.now()))
    await world.record(("2", "challenge-started", timedelta(0)))
    await world.retract("1")
    assert await world.score("late") == 1
    assert await world.score("challenges_started") == 1
    await world.retract("2")
    assert await world.score("late") is None


async def test_a_streak_falls_apart_where_a_day_is_taken_out_and_not_where_more_was_done_on_it(parts, clock):
    clock.set(START + timedelta(days=10))
    world = await World.make(parts)
    days = [(str(day), "challenge-completion", timedelta(days=day)) for day in (0, 1, 5, 6, 7)]
    await world.record(*days, ("again", "challenge-completion", timedelta(days=6, hours=1)))
    streak = (await world.picture())["streaks"]
    assert [(length, longest) for length, longest, _, _ in streak] == [(3, 3)]
    await world.retract("6")
    assert (await world.picture())["streaks"] == streak
    await world.retract("again")
    ((length, longest, _, _),) = (await world.picture())["streaks"]
    assert (length, longest) == (1, 2)

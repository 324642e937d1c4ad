"""The spine and the naive oracle must agree on every award and every value, however the events come in."""

import json
import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import islice
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from laurel.base import json_text
from laurel.base.ids import OrganisationId
from laurel.domain.achievements import definitions
from laurel.domain.achievements.definitions import Definition
from laurel.domain.achievements.evaluate import decode_entry
from laurel.domain.achievements.progress_rows import store as progress_rows
from laurel.domain.achievements.rules import PERIOD, number_of
from laurel.domain.events.model import check_event
from laurel.domain.organisations import tenancy
from laurel.domain.parts import Parts
from laurel.domain.people import registry
from laurel.domain.people.model import Person
from laurel.domain.people.registry import Details
from laurel.domain.record_events import retract
from laurel.domain.record_events.backfill import backfill, widen
from laurel.domain.record_events.ingest import EventOutcome, record
from laurel.domain.record_events.races import run_again_on_races
from laurel.domain.record_events.run import Run
from tests.domain.oracle import Happening, Oracle, period_of
from tests.support.builders import a_person, an_organisation

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/St_Johns",
)
EDGE_DAYS = (
    datetime(2025, 3, 30, tzinfo=UTC),
    datetime(2025, 10, 26, tzinfo=UTC),
    datetime(2025, 11, 2, tzinfo=UTC),
    datetime(2024, 12, 30, tzinfo=UTC),
    datetime(2024, 2, 28, 12, tzinfo=UTC),
    datetime(2025, 4, 5, 12, tzinfo=UTC),
)
EXAMPLES = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

ALIASES = ("q0", "q1", "q2")
PEOPLE = ("ada", "bob")
ALL = "everybody"
"""Who moves when the organisation itself does."""
INSTANTS = st.builds(lambda day, hours: day + timedelta(hours=hours), st.sampled_from(EDGE_DAYS), st.integers(-60, 60))


def leaf(operators: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    operator = st.sampled_from(operators)
    count = st.fixed_dictionaries(
        {"type": st.just("count"), "query": st.sampled_from(ALIASES), "operator": operator, "value": st.integers(1, 4)}
    )
    total = st.fixed_dictionaries(
        {
            "type": st.just("sum"),
            "query": st.sampled_from(ALIASES),
            "attribute": st.just("n"),
            "operator": operator,
            "value": st.sampled_from([0.3, 1, 2.5, 7]),
        }
    )
    streak = st.fixed_dictionaries(
        {"type": st.just("streak"), "query": st.sampled_from(ALIASES), "operator": operator, "value": st.integers(1, 3)}
    )
    return st.one_of(count, total, streak)


def trees(operators: tuple[str, ...], logicals: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        leaf(operators),
        lambda inner: st.fixed_dictionaries(
            {
                "type": st.just("logical"),
                "operator": st.sampled_from(logicals),
                "conditions": st.lists(inner, min_size=1, max_size=3),
            }
        ),
        max_leaves=4,
    )


def histories(*, monotone: bool, amounts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    operators = (">=", ">") if monotone else ("==", "!=", ">", ">=", "<", "<=")
    logicals = ("and", "or") if monotone else ("and", "or", "not")
    achievement = st.fixed_dictionaries(
        {
            "period": st.sampled_from(["open", "daily", "weekly", "monthly", "yearly"]),
            "calendar": st.sampled_from(["organisation", "person"]),
            "criteria": trees(operators, logicals),
            "names": st.lists(st.sampled_from(["a", "b", None]), min_size=3, max_size=3),
            "after": st.booleans(),
            "levels": st.integers(1, 3),
        }
    )
    event = st.fixed_dictionaries(
        {
            "person": st.sampled_from(PEOPLE),
            "key": st.integers(0, 15),
            "name": st.sampled_from(["a", "b", "c"]),
            "at": INSTANTS,
            "n": amounts,
        }
    )
    move = st.fixed_dictionaries(
        {
            "person": st.sampled_from([*PEOPLE, ALL]),
            "zone": st.sampled_from([*ZONES, "Pacific/Kiritimati", "Pacific/Pago_Pago", None]),
            "at": INSTANTS,
            "before": st.integers(0, 17),
        }
    )
    return st.fixed_dictionaries(
        {
            "zone": st.sampled_from(ZONES),
            "moves": st.lists(move, max_size=4),
            "achievements": st.lists(achievement, min_size=1, max_size=4),
            "events": st.lists(event, min_size=1, max_size=18, unique_by=lambda one: (one["person"], one["key"])),
            "seed": st.integers(0, 2**32),
        }
    )


POSITIVE = st.sampled_from([0.1, 0.2, 1, 2, 2.5])
ANY_AMOUNT = st.sampled_from([0.1, 0.2, 1, 2.5, -1, "3", True, None, [1]])


async def past_of(tx: Any, person_id: int, achievement_id: int) -> dict[int, Any]:
    """The rows of one achievement's older periods, by their ordinals."""
    rows = await tx.fetch(
        "SELECT period, entry FROM past_progress WHERE organisation_id = $1 AND person_id = $2 AND achievement_id = $3",
        tx.organisation_id,
        person_id,
        achievement_id,
    )
    return {row["period"]: decode_entry(row["entry"]) for row in rows}


class World:
    """One organisation with the achievements of a history, and an oracle of the same."""

    def __init__(
        self,
        parts: Parts,
        organisation_id: OrganisationId,
        plans: list[dict[str, Any]],
        zone: str,
        people: dict[str, Person],
    ) -> None:
        self.parts = parts
        self.id = organisation_id
        self.people = people
        self.oracle = Oracle(plans, zone)

    @classmethod
    async def make(cls, parts: Parts, history: dict[str, Any]) -> "World":
        if history["achievements"]:
            note(history)
        organisation = await an_organisation(parts, time_zone=history["zone"])
        people = {name: await a_person(parts, organisation, identifiers={"external": name}) for name in PEOPLE}
        world = cls(parts, organisation.id, [], history["zone"], people)
        await world.define(history["achievements"])
        return world

    async def define(self, wishes: list[dict[str, Any]]) -> None:
        """Make the achievements of a history, in Laurel and in the oracle."""
        plans = self.oracle.achievements
        async with self.parts.database.transaction(self.id) as tx:
            for plan in wishes:
                queries = [
                    {"alias": alias, "event_name": name} for alias, name in zip(ALIASES, plan["names"], strict=True)
                ]
                for query in queries:  # a query without a name counts what lessons do, not what achievements do
                    query["category"] = "custom"
                needs = [plans[-1]["id"]] if plan["after"] and plans else []
                body = {
                    "queries": queries,
                    "criteria": plan["criteria"],
                    "period": plan["period"],
                    "calendar": plan["calendar"],
                    "prerequisites": needs,
                }
                steps = levels_of(plan)
                levels = {"steps": [{"target": step} for step in steps]} if steps else None
                falls = plan.get("falls", False)
                paid = {"rewards": plan["rewards"]} if plan.get("rewards") else {}
                written = {"names": {"en": "x"}, "status": "live", "revoke_on_retraction": falls, "levels": levels}
                definition = msgspec.convert({**written, **body, **paid}, Definition, strict=False)
                made = await definitions.create(tx, definition, actor="test", now=self.parts.clock.now())
                plans.append({"id": made.uid, **body, "levels": steps, "falls": falls, "rewards": plan.get("rewards")})

    async def move(self, move: dict[str, Any]) -> None:
        """Somebody, or the organisation, goes to another time zone, in Laurel and in the oracle."""
        if move["person"] == ALL:
            zone = move["zone"] or "UTC"
            async with self.parts.database.transaction(self.id) as tx:
                await tenancy.change_organisation(tx, {"time_zone": zone}, by="test", now=move["at"])
            self.oracle.move_all(move["at"], zone)
            return
        async with self.parts.database.transaction(self.id) as tx:
            person = self.people[move["person"]]
            await registry.change(tx, person, Details(time_zone=move["zone"]), now=move["at"])
        self.oracle.move(move["person"], move["at"], move["zone"])

    async def move_before(self, index: int, history: dict[str, Any]) -> None:
        for move in history["moves"]:
            if move["before"] == index:
                await self.move(move)

    async def move_first(self, history: dict[str, Any]) -> None:
        """All moves in the order of their instants, before anything is recorded: every event is a late one."""
        for move in sorted(history["moves"], key=lambda move: move["at"]):
            await self.move(move)

    async def record(self, batch: list[dict[str, Any]]) -> None:
        assert {outcome.status for outcome in await self.outcomes(batch)} <= {"accepted", "replayed"}

    async def outcomes(self, batch: list[dict[str, Any]]) -> list[EventOutcome]:
        now = self.parts.clock.now()
        events = [
            check_event(
                person=("external", one["person"]),
                name=one["name"],
                key=str(one["key"]),
                occurred_at=one["at"],
                payload=json_text.decode(json.dumps({"n": one["n"]}).encode()),
                now=now,
                field="event",
            )
            for one in batch
        ]
        return await record(self.parts.spine, self.id, events, create_people=True)

    def foretell(self, batch: list[dict[str, Any]]) -> None:
        for one in batch:
            self.oracle.record(
                Happening(one["person"], str(one["key"]), one["name"], "custom", "", one["at"], {"n": one["n"]})
            )

    async def awards(self) -> set[tuple[str, str, str]]:
        async with self.parts.database.transaction(self.id) as tx:
            rows = await tx.fetch(
                """
                SELECT i.value, c.uid, a.period FROM award a
                JOIN achievement c ON c.organisation_id = $1 AND c.id = a.achievement_id
                JOIN person_identifier i ON i.organisation_id = $1 AND i.person_id = a.person_id
                WHERE a.organisation_id = $1 AND a.state = 'active'
                """,
                self.id,
            )
        return {tuple(row.values()) for row in rows}

    async def retract(self, event: dict[str, Any]) -> None:
        """Take an event back, in Laurel."""

        async def work(tx: Any, _careful: bool) -> None:
            run = Run(tx, self.parts.spine, await self.parts.spine.open(tx), self.parts.clock.now(), quiet=False)
            await retract.retract(run, self.people[event["person"]].id, str(event["key"]), "test")
            await run.save()

        await run_again_on_races(self.parts.spine, self.id, work)

    async def check_values(self) -> None:
        """Every leaf of every period that anything counted in has the oracle's value."""
        async with self.parts.database.transaction(self.id) as tx:
            book = (await self.parts.spine.open(tx)).book
            people = await tx.fetch(
                "SELECT person_id, value FROM person_identifier WHERE organisation_id = $1", self.id
            )
            for row in people:
                state = await progress_rows.read_state(tx, row["person_id"])
                for rule in book.rules.values():
                    (plan,) = [plan for plan in self.oracle.achievements if plan["id"] == rule.uid]
                    entries = await past_of(tx, row["person_id"], rule.id)
                    if (newest := state.entry(rule.id)) is not None:
                        entries[newest[PERIOD]] = newest
                    found = {
                        (period_key_of(rule.period, ordinal), leaf.position): Fraction(
                            str(number_of(leaf, entry[leaf.position]))
                        )
                        for ordinal, entry in entries.items()
                        for leaf in rule.leaves
                    }
                    for (period, position), value in found.items():
                        node = leaves_of(plan["criteria"])[position - 3]
                        assert value == self.oracle.value(plan, node, row["value"], period), (rule.uid, period, node)
                    expected = {
                        self.oracle.period(plan, event)
                        for event in self.oracle.events
                        if event.person == row["value"]
                        and event.category == "custom"
                        and any(q["event_name"] in (None, event.name) for q in plan["queries"])
                    }
                    assert {period for period, _ in found} == expected


def period_key_of(period: str, ordinal: int) -> str:
    from datetime import date

    return "" if period == "open" else f"{period[0]}:{date.fromordinal(ordinal).isoformat()}"


def levels_of(plan: dict[str, Any]) -> list[Any]:
    """What the levels take, where the criteria allow levels and the history wants some."""
    criteria = plan["criteria"]
    if criteria["type"] == "logical" or criteria["operator"] != ">=" or plan["levels"] == 1:
        return []
    return [round(criteria["value"] * number, 1) for number in range(1, plan["levels"] + 1)]


def leaves_of(node: dict[str, Any]) -> list[dict[str, Any]]:
    if node["type"] != "logical":
        return [node]
    return [leaf for child in node["conditions"] for leaf in leaves_of(child)]


def in_batches(events: list[dict[str, Any]], chance: random.Random, largest: int) -> list[list[dict[str, Any]]]:
    rest = iter(events)
    batches = []
    while batch := list(islice(rest, chance.randint(1, largest))):
        batches.append(batch)
    return batches


@EXAMPLES
@given(history=histories(monotone=False, amounts=ANY_AMOUNT))
async def test_one_by_one_everything_agrees_with_the_oracle(parts, history):
    world = await World.make(parts, history)
    for index, event in enumerate(history["events"]):
        await world.move_before(index, history)
        await world.record([event])
        world.foretell([event])
    assert await world.awards() == world.oracle.awards
    await world.check_values()


@EXAMPLES
@given(history=histories(monotone=True, amounts=POSITIVE))
async def test_batches_order_and_replays_change_nothing(parts, history):
    chance = random.Random(history["seed"])
    shuffled = chance.sample(history["events"], len(history["events"]))
    world = await World.make(parts, history)
    await world.move_first(history)
    world.foretell(history["events"])
    for batch in in_batches(shuffled, chance, 6):
        await world.record(batch + chance.sample(batch, chance.randint(0, len(batch))))
    await world.record(chance.sample(shuffled, len(shuffled)))
    await world.check_values()
    # What waits for another achievement may depend on when that came; everything else may not.
    free = {plan["id"] for plan in world.oracle.achievements if not plan["prerequisites"]}
    assert {one for one in await world.awards() if one[1] in free} == {o for o in world.oracle.awards if o[1] in free}


@EXAMPLES
@given(history=histories(monotone=True, amounts=POSITIVE))
async def test_retraction_leaves_what_the_other_events_amount_to(parts, history):
    chance = random.Random(history["seed"])
    world = await World.make(parts, history)
    for index, event in enumerate(history["events"]):
        await world.move_before(index, history)
        await world.record([event])
        world.foretell([event])
    taken = [event for event in history["events"] if chance.random() < 0.4]
    for event in taken:
        await world.retract(event)
    world.oracle.events.clear()
    world.oracle.awards.clear()
    world.foretell([event for event in history["events"] if event not in taken])
    await world.check_values()


@EXAMPLES
@given(history=histories(monotone=True, amounts=POSITIVE), falls=st.lists(st.booleans(), min_size=4, max_size=4))
async def test_what_fell_is_earned_again_by_what_comes_later(parts, history, falls):
    chance = random.Random(history["seed"])
    for plan, one in zip(history["achievements"], falls, strict=False):
        plan["falls"] = one
        if plan["after"]:  # when something was held matters within a period, and to retract is to look back
            plan["period"] = "open"
    world = await World.make(parts, history)
    recorded: list[dict[str, Any]] = []
    for index, event in enumerate(history["events"]):
        await world.move_before(index, history)
        await world.record([event])
        world.foretell([event])
        recorded.append(event)
        if chance.random() < 0.4:
            taken = recorded.pop(chance.randrange(len(recorded)))
            await world.retract(taken)
            world.oracle.retract(taken["person"], str(taken["key"]))
            assert await world.awards() == world.oracle.awards
    assert await world.awards() == world.oracle.awards
    await world.check_values()


@EXAMPLES
@given(history=histories(monotone=True, amounts=POSITIVE))
async def test_a_backfill_counts_what_would_have_counted(parts, history):
    for plan in history["achievements"]:
        plan["after"] = False
    world = await World.make(parts, {**history, "achievements": []})
    await world.move_first(history)
    await world.record(history["events"])
    later = await World.make(parts, history)
    plans = later.oracle.achievements
    async with parts.database.transaction(world.id) as tx:
        copies = []
        for plan in plans:
            body = {key: plan[key] for key in ("queries", "criteria", "period", "calendar")}
            levels = {"steps": [{"target": step} for step in plan["levels"]]} if plan["levels"] else None
            definition = msgspec.convert(
                {"names": {"en": "x"}, "status": "live", **body, "levels": levels}, Definition, strict=False
            )
            made = await definitions.create(tx, definition, actor="test", now=parts.clock.now())
            await widen(tx, made, None, parts.clock.now())
            copies.append({**plan, "id": made.uid, "number": made.id})
    for _ in range(2):
        for copy in copies:
            await backfill(parts.spine, world.id, copy["number"], quiet=True)
    world.oracle.achievements = copies
    world.foretell(history["events"])
    await world.check_values()
    assert {award[:2] for award in await world.awards()} == {award[:2] for award in world.oracle.awards}


@pytest.mark.parametrize("zone", ZONES)
async def test_every_hour_around_the_edges_falls_into_the_oracles_day(parts, zone):
    world = await World.make(parts, {"zone": zone, "achievements": []})
    async with parts.database.transaction(world.id) as tx:
        calendar = (await parts.spine.open(tx)).book.calendar
    for edge in EDGE_DAYS:
        for minutes in range(-72 * 60, 72 * 60, 15):
            at = edge + timedelta(minutes=minutes)
            for period in ("daily", "weekly", "monthly", "yearly"):
                ordinal = calendar.period(period, at)
                assert period_key_of(period, ordinal) == period_of(period, at, world.oracle.zone)
                start, end = calendar.bounds(period, ordinal)
                assert start <= at < end

"""Properties of what decides: selection and supply, the draw, streaks, the histogram, levels."""

import random
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.base.ids import OrganisationId, PersonId, RewardId
from laurel.domain.give_rewards.draw import digest_of, pick_winners
from laurel.domain.leaderboards.scoring import DIGIT_BITS, DIGIT_MASK, LEVELS, PARTICIPANTS, moves
from laurel.domain.rewards.experience import LevelPlan, level_of, level_targets
from laurel.domain.rewards.model import Payment, Reward, RewardItem, RewardPlan, Supply
from laurel.domain.rewards.pay import allocate
from laurel.domain.streaks.extend import extended, length_on
from laurel.domain.streaks.model import StreakRule

NOW = datetime(2026, 3, 14, tzinfo=UTC)
unhurried = settings(deadline=None)


def a_reward(number, maximum=None):
    return Reward(
        organisation_id=OrganisationId(1), id=RewardId(number), uid=f"{number:024x}", department_id=None,
        names={"en": "R"}, descriptions={}, images={}, status="live", starts_at=None, expires_at=None,
        assets_per_person_max=maximum, entries_per_person_max=maximum, tags=[], campaigns=[], details={}, allocations=[],
        redemption={}, auto_redeem=False, asset_price=None, entry_price=None, draws_at=None, manual_draw=False,
        featured=False, department_ids=[], is_template=False, metadata={}, created_at=NOW, updated_at=NOW,
        created_by="", updated_by="", deleted_at=None,
    )  # fmt: skip


@st.composite
def situations(draw):
    """Payments of one plan to people, its rewards, and supplies: none, shared, per allocation, or both."""
    count = draw(st.integers(1, 5))
    maxima = draw(st.lists(st.none() | st.integers(1, 3), min_size=count, max_size=count))
    rewards = {reward.uid: reward for reward in (a_reward(n + 1, maxima[n]) for n in range(count))}
    kinds = draw(st.lists(st.sampled_from(["assets", "entries"]), min_size=count, max_size=count))
    items = [
        RewardItem(uid, kind, draw(st.integers(1, 3)), f"share of {uid}")
        for uid, kind in zip(rewards, kinds, strict=True)
    ]
    totals = st.none() | st.integers(0, 6)
    supplies = {}
    for reward, item in zip(rewards.values(), items, strict=True):
        for allocation in ("", item.allocation):
            total = draw(totals)
            if total is not None:
                key = (reward.id, item.kind, allocation)
                supplies[key] = Supply(*key, total, draw(st.integers(0, total)))
    plan = RewardPlan(
        items=items,
        selection=draw(st.sampled_from(["all", "priority", "random", "select"])),
        selection_count=draw(st.integers(1, count)),
    )
    people = draw(st.lists(st.integers(1, 4), min_size=1, max_size=12))
    chosen = st.lists(st.sampled_from(list(rewards)), unique=True, max_size=plan.selection_count)
    payments = [
        Payment(
            PersonId(person), None, plan, "test", "", None, tuple(draw(chosen)) if plan.selection == "select" else None
        )
        for person in people
    ]
    return payments, rewards, supplies


@unhurried
@given(situations(), st.integers())
def test_nothing_is_oversold_and_nobody_gets_more_than_the_maximum(situation, seed):
    payments, rewards, supplies = situation
    decisions = [d for d in allocate(payments, rewards, supplies, {}, random.Random(seed)) if d.shortage is None]
    for key, supply in supplies.items():
        taken = sum(d.item.amount for d in decisions if d.supply_key == key)
        assert supply.granted + taken <= supply.total
    for d in decisions:
        own = (d.reward.id, d.item.kind, d.item.allocation)
        assert d.supply_key == (own if own in supplies else (*own[:2], "") if (*own[:2], "") in supplies else None)
    for reward in rewards.values():
        for person in {payment.person_id for payment in payments}:
            got = sum(
                d.item.amount for d in decisions if d.reward.id == reward.id and payments[d.payment].person_id == person
            )
            kind = next(item.kind for item in payments[0].plan.items if item.reward == reward.uid)
            assert reward.per_person_max(kind) is None or got <= reward.per_person_max(kind)


@unhurried
@given(situations(), st.integers())
def test_a_selection_gives_as_many_as_it_says_and_each_at_most_once(situation, seed):
    payments, rewards, supplies = situation
    decisions = allocate(payments, rewards, supplies, {}, random.Random(seed))
    assert decisions == allocate(payments, rewards, supplies, {}, random.Random(seed))
    for index, payment in enumerate(payments):
        given_items = [d.item for d in decisions if d.payment == index and d.shortage is None]
        plan = payment.plan
        assert len(given_items) <= (len(plan.items) if plan.selection == "all" else plan.selection_count)
        assert len({item.reward for item in given_items}) == len(given_items)
        if plan.selection == "select":
            assert {item.reward for item in given_items} <= set(payment.choice)
        if plan.selection == "priority":
            order = [plan.items.index(item) for item in given_items]
            assert order == sorted(order)


@unhurried
@given(situations())
def test_without_limits_a_selection_is_paid_in_full(situation):
    payments, rewards, _ = situation
    free = {uid: a_reward(reward.id) for uid, reward in rewards.items()}
    decisions = allocate(payments, free, {}, {}, random.Random(1))
    for index, payment in enumerate(payments):
        plan = payment.plan
        wanted = {"all": len(plan.items), "select": len(payment.choice or ())}.get(plan.selection, plan.selection_count)
        assert sum(decision.payment == index for decision in decisions) == wanted
    assert all(decision.shortage is None for decision in decisions)


@unhurried
@given(situations(), st.integers())
def test_every_item_that_is_due_is_paid_or_has_its_reason(situation, seed):
    payments, rewards, supplies = situation
    decisions = allocate(payments, rewards, supplies, {}, random.Random(seed))
    for index, payment in enumerate(payments):
        plan = payment.plan
        due = {"all": len(plan.items), "select": len(payment.choice or ())}.get(plan.selection, plan.selection_count)
        assert sum(decision.payment == index for decision in decisions) == due


TICKETS = st.dictionaries(st.integers(0, 10**9), st.integers(1, 50), min_size=1, max_size=20).map(
    lambda found: [(f"{uid:024x}", count) for uid, count in found.items()]
)


@unhurried
@given(TICKETS, st.integers(1, 30), st.text(max_size=20))
def test_a_draw_can_be_repeated_in_any_order_and_nobody_wins_twice(tickets, count, seed):
    winners = pick_winners(tickets, count, seed)
    assert winners == pick_winners(list(reversed(tickets)), count, seed)
    assert len(winners) == len(set(winners)) == min(count, len(tickets))
    assert set(winners) <= {uid for uid, _ in tickets}
    assert digest_of(tickets) == digest_of(sorted(tickets))


def test_more_tickets_win_more_often():
    tickets = [("a" * 24, 3), ("b" * 24, 1)]
    won = sum(pick_winners(tickets, 1, f"seed {number}") == ["a" * 24] for number in range(2_000))
    assert 1_400 < won < 1_600


def a_rule(freezes_max=0, freeze_every=0):
    return StreakRule(OrganisationId(1), 1, "r", 0, True, [], ["x"], freezes_max, freeze_every, NOW, NOW, "")


@unhurried
@given(st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_a_streak_without_freezes_is_the_last_run_of_days(days):
    days = sorted(days)
    streak = None
    for day in days:
        streak = extended(streak, a_rule(), PersonId(1), day, NOW) or streak
    run = 1
    for earlier, later in zip(sorted(set(days)), sorted(set(days))[1:], strict=False):
        run = run + 1 if later == earlier + 1 else 1
    assert streak.length == run
    assert streak.longest >= streak.length
    assert length_on(streak, days[-1]) == length_on(streak, days[-1] + 1) == run
    assert length_on(streak, days[-1] + 2) == 0


@unhurried
@given(st.lists(st.integers(1, 60), min_size=1, max_size=60), st.integers(0, 5), st.integers(0, 7))
def test_freezes_never_exceed_their_maximum_and_never_shorten_a_streak(days, freezes_max, every):
    plain = frozen = None
    for day in sorted(days):
        plain = extended(plain, a_rule(), PersonId(1), day, NOW) or plain
        frozen = extended(frozen, a_rule(freezes_max, every), PersonId(1), day, NOW) or frozen
        assert 0 <= frozen.freezes <= freezes_max
        assert frozen.length >= plain.length


@unhurried
@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 10**6)), min_size=1, max_size=80))
def test_the_histogram_ranks_as_counting_does(gains):
    scores: dict[int, int] = {}
    people: dict[tuple[int, int], int] = {}
    for person, amount in gains:
        old = scores.get(person)
        scores[person] = (old or 0) + amount
        for key, change in moves(old, scores[person]).items():
            people[key] = people.get(key, 0) + change
    assert people.pop((PARTICIPANTS, 0)) == len(scores)
    for score in scores.values():
        above = 0
        for level in range(LEVELS):
            bucket = score >> (DIGIT_BITS * level)
            above += sum(people.get((level, higher), 0) for higher in range(bucket + 1, (bucket | DIGIT_MASK) + 1))
        assert above == sum(other > score for other in scores.values())


@unhurried
@given(st.decimals(0, 10**6, places=2))
def test_a_level_is_the_highest_whose_target_is_reached(xp):
    plan = LevelPlan("50 * level * (level - 1)", 40)
    level = level_of(plan, xp)
    targets = level_targets(plan)
    assert targets[level - 1] <= xp
    assert level == len(targets) or xp < targets[level]
    assert targets[:3] == [Decimal(0), Decimal(100), Decimal(300)]

"""Events that the server itself raises, and what every event sets off besides progress: XP, streaks, leaderboards.

Raised events feed the same rules as recorded ones. What they complete is put into `run.due` and settled by the caller.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from laurel.base import json_text
from laurel.base.ids import PersonId, new_uid
from laurel.base.limits import EVENT_KEY_LENGTH_MAX
from laurel.domain.achievements.evaluate import apply_event
from laurel.domain.events import store as events
from laurel.domain.events.model import NewEvent
from laurel.domain.leaderboards.model import Metric
from laurel.domain.leaderboards.scoring import Gain
from laurel.domain.notifications.model import EVENT_PREFIX, Message
from laurel.domain.notifications.publish import publish
from laurel.domain.record_events.run import Run
from laurel.domain.rewards.model import Payment, RewardPlan
from laurel.domain.rewards.pay import Paid, pay, total_xp
from laurel.domain.streaks import store as streaks
from laurel.domain.streaks.extend import extended
from laurel.domain.streaks.model import StreakRule

XP_EARNED = "xp-earned"
POINTS_EARNED = "points-earned"
STREAK_EXTENDED = "streak-extended"
REWARD_DISTRIBUTION = "reward-distribution"
METRICS: dict[str, Metric] = {
    "challenge-started": "challenges_started",
    "challenge-completion": "challenges_completed",
    "action-participation": "actions_completed",
}
SETS_NOTHING_OFF = frozenset({"xp", "points", "streak"})
"""Categories of events that follow from others: they feed achievements, but no XP, streak or score of their own."""


class Happening(NamedTuple):
    """Something that happened to a person, recorded or raised. `root`: the key of the event that it all began with."""

    person_id: PersonId
    category: str
    sub_category: str
    key: str
    source_id: str = ""
    department_id: int | None = None
    tags: tuple[str, ...] = ()
    payload: dict[str, Any] | None = None
    name: str = ""
    occurred_at: datetime | None = None
    root: str = ""


def streak_key(rule: StreakRule, day: int) -> str:
    """What the keys of the events begin with that a streak was extended on a day; a day that was taken out may come again."""
    return f"streak:{rule.uid}:{day}"


async def raise_events(run: Run, happenings: Sequence[Happening]) -> None:
    """Record events of ours, once by key, apply them to everybody's progress and react to them."""
    if not happenings:
        return
    await run.load({one.person_id for one in happenings})
    living = [one for one in happenings if one.person_id in run.states]
    rows: list[events.EventRow] = []
    for one in living:
        tags = "\x1f".join(one.tags) if one.tags else None
        rows.append(
            (
                one.person_id,
                one.key[:EVENT_KEY_LENGTH_MAX],
                one.name or one.sub_category,
                one.category,
                one.sub_category,
                one.source_id,
                one.department_id,
                tags,
                one.occurred_at or run.now,
                json_text.encode(one.payload or {}),
            )
        )
    new = await events.insert_returning(run.tx, rows, run.now)
    fresh = [one for one in living if (one.person_id, one.key[:EVENT_KEY_LENGTH_MAX]) in new]
    for one in fresh:
        event = NewEvent(
            person=("uid", ""),
            name=one.name or one.sub_category,
            key=one.key,
            category=one.category,
            sub_category=one.sub_category,
            source_id=one.source_id,
            department_id=one.department_id,  # type: ignore[arg-type]  # a department's id, written as a plain number here
            tags=one.tags,
            payload=one.payload or {},
        )
        state = run.states[one.person_id]
        run.due += apply_event(run.book, state, event, one.occurred_at or run.now, one.root or one.key, [])
    if run.reactions.tells_events:
        await publish(run.tx, [_message(run, one) for one in fresh], run.now)
    await react(run, fresh)


def _message(run: Run, one: Happening) -> Message:
    payload = {
        "category": one.category,
        "sub_category": one.sub_category,
        "source_id": one.source_id,
        "payload": one.payload or {},
    }
    return Message(one.person_id, f"{EVENT_PREFIX}{one.sub_category}", payload, run.quiet)


async def react(run: Run, happenings: Sequence[Happening]) -> None:
    """Pay XP by the XP rules, extend streaks, count for leaderboards."""
    reactions = run.reactions
    causes = [one for one in happenings if one.category not in SETS_NOTHING_OFF]
    if not causes:
        return
    for one in causes:
        metric = METRICS.get(one.sub_category) if reactions.boards else None
        if metric is not None:
            run.gains.append(Gain(metric, one.person_id, one.department_id, Decimal(1), one.occurred_at or run.now))
    if reactions.xp_rules:
        await _pay_experience(run, causes)
    if reactions.streak_rules:
        await _extend_streaks(run, causes)


async def _pay_experience(run: Run, causes: Sequence[Happening]) -> None:
    payments, roots = [], []
    for one in causes:
        rule = run.reactions.xp_rules.get((one.category, one.sub_category))
        if rule is not None and any(rule.amounts.values()):
            payments.append(
                Payment(
                    one.person_id,
                    None,
                    RewardPlan(xp=rule.amounts),
                    one.sub_category or one.category,
                    one.source_id,
                    one.department_id,  # type: ignore[arg-type]  # a department's id, written as a plain number here
                )
            )
            roots.append((f"for:{one.key}", one.root or one.key))
    if payments:
        await pay_out(run, payments, roots)


async def _extend_streaks(run: Run, causes: Sequence[Happening]) -> None:
    wanted = [
        (one, rule)
        for one in causes
        for rule in run.reactions.streak_rules
        if rule.takes(one.category, one.sub_category, one.name, one.department_id)
    ]
    if not wanted:
        return
    person_ids = sorted({one.person_id for one, _ in wanted})
    current = await streaks.of_people(run.tx, person_ids)
    changed = {}
    raised = []
    for one, rule in sorted(wanted, key=lambda pair: pair[0].occurred_at or run.now):
        at = one.occurred_at or run.now
        day = (run.states[one.person_id].calendar or run.book.calendar).day(at)
        key = (one.person_id, rule.id)
        streak = extended(current.get(key), rule, one.person_id, day, at)
        if streak is None:
            continue
        current[key] = changed[key] = streak
        raised.append(
            Happening(
                one.person_id,
                "streak",
                STREAK_EXTENDED,
                f"{streak_key(rule, day)}:{new_uid()}",
                source_id=rule.uid,
                department_id=rule.department_id or None,
                payload={"length": streak.length, "longest": streak.longest},
                occurred_at=at,
                root=one.root or one.key,
            )
        )
    if changed:
        await streaks.save(run.tx, list(changed.values()))
        await raise_events(run, raised)


async def pay_out(run: Run, payments: Sequence[Payment], roots: Sequence[tuple[str, str]]) -> list[Paid]:
    """Pay, count XP for leaderboards, and raise reward-distribution, points-earned and xp-earned events.

    `roots`: per payment a text unique for it (the events' keys follow from it), and the key of the event behind it all.
    """
    results = await pay(run.tx, payments, run.now, run.spine.chance)
    raised: list[Happening] = []
    for payment, paid, (unique, root) in zip(payments, results, roots, strict=True):
        xp = total_xp(payment)
        if xp and run.reactions.boards:
            run.gains.append(Gain("xp", payment.person_id, payment.department_id, xp, run.now))

        def happened(
            category: str,
            sub_category: str,
            key: str,
            payload: dict[str, Any],
            source_id: str | None = None,
            payment: Payment = payment,
            root: str = root,
        ) -> Happening:
            return Happening(
                payment.person_id,
                category,
                sub_category,
                key,
                source_id=payment.source_id if source_id is None else source_id,
                department_id=payment.department_id,
                payload=payload,
                root=root,
            )

        if payment.plan.points:
            raised.append(happened("points", POINTS_EARNED, f"points:{unique}", {"amount": payment.plan.points}))
        if xp:
            raised.append(happened("xp", XP_EARNED, f"xp:{unique}", {"amount": xp, "xp": payment.plan.xp}))
        for grant, reward in paid.given:
            if grant.state != "queued":
                payload = {"amount": grant.amount, "kind": grant.kind, "allocation": grant.allocation}
                raised.append(
                    happened("reward", REWARD_DISTRIBUTION, f"grant:{grant.uid}", payload, source_id=reward.uid)
                )
    await raise_events(run, raised)
    return results

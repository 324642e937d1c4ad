"""What follows from completed achievements: awards, the events they raise, rewards, credential intents, messages.

An award raises an achievement-completion event, which may complete further achievements: the same loop again. Every
(person, achievement, period) completes at most once, so it ends; CASCADE_DEPTH_MAX bounds it besides.
"""

from collections.abc import Sequence
from typing import Any

from laurel.base import json_text
from laurel.base.limits import CASCADE_DEPTH_MAX
from laurel.base.times import render_time
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.evaluate import Completion, apply_event, unlocked_by_holding
from laurel.domain.achievements.model import Achievement, Award, NewAward
from laurel.domain.achievements.periods import period_key
from laurel.domain.achievements.rules import Rule
from laurel.domain.credentials import issue
from laurel.domain.credentials.issue import Intent
from laurel.domain.events import store as events
from laurel.domain.events.model import NewEvent
from laurel.domain.notifications.model import AWARD_CREATED, Message
from laurel.domain.notifications.publish import publish
from laurel.domain.people import store as people
from laurel.domain.record_events.carry_over import less_what_stayed
from laurel.domain.record_events.happenings import Happening, pay_out, react
from laurel.domain.record_events.run import Run
from laurel.domain.rewards.model import Payment
from laurel.domain.rewards.pay import Paid

COMPLETION = "achievement-completion"
_COMPLETION_CATEGORY = "achievement"


class Made:
    """An award that this transaction made, with what it paid."""

    __slots__ = ("achievement", "award", "paid", "root_event_key")

    def __init__(self, award: Award, achievement: Achievement, root_event_key: str) -> None:
        self.award = award
        self.achievement = achievement
        self.root_event_key = root_event_key
        self.paid: Paid | None = None


async def settle(run: Run, completions: Sequence[Completion]) -> list[Made]:
    """Make awards for `completions` and everything that follows from them; the awards made, in order."""
    made: list[Made] = []
    pending = [*completions, *await run.catch_up(), *run.take_due()]
    for _ in range(CASCADE_DEPTH_MAX):
        if not pending:
            break
        fresh = await _award(run, pending)
        made += fresh
        pending = await raise_completions(run, fresh)
        await follow(run, fresh)
        pending += [*await run.catch_up(), *run.take_due()]
    return made


async def _award(run: Run, completions: Sequence[Completion]) -> list[Made]:
    wanted: dict[tuple[int, int, str], tuple[NewAward, Rule]] = {}
    for completion in completions:
        rule = completion.rule
        period = period_key(rule.period, completion.period, completion.level)
        new = NewAward(
            person_id=completion.person_id,
            achievement_id=rule.id,
            period=period,
            awarded_at=min(completion.occurred_at, run.now),
            source="rules",
            source_event_key=completion.event_key,
            claim="claimable" if rule.achievement.plan_at(completion.level).claimed_by_hand else "granted",
            quiet=run.quiet,
            level=completion.level,
        )
        wanted.setdefault((completion.person_id, rule.id, period), (new, rule))
    awards = await awarded.insert(run.tx, [new for new, _ in wanted.values()], run.now)
    made = []
    for award in awards:
        _, rule = wanted[(award.person_id, award.achievement_id, award.period)]
        made.append(Made(award, rule.achievement, award.source_event_key or ""))
    return made


async def raise_completions(run: Run, made: Sequence[Made]) -> list[Completion]:
    """Note the awards as held, record their achievement-completion events, and say what those complete."""
    rows: list[events.EventRow] = []
    completions: list[Completion] = []
    for one in made:
        award, achievement = one.award, one.achievement
        state = run.states[award.person_id]
        run.count_held(award, 1)
        event = completion_event(award, achievement)
        rows.append(
            (
                award.person_id,
                event.key,
                event.name,
                event.category,
                event.sub_category,
                event.source_id,
                event.department_id,
                "\x1f".join(event.tags) if event.tags else None,
                award.awarded_at,
                json_text.encode(event.payload),
            )
        )
        completions += apply_event(run.book, state, event, award.awarded_at, one.root_event_key, [])
        completions += unlocked_by_holding(run.book, state, achievement.id, award.awarded_at, one.root_event_key)
    if rows:
        await events.insert(run.tx, rows, run.now)
        if not run.reactions.idle:
            await react(run, [_happened(one) for one in made])
    return completions


def _happened(one: Made) -> Happening:
    award, achievement = one.award, one.achievement
    return Happening(
        award.person_id,
        _COMPLETION_CATEGORY,
        COMPLETION,
        f"award:{award.uid}",
        source_id=achievement.uid,
        department_id=achievement.department_id,
        tags=tuple(achievement.tags),
        name=COMPLETION,
        occurred_at=award.awarded_at,
        root=one.root_event_key,
    )


def completion_event(award: Award, achievement: Achievement) -> NewEvent:
    """The event that an award raises; its key follows from the award, so it is raised once."""
    level = {} if award.level is None else {"level": award.level}
    return NewEvent(
        person=("uid", ""),
        name=COMPLETION,
        key=f"award:{award.uid}",
        category=_COMPLETION_CATEGORY,
        sub_category=COMPLETION,
        source_id=achievement.uid,
        department_id=achievement.department_id,
        tags=tuple(achievement.tags),
        payload={"achievement": achievement.uid, "award": award.uid, "period": award.period, **level},
    )


async def follow(run: Run, made: Sequence[Made], *, with_credentials: bool = True) -> None:
    """Pay rewards, intend credentials (unless the caller does), record messages for awards that are active."""
    active = [one for one in made if one.award.state == "active"]
    if not active:
        return
    await pay_awards(run, [one for one in active if one.award.claim == "granted"])
    if with_credentials:
        await _intend_credentials(run, [one for one in active if one.achievement.issues_credential])
    await publish(run.tx, [_message(run, one) for one in active], run.now)


async def pay_awards(run: Run, made: Sequence[Made], choice: tuple[str, ...] | None = None) -> None:
    """Pay what the plans say, and note it on the awards."""
    paying = [one for one in made if one.achievement.plan_at(one.award.level).pays]
    if not paying:
        return
    plans = await less_what_stayed(run, [(one.award, one.achievement.plan_at(one.award.level)) for one in paying])
    payments = [
        Payment(
            one.award.person_id,
            one.award.id,
            plan,
            COMPLETION,
            one.achievement.uid,
            one.achievement.department_id,
            choice,
        )
        for one, plan in zip(paying, plans, strict=True)
    ]
    results = await pay_out(run, payments, [(one.award.uid, one.root_event_key) for one in paying])
    for one, paid in zip(paying, results, strict=True):
        one.paid = paid
    await awarded.set_paid(
        run.tx, [(one.award.id, one.award.person_id, one.paid.points, one.paid.xp) for one in paying if one.paid]
    )


async def _intend_credentials(run: Run, made: Sequence[Made]) -> None:
    if not made:
        return
    known = await people.find_many(run.tx, sorted({one.award.person_id for one in made}))
    intents = [Intent(one.award, one.achievement, known[one.award.person_id]) for one in made]
    await issue.intend(run.tx, intents, run.language, run.now)


def _message(run: Run, one: Made) -> Message:
    award, achievement = one.award, one.achievement
    payload: dict[str, Any] = {
        "award": award.uid,
        "award_id": award.id,
        "achievement": achievement.uid,
        "achievement_id": achievement.id,
        "name": achievement.name_of(award.level, run.language, run.language),
        "period": award.period,
        **({} if award.level is None else {"level": award.level}),
        "awarded_at": render_time(award.awarded_at),
        "person_id": award.person_id,
    }
    return Message(award.person_id, AWARD_CREATED, payload, award.quiet)

"""Saying in words why an achievement is not complete yet, and why recent events did or did not count. Pure."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from laurel.domain.achievements.model import Achievement
from laurel.domain.achievements.progress import ProgressNode, progress_tree
from laurel.domain.achievements.rules import Entry, Rule, RuleBook, residual_reason
from laurel.domain.events.model import Event


class EventVerdict(msgspec.Struct, frozen=True):
    """Whether one event counted, and why (not)."""

    key: str
    name: str
    occurred_at: datetime
    counted: bool
    reasons: list[str]


class Explanation(msgspec.Struct, frozen=True):
    """Where a person stands in an achievement: `sentences` for people, the rest for programs."""

    complete: bool
    status: str
    sentences: list[str]
    progress: ProgressNode | None
    missing_prerequisites: list[str]
    events: list[EventVerdict]


def explain(
    book: RuleBook,
    achievement: Achievement,
    entry: Entry | None,
    missing_prerequisites: Sequence[str],
    recent: Sequence[tuple[Event, bool]],
    now: datetime,
    *,
    held: bool,
) -> Explanation:
    """`entry` is that of the present period; `recent` are the latest events, each with whether it was retracted."""
    status = achievement.status_at(now)
    rule = book.rules.get(achievement.id) or Rule(achievement)
    tree = progress_tree(rule, entry) if achievement.criteria is not None else None
    sentences = [_status_sentence(achievement, status)] if status != "live" else []
    if held:
        sentences.append("The person has earned it" + ("." if achievement.period == "open" else " in this period."))
    elif achievement.criteria is None and not achievement.prerequisites:
        sentences.append("It has no criteria: it is given directly and never earned through events.")
    if tree is not None and not held:
        sentences += _missing(tree)
    sentences += [f"It needs the achievement {uid}, which the person does not hold." for uid in missing_prerequisites]
    verdicts = [_verdict(book, rule, achievement, event, retracted) for event, retracted in recent]
    return Explanation(held, status, sentences, tree, list(missing_prerequisites), verdicts)


def _status_sentence(achievement: Achievement, status: str) -> str:
    if status == "scheduled":
        return f"It starts at {achievement.starts_at:%Y-%m-%d %H:%M} UTC; earlier events do not count."
    if status == "expired":
        return f"It ended at {achievement.expires_at:%Y-%m-%d %H:%M} UTC; later events do not count."
    return f"It is {'a draft' if status == 'draft' else status}, so no events count."


def _missing(node: ProgressNode) -> list[str]:
    if node.is_complete:
        return []
    if node.type == "logical":
        if node.operator == "not":
            return ["A condition that must not hold does hold."]
        inner = [sentence for condition in node.conditions for sentence in _missing(condition)]
        return inner if node.operator == "and" else [" Or: ".join(inner)]
    what = {"count": "events", "sum": f"of {node.attribute}", "streak": "in a row"}[node.type]
    return [f"{node.query}: {node.current_value} {what}, {node.operator} {node.target_value} needed."]


def _verdict(book: RuleBook, rule: Rule, achievement: Achievement, event: Event, retracted: bool) -> EventVerdict:
    reasons: list[str] = []
    counted = False
    if retracted:
        reasons.append("it was retracted")
    elif not any(_within(event.recorded_at, span) for span in achievement.live_spans):
        reasons.append("it was recorded while the achievement was not live (a backfill would count it)")
    elif event.occurred_at < rule.starts:
        reasons.append("it happened before the achievement started")
    elif event.occurred_at >= rule.expires:
        reasons.append("it happened after the achievement ended")
    else:
        counted, reasons = _matching(book, rule, event)
    return EventVerdict(event.event_key, event.name, event.occurred_at, counted, reasons)


def _within(instant: datetime, span: tuple[datetime | None, datetime | None]) -> bool:
    start, end = span
    return (start is None or start <= instant) and (end is None or instant < end)


def _matching(book: RuleBook, rule: Rule, event: Event) -> tuple[bool, list[str]]:
    reasons = []
    counted = False
    for match in book.matches(event.name, event.category, event.sub_category):
        if match.rule.id != rule.id:
            continue
        reason = residual_reason(match, event)
        counted = counted or reason is None
        if reason is not None:
            reasons.append(reason)
    if not counted and not reasons:
        reasons.append(f"no query asks for {event.name} in {event.category}")
    return counted, [] if counted else reasons

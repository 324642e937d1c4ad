"""Counting: what was gathered is collected during a transaction and written in one go, histogram included."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from laurel.base.ids import PersonId
from laurel.database.pool import Transaction
from laurel.domain.achievements.periods import Calendar
from laurel.domain.leaderboards import store
from laurel.domain.leaderboards.model import Leaderboard, Metric

DIGIT_BITS = 4
DIGIT_MASK = (1 << DIGIT_BITS) - 1
LEVELS = 15
PARTICIPANTS = -1
"""The level at which all people of a board are counted."""
SHARDS = 4
_BILLION = 10**9


class Gain(NamedTuple):
    """Something that a person gathered: `amount` (above zero) of a metric. `recorded_at`: for one that is taken back,
    when it was counted.
    """

    metric: Metric
    person_id: PersonId
    department_id: int | None
    amount: Decimal
    at: datetime
    recorded_at: datetime | None = None


def totals(
    boards: Sequence[Leaderboard], calendar: Calendar, gains: Sequence[Gain]
) -> dict[tuple[int, int, PersonId], tuple[Decimal, datetime]]:
    """What to add by (board, period, person), with the latest instant. Pure."""
    sums: dict[tuple[int, int, PersonId], tuple[Decimal, datetime]] = {}
    for gain in gains:
        for board in boards:
            if gain.amount <= 0 or not board.counts(gain.metric, gain.department_id, gain.at):
                continue
            if gain.recorded_at is not None and gain.recorded_at < board.created_at:
                continue
            key = (board.id, calendar.period(board.period, gain.at), gain.person_id)
            amount, at = sums.get(key, (Decimal(0), gain.at))
            sums[key] = (amount + gain.amount, max(at, gain.at))
    return sums


def moves(old: int | None, new: int | None) -> dict[tuple[int, int], int]:
    """How the histogram changes when a whole score goes from `old` (None: newcomer) to `new` (None: it is gone), by
    (level, bucket). Pure.
    """
    changes: dict[tuple[int, int], int] = {}
    for score, step in ((old, -1), (new, 1)):
        if score is None:
            continue
        changes[(PARTICIPANTS, 0)] = changes.get((PARTICIPANTS, 0), 0) + step
        for level in range(LEVELS):
            bucket = score >> (DIGIT_BITS * level)
            if bucket & DIGIT_MASK:
                changes[(level, bucket)] = changes.get((level, bucket), 0) + step
    return {key: change for key, change in changes.items() if change}


async def write(
    tx: Transaction,
    boards: Sequence[Leaderboard],
    calendar: Calendar,
    gains: Sequence[Gain],
    losses: Sequence[Gain] = (),
) -> None:
    """Add the gains to the scores, take the losses off, and move the people in the histograms.

    A score never falls below zero; one that falls to zero is gone. Periods that were closed stay as they were.
    """
    steps: list[tuple[tuple[int, int, PersonId], int | None, int | None]] = []
    if sums := totals(boards, calendar, gains):
        for scored in await store.add_scores(tx, [(*key, *value) for key, value in sorted(sums.items())]):
            key = (scored.board_id, scored.period, scored.person_id)
            steps.append((key, None if scored.is_new else int(scored.score - sums[key][0]), int(scored.score)))
    if lost := totals(boards, calendar, losses):
        left = {
            key: (score, max(score - lost[key][0], Decimal(0)))
            for key, score in (await store.lock_open_scores(tx, sorted(lost))).items()
        }
        await store.lower_scores(tx, [(*key, after) for key, (_, after) in left.items()])
        steps += [(key, int(before), int(after) if after else None) for key, (before, after) in left.items()]
    changes: dict[tuple[int, int, int, int, int], int] = {}
    for (board_id, period, person_id), old, new in steps:
        for (level, bucket), change in moves(old, new).items():
            place = (board_id, period, level, bucket, person_id % SHARDS)
            changes[place] = changes.get(place, 0) + change
    await store.move_people(tx, [(*place, change) for place, change in sorted(changes.items()) if change])


async def rank_of(tx: Transaction, board_id: int, period: int, score: Decimal) -> int:
    """1 plus the number of people with a higher score."""
    whole = int(score)
    ranges = []
    for level in range(LEVELS):
        bucket = whole >> (DIGIT_BITS * level)
        if bucket & DIGIT_MASK != DIGIT_MASK:
            ranges.append((level, bucket + 1, bucket | DIGIT_MASK))
    above = await store.people_in_ranges(tx, board_id, period, ranges)
    billionths = int((score - whole) * _BILLION)
    return 1 + above + await store.people_above_within(tx, board_id, period, whole, billionths)

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
    """Something that a person gathered: `amount` (above zero) of a metric."""

    metric: Metric
    person_id: PersonId
    department_id: int | None
    amount: Decimal
    at: datetime


def totals(
    boards: Sequence[Leaderboard], calendar: Calendar, gains: Sequence[Gain]
) -> dict[tuple[int, int, PersonId], tuple[Decimal, datetime]]:
    """What to add by (board, period, person), with the latest instant. Pure."""
    sums: dict[tuple[int, int, PersonId], tuple[Decimal, datetime]] = {}
    for gain in gains:
        for board in boards:
            if gain.amount <= 0 or not board.counts(gain.metric, gain.department_id, gain.at):
                continue
            key = (board.id, calendar.period(board.period, gain.at), gain.person_id)
            amount, at = sums.get(key, (Decimal(0), gain.at))
            sums[key] = (amount + gain.amount, max(at, gain.at))
    return sums


def moves(old: int | None, new: int) -> dict[tuple[int, int], int]:
    """How the histogram changes when a whole score goes from `old` (None: newcomer) to `new`, by (level, bucket). Pure."""
    changes: dict[tuple[int, int], int] = {}
    for score, step in ((old, -1), (new, 1)):
        if score is None:
            continue
        for level in range(LEVELS):
            bucket = score >> (DIGIT_BITS * level)
            if bucket & DIGIT_MASK:
                changes[(level, bucket)] = changes.get((level, bucket), 0) + step
    if old is None:
        changes[(PARTICIPANTS, 0)] = 1
    return {key: change for key, change in changes.items() if change}


async def write(tx: Transaction, boards: Sequence[Leaderboard], calendar: Calendar, gains: Sequence[Gain]) -> None:
    """Add the gains to the scores and move the people in the histograms."""
    sums = totals(boards, calendar, gains)
    if not sums:
        return
    changes: dict[tuple[int, int, int, int, int], int] = {}
    for scored in await store.add_scores(tx, [(*key, *value) for key, value in sorted(sums.items())]):
        added = sums[(scored.board_id, scored.period, scored.person_id)][0]
        old = None if scored.is_new else int(scored.score - added)
        for (level, bucket), change in moves(old, int(scored.score)).items():
            shard = scored.person_id % SHARDS
            key = (scored.board_id, scored.period, level, bucket, shard)
            changes[key] = changes.get(key, 0) + change
    await store.move_people(tx, [(*key, change) for key, change in sorted(changes.items()) if change])


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

"""Reading a leaderboard: the top, and one person's place."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from laurel.base.ids import PersonId
from laurel.database.pool import Transaction
from laurel.domain.achievements.periods import Calendar
from laurel.domain.leaderboards import store
from laurel.domain.leaderboards.model import Leaderboard, Place
from laurel.domain.leaderboards.scoring import rank_of


def period_at(board: Leaderboard, calendar: Calendar, instant: datetime) -> int:
    """The ordinal of the board's period at an instant."""
    return calendar.period(board.period, instant)


async def top_places(tx: Transaction, board: Leaderboard, period: int, *, limit: int, offset: int = 0) -> list[Place]:
    """Places from the top; equal scores share a rank."""
    rows = await store.top(tx, board.id, period, limit=limit, offset=offset)
    first = await rank_of(tx, board.id, period, rows[0][1]) if offset and rows else offset + 1
    return _ranked(rows, offset, first)


async def tops(tx: Transaction, boards: Mapping[int, int], *, limit: int) -> dict[int, list[Place]]:
    """The first places of many boards, by board; `boards` are their periods by their ids."""
    return {board_id: _ranked(rows, 0, 1) for board_id, rows in (await store.tops(tx, boards, limit)).items()}


def _ranked(rows: Sequence[tuple[Any, ...]], offset: int, first: int) -> list[Place]:
    places: list[Place] = []
    rank = first
    for index, (person_id, score, reached_at) in enumerate(rows):
        if places and places[-1].score != score:
            rank = offset + index + 1
        places.append(Place(person_id, rank, score, reached_at))
    return places


async def place_of(tx: Transaction, board: Leaderboard, period: int, person_id: PersonId) -> Place | None:
    """One person's place; None before anything was gathered."""
    found = await store.score_of(tx, board.id, period, person_id)
    if found is None:
        return None
    score, reached_at = found
    return Place(person_id, await rank_of(tx, board.id, period, score), score, reached_at)

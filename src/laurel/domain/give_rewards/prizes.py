"""Prizes of leaderboards: when a period is over, its ranks are paid, once."""

from datetime import datetime

from laurel.base.ids import OrganisationId
from laurel.database.pool import Transaction
from laurel.domain.achievements.periods import Calendar
from laurel.domain.leaderboards import store
from laurel.domain.leaderboards.model import Leaderboard, Place
from laurel.domain.leaderboards.ranking import top_places
from laurel.domain.record_events.consequences import settle
from laurel.domain.record_events.happenings import pay_out
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.rewards.model import Payment

LEADERBOARD_REWARD = "leaderboard-reward"
_PLACES_AT_A_TIME = 1_000


async def pay_prizes(spine: Spine, organisation_id: OrganisationId) -> int:
    """Close every period that is over and was not closed; how many people were paid. Safe to run at any time."""
    async with spine.database.transaction(organisation_id) as tx:
        opening = await spine.open(tx)
        due = [
            (board, period)
            for board in opening.reactions.boards
            if board.prizes
            for period in await store.periods_with_scores(tx, board.id)
            if is_over(board, opening.book.calendar, period, spine.clock.now())
        ]
    paid = 0
    for board, period in due:

        async def work(run: Run, board: Leaderboard = board, period: int = period) -> int:
            return await _close(run, board, period)

        paid += await in_run(spine, organisation_id, work)
    return paid


def is_over(board: Leaderboard, calendar: Calendar, period: int, now: datetime) -> bool:
    """Whether a period of the board has ended: by the calendar, or because the board has."""
    if board.expires_at is not None and now >= board.expires_at:
        return True
    bounds = calendar.bounds(board.period, period)
    return bounds is not None and now >= bounds[1]


async def _close(run: Run, board: Leaderboard, period: int) -> int:
    if not await store.close(run.tx, board.id, period, run.now):
        return 0
    places = await _prize_places(run.tx, board, period)
    await run.load({place.person_id for place in places})
    payments, roots = [], []
    for place in places:
        prize = next((prize for prize in board.prizes if prize.first <= place.rank <= prize.last), None)
        if prize is None or place.person_id not in run.states:
            continue
        payments.append(Payment(place.person_id, None, prize.plan, LEADERBOARD_REWARD, board.uid))
        roots.append((f"board:{board.uid}:{period}:{place.person_id}", ""))
    await pay_out(run, payments, roots)
    await settle(run, [])
    return len(payments)


async def _prize_places(tx: Transaction, board: Leaderboard, period: int) -> list[Place]:
    """All places down to the last rank that gets a prize."""
    last = max(prize.last for prize in board.prizes)
    places: list[Place] = []
    while True:
        page = await top_places(tx, board, period, limit=_PLACES_AT_A_TIME, offset=len(places))
        places += [place for place in page if place.rank <= last]
        if len(page) < _PLACES_AT_A_TIME or page[-1].rank > last:
            return places

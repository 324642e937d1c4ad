"""/console/requests: what learners ask for, and the organisation's answer; and the leaderboard and rewards at a glance."""

from litestar import Response

from laurel.base.errors import LaurelError
from laurel.base.limits import DESCRIPTION_LENGTH_MAX, check_length
from laurel.database.pool import Transaction
from laurel.domain.achievements.periods import Calendar, zone
from laurel.domain.leaderboards import store as leaderboards
from laurel.domain.leaderboards.ranking import period_at, top_places
from laurel.domain.learner_requests import store
from laurel.domain.learner_requests.deciding import decide
from laurel.domain.people import store as people
from laurel.domain.record_events.ingest import run_again_on_races
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import store as rewards
from laurel.web.pages.visits import Visit, page

_PAGE = 30
_BOARDS_MAX = 20
_PLACES = 20


async def _show(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    async with visit.transaction() as tx:
        found = await store.newest(tx, visit.cursor(), _PAGE + 1)
        known = await people.find_many(tx, sorted({one.person_id for one in found}))
    return visit.show(
        "console/requests.html", error=error, requests=found[:_PAGE], known=known, next=visit.next_after(found, _PAGE)
    )


@page("/console/requests", needs="people:write")
async def show_requests(visit: Visit) -> Response[bytes]:
    """What learners ask for."""
    return await _show(visit)


@page("/console/requests/{wish:str}", needs="people:write", post=True)
async def answer_request(visit: Visit) -> Response[bytes]:
    """Yes, and it happens; or no, with a sentence."""
    form, parts = visit.form, visit.parts

    async def work(tx: Transaction, _careful: bool) -> None:
        run = Run(tx, parts.spine, await parts.spine.open(tx), parts.clock.now(), quiet=True)
        said = check_length(form.get("answer"), DESCRIPTION_LENGTH_MAX, "answer")
        await decide(run, visit.path("wish"), agreed=form.get("change") == "agree", answer=said, by=visit.caller)
        await run.save()

    try:
        await run_again_on_races(parts.spine, visit.organisation_id, work)
    except LaurelError as refused:
        return await _show(visit, refused)
    return visit.to("/console/requests", "The request is answered.")


@page("/console/rewards", needs="rewards:read")
async def show_rewards(visit: Visit) -> Response[bytes]:
    """What awards pay out, and how much of it is left."""
    async with visit.transaction() as tx:
        found = await rewards.list_newest(tx, visit.cursor(), _PAGE + 1)
        supplies = await rewards.supplies(tx, [one.id for one in found])
    return visit.show(
        "console/rewards.html",
        rewards=found[:_PAGE],
        supplies={one.id: [supply for supply in supplies if supply.reward_id == one.id] for one in found},
        next=visit.next_after(found, _PAGE),
    )


@page("/console/leaderboard", needs="people:read")
async def show_leaderboards(visit: Visit) -> Response[bytes]:
    """Who stands where now, on every leaderboard that counts."""
    now = visit.parts.clock.now()
    calendar = Calendar(zone(visit.organisation.time_zone))
    async with visit.transaction() as tx:
        boards = (await leaderboards.list_live(tx))[:_BOARDS_MAX]
        places = {one.id: await top_places(tx, one, period_at(one, calendar, now), limit=_PLACES) for one in boards}
        known = await people.find_many(tx, sorted({place.person_id for one in places.values() for place in one}))
    return visit.show("console/leaderboard.html", boards=boards, places=places, known=known)


HANDLERS = (show_requests, answer_request, show_rewards, show_leaderboards)

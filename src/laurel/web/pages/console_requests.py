"""/console/requests: what learners ask for, and the organisation's answer."""

from litestar import Response

from laurel.base.errors import LaurelError
from laurel.base.limits import DESCRIPTION_LENGTH_MAX, check_length
from laurel.domain.learner_requests import store
from laurel.domain.learner_requests.deciding import decide
from laurel.domain.people import store as people
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.web.pages.visits import Visit, page

_PAGE = 30


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
    form = visit.form

    async def work(run: Run) -> None:
        said = check_length(form.get("answer"), DESCRIPTION_LENGTH_MAX, "answer")
        await decide(run, visit.path("wish"), agreed=form.get("change") == "agree", answer=said, by=visit.caller)

    try:
        await in_run(visit.parts.spine, visit.organisation_id, work, quiet=True)
    except LaurelError as refused:
        return await _show(visit, refused)
    return visit.to("/console/requests", "The request is answered.")


HANDLERS = (show_requests, answer_request)

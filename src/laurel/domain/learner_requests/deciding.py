"""The organisation answers a request; a yes is carried out in the same transaction."""

from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.credentials import store as credentials
from laurel.domain.erasure.erasing import erase
from laurel.domain.learner_requests import store
from laurel.domain.learner_requests.model import LearnerRequest, LearnerRequestNotFound, RequestDecided
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Caller
from laurel.domain.people import registry
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from laurel.domain.people.registry import Details
from laurel.domain.record_events import amend
from laurel.domain.record_events.run import Run

_AWARDS_MAX = 10_000


async def decide(run: Run, uid: str, *, agreed: bool, answer: str, by: Caller) -> LearnerRequest:
    """Say yes or no. Raises LearnerRequestNotFound, RequestDecided."""
    request = await store.find(run.tx, uid, lock=True)
    if request is None:
        raise LearnerRequestNotFound("there is no such request", field="request", value=uid[:50])
    if request.state != "open":
        raise RequestDecided("this request was answered before", field="request", value=uid)
    person = await people.find_by_id(run.tx, request.person_id)
    if agreed and person is not None:
        if request.kind == "name":
            await _rename(run, person, request.wanted)
        else:
            await erase(run, person, by=by)
            answer = ""
    state = "done" if agreed else "declined"
    await store.answer(run.tx, request.id, state=state, answer=answer, by=by.actor, now=run.now)
    action = f"learner_request.{'agree' if agreed else 'decline'}"
    await audit.record(run.tx, at=run.now, by=by, action=action, subject=("learner_request", uid))
    return request


async def _rename(run: Run, person: Person, wanted: str) -> None:
    await registry.change(run.tx, person, Details(display_name=wanted), now=run.now)
    awards = await awarded.of_person(run.tx, person.id, limit=_AWARDS_MAX, pending=True)
    for credential in (await credentials.of_awards(run.tx, [award.id for award in awards])).values():
        if credential.deleted_at is None:
            fields = {**credential.fields, "recipient_name": wanted}
            await amend.amend(run, credential, {"fields": fields})

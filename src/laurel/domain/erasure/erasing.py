"""The use case: a person is forgotten, in the one transaction of a run of the spine."""

from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.credentials import store as credentials
from laurel.domain.erasure import store
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Caller
from laurel.domain.people import registry
from laurel.domain.people.known_as import store as known_as
from laurel.domain.people.model import Person
from laurel.domain.people.registry import Details
from laurel.domain.record_events import amend
from laurel.domain.record_events.run import Run

_AWARDS_MAX = 10_000
_NAME_LENGTH_MIN = 5
"""A shorter identifier is found in everything."""


async def erase(run: Run, person: Person, *, by: Caller) -> None:
    """Take the person's credentials away for good, erase what is known of them, and delete them. Saves the run.

    Idempotent for what is left: awards, ledger rows and events stay as figures about a number that nobody has any more.
    """
    tx = run.tx
    until = await store.newest_message(tx)
    identifiers = (await known_as.of_people(tx, [person.id])).get(person.id, {})
    awards = await awarded.of_person(tx, person.id, limit=_AWARDS_MAX, pending=True)
    known = await credentials.of_awards(tx, [award.id for award in awards])
    await run.load([person.id])
    for award in awards:
        credential = known.get(award.id)
        if credential is not None and credential.deleted_at is None:
            await amend.delete(run, award, credential, "erased")
    await run.save()
    run.states.pop(person.id, None)
    names = {person.uid, *(value for value in identifiers.values() if len(value) >= _NAME_LENGTH_MIN)}
    if person.email:
        names.add(person.email)
    await store.sweep(tx, person.id, sorted(names | {name.lower() for name in names}))
    await store.delete_messages(tx, person.id, until)
    await store.close_requests(tx, person.id, by.actor, run.now)
    await store.revoke_keys(tx, person.id, run.now)
    emptied = Details(
        email=None, first_name="", last_name="", display_name="", time_zone=None, language=None, attributes={}
    )
    person = await registry.change(tx, person, emptied, now=run.now, identifiers={})
    await registry.delete(tx, person, now=run.now)
    await audit.record(tx, at=run.now, by=by, action="person.erase", subject=("person", person.uid))

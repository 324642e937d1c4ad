"""A learner asks."""

from datetime import datetime

from laurel.base.errors import Invalid
from laurel.base.ids import new_uid
from laurel.base.limits import NAME_LENGTH_MAX, check_length
from laurel.base.text import clean
from laurel.database.pool import Transaction
from laurel.domain.learner_requests import store
from laurel.domain.learner_requests.model import Kind
from laurel.domain.people.model import Person


async def ask(tx: Transaction, person: Person, kind: Kind, wanted: str, now: datetime) -> None:
    """Write the request down; one of a kind is open at a time, and the newest wish counts. Raises Invalid."""
    name = check_length(clean(wanted).strip(), NAME_LENGTH_MAX, "wanted")
    if kind == "name" and not name:
        raise Invalid("say which name it should be", field="wanted")
    await store.insert(tx, uid=new_uid(), person_id=person.id, kind=kind, wanted=name, now=now)

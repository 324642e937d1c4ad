"""Who a credential is for, from what a form or a list says: found by e-mail address, made when nobody has it."""

from datetime import datetime

from laurel.base.errors import Invalid
from laurel.base.limits import NAME_LENGTH_MAX, check_length
from laurel.base.text import clean, clean_email
from laurel.database.pool import Transaction
from laurel.domain.people import registry
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from laurel.domain.people.registry import Details


def checked_email(text: str) -> str:
    """An address as it is stored. Raises Invalid."""
    address = clean_email(text)
    if address is None:
        raise Invalid("email must be an e-mail address such as ada@example.org", field="email", value=text[:100])
    return address


async def recipient_of(tx: Transaction, email: str, name: str, now: datetime) -> Person:
    """The person with this address, with `name` as what to call them when they have no name yet. Raises Invalid."""
    address = checked_email(email)
    named = check_length(clean(name).strip(), NAME_LENGTH_MAX, "recipient")
    known = (await people.ids_by_email(tx, [address])).get(address)
    if known is None:
        if not named:
            raise Invalid("say what to call them: nobody has this address yet", field="recipient")
        return await registry.create(tx, Details(email=address, display_name=named), {}, now=now)
    person = (await people.find_many(tx, [known]))[known]
    if named and not (person.display_name or person.first_name or person.last_name):
        return await registry.change(tx, person, Details(display_name=named), now=now)
    return person

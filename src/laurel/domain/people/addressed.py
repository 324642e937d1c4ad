"""People by e-mail address, many at a time; made where there is nobody with it yet."""

from collections.abc import Mapping
from datetime import datetime

from laurel.database.pool import Transaction
from laurel.domain.people import store
from laurel.domain.people.model import Person


async def people_by_email(tx: Transaction, names: Mapping[str, str], now: datetime) -> dict[str, Person]:
    """The living people with these (clean) addresses; `names` says what a new one is called. None is absent."""
    found = await store.find_or_create_named(tx, names, now)
    lost = [email for email in names if email not in found]
    return found | (await store.find_by_emails(tx, lost) if lost else {})

"""What the spine keeps between transactions: compiled rules and known names.

Each is valid only for a version that is read at the start of every transaction.
"""

import random
from typing import NamedTuple

from laurel.base.errors import NotFound
from laurel.base.ids import OrganisationId
from laurel.database.pool import Database, Transaction
from laurel.domain.achievements import periods, store
from laurel.domain.achievements.rules import RuleBook
from laurel.domain.people.resolve import KnownPeople
from laurel.outside.clock import Clock

RULE_BOOKS_MAX = 200


class Opening(NamedTuple):
    """What a transaction of the spine starts from."""

    book: RuleBook
    people_version: int
    language: str


class Spine:
    """The database, the clock and what is remembered. One per process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.known_people = KnownPeople()
        self.chance = random.SystemRandom()
        self._books: dict[OrganisationId, tuple[str, RuleBook]] = {}

    async def open(self, tx: Transaction) -> Opening:
        """The organisation's rules as of now; raises NotFound when there is no such organisation."""
        versions = await store.versions(tx)
        if versions is None:
            raise NotFound("no such organisation")
        zone, book = self._books.get(tx.organisation_id, ("", None))
        if book is None or book.version != versions.rules or zone != versions.time_zone:
            book = RuleBook(versions.rules, await store.list_live(tx), periods.zone(versions.time_zone))
            if len(self._books) >= RULE_BOOKS_MAX:
                self._books.pop(next(iter(self._books)))
            self._books[tx.organisation_id] = (versions.time_zone, book)
        return Opening(book, versions.people, versions.language)

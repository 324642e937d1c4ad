"""What the spine keeps between transactions: compiled rules and known names.

Each is valid only for a version that is read at the start of every transaction.
"""

import random
from typing import NamedTuple

import msgspec

from laurel.base.errors import NotFound
from laurel.base.ids import OrganisationId
from laurel.database.pool import Database, Transaction
from laurel.domain.achievements import periods, store
from laurel.domain.achievements.counts import Counts
from laurel.domain.achievements.rules import RuleBook
from laurel.domain.leaderboards import store as leaderboards
from laurel.domain.leaderboards.model import Leaderboard
from laurel.domain.notifications import store as notifications
from laurel.domain.notifications.model import EVENT_PREFIX
from laurel.domain.organisations.time_zones import store as time_zones
from laurel.domain.people.resolve import KnownPeople
from laurel.domain.rewards.experience import XpRule
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.streaks import store as streaks
from laurel.domain.streaks.model import StreakRule
from laurel.outside.clock import Clock

RULE_BOOKS_MAX = 200


class Reactions(msgspec.Struct, frozen=True):
    """What events set off in an organisation, read with its rules."""

    xp_rules: dict[tuple[str, str], XpRule]
    streak_rules: list[StreakRule]
    boards: list[Leaderboard]
    tells_events: bool = False
    """Whether somebody subscribes to events that the server raises."""

    @property
    def idle(self) -> bool:
        """Whether events set nothing off."""
        return not (self.xp_rules or self.streak_rules or self.boards)


async def read_reactions(tx: Transaction) -> Reactions:
    """The organisation's XP rules, streak rules and live leaderboards."""
    xp_rules = [XpRule.from_row(row) for row in await ledger.xp_rules(tx)]
    return Reactions(
        {(rule.category, rule.sub_category): rule for rule in xp_rules},
        await streaks.rules(tx),
        await leaderboards.list_live(tx),
        any(
            topic.startswith(EVENT_PREFIX)
            for endpoint in await notifications.list_endpoints(tx, only_active=True)
            for topic in endpoint.topics
        ),
    )


class Opening(NamedTuple):
    """What a transaction of the spine starts from."""

    book: RuleBook
    people_version: int
    language: str
    reactions: Reactions


class Spine:
    """The database, the clock and what is remembered. One per process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.known_people = KnownPeople()
        self.counts = Counts()
        self.chance = random.SystemRandom()
        self._books: dict[OrganisationId, tuple[str, RuleBook, Reactions]] = {}

    async def open(self, tx: Transaction) -> Opening:
        """The organisation's rules as of now; raises NotFound when there is no such organisation."""
        versions = await store.versions(tx)
        if versions is None:
            raise NotFound("no such organisation")
        zone, book, reactions = self._books.get(tx.organisation_id, ("", None, None))
        if book is None or reactions is None or book.version != versions.rules or zone != versions.time_zone:
            calendar = periods.organisation_calendar(versions.time_zone, await time_zones.past(tx))
            book = RuleBook(versions.rules, await store.list_live(tx), calendar)
            reactions = await read_reactions(tx)
            if len(self._books) >= RULE_BOOKS_MAX:
                self._books.pop(next(iter(self._books)))
            self._books[tx.organisation_id] = (versions.time_zone, book, reactions)
        return Opening(book, versions.people, versions.language, reactions)

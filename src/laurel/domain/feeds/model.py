"""The words: a line of the award feed, what may be asked of it, and a position in it. No I/O."""

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from laurel.base.ids import AchievementId, PersonId

Order = Literal[
    "awarded_at", "updated_at", "id", "title", "first_name", "last_name", "person", "achievement", "score", "expires_at"
]
KEYED: frozenset[Order] = frozenset({"awarded_at", "updated_at", "id"})
"""Orders with an index of their own: read on from where a page ended. The others are sorted and counted off."""


class FeedFilter(msgspec.Struct, frozen=True):
    """Which active awards, in which order. Bounds are inclusive; `search` is a part of a title or name, in any case."""

    order: Order = "awarded_at"
    descending: bool = True
    since: datetime | None = None
    until: datetime | None = None
    updated_since: datetime | None = None
    updated_until: datetime | None = None
    person_id: PersonId | None = None
    achievement_id: AchievementId | None = None
    search: str | None = None


class Position(NamedTuple):
    """Where a page that began at offset `start` begins: just after this row of the order."""

    start: int
    at: datetime | None
    award_id: int | None


BEGINNING = Position(0, None, None)


class FeedRow(NamedTuple):
    """An award with the person who has it and the credential that shows it."""

    id: int
    uid: str
    person_id: PersonId
    achievement_id: AchievementId
    awarded_at: datetime
    recorded_at: datetime
    updated_at: datetime
    score: str | None
    person_uid: str
    first_name: str
    last_name: str
    display_name: str
    credential_id: int | None
    credential_uid: str | None
    expires_at: datetime | None


class Title(NamedTuple):
    """What a list says about an achievement."""

    id: AchievementId
    uid: str
    name: str
    description: str
    type: str

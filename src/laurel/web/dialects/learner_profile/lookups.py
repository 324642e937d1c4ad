"""Finding what path ids and lists of ids name, with the service's own texts where there is nothing."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from laurel.base.errors import LaurelError
from laurel.base.ids import uid_as_base62, uid_from_base62
from laurel.base.limits import IDENTIFIER_LENGTH_MAX
from laurel.base.text import clean
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import Achievement
from laurel.domain.achievements.store import Versions
from laurel.domain.people import store as people
from laurel.domain.people.known_as import store as known_as
from laurel.domain.people.model import Person
from laurel.domain.people.profiles import store as profiles
from laurel.domain.people.profiles.model import LearnerProfile
from laurel.web.dialects.learner_profile.errors import (
    ResourceNotFound,
    achievement_not_found,
    learner_not_found,
    renamed,
)
from laurel.web.dialects.learner_profile.translate import LEARNER_ID


def answer(message: str, data: Any) -> dict[str, Any]:
    """The envelope of what went well."""
    return {"success": True, "message": message, "data": data}


def done(message: str) -> dict[str, Any]:
    """The envelope of a deletion, which has no data."""
    return {"success": True, "message": message}


@contextmanager
def in_words_of(names: dict[str, str]) -> Iterator[None]:
    """Refusals of the domain by field name the field as `names` calls it."""
    try:
        yield
    except LaurelError as refused:
        raise renamed(refused, names) from None


async def versions_of(tx: Transaction) -> Versions:
    """What the organisation's definitions and language are at. Raises ResourceNotFound when it was deleted meanwhile."""
    versions = await achievements.versions(tx)
    if versions is None:
        raise ResourceNotFound("There is no such organisation")
    return versions


async def language_of(tx: Transaction) -> str:
    """The organisation's language: this service knows one name for everything."""
    return (await versions_of(tx)).language


async def place_of(
    find: Callable[[Transaction, str], Awaitable[Any]],
    tx: Transaction,
    shown_id: str | None,
    not_found: Callable[[str], LaurelError],
) -> Any:
    """Where the list goes on behind the record `after`, None at its beginning. Raises what `not_found` makes."""
    if shown_id is None:
        return None
    uid = uid_from_base62(shown_id)
    place = await find(tx, uid) if uid else None
    if place is None:
        raise not_found(shown_id)
    return place


# -------------------------------------------------------------------------------------------------------- achievements
async def find_achievement(tx: Transaction, shown_id: str, *, lock: bool = False) -> Achievement:
    """Raises ResourceNotFound."""
    uid = uid_from_base62(shown_id)
    achievement = await achievements.find_by_uid(tx, uid, lock=lock) if uid else None
    if achievement is None:
        raise achievement_not_found(shown_id)
    return achievement


async def find_achievements(tx: Transaction, shown_ids: Sequence[Any]) -> list[Achievement]:
    """One per id, in order, repeated ones once. Raises ResourceNotFound for the first that names nothing."""
    uids = {str(shown): uid_from_base62(str(shown)) for shown in shown_ids}
    ids = await achievements.ids_by_uid(tx, sorted({uid for uid in uids.values() if uid}))
    for shown, uid in uids.items():
        if uid not in ids:
            raise achievement_not_found(shown)
    found = await achievements.find_many(tx, list(ids.values()))
    return [found[ids[uid]] for uid in uids.values() if uid]


# ------------------------------------------------------------------------------------------------------------ learners
async def find_learner(tx: Transaction, shown_id: str, *, lock: bool = False) -> Person:
    """By our id, or by one that the learner had elsewhere. Raises ResourceNotFound."""
    uid = uid_from_base62(shown_id)
    person = await people.find_by_uid(tx, uid, lock=lock) if uid else None
    if person is None:
        person = await find_learner_from_elsewhere(tx, shown_id)
        if person is not None and lock:
            person = await people.find_by_uid(tx, person.uid, lock=True)
    if person is None:
        raise learner_not_found(shown_id)
    return person


async def find_learner_from_elsewhere(tx: Transaction, other_id: str) -> Person | None:
    """The person who had this id in another service."""
    if not 0 < len(other_id) <= IDENTIFIER_LENGTH_MAX or clean(other_id) != other_id:
        return None
    ids = await known_as.ids_by_value(tx, LEARNER_ID, [other_id])
    return await people.find_by_id(tx, ids[other_id]) if other_id in ids else None


# ------------------------------------------------------------------------------------------------------------ profiles
async def find_profile(
    tx: Transaction,
    person: Person,
    learner_id: str,
    shown_id: str | None,
    *,
    unknown: Callable[[str], ResourceNotFound] = lambda shown: ResourceNotFound(
        f"Learner profile with uuid {shown} not found"
    ),
) -> LearnerProfile:
    """The person's profile, by its own id when the path has one. Raises ResourceNotFound, `unknown` for its id."""
    if shown_id is None:
        profile = await profiles.profile_of(tx, person.id)
        if profile is None:
            raise ResourceNotFound(f"LearnerProfile with learner id {learner_id} not found")
        return profile
    uid = uid_from_base62(shown_id)
    profile = await profiles.find_profile(tx, uid) if uid else None
    if profile is None:
        raise unknown(shown_id)
    if profile.person_id != person.id:
        raise ResourceNotFound(
            f"Learner profile with uuid '{shown_id}' and learner id           '{learner_id}' not found"
        )
    return profile


def shown(uid: str) -> str:
    """A uid as this service writes ids."""
    return uid_as_base62(uid)

"""From the names that callers use to person ids, many at a time; creating people where the caller asked for it.

Known names are kept in memory. The organisation's people_version, read at the start of every ingest, says when one of
them may have changed its meaning (deletion, merge, a moved identifier); then all are forgotten.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from laurel.base.ids import OrganisationId, PersonId, PersonKey
from laurel.database.pool import Transaction
from laurel.domain.people import store
from laurel.domain.people.known_as import store as known_as

KNOWN_NAMES_MAX = 200_000


class KnownPeople:
    """Names seen lately, per organisation; bounded, and emptied when people_version moves."""

    def __init__(self) -> None:
        self._names: dict[OrganisationId, tuple[int, dict[PersonKey, PersonId]]] = {}

    def of(self, organisation_id: OrganisationId, people_version: int) -> dict[PersonKey, PersonId]:
        """The names of one organisation as of `people_version`; the caller adds what it learns after its commit."""
        version, names = self._names.get(organisation_id, (None, {}))
        if version != people_version or len(names) > KNOWN_NAMES_MAX:
            names = {}
            self._names[organisation_id] = (people_version, names)
        return names


async def resolve(
    tx: Transaction, keys: Iterable[PersonKey], known: dict[PersonKey, PersonId], now: datetime, *, create: bool
) -> tuple[dict[PersonKey, PersonId], dict[PersonKey, PersonId]]:
    """(all that were found, those of them not known before). Absent names are absent.

    A uid never creates anybody: it is ours to give.
    """
    found: dict[PersonKey, PersonId] = {}
    wanted: dict[str, set[str]] = {}
    for key in keys:
        person_id = known.get(key)
        if person_id is None:
            wanted.setdefault(key[0], set()).add(key[1])
        else:
            found[key] = person_id
    learnt: dict[PersonKey, PersonId] = {}
    for kind, values in wanted.items():
        ids = await _look_up(tx, kind, sorted(values))
        absent = sorted(values - ids.keys())
        if absent and create and kind != "uid":
            ids |= await _create(tx, kind, absent, now)
            lost = sorted(values - ids.keys())
            if lost:
                ids |= await _look_up(tx, kind, lost)
        learnt |= {(kind, value): person_id for value, person_id in ids.items()}
    return found | learnt, learnt


async def _look_up(tx: Transaction, kind: str, values: Sequence[str]) -> dict[str, PersonId]:
    if kind == "uid":
        return await store.ids_by_uid(tx, values)
    if kind == "email":
        return await store.ids_by_email(tx, values)
    return await known_as.ids_by_value(tx, kind, values)


async def _create(tx: Transaction, kind: str, values: Sequence[str], now: datetime) -> dict[str, PersonId]:
    if kind == "email":
        return await store.create_by_email(tx, values, now)
    return await known_as.create_people(tx, kind, values, now)

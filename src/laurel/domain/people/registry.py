"""Writing people: create, change, delete, and the identifiers by which they are known."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from laurel.base import limits
from laurel.base.described import check_json_size
from laurel.base.errors import Invalid, TooLarge
from laurel.base.ids import PersonId, new_uid
from laurel.base.limits import check_count, check_length
from laurel.base.text import clean, clean_email
from laurel.base.times import check_time_zone
from laurel.database.pool import Transaction, UniqueViolation
from laurel.domain.people import store
from laurel.domain.people.known_as import store as known_as
from laurel.domain.people.model import EXTERNAL, EmailTaken, IdentifierTaken, Person, PersonNotFound
from laurel.domain.people.profiles import store as profiles
from laurel.domain.people.time_zones import store as time_zones


class Details(msgspec.Struct, kw_only=True):
    """What may be written of a person; UNSET leaves a value as it is (or at its default on creation)."""

    email: str | UnsetType | None = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    time_zone: str | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    archived_at: datetime | UnsetType | None = UNSET


Identifiers = Mapping[str, str]
"""Identifiers by kind; a person has at most one of a kind."""


async def create(
    tx: Transaction, details: Details, identifiers: Identifiers, *, now: datetime, uid: str | None = None
) -> Person:
    """A new person. Raises Invalid by field, EmailTaken, IdentifierTaken."""
    values = checked(details)
    check_identifiers(identifiers)
    try:
        async with tx.savepoint():
            person = await store.insert(tx, {**values, "uid": uid or new_uid(), "created_at": now, "updated_at": now})
    except UniqueViolation:
        raise EmailTaken("another person has this e-mail address", field="email", value=values.get("email")) from None
    await _add_identifiers(tx, person.id, identifiers)
    return person


async def change(
    tx: Transaction, person: Person, details: Details, *, now: datetime, identifiers: Identifiers | None = None
) -> Person:
    """Change what `details` names; `identifiers`, when given, become the only ones. Raises as `create`."""
    values = checked(details)
    if "time_zone" in values:
        await _leave_zone(tx, person, values["time_zone"], now)
    if "email" in values:
        try:
            async with tx.savepoint():
                person = await store.update(tx, person.id, {**values, "updated_at": now})
        except UniqueViolation:
            raise EmailTaken("another person has this e-mail address", field="email", value=values["email"]) from None
    elif values:
        person = await store.update(tx, person.id, {**values, "updated_at": now})
    if "archived_at" in values:
        await profiles.persons_archived(tx, [person.id], person.archived_at)
    moved = "email" in values
    if identifiers is not None:
        check_identifiers(identifiers)
        await known_as.remove(tx, person.id)
        await _add_identifiers(tx, person.id, identifiers)
        moved = True
    if moved:
        await store.bump_people(tx)
    return person


async def _leave_zone(tx: Transaction, person: Person, time_zone: str | None, now: datetime) -> None:
    count = await time_zones.move(tx, person.id, time_zone, now)
    if count > limits.TIME_ZONE_CHANGES_MAX:
        limit = limits.TIME_ZONE_CHANGES_MAX
        raise TooLarge(
            f"time_zone was changed {limit} times, which is the limit", field="time_zone", limit=limit, value=time_zone
        )


async def add_identifiers(tx: Transaction, person: Person, identifiers: Identifiers) -> None:
    """Give a person further identifiers; a kind that the person has already gets the new value. Raises IdentifierTaken."""
    check_identifiers(identifiers)
    known = await known_as.of_people(tx, [person.id])
    replaced = [
        kind for kind in identifiers if known.get(person.id, {}).get(kind, identifiers[kind]) != identifiers[kind]
    ]
    if replaced:
        await known_as.remove(tx, person.id, replaced)
        await store.bump_people(tx)
    missing = {k: v for k, v in identifiers.items() if known.get(person.id, {}).get(k) != v}
    await _add_identifiers(tx, person.id, missing)


async def delete(tx: Transaction, person: Person, *, now: datetime) -> None:
    """Take a person away with the profile: address and identifiers are free again, no further events are taken, what was
    earned stays.
    """
    await store.update(tx, person.id, {"deleted_at": now, "updated_at": now})
    await profiles.person_gone(tx, person.id, now)
    await known_as.remove(tx, person.id)
    await time_zones.forget(tx, person.id)
    await store.bump_people(tx)


async def require(tx: Transaction, uid: str, field: str = "person") -> Person:
    """The living person with this uid; raises PersonNotFound."""
    person = await store.find_by_uid(tx, uid)
    if person is None:
        raise PersonNotFound("there is no such person", field=field, value=uid)
    return person


async def named(tx: Transaction, name: str) -> Person:
    """The living person with this uid, e-mail address or external id, in this order; raises PersonNotFound."""
    ids = {
        **await known_as.ids_by_value(tx, EXTERNAL, [name]),
        **await store.ids_by_email(tx, [name.lower()]),
        **await store.ids_by_uid(tx, [name]),
    }
    found = await store.find_by_id(tx, list(ids.values())[-1]) if ids else None
    if found is None:
        raise PersonNotFound(f"there is no person {name}", field="person", value=name)
    return found


def checked(details: Details) -> dict[str, Any]:
    """The column values that `details` sets. Raises Invalid or TooLarge naming the field."""
    values = {name: value for name in details.__struct_fields__ if (value := getattr(details, name)) is not UNSET}
    if values.get("email") is not None:
        address = clean_email(check_length(values["email"], limits.EMAIL_LENGTH_MAX, "email"))
        if address is None:
            raise Invalid("email is not an e-mail address", field="email", value=values["email"])
        values["email"] = address
    for field in ("first_name", "last_name", "display_name"):
        if field in values:
            values[field] = check_length(clean(values[field]), limits.NAME_LENGTH_MAX, field)
    if values.get("language") is not None:
        check_length(values["language"], limits.LANGUAGE_LENGTH_MAX, "language")
    if values.get("time_zone") is not None:
        check_time_zone(values["time_zone"], "time_zone")
    if "attributes" in values:
        check_json_size(values["attributes"], "attributes")
    return values


def check_identifiers(identifiers: Identifiers) -> None:
    """Raise Invalid or TooLarge naming the identifier."""
    check_count(len(identifiers), limits.IDENTIFIERS_PER_PERSON_MAX, "identifiers")
    for kind, value in identifiers.items():
        field = f"identifiers.{kind}"
        check_length(kind, limits.ALIAS_LENGTH_MAX, "identifiers")
        check_length(value, limits.IDENTIFIER_LENGTH_MAX, field)
        if not value or clean(value) != value:
            raise Invalid(f"{field} is empty or has control characters", field=field)


async def _add_identifiers(tx: Transaction, person_id: PersonId, identifiers: Identifiers) -> None:
    pairs: Sequence[tuple[str, str]] = sorted(identifiers.items())
    for kind, value in pairs:
        if not await known_as.insert(tx, person_id, kind, value):
            raise IdentifierTaken(
                f"another person has this {kind} identifier", field=f"identifiers.{kind}", value=value
            )

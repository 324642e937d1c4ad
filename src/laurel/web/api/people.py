"""/api/v1/people: who can earn, and by which names they are known."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, UnsetType

from laurel.base.ids import PersonId
from laurel.base.limits import EMAIL_LENGTH_MAX, IDENTIFIER_LENGTH_MAX
from laurel.database.pool import Transaction
from laurel.domain.erasure.erasing import erase
from laurel.domain.organisations import audit
from laurel.domain.people import registry, store
from laurel.domain.people.known_as import store as known_as
from laurel.domain.people.model import EXTERNAL, Person
from laurel.domain.people.registry import Details
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.web.api.wire import Body, given
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor

EmailFilter = Annotated[
    str | None, QueryParameter(max_length=EMAIL_LENGTH_MAX, description="Only the person with this e-mail address.")
]
ExternalIdFilter = Annotated[
    str | None, QueryParameter(max_length=IDENTIFIER_LENGTH_MAX, description="Only the person with this external id.")
]


class PersonOut(msgspec.Struct, frozen=True, kw_only=True):
    """A person as our API shows them."""

    id: str
    email: str | None
    external_id: str | None
    identifiers: dict[str, str]
    name: str
    first_name: str
    last_name: str
    display_name: str
    time_zone: str | None
    language: str | None
    attributes: dict[str, Any]
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


class NewPerson(Body, frozen=True, kw_only=True):
    """A new person. `identifiers` are other systems' ids by kind; `external_id` is the one of the kind "external"."""

    email: str | None = None
    external_id: str | None = None
    identifiers: dict[str, str] = msgspec.field(default_factory=dict)
    first_name: str = ""
    last_name: str = ""
    display_name: str = ""
    time_zone: str | None = None
    language: str | None = None
    attributes: dict[str, Any] = msgspec.field(default_factory=dict)


class PersonChange(Body, frozen=True, kw_only=True):
    """What may be changed; what is absent stays. `identifiers`, when given, become the only ones."""

    email: str | UnsetType | None = UNSET
    external_id: str | UnsetType = UNSET
    identifiers: dict[str, str] | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    time_zone: str | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    archived_at: datetime | UnsetType | None = UNSET


def render_person(person: Person, identifiers: Mapping[str, str]) -> PersonOut:
    """A person with their identifiers by kind."""
    same = set(PersonOut.__struct_fields__) - {"id", "external_id", "identifiers", "name"}
    return PersonOut(
        id=person.uid,
        external_id=identifiers.get(EXTERNAL),
        identifiers=dict(identifiers),
        name=person.full_name,
        **{field: getattr(person, field) for field in same},
    )


async def _rendered(tx: Transaction, people: list[Person]) -> dict[PersonId, PersonOut]:
    identifiers = await known_as.of_people(tx, [person.id for person in people])
    return {person.id: render_person(person, identifiers.get(person.id, {})) for person in people}


def _details(values: dict[str, Any]) -> Details:
    return Details(**{field: value for field, value in values.items() if field in Details.__struct_fields__})


async def _matching(tx: Transaction, email: str | None, external_id: str | None) -> list[Person]:
    found: set[PersonId] | None = None
    if email is not None:
        found = set((await store.ids_by_email(tx, [email.strip().lower()])).values())
    if external_id is not None:
        by_id = set((await known_as.ids_by_value(tx, EXTERNAL, [external_id])).values())
        found = by_id if found is None else found & by_id
    people = await store.find_many(tx, sorted(found or ()))
    return [person for person in people.values() if person.deleted_at is None]


@get("/api/v1/people", guards=[requires("people:read")], tags=["people"])
async def list_people(
    parts: InjectedParts,
    caller: InjectedCaller,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    email: EmailFilter = None,
    external_id: ExternalIdFilter = None,
) -> Page[PersonOut]:
    """The people, newest first; or those with an e-mail address or an external id."""
    (before,) = read_cursor(after, int, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        if email is not None or external_id is not None:
            people = await _matching(tx, email, external_id)
        else:
            people = await store.list_newest(tx, before, limit + 1)
        shown = await _rendered(tx, people)
    return page_of(people, limit, lambda person: shown[person.id], lambda person: (person.id,))


@post("/api/v1/people", guards=[requires("people:write")], tags=["people"])
async def create_person(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[NewPerson]) -> PersonOut:
    """Make a person. An e-mail address or identifier that another one has is a conflict."""
    now = parts.clock.now()
    identifiers = data.identifiers | ({EXTERNAL: data.external_id} if data.external_id is not None else {})
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await registry.create(tx, _details(msgspec.structs.asdict(data)), identifiers, now=now)
        await audit.record(tx, at=now, by=caller, action="person.create", subject=("person", person.uid))
    return render_person(person, identifiers)


@get("/api/v1/people/{person:str}", guards=[requires("people:read")], tags=["people"])
async def show_person(parts: InjectedParts, caller: InjectedCaller, person: FromPath[str]) -> PersonOut:
    """One person."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await registry.require(tx, person, "id")
        return (await _rendered(tx, [found]))[found.id]


@patch("/api/v1/people/{person:str}", guards=[requires("people:write")], tags=["people"])
async def change_person(
    parts: InjectedParts, caller: InjectedCaller, person: FromPath[str], data: JSONBody[PersonChange]
) -> PersonOut:
    """Change what is given."""
    now = parts.clock.now()
    values = given(data)
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await registry.require(tx, person, "id")
        identifiers = values.get("identifiers")
        changed = await registry.change(tx, found, _details(values), now=now, identifiers=identifiers)
        if "external_id" in values:
            await registry.add_identifiers(tx, changed, {EXTERNAL: values["external_id"]})
        details = {"fields": sorted(values)}
        await audit.record(tx, at=now, by=caller, action="person.update", subject=("person", person), details=details)
        return (await _rendered(tx, [changed]))[changed.id]


@delete("/api/v1/people/{person:str}", guards=[requires("people:write")], tags=["people"])
async def remove_person(parts: InjectedParts, caller: InjectedCaller, person: FromPath[str]) -> None:
    """Remove a person: their address and identifiers are free again, what they earned stays."""
    now = parts.clock.now()
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await registry.require(tx, person, "id")
        await registry.delete(tx, found, now=now)
        await audit.record(tx, at=now, by=caller, action="person.delete", subject=("person", person))


@post("/api/v1/people/{person:str}/erasure", guards=[requires("people:write")], tags=["people"], status_code=204)
async def erase_person(parts: InjectedParts, caller: InjectedCaller, person: FromPath[str]) -> None:
    """Forget a person: credentials are taken back, what is known of them is erased everywhere, figures stay."""

    async def work(run: Run) -> None:
        await erase(run, await registry.require(run.tx, person, "id"), by=caller)

    await in_run(parts.spine, caller.organisation_id, work, quiet=True)


HANDLERS = (list_people, create_person, show_person, change_person, remove_person, erase_person)

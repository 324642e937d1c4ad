"""Learners, who are people of the organisation: create, list, get, update, delete, search, import."""

import re
from collections.abc import Mapping
from typing import Any

from litestar import delete, get, post, put
from litestar.params import FromPath
from msgspec import UNSET

from laurel.base.limits import SEARCH_RESULTS_MAX
from laurel.database.pool import Transaction
from laurel.domain.people import registry, store
from laurel.domain.people.model import EmailTaken, Person
from laurel.domain.people.store import Order
from laurel.web.dialects.learner_profile import wire
from laurel.web.dialects.learner_profile.errors import AlreadyThere, RuleBroken, learner_not_found
from laurel.web.dialects.learner_profile.incoming import (
    AnyRequest,
    caller_with,
    check_items,
    read_body,
    read_import,
    read_query,
)
from laurel.web.dialects.learner_profile.lookups import answer, done, find_learner, in_words_of, place_of, shown
from laurel.web.dialects.learner_profile.translate import LEARNER_NAMES, render_learner, to_person
from laurel.web.injected import InjectedParts

READ, WRITE = "people:read", "people:write"
_ORDERS: Mapping[str, Order] = {"created_time": "id", "first_name": "first_name", "last_name": "last_name"}


@post("/learner", status_code=200)
async def create_learner(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """Register a person."""
    caller, body = await read_body(request, wire.NEW_LEARNER, WRITE)
    _check_addresses(body)
    now = parts.clock.now()
    async with parts.database.transaction(caller.organisation_id) as tx:
        try:
            with in_words_of(LEARNER_NAMES):
                person = await registry.create(tx, to_person(body, None, now), {}, now=now)
        except EmailTaken:
            raise _address_taken(body["email_address"]) from None
    return answer("Successfully created the learner", render_learner(person))


@get("/learners")
async def list_learners(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """A page in the order asked for."""
    caller = await caller_with(request, READ)
    query = read_query(request, wire.LEARNERS_QUERY)
    archived = query["fetch_archive"]
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await store.list_sorted(
            tx,
            _ORDERS[query["sort_by"]],
            descending=query["sort_order"] == "descending",
            archived=archived,
            after=await place_of(store.find_by_uid_or_deleted, tx, query["after"], learner_not_found),
            offset=query["skip"],
            limit=query["limit"],
        )
        count = await store.count_living(tx, archived=archived)
    records = [render_learner(person) for person in found]
    return answer("Data fetched successfully", {"records": records, "total_count": count})


@get("/learner/search")
async def search_learners(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """By first name, else by e-mail address; SEARCH_RESULTS_MAX at most."""
    caller = await caller_with(request, READ)
    query = read_query(request, wire.LEARNER_SEARCH)
    first_name, address = query["first_name"], query["email_address"]
    async with parts.database.transaction(caller.organisation_id) as tx:
        if first_name:
            found = await store.find_by_first_name(tx, first_name, SEARCH_RESULTS_MAX)
        elif not address:
            raise RuleBroken("Missing or invalid request parameters")
        elif not re.fullmatch(wire.EMAIL_PATTERN, address):
            raise RuleBroken(f"Invalid email ID format: {address}")
        else:
            ids = await store.ids_by_email(tx, [address.lower()])
            found = list((await store.find_many(tx, list(ids.values()))).values())
    return answer("Successfully fetched the learners", [render_learner(person) for person in found])


@post("/learner/import/json", status_code=200)
async def import_learners(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """All of a file, or nothing. Whose address is known already is brought up to date and keeps the id."""
    caller = await caller_with(request, WRITE)
    rows = await read_import(request, named_json=True)
    bodies = check_items(rows, wire.NEW_LEARNER)
    uids = []
    async with parts.database.transaction(caller.organisation_id) as tx:
        addresses = sorted({body["email_address"] for body in bodies})
        ids = await store.ids_by_email(tx, addresses)
        known = await store.find_many(tx, sorted(ids.values()), lock=True)
        by_address = {address: known[person_id] for address, person_id in ids.items()}
        for body in bodies:
            _check_addresses(body)
            try:
                with in_words_of(LEARNER_NAMES):
                    person = await _register(tx, body, by_address.get(body["email_address"]), parts)
            except EmailTaken:
                raise _address_taken(body["email_address"]) from None
            by_address[body["email_address"]] = person
            uids.append(person.uid)
    return answer("Successfully created the learners", [shown(uid) for uid in uids])


async def _register(tx: Transaction, body: Mapping[str, Any], known: Person | None, parts: InjectedParts) -> Person:
    now = parts.clock.now()
    if known is None:
        return await registry.create(tx, to_person(body, None, now), {}, now=now)
    details = to_person(body, known, now)
    details.email = UNSET
    return await registry.change(tx, known, details, now=now)


@get("/learner/{uuid:str}")
async def show_learner(request: AnyRequest, parts: InjectedParts, uuid: FromPath[str]) -> dict[str, Any]:
    """One learner."""
    caller = await caller_with(request, READ)
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await find_learner(tx, uuid)
    return answer("Successfully fetched the learner", render_learner(person))


@put("/learner/{uuid:str}")
async def change_learner(request: AnyRequest, parts: InjectedParts, uuid: FromPath[str]) -> dict[str, Any]:
    """Change what is given."""
    caller, body = await read_body(request, wire.LEARNER_CHANGE, WRITE)
    now = parts.clock.now()
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await find_learner(tx, uuid, lock=True)
        if "email_address" in body or "backup_email_address" in body:
            _check_addresses({**render_learner(person), **body})
        details = to_person(body, person, now)
        if details.email == person.email:
            details.email = UNSET
        try:
            with in_words_of(LEARNER_NAMES):
                person = await registry.change(tx, person, details, now=now)
        except EmailTaken:
            raise _address_taken(body["email_address"]) from None
    return answer("Successfully updated the learner", render_learner(person))


@delete("/learner/{uuid:str}", status_code=200)
async def remove_learner(request: AnyRequest, parts: InjectedParts, uuid: FromPath[str]) -> dict[str, Any]:
    """Take the learner and the profile away."""
    caller = await caller_with(request, WRITE)
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await find_learner(tx, uuid, lock=True)
        await registry.delete(tx, person, now=parts.clock.now())
    return done("Successfully deleted the learner")


def _check_addresses(body: Mapping[str, Any]) -> None:
    if body["email_address"] == body["backup_email_address"]:
        raise RuleBroken("Primary email address and backup email address cannot be the same.")


def _address_taken(address: str) -> AlreadyThere:
    return AlreadyThere(f"Learner with the given email address {address} already exists")


HANDLERS = (
    create_learner,
    list_learners,
    search_learners,
    import_learners,
    show_learner,
    change_learner,
    remove_learner,
)

"""Evidence items and references: they live inside their credential and have ids of their own."""

from collections.abc import Callable
from typing import Any, NamedTuple

from laurel.base import limits
from laurel.base.errors import NotFound
from laurel.base.limits import check_count
from laurel.domain.record_events.run import Run
from laurel.domain.register import store as register
from laurel.web.dialects.accredible.calls import Answer, Call, Desk, details_of, operation
from laurel.web.dialects.accredible.credential_changes import change_items, locked
from laurel.web.dialects.accredible.credential_input import read_evidence, read_reference
from laurel.web.dialects.accredible.credential_routes import READ, WRITE, resolve
from laurel.web.dialects.accredible.credential_view import show_item
from laurel.web.dialects.accredible.errors import invalid_fields
from laurel.web.dialects.accredible.parameters import Parameters

Item = dict[str, Any]
_EVIDENCE = "/v1/credentials/{credential_id}/evidence_items"
_REFERENCES = "/v1/credentials/{credential_id}/references"


class ItemKind(NamedTuple):
    """What tells evidence from references."""

    stored: str
    singular: str
    path_name: str
    words: str
    read: Callable[[Parameters, Item | None], Item]
    show: Callable[[Item], Item]


EVIDENCE = ItemKind("evidence_items", "evidence_item", "evidence_item_id", "Evidence Item", read_evidence, show_item)
REFERENCE = ItemKind("references", "reference", "reference_id", "Reference", read_reference, dict)


def _find(items: list[Item], kind: ItemKind, text: str) -> int:
    for index, item in enumerate(items):
        if str(item["id"]) == text:
            return index
    words = f"No {kind.words} with the id given on the credential"
    raise NotFound(words, field=kind.path_name, value=text)


async def _view(call: Call, kind: ItemKind) -> Answer:
    async with call.transaction() as desk:
        credential = (await resolve(desk, call.path["credential_id"])).credential
        items = details_of(credential).get(kind.stored, [])
        return {kind.singular: kind.show(items[_find(items, kind, call.path[kind.path_name])])}


async def _create(call: Call, kind: ItemKind) -> Answer:
    given = call.parameters.resource(kind.singular)
    item = kind.read(given, None)
    if not any(item.get(name) for name in ("description", "link_url", "string_object", "relationship")):
        raise invalid_fields({"description": ["can't be blank"]})

    async def work(desk: Desk, run: Run) -> Answer:
        found = await resolve(desk, call.path["credential_id"])
        _, credential, _ = await locked(desk, run, found.credential.id)
        items = list(details_of(credential).get(kind.stored, []))
        check_count(len(items) + 1, limits.EVIDENCE_ITEMS_MAX, kind.stored)
        made = {"id": (await register.next_item_ids(desk.tx, 1))[0], "position": len(items), **item}
        await change_items(desk, run, credential, kind.stored, [*items, made])
        return {kind.singular: kind.show(made)}

    return await call.run(work)


async def _change(call: Call, kind: ItemKind) -> Answer:
    given = call.parameters.resource(kind.singular)

    async def work(desk: Desk, run: Run) -> Answer:
        found = await resolve(desk, call.path["credential_id"])
        _, credential, _ = await locked(desk, run, found.credential.id)
        items = list(details_of(credential).get(kind.stored, []))
        index = _find(items, kind, call.path[kind.path_name])
        items[index] = kind.read(given, items[index])
        await change_items(desk, run, credential, kind.stored, items)
        return {kind.singular: kind.show(items[index])}

    return await call.run(work)


async def _delete(call: Call, kind: ItemKind) -> Item:
    async def work(desk: Desk, run: Run) -> Item:
        found = await resolve(desk, call.path["credential_id"])
        _, credential, _ = await locked(desk, run, found.credential.id)
        items = list(details_of(credential).get(kind.stored, []))
        gone = items.pop(_find(items, kind, call.path[kind.path_name]))
        await change_items(desk, run, credential, kind.stored, items)
        return kind.show(gone)

    answer: Item = await call.run(work)
    return answer


@operation("POST", _EVIDENCE, scope=WRITE)
async def create_evidence_item(call: Call) -> Answer:
    """Add an evidence item, of any category."""
    return await _create(call, EVIDENCE)


@operation("GET", f"{_EVIDENCE}/{{evidence_item_id}}", scope=READ)
async def view_evidence_item(call: Call) -> Answer:
    """Show an evidence item."""
    return await _view(call, EVIDENCE)


@operation("PUT", f"{_EVIDENCE}/{{evidence_item_id}}", scope=WRITE)
@operation("PATCH", f"{_EVIDENCE}/{{evidence_item_id}}", scope=WRITE)
async def change_evidence_item(call: Call) -> Answer:
    """Change what is given of an evidence item."""
    return await _change(call, EVIDENCE)


@operation("DELETE", f"{_EVIDENCE}/{{evidence_item_id}}", scope=WRITE)
async def delete_evidence_item(call: Call) -> Answer:
    """Remove an evidence item; only its id and description are answered."""
    gone = await _delete(call, EVIDENCE)
    return {"evidence_item": {"id": gone["id"], "description": gone["description"]}}


@operation("POST", _REFERENCES, scope=WRITE)
async def create_reference(call: Call) -> Answer:
    """Add a reference."""
    return await _create(call, REFERENCE)


@operation("GET", f"{_REFERENCES}/{{reference_id}}", scope=READ)
async def view_reference(call: Call) -> Answer:
    """Show a reference."""
    return await _view(call, REFERENCE)


@operation("PUT", f"{_REFERENCES}/{{reference_id}}", scope=WRITE)
@operation("PATCH", f"{_REFERENCES}/{{reference_id}}", scope=WRITE)
async def change_reference(call: Call) -> Answer:
    """Change what is given of a reference."""
    return await _change(call, REFERENCE)


@operation("DELETE", f"{_REFERENCES}/{{reference_id}}", scope=WRITE)
async def delete_reference(call: Call) -> Answer:
    """Remove a reference; it is answered whole."""
    return {"reference": await _delete(call, REFERENCE)}

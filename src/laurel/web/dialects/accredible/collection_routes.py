"""Collections of groups."""

from typing import Any

from msgspec import UNSET

from laurel.base.errors import Invalid
from laurel.base.limits import COLLECTION_MEMBERS_MAX, PAGE_SIZE_MAX, check_count
from laurel.domain.catalogue import shelves
from laurel.domain.catalogue import store as catalogue
from laurel.domain.catalogue.model import Collection, CollectionSearch
from laurel.web.dialects.accredible.calls import Answer, Call, Desk, operation
from laurel.web.dialects.accredible.errors import InvalidSearch
from laurel.web.dialects.accredible.group_routes import READ, WRITE
from laurel.web.dialects.accredible.page_meta import PAGE_SIZE, PageWish
from laurel.web.dialects.accredible.parameters import Parameters
from laurel.web.dialects.accredible.spelling import one_line

_SORTS = ("name", "groups_count", "public")


def _show(desk: Desk, collection: Collection) -> dict[str, Any]:
    return {
        "id": collection.uuid,
        "name": collection.name,
        "description": collection.description,
        "organization_id": desk.organisation.id,
        "public": collection.public,
        "groups_count": len(collection.achievement_ids),
        "groups": [{"id": number} for number in collection.achievement_ids],
    }


@operation("POST", "/v1/collections", scope=WRITE)
async def create_collection(call: Call) -> Answer:
    """A new collection, empty unless groups are given."""
    given = call.parameters.resource("collection")
    async with call.transaction() as desk:
        made = await shelves.create(
            desk.tx,
            name=one_line(given.text("name"), "name") or "",
            description=given.text("description"),
            public=given.flag("public") or False,
            now=call.now,
        )
        if "groups" in given:
            made = await shelves.change(desk.tx, made.uuid, call.now, achievement_ids=_groups(given))
        return {"collection": _show(desk, made)}


@operation("PUT", "/v1/collections/{collection_id}", scope=WRITE)
@operation("PATCH", "/v1/collections/{collection_id}", scope=WRITE)
async def change_collection(call: Call) -> Answer:
    """Change what is given; `groups` is the full list of members."""
    given = call.parameters.resource("collection")
    public = given.flag("public")
    async with call.transaction() as desk:
        changed = await shelves.change(
            desk.tx,
            call.path["collection_id"],
            call.now,
            name=one_line(given.text("name"), "name") or "" if "name" in given else UNSET,
            description=given.text("description") if "description" in given else UNSET,
            public=UNSET if public is None else public,
            achievement_ids=_groups(given) if "groups" in given else UNSET,
        )
        return {"collection": _show(desk, changed)}


def _groups(given: Parameters) -> list[int]:
    items = given.items("groups")
    check_count(len(items), COLLECTION_MEMBERS_MAX, "groups")
    numbers = []
    for item in items:
        number = item.integer("id")
        if number is None:
            raise Invalid(f"{item.field('id')} can't be blank", field=item.field("id"))
        numbers.append(number)
    return numbers


@operation("DELETE", "/v1/collections/{collection_id}", scope=WRITE)
async def delete_collection(call: Call) -> Answer:
    """Delete a collection; its groups stay. The answer is empty."""
    async with call.transaction() as desk:
        collection = await shelves.require(desk.tx, call.path["collection_id"])
        await catalogue.delete_collection(desk.tx, collection.uuid)
        return None


@operation("POST", "/v1/collections/search", scope=READ)
async def search_collections(call: Call) -> Answer:
    """A page of collections by ids, name and visibility, sorted."""
    query = call.parameters.nested("query") or Parameters({})
    uuids, without = query.texts("ids"), query.texts("exclusion_list")
    check_count(len(uuids or ()), PAGE_SIZE_MAX, "query.ids")
    check_count(len(without or ()), PAGE_SIZE_MAX, "query.exclusion_list")
    sort = call.parameters.mapping("sort") or {}
    for name, order in sort.items():
        if name not in _SORTS:
            raise InvalidSearch(f"Sort field {name} is not supported", field="sort", value=name)
        if order not in ("asc", "desc"):
            raise InvalidSearch(f"Sort order {order} is not supported", field=f"sort.{name}", value=order)
    field, order = next(iter(sort.items()), ("created_at", "asc"))
    wish = call.parameters.nested("meta") or Parameters({})
    page = PageWish(min(wish.count("page_number", 1), 10**7), min(wish.count("per_page", PAGE_SIZE), PAGE_SIZE_MAX))
    wanted = CollectionSearch(
        uuids=uuids,
        without=without or [],
        name=query.text("name"),
        public=query.flag("public"),
        sort=field,  # type: ignore[arg-type] # one of the table's
        descending=order == "desc",
    )
    async with call.transaction() as desk:
        rows, total = await catalogue.search_collections(desk.tx, wanted, limit=page.size, offset=page.offset)
        return {"collections": [_show(desk, row) for row in rows], "meta": page.meta(total)}

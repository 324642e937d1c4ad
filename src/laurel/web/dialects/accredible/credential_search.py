"""Lists and searches of credentials: the old ones by pages, the new one with operators, sorting and cursors."""

import base64
import binascii
from datetime import date, datetime
from typing import Any

import msgspec

from laurel.base.limits import (
    CURSOR_LENGTH_MAX,
    DIALECT_SEARCH_COUNT_MAX,
    IDENTIFIER_LENGTH_MAX,
    KEY_VALUES_MAX,
    PAGE_SIZE_MAX,
)
from laurel.domain.register import search as register
from laurel.domain.register.model import Condition, Field, Search, Sort, facet, facets_of
from laurel.web.dialects.accredible.calls import Answer, Call, Desk, operation
from laurel.web.dialects.accredible.credential_routes import READ, show
from laurel.web.dialects.accredible.credential_view import show_rows, with_achievements
from laurel.web.dialects.accredible.errors import InvalidSearch
from laurel.web.dialects.accredible.page_meta import PAGE_SIZE, read_page
from laurel.web.dialects.accredible.parameters import Parameters
from laurel.web.dialects.accredible.spelling import parse_day, same_text

_EQUALITY = frozenset({"eq", "in"})
_EVERY = frozenset({"eq", "in", "lt", "gt", "lte", "gte"})
_FIELDS: dict[str, tuple[Field | None, frozenset[str]]] = {
    "id": ("id", _EVERY),
    "uuid": ("uid", _EQUALITY),
    "group.id": ("achievement_id", _EQUALITY),
    "recipient_name": ("recipient_name", _EQUALITY),
    "recipient_email": ("recipient_email", _EQUALITY),
    "recipient_id": (None, _EQUALITY),
    "license_id": ("license_id", _EQUALITY),
    "approve": ("published", frozenset({"eq"})),
    "issued_on": ("issued_on", _EVERY),
    "expired_on": ("expires_at", _EVERY),
    "updated_at": ("updated_at", _EVERY),
    "created_at": ("created_at", _EVERY),
}
_DAYS = frozenset({"issued_on", "expired_on", "updated_at", "created_at"})
_OBJECTS = {"meta_data": "m", "custom_attributes": "c", "recipient_meta_data": "p"}
_SORTS: dict[str, Sort] = {
    "id": "id",
    "recipient_name": "recipient_name",
    "group.name": "title",
    "issued_on": "issued_on",
    "expired_on": "expires_at",
}
_CURSOR_TYPES: dict[str, Any] = {
    "id": tuple[int],
    "recipient_name": tuple[str, int],
    "title": tuple[str, int, int],
    "issued_on": tuple[date, int],
    "expires_at": tuple[str, int],
}


# ------------------------------------------------------------------------------------------------------- the old lists
@operation("GET", "/v1/all_credentials", scope=READ)
@operation("POST", "/v1/credentials/search", scope=READ)
async def list_credentials(call: Call) -> Answer:
    """A page of credentials in the order of their making, by any of the old filters."""
    page = read_page(call.parameters)
    async with call.transaction() as desk:
        wanted = await _old_search(desk, call.parameters)
        total = await register.count(desk.tx, wanted)
        found = await register.find(desk.tx, msgspec.structs.replace(wanted, limit=page.size, offset=page.offset))
        rows = [show(desk, shown) for shown in await with_achievements(desk, found.credentials)]
        return {"credentials": rows, "meta": page.meta(total)}


async def _old_search(desk: Desk, given: Parameters) -> Search:
    conditions: list[Condition] = []
    facets: list[str] = []
    recipient = given.nested("recipient") or Parameters({})

    def said(name: str) -> str | None:
        return given.text(f"recipient.{name}") or given.text(f"recipient_{name}") or recipient.text(name)

    group_id = given.integer("group_id")
    if group_id is not None:
        conditions.append(Condition("achievement_id", "eq", group_id))
    email = said("email") or given.text("email")
    if email is not None:
        conditions.append(Condition("recipient_email", "eq", email.strip().lower()))
    name = said("name")
    if name is not None:
        conditions.append(Condition("recipient_name", "eq", name.strip()))
    recipient_id = said("id")
    if recipient_id is not None:
        facets.append(facet(desk.organisation.id, "r", recipient_id))
    license_id = given.text("license_id")
    if license_id is not None:
        conditions.append(Condition("license_id", "eq", license_id[:IDENTIFIER_LENGTH_MAX]))
    for parameter, field, operator in (
        ("start_date", "issued_on", "gte"),
        ("end_date", "issued_on", "lte"),
        ("start_updated_date", "updated_at", "gte"),
        ("end_updated_date", "updated_at", "lte"),
    ):
        day = given.text(parameter)
        if day is not None:
            conditions.append(Condition(field, operator, parse_day(day, parameter)))  # type: ignore[arg-type] # literals of the table
    facets += facets_of(desk.organisation.id, "m", _texts(given.mapping("meta_data")))
    about_recipient = given.mapping("recipient.meta_data") or recipient.mapping("meta_data")
    facets += facets_of(desk.organisation.id, "p", _texts(about_recipient))
    return Search(conditions=tuple(conditions), facets=tuple(facets[:KEY_VALUES_MAX]), department=await desk.scope())


def _texts(values: dict[str, Any] | None) -> dict[str, Any]:
    return {key: same_text(value) for key, value in (values or {}).items() if value is not None}


# ------------------------------------------------------------------------------------------------------ the new search
@operation("POST", "/v2/credentials/search", scope=READ)
async def search_credentials(call: Call) -> Answer:
    """Credentials by conditions, sorted, a page by offset or by cursor. The count stops at its documented limit."""
    given = call.parameters
    for name in ("query", "sort", "page"):
        if name in given and not isinstance(given.raw(name), dict | None) and given.raw(name) != []:
            raise InvalidSearch(f"{name} must be an object", field=name, value=given.raw(name))
    async with call.transaction() as desk:
        wanted = await _conditions(desk, given.mapping("query") or {})
        wanted = _sorted(wanted, given.mapping("sort") or {})
        wanted, start = _paged(wanted, given.nested("page") or Parameters({}, "page."))
        found = await register.find(desk.tx, wanted)
        return {
            "credentials": await show_rows(desk, found.credentials),
            "meta": {
                "count": await register.count(desk.tx, wanted, at_most=DIALECT_SEARCH_COUNT_MAX),
                "from": start,
                "size": wanted.limit,
                "cursor": None if found.last is None else _write_cursor(wanted, found.last),
            },
        }


async def _conditions(desk: Desk, query: dict[str, Any]) -> Search:
    conditions: list[Condition] = []
    facets: list[str] = []
    any_facet: list[str] | None = None
    for key, value in query.items():
        if value is None or value == "":
            continue
        name, operator = _split(key)
        if name in _OBJECTS:
            if operator is not None or not isinstance(value, dict | list) or (isinstance(value, list) and value):
                raise InvalidSearch(f"{name} takes key-value data and no operator", field=f"query.{key}", value=value)
            facets += facets_of(desk.organisation.id, _OBJECTS[name], _texts(value or {}))
            continue
        if name not in _FIELDS:
            raise InvalidSearch(f"Query field {name} is not supported", field=f"query.{key}", value=name)
        field, allowed = _FIELDS[name]
        operator = operator or "eq"
        if operator not in allowed:
            raise InvalidSearch(
                f"Operation {operator} is not supported for {name}", field=f"query.{key}", value=operator
            )
        if field is None:
            values = value if operator == "in" else [value]
            any_facet = [facet(desk.organisation.id, "r", same_text(one)) for one in _listed(values, key)]
            continue
        conditions.append(Condition(field, operator, _value(name, operator, value, key)))  # type: ignore[arg-type] # checked against the table
    if len(facets) > KEY_VALUES_MAX:
        raise InvalidSearch(f"the query has more than {KEY_VALUES_MAX} pairs", field="query", limit=KEY_VALUES_MAX)
    if any_facet == []:
        conditions.append(Condition("id", "in", []))
    return Search(
        conditions=tuple(conditions),
        facets=tuple(facets),
        any_facet=tuple(any_facet or ()),
        department=await desk.scope(),
    )


def _split(key: str) -> tuple[str, str | None]:
    name, bracket, operator = key.partition("[")
    if not bracket:
        return key, None
    return name, operator.removesuffix("]")


def _listed(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidSearch(f"{key} takes a list", field=f"query.{key}", value=value)
    if len(value) > PAGE_SIZE_MAX:
        raise InvalidSearch(
            f"{key} has {len(value)} values, the limit is {PAGE_SIZE_MAX}", field=f"query.{key}", limit=PAGE_SIZE_MAX
        )
    return value


def _value(name: str, operator: str, value: Any, key: str) -> Any:
    if operator == "in":
        return [_scalar(name, one, key) for one in _listed(value, key)]
    return _scalar(name, value, key)


def _scalar(name: str, value: Any, key: str) -> Any:
    field = f"query.{key}"
    if isinstance(value, dict | list):
        raise InvalidSearch(f"{key} takes one value", field=field, value=value)
    text = same_text(value).strip()
    if name == "approve":
        if text.lower() not in {"true", "false"}:
            raise InvalidSearch("approve must be true or false", field=field, value=value)
        return text.lower() == "true"
    if name in {"id", "group.id"}:
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise InvalidSearch(f"{key} must be a number", field=field, value=value)
        return int(text)
    if name in _DAYS:
        try:
            return parse_day(text, field)
        except Exception as wrong:
            raise InvalidSearch(f"{key} must be a date such as 2026-03-14", field=field, value=value) from wrong
    return text.lower() if name == "recipient_email" else text


def _sorted(wanted: Search, sort: dict[str, Any]) -> Search:
    if len(sort) > 1:
        raise InvalidSearch("sort takes one field", field="sort", limit=1, value=len(sort))
    for name, order in sort.items():
        if name not in _SORTS:
            raise InvalidSearch(f"Sort field {name} is not supported", field="sort", value=name)
        if order not in ("asc", "desc"):
            raise InvalidSearch(f"Sort order {order} is not supported", field=f"sort.{name}", value=order)
        return msgspec.structs.replace(wanted, sort=_SORTS[name], descending=order == "desc")
    return wanted


def _paged(wanted: Search, page: Parameters) -> tuple[Search, int]:
    """(the search with its page, where that begins). Raises InvalidSearch."""
    size = min(page.count("size", PAGE_SIZE), PAGE_SIZE_MAX)
    cursor = page.text("cursor")
    start_text = (page.text("from") or "0").strip()
    start = int(start_text) if start_text.isascii() and start_text.isdigit() and len(start_text) < 10 else 0
    if cursor is not None:
        if page.raw("from") is not None:
            raise InvalidSearch("page takes from or cursor, not both", field="page")
        return msgspec.structs.replace(wanted, limit=size, after=_read_cursor(wanted, cursor)), 0
    if start + size > DIALECT_SEARCH_COUNT_MAX:
        limit = DIALECT_SEARCH_COUNT_MAX
        raise InvalidSearch(
            f"from and size reach over {limit}; go on with page.cursor",
            field="page.from",
            limit=limit,
            value=start + size,
        )
    return msgspec.structs.replace(wanted, limit=size, offset=start), start


def _write_cursor(wanted: Search, last: tuple[Any, ...]) -> str:
    values = [
        value.isoformat() if wanted.sort == "expires_at" and index == 0 else value for index, value in enumerate(last)
    ]
    return base64.urlsafe_b64encode(msgspec.json.encode([wanted.sort, wanted.descending, values])).decode()


def _read_cursor(wanted: Search, text: str) -> tuple[Any, ...]:
    """Where a page begins. Cursors hold all they need; one of another sort order is refused."""
    refusal = InvalidSearch("page.cursor must come from an answer with the same sort", field="page.cursor", value=text)
    if len(text) > CURSOR_LENGTH_MAX * 4:
        raise refusal
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        sort, descending, values = msgspec.json.decode(decoded, type=tuple[str, bool, list[Any]])
        if (sort, descending) != (wanted.sort, wanted.descending):
            raise refusal
        last: tuple[Any, ...] = msgspec.convert(values, _CURSOR_TYPES[sort])
        return (_instant(last[0]), *last[1:]) if sort == "expires_at" else last
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise refusal from None


def _instant(text: Any) -> datetime:
    """An instant of a cursor. "Never" is the last instant there is, without a zone, as the database driver has it."""
    instant = datetime.fromisoformat(str(text))
    if instant.tzinfo is None and instant != datetime.max:  # noqa: DTZ901 - the driver's own value for infinity
        raise ValueError(text)
    return instant

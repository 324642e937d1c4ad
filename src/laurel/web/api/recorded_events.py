"""GET /api/v1/people/{person}/events: what was recorded of a person."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import get
from litestar.params import FromPath, FromQuery

from laurel.domain.events import store
from laurel.domain.events.model import Event
from laurel.domain.organisations import store as organisations
from laurel.domain.people import registry
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor


class RecordedEventOut(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it was sent, in the spelling that records it. retracted: why it counts no longer; null when it counts."""

    key: str
    name: str
    category: str
    sub_category: str
    source_id: str
    department: str | None
    tags: list[str]
    occurred_at: datetime
    recorded_at: datetime
    payload: dict[str, Any]
    retracted: str | None


@get("/api/v1/people/{person:str}/events", guards=[requires("events:read")], tags=["people"])
async def list_events_of_person(
    parts: InjectedParts,
    caller: InjectedCaller,
    person: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    name: FromQuery[str | None] = None,
) -> Page[RecordedEventOut]:
    """A person's events, retracted ones too, the one recorded last first. For those of everybody there are exports."""
    (last,) = read_cursor(after, int, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        subject = await registry.require(tx, person)
        found = await store.page_of_person(tx, subject.id, name=name, before_id=last, limit=limit + 1)
        uids = await organisations.department_uids(
            tx, sorted({event.department_id for event, _ in found if event.department_id})
        )

    def render(row: tuple[Event, str | None]) -> RecordedEventOut:
        event, reason = row
        return RecordedEventOut(
            key=event.event_key,
            name=event.name,
            category=event.category,
            sub_category=event.sub_category,
            source_id=event.source_id,
            department=uids.get(event.department_id) if event.department_id else None,
            tags=event.tags,
            occurred_at=event.occurred_at,
            recorded_at=event.recorded_at,
            payload=event.payload,
            retracted=reason,
        )

    return page_of(found, limit, render, lambda row: (row[0].id,))


HANDLERS = (list_events_of_person,)

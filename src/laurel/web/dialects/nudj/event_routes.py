"""Custom events, single and as links that record one for whoever opens them."""

from datetime import timedelta
from typing import Any

from litestar import get, post
from litestar.params import FromPath, JSONBody

from laurel.base.errors import Forbidden, Invalid
from laurel.base.ids import DepartmentId, PersonKey
from laurel.base.times import parse_time
from laurel.database.pool import Transaction
from laurel.domain.events.links import LinkUsed, make_link, use_link
from laurel.domain.events.model import NewEvent, check_event
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.people import store as people
from laurel.domain.people.known_as import store as known_as
from laurel.domain.people.model import EXTERNAL
from laurel.domain.record_events.ingest import EventOutcome, record, record_events
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.races import run_again_on_races
from laurel.web.dialects.nudj.acting import NOT_ALLOWED, acting_person, acts, administers, of_app
from laurel.web.dialects.nudj.translate import department_id_of, person_key_of
from laurel.web.dialects.nudj.wire import CustomEventIn, EventLinkIn
from laurel.web.injected import InjectedCaller, InjectedParts, InjectedSpine

_LINKS = "/api/v2/integration/events/links/{token:str}"


@post("/api/v2/admin/events/custom", guards=[administers("events:write")], status_code=200)
async def create_custom_event(
    parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, data: JSONBody[CustomEventIn]
) -> dict[str, Any]:
    """Record an event of the named user."""
    if data.userId is None:
        raise Invalid("required", field="userId")
    async with parts.database.transaction(caller.organisation_id) as tx:
        key = await person_key_of(tx, data.userId)
        department_id = await department_id_of(tx, data.communityId)
    return await _record(parts, spine, caller, data, key, department_id)


@post(
    "/api/v2/integration/events/custom",
    guards=[acts("events:write")],
    status_code=200,
    procedure="createCustomEvent",
)
async def create_own_event(
    parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, data: JSONBody[CustomEventIn]
) -> dict[str, Any]:
    """Record an event of the acting user; only the organisation itself may name another."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        key: PersonKey = ("uid", person.uid)
        if data.userId is not None:
            named = await person_key_of(tx, data.userId)
            external = (await known_as.of_people(tx, [person.id])).get(person.id, {}).get(EXTERNAL)
            if named not in (key, (EXTERNAL, external)):
                if of_app(caller):
                    raise Forbidden(NOT_ALLOWED)
                key = named
        department_id = await department_id_of(tx, data.communityId)
    return await _record(parts, spine, caller, data, key, department_id)


async def _record(
    parts: Parts,
    spine: Spine,
    caller: Caller,
    data: CustomEventIn,
    person: PersonKey,
    department_id: DepartmentId | None,
) -> dict[str, Any]:
    event = check_event(
        person=person,
        name=data.eventName,
        now=parts.clock.now(),
        field="body",
        key=data.idempotencyKey,
        department_id=department_id,
        tags=tuple(dict.fromkeys((*data.tags, *_tags(data.payload)))),
        occurred_at=None if data.occurredAt is None else parse_time(data.occurredAt, "occurredAt"),
        payload=data.payload,
    )
    create = data.autoCreateUser and not of_app(caller)
    [outcome] = await record(spine, caller.organisation_id, [event], create_people=create)
    async with parts.database.transaction(caller.organisation_id) as tx:
        return await _recorded(tx, outcome)


def _tags(payload: dict[str, Any]) -> tuple[str, ...]:
    tags = payload.get("tags", [])
    return tuple(tag for tag in tags if isinstance(tag, str) and tag) if isinstance(tags, list) else ()


async def _recorded(tx: Transaction, outcome: EventOutcome) -> dict[str, Any]:
    """What Nudj answers, and which achievements the event completed."""
    if outcome.error is not None:
        raise outcome.error
    if outcome.person_id is None:
        raise AssertionError("an event that was not refused has its person")
    person = (await people.find_many(tx, [outcome.person_id]))[outcome.person_id]
    external = (await known_as.of_people(tx, [person.id])).get(person.id, {}).get(EXTERNAL)
    return {
        "name": outcome.event.name,
        "userId": person.uid,
        **({"externalUserId": external} if external is not None else {}),
        "idempotentReplayed": outcome.status == "replayed",
        "completedAchievementIds": [
            made.achievement.uid
            for made in outcome.unlocked
            if tx.department_id in (None, made.achievement.department_id)
        ],
    }


@post("/api/v2/admin/events/custom/link", guards=[administers("events:write")], status_code=200)
async def create_custom_event_link(
    parts: InjectedParts, caller: InjectedCaller, data: JSONBody[EventLinkIn]
) -> dict[str, Any]:
    """A link that records the event for whoever opens it."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        token = await make_link(
            tx,
            parts.pepper,
            name=data.eventName,
            payload=data.payload,
            department_id=await department_id_of(tx, data.communityId),
            lasts=timedelta(seconds=min(max(data.expiryTime, 0), 10**9)),
            single_use=data.isSingleUse,
            now=parts.clock.now(),
        )
    return {"url": parts.public_url.rstrip("/") + _LINKS.replace("{token:str}", token)}


@get(_LINKS, guards=[acts("events:write")], procedure="openCustomEventLink")
async def open_link(
    parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, token: FromPath[str]
) -> dict[str, Any]:
    """Record the link's event for the acting user."""
    return await _use(parts, spine, caller, token)


@post(_LINKS, guards=[acts("events:write")], status_code=200, procedure="openCustomEventLink")
async def use_event_link(
    parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, token: FromPath[str]
) -> dict[str, Any]:
    """The same for clients that do not write by GET."""
    return await _use(parts, spine, caller, token)


async def _use(parts: Parts, spine: Spine, caller: Caller, token: str) -> dict[str, Any]:
    async def work(tx: Transaction, careful: bool) -> dict[str, Any]:
        person = await acting_person(tx, caller)
        link = await use_link(tx, parts.pepper, token, person.id, parts.clock.now())
        event = NewEvent(
            person=("uid", person.uid),
            name=link.name,
            key=f"link:{link.uid}",
            department_id=link.department_id,
            tags=_tags(link.payload),
            payload=link.payload,
        )
        [outcome] = await record_events(tx, spine, [event], create_people=False, quiet=False, careful=careful)
        if outcome.status == "replayed":
            raise LinkUsed("you have used this link already")
        return await _recorded(tx, outcome)

    return await run_again_on_races(spine, caller.organisation_id, work)


HANDLERS = (create_custom_event, create_own_event, create_custom_event_link, open_link, use_event_link)

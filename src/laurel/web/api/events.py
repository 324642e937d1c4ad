"""/api/v1/events: recording what people do, one, an array or lines of JSON; retracting it.

Recording is the hottest route, so it is also answered without the router (`HOT`).
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.params import FromQuery, JSONBody
from litestar.types import Receive, Scope, Send

from laurel.base import json_text
from laurel.base.errors import Invalid, LaurelError, TooLarge
from laurel.base.ids import DepartmentId, PersonId
from laurel.base.limits import EVENTS_PER_REQUEST_MAX
from laurel.database.pool import in_request_transaction
from laurel.domain.achievements import definitions
from laurel.domain.events.model import EventNotFound, NewEvent, check_event
from laurel.domain.organisations import audit
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.people import resolve
from laurel.domain.people.model import PersonNotFound, PersonReference
from laurel.domain.record_events import retract
from laurel.domain.record_events.ingest import EventOutcome, record
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.web.api.progress_wire import UnlockOut, render_award, render_unlock
from laurel.web.api.wire import Body
from laurel.web.bodies import check_depth, decode_json, read_body
from laurel.web.callers import caller_of, require_scope, requires
from laurel.web.hot_routes import HotTable, send_answer
from laurel.web.http_errors import MalformedBody, shown, status_of
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.queries import flags_of

NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-seq")
_FLAGS = ("atomic", "create_people", "dry_run", "quiet")


class EventBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An event as it is sent. `person` names who by one of id, external_id, email; without `key` it is never a replay."""

    person: PersonReference
    name: str
    key: str | None = None
    category: str = "custom"
    sub_category: str = ""
    source_id: str = ""
    department: str | None = None
    tags: tuple[str, ...] = ()
    occurred_at: datetime | None = None
    payload: dict[str, Any] = {}


class AdvanceOut(msgspec.Struct, frozen=True):
    """A leaf that an event advanced, and its value since."""

    achievement: str
    query: str
    value: int | Decimal


class EventOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one event; `line` counts from 1 for lines of JSON, `index` from 0."""

    index: int
    status: str
    key: str | None = None
    line: int | None = None
    advanced: list[AdvanceOut] = []
    unlocked: list[UnlockOut] = []
    error: dict[str, Any] | None = None


class EventsOut(msgspec.Struct, frozen=True):
    """What became of all, counted and one by one. dry_run: nothing was recorded."""

    accepted: int
    replayed: int
    refused: int
    results: list[EventOut]
    dry_run: bool = False


class EventsRefused(Invalid):
    """Some event of an atomic batch is refused, so none was recorded."""

    code = "events_refused"


async def record_hot(scope: Any, receive: Receive, send: Send) -> None:
    """POST /api/v1/events without the router."""
    parts: Parts = scope["laurel.parts"]
    caller = await caller_of(scope)
    require_scope(caller, "events:write")
    flags = flags_of(scope.get("query_string", b""), _FLAGS)
    body = await read_body(receive)
    status, answer = await _record_body(parts, caller, flags, _media_type(scope), body)
    await send_answer(send, status, answer)


HOT: HotTable = {("POST", "/api/v1/events"): record_hot}


@post("/api/v1/events", guards=[requires("events:write")], tags=["events"], status_code=200)
async def record_events(
    request: Request[Any, Any, Any],
    parts: InjectedParts,
    caller: InjectedCaller,
    atomic: FromQuery[bool] = False,
    create_people: FromQuery[bool] = False,
    dry_run: FromQuery[bool] = False,
    quiet: FromQuery[bool] = False,
) -> Response[bytes]:
    """Record one event, an array of them, or lines of JSON (application/x-ndjson), up to 10,000 a request.

    atomic: record all or none. create_people: unknown external ids and e-mail addresses become people. dry_run: record
    nothing, say what would be. quiet: tell nobody about awards. The same key with the same body again is a replay.
    """
    flags = {"atomic": atomic, "create_people": create_people, "dry_run": dry_run, "quiet": quiet}
    status, answer = await _record_body(parts, caller, flags, _media_type(request.scope), await request.body())
    return Response(answer, status_code=status, media_type="application/json")


def _media_type(scope: Scope) -> str:
    value = next((value for name, value in scope["headers"] if name == b"content-type"), b"application/json")
    return value.decode("latin-1").partition(";")[0].strip().lower()


_EVENT = msgspec.json.Decoder(EventBody, float_hook=Decimal)
_PARTS = msgspec.json.Decoder(list[msgspec.Raw])

Parsed = NewEvent | LaurelError


async def _record_body(
    parts: Parts, caller: Caller, flags: dict[str, bool], media_type: str, body: bytes
) -> tuple[int, bytes]:
    if flags["create_people"]:
        require_scope(caller, "people:write")
    lines = media_type in NDJSON
    if not lines and media_type not in ("application/json", "text/json", ""):
        raise MalformedBody(
            f"send application/json or application/x-ndjson, not {media_type}", field="Content-Type", value=media_type
        )
    check_depth(body)
    pieces, numbers = _lines(body) if lines else _pieces(body)
    one = numbers is None and not body.lstrip().startswith(b"[")
    if len(pieces) > EVENTS_PER_REQUEST_MAX:
        limit = EVENTS_PER_REQUEST_MAX
        raise TooLarge(f"{len(pieces)} events, the limit is {limit}", field="events", limit=limit, value=len(pieces))
    parsed = await _parse_all(parts, caller, pieces, one=one)
    if one and isinstance(parsed[0], LaurelError):
        raise parsed[0]
    if flags["atomic"] and any(isinstance(item, LaurelError) for item in parsed):
        raise _all_refused(parsed, numbers)
    events = [item for item in parsed if not isinstance(item, LaurelError)]
    outcomes = iter(await _record(parts, caller, events, flags))
    rendered = [
        _refused(index, numbers, None, item)
        if isinstance(item, LaurelError)
        else _render(index, numbers, next(outcomes), caller)
        for index, item in enumerate(parsed)
    ]
    return _final(rendered, one=one, flags=flags, numbers=numbers)


async def _record(
    parts: Parts, caller: Caller, events: Sequence[NewEvent], flags: dict[str, bool]
) -> Sequence[EventOutcome]:
    plain = not (flags["atomic"] or flags["dry_run"] or flags["quiet"] or in_request_transaction())
    if len(events) == 1 and plain:
        return [await parts.intake.record_one(caller.organisation_id, events[0], create_people=flags["create_people"])]
    if not events:
        return []
    return await record(parts.spine, caller.organisation_id, events, **flags)


def _pieces(body: bytes) -> tuple[list[Any], None]:
    if not body.strip():
        raise MalformedBody("the body is empty; send an event, an array or lines of them", field="body")
    if not body.lstrip().startswith(b"["):
        return [body], None
    try:
        return list(_PARTS.decode(body)), None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise MalformedBody(f"the body is not valid JSON: {wrong}", field="body") from None


def _lines(body: bytes) -> tuple[list[bytes], list[int]]:
    numbered = [(line, number) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip()]
    if not numbered:
        raise MalformedBody("the body has no lines", field="body")
    return [line for line, _ in numbered], [number for _, number in numbered]


async def _parse_all(parts: Parts, caller: Caller, pieces: Sequence[Any], *, one: bool) -> list[Parsed]:
    bodies: list[EventBody | LaurelError] = []
    for index, piece in enumerate(pieces):
        try:
            bodies.append(_EVENT.decode(piece))
        except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError):
            bodies.append(_why_not(piece, "event" if one else f"events[{index}]"))
    departments = await _departments(parts, caller, bodies)
    now = parts.clock.now()
    result: list[Parsed] = []
    for index, body in enumerate(bodies):
        if isinstance(body, LaurelError):
            result.append(body)
            continue
        field = "event" if one else f"events[{index}]"
        try:
            result.append(_checked(body, caller, departments, now, field))
        except LaurelError as refusal:
            result.append(refusal)
    return result


def _why_not(piece: Any, field: str) -> LaurelError:
    """Decode once more for the error that says what is wrong and where."""
    try:
        decode_json(bytes(piece), EventBody)
    except LaurelError as refusal:
        refusal.field = field if refusal.field in (None, "body") else f"{field}.{refusal.field}"
        return refusal
    return MalformedBody(f"{field} cannot be read", field=field)


async def _departments(
    parts: Parts, caller: Caller, bodies: Sequence[EventBody | LaurelError]
) -> dict[str, DepartmentId]:
    uids = {body.department for body in bodies if isinstance(body, EventBody) and body.department is not None}
    if not uids:
        return {}
    async with parts.database.transaction(caller.organisation_id) as tx:
        known = await organisations.departments_named(tx, sorted(uids))
    return {name: one.id for name, one in known.items() if caller.department_id in (None, one.id)}


def _checked(
    body: EventBody, caller: Caller, departments: dict[str, DepartmentId], now: datetime, field: str
) -> NewEvent:
    department = caller.department_id
    if body.department is not None:
        if body.department not in departments:
            raise Invalid(f"{field}.department names no department", field=f"{field}.department", value=body.department)
        department = departments[body.department]
    return check_event(
        person=body.person.key(f"{field}.person"),
        name=body.name,
        now=now,
        field=field,
        key=body.key,
        category=body.category,
        sub_category=body.sub_category,
        source_id=body.source_id,
        department_id=department,
        tags=body.tags,
        occurred_at=body.occurred_at,
        payload=body.payload,
    )


def _problem(error: LaurelError) -> dict[str, Any]:
    body: dict[str, Any] = {"code": error.code, "detail": error.message, "status": status_of(error)}
    if error.field is not None:
        body["field"] = error.field
    if error.limit is not None:
        body["limit"] = error.limit
    if error.value is not None:
        body["value"] = shown(error.value)
    return body


def _line(numbers: list[int] | None, index: int) -> int | None:
    return None if numbers is None else numbers[index]


def _refused(index: int, numbers: list[int] | None, key: str | None, error: LaurelError) -> EventOut:
    return EventOut(index, "refused", key, _line(numbers, index), error=_problem(error))


def _render(index: int, numbers: list[int] | None, outcome: EventOutcome, caller: Caller) -> EventOut:
    if outcome.error is not None:
        return _refused(index, numbers, outcome.event.key, outcome.error)
    advanced = [
        AdvanceOut(rule.uid, leaf.query, value)
        for rule, leaf, value in outcome.advanced
        if not (rule.achievement.hidden or rule.achievement.secret) and _tells(caller, rule.achievement.department_id)
    ]
    unlocked = [render_unlock(made) for made in outcome.unlocked if _tells(caller, made.achievement.department_id)]
    return EventOut(index, outcome.status, outcome.event.key, _line(numbers, index), advanced, unlocked)


def _tells(caller: Caller, department_id: DepartmentId | None) -> bool:
    """Whether a caller is told about what its event did to things of this department."""
    return caller.department_id in (None, department_id)


def _all_refused(parsed: Sequence[Parsed], numbers: list[int] | None) -> EventsRefused:
    bad = [(index, item) for index, item in enumerate(parsed) if isinstance(item, LaurelError)]
    return _refusal([_refused(index, numbers, None, item) for index, item in bad])


def _refusal(refused: Sequence[EventOut]) -> EventsRefused:
    first = refused[0].error or {}
    return EventsRefused(
        f"{len(refused)} of the events refused, so none was recorded; the first: {first.get('detail')}",
        field=first.get("field"),
        limit=first.get("limit"),
        value=first.get("value"),
        details={"refused": [msgspec.to_builtins(item) for item in refused[:100]]},
    )


def _final(
    rendered: list[EventOut], *, one: bool, flags: dict[str, bool], numbers: list[int] | None
) -> tuple[int, bytes]:
    counts = {"accepted": 0, "replayed": 0, "refused": 0}
    for item in rendered:
        counts[item.status] += 1
    if flags["atomic"] and counts["refused"] and not flags["dry_run"]:
        raise _refusal([item for item in rendered if item.status == "refused"])
    answer = EventsOut(**counts, results=rendered, dry_run=flags["dry_run"])
    if one and rendered[0].error is not None:
        return rendered[0].error["status"], json_text.encode(answer)
    return 200, json_text.encode(answer)


class Retraction(Body, frozen=True, kw_only=True):
    """Which event to take back, and why."""

    person: PersonReference
    key: str
    reason: str = ""


class RetractionOut(msgspec.Struct, frozen=True):
    """What the retraction changed. `points` and `xp`: how much was taken back."""

    key: str
    revoked: list[Any]
    unlocked: list[UnlockOut]
    points: Decimal
    xp: Decimal


@post("/api/v1/events/retractions", guards=[requires("events:write")], tags=["events"], status_code=200)
async def retract_event(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[Retraction]) -> RetractionOut:
    """Take an event back: progress, XP by rule, scores and streaks are as if it had not been; awards fall, and give back
    what they paid, only where the achievement says so.
    """
    key = data.person.key("person")

    async def work(run: Run) -> RetractionOut:
        tx = run.tx
        found, _ = await resolve.resolve(tx, [key], {}, run.now, create=False)
        if key not in found:
            raise PersonNotFound("there is no such person", field="person", value=key[1])
        person_id: PersonId = found[key]
        result = await retract.retract(run, person_id, data.key, data.reason)
        event = result.event
        if not _tells(caller, event.department_id):
            raise EventNotFound("the person has no event with this key", field="key", value=data.key)
        await audit.record(
            tx, at=run.now, by=caller, action="event.retract", subject=("event", event.event_key), details={}
        )
        known = await definitions.uids_of(tx, [award.achievement_id for award in result.revoked])
        return RetractionOut(
            event.event_key,
            [render_award(award, known[award.achievement_id]) for award in result.revoked],
            [render_unlock(one) for one in result.made if _tells(caller, one.achievement.department_id)],
            result.points,
            result.xp,
        )

    return await in_run(parts.spine, caller.organisation_id, work)


HANDLERS = (record_events, retract_event)

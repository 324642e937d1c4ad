"""/xapi: statements in and out as xAPI 1.0.3 says, and what this server is. No state, profile or attachment resources."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post, put

from laurel.base import json_text
from laurel.base.errors import Invalid, Kind, LaurelError, TooLarge
from laurel.base.ids import PersonId, new_uuid
from laurel.base.limits import CURSOR_LENGTH_MAX, EVENTS_PER_TRANSACTION_MAX, check_count, check_length
from laurel.base.times import render_time
from laurel.database.pool import Transaction
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.people.resolve import resolve
from laurel.domain.statements import record, store
from laurel.domain.statements.model import NewStatement, StatementNotFound, Wanted
from laurel.web.bodies import decode_json
from laurel.web.callers import OWN_SPELLINGS, Spelling, by_api_key, requires
from laurel.web.http_errors import MalformedBody, shown, status_of
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import read_cursor, write_cursor
from laurel.web.problems import headers_of
from laurel.web.standards.xapi_check import check_actor, check_statement, iri_at, time_at, uuid_at
from laurel.web.standards.xapi_events import VERSION, new_statement, person_key
from laurel.web.surfaces import Surface

PREFIX = "/xapi"
VERSION_HEADER = "X-Experience-API-Version"
CONSISTENT_HEADER = "X-Experience-API-Consistent-Through"
LIMIT_DEFAULT = 100
LIMIT_MAX = 1_000
_SPOKEN = re.compile(r"1\.0(\.\d+)?")
_QUERY_LENGTH_MAX = 4_096
_FILTERS = frozenset(
    {
        "agent", "verb", "activity", "registration", "related_activities", "related_agents", "since", "until", "limit",
        "format", "attachments", "ascending",
    }
)  # fmt: skip


class VersionNotSpoken(Invalid):
    """The request does not say, or says wrongly, which version of xAPI it speaks."""

    code = "xapi_version"


def render_error(request: Request[Any, Any, Any], error: LaurelError) -> Response[bytes]:
    """`error` as xAPI wants it: mostly by its status."""
    status = status_of(error)
    if error.kind is Kind.INVALID and status == 422:
        status = 400
    headers = {**headers_of(error), VERSION_HEADER: VERSION}
    if error.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Basic realm="laurel", Bearer realm="laurel"'
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    for name in ("field", "limit", "value"):
        if getattr(error, name) is not None:
            body[name] = shown(getattr(error, name))
    return Response(json_text.encode(body), status_code=status, headers=headers, media_type="application/json")


def _answer(body: bytes, now: datetime | None = None, status: int = 200) -> Response[bytes]:
    headers = {VERSION_HEADER: VERSION}
    if now is not None:
        headers[CONSISTENT_HEADER] = render_time(now)
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def _check_version(request: Request[Any, Any, Any]) -> None:
    spoken = request.headers.get(VERSION_HEADER, "")
    if not _SPOKEN.fullmatch(spoken):
        raise VersionNotSpoken(f"{VERSION_HEADER} must be 1.0.x", field=VERSION_HEADER, value=spoken)


def _check_media_type(request: Request[Any, Any, Any]) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {"application/json", ""}:
        raise Invalid(
            "Content-Type must be application/json; attached contents are not taken here",
            field="Content-Type",
            value=media_type,
        )


@get("/xapi/about", tags=["xapi"])
async def about() -> Response[bytes]:
    """Which versions are spoken."""
    return _answer(json_text.encode({"version": ["1.0.0", "1.0.1", "1.0.2", "1.0.3"]}))


@post("/xapi/statements", guards=[requires("events:write")], tags=["xapi"], status_code=200)
async def post_statements(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[bytes]:
    """Record one statement or a list of them, all or none; the answer lists their ids in order."""
    _check_version(request)
    _check_media_type(request)
    if request.scope.get("query_string"):
        raise Invalid("POST takes no parameters here", field="query")
    given = decode_json(await request.body())
    statements = given if isinstance(given, list) else [given]
    if not statements:
        raise MalformedBody("there is no statement in the body", field="body")
    check_count(len(statements), EVENTS_PER_TRANSACTION_MAX, "statements")
    new = _checked(statements, parts, caller)
    await record.record(parts.spine, caller.organisation_id, new)
    return _answer(json_text.encode([one.id for one in new]), parts.clock.now())


def _checked(statements: list[Any], parts: Parts, caller: Caller, only_id: str | None = None) -> list[NewStatement]:
    now = parts.clock.now()
    new = []
    seen: set[str] = set()
    for index, statement in enumerate(statements):
        field = f"statements[{index}]"
        check_statement(statement, field)
        statement_id = str(statement["id"]).lower() if "id" in statement else only_id or new_uuid()
        if statement_id in seen:
            raise Invalid(f"{field}.id stands twice in the list", field=f"{field}.id", value=statement_id)
        seen.add(statement_id)
        new.append(
            new_statement(
                statement,
                statement_id,
                now=now,
                field=field,
                home_page=parts.public_url,
                authority=caller.actor,
            )
        )
    return new


@put("/xapi/statements", guards=[requires("events:write")], tags=["xapi"], status_code=204)
async def put_statement(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[None]:
    """Record one statement under the id that the address gives."""
    _check_version(request)
    _check_media_type(request)
    wanted = uuid_at(request.query_params.get("statementId"), "statementId")
    if set(request.query_params) != {"statementId"}:
        raise Invalid("PUT takes statementId and nothing else", field="query")
    statement = decode_json(await request.body())
    if not isinstance(statement, dict):
        raise MalformedBody("the body must be one statement", field="body")
    (new,) = _checked([statement], parts, caller, wanted)
    if new.id != wanted:
        raise Invalid("the statement has another id than the address", field="statements[0].id", value=new.id)
    await record.record(parts.spine, caller.organisation_id, [new])
    return Response(
        None,
        status_code=204,
        headers={VERSION_HEADER: VERSION, CONSISTENT_HEADER: render_time(parts.clock.now())},
    )


@get("/xapi/statements", guards=[requires("events:read")], tags=["xapi"])
async def get_statements(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[bytes]:
    """One statement by its id, or a list by agent, verb, activity, registration and time."""
    _check_version(request)
    query = dict(request.query_params)
    for name, value in query.items():
        check_length(str(value), _QUERY_LENGTH_MAX, name[:50])
    now = parts.clock.now()
    cursor = query.pop("cursor", None)
    single = [name for name in ("statementId", "voidedStatementId") if name in query]
    async with parts.database.transaction(caller.organisation_id) as tx:
        if single:
            return _answer(await _one(tx, query, single), now)
        unknown = sorted(set(query) - _FILTERS)
        if unknown:
            raise Invalid(f"{unknown[0][:50]} is not a parameter that is known here", field=unknown[0][:50])
        wanted, limit = await _wanted(tx, parts, query, cursor)
        found = [] if wanted is None else await store.listed(tx, wanted, limit + 1)
    more = ""
    if len(found) > limit:
        rest = urlencode({**query, "cursor": write_cursor(found[limit - 1][0])})
        more = f"{PREFIX}/statements?{rest}"
    return _answer(json_text.encode({"statements": [document for _, document in found[:limit]], "more": more}), now)


async def _one(tx: Transaction, query: dict[str, Any], single: Sequence[str]) -> bytes:
    if len(single) > 1 or set(query) - {*single, "format", "attachments"}:
        raise Invalid(f"{single[0]} goes with no other parameter", field=single[0])
    statement_id = uuid_at(query[single[0]], single[0])
    document = await store.find(tx, statement_id, voided=single[0] == "voidedStatementId")
    if document is None:
        raise StatementNotFound("there is no such statement", field=single[0], value=statement_id)
    return json_text.encode(document)


async def _wanted(
    tx: Transaction, parts: Parts, query: dict[str, Any], cursor: str | None
) -> tuple[Wanted | None, int]:
    """What a list is to hold; None where the agent is nobody we know."""
    limit = _limit(query.get("limit"))
    if cursor is not None:
        check_length(cursor, CURSOR_LENGTH_MAX, "cursor")
    (beyond,) = read_cursor(cursor, int, default=(None,))
    person_id: PersonId | None = None
    if "agent" in query:
        person_id = await _person(tx, parts, query["agent"])
        if person_id is None:
            return None, limit
    wanted = Wanted(
        person_id=person_id,
        verb=iri_at(query["verb"], "verb") if "verb" in query else None,
        activity=iri_at(query["activity"], "activity") if "activity" in query else None,
        registration=uuid_at(query["registration"], "registration") if "registration" in query else None,
        since=time_at(query["since"], "since") if "since" in query else None,
        until=time_at(query["until"], "until") if "until" in query else None,
        ascending=_flag(query.get("ascending"), "ascending"),
        beyond=beyond,
    )
    if query.get("format", "exact") not in {"exact", "ids", "canonical"}:
        raise Invalid("format must be exact, ids or canonical", field="format", value=query["format"])
    return wanted, limit


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT_DEFAULT
    if not text.isascii() or not text.isdigit():
        raise Invalid("limit must be a whole number", field="limit", value=text)
    if len(text) > 12:
        raise TooLarge(f"limit must be at most {LIMIT_MAX}", field="limit", limit=LIMIT_MAX, value=text)
    return min(int(text) or LIMIT_MAX, LIMIT_MAX)


def _flag(text: str | None, name: str) -> bool:
    if text not in {None, "true", "false"}:
        raise Invalid(f"{name} must be true or false", field=name, value=text)
    return text == "true"


async def _person(tx: Transaction, parts: Parts, text: str) -> PersonId | None:
    agent = decode_json(text.encode())
    check_actor(agent, "agent")
    key = person_key(agent, "agent", parts.public_url)
    if key is None:
        raise Invalid("agent must be an Agent", field="agent")
    found, _ = await resolve(tx, [key], {}, parts.clock.now(), create=False)
    return found.get(key)


def surface() -> Surface:
    """The standard."""
    return Surface(
        name="xapi",
        prefixes=(PREFIX,),
        handlers=[about, post_statements, put_statement, get_statements],
        render_error=render_error,
        authenticate=by_api_key(Spelling.BASIC | OWN_SPELLINGS),
    )

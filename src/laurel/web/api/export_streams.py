"""/api/v1/exports: everything of one kind as a stream of CSV, JSON Lines, experience statements or Parquet."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, get_args

import structlog
from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from laurel.base.errors import Invalid
from laurel.base.times import parse_time
from laurel.domain.achievements import definitions
from laurel.domain.exports.model import ENDINGS, MEDIA_TYPES, ExportFilter, Format, Subject
from laurel.domain.exports.stream import check, stream
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.people import registry
from laurel.web.callers import require_scope
from laurel.web.http_errors import RouteNotFound
from laurel.web.injected import InjectedCaller, InjectedParts

log = structlog.get_logger("laurel.web")

FormatChoice = Annotated[
    str | None, QueryParameter(name="format", description="csv, jsonl (the default), xapi or parquet.")
]
Since = Annotated[
    str | None, QueryParameter(name="since", description="Only what changed then or later (events: was recorded).")
]
Until = Annotated[str | None, QueryParameter(name="until", description="Only what changed until then.")]
PersonFilter = Annotated[str | None, QueryParameter(name="person", description="Only of this person (id).")]
AchievementFilter = Annotated[
    str | None, QueryParameter(name="achievement", description="Only of this achievement (id).")
]
StateFilter = Annotated[str | None, QueryParameter(name="state", description="Only in this state.")]
NameFilter = Annotated[str | None, QueryParameter(name="name", description="Only events of this name.")]


def chosen_of(what: str, wanted: str | None) -> tuple[Subject, Format]:
    """What "awards", "awards.csv" or "awards.xapi.jsonl" and the format ask for. Raises RouteNotFound, Invalid."""
    name, _, ending = what.partition(".")
    subject = next((one for one in get_args(Subject) if one == name), None)
    if subject is None or (ending and ending not in ENDINGS):
        raise RouteNotFound("nothing is at this address", value=what)
    known = next((one for one in get_args(Format) if one == (wanted or ENDINGS.get(ending, "jsonl"))), None)
    if known is None:
        raise Invalid(
            "format must be csv, jsonl, xapi or parquet", field="format", limit=list(get_args(Format)), value=wanted
        )
    return subject, known


@get("/api/v1/exports/{what:str}", tags=["exports"])
async def export(
    parts: InjectedParts,
    caller: InjectedCaller,
    what: FromPath[str],
    *,
    in_format: FormatChoice = None,
    since: Since = None,
    until: Until = None,
    person: PersonFilter = None,
    achievement: AchievementFilter = None,
    in_state: StateFilter = None,
    event_name: NameFilter = None,
) -> Stream:
    """awards, credentials, events or people, in the order they changed; the format may also stand as an ending."""
    subject, chosen = chosen_of(what, in_format)
    require_scope(caller, f"{subject}:read")
    wanted = await _filter(
        parts,
        caller,
        since=since,
        until=until,
        person=person,
        achievement=achievement,
        state=in_state,
        name=event_name,
    )
    check(subject, chosen, wanted)
    ending = next(ending for ending, known in ENDINGS.items() if known == chosen)
    return Stream(
        _bytes(parts, caller, subject, chosen, wanted),
        media_type=MEDIA_TYPES[chosen],
        headers={"Content-Disposition": f'attachment; filename="{subject}.{ending}"', "Cache-Control": "no-store"},
    )


async def _filter(
    parts: Parts,
    caller: Caller,
    *,
    since: str | None,
    until: str | None,
    person: str | None,
    achievement: str | None,
    state: str | None,
    name: str | None,
) -> ExportFilter:
    async with parts.database.transaction(caller.organisation_id) as tx:
        return ExportFilter(
            since=_instant(since, "since"),
            until=_instant(until, "until"),
            person_id=(await registry.require(tx, person)).id if person else None,
            achievement_id=(await definitions.require(tx, achievement)).id if achievement else None,
            state=state,
            name=name,
        )


def _instant(text: str | None, field: str) -> datetime | None:
    return parse_time(text.replace(" ", "+"), field) if text else None


async def _bytes(
    parts: Parts, caller: Caller, subject: Subject, chosen: Format, wanted: ExportFilter
) -> AsyncIterator[Any]:
    count = 0
    async for rows, part in stream(parts.database, caller.organisation_id, subject, chosen, wanted, parts.public_url):
        count += rows
        if part:
            yield part
    log.info("exported", subject=subject, format=chosen, rows=count)


HANDLERS = (export,)

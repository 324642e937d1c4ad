"""The stream of an export: short transactions one after another, never more than a step of rows in memory.

Rows come in the order they changed (events: were recorded), so an export that broke off is taken up by asking again since
the last row's changed_at; that row comes again. What commits late, with an earlier time, is seen when one asks again from a
minute before.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from laurel.base.errors import Invalid
from laurel.base.ids import OrganisationId
from laurel.database.pool import Database
from laurel.domain.exports import store
from laurel.domain.exports.encode import encoder_for
from laurel.domain.exports.model import COLUMNS, ExportFilter, Format, Step, Subject
from laurel.domain.statements.of_award import statement_of_award

STEP_ROWS = 2_000
STEP_NUMBERS = 4_000
"""How far a step goes in the numbers of events, which have gaps where other organisations' lie."""


def check(subject: Subject, chosen: Format, wanted: ExportFilter) -> None:
    """Raise Invalid for what makes no sense together."""
    if chosen == "xapi" and subject != "awards":
        raise Invalid("only awards are exported as statements", field="format", value=chosen)
    allowed = {
        "awards": {"person_id", "achievement_id", "state"},
        "credentials": {"person_id", "achievement_id", "state"},
        "events": {"person_id", "name"},
        "people": {"person_id"},
    }[subject]
    for name in ("person_id", "achievement_id", "state", "name"):
        if getattr(wanted, name) is not None and name not in allowed:
            field = name.removesuffix("_id")
            raise Invalid(f"{subject} cannot be filtered by {field}", field=field)


async def stream(
    database: Database,
    organisation_id: OrganisationId,
    subject: Subject,
    chosen: Format,
    wanted: ExportFilter,
    public_url: str,
    *,
    step_rows: int = STEP_ROWS,
    step_numbers: int = STEP_NUMBERS,
) -> AsyncIterator[tuple[int, bytes]]:
    """The file in parts, each with how many rows it took. Raises Unavailable in the middle if the database goes away."""
    async with database.transaction(organisation_id, joins_request=False) as tx:
        organisation = await store.titles(tx)

    def statement(row: Sequence[Any]) -> dict[str, Any]:
        named = dict(zip((column.name for column in COLUMNS["awards"]), row, strict=True))
        return statement_of_award(
            public_url=public_url,
            organisation=(organisation["uid"], organisation["name"]),
            language=organisation["language"],
            person=(named["person"], named["person_name"] or named["person_email"] or named["person"]),
            achievement=(named["achievement"], named["achievement_name"], ""),
            award=named["id"],
            awarded_at=named["awarded_at"],
            score=named["score"],
        )

    encoder = await asyncio.to_thread(encoder_for, chosen, COLUMNS[subject], statement)
    steps = (
        _events(database, organisation_id, wanted, step_numbers)
        if subject == "events"
        else _changed(database, organisation_id, subject, wanted, step_rows)
    )
    async for rows in steps:
        if chosen == "xapi":
            rows = [row for row in rows if row["state"] != "revoked"]  # noqa: PLW2901 - the step without what was voided
        yield len(rows), await asyncio.to_thread(encoder.encode, rows)
    yield 0, await asyncio.to_thread(encoder.finish)


async def _changed(
    database: Database, organisation_id: OrganisationId, subject: Subject, wanted: ExportFilter, step_rows: int
) -> AsyncIterator[list[Any]]:
    after: Step | None = Step(wanted.since, -1)
    while after is not None:
        async with database.transaction(organisation_id, joins_request=False) as tx:
            rows, after = await store.step(tx, subject, wanted, after, step_rows)
        yield rows


async def _events(
    database: Database, organisation_id: OrganisationId, wanted: ExportFilter, step_numbers: int
) -> AsyncIterator[list[Any]]:
    async with database.transaction(organisation_id, joins_request=False) as tx:
        after, last = await store.bounds_of_events(tx, wanted)
    while after < last:
        upto = min(after + step_numbers, last)
        async with database.transaction(organisation_id, joins_request=False) as tx:
            rows = await store.events_between(tx, wanted, after, upto)
        after = upto
        if rows:
            yield rows

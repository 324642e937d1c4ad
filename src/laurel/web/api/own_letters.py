"""/api/v1/letter-templates and /api/v1/bounces: an organisation's own words for its letters, and who takes none."""

from typing import Any

import msgspec
from litestar import Request, delete, get, post, put
from litestar.params import FromPath, JSONBody

from laurel.domain.letters import bounces, store, templates
from laurel.domain.letters.bounces import Outcome
from laurel.domain.letters.model import Bounce, LetterTemplate
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor


class LetterTemplateWish(Body, frozen=True, kw_only=True):
    """Subject and body in plain text; empty lines part paragraphs, `[recipient.name]` and its kind are filled in."""

    subject: str
    body: str


class LetterTemplates(msgspec.Struct, frozen=True, kw_only=True):
    """The organisation's own letters, and what may stand in square brackets in each kind."""

    items: list[LetterTemplate]
    placeholders: dict[str, tuple[str, ...]]


class BounceNoted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a report."""

    outcome: Outcome


@get("/api/v1/letter-templates", guards=[requires("organisation:read")], tags=["letters"])
async def list_letter_templates(parts: InjectedParts, caller: InjectedCaller) -> LetterTemplates:
    """The organisation's own letters; every other kind and language has the built-in words."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        known = await store.templates(tx)
    return LetterTemplates(items=known, placeholders=dict(templates.PLACEHOLDERS.items()))


@put("/api/v1/letter-templates/{kind:str}/{language:str}", guards=[requires("organisation:write")], tags=["letters"])
async def put_letter_template(
    parts: InjectedParts,
    caller: InjectedCaller,
    kind: FromPath[str],
    language: FromPath[str],
    data: JSONBody[LetterTemplateWish],
) -> LetterTemplate:
    """Set the words of a kind of letter (issued, expiring, link) in a language."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return await templates.put(
            tx,
            kind=kind,
            language=language,
            subject=data.subject,
            body=data.body,
            by=caller,
            now=parts.clock.now(),
        )


@delete("/api/v1/letter-templates/{kind:str}/{language:str}", guards=[requires("organisation:write")], tags=["letters"])
async def remove_letter_template(
    parts: InjectedParts, caller: InjectedCaller, kind: FromPath[str], language: FromPath[str]
) -> None:
    """Back to the built-in words."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await templates.remove(tx, kind=kind, language=language, by=caller, now=parts.clock.now())


@get("/api/v1/bounces", guards=[requires("people:read")], tags=["letters"])
async def list_bounces(
    parts: InjectedParts, caller: InjectedCaller, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[Bounce]:
    """Addresses that take no letters, with the mail server's reason."""
    (last,) = read_cursor(after, str, default=("",))
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await store.bounces(tx, after=last, limit=limit + 1)
    return page_of(rows, limit, lambda row: row, lambda row: (row.address,))


@post("/api/v1/bounces", guards=[requires("people:write")], tags=["letters"], status_code=200)
async def take_in_bounce(request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller) -> BounceNoted:
    """Take a delivery report (a whole message, RFC 3464) as a mail server received it."""
    outcome = await bounces.take_in(
        parts.database,
        await request.body(),
        pepper=parts.pepper,
        now=parts.clock.now(),
        only=caller.organisation_id,
    )
    return BounceNoted(outcome=outcome)


@delete("/api/v1/bounces/{address:str}", guards=[requires("people:write")], tags=["letters"])
async def clear_bounce(parts: InjectedParts, caller: InjectedCaller, address: FromPath[str]) -> None:
    """Let letters go to an address again."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await bounces.clear(tx, address, by=caller, now=parts.clock.now())


HANDLERS = (
    list_letter_templates,
    put_letter_template,
    remove_letter_template,
    list_bounces,
    take_in_bounce,
    clear_bounce,
)

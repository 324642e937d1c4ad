"""/console/settings/letters: the organisation's own words for its letters, seen before they are sent."""

from urllib.parse import quote

import msgspec
from litestar import Response

from laurel.base.errors import LaurelError
from laurel.domain.letters import sending, store, templates
from laurel.domain.letters.composing import compose, worded
from laurel.domain.letters.model import LetterTemplate
from laurel.domain.letters.wording import WORDINGS
from laurel.web.pages.languages import LANGUAGES
from laurel.web.pages.visits import Visit, page

_NAMES = {
    "issued": "A credential is issued",
    "expiring": "A credential is about to expire",
    "link": "The link to the wallet",
}


@page("/console/settings/letters", needs="organisation:write")
async def list_letters(visit: Visit) -> Response[bytes]:
    """Every kind in every language, and which have words of the organisation's own."""
    async with visit.transaction() as tx:
        own = {(one.kind, one.language): one for one in await store.templates(tx)}
    return visit.show(
        "console/letters.html",
        names=_NAMES,
        languages=[(code, LANGUAGES.get(code, code)) for code in WORDINGS],
        own=own,
    )


async def _show(visit: Visit, error: LaurelError | None = None, *, sent: bool = False) -> Response[bytes]:
    kind, language = templates.checked_kind(visit.path("kind"), visit.path("language"))
    async with visit.transaction() as tx:
        own = await store.template(tx, kind, language)
    form = visit.form
    facts = sending.sample_facts(visit.parts, visit.organisation, to=visit.account.email, language=language, kind=kind)
    built_in = worded(kind, facts)
    draft = own
    if form.values and error is None:
        draft = _draft(visit)
    return visit.show(
        "console/letter.html",
        error=error,
        sent=sent,
        kind=kind,
        language=language,
        name=_NAMES[kind],
        language_name=LANGUAGES.get(language, language),
        own=own,
        subject=form.get("subject") if form.values else own.subject if own else "",
        body=form.get("body") if form.values else own.body if own else "",
        built_in=built_in,
        letter=worded(kind, facts, draft),
        text=compose(kind, facts, draft).text,
        issuer=facts.issuer,
        placeholders=templates.PLACEHOLDERS[kind],
        here=f"/console/settings/letters/{kind}/{language}",
    )


def _draft(visit: Visit) -> LetterTemplate:
    """What the form says, as a template that is stored nowhere. Raises as `templates.checked_text`."""
    kind, language = templates.checked_kind(visit.path("kind"), visit.path("language"))
    return LetterTemplate(
        kind=kind,
        language=language,
        subject=templates.checked_text(kind, "subject", visit.form.get("subject")),
        body=templates.checked_text(kind, "body", visit.form.get("body")),
        updated_at=visit.parts.clock.now(),
    )


@page("/console/settings/letters/{kind:str}/{language:str}", needs="organisation:write")
async def show_letter(visit: Visit) -> Response[bytes]:
    """One letter: its words, and how it looks."""
    return await _show(visit)


@page("/console/settings/letters/{kind:str}/{language:str}", needs="organisation:write", post=True)
async def change_letter(visit: Visit) -> Response[bytes]:
    """Look at it, send it to oneself, save it, or go back to the built-in words."""
    kind, language = templates.checked_kind(visit.path("kind"), visit.path("language"))
    here = f"/console/settings/letters/{quote(kind)}/{quote(language)}"
    change, now = visit.form.get("change"), visit.parts.clock.now()
    try:
        if change == "remove":
            async with visit.transaction() as tx:
                await templates.remove(tx, kind=kind, language=language, by=visit.caller, now=now)
            return visit.to(here, "The built-in words are used again.")
        draft = _draft(visit)
        if change == "send":
            facts = sending.sample_facts(
                visit.parts, visit.organisation, to=visit.account.email, language=language, kind=kind
            )
            async with visit.transaction() as tx:
                logo = await sending.logo_of(tx, visit.organisation)
            await visit.parts.mailer.send(compose(kind, msgspec.structs.replace(facts, logo=logo), draft))
            return await _show(visit, sent=True)
        if change == "save":
            async with visit.transaction() as tx:
                await templates.put(
                    tx, kind=kind, language=language, subject=draft.subject, body=draft.body, by=visit.caller, now=now
                )
            return visit.to(here, "Saved: letters in this language have your words from now on.")
    except LaurelError as refused:
        if refused.field == "email":
            refused.field = None
        return await _show(visit, refused)
    return await _show(visit)


HANDLERS = (list_letters, show_letter, change_letter)

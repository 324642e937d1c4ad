"""Achievements: create, list, get, update, delete, search, import."""

from typing import Any

from litestar import delete, get, post, put
from litestar.params import FromPath

from laurel.base.errors import Kind, LaurelError
from laurel.base.limits import SEARCH_RESULTS_MAX
from laurel.domain.achievements import definitions, store
from laurel.domain.achievements.store import Wanted
from laurel.web.dialects.learner_profile import wire
from laurel.web.dialects.learner_profile.errors import ValidationFailed, achievement_not_found, renamed
from laurel.web.dialects.learner_profile.incoming import (
    AnyRequest,
    caller_with,
    check_items,
    import_refused,
    read_body,
    read_import,
    read_query,
)
from laurel.web.dialects.learner_profile.lookups import (
    answer,
    done,
    find_achievement,
    in_words_of,
    language_of,
    place_of,
    shown,
    versions_of,
)
from laurel.web.dialects.learner_profile.translate import (
    ACHIEVEMENT_NAMES,
    render_achievement,
    to_definition,
    types_of,
)
from laurel.web.injected import InjectedParts, InjectedSpine

READ, WRITE = "achievements:read", "achievements:write"


@post("/achievement", status_code=200)
async def create_achievement(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """A new achievement, to be given by hand."""
    caller, body = await read_body(request, wire.NEW_ACHIEVEMENT, WRITE)
    async with parts.database.transaction(caller.organisation_id) as tx:
        language = await language_of(tx)
        definition = to_definition(body, language, None)
        definition.status, definition.department_id = "live", caller.department_id
        with in_words_of(ACHIEVEMENT_NAMES):
            made = await definitions.create(tx, definition, actor=caller.actor, now=parts.clock.now())
    return answer("Successfully created the achievement", render_achievement(made, language))


@get("/achievements")
async def list_achievements(request: AnyRequest, parts: InjectedParts, spine: InjectedSpine) -> dict[str, Any]:
    """A page, newest first."""
    caller = await caller_with(request, READ)
    query = read_query(request, wire.ACHIEVEMENTS_QUERY)
    types, not_types = types_of(query["achievement_type"])
    wanted = Wanted(query["fetch_archive"], query["name"], types, not_types, query["tag"])
    async with parts.database.transaction(caller.organisation_id) as tx:
        versions = await versions_of(tx)
        before = await place_of(store.id_of, tx, query["after"], achievement_not_found)
        found = await store.list_wanted(tx, wanted, before_id=before, offset=query["skip"], limit=query["limit"])
        count = await spine.counts.of(tx, wanted, versions.rules)
    records = [render_achievement(one, versions.language) for one in found]
    return answer("Successfully fetched the achievements", {"records": records, "total_count": count})


@get("/achievement/search")
async def search_achievements(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """The newest of a type, SEARCH_RESULTS_MAX at most; none without a type."""
    caller = await caller_with(request, READ)
    query = read_query(request, wire.ACHIEVEMENT_SEARCH)
    records = []
    if query["type"] is not None:
        types, not_types = types_of(query["type"])
        async with parts.database.transaction(caller.organisation_id) as tx:
            language = await language_of(tx)
            found = await store.list_wanted(tx, Wanted(types=types, not_types=not_types), limit=SEARCH_RESULTS_MAX)
        records = [render_achievement(one, language) for one in found]
    return answer("Successfully fetched the achievements", records)


@post("/achievement/import/json", status_code=200)
async def import_achievements(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """All of a file, or nothing."""
    caller = await caller_with(request, WRITE)
    rows = await read_import(request, named_json=True)
    bodies = check_items(rows, wire.NEW_ACHIEVEMENT)
    async with parts.database.transaction(caller.organisation_id) as tx:
        language = await language_of(tx)
        wishes = [to_definition(body, language, None) for body in bodies]
        for definition in wishes:
            definition.status, definition.department_id = "live", caller.department_id
        try:
            made = await definitions.create_many(tx, wishes, actor=caller.actor, now=parts.clock.now())
        except LaurelError as refused:
            raise _of_item(refused, len(bodies)) from None
    return answer("Successfully created the achievements", [shown(one.uid) for one in made])


def _of_item(refused: LaurelError, count: int) -> LaurelError:
    """The refusal of a definition of an import, whose field begins with the item's number."""
    if refused.kind is not Kind.INVALID:
        return refused
    by_field = renamed(refused, ACHIEVEMENT_NAMES, prefix=())
    if not isinstance(by_field, ValidationFailed):
        return refused
    index = by_field.errors[0]["loc"].pop(0)
    return import_refused(index, count, by_field.errors)


@get("/achievement/{uuid:str}")
async def show_achievement(request: AnyRequest, parts: InjectedParts, uuid: FromPath[str]) -> dict[str, Any]:
    """One achievement."""
    caller = await caller_with(request, READ)
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await find_achievement(tx, uuid)
        record = render_achievement(found, await language_of(tx))
    return answer("Successfully fetched the achievement", record)


@put("/achievement/{uuid:str}")
async def change_achievement(request: AnyRequest, parts: InjectedParts, uuid: FromPath[str]) -> dict[str, Any]:
    """Change what is given."""
    caller, body = await read_body(request, wire.ACHIEVEMENT_CHANGE, WRITE, unwrap=True)
    async with parts.database.transaction(caller.organisation_id) as tx:
        language = await language_of(tx)
        found = await find_achievement(tx, uuid, lock=True)
        with in_words_of(ACHIEVEMENT_NAMES):
            changed = await definitions.change(
                tx, found, to_definition(body, language, found), actor=caller.actor, now=parts.clock.now()
            )
    return answer("Successfully updated the achievement", render_achievement(changed, language))


@delete("/achievement/{uuid:str}", status_code=200)
async def remove_achievement(request: AnyRequest, parts: InjectedParts, uuid: FromPath[str]) -> dict[str, Any]:
    """Take it away; it is in no profile any more."""
    caller = await caller_with(request, WRITE)
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await find_achievement(tx, uuid, lock=True)
        await definitions.delete(tx, found, actor=caller.actor, now=parts.clock.now())
    return done("Successfully deleted the achievement")


HANDLERS = (
    create_achievement,
    list_achievements,
    search_achievements,
    import_achievements,
    show_achievement,
    change_achievement,
    remove_achievement,
)

"""Goals: create, list, get, update, delete, search, import."""

from typing import Any

from litestar import delete, get, post, put
from litestar.params import FromPath

from laurel.base.ids import uid_from_base62
from laurel.base.limits import SEARCH_RESULTS_MAX
from laurel.domain.people.profiles import keep, store
from laurel.domain.people.profiles.model import GoalNotFound
from laurel.web.dialects.learner_profile import wire
from laurel.web.dialects.learner_profile.errors import RuleBroken, goal_not_found
from laurel.web.dialects.learner_profile.incoming import (
    AnyRequest,
    caller_with,
    check_items,
    read_body,
    read_import,
    read_query,
)
from laurel.web.dialects.learner_profile.lookups import answer, done, in_words_of, place_of, shown
from laurel.web.dialects.learner_profile.translate import render_goal, to_goal
from laurel.web.injected import InjectedParts

READ, WRITE = "profiles:read", "profiles:write"


@post("/goal", status_code=200)
async def create_goal(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """A new goal."""
    caller, body = await read_body(request, wire.NEW_GOAL, WRITE)
    now = parts.clock.now()
    async with parts.database.transaction(caller.organisation_id) as tx:
        with in_words_of({}):
            (goal,) = await keep.create_goals(tx, [to_goal(body, now)], now=now)
    return answer("Successfully created the goal", render_goal(goal))


@get("/goal")
async def list_goals(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """A page, newest first."""
    caller = await caller_with(request, READ)
    query = read_query(request, wire.GOALS_QUERY)
    archived, type_ = query["fetch_archive"], query["goal_type"]
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await store.list_goals(
            tx,
            archived=archived,
            type_=type_,
            before_id=await place_of(store.goal_id_of, tx, query["after"], goal_not_found),
            offset=query["skip"],
            limit=query["limit"],
        )
        count = await store.count_goals(tx, archived=archived, type_=type_)
    records = [render_goal(goal) for goal in found]
    return answer("Successfully fetched the goal", {"records": records, "total_count": count})


@get("/goal/search")
async def search_goals(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """The newest of a name, SEARCH_RESULTS_MAX at most."""
    caller = await caller_with(request, READ)
    name = read_query(request, wire.GOAL_SEARCH)["name"]
    if not name:
        raise RuleBroken("Missing or invalid request parameters")
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await store.list_goals(tx, name=name, limit=SEARCH_RESULTS_MAX)
    return answer("Successfully fetched the goals", [render_goal(goal) for goal in found])


@post("/goal/import/json", status_code=200)
async def import_goals(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """All of a file, or nothing."""
    caller = await caller_with(request, WRITE)
    rows = await read_import(request, named_json=False)
    now = parts.clock.now()
    wishes = [to_goal(body, now) for body in check_items(rows, wire.NEW_GOAL)]
    async with parts.database.transaction(caller.organisation_id) as tx:
        with in_words_of({}):
            goals = await keep.create_goals(tx, wishes, now=now)
    return answer("Successfully created the goals", [shown(goal.uid) for goal in goals])


@get("/goal/{uuid:str}")
async def show_goal(request: AnyRequest, parts: InjectedParts, uuid: FromPath[str]) -> dict[str, Any]:
    """One goal."""
    caller = await caller_with(request, READ)
    uid = uid_from_base62(uuid)
    async with parts.database.transaction(caller.organisation_id) as tx:
        goal = await store.find_goal(tx, uid) if uid else None
    if goal is None:
        raise goal_not_found(uuid)
    return answer("Successfully fetched the goal", render_goal(goal))


@put("/goal/{uuid:str}")
async def change_goal(request: AnyRequest, parts: InjectedParts, uuid: FromPath[str]) -> dict[str, Any]:
    """Change what is given."""
    caller, body = await read_body(request, wire.GOAL_CHANGE, WRITE)
    now = parts.clock.now()
    async with parts.database.transaction(caller.organisation_id) as tx:
        try:
            with in_words_of({}):
                goal = await keep.change_goal(tx, uid_from_base62(uuid) or "", to_goal(body, now), now=now)
        except GoalNotFound:
            raise goal_not_found(uuid) from None
    return answer("Successfully updated the goal", render_goal(goal))


@delete("/goal/{uuid:str}", status_code=200)
async def remove_goal(request: AnyRequest, parts: InjectedParts, uuid: FromPath[str]) -> dict[str, Any]:
    """Take it away."""
    caller = await caller_with(request, WRITE)
    async with parts.database.transaction(caller.organisation_id) as tx:
        try:
            await keep.delete_goal(tx, uid_from_base62(uuid) or "", now=parts.clock.now())
        except GoalNotFound:
            raise goal_not_found(uuid) from None
    return done("Successfully deleted the goal")


HANDLERS = (create_goal, list_goals, search_goals, import_goals, show_goal, change_goal, remove_goal)

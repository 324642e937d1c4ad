"""Routes that read what other services keep (pathways, staff, users): answered as far as it can be told from here.

There are no pathways, nodes or staff in Laurel, so each ends where the service would look them up and find nothing.
"""

from typing import Any

from litestar import get, post
from litestar.params import FromPath

from laurel.domain.organisations.model import Caller
from laurel.web.dialects.learner_profile import wire
from laurel.web.dialects.learner_profile.errors import NotImplementedHere, ResourceNotFound
from laurel.web.dialects.learner_profile.incoming import AnyRequest, caller_with, read_query
from laurel.web.dialects.learner_profile.lookups import find_learner
from laurel.web.injected import InjectedParts

READ, WRITE = "profiles:read", "profiles:write"
_LEARNER = "/learner/{learner_id:str}"


@get(_LEARNER + "/achievements")
async def list_pathway_achievements(request: AnyRequest, learner_id: FromPath[str]) -> None:
    """The pathway is looked up first."""
    await caller_with(request, READ)
    pathway = read_query(request, wire.PATHWAY_ACHIEVEMENTS_QUERY)["program_pathway_id"]
    raise ResourceNotFound(f"curriculum_pathways with id {pathway} is not found")


@get(_LEARNER + "/progress")
async def show_node_progress(request: AnyRequest, learner_id: FromPath[str]) -> None:
    """The node is looked up first."""
    await caller_with(request, READ)
    query = read_query(request, wire.NODE_PROGRESS_QUERY)
    raise ResourceNotFound(f"{query['node_type']} with id {query['node_id']} is not found")


@get([_LEARNER + "/curriculum-pathway", _LEARNER + "/coach"])
async def show_of_user(request: AnyRequest, parts: InjectedParts, learner_id: FromPath[str]) -> None:
    """The learner is looked up first, then the learner's user."""
    await _no_user(await caller_with(request, READ), parts, learner_id)


@get(
    [
        _LEARNER + "/curriculum-pathway/{pathway_id:str}/instructor",
        _LEARNER + "/curriculum-pathway/{pathway_id:str}/instructors",
    ]
)
async def show_instructors(
    request: AnyRequest, parts: InjectedParts, learner_id: FromPath[str], pathway_id: FromPath[str]
) -> None:
    """The learner is looked up first, then the learner's user."""
    await _no_user(await caller_with(request, READ), parts, learner_id)


async def _no_user(caller: Caller, parts: InjectedParts, learner_id: str) -> None:
    async with parts.database.transaction(caller.organisation_id) as tx:
        await find_learner(tx, learner_id)
    raise ResourceNotFound(f"User with user_type_ref {learner_id} not found")


@post(["/mastery", "/mastery/train"])
async def not_built(request: AnyRequest) -> None:
    """Said to be there, and not built."""
    await caller_with(request, WRITE)
    raise NotImplementedHere("API Not Implemented")


@post("/import/{source:str}")
async def not_imported(request: AnyRequest, source: FromPath[str]) -> None:
    """Said to be there, and not built."""
    await caller_with(request, WRITE)
    raise NotImplementedHere("API Not Implemented")


@get("/ping")
async def ping() -> dict[str, Any]:
    """Whether the service answers; outside the base path, without a key."""
    words = "Successfully reached student learner profile microservice"
    return {"success": True, "message": words, "data": {}}


HANDLERS = (
    list_pathway_achievements,
    show_node_progress,
    show_of_user,
    show_instructors,
    not_built,
    not_imported,
)

"""/courses, which are achievements, and /teams, which are departments."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from laurel.base.errors import NotFound
from laurel.database.slices import Slice
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import Achievement
from laurel.domain.feeds import store as feeds
from laurel.domain.feeds.model import FeedFilter
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Department
from laurel.domain.people import store as people
from laurel.domain.people.known_as import store as known_as
from laurel.web.dialects.litmos import translate, users
from laurel.web.dialects.litmos.site import Site, earned, open_site, permits
from laurel.web.dialects.litmos.wire import Resource, answer_list, answer_one, query_of
from laurel.web.injected import InjectedCaller, InjectedParts


async def require(site: Site, uid: str) -> Achievement:
    """The course with this Id. Raises NotFound in Litmos's words."""
    found = await achievements.find_by_uid(site.tx, uid)
    if found is None:
        raise NotFound(f"The course {uid[: translate.ID_LENGTH_MAX]} does not exist.", field="id")
    return found


@get("/v1.svc/courses", guards=[permits("achievements:read")], include_in_schema=False)
async def list_courses(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[bytes]:
    """The courses: every achievement that is not a draft, newest first."""
    query = query_of(request)
    window = translate.window_of(query)
    async with open_site(parts, caller) as site:
        _, found = await achievements.page(
            site.tx,
            statuses=("live", "archived"),
            wanted=Slice(window.limit, window.start, translate.search_in(query)),
        )
    listed = [translate.course(one, site.language, parts.clock.now()) for one in found]
    return answer_list(request, ("Courses", "Course"), listed, site.settings.json_date)


@get("/v1.svc/courses/{course:str}", guards=[permits("achievements:read")], include_in_schema=False)
async def show_course(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller, course: FromPath[str]
) -> Response[bytes]:
    """One course."""
    async with open_site(parts, caller) as site:
        shown = translate.course(await require(site, course), site.language, parts.clock.now())
    return answer_one(request, "Course", shown, site.settings.json_date)


@get("/v1.svc/courses/{course:str}/users", guards=[permits("people:read")], include_in_schema=False)
async def list_users_of_course(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller, course: FromPath[str]
) -> Response[bytes]:
    """The users who have completed a course, latest first."""
    window = translate.window_of(query_of(request))
    async with open_site(parts, caller) as site:
        definition = await require(site, course)
        rows = await earned(site, parts, caller, FeedFilter(achievement_id=definition.id, order="id"), window)
        known = await people.find_many(site.tx, sorted({row.person_id for row in rows}))
        identifiers = await known_as.of_people(site.tx, list(known))
    listed: list[Resource] = []
    for row in rows:
        first, last = translate.names_of(known[row.person_id])
        listed.append(
            {
                "Id": row.person_uid,
                "UserName": translate.cut(
                    translate.user_name(known[row.person_id], identifiers.get(row.person_id, {})), 255
                ),
                "FirstName": first,
                "LastName": last,
                "Completed": True,
                "PercentageComplete": 100,
                "CompliantTill": row.expires_at,
                "DueDate": None,
            }
        )
    return answer_list(request, ("Users", "User"), listed, site.settings.json_date)


# --------------------------------------------------------------------------------------------------------------- teams
def _team(department: Department) -> Resource:
    return {
        "Id": department.uid,
        "Name": translate.cut(department.name, 255),
        "Description": translate.cut(department.description, 10_000),
        "TeamCodeForBulkImport": translate.cut(department.slug, 255),
        "ParentTeamId": "",
    }


async def _require_team(site: Site, uid: str) -> Department:
    found = await organisations.department(site.tx, uid)
    if found is None:
        raise NotFound(f"No team with this {uid[: translate.ID_LENGTH_MAX]} exists in your organization", field="id")
    return found


@get("/v1.svc/teams", guards=[permits("departments:read")], include_in_schema=False)
async def list_teams(request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller) -> Response[bytes]:
    """The teams."""
    window = translate.window_of(query_of(request))
    async with open_site(parts, caller) as site:
        found = await organisations.departments(
            site.tx, after=0, limit=window.start + window.limit, only=caller.department_id
        )
    listed = [_team(one) for one in found[window.start :]]
    return answer_list(request, ("Teams", "Team"), listed, site.settings.json_date)


@get("/v1.svc/teams/{team:str}", guards=[permits("departments:read")], include_in_schema=False)
async def show_team(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller, team: FromPath[str]
) -> Response[bytes]:
    """One team."""
    async with open_site(parts, caller) as site:
        shown = _team(await _require_team(site, team))
    return answer_one(request, "Team", shown, site.settings.json_date)


@get("/v1.svc/teams/{team:str}/users", guards=[permits("people:read")], include_in_schema=False)
async def list_users_of_team(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller, team: FromPath[str]
) -> Response[bytes]:
    """Everybody for the default team; for another those who have earned something of it."""
    window = translate.window_of(query_of(request))
    async with open_site(parts, caller) as site:
        department = await _require_team(site, team)
        found = await feeds.people_by_offset(
            site.tx,
            limit=window.limit,
            start=window.start,
            earned_in_department=None if department.is_default else department.id,
        )
        listed = await users.render_users(site, found)
    return answer_list(request, ("Users", "User"), listed, site.settings.json_date)


HANDLERS = (list_courses, show_course, list_users_of_course, list_teams, show_team, list_users_of_team)

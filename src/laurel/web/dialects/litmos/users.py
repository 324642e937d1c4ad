"""/users and what hangs below one: details, courses, badges, points."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from laurel.base.errors import NotFound
from laurel.base.ids import is_uid
from laurel.database.pool import Transaction
from laurel.domain.achievements import standing
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.progress_rows import store as progress_rows
from laurel.domain.achievements.standing import Standing
from laurel.domain.feeds import store as feeds
from laurel.domain.people import store as people
from laurel.domain.people.known_as import store as known_as
from laurel.domain.people.model import EXTERNAL, Person
from laurel.domain.rewards.ledger import store as ledger
from laurel.web.dialects.litmos import translate
from laurel.web.dialects.litmos.site import Site, open_site, permits
from laurel.web.dialects.litmos.wire import Resource, answer_collection, answer_list, answer_one, query_of
from laurel.web.injected import InjectedCaller, InjectedParts

_ORDERS = {"username": "email", "firstname": "first_name", "lastname": "last_name", "createddate": "created_at"}


async def find(tx: Transaction, name: str) -> Person | None:
    """The user with this Id or UserName (an e-mail address or the organisation's own id, in any case)."""
    if is_uid(name):
        person = await people.find_by_uid(tx, name)
        if person is not None:
            return person
    found = list((await people.ids_by_email(tx, [name.lower()])).values())
    found = found or list((await known_as.ids_by_value(tx, EXTERNAL, [name])).values())
    if not found:
        folded = await feeds.person_id_by_folded_identifier(tx, EXTERNAL, name)
        found = [] if folded is None else [folded]
    person = await people.find_by_id(tx, found[0]) if found else None
    return person if person is not None and person.deleted_at is None else None


async def require(tx: Transaction, name: str) -> Person:
    """As `find`; raises NotFound in Litmos's words."""
    person = await find(tx, name)
    if person is None:
        raise NotFound(f"User - {name[: translate.ID_LENGTH_MAX]} was not found", field="id")
    return person


async def _listed(site: Site, query: dict[str, str], *, only_ids: Sequence[int] | None = None) -> list[Person]:
    window = translate.window_of(query)
    return await feeds.people_by_offset(
        site.tx,
        search=translate.search_in(query),
        created_since=None,
        archived_too=query.get("showinactive", "").lower() in {"true", "1"},
        order=_ORDERS.get(query.get("sort", "").lower(), "id"),
        descending=translate.direction_in(query) == "desc",
        limit=window.limit,
        start=window.start,
        only_ids=only_ids,
    )


async def render_users(site: Site, found: Sequence[Person]) -> list[Resource]:
    """As /users lists them."""
    identifiers = await known_as.of_people(site.tx, [person.id for person in found])
    return [translate.user(person, identifiers.get(person.id, {})) for person in found]


@get("/v1.svc/users", guards=[permits("people:read")], include_in_schema=False)
async def list_users(request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller) -> Response[bytes]:
    """The users."""
    async with open_site(parts, caller) as site:
        listed = await render_users(site, await _listed(site, query_of(request)))
    return answer_list(request, ("Users", "User"), listed, site.settings.json_date)


@get("/v1.svc/users/paginated", guards=[permits("people:read")], include_in_schema=False)
async def list_users_paginated(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[bytes]:
    """The users, with how many there are."""
    query = query_of(request)
    window = translate.window_of(query)
    async with open_site(parts, caller) as site:
        listed = await render_users(site, await _listed(site, query))
        total = await feeds.count_people(
            site.tx,
            search=translate.search_in(query),
            archived_too=query.get("showinactive", "").lower() in {"true", "1"},
        )
    paging: Resource = {
        "BatchParam": None,
        "BatchSize": window.limit,
        "Start": window.start,
        "TotalCount": total,
    }
    return answer_collection(request, paging, ("UserCollection", "User"), listed)


@get("/v1.svc/users/details", guards=[permits("people:read")], include_in_schema=False)
async def list_user_details(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[bytes]:
    """Full users that were created since a date."""
    query = query_of(request)
    window = translate.window_of(query)
    since = translate.date_in(query, "since")
    async with open_site(parts, caller) as site:
        found = await feeds.people_by_offset(
            site.tx, created_since=since, archived_too=True, limit=window.limit, start=window.start
        )
        listed = await _full(site, found)
    return answer_list(request, ("Users", "User"), listed, site.settings.json_date)


async def _full(site: Site, found: Sequence[Person]) -> list[Resource]:
    ids = [person.id for person in found]
    identifiers = await known_as.of_people(site.tx, ids)
    points = await _points(site.tx, ids)
    return [translate.full_user(one, identifiers.get(one.id, {}), points.get(one.id, 0)) for one in found]


async def _points(tx: Transaction, ids: Sequence[Any]) -> dict[int, int]:
    points: dict[int, int] = {}
    for person_id, unit, _, _, amount in await ledger.balances(tx, ids):
        if unit == "points":
            points[person_id] = points.get(person_id, 0) + int(amount)
    return points


@get("/v1.svc/users/{user:str}", guards=[permits("people:read")], include_in_schema=False)
async def show_user(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller, user: FromPath[str]
) -> Response[bytes]:
    """One user, by Id or UserName."""
    async with open_site(parts, caller) as site:
        (shown,) = await _full(site, [await require(site.tx, user)])
    return answer_one(request, "User", shown, site.settings.json_date)


@get("/v1.svc/users/{user:str}/courses", guards=[permits("people:read")], include_in_schema=False)
async def list_courses_of_user(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller, user: FromPath[str]
) -> Response[bytes]:
    """The courses that a user has begun or completed, newest course first."""
    query = query_of(request)
    window = translate.window_of(query)
    now = parts.clock.now()
    async with open_site(parts, caller) as site:
        person = await require(site.tx, user)
        opening = await parts.spine.open(site.tx)
        state = await progress_rows.read_state(site.tx, person.id)
        begun = sorted(state.entries.keys() | state.held.keys(), reverse=True)
        chosen = begun[window.start : window.start + window.limit]
        known = await achievements.find_many(site.tx, chosen)
        definitions = [known[number] for number in chosen if number in known]
        found = await standing.standings(site.tx, opening.book, person.id, definitions, now)
        listed = [_course_of_user(one, site.language, now) for one in found]
    return answer_list(request, ("Courses", "Course"), listed, site.settings.json_date)


def _course_of_user(one: Standing, language: str, now: Any) -> Resource:
    completed = next((award for award in one.awards if award.state == "active"), None)
    definition = one.achievement
    return {
        "Id": definition.uid,
        "Code": translate.cut(translate.course_code(definition), 255),
        "Name": translate.cut(definition.name_in(language, language), 512),
        "Active": definition.status_at(now) == "live",
        "Complete": completed is not None,
        "PercentageComplete": 100 if completed is not None else _percentage(one),
        "AssignedDate": definition.created_at,
        "StartDate": None,
        "DateCompleted": completed.awarded_at if completed is not None else None,
        "UpToDate": completed is not None,
        "Overdue": False,
        "CompliantTill": None,
        "IsLearningPath": bool(definition.prerequisites),
        "CourseCreatedDate": definition.created_at,
        "CourseCreator": translate.cut(definition.created_by, 255),
        "OriginalId": definition.id,
        "ResultId": completed.id if completed is not None else None,
        "AccessTillDate": definition.expires_at,
    }


def _percentage(one: Standing) -> int:
    if one.progress is None or not one.progress.target_value:
        return 0
    return max(0, min(99, int(100 * one.progress.current_value / one.progress.target_value)))


@get("/v1.svc/users/{user:str}/badges", guards=[permits("awards:read")], include_in_schema=False)
async def list_badges(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller, user: FromPath[str]
) -> Response[bytes]:
    """What a user has earned, as badges, newest first."""
    window = translate.window_of(query_of(request))
    async with open_site(parts, caller) as site:
        person = await require(site.tx, user)
        awards = [
            award
            for award in await awarded.of_person(site.tx, person.id, limit=10_000, shown=True)
            if award.state == "active"
        ][window.start : window.start + window.limit]
        known = await achievements.find_many(site.tx, sorted({award.achievement_id for award in awards}))
        listed: list[Resource] = [
            {
                "Id": award.id,
                "Title": translate.cut(known[award.achievement_id].name_in(site.language, site.language), 512),
                "Description": translate.cut(
                    known[award.achievement_id].description_in(site.language, site.language), 10_000
                ),
                "Icon": translate.cut(known[award.achievement_id].image or "", 2_048),
                "IconBadgeColor": "",
            }
            for award in awards
        ]
    return answer_list(request, ("Badges", "Badge"), listed, site.settings.json_date)


@get(
    ["/v1.svc/users/{user:str}/gamificationsummary", "/v1.svc/users/{user:str}/gamificationdetails"],
    guards=[permits("awards:read")],
    include_in_schema=False,
)
async def show_gamification(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller, user: FromPath[str]
) -> Response[bytes]:
    """How many badges and points a user has."""
    async with open_site(parts, caller) as site:
        person = await require(site.tx, user)
        state = await progress_rows.read_state(site.tx, person.id)
        points = await _points(site.tx, [person.id])
    shown: Resource = {
        "TotalBadgesEarned": sum(state.held.values()),
        "TotalPointsEarned": points.get(person.id, 0),
    }
    return answer_one(request, "GamificationSummary", shown, site.settings.json_date)


HANDLERS = (
    list_users,
    list_users_paginated,
    list_user_details,
    show_user,
    list_courses_of_user,
    list_badges,
    show_gamification,
)

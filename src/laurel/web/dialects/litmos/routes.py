"""/achievements, /org/achievements and /results/details: lists of what was earned."""

from typing import Any

import msgspec
from litestar import Request, Response, get

from laurel.database.pool import Transaction
from laurel.domain.feeds import store
from laurel.domain.feeds.model import FeedFilter, FeedRow, Title
from laurel.web.callers import Spelling, by_api_key
from laurel.web.dialects.litmos import chosen_settings, courses, module_results, translate, users
from laurel.web.dialects.litmos.errors import render_error
from laurel.web.dialects.litmos.site import earned, open_site, permits
from laurel.web.dialects.litmos.wire import Resource, answer_lines, answer_list, query_of
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.surfaces import Surface

PREFIX = "/v1.svc"
SEGMENTS = frozenset(
    {
        "achievements", "org", "users", "details", "paginated", "courses", "teams", "results", "modules", "badges",
        "gamificationsummary", "gamificationdetails", "settings",
    }
)  # fmt: skip


async def titles_of(tx: Transaction, rows: list[FeedRow], language: str) -> dict[int, tuple[Title, str]]:
    """The titles of the rows' achievements, each with its Type."""
    known = await store.titles(tx, sorted({row.achievement_id for row in rows}), language)
    return {number: (title, translate.kind_of(title.type)) for number, title in known.items()}


@get("/v1.svc/achievements", guards=[permits("awards:read")], include_in_schema=False)
async def list_achievements(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[bytes]:
    """What was gained, newest first unless sorted otherwise."""
    query = query_of(request)
    wanted, window = translate.feed_filter(query), translate.window_of(query)
    async with open_site(parts, caller) as site:
        if (name := query.get("userid")) is not None:
            person = await users.find(site.tx, name)
            if person is None:
                return answer_list(request, ("Achievements", "Achievement"), [], site.settings.json_date)
            wanted = msgspec.structs.replace(wanted, person_id=person.id)
        rows = await earned(site, parts, caller, wanted, window)
        titles = await titles_of(site.tx, rows, site.language)
    lines = {number: translate.line_of(*found) for number, found in titles.items()}
    return answer_lines(
        request,
        ("Achievements", "Achievement"),
        lambda date: [translate.achievement(row, lines[row.achievement_id], date) for row in rows],
        site.settings.json_date,
    )


@get("/v1.svc/org/achievements", guards=[permits("awards:read")], include_in_schema=False)
async def list_changed_achievements(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[bytes]:
    """What was created or updated between since and to, in the order of the update."""
    query = query_of(request)
    since, until = translate.range_in(query)
    window = translate.window_of(query)
    wanted = FeedFilter(order="updated_at", descending=False, updated_since=since, updated_until=until)
    async with open_site(parts, caller) as site:
        rows = await earned(site, parts, caller, wanted, window)
        titles = await titles_of(site.tx, rows, site.language)
    listed = [translate.changed_achievement(row, *titles[row.achievement_id]) for row in rows]
    return answer_list(request, ("Achievements", "Achievement"), listed, "iso")


@get("/v1.svc/results/details", guards=[permits("awards:read")], include_in_schema=False)
async def list_results(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller
) -> Response[bytes]:
    """One line per user and course completed between since and to."""
    query = query_of(request)
    since, until = translate.range_in(query)
    window = translate.window_of(query)
    wanted = FeedFilter(since=since, until=until)
    async with open_site(parts, caller) as site:
        rows = await earned(site, parts, caller, wanted, window)
        titles = await titles_of(site.tx, rows, site.language)
    listed = [_result(row, titles[row.achievement_id][0]) for row in rows]
    return answer_list(request, ("Results", "Result"), listed, site.settings.json_date)


def _result(row: FeedRow, title: Title) -> Resource:
    return {
        "ResultId": row.id,
        "UserId": row.person_uid,
        "FirstName": translate.cut(row.first_name, 50),
        "LastName": translate.cut(row.last_name, 50),
        "CourseId": title.uid,
        "CourseName": translate.cut(title.name, 512),
        "Complete": True,
        "PercentageComplete": 100,
        "Score": row.score or "",
        "DateCompleted": row.awarded_at,
        "UpToDate": True,
        "Overdue": False,
        "CompliantTill": row.expires_at,
    }


def surface() -> Surface:
    """The dialect."""
    return Surface(
        name="litmos",
        prefixes=(PREFIX,),
        handlers=[
            list_achievements,
            list_changed_achievements,
            list_results,
            *users.HANDLERS,
            *courses.HANDLERS,
            *module_results.HANDLERS,
            *chosen_settings.HANDLERS,
        ],
        render_error=render_error,
        authenticate=by_api_key(Spelling.APIKEY_HEADER | Spelling.APIKEY_QUERY),
        lower_case=SEGMENTS,
    )

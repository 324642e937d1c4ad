"""The Analytics API as far as it touches achievements: how users stand in each, and what moved their points. Reading only."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.params import QueryParameter

from laurel.base.errors import Invalid
from laurel.base.ids import DepartmentId
from laurel.base.times import render_time_or_none
from laurel.database.slices import Slice
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.standing import Standing, standings_of
from laurel.domain.organisations import store as organisations
from laurel.domain.people import store as people
from laurel.domain.rewards.ledger import store as ledger
from laurel.web.dialects.nudj.achievement_view import has_moved, progress_out
from laurel.web.dialects.nudj.acting import administers
from laurel.web.dialects.nudj.listing import PAGE_MAX, Listed
from laurel.web.dialects.nudj.member_view import members_of, transaction_out, user_out
from laurel.web.dialects.nudj.translate import Tongue, department_id_of, details_out, require_person_id, tongue_of
from laurel.web.injected import InjectedCaller, InjectedParts, InjectedSpine

_USERS = "/api/v2/analytics/users"
OfUser = Annotated[str | None, QueryParameter(name="userId", max_length=200)]
OfCommunity = Annotated[str | None, QueryParameter(name="communityId", max_length=100)]


def _page(total: int, data: list[Any], listed: Slice) -> dict[str, Any]:
    return {"data": data, "pagination": {"total": total, "skip": listed.offset, "limit": listed.limit}}


@get(_USERS + "/details", guards=[administers("people:read")])
async def get_users_details(
    request: Request[Any, Any, Any],
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    listed: Listed,
) -> dict[str, Any]:
    """Users with the live achievements, of the newest PAGE_MAX, that they have come anywhere in."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, found = await people.page(tx, listed)
        _, known = await achievements.page(tx, statuses=("live",), wanted=Slice(PAGE_MAX))
        book, now, tongue = (await spine.open(tx)).book, parts.clock.now(), await tongue_of(tx, request)
        members = await members_of(tx, found)
        standing = await standings_of(tx, book, [person.id for person in found], known, now)
        data = [
            {
                **user_out(members, person, book.calendar, now),
                "achievements": [
                    _row(one, tongue) for one in standing[person.id] if one.awards or has_moved(one.progress)
                ],
            }
            for person in found
        ]
    return _page(total, data, listed)


def _row(standing: Standing, tongue: Tongue) -> dict[str, Any]:
    achievement, root = standing.achievement, progress_out(standing)
    details = details_out(achievement.names, achievement.descriptions, achievement.images, tongue, achievement.image)
    held = [award for award in standing.awards if award.state == "active"]
    optional = {
        "achievementDescription": details["description"] or None,
        "completedAt": render_time_or_none(max((award.awarded_at for award in held), default=None)),
        "lastUpdatedAt": render_time_or_none(max((award.updated_at for award in standing.awards), default=None)),
        "expiresAt": render_time_or_none(achievement.expires_at),
        "bannerUrl": details["light"].get("primaryImageUrl"),
    }
    return {
        "achievementId": achievement.uid,
        "achievementName": details["title"],
        "progress": root["currentValue"],
        "progressMax": root["targetValue"],
        "isCompleted": root["isComplete"],
        **{name: value for name, value in optional.items() if value is not None},
    }


@get(_USERS + "/points-transactions", guards=[administers("rewards:read")])
async def get_points_transactions(
    parts: InjectedParts,
    caller: InjectedCaller,
    listed: Listed,
    user_id: OfUser = None,
    community_id: OfCommunity = None,
) -> dict[str, Any]:
    """What moved a user's points, newest first."""
    if not user_id:
        raise Invalid("required", field="userId")
    async with parts.database.transaction(caller.organisation_id) as tx:
        person_id = await require_person_id(tx, user_id)
        person = (await people.find_many(tx, [person_id]))[person_id]
        department_id = await department_id_of(tx, community_id)
        total, found = await ledger.page_ledger(tx, person_id, "points", department_id, listed)
        organisation_uid = (await organisations.organisation(tx)).uid
        wanted = sorted({DepartmentId(entry.department_id) for _, entry, _ in found if entry.department_id})
        communities = await organisations.department_uids(tx, wanted)
    data = [
        transaction_out(id_, entry, at, person, organisation_uid, communities.get(DepartmentId(entry.department_id)))
        for id_, entry, at in found
    ]
    return _page(total, data, listed)


HANDLERS = (get_users_details, get_points_transactions)

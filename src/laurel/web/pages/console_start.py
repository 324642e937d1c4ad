"""/console: the dashboard, the first steps, and the organisation's colour."""

from datetime import date, timedelta
from typing import Any, NamedTuple

from litestar import Response

from laurel.base.errors import AlreadyHeld, LaurelError
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.definitions import Definition
from laurel.domain.achievements.periods import zone
from laurel.domain.organisations import audit
from laurel.domain.people import store as people
from laurel.domain.record_events.award import Gift, give
from laurel.domain.record_events.races import run_again_on_races
from laurel.domain.record_events.run import Run
from laurel.domain.register.model import Search
from laurel.domain.register.search import count, find
from laurel.web.pages.colours import brand_css
from laurel.web.pages.recipients import recipient_of
from laurel.web.pages.visits import Visit, page

_DAYS = 30
_LATEST = 8


class Bar(NamedTuple):
    """One day of the chart."""

    day: date
    awards: int
    x: float
    y: float
    height: float


def bars_of(counts: dict[date, int], today: date) -> list[Bar]:
    """The last days as bars of a chart 600 by 120."""
    days = [today - timedelta(days=back) for back in reversed(range(_DAYS))]
    top = max([counts.get(one, 0) for one in days] + [1])
    width = 600 / _DAYS
    bars = []
    for index, one in enumerate(days):
        height = 110 * counts.get(one, 0) / top
        bars.append(Bar(one, counts.get(one, 0), round(index * width + 2, 1), round(120 - height, 1), round(height, 1)))
    return bars


async def _overview(tx: Transaction, visit: Visit) -> dict[str, Any]:
    now = visit.parts.clock.now()
    organisation = visit.organisation
    counts = await awarded.count_per_day(tx, now - timedelta(days=_DAYS), organisation.time_zone)
    by_status = await achievements.count_by_status(tx)
    latest = await awarded.latest(tx, None, _LATEST)
    return {
        "people_count": await people.count_living(tx, archived=None),
        "credential_count": await count(tx, Search()),
        "achievement_count": sum(by_status.values()),
        "live_count": by_status.get("live", 0),
        "bars": bars_of(counts, now.astimezone(zone(organisation.time_zone)).date()),
        "awards": latest,
        "known_people": await people.find_many(tx, sorted({award.person_id for award in latest})),
        "known_achievements": await achievements.find_many(tx, sorted({award.achievement_id for award in latest})),
        "first_credential": (await find(tx, Search(limit=1))).credentials,
    }


@page("/console")
async def show_dashboard(visit: Visit) -> Response[bytes]:
    """What happened lately; on the first day, what to do first."""
    async with visit.transaction() as tx:
        overview = await _overview(tx, visit)
    return visit.show("console/dashboard.html", once=visit.new_once(), **overview)


@page("/console/first", needs="achievements:write", post=True)
async def give_first(visit: Visit) -> Response[bytes]:
    """The shortest way: name an achievement and somebody who has earned it."""
    form, parts = visit.form, visit.parts

    async def work(tx: Transaction, _careful: bool) -> str:
        now = parts.clock.now()
        uid = visit.once()
        wanted = await achievements.find_by_uid(tx, uid)
        if wanted is None:
            language = visit.organisation.language
            wanted = await definitions.create(
                tx,
                Definition(
                    names={language: form.get("achievement")},
                    descriptions={language: form.get("description")},
                    status="live",
                    issues_credential=True,
                    criteria_narrative=form.get("description"),
                ),
                actor=visit.caller.actor,
                now=now,
                uid=uid,
            )
            await audit.record(tx, at=now, by=visit.caller, action="achievement.create", subject=("achievement", uid))
        run = await Run.begin(tx, parts.spine, now=now)
        person = await recipient_of(tx, form.get("email"), form.get("recipient"), now)
        gift = Gift(person=person, achievement=wanted, awarded_at=now, source="console", credential=True)
        (given,) = await give(run, [gift])
        await run.save()
        await audit.record(tx, at=now, by=visit.caller, action="award.give", subject=("award", given.award.uid))
        return given.credential.uid if given.credential else ""

    try:
        uid = await run_again_on_races(parts.spine, visit.organisation_id, work)
    except AlreadyHeld as held:  # the form was sent twice: the first time has done it
        uid = str(held.details.get("credential", ""))
    except LaurelError as refused:
        refused.field = {"names": "achievement", "person.email": "email", "descriptions": "description"}.get(
            refused.field or "", refused.field
        )
        async with visit.transaction() as tx:
            overview = await _overview(tx, visit)
        return visit.show("console/dashboard.html", error=refused, once=visit.new_once(), **overview)
    return visit.to(f"/console/credentials/{uid}", "Your first credential is issued.")


@page("/console/brand.css")
async def show_brand(visit: Visit) -> Response[bytes]:
    """The organisation's colour as a stylesheet."""
    css = brand_css(visit.organisation)
    return Response(
        css.encode(), media_type="text/css; charset=utf-8", headers={"Cache-Control": "private, max-age=60"}
    )


HANDLERS = (show_dashboard, give_first, show_brand)

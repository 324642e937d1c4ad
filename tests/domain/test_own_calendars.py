"""Achievements that count in each person's own days: edges of days and clocks, moves between zones, bad zones."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from laurel.base import limits
from tests.support.builders import a_person
from tests.support.events import an_achievement, an_event, person_uid

PERIODS = ("daily", "weekly", "monthly", "yearly")
EDGES = [
    ("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2025, 10, 26, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 5, tzinfo=UTC)),
    ("America/New_York", datetime(2025, 11, 2, 5, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 13, 30, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2025, 10, 4, 13, 30, tzinfo=UTC)),
    ("America/St_Johns", datetime(2026, 3, 8, 3, 30, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2025, 4, 24, 22, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 3, 8, 5, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2025, 12, 31, 18, 30, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Pacific/Kiritimati", datetime(2026, 1, 1, tzinfo=UTC)),
]
"""A zone, and about when its day begins on the day of a change."""


def naive_key(at: datetime, zone: str, period: str) -> str:
    day = at.astimezone(ZoneInfo(zone)).date()
    first = {
        "daily": day,
        "weekly": day - timedelta(days=day.weekday()),
        "monthly": day.replace(day=1),
        "yearly": day.replace(month=1, day=1),
    }[period]
    return f"{period[0]}:{first.isoformat()}"


async def periods_of(api, person: str) -> set[str]:
    items = (await api.get(f"/api/v1/people/{person}/awards?limit=100")).json()["items"]
    return {award["period"] for award in items if award["state"] == "active"}


async def standing_of(api, person: str) -> dict[str, object]:
    (item,) = (await api.get(f"/api/v1/people/{person}/progress")).json()["items"]
    return item


@pytest.mark.parametrize(("zone", "edge"), EDGES)
async def test_every_event_around_a_change_of_the_clock_falls_into_the_persons_own_period(
    api, parts, organisation, clock, zone, edge
):
    clock.set(datetime(2026, 6, 1, tzinfo=UTC))
    for period in PERIODS:
        await an_achievement(api, period=period, calendar="person")
    ada = await a_person(parts, organisation, identifiers={"external": "ada"}, time_zone=zone)
    moments = [edge + timedelta(minutes=30 * step, seconds=second) for step in range(-54, 55) for second in (0, 1799)]
    events = [
        {"person": {"external_id": "ada"}, "name": "lesson.completed", "occurred_at": at.isoformat()} for at in moments
    ]
    newest_first = await api.post("/api/v1/events", json=events[::-1])
    assert newest_first.json()["accepted"] == len(events)
    assert await periods_of(api, ada.uid) == {naive_key(at, zone, period) for at in moments for period in PERIODS}


@pytest.mark.parametrize(("zone", "edge"), EDGES)
async def test_a_day_resets_when_the_persons_next_one_begins(api, parts, organisation, clock, zone, edge):
    await an_achievement(api, period="daily", calendar="person")
    ada = await a_person(parts, organisation, time_zone=zone)
    for hours in (-20, -3, 5, 30):
        now = edge + timedelta(hours=hours, minutes=7)
        clock.set(now)
        today = naive_key(now, zone, "daily")
        minutes = (now.replace(minute=0) + timedelta(minutes=step) for step in range(8, 60 * 30))
        begins = next(minute for minute in minutes if minute > now and naive_key(minute, zone, "daily") != today)
        shown = await standing_of(api, ada.uid)
        assert (shown["period"], datetime.fromisoformat(shown["resets_at"])) == (today, begins)


async def test_the_organisations_days_are_the_default_and_those_of_people_without_a_zone(api, parts, organisation):
    own = await an_achievement(api, period="daily", calendar="person")
    common = await an_achievement(api, period="daily")
    assert (own["calendar"], common["calendar"]) == ("person", "organisation")
    await a_person(parts, organisation, identifiers={"external": "ada"}, time_zone="Pacific/Kiritimati")
    at = "2026-03-13T11:00:00Z"
    for person, expected in (("ada", {own["id"]: "d:2026-03-14", common["id"]: "d:2026-03-13"}), ("bob", {})):
        unlocked = (await an_event(api, person, occurred_at=at))["unlocked"]
        wanted = expected or {own["id"]: "d:2026-03-13", common["id"]: "d:2026-03-13"}
        assert {one["achievement"]: one["period"] for one in unlocked} == wanted


async def test_moving_to_another_zone_counts_nothing_twice_and_loses_nothing(api, parts, organisation, clock):
    made = await an_achievement(api, period="daily", calendar="person", criteria=lessons(2))
    ada = await a_person(parts, organisation, identifiers={"external": "ada"}, time_zone="UTC")
    path = f"/api/v1/people/{ada.uid}"
    clock.set(datetime(2026, 3, 14, 12, tzinfo=UTC))
    await an_event(api, key="1")
    assert (await an_event(api, key="2"))["unlocked"][0]["period"] == "d:2026-03-14"
    clock.advance(timedelta(minutes=1))
    assert (await api.patch(path, json={"time_zone": "Pacific/Kiritimati"})).json()["time_zone"] == "Pacific/Kiritimati"
    assert await current_value(api, ada.uid) == ("d:2026-03-15", 0)
    clock.advance(timedelta(hours=1))
    await an_event(api, key="3")
    assert (await an_event(api, key="4"))["unlocked"][0]["period"] == "d:2026-03-15"
    await api.patch(path, json={"time_zone": "Pacific/Pago_Pago"})
    clock.advance(timedelta(hours=1))
    assert "unlocked" not in await an_event(api, key="5")  # it is the 14th again, which is earned
    assert await current_value(api, ada.uid) == ("d:2026-03-14", 3)
    late = await an_event(api, key="6", occurred_at="2026-03-14T12:30:00Z")
    assert late["advanced"] == [
        {"achievement": made["id"], "query": "lessons", "value": 3}
    ]  # of the 15th, where she was
    clock.set(datetime(2026, 3, 15, 12, tzinfo=UTC))
    assert "unlocked" not in await an_event(api, key="7")  # the 15th of Pago Pago was earned on Kiritimati
    changed = await api.patch(f"/api/v1/achievements/{made['id']}", json={"criteria": lessons(1), "backfill": True})
    assert changed.status_code == 200
    assert await periods_of(api, ada.uid) == {"d:2026-03-14", "d:2026-03-15"}


async def test_what_was_dated_ahead_stays_in_the_day_it_was_counted_in(api, parts, organisation, clock):
    await an_achievement(api, period="daily", calendar="person")
    ada = await a_person(parts, organisation, identifiers={"external": "ada"}, time_zone="UTC")
    clock.set(datetime(2026, 3, 14, 12, tzinfo=UTC))
    ahead = await an_event(api, key="1", occurred_at="2026-03-14T20:00:00Z")
    assert ahead["unlocked"][0]["period"] == "d:2026-03-14"
    await api.patch(f"/api/v1/people/{ada.uid}", json={"time_zone": "Asia/Tokyo"})
    await an_event(api, key="2", occurred_at="2026-03-14T21:00:00Z")
    body = {"person": {"external_id": "ada"}, "key": "2", "reason": "a mistake"}
    assert (await api.post("/api/v1/events/retractions", json=body)).status_code == 200
    assert await periods_of(api, ada.uid) == {"d:2026-03-14", "d:2026-03-15"}
    again = await an_event(api, key="3", occurred_at="2026-03-14T19:00:00Z")
    assert again["advanced"][0]["value"] == 2


async def test_caps_and_streaks_of_such_an_achievement_are_of_the_persons_days(api, parts, organisation):
    queries = [{"alias": "lessons", "event_name": "lesson.completed", "cap": {"count": 1, "window": "day"}}]
    capped = await an_achievement(api, calendar="person", queries=queries, criteria=lessons(9))
    streak = await an_achievement(api, calendar="person", criteria={"type": "streak", "query": "lessons", "value": 9})
    await a_person(parts, organisation, identifiers={"external": "ada"}, time_zone="Asia/Kolkata")
    for at in ("2026-03-13T18:29:59Z", "2026-03-13T18:30:00Z", "2026-03-14T18:29:59Z"):
        advanced = (await an_event(api, occurred_at=at))["advanced"]
    assert {one["achievement"]: one["value"] for one in advanced} == {capped["id"]: 2, streak["id"]: 2}


async def test_a_zone_or_calendar_that_does_not_exist_is_named(api):
    for zone in ("Mars/Olympus", "europe/berlin", "../UTC", "", "x" * (limits.TAG_LENGTH_MAX + 1)):
        answer = await api.post("/api/v1/people", json={"external_id": "ada", "time_zone": zone})
        assert (answer.status_code, answer.json()["field"]) == (422, "time_zone"), zone
    answer = await api.post("/api/v1/achievements", json={"name": "x", "calendar": "moon"})
    assert answer.status_code == 422
    assert "calendar" in answer.text


async def test_there_is_a_limit_to_changes_of_zone(api, parts, organisation, clock):
    ada = await a_person(parts, organisation, time_zone="UTC")
    async with parts.database.transaction(organisation.id) as tx:
        await tx.execute(
            """
            INSERT INTO past_time_zone (organisation_id, person_id, until)
            SELECT $1, $2, $3::timestamptz - n * interval '1 hour' FROM generate_series(1, $4) AS n
            """,
            organisation.id,
            ada.id,
            clock.now(),
            limits.TIME_ZONE_CHANGES_MAX - 1,
        )
    answers = []
    for zone in ("Asia/Tokyo", "Asia/Tokyo", "UTC"):
        clock.advance(timedelta(hours=1))
        answers.append(await api.patch(f"/api/v1/people/{ada.uid}", json={"time_zone": zone}))
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    refused = answers[-1].json()
    assert (refused["field"], refused["limit"]) == ("time_zone", limits.TIME_ZONE_CHANGES_MAX)


async def test_removing_a_person_forgets_where_they_were(api, parts, organisation):
    await an_event(api, "ada")
    path = f"/api/v1/people/{await person_uid(parts, organisation, 'ada')}"
    await api.patch(path, json={"time_zone": "Asia/Tokyo"})
    assert (await api.delete(path)).status_code == 204
    async with parts.database.transaction(organisation.id) as tx:
        assert await tx.fetchval("SELECT count(*) FROM past_time_zone WHERE organisation_id = $1", organisation.id) == 0


def lessons(value: int) -> dict[str, object]:
    return {"type": "count", "query": "lessons", "operator": ">=", "value": value}


async def current_value(api, person: str) -> tuple[str, int]:
    shown = await standing_of(api, person)
    return shown["period"], shown["progress"]["current_value"]


async def test_when_the_organisation_moves_what_was_counted_stays_in_its_day(api, clock):
    """Berlin's Tuesday began while it was Monday in New York; going there does not move Monday's lesson."""
    clock.set(datetime(2026, 3, 3, 0, 30, tzinfo=UTC))
    assert (await api.patch("/api/v1/organisation", json={"time_zone": "Europe/Berlin"})).status_code == 200
    await an_achievement(
        api,
        status="live",
        period="daily",
        queries=[{"alias": "q", "event_name": "lesson"}],
        criteria={"type": "count", "query": "q", "value": 1},
    )
    await an_event(api, "ada", name="lesson", key="1", occurred_at="2026-03-02T23:30:00Z")
    moved = await api.patch("/api/v1/organisation", json={"time_zone": "America/New_York"})
    assert (moved.status_code, moved.json()["time_zone"]) == (200, "America/New_York")
    clock.advance(timedelta(minutes=10))
    await an_event(api, "ada", name="lesson", key="2")
    await an_event(api, "ada", name="lesson", key="3", occurred_at="2026-03-02T23:40:00Z")
    [person] = (await api.get("/api/v1/people")).json()["items"]
    awards = (await api.get(f"/api/v1/people/{person['id']}/awards")).json()["items"]
    assert sorted(one["period"] for one in awards) == ["d:2026-03-02", "d:2026-03-03"]
    retraction = {"person": {"external_id": "ada"}, "key": "3", "reason": "twice"}
    assert (await api.post("/api/v1/events/retractions", json=retraction)).status_code == 200
    awards = (await api.get(f"/api/v1/people/{person['id']}/awards")).json()["items"]
    assert sorted(one["period"] for one in awards if one["revoked_at"] is None) == ["d:2026-03-02", "d:2026-03-03"]


async def test_before_anything_was_recorded_the_zone_counts_for_the_past_too(api, clock):
    clock.set(datetime(2026, 3, 5, 12, tzinfo=UTC))
    await api.patch("/api/v1/organisation", json={"time_zone": "Asia/Tokyo"})
    await an_achievement(
        api,
        status="live",
        period="daily",
        queries=[{"alias": "q", "event_name": "lesson"}],
        criteria={"type": "count", "query": "q", "value": 1},
    )
    await an_event(api, "ada", name="lesson", occurred_at="2026-03-02T23:30:00Z")
    [person] = (await api.get("/api/v1/people")).json()["items"]
    [award] = (await api.get(f"/api/v1/people/{person['id']}/awards")).json()["items"]
    assert award["period"] == "d:2026-03-03"


async def test_an_organisation_moves_as_often_as_the_limit_says(api, parts, organisation, clock):
    await an_event(api, "ada", name="lesson")
    async with parts.database.transaction(organisation.id) as tx:
        await tx.execute(
            """
            INSERT INTO organisation_past_zone (organisation_id, until, time_zone)
            SELECT $1, $2::timestamptz - n * interval '1 hour', 'UTC' FROM generate_series(1, $3) AS n
            """,
            organisation.id,
            clock.now(),
            limits.TIME_ZONE_CHANGES_MAX - 1,
        )
    answers = []
    for zone in ("Asia/Tokyo", "Asia/Tokyo", "Asia/Kolkata"):
        clock.advance(timedelta(hours=1))
        answers.append(await api.patch("/api/v1/organisation", json={"time_zone": zone}))
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    refused = answers[-1].json()
    assert (refused["field"], refused["limit"]) == ("time_zone", limits.TIME_ZONE_CHANGES_MAX)
    assert (await api.get("/api/v1/organisation")).json()["time_zone"] == "Asia/Tokyo"

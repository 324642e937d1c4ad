from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from laurel.domain.organisations import tenancy
from laurel.worker.known_jobs import pay_leaderboard_prizes
from tests.dialects.nudj.conftest import a_member, speaks
from tests.dialects.nudj.wishes import ADMIN, USER, a_count, a_distribution, a_query, an_allocation
from tests.support.builders import a_department, a_key

ZONES = [
    ("Europe/Warsaw", datetime(2026, 3, 29, 12, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 12, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 5, 12, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 9, 5, 12, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 5, 1, 12, tzinfo=UTC)),
    ("Pacific/Chatham", datetime(2026, 9, 26, 12, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 4, 23, 12, tzinfo=UTC)),
]


async def in_zone(parts, organisation, zone):
    async with parts.database.transaction(organisation.id) as tx:
        await tenancy.change_organisation(tx, {"time_zone": zone}, by="test", now=parts.clock.now())


async def a_board(admin, **wish):
    body = {
        "name": "Most XP",
        "metricType": "total-xp",
        "startsAt": "2020-01-01T00:00:00.000Z",
        "status": "live",
        "period": "open",
        **wish,
    }
    return await admin.post(f"{ADMIN}/leaderboards", body)


async def pays_xp(admin, total=1):
    rule = {"eventCategory": "custom", "eventSubCategory": "", "total": total}
    await admin.send("PATCH", f"{ADMIN}/xp-config", {"xpConfigs": [rule]})


async def ranking(member, board, **query):
    return await member.get(f"{USER}/leaderboards/{board['id']}/ranking", params=query)


@pytest.mark.parametrize(("zone", "instant"), ZONES)
async def test_a_daily_achievement_resets_at_local_midnight_across_clock_changes(
    admin, member, parts, organisation, clock, zone, instant
):
    await in_zone(parts, organisation, zone)
    clock.set(instant)
    made = await admin.achievement(progressPeriod="daily", criteria=a_count(1))
    path = f"{USER}/achievements/{made['id']}"
    end = datetime.fromisoformat((await member.get(path))["userState"]["progressResetsAt"])
    clock.set(end - timedelta(milliseconds=1))
    await admin.event()
    await admin.event()
    state = (await member.get(path))["userState"]
    assert (state["timesCompleted"], state["currentValue"]) == (1, 2)
    clock.set(end)
    state = (await member.get(path))["userState"]
    assert (state["status"], state["currentValue"], state["timesCompleted"]) == ("not-started", 0, 1)
    assert state["completedAt"] == (end - timedelta(milliseconds=1)).strftime("%Y-%m-%dT%H:%M:%S.999Z")
    await admin.event()
    assert (await member.get(path))["userState"]["timesCompleted"] == 2


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Warsaw", "2026-03-29", 23),
        ("Europe/Warsaw", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("America/Santiago", "2026-09-06", 23),
        ("Asia/Kathmandu", "2026-05-01", 24),
        ("Pacific/Chatham", "2026-09-27", 23),
        ("Africa/Cairo", "2026-04-24", 23),
    ],
)
async def test_days_with_a_clock_change_have_their_own_length(
    admin, member, parts, organisation, clock, zone, day, hours
):
    await in_zone(parts, organisation, zone)
    made = await admin.achievement(progressPeriod="daily", criteria=a_count(1))
    previous = datetime.fromisoformat(f"{day}T12:00:00+00:00") - timedelta(days=2)
    ends = []
    clock.set(previous)
    for _ in range(4):
        state = (await member.get(f"{USER}/achievements/{made['id']}"))["userState"]
        ends.append(datetime.fromisoformat(state["progressResetsAt"]))
        clock.set(ends[-1])
    lengths = [(later - earlier).total_seconds() / 3600 for earlier, later in pairwise(ends)]
    assert hours in lengths


async def test_weeks_start_on_monday_and_months_on_the_first(admin, member, parts, organisation, clock):
    await in_zone(parts, organisation, "Asia/Tokyo")
    clock.set(datetime(2026, 3, 11, 12, tzinfo=UTC))
    ends = {}
    for period in ("weekly", "monthly", "yearly"):
        made = await admin.achievement(progressPeriod=period)
        ends[period] = (await member.get(f"{USER}/achievements/{made['id']}"))["userState"]["progressResetsAt"]
    assert ends == {
        "weekly": "2026-03-15T15:00:00.000Z",
        "monthly": "2026-03-31T15:00:00.000Z",
        "yearly": "2026-12-31T15:00:00.000Z",
    }


# --------------------------------------------------------------------------------------------------------- leaderboards
async def test_people_are_ranked_and_equal_scores_share_a_rank(admin, member, parts, organisation, clock):
    await pays_xp(admin, 7)
    board = await a_board(admin)
    for number, times in enumerate((5, 3, 3, 1), start=2):
        await a_member(parts, organisation, f"member-{number}")
        for _ in range(times):
            clock.advance(timedelta(seconds=1))
            await admin.event(user=f"member-{number}")
    await admin.event()
    shown = await ranking(member, board)
    assert [(edge["rank"], edge["score"]) for edge in shown["edges"]] == [(1, 35), (2, 21), (2, 21), (4, 7), (4, 7)]
    assert (shown["totalCount"], shown["userState"]["rank"]) == (5, 4)
    page = await ranking(member, board, skip=2, limit=2)
    assert [edge["rank"] for edge in page["edges"]] == [2, 4]


async def test_ranks_equal_a_plain_count_for_many_scores(admin, member, parts, organisation):
    board = await a_board(admin)
    mug = await admin.reward()
    scores = [1, 63, 64, 65, 127, 128, 4095, 4096, 4097, 64, 262_144, 300_000]
    for number, score in enumerate(scores):
        person = await a_member(parts, organisation, f"scorer-{number}")
        body = {
            "rewards": [{"rewardId": mug["id"], "allocationType": "assets", "quantity": 1}],
            "xpToDistribute": score,
            "pointsToDistribute": 0,
            "distributionMechanism": "all",
            "amountToDistribute": 1,
            "userIds": [person.uid],
            "communityId": None,
        }
        await admin.post(f"{ADMIN}/rewards/manual-distribution", body)
    shown = await ranking(member, board, limit=100)
    expected = sorted((1 + sum(other > score for other in scores), score) for score in scores)
    assert [(edge["rank"], edge["score"]) for edge in shown["edges"]] == expected
    for skip in range(len(scores)):
        [edge] = (await ranking(member, board, limit=1, skip=skip))["edges"]
        assert (edge["rank"], edge["score"]) == expected[skip]


async def test_a_daily_board_begins_anew_at_local_midnight(admin, member, parts, organisation, clock):
    await in_zone(parts, organisation, "Pacific/Auckland")
    await pays_xp(admin)
    board = await a_board(admin, period="daily")
    await admin.event()
    shown = await ranking(member, board)
    assert shown["resetsAt"] == "2026-03-15T11:00:00.000Z"
    clock.set(datetime(2026, 3, 15, 10, 59, 59, tzinfo=UTC))
    assert (await ranking(member, board))["userState"]["score"] == 1
    clock.set(datetime(2026, 3, 15, 11, tzinfo=UTC))
    assert (await ranking(member, board))["userState"] is None


async def test_a_board_of_a_community_counts_that_community_alone(admin, member, parts, organisation):
    await pays_xp(admin)
    inside = await a_department(parts, organisation)
    board = await a_board(admin, conditions=[{"type": "community", "communityId": inside.uid}])
    await admin.event()
    assert (await ranking(member, board))["totalCount"] == 0
    body = {"eventName": "x", "payload": {}, "userId": "member-1", "communityId": inside.uid}
    await admin.post(f"{ADMIN}/events/custom", body)
    assert (await ranking(member, board))["userState"]["score"] == 1
    listed = await member.get(f"{USER}/leaderboards/configs", params={"communityId": inside.uid})
    assert [edge["id"] for edge in listed["edges"]] == [board["id"]]


async def test_ranks_are_paid_once_when_the_period_is_over(admin, member, parts, organisation, clock):
    await pays_xp(admin)
    mug = await admin.reward()
    prizes = [
        {"startRank": 1, "endRank": 1, "points": 100, "items": [{"rewardId": mug["id"]}]},
        {"startRank": 2, "endRank": 3, "points": 10},
    ]
    board = await a_board(admin, period="daily", rewardsConfig=prizes)
    assert board["reward"][0]["items"][0]["id"] == mug["id"]
    await a_member(parts, organisation, "member-2")
    await admin.event()
    await admin.event()
    await admin.event(user="member-2")
    await pay_leaderboard_prizes(parts)
    assert (await member.get(f"{USER}/me"))["points"] == 0
    clock.advance(timedelta(days=1))
    for _ in range(2):
        await pay_leaderboard_prizes(parts)
    assert (await member.get(f"{USER}/me"))["points"] == 100
    assert (await member.get(f"{USER}/me/rewards"))["totalCount"] == 1
    assert (await admin.get(f"{ADMIN}/users/member-2"))["points"] == 10


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        ({"expiresAt": "2019-01-01T00:00:00.000Z"}, "expiresAt"),
        ({"metricType": "total-fun"}, "metricType"),
        ({"name": " "}, "name"),
        ({"startsAt": "soon"}, "startsAt"),
        ({"rewardsConfig": [{"startRank": 2, "endRank": 1}]}, "rewardsConfig[0]"),
        ({"rewardsConfig": [{"startRank": 1, "endRank": 3}, {"startRank": 2, "endRank": 5}]}, "rewardsConfig[1]"),
        ({"conditions": [{"type": "community", "communityId": "0" * 24}]}, "conditions[0].communityId"),
    ],
)
async def test_bad_boards_are_refused_with_the_path(admin, wish, place):
    body = {
        "name": "B",
        "metricType": "total-xp",
        "startsAt": "2020-01-01T00:00:00Z",
        "status": "live",
        "period": "open",
        **wish,
    }
    error = await admin.refused("POST", f"{ADMIN}/leaderboards", 400, body)
    assert error["data"]["field"] == f"body.{place}"


async def test_boards_are_shown_to_the_organisation_and_live_ones_to_users(admin, member):
    board = await a_board(admin)
    draft = await a_board(admin, status="draft")
    listed = await admin.get(f"{ADMIN}/leaderboards/configs")
    assert [edge["id"] for edge in listed["edges"]] == [draft["id"], board["id"]]
    drafts = await admin.get(f"{ADMIN}/leaderboards/configs", params={"status": "draft"})
    assert [edge["id"] for edge in drafts["edges"]] == [draft["id"]]
    assert await admin.get(f"{ADMIN}/leaderboards/configs/{board['id']}") == board
    seen = await member.get(f"{USER}/leaderboards/configs")
    assert [edge["id"] for edge in seen["edges"]] == [board["id"]]
    await member.refused("GET", f"{USER}/leaderboards/{draft['id']}/ranking", 404)
    await admin.refused("GET", f"{ADMIN}/leaderboards/configs/{'0' * 24}", 404)


async def test_a_board_is_changed_by_what_the_body_names(admin, member):
    mug = await admin.reward()
    prize = {"startRank": 1, "endRank": 1, "points": 5, "items": [{"rewardId": mug["id"], "allocationType": "assets"}]}
    board = await a_board(admin, rewardsConfig=[prize], description="All of us")
    path = f"{ADMIN}/leaderboards/{board['id']}"
    changed = await admin.post(path, {"name": "XP", "expiresAt": "2999-01-01T00:00:00.000Z"})
    assert (changed["name"], changed["expiresAt"]) == ("XP", "2999-01-01T00:00:00.000Z")
    same = set(board) - {"name", "expiresAt", "updatedAt"}
    assert {key: changed[key] for key in same} == {key: board[key] for key in same}
    known = board["rewardsConfig"][0]["distributionEventId"]
    more = {"startRank": 2, "endRank": 3, "completionXp": 4}
    config = [{"startRank": 1, "endRank": 1, "distributionEventId": known, "points": 9}, more]
    first, second = (await admin.post(path, {"rewardsConfig": config, "status": "archived"}))["reward"]
    assert (first["points"], first["distributionEventId"], len(first["items"])) == (9, known, 1)
    assert (second["points"], second["completionXp"], second["items"]) == (0, 4, [])
    await member.refused("GET", f"{USER}/leaderboards/{board['id']}/ranking", 404)
    assert (await admin.post(path, {"expiresAt": None, "conditions": []}))["expiresAt"] is None


@pytest.mark.parametrize(
    ("wish", "status", "place"),
    [
        ({"metricType": "total-actions-completed"}, 409, "metric"),
        ({"period": "weekly"}, 409, "progressPeriod"),
        ({"name": " "}, 400, "name"),
        ({"status": "scheduled"}, 400, "startsAt"),
        ({"startsAt": None}, 400, "startsAt"),
        ({"expiresAt": "2019-01-01T00:00:00Z"}, 400, "expiresAt"),
        ({"rewardsConfig": [{"startRank": 2, "endRank": 1}]}, 400, "rewardsConfig[0]"),
        ({"conditions": [{"type": "community", "communityId": "0" * 24}]}, 400, "conditions[0].communityId"),
    ],
)
async def test_changes_that_do_not_fit_leave_the_board_as_it_was(admin, wish, status, place):
    board = await a_board(admin)
    error = await admin.refused("POST", f"{ADMIN}/leaderboards/{board['id']}", status, wish)
    assert error["data"]["field"] == f"body.{place}"
    assert await admin.get(f"{ADMIN}/leaderboards/configs/{board['id']}") == board


async def test_a_board_is_taken_away(admin):
    board = await a_board(admin)
    assert await admin.send("DELETE", f"{ADMIN}/leaderboards/{board['id']}") == {"success": True}
    await admin.refused("GET", f"{ADMIN}/leaderboards/configs/{board['id']}", 404)
    await admin.refused("DELETE", f"{ADMIN}/leaderboards/{board['id']}", 404)
    await admin.refused("POST", f"{ADMIN}/leaderboards/{board['id']}", 404, {"name": "Back"})


# -------------------------------------------------------------------------------------------------------------- streaks
async def a_streak(admin, **wish):
    body = {"isEnabled": True, "triggerEvents": {"platform": [], "custom": ["lesson"]}, **wish}
    return await admin.post(f"{ADMIN}/streaks/configs", body)


async def streak_of(member):
    [shown] = await member.get(f"{USER}/me/streaks")
    return shown["userState"]


async def test_a_day_extends_a_streak_once_and_a_missed_day_ends_it(admin, member, clock):
    await a_streak(admin)
    await admin.event()
    await admin.event()
    assert await streak_of(member) == {
        "currentStreak": 1,
        "longestStreak": 1,
        "isCurrentDayComplete": True,
        "freezes": 0,
    }
    clock.advance(timedelta(days=1))
    assert (await streak_of(member))["isCurrentDayComplete"] is False
    await admin.event()
    assert (await streak_of(member))["currentStreak"] == 2
    clock.advance(timedelta(days=2))
    assert (await streak_of(member))["currentStreak"] == 0
    await admin.event()
    state = await streak_of(member)
    assert (state["currentStreak"], state["longestStreak"]) == (1, 2)


async def test_freezes_bridge_missed_days(admin, member, clock):
    await a_streak(admin, maxFreezes=1, freezeEveryDays=2)
    for _ in range(2):
        await admin.event()
        clock.advance(timedelta(days=1))
    assert (await streak_of(member))["freezes"] == 1
    clock.advance(timedelta(days=1))
    assert (await streak_of(member))["currentStreak"] == 2
    await admin.event()
    state = await streak_of(member)
    assert (state["currentStreak"], state["freezes"]) == (3, 0)
    clock.advance(timedelta(days=2))
    assert (await streak_of(member))["currentStreak"] == 0


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kolkata"])
async def test_a_streak_counts_days_where_the_person_is(admin, parts, organisation, application, clock, zone):
    away = await a_member(parts, organisation, "away", time_zone=zone)
    traveller = speaks(application, (await a_key(parts, organisation, acting_person_id=away.id)).text)
    await a_streak(admin)
    offsets = {"Pacific/Kiritimati": 10, "America/Los_Angeles": 7, "Asia/Kolkata": 18.5}
    midnight = datetime(2026, 3, 14, tzinfo=UTC) + timedelta(hours=offsets[zone])
    clock.set(midnight - timedelta(seconds=1))
    await admin.event(user="away")
    clock.set(midnight)
    await admin.event(user="away")
    assert (await streak_of(traveller))["currentStreak"] == 2
    await traveller.http.aclose()


async def test_a_streak_feeds_achievements(admin, member, clock):
    await a_streak(admin)
    query = {"type": "event", "alias": "days", "parameters": {"eventSubCategory": "streak-extended"}}
    made = await admin.achievement(queries=[query], criteria=a_count(2, "days"))
    await admin.event()
    clock.advance(timedelta(days=1))
    answer = await admin.event()
    assert answer["completedAchievementIds"] == [made["id"]]


async def test_a_streak_can_be_switched_off_and_changed(admin, member):
    config = await a_streak(admin)
    changed = await admin.send(
        "PATCH", f"{ADMIN}/streaks/configs/{config['id']}", {"triggerEvents": {"platform": ["reward-claim"]}}
    )
    assert changed["triggerEvents"] == {"platform": ["reward-claim"], "custom": []}
    assert await admin.get(f"{ADMIN}/streaks/configs") == [changed]
    await admin.event()
    assert (await streak_of(member))["currentStreak"] == 0
    await admin.send("PATCH", f"{ADMIN}/streaks/configs/{config['id']}", {"isEnabled": False})
    assert await member.get(f"{USER}/me/streaks") == []
    await admin.refused("PATCH", f"{ADMIN}/streaks/configs/{'0' * 24}", 404, {"isEnabled": True})
    bad = await admin.refused("PATCH", f"{ADMIN}/streaks/configs/{config['id']}", 400, {"maxFreezes": -1})
    assert bad["data"]["field"] == "body.maxFreezes"


async def test_a_reward_of_an_achievement_counts_for_boards(admin, member):
    board = await a_board(admin)
    made = await admin.achievement(criteria=a_count(1))
    await admin.distribute(made, [an_allocation(await admin.reward())], xp=42)
    await admin.event()
    assert (await ranking(member, board))["userState"]["score"] == 42


async def test_fractions_of_a_point_are_told_apart(admin, member, parts, organisation):
    board = await a_board(admin)
    scores = ["0.5", "0.25", "1", "1.000000001", "1.5", "64.5", "64.5"]
    made = []
    for number, score in enumerate(scores):
        await a_member(parts, organisation, f"scorer-{number}")
        achievement = await admin.achievement(criteria=a_count(1), queries=[a_query(name=f"only-{number}")])
        body = a_distribution()
        await admin.post(
            f"{ADMIN}/achievements/{achievement['id']}/distribution", {**body, "bonusXpToDistribute": float(score)}
        )
        await admin.event(f"only-{number}", user=f"scorer-{number}")
        made.append(achievement)
    shown = await ranking(member, board)
    assert [edge["rank"] for edge in shown["edges"]] == [1, 1, 3, 4, 5, 6, 7]
    for skip in range(7):
        [edge] = (await ranking(member, board, limit=1, skip=skip))["edges"]
        assert edge == shown["edges"][skip]

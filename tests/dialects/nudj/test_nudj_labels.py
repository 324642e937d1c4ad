from tests.dialects.nudj.wishes import ADMIN, USER, a_count, a_query
from tests.support.builders import a_department


async def test_a_tag_has_a_text_by_language(admin):
    made = await admin.post(f"{ADMIN}/tags", {"value": "Winter", "config": {"filtering": ["achievement"]}})
    assert made["config"] == {"filtering": ["achievement"], "display": []}
    german = {"x-language": "de"}
    await admin.post(f"{ADMIN}/tags/{made['id']}", {"value": "Winterzeit"}, headers=german)
    assert (await admin.get(f"{ADMIN}/tags/{made['id']}"))["value"] == "Winter"
    assert (await admin.get(f"{ADMIN}/tags/{made['id']}", headers=german))["value"] == "Winterzeit"
    assert (await admin.get(f"{ADMIN}/tags"))["totalCount"] == 1
    assert (await admin.refused("POST", f"{ADMIN}/tags", 400, {"value": ""}))["data"]["field"] == "body.value"
    assert await admin.send("DELETE", f"{ADMIN}/tags/{made['id']}") == {"success": True}
    await admin.refused("GET", f"{ADMIN}/tags/{made['id']}", 404)


async def test_a_campaign_has_a_window(admin):
    body = {"name": "Spring", "startDate": "2026-03-01T00:00:00.000Z", "endDate": "2026-04-01T00:00:00.000Z"}
    made = await admin.post(f"{ADMIN}/campaigns", body)
    assert (made["status"], made["startDate"]) == ("draft", "2026-03-01T00:00:00.000Z")
    live = await admin.post(f"{ADMIN}/campaigns/{made['id']}", {"status": "live"})
    assert live["status"] == "live"
    assert await admin.get(f"{ADMIN}/campaigns/{made['id']}") == live
    assert (await admin.get(f"{ADMIN}/campaigns"))["edges"] == [live]
    early = {"endDate": "2026-02-01T00:00:00.000Z"}
    error = await admin.refused("POST", f"{ADMIN}/campaigns/{made['id']}", 400, early)
    assert error["data"]["field"] == "body.endDate"
    assert await admin.send("DELETE", f"{ADMIN}/campaigns/{made['id']}") == {"success": True}
    await admin.refused("GET", f"{ADMIN}/campaigns/{made['id']}", 404)


async def test_communities_are_found_by_id_and_slug(admin, member, parts, organisation):
    department = await a_department(parts, organisation)
    by_id = await member.get(f"{USER}/communities/{department.uid}")
    assert by_id == await member.get(f"{USER}/communities/{department.slug}")
    assert by_id == await admin.get(f"{ADMIN}/communities/{department.uid}")
    assert (by_id["access"], by_id["style"]["general"]["primaryLanguage"]) == ("open", "en")
    assert (await admin.get(f"{ADMIN}/communities"))["totalCount"] == 2
    await member.refused("GET", f"{USER}/communities/nowhere", 404)


async def test_queries_match_tags_and_communities(admin, member, parts, organisation):
    here = await a_department(parts, organisation)
    tagged = await admin.achievement(queries=[a_query(tags=["gold"])], criteria=a_count(1))
    scoped = await admin.achievement(
        communityId=here.uid, queries=[{**a_query(), "isCommunityScoped": True}], criteria=a_count(1)
    )
    assert scoped["communityId"] == here.uid
    assert (await admin.event())["completedAchievementIds"] == []
    assert (await admin.event(tags=["gold"]))["completedAchievementIds"] == [tagged["id"]]
    body = {"eventName": "lesson", "payload": {}, "userId": "member-1", "communityId": here.uid}
    assert (await admin.post(f"{ADMIN}/events/custom", body))["completedAchievementIds"] == [scoped["id"]]

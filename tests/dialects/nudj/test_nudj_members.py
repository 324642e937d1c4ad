import asyncio
from datetime import timedelta

import httpx
import jwt
import pytest

from laurel.base.ids import new_uid
from laurel.web.callers import FAILURES_PER_MINUTE_MAX
from tests.dialects.nudj.conftest import a_member, speaks
from tests.dialects.nudj.wishes import ADMIN, USER, a_count, an_allocation
from tests.support.builders import a_department, a_key
from tests.support.fixtures import BASE_URL

XP = ("total", "knowledge", "creativity", "loyalty", "influence", "participation", "contribution")


def a_transaction(amount=10, direction="credit", reference="order-1", **wish):
    return {"amount": amount, "direction": direction, "externalTransactionReference": reference, **wish}


async def points_of(admin, user="member-1"):
    return (await admin.get(f"{ADMIN}/users/{user}"))["points"]


async def test_a_user_is_made_and_found_by_both_ids(admin):
    wish = {"email": "Grace@Example.org", "username": "grace", "displayName": "Grace", "externalUserId": "g-1"}
    made = await admin.post(f"{ADMIN}/users", wish)
    assert (made["email"], made["username"], made["externalUserId"]) == ("grace@example.org", "grace", "g-1")
    assert set(made["xp"]) == set(XP)
    assert await admin.get(f"{ADMIN}/users/{made['id']}") == await admin.get(f"{ADMIN}/users/g-1") == made
    listed = await admin.get(f"{ADMIN}/users", params={"search": "GRACE"})
    assert (listed["totalCount"], listed["edges"]) == (1, [made])
    await admin.refused("POST", f"{ADMIN}/users", 409, wish)
    await admin.refused("POST", f"{ADMIN}/users", 400, {"email": "nonsense"})
    await admin.refused("POST", f"{ADMIN}/users", 400, {})
    await admin.refused("GET", f"{ADMIN}/users/nobody", 404)


async def test_a_reference_books_once(admin, person):
    path = f"{ADMIN}/users/member-1/points-transaction"
    first = await admin.post(path, a_transaction(25))
    assert first["transaction"]["accountingDirection"] == "credit"
    assert len(first["transaction"]["id"]) == 24
    again = await admin.post(path, a_transaction(25))
    assert again["transaction"] == first["transaction"]
    assert await points_of(admin) == 25
    other = await admin.refused("POST", path, 409, a_transaction(26))
    assert other["code"] == "CONFLICT"


async def test_a_debit_never_goes_below_zero(admin, person):
    path = f"{ADMIN}/users/{person.uid}/points-transaction"
    error = await admin.refused("POST", path, 409, a_transaction(1, "debit"))
    assert error["code"] == "CONFLICT"
    await admin.post(path, a_transaction(10))
    await admin.post(path, a_transaction(10, "debit", "order-2"))
    await admin.refused("POST", path, 409, a_transaction(1, "debit", "order-3"))
    assert await points_of(admin) == 0
    await admin.post(path, a_transaction(1, "credit", "order-3"))


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": 1_000_001}, "amount"),
        ({"direction": "sideways"}, "direction"),
        ({"externalTransactionReference": ""}, "externalTransactionReference"),
        ({"externalTransactionReference": "x" * 201}, "externalTransactionReference"),
    ],
)
async def test_bad_transactions_are_refused_with_the_path(admin, person, wish, place):
    path = f"{ADMIN}/users/member-1/points-transaction"
    error = await admin.refused("POST", path, 400, {**a_transaction(), **wish})
    assert error["data"]["field"] == f"body.{place}"


async def test_concurrent_debits_spend_what_there_is_and_no_more(admin, person):
    path = f"{ADMIN}/users/member-1/points-transaction"
    await admin.post(path, a_transaction(10, reference="start"))
    tries = [admin.http.post(path, json=a_transaction(3, "debit", f"d-{n}")) for n in range(12)]
    statuses = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert statuses.count(200) == 3
    assert await points_of(admin) == 1


async def test_with_several_communities_the_purse_has_to_be_named(admin, parts, organisation, person):
    other = await a_department(parts, organisation)
    path = f"{ADMIN}/users/member-1/points-transaction"
    error = await admin.refused("POST", path, 400, a_transaction())
    assert error["data"]["field"] == "body.communityId"
    await admin.post(path, a_transaction(communityId=other.uid))
    await admin.refused("POST", path, 400, a_transaction(communityId=new_uid()))
    user = await admin.get(f"{ADMIN}/users/member-1")
    assert [(one["communityId"], one["points"]) for one in user["communityData"]] == [(other.uid, 10)]


async def test_me_shows_level_points_and_counts(admin, member, api):
    assert (await api.put("/api/v1/levels", json={"target": "10 * level", "highest": 5})).json()["targets"] == [
        0,
        20,
        30,
        40,
        50,
    ]
    made = await admin.achievement(criteria=a_count(1))
    await admin.distribute(made, [an_allocation(await admin.reward())], points=5, xp=30)
    assert (await member.get(f"{USER}/me"))["level"] == 1
    await admin.event()
    me = await member.get(f"{USER}/me")
    assert (me["level"], me["points"], me["earnedRewards"]) == (3, 5, 1)
    assert (me["xp"]["total"], me["xp"]["participation"], me["xp"]["knowledge"]) == (30, 30, 0)
    assert me["communityData"][0]["achievementsCompleted"] == 1


@pytest.mark.parametrize(
    "formula",
    ["", "level ** 99", "-level", "__import__('os')", "10 / (level - 2)", "5", "level.real", "1e400 * level", "a + 1"],
)
async def test_formulas_that_are_none_are_refused(api, formula):
    answer = await api.put("/api/v1/levels", json={"target": formula})
    assert answer.status_code == 422
    assert answer.json()["field"] == "levels.target"


async def test_events_pay_xp_in_six_dimensions(admin, member):
    rule = {"eventCategory": "custom", "eventSubCategory": "", "description": "Anything", "total": 3, "creativity": 2}
    answer = await admin.send("PATCH", f"{ADMIN}/xp-config", {"xpConfigs": [rule]})
    assert (answer[0]["total"], answer[0]["creativity"], answer[0]["loyalty"]) == (3, 2, 0)
    assert await admin.get(f"{ADMIN}/xp-config") == answer
    await admin.event("anything")
    await admin.event("anything else")
    xp = (await member.get(f"{USER}/me"))["xp"]
    assert (xp["total"], xp["creativity"], xp["participation"]) == (6, 4, 0)
    bad = await admin.refused("PATCH", f"{ADMIN}/xp-config", 400, {"xpConfigs": [{**rule, "total": -1}]})
    assert bad["data"]["field"] == "body.xpConfigs[0].total"
    long = {**rule, "eventSubCategory": "x" * 10_000}
    bad = await admin.refused("PATCH", f"{ADMIN}/xp-config", 400, {"xpConfigs": [long]})
    assert bad["data"]["field"] == "body.xpConfigs[0].eventSubCategory"


async def test_the_shop_takes_points_and_gives_the_goods_or_neither(admin, member, person):
    mug = await admin.reward(assetPointsPrice=30, assetsSupply=1, isSharedAssetsSupply=True)
    buy = f"{USER}/rewards/{mug['id']}/purchase"
    await member.refused("POST", buy, 409, {"quantity": 1})
    await admin.post(f"{ADMIN}/users/member-1/points-transaction", a_transaction(100))
    await member.refused("POST", buy, 409, {"quantity": 2})
    assert await points_of(admin) == 100
    bought = await member.post(buy, {"quantity": 1, "externalTransactionReference": "cart-1"})
    assert bought["rewardAssets"][0]["eventSubCategory"] == "shop-purchase"
    assert await points_of(admin) == 70
    again = await member.post(buy, {"quantity": 1, "externalTransactionReference": "cart-1"})
    assert again["rewardAssets"] == []
    assert await points_of(admin) == 70
    await member.refused("POST", buy, 400, {"allocationType": "entries"})
    await member.refused("POST", buy, 400, {"quantity": 0})


# ---------------------------------------------------------------------------------------------------- who is acting
async def secret_of(api):
    return (await api.get("/api/v1/app-secret")).json()["secret"]


def a_token(secret, organisation, clock, **claims):
    now = clock.now()
    wanted = {
        "organisationId": organisation.uid,
        "userId": "member-1",
        "exp": int((now + timedelta(hours=1)).timestamp()),
        "jti": "token-1",
        **claims,
    }
    return jwt.encode({name: value for name, value in wanted.items() if value is not None}, secret, algorithm="HS256")


async def test_a_token_of_the_app_names_the_acting_user(admin, api, application, organisation, person, clock):
    made = await admin.achievement(criteria=a_count(1))
    token = a_token(await secret_of(api), organisation, clock)
    for text in (token, f"Bearer {token}"):
        user = speaks(application, text)
        assert (await user.get(f"{USER}/me"))["id"] == person.uid
        await user.http.aclose()
    user = speaks(application, token)
    answer = await user.post(f"{USER}/events/custom", {"eventName": "lesson", "payload": {}})
    assert answer["completedAchievementIds"] == [made["id"]]
    assert answer["externalUserId"] == "member-1"
    await user.http.aclose()


async def test_a_token_of_the_app_does_not_administer_or_speak_for_others(
    admin, api, application, parts, organisation, person, clock
):
    await a_member(parts, organisation, "member-2")
    user = speaks(application, a_token(await secret_of(api), organisation, clock))
    error = await user.refused("GET", f"{ADMIN}/users", 403)
    assert (error["code"], error["message"]) == ("FORBIDDEN", "Insufficient permissions for this operation.")
    body = {"eventName": "lesson", "payload": {}, "userId": "member-2"}
    await user.refused("POST", f"{USER}/events/custom", 403, body)
    await user.refused("POST", f"{ADMIN}/events/custom", 403, body)
    await user.http.aclose()


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"organisationId": None}, "Organisation ID not found in API token"),
        ({"userId": None}, "User ID not found in API token"),
        ({"userId": "nobody"}, "User ID not found in API token"),
        ({"exp": 1}, "the token has expired"),
        ({"exp": None}, "the token is not valid"),
        ({"organisationId": "0" * 24}, "the token is not valid"),
    ],
)
async def test_tokens_that_do_not_hold_are_refused(api, application, organisation, person, clock, claims, message):
    user = speaks(application, a_token(await secret_of(api), organisation, clock, **claims))
    error = await user.refused("GET", f"{USER}/me", 401)
    assert (error["code"], error["message"]) == ("UNAUTHORIZED", message)
    await user.http.aclose()


async def test_another_organisations_secret_and_no_signature_open_nothing(
    other_api, application, organisation, person, clock
):
    foreign = a_token(await secret_of(other_api), organisation, clock)
    claims = {"organisationId": organisation.uid, "userId": "member-1", "exp": 4_000_000_000}
    unsigned = jwt.encode(claims, None, algorithm="none")
    for token in (foreign, unsigned):
        user = speaks(application, token)
        await user.refused("GET", f"{USER}/me", 401)
        await user.http.aclose()


async def test_a_revoked_token_and_a_rotated_secret_end_tokens(admin, api, application, organisation, person, clock):
    user = speaks(application, a_token(await secret_of(api), organisation, clock))
    other = speaks(application, a_token(await secret_of(api), organisation, clock, jti="token-2"))
    await user.get(f"{USER}/me")
    await admin.post(f"{ADMIN}/auth-config/tokens/token-1/revoke")
    await user.refused("GET", f"{USER}/me", 401)
    await other.get(f"{USER}/me")
    assert (await api.post("/api/v1/app-secret/rotate")).status_code == 200
    await other.refused("GET", f"{USER}/me", 401)
    await user.http.aclose()
    await other.http.aclose()


async def test_who_guesses_tokens_is_slowed_down_and_others_are_not(
    api, application, organisation, person, clock, parts
):
    secret = await secret_of(api)
    here = httpx.ASGITransport(application.app, client=("203.0.113.77", 1))
    elsewhere = httpx.ASGITransport(application.app, client=("203.0.113.78", 1))
    good, fresh = a_token(secret, organisation, clock), a_token(secret, organisation, clock, jti="token-9")
    old = a_token(secret, organisation, clock, exp=1)

    async def status(transport, token):
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers={"x-api-token": token}) as client:
            return (await client.get(f"{USER}/me")).status_code

    assert await status(here, good) == 200
    for _ in range(FAILURES_PER_MINUTE_MAX):
        assert await status(here, old) == 401
    guesses = 0  # failures are counted by the minute, and a minute may end in between
    while await status(here, a_token("0" * 64, organisation, clock, jti=f"guess-{guesses}")) == 401:
        guesses += 1
        assert guesses <= 2 * FAILURES_PER_MINUTE_MAX
    assert await status(here, fresh) == 429
    assert guesses >= FAILURES_PER_MINUTE_MAX
    assert await status(here, good) == 200
    assert await status(elsewhere, fresh) == 200


async def test_without_a_token_the_words_are_nudjs(stranger):
    answer = await stranger.get(f"{USER}/me")
    assert answer.status_code == 401
    assert answer.json()["message"] == "You must be logged in to access this endpoint."


async def test_a_key_without_a_user_does_not_act(admin):
    error = await admin.refused("GET", f"{USER}/me", 401)
    assert error["message"] == "User ID not found in API token"


async def test_writing_needs_the_role(application, parts, organisation):
    key = await a_key(parts, organisation, scopes=("*:read",))
    viewer = speaks(application, key.text)
    await viewer.get(f"{ADMIN}/achievements")
    for method, path, body in (
        ("POST", "achievements", {}),
        ("POST", "rewards", {}),
        ("POST", "users", {}),
        ("POST", "events/custom", {}),
        ("POST", "tags", {}),
        ("PATCH", "xp-config", {}),
        ("POST", "leaderboards", {}),
    ):
        error = await viewer.refused(method, f"{ADMIN}/{path}", 403, body)
        assert error["code"] == "FORBIDDEN"
    await viewer.http.aclose()


async def test_another_organisation_sees_nothing(admin, other_api, person):
    made, mug = await admin.achievement(), await admin.reward()
    for path in (f"achievements/{made['id']}", f"rewards/{mug['id']}", f"users/{person.uid}"):
        answer = await other_api.get(f"{ADMIN}/{path}")
        assert answer.status_code == 404
        assert answer.json()["code"] == "NOT_FOUND"
    for path in ("achievements", "rewards", "users"):
        assert (await other_api.get(f"{ADMIN}/{path}")).json() == {"totalCount": 0, "edges": []}


async def test_an_unknown_address_is_refused_in_shape(admin):
    error = await admin.refused("GET", f"{USER}/nothing/here", 404)
    assert error["code"] == "NOT_FOUND"
    await admin.refused("PATCH", f"{ADMIN}/achievements", 405, {})


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"skip": -1}, {"limit": "ten"}])
async def test_pages_have_limits(admin, query):
    error = await admin.refused("GET", f"{ADMIN}/achievements", 400, params=query)
    assert error["code"] == "BAD_REQUEST"
    assert next(iter(query)) in error["message"]

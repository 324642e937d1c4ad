"""Rarity from counters that are always what counting would say; secret achievements, which nobody sees before they earn them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laurel.domain.achievements.awarded.store import count_active, count_people
from laurel.domain.achievements.rarity import BANDS, Rarity
from tests.support.builders import a_key
from tests.support.events import an_achievement, an_event, person_uid


async def rarity_of(api, achievement):
    return (await api.get(f"/api/v1/achievements/{achievement['id']}")).json()["rarity"]


@pytest.mark.parametrize(
    ("holders", "people", "share", "band"),
    [
        (0, 0, "0.0000", "legendary"),
        (0, 10, "0.0000", "legendary"),
        (1, 100, "0.0100", "legendary"),
        (11, 1000, "0.0110", "epic"),
        (5, 100, "0.0500", "epic"),
        (15, 100, "0.1500", "rare"),
        (16, 100, "0.1600", "uncommon"),
        (40, 100, "0.4000", "uncommon"),
        (41, 100, "0.4100", "common"),
        (100, 100, "1.0000", "common"),
    ],
)
def test_a_share_has_its_band(holders, people, share, band):
    assert Rarity.of(holders, people) == Rarity(holders, people, Decimal(share), band)


def test_the_bands_rise_to_everybody():
    assert [largest for _, largest in BANDS] == sorted(largest for _, largest in BANDS)
    assert BANDS[-1][1] == 1


async def test_rarity_is_shown_with_the_definition_and_in_lists(api, stranger):
    made = await an_achievement(api)
    assert made["rarity"] == {"holders": 0, "people": 0, "share": 0, "band": "legendary"}
    for number in range(10):
        name = "lesson.completed" if number == 0 else "other"
        await an_event(api, f"person{number}", name=name)
    expected = {"holders": 1, "people": 10, "share": 0.1, "band": "rare"}
    assert await rarity_of(api, made) == expected
    (listed,) = (await api.get("/api/v1/achievements")).json()["items"]
    assert listed["rarity"] == expected
    page = await stranger.get(f"/a/{made['id']}", headers={"Accept": "text/html"})
    assert "Rare" in page.text
    german = await stranger.get(f"/a/{made['id']}?lang=de", headers={"Accept": "text/html"})
    assert "Selten" in german.text


async def test_one_who_earned_it_twice_holds_it_once(api, parts, organisation):
    made = await an_achievement(api, period="daily")
    for day in (12, 13, 14):
        await an_event(api, "ada", occurred_at=f"2026-03-{day}T10:00:00Z")
    assert (await rarity_of(api, made))["holders"] == 1
    ada = await person_uid(parts, organisation, "ada")
    awards = (await api.get(f"/api/v1/people/{ada}/awards")).json()["items"]
    for award, holders in zip(awards, (1, 1, 0), strict=True):
        await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "a mistake"})
        assert (await rarity_of(api, made))["holders"] == holders
    await api.post(f"/api/v1/awards/{awards[0]['id']}/reinstate", json={})
    assert (await rarity_of(api, made))["holders"] == 1


async def test_who_is_removed_counts_neither_as_holder_nor_among_the_people(api, parts, organisation):
    made = await an_achievement(api)
    for person in ("ada", "bob"):
        await an_event(api, person)
    ada = await person_uid(parts, organisation, "ada")
    (award,) = (await api.get(f"/api/v1/people/{ada}/awards")).json()["items"]
    await api.delete(f"/api/v1/people/{ada}")
    shown = await rarity_of(api, made)
    assert (shown["holders"], shown["people"]) == (1, 1)
    await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "too late"})
    shown = await rarity_of(api, made)
    assert (shown["holders"], shown["people"]) == (1, 1)


STEP = st.tuples(
    st.sampled_from(["event", "give", "revoke", "reinstate", "retract", "remove"]),
    st.sampled_from(["ada", "bob", "cy"]),
    st.integers(0, 2),
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(STEP, min_size=4, max_size=14))
async def test_the_counters_are_what_counting_says(api, parts, organisation, clock, steps):
    made = [
        await an_achievement(api, revoke_on_retraction=True),
        await an_achievement(api, period="daily", criteria={"type": "count", "query": "lessons", "value": 2}),
    ]
    for number, (what, person, which) in enumerate(steps):
        clock.advance(timedelta(hours=7))
        uid = await person_uid(parts, organisation, person)
        if what == "event":
            await an_event(api, person, key=f"{made[0]['id']}{which}")
        elif what == "give":
            body = {"person": {"external_id": person}, "create_person": True, "again": bool(which)}
            await api.post(f"/api/v1/achievements/{made[which % 2]['id']}/awards", json=body)
        elif what == "retract":
            body = {"person": {"external_id": person}, "key": f"{made[0]['id']}{which}"}
            await api.post("/api/v1/events/retractions", json=body)
        elif uid is not None and what == "remove":
            await api.delete(f"/api/v1/people/{uid}")
        elif uid is not None:
            awards = (await api.get(f"/api/v1/people/{uid}/awards")).json()["items"]
            if awards:
                await api.post(
                    f"/api/v1/awards/{awards[which % len(awards)]['id']}/{what}", json={"reason": str(number)}
                )
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch(
            """
            SELECT w.achievement_id, count(*), count(DISTINCT p.id) FROM award w
            LEFT JOIN person p ON p.organisation_id = $1 AND p.id = w.person_id AND p.deleted_at IS NULL
            WHERE w.organisation_id = $1 AND w.state = 'active' GROUP BY 1
            """,
            organisation.id,
        )
        counted = {row[0]: (row[1], row[2]) for row in rows}
        kept = await count_active(tx, [one["number"] for one in made] + list(counted))
        assert {key: value for key, value in kept.items() if any(value)} == counted
        living = "SELECT count(*) FROM person WHERE organisation_id = $1 AND deleted_at IS NULL"
        assert await count_people(tx) == await tx.fetchval(living, organisation.id)


# -------------------------------------------------------------------------------------------------------------- secrets
async def test_a_secret_is_not_in_a_persons_progress_before_it_is_earned(api, parts, organisation):
    secret = await an_achievement(api, secret=True, criteria={"type": "count", "query": "lessons", "value": 2})
    open_one = await an_achievement(api, criteria={"type": "count", "query": "lessons", "value": 5})
    first = await an_event(api, "ada")
    assert [one["achievement"] for one in first["advanced"]] == [open_one["id"]]
    ada = await person_uid(parts, organisation, "ada")
    path = f"/api/v1/people/{ada}/progress"
    assert [item["achievement"] for item in (await api.get(path)).json()["items"]] == [open_one["id"]]
    every = (await api.get(path, params={"include_secret": "true"})).json()["items"]
    assert [item["achievement"] for item in every] == [open_one["id"], secret["id"]]
    second = await an_event(api, "ada")
    assert [one["achievement"] for one in second["unlocked"]] == [secret["id"]]
    assert len((await api.get(path)).json()["items"]) == 2


async def test_only_who_may_read_definitions_may_ask_for_secrets(api, stranger, parts, organisation):
    await an_event(api, "ada")
    ada = await person_uid(parts, organisation, "ada")
    key = await a_key(parts, organisation, scopes=["people:read"])
    headers = {"Authorization": f"Bearer {key.text}"}
    refused = await stranger.get(f"/api/v1/people/{ada}/progress?include_secret=true", headers=headers)
    assert (refused.status_code, refused.json()["field"]) == (403, "include_secret")
    assert (await stranger.get(f"/api/v1/people/{ada}/progress", headers=headers)).status_code == 200


async def test_strangers_find_a_secret_only_once_somebody_holds_it(api, stranger):
    secret = await an_achievement(api, secret=True, name="Behind the curtain")
    addresses = [f"/a/{secret['id']}", f"/a/{secret['id']}/badge.png"]
    assert {(await stranger.get(address)).status_code for address in addresses} == {404}
    html = {"Accept": "text/html"}
    assert (await stranger.get(addresses[0], headers=html)).status_code == 404
    await an_event(api, "ada")
    assert {(await stranger.get(address)).status_code for address in addresses} == {200}
    assert "Behind the curtain" in (await stranger.get(addresses[0], headers=html)).text
    issuer = (await api.get("/api/v1/organisation")).json()["id"]
    assert "Behind the curtain" not in (await stranger.get(f"/i/{issuer}", headers=html)).text

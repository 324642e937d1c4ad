"""Text and numbers that PostgreSQL cannot hold are the caller's mistake: a 4xx, never a 500, never a 503."""

import json

import pytest

from laurel.web.paging import write_cursor
from tests.support.credentials import an_award
from tests.support.events import an_achievement

PATHS = ("departments", "keys", "accounts", "people")


@pytest.mark.parametrize("resource", PATHS)
@pytest.mark.parametrize("name", ["%00", "a%00b", "%ED%A0%80", "%FF", "x" * 5000, "..%2f..%2f", "%F0%9F%8E%93"])
async def test_an_odd_name_in_the_path_is_not_found_or_refused(api, resource, name):
    answer = await api.get(f"/api/v1/{resource}/{name}")
    assert answer.status_code in {404, 422}, answer.text


@pytest.mark.parametrize("resource", [*PATHS, "audit"])
@pytest.mark.parametrize(
    "cursor", [write_cursor(10**30), write_cursor(2**63), write_cursor("x"), write_cursor(), write_cursor(1, 2), "%00"]
)
async def test_an_odd_cursor_is_refused(api, resource, cursor):
    answer = await api.get(f"/api/v1/{resource}", params={"after": cursor})
    assert (answer.status_code, answer.json()["field"]) == (422, "after"), answer.text


@pytest.mark.parametrize("text", ["a\u0000b", "\u0000", "\ud800", "\uffff", "a\u202eb", "👩‍🎓" * 50])
async def test_odd_text_is_stored_clean_or_refused(api, text):
    body = {"name": text, "description": text}
    for path, more in (("departments", {}), ("keys", {}), ("accounts", {"email": "a@example.org"}), ("people", {})):
        wish = {"display_name": text, "attributes": {"x": text}} if path == "people" else body | more
        wish.pop("description", None) if path in {"keys", "accounts"} else None
        answer = await api.post(f"/api/v1/{path}", content=json.dumps(wish))
        assert answer.status_code in {201, 400, 422}, (path, answer.text)


@pytest.mark.parametrize(
    "params", [{"email": "\x00"}, {"external_id": "a\x00b"}, {"email": "\ud800".encode("utf-8", "surrogatepass")}]
)
async def test_odd_text_in_a_filter_finds_nothing_or_is_refused(api, params):
    answer = await api.get("/api/v1/people", params=params)
    assert answer.status_code in {200, 422}, answer.text


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "1" * 5000, "0." + "1" * 5000])
async def test_odd_numbers_in_attributes_are_stored_or_refused(api, number):
    answer = await api.post("/api/v1/people", content=b'{"attributes": {"x": ' + number.encode() + b"}}")
    assert answer.status_code in {201, 400, 422}, answer.text


@pytest.mark.parametrize("value", ["lrl_\x00", "lrl_é", "x" * 10_000, "\ud800"])
async def test_an_odd_key_is_unknown(stranger, value):
    header = f"Bearer {value}".encode("utf-8", "surrogatepass")
    answer = await stranger.get("/api/v1/organisation", headers={b"Authorization": header})
    assert answer.status_code == 401, answer.text


async def test_an_odd_idempotency_key_is_kept_or_refused(api):
    for key in (b"\xff\xfe", "é".encode(), b"a\x00b"):
        answer = await api.post("/api/v1/departments", json={"name": "x"}, headers={b"Idempotency-Key": key})
        assert answer.status_code in {201, 409, 422}, answer.text


ENDS_OF_TIME = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0999-12-31T23:59:59Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
)


@pytest.mark.parametrize("instant", ENDS_OF_TIME)
async def test_an_instant_at_the_end_of_time_is_refused_by_name(api, instant):
    award = await an_award(api)
    wishes = {
        "/api/v1/events?create_people=true": {
            "person": {"email": "a@example.org"},
            "name": "x",
            "occurred_at": instant,
        },
        "/api/v1/endorsements": {"of": "issuer", "comment": "x", "valid_until": instant},
        "/api/v1/achievements": {"name": "x", "status": "live", "starts_at": instant},
        f"/api/v1/achievements/{award['achievement']}/awards": {
            "person": {"id": award["person"]},
            "expires_at": instant,
        },
        f"/api/v1/credentials/{award['credential']}/suspend": {"until": instant},
        "/api/v1/keys": {"name": "x", "scopes": ["people:read"], "expires_at": instant},
    }
    for path, wish in wishes.items():
        answer = await api.post(path, json=wish)
        body = answer.json()
        field = next(name for name in wish if wish[name] == instant)
        assert answer.status_code == 422, (path, answer.text)
        assert body["field"].endswith(field), (path, body)
        assert body["value"], path
        assert body["limit"], path


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
async def test_dates_at_the_end_of_time_come_in_by_no_other_door(api, day):
    award = await an_award(api)
    accredible = {"credential": {"expired_on": day}}
    headers = {"Authorization": f"Token token={api.headers['authorization'].partition(' ')[2]}"}
    answer = await api.put(f"/v1/credentials/{award['credential']}", json=accredible, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text
    for path, wish in (
        ("/api/v1/leaderboards", {"name": "x", "metric": "xp", "expires_at": f"{day}T23:59:59Z"}),
        ("/api/v1/rewards", {"names": {"en": "x"}, "expires_at": f"{day}T00:00:00Z"}),
        ("/api/v1/leaderboards", {"name": "x", "metric": "xp", "expires_at": "2030-01-01T00:00:00"}),
    ):
        answer = await api.post(path, json=wish)
        assert (answer.status_code, answer.json()["field"]) == (422, "expires_at"), (path, answer.text)
    listed = await api.get("/api/v1/credentials")
    assert [one["expires_at"] for one in listed.json()["items"]] == [None]


async def test_text_that_reads_like_the_end_of_time_is_text(api):
    answer = await api.post("/api/v1/departments", json={"name": "9999-12-31T23:59:59Z"})
    assert answer.status_code == 201, answer.text


async def test_a_credential_that_would_end_before_it_begins_is_refused(api):
    achievement = await an_achievement(api)
    person = {"person": {"email": "a@example.org"}, "create_person": True}
    path = f"/api/v1/achievements/{achievement['id']}/awards"
    late = {"awarded_at": "2020-01-01T00:00:00Z", "expires_at": "2020-01-01T00:00:00Z"}
    answer = await api.post(path, json={**person, **late})
    assert (answer.status_code, answer.json()["field"]) == (422, "expires_at")
    old = {"awarded_at": "2019-01-01T00:00:00Z", "expires_at": "2020-01-01T00:00:00Z"}
    assert (await api.post(path, json={**person, **old})).status_code == 201

import pytest

from laurel.domain.register import store as register
from tests.dialects.accredible.conftest import a_credential, a_group, set_for_dialect


def recipients(group, count, start=0, **wishes):
    return [
        {"group_id": group["id"], "recipient": {"name": f"R {n}", "email": f"r{n}@example.com"}, **wishes}
        for n in range(start, start + count)
    ]


# ------------------------------------------------------------------------------------------------------------------ bulk
async def test_a_hundred_credentials_come_back_flat_and_in_order(accredible, group):
    answer = await accredible.post("/v1/credentials/bulk_create", json={"credentials": recipients(group, 100)})
    emails = [one["recipient"]["email"] for one in answer.json()["credentials"]]
    assert emails == [f"r{n}@example.com" for n in range(100)]
    assert (await accredible.get("/v1/all_credentials")).json()["meta"]["total_count"] == 100


async def test_the_documented_array_is_a_setting_away(accredible, group):
    await accredible.put("/v1/issuer/settings", json={"settings": {"documented_bulk_answer": True}})
    answer = await accredible.post("/v1/credentials/bulk_create", json={"credentials": recipients(group, 2)})
    assert [list(one) for one in answer.json()] == [["credential"], ["credential"]]


async def test_a_hundred_and_one_are_refused_with_the_limit(accredible, group):
    answer = await accredible.post("/v1/credentials/bulk_create", json={"credentials": recipients(group, 101)})
    assert (answer.status_code, answer.json()["limit"], answer.json()["value"]) == (422, 100, 101)


@pytest.mark.parametrize(
    "bad",
    [
        {"recipient": {"name": "No address"}},
        {"group_id": 10**9, "recipient": {"name": "N", "email": "n@example.com"}},
        {"recipient": {"name": "N", "email": "r1@example.com"}},
        {"issued_on": "never", "recipient": {"name": "N", "email": "n@example.com"}},
    ],
)
async def test_one_bad_credential_undoes_the_whole_old_bulk(accredible, group, bad):
    items = [*recipients(group, 3), {"group_id": group["id"], **bad}]
    answer = await accredible.post("/v1/credentials/bulk_create", json={"credentials": items})
    assert (answer.status_code, answer.json()["index"]) == (422, 3)
    assert (await accredible.get("/v1/all_credentials")).json()["meta"]["total_count"] == 0


async def test_the_new_bulk_answers_each_for_itself(accredible, group):
    taken = await a_credential(accredible, group, recipient={"email": "r1@example.com"})
    items = [*recipients(group, 3), {"group_id": group["id"], "recipient": {"name": "x"}}]
    answer = await accredible.post("/v2/credentials/bulk_create", json={"credentials": items})
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert ["credential" in one for one in results] == [True, False, True, False]
    problem = results[1]["errors"]
    assert (problem["code"], problem["existing_credential_id"]) == ("credential_invalid", taken["id"])
    assert problem["details"][0]["property"] == "recipient.email"
    assert problem["details"][0]["message"] == problem["details"][0]["reason"]
    assert results[1]["error"] == problem
    assert results[3]["errors"]["details"][0]["property"] == "recipient.email"
    assert (await accredible.get("/v1/all_credentials")).json()["meta"]["total_count"] == 3


async def test_the_new_bulk_is_plain_success_or_plain_failure_when_all_agree(accredible, group):
    body = {"credentials": recipients(group, 2)}
    first = await accredible.post("/v2/credentials/bulk_create", json=body)
    second = await accredible.post("/v2/credentials/bulk_create", json=body)
    assert (first.status_code, second.status_code) == (200, 422)
    assert list(first.json()["results"][0]) == ["credential"]
    assert all("credential" not in one for one in second.json()["results"])


async def test_thirty_one_are_over_the_limit_of_the_new_bulk(accredible, group):
    answer = await accredible.post("/v2/credentials/bulk_create", json={"credentials": recipients(group, 31)})
    assert (answer.status_code, answer.json()["limit"]) == (422, 30)


async def test_created_without_credits_is_said_in_the_new_bulk(accredible, parts, organisation, group):
    await set_for_dialect(parts, organisation, credits=1)
    answer = await accredible.post("/v2/credentials/bulk_create", json={"credentials": recipients(group, 2)})
    assert answer.status_code == 207
    assert answer.json()["results"][1]["errors"]["code"] == "insufficient_credits"
    assert answer.json()["results"][1]["credential"]["approve"] is False


# ---------------------------------------------------------------------------------------------------------------- search
async def searched(client, query, **rest):
    answer = await client.post("/v2/credentials/search", json={"query": query, **rest})
    assert answer.status_code == 200, answer.text
    return [one["recipient_email"] for one in answer.json()["credentials"]]


@pytest.fixture
async def several(accredible, group):
    """Four credentials that differ in everything that can be searched for."""
    other = (await accredible.post("/v1/issuer/groups", json={"group": a_group(name="Advanced")})).json()["group"]
    wishes = [
        (group, "2024-01-01", "2025-01-01", True, "Bo"),
        (group, "2024-06-01", None, True, "Cy"),
        (other, "2025-01-01", "2026-12-31", False, "Di"),
        (other, "2025-06-01", None, True, "Al"),
    ]
    for number, (own, issued_on, expired_on, approve, name) in enumerate(wishes):
        await a_credential(
            accredible,
            own,
            id=f"own-{number}",
            issued_on=issued_on,
            expired_on=expired_on,
            approve=approve,
            meta_data={"batch": number % 2, "all": "x"},
            custom_attributes={"City": f"C{number}"},
            recipient={
                "name": name,
                "email": f"{number}@example.com",
                "id": f"PK-{number}",
                "meta_data": {"k": number},
            },
        )
    return {"group": group["id"], "other": other["id"]}


def emails(*numbers):
    return [f"{number}@example.com" for number in numbers]


async def test_every_field_of_the_new_search_finds_what_it_names(accredible, several):
    for query, expected in (
        ({}, (0, 1, 2, 3)),
        ({"group.id": several["group"]}, (0, 1)),
        ({"group.id": str(several["group"])}, (0, 1)),
        ({"group.id[in]": [several["group"], several["other"]]}, (0, 1, 2, 3)),
        ({"recipient_name": "Bo"}, (0,)),
        ({"recipient_name[in]": ["Bo", "Al", "Nobody"]}, (0, 3)),
        ({"approve": False}, (2,)),
        ({"approve[eq]": "true"}, (0, 1, 3)),
        ({"recipient_email": "2@EXAMPLE.com"}, (2,)),
        ({"recipient_email[in]": emails(0, 3)}, (0, 3)),
        ({"recipient_id": "PK-1"}, (1,)),
        ({"recipient_id[in]": ["PK-1", "PK-2"]}, (1, 2)),
        ({"recipient_id[in]": []}, ()),
        ({"license_id": "own-3"}, (3,)),
        ({"license_id[in]": ["own-3", "own-0"]}, (0, 3)),
        ({"meta_data": {"batch": 1}}, (1, 3)),
        ({"meta_data": {"batch": "1", "all": "x"}}, (1, 3)),
        ({"custom_attributes": {"City": "C2"}}, (2,)),
        ({"recipient_meta_data": {"k": 0}}, (0,)),
        ({"issued_on": "2024-06-01"}, (1,)),
        ({"issued_on[in]": ["2024-06-01", "2025-06-01"]}, (1, 3)),
        ({"issued_on[gt]": "2024-06-01"}, (2, 3)),
        ({"issued_on[gte]": "2024-06-01", "issued_on[lt]": "2025-06-01"}, (1, 2)),
        ({"expired_on[lte]": "2025-01-01"}, (0,)),
        ({"expired_on[gt]": "2025-01-01"}, (2,)),
        ({"expired_on[in]": ["2025-01-01", "2026-12-31"]}, (0, 2)),
        ({"created_at": "2026-03-14"}, (0, 1, 2, 3)),
        ({"updated_at[lt]": "2026-03-14"}, ()),
        ({"created_at[gte]": "2026-03-14", "group.id": several["other"], "approve": True}, (3,)),
        ({"recipient_name": "", "approve": None}, (0, 1, 2, 3)),
    ):
        assert await searched(accredible, query) == emails(*expected), query


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ({"id": "desc"}, (3, 2, 1, 0)),
        ({"recipient_name": "asc"}, (3, 0, 1, 2)),
        ({"group.name": "asc"}, (2, 3, 0, 1)),
        ({"issued_on": "desc"}, (3, 2, 1, 0)),
        ({"expired_on": "asc"}, (0, 2, 1, 3)),
        ({"expired_on": "desc"}, (3, 1, 2, 0)),
    ],
)
async def test_cursors_walk_every_order_to_its_end(accredible, several, sort, expected):
    assert await searched(accredible, {}, sort=sort) == emails(*expected)
    seen, cursor = [], None
    for _ in range(5):
        page = {"size": 1, **({"cursor": cursor} if cursor else {})}
        answer = (
            await accredible.post("/v2/credentials/search", json={"query": {}, "sort": sort, "page": page})
        ).json()
        seen += [one["recipient_email"] for one in answer["credentials"]]
        cursor = answer["meta"]["cursor"]
        assert answer["meta"]["count"] == 4
        if cursor is None:
            break
    assert seen == emails(*expected)


async def test_a_page_by_offset(accredible, several):
    answer = await accredible.post("/v2/credentials/search", json={"query": {}, "page": {"from": 1, "size": 2}})
    assert answer.json()["meta"] | {"cursor": None} == {"count": 4, "from": 1, "size": 2, "cursor": None}
    assert [one["recipient_email"] for one in answer.json()["credentials"]] == emails(1, 2)


@pytest.mark.parametrize(
    "body",
    [
        {"query": {}, "sort": {"id": "increasing"}},
        {"query": {}, "sort": {"colour": "asc"}},
        {"query": {"colour": "red"}},
        {"query": {"approve[in]": [True]}},
        {"query": {"recipient_name[gt]": "A"}},
        {"query": {"issued_on[near]": "2024-01-01"}},
        {"query": {"issued_on": "soon"}},
        {"query": {"group.id[in]": 5}},
        {"query": {"group.id": "abc"}},
        {"query": {"approve": "perhaps"}},
        {"query": {"meta_data": "text"}},
        {"query": {}, "page": {"from": 9_990, "size": 50}},
        {"query": {}, "page": {"from": 0, "cursor": "WzEsMC4wXQ=="}},
        {"query": {}, "page": {"cursor": "WzEsMC4wXQ=="}},
        {"query": {}, "page": {"cursor": "%%%"}},
        {"query": "everything"},
    ],
)
async def test_a_search_that_cannot_be_is_refused_in_the_known_shape(accredible, body):
    answer = await accredible.post("/v2/credentials/search", json=body)
    assert answer.status_code == 400
    shown = answer.json()
    assert (shown["code"], shown["status"], shown["errors"]) == (400, "invalid_search_query", {})
    assert shown["message"]


async def test_a_cursor_of_another_order_is_refused(accredible, several):
    body = {"query": {}, "sort": {"issued_on": "asc"}, "page": {"size": 1}}
    cursor = (await accredible.post("/v2/credentials/search", json=body)).json()["meta"]["cursor"]
    answer = await accredible.post("/v2/credentials/search", json={"query": {}, "page": {"cursor": cursor}})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"recipient.email": "1@example.com"}, (1,)),
        ({"recipient": {"email": "1@EXAMPLE.com"}}, (1,)),
        ({"recipient.name": "Di"}, (2,)),
        ({"recipient": {"id": "PK-3"}}, (3,)),
        ({"recipient.meta_data": {"k": "2"}}, (2,)),
        ({"license_id": "own-0"}, (0,)),
        ({"meta_data": {"batch": "0"}}, (0, 2)),
        ({"start_date": "2024-06-01", "end_date": "2025-01-01"}, (1, 2)),
        ({"start_updated_date": "2026-03-15"}, ()),
        ({"group_id": "", "email": "", "page_size": "", "page": 1}, (0, 1, 2, 3)),
        ({"page_size": "{page_size}", "page": "nil"}, (0, 1, 2, 3)),
    ],
)
async def test_the_old_search_takes_dotted_and_nested_names(accredible, several, body, expected):
    answer = await accredible.post("/v1/credentials/search", json=body)
    assert [one["recipient"]["email"] for one in answer.json()["credentials"]] == emails(*expected)
    assert answer.json()["meta"]["next_page"] is None


async def test_old_pages_count_from_one_and_end_with_null(accredible, several):
    metas = []
    for page in (1, 2):
        answer = await accredible.get("/v1/all_credentials", params={"page_size": 3, "page": page})
        metas.append(answer.json()["meta"])
    assert metas[0] == {
        "current_page": 1, "next_page": 2, "prev_page": None, "total_pages": 2, "total_count": 4, "page_size": 3
    }  # fmt: skip
    assert metas[1]["next_page"] is None
    assert metas[1]["prev_page"] == 1


async def test_an_empty_list_has_one_page(accredible):
    meta = (await accredible.get("/v1/all_credentials")).json()["meta"]
    assert (meta["total_pages"], meta["total_count"], meta["next_page"]) == (1, 0, None)


async def test_list_rows_carry_what_clients_read_off_them(accredible, several):
    row = (await accredible.get("/v1/all_credentials", params={"page_size": 10_000})).json()["credentials"][0]
    assert row["url"].startswith("http")
    assert row["seo_image"].startswith("http")
    assert row["certificate"]["image"]["preview"].startswith("http")
    assert row["badge"]["image"]["preview"].startswith("http")


async def test_the_counters_agree_with_the_rows(accredible, parts, organisation, several):
    rows = (await accredible.get("/v1/all_credentials")).json()["credentials"]
    await accredible.delete(f"/v1/credentials/{rows[0]['id']}")
    await accredible.put(f"/v1/credentials/{rows[1]['id']}", json={"credential": {"group_id": several["other"]}})
    async with parts.database.transaction(organisation.id) as tx:
        counted = await register.tallies(tx, [several["group"], several["other"]])
        assert (counted, await register.tally(tx, None)) == ({several["group"]: 0, several["other"]: 3}, 3)

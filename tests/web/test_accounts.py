from laurel.domain.organisations import sign_in
from tests.support.builders import a_key, an_account
from tests.support.fixtures import client_of


async def test_an_account_is_made_shown_changed_and_removed(api):
    made = await api.post("/api/v1/accounts", json={"email": "Ada@Example.org", "name": "Ada", "role": "manager"})
    assert made.status_code == 201, made.text
    assert made.json()["email"] == "ada@example.org"
    path = f"/api/v1/accounts/{made.json()['id']}"
    assert (await api.patch(path, json={"role": "viewer"})).json()["role"] == "viewer"
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404


async def test_an_address_is_taken_in_any_case(api):
    await api.post("/api/v1/accounts", json={"email": "ada@example.org", "name": "Ada"})
    again = await api.post("/api/v1/accounts", json={"email": "ADA@example.org", "name": "Ada"})
    assert (again.status_code, again.json()["field"]) == (409, "email")


async def test_the_last_owner_stays(api, parts, organisation):
    owner = await an_account(parts, organisation, role="owner")
    assert (await api.delete(f"/api/v1/accounts/{owner.uid}")).status_code == 409
    assert (await api.patch(f"/api/v1/accounts/{owner.uid}", json={"role": "viewer"})).status_code == 409
    await an_account(parts, organisation, role="owner")
    assert (await api.delete(f"/api/v1/accounts/{owner.uid}")).status_code == 204


async def test_a_key_without_every_scope_neither_makes_nor_changes_owners(parts, application, organisation):
    owner = await an_account(parts, organisation, role="owner")
    await an_account(parts, organisation, role="owner")
    async with client_of(application, await a_key(parts, organisation, scopes=("accounts:write",))) as client:
        new = {"email": "eve@example.org", "name": "Eve", "role": "owner"}
        assert (await client.post("/api/v1/accounts", json=new)).status_code == 403
        assert (await client.patch(f"/api/v1/accounts/{owner.uid}", json={"password": "x" * 12})).status_code == 403


async def test_a_password_opens_its_account_and_no_other_does(parts, api, organisation):
    body = {"email": "ada@example.org", "name": "Ada", "password": "correct horse"}
    made = await api.post("/api/v1/accounts", json=body)
    assert made.json()["has_password"] is True
    async with parts.database.transaction(organisation.id) as tx:
        opened = await sign_in.account_with_password(
            tx, email="Ada@example.org", password="correct horse", now=parts.clock.now()
        )
        assert opened.uid == made.json()["id"]
        for email, password in (("ada@example.org", "battery staple"), ("bob@example.org", "correct horse")):
            assert not await sign_in.account_with_password(tx, email=email, password=password, now=parts.clock.now())


async def test_a_password_that_is_too_short_is_named(api):
    answer = await api.post("/api/v1/accounts", json={"email": "a@example.org", "name": "A", "password": "short"})
    assert (answer.status_code, answer.json()["field"], answer.json()["limit"]) == (422, "password", 10)
    assert "short" not in answer.text.replace("characters", "")


async def test_the_audit_trail_names_the_key_and_holds_no_values(api, key):
    await api.post("/api/v1/accounts", json={"email": "ada@example.org", "name": "Ada Lovelace"})
    entry = (await api.get("/api/v1/audit", params={"action": "account.create"})).json()["items"][0]
    assert entry["actor"] == f"key:{key.key.uid}"
    assert "ada" not in str(entry).lower()


async def test_a_refused_change_leaves_no_audit_entry(api):
    await api.post("/api/v1/accounts", json={"email": "ada@example.org", "name": "Ada"})
    before = len((await api.get("/api/v1/audit")).json()["items"])
    await api.post("/api/v1/accounts", json={"email": "ada@example.org", "name": "Ada"})
    assert len((await api.get("/api/v1/audit")).json()["items"]) == before

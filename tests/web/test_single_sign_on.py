import dataclasses
import re
from datetime import timedelta
from html import unescape

import httpx
import pytest
import pytest_asyncio

from laurel.application import surfaces
from laurel.domain.organisations import sign_in
from laurel.outside.http import GuardedHttp
from laurel.web.server import create_web
from tests.support.browsing import XSS
from tests.support.builders import a_key, a_number, an_account, an_organisation
from tests.support.fixtures import BASE_URL, client_of
from tests.support.identity import an_identity_provider, come_back, wish

API = "/api/v1/identity-provider"


@pytest_asyncio.fixture(scope="module")
async def reaching(_parts):
    """The application with an outgoing guard that lets loopback through, as an operator's setting would."""
    http = GuardedHttp(["127.0.0.0/8"])
    parts = dataclasses.replace(_parts, http=http)
    yield parts, httpx.ASGITransport(create_web(parts, surfaces()), raise_app_exceptions=True)
    await http.close()


@pytest_asyncio.fixture
async def idp(parts):
    async with an_identity_provider(parts) as provider:
        provider.claims["email"] = f"ada{a_number()}@example.org"
        provider.claims["sub"] = f"subject-{a_number()}"
        yield provider


@pytest_asyncio.fixture
async def owner_api(reaching, key):
    async with client_of(reaching[1], key) as client:
        yield client


@pytest_asyncio.fixture
async def browser(reaching):
    """A browser at an address of its own: failed sign-ins are counted by address."""
    transport = httpx.ASGITransport(reaching[1].app, client=(f"192.0.2.{a_number()}", 1))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers={"Accept": "text/html"}) as client:
        yield client


async def set_up(owner_api, idp, **changes):
    answer = await owner_api.put(API, json=wish(idp, **changes))
    assert answer.status_code == 200, answer.text
    return answer.json()


def token_of(answer) -> str:
    found = re.search(r'name="token" value="([0-9a-f]+)"', answer.text)
    assert found is not None, answer.text
    return found[1]


async def lead_on(browser, organisation, **fields) -> httpx.Response:
    door = await browser.get(f"/console/sign-in/at/{organisation.slug}")
    assert door.status_code == 200, door.text
    return await browser.post(
        "/console/sign-in/begin", data={"token": token_of(door), "organisation": organisation.slug, **fields}
    )


async def begin(browser, organisation, **fields) -> str:
    """The address of the provider that the browser is led to."""
    led = await lead_on(browser, organisation, **fields)
    assert led.status_code == 200, led.text
    return led.headers["refresh"].removeprefix("0; url=")


async def signed_in(browser, organisation, **fields) -> httpx.Response:
    return await browser.get(await come_back(await begin(browser, organisation, **fields)))


def said(answer) -> str:
    found = re.search(r'role="alert">.*?<div>(.*?)</div>', answer.text, re.DOTALL)
    assert found is not None, answer.text
    return unescape(found[1])


async def test_an_invited_account_signs_in_and_is_linked(browser, owner_api, idp, parts, organisation):
    await set_up(owner_api, idp)
    await an_account(parts, organisation, email=idp.claims["email"], role="owner")
    answer = await signed_in(browser, organisation, next="/console/people")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/people")
    assert organisation.name in (await browser.get("/console/people")).text
    # Linked by subject: another address, even an unverified one, changes nothing any more.
    idp.claims |= {"email": "elsewhere@example.net", "email_verified": False}
    browser.cookies.clear()
    assert (await signed_in(browser, organisation)).status_code == 303


async def test_elliptic_curve_keys_and_userinfo_are_understood(browser, owner_api, idp, parts, organisation):
    await set_up(owner_api, idp)
    account = await an_account(parts, organisation)
    idp.algorithm = "ES256"
    idp.claims = {"sub": "s-9"}
    idp.userinfo = {"sub": "s-9", "email": account.email.upper(), "email_verified": True}
    assert (await signed_in(browser, organisation)).status_code == 303
    idp.claims = {"sub": "s-10"}
    browser.cookies.clear()
    answer = await signed_in(browser, organisation)
    assert (answer.status_code, said(answer)) == (401, "the identity provider speaks of somebody else than its token")


WRONG = {
    "another nonce": (lambda c: c.update(nonce="x"), "belongs to another sign-in"),
    "no nonce": (lambda c: c.pop("nonce"), "belongs to another sign-in"),
    "another audience": (lambda c: c.update(aud="someone-else"), "meant for another application"),
    "several audiences without a party": (lambda c: c.update(aud=["laurel", "other"]), "meant for another application"),
    "another party": (lambda c: c.update(azp="other"), "meant for another application"),
    "expired": (lambda c: c.update(exp=c["iat"] - 120), "has run out"),
    "not yet": (lambda c: c.update(nbf=c["iat"] + 600), "no valid nbf"),
    "from the future": (lambda c: c.update(iat=c["iat"] + 600), "no valid iat"),
    "another issuer": (lambda c: c.update(iss="https://evil.example"), "issued by another provider"),
    "no subject": (lambda c: c.pop("sub"), "no valid sub"),
    "an empty subject": (lambda c: c.update(sub=""), "names nobody"),
    "an expiry that is text": (lambda c: c.update(exp="tomorrow"), "no valid exp"),
    "a foreign access token": (lambda c: c.update(at_hash="AAAA"), "does not belong to its access token"),
    "a number for a hash": (lambda c: c.update(at_hash=7), "cannot be read"),
    "an unverified address": (lambda c: c.update(email_verified=False), "has not verified the address"),
    "an address of which nothing is said": (lambda c: c.pop("email_verified"), "has not verified the address"),
    "no address": (lambda c: c.update(email=None), "does not say which e-mail address"),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_token_that_is_wrong_opens_nothing(browser, owner_api, idp, parts, organisation, wrong):
    await set_up(owner_api, idp)
    await an_account(parts, organisation, email=idp.claims["email"])
    idp.spoil, sentence = WRONG[wrong]
    answer = await signed_in(browser, organisation)
    assert answer.status_code == 401
    assert sentence in said(answer)
    assert (await browser.get("/console")).status_code == 303


@pytest.mark.parametrize("algorithm", ["none", "HS256", "foreign"])
async def test_a_token_without_the_providers_signature_opens_nothing(
    browser, owner_api, idp, parts, organisation, algorithm
):
    await set_up(owner_api, idp)
    await an_account(parts, organisation, email=idp.claims["email"])
    if algorithm == "foreign":
        idp.foreign_key = True
    else:
        idp.algorithm = algorithm
    answer = await signed_in(browser, organisation)
    assert (answer.status_code, said(answer)) == (
        401, "the identity provider's token is not signed with one of its published keys",
    )  # fmt: skip


async def test_an_answer_is_used_once_in_the_browser_that_asked(
    browser, reaching, owner_api, idp, parts, organisation, clock
):
    await set_up(owner_api, idp)
    await an_account(parts, organisation, email=idp.claims["email"])
    back = await come_back(await begin(browser, organisation))
    async with httpx.AsyncClient(transport=reaching[1], base_url=BASE_URL) as mallory:
        stolen = await mallory.get(back)
        assert (stolen.status_code, "another browser" in said(stolen)) == (401, True)
    cookies = dict(browser.cookies)
    assert (await browser.get(back)).status_code == 303
    browser.cookies.update(cookies)
    again = await browser.get(back)
    assert (again.status_code, "used before" in said(again)) == (401, True)
    for address in (
        "/console/sign-in/callback",
        "/console/sign-in/callback?state=x&code=y",
        f"{back}&state={'z' * 900}",
    ):
        assert (await browser.get(address)).status_code == 401
    browser.cookies.clear()
    late = await come_back(await begin(browser, organisation))
    clock.advance(timedelta(minutes=11))
    assert "too long ago" in said(await browser.get(late))


async def test_a_sign_in_is_begun_by_our_own_form_alone(browser, owner_api, idp, organisation):
    await set_up(owner_api, idp)
    answer = await browser.post(
        "/console/sign-in/begin",
        data={"organisation": organisation.slug, "token": "0" * 64},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403


async def test_another_provider_that_answers_is_found_out(browser, owner_api, idp, parts, organisation):
    await set_up(owner_api, idp)
    await an_account(parts, organisation, email=idp.claims["email"])
    idp.sends_issuer = "https://evil.example"
    assert "another identity provider answered" in said(await signed_in(browser, organisation))
    idp.sends_issuer = None
    idp.discovery = {"authorization_response_iss_parameter_supported": True}
    assert "does not say which identity provider" in said(await signed_in(browser, organisation))
    idp.sends_issuer = idp.issuer
    assert (await signed_in(browser, organisation)).status_code == 303


async def test_a_provider_that_was_changed_meanwhile_is_asked_anew(browser, owner_api, idp, parts, organisation):
    await set_up(owner_api, idp)
    back = await come_back(await begin(browser, organisation))
    async with an_identity_provider(parts) as another:
        await set_up(owner_api, another)
        assert "was changed meanwhile" in said(await browser.get(back))
    assert idp.asked == []


async def test_what_the_provider_refuses_is_said(browser, owner_api, idp, organisation):
    await set_up(owner_api, idp)
    idp.refuses = "access_denied"
    assert "not allowed to tell who you are" in said(await signed_in(browser, organisation))
    idp.refuses = "<script>"
    assert said(await signed_in(browser, organisation)) == "the identity provider did not sign you in"
    idp.refuses = ""
    back = await come_back(await begin(browser, organisation))
    idp.codes.clear()
    assert "did not accept the sign-in (invalid_grant)" in said(await browser.get(back))


async def test_strangers_get_no_account_unless_the_organisation_says_so(browser, owner_api, idp, organisation):
    await set_up(owner_api, idp, domains=["example.org"])
    answer = await signed_in(browser, organisation)
    assert (answer.status_code, "there is no account for" in said(answer)) == (401, True)
    await set_up(owner_api, idp, domains=["example.org"], creates_accounts=True, default_role="moderator")
    assert (await signed_in(browser, organisation)).status_code == 303
    accounts = (await owner_api.get("/api/v1/accounts")).json()["items"]
    made = next(one for one in accounts if one["email"] == idp.claims["email"])
    assert (made["role"], made["name"], made["has_password"]) == ("moderator", "Ada L", False)
    browser.cookies.clear()
    idp.claims |= {"sub": "s-3", "email": "eve@not-example.org"}
    assert "there is no account for" in said(await signed_in(browser, organisation))


async def test_a_removed_account_stays_out_until_it_is_invited_again(browser, owner_api, idp, parts, organisation):
    await set_up(owner_api, idp, domains=["example.org"], creates_accounts=True)
    account = await an_account(parts, organisation, email=idp.claims["email"])
    assert (await signed_in(browser, organisation)).status_code == 303
    async with parts.database.transaction(organisation.id) as tx:
        await sign_in.remove_account(tx, account.uid, by="test", now=parts.clock.now())
    assert (await browser.get("/console")).headers["location"].startswith("/console/sign-in")
    answer = await signed_in(browser, organisation)
    assert (answer.status_code, "was removed" in said(answer)) == (401, True)
    await an_account(parts, organisation, email=idp.claims["email"])
    assert (await signed_in(browser, organisation)).status_code == 303


async def test_an_address_that_went_to_somebody_else_does_not_inherit_the_account(
    browser, owner_api, idp, parts, organisation
):
    await set_up(owner_api, idp)
    await an_account(parts, organisation, email=idp.claims["email"])
    assert (await signed_in(browser, organisation)).status_code == 303
    browser.cookies.clear()
    idp.claims["sub"] = "somebody else"
    assert "belongs to somebody else" in said(await signed_in(browser, organisation))


async def test_an_account_of_another_organisation_does_not_count(
    browser, owner_api, idp, parts, organisation, other_organisation
):
    await set_up(owner_api, idp)
    await an_account(parts, other_organisation, email=idp.claims["email"], role="owner")
    assert "there is no account for" in said(await signed_in(browser, organisation))
    assert (await browser.get(f"/console/sign-in/at/{other_organisation.slug}")).status_code == 404


async def test_passwords_are_switched_off_only_when_an_owner_came_through(browser, owner_api, idp, parts, organisation):
    await set_up(owner_api, idp)
    refused = await owner_api.put(API, json=wish(idp, password_sign_in=False))
    assert (refused.status_code, refused.json()["field"]) == (409, "password_sign_in")
    owner = await an_account(parts, organisation, email=idp.claims["email"], role="owner", password="correct horse")
    assert (await signed_in(browser, organisation)).status_code == 303
    assert (await set_up(owner_api, idp, password_sign_in=False))["password_sign_in"] is False
    browser.cookies.clear()
    fields = {"email": owner.email, "password": "correct horse"}
    door = await browser.get("/console/sign-in")
    answer = await browser.post("/console/sign-in", data={"token": token_of(door), **fields})
    assert (answer.status_code, "signs in through its identity provider" in answer.text) == (401, True)
    assert (await owner_api.delete(API)).status_code == 204
    door = await browser.get("/console/sign-in")
    answer = await browser.post("/console/sign-in", data={"token": token_of(door), **fields})
    assert answer.status_code == 303


async def test_only_owners_say_through_whom_people_sign_in(reaching, idp, parts, organisation):
    key = await a_key(parts, organisation, scopes=("accounts:write",))
    async with client_of(reaching[1], key) as client:
        assert (await client.put(API, json=wish(idp))).status_code == 403
        assert (await client.delete(API)).status_code == 403
        assert (await client.get(API)).status_code == 404


async def test_the_secret_is_shown_nowhere_and_does_not_follow_to_another_issuer(owner_api, idp, parts, organisation):
    made = await set_up(owner_api, idp)
    assert made["has_client_secret"] is True
    assert "s3cret" not in (await owner_api.get(API)).text
    async with parts.database.transaction(organisation.id) as tx:
        stored = await tx.fetchval(
            "SELECT client_secret FROM identity_provider WHERE organisation_id = $1", organisation.id
        )
    assert b"s3cret" not in stored
    kept = await owner_api.put(API, json=wish(idp, client_secret=None))
    assert kept.json()["has_client_secret"] is True
    async with an_identity_provider(parts) as another:
        moved = await owner_api.put(API, json=wish(another, client_secret=None))
    assert moved.json()["has_client_secret"] is False


BAD = {
    "issuer": [
        {"issuer": "ftp://x.example"},
        {"issuer": "https://x.example/?a=b"},
        {"issuer": "https://" + "x" * 5_000},
    ],
    "client_id": [{"client_id": " "}],
    "domains": [{"domains": ["nonsense"]}, {"domains": [f"x{n}.org" for n in range(60)]}, {"creates_accounts": True}],
    "default_role": [{"default_role": "owner"}, {"default_role": "king"}],
    "client_secret": [{"client_secret": "x" * 1_001}],
}


@pytest.mark.parametrize(("field", "changes"), [(field, one) for field, many in BAD.items() for one in many])
async def test_a_wrong_setting_is_named(owner_api, idp, field, changes):
    answer = await owner_api.put(API, json=wish(idp, **changes))
    assert (answer.status_code in {400, 413, 422}, answer.json()["field"]) == (True, field)


async def test_a_provider_that_is_none_is_refused_when_it_is_set(owner_api, idp):
    for changes, sentence in (
        ({"issuer": "https://other.example"}, "calls itself https://other.example"),
        ({"jwks_uri": 7}, "not what OpenID Connect asks for"),
        ({"token_endpoint": "http://10.0.0.1/token"}, "may not be asked"),
    ):
        idp.discovery = changes
        answer = await owner_api.put(API, json=wish(idp))
        assert (answer.status_code, answer.json()["field"]) == (503, "issuer")
        assert sentence in answer.json()["detail"]
    nobody = await owner_api.put(API, json=wish(idp, issuer="http://127.0.0.1:9"))
    assert (nobody.status_code, "does not answer" in nobody.json()["detail"]) == (503, True)


async def test_private_addresses_are_asked_only_when_the_operator_allows_it(parts, key, idp):
    guarded = dataclasses.replace(parts, http=GuardedHttp())
    transport = httpx.ASGITransport(create_web(guarded, surfaces()), raise_app_exceptions=True)
    async with client_of(transport, key) as client:
        for issuer in (idp.issuer, "https://127.0.0.1", "https://169.254.169.254"):
            answer = await client.put(API, json=wish(idp, issuer=issuer))
            assert (answer.status_code, "may not be asked" in answer.json()["detail"]) == (503, True)


async def test_the_sign_in_page_finds_the_organisation_by_the_domain(browser, owner_api, idp, organisation, parts):
    domain = f"school{a_number()}.example"
    await set_up(owner_api, idp, domains=[domain])
    other = await an_organisation(parts)
    page = await browser.get("/console/sign-in")
    assert "Through your organisation" in page.text
    fields = {"token": token_of(page), "search": "1"}
    found = await browser.post("/console/sign-in/organisation", data={**fields, "email": f"x@{domain}"})
    assert f"Continue to {organisation.name}" in found.text
    assert other.name not in found.text
    none = await browser.post("/console/sign-in/organisation", data={**fields, "email": "x@nowhere.example"})
    assert (none.status_code, "addresses of this domain" in none.text) == (404, True)


async def test_an_interrupted_form_comes_back_after_the_provider(browser, owner_api, idp, parts, organisation):
    await set_up(owner_api, idp)
    await an_account(parts, organisation, email=idp.claims["email"])
    asked = await browser.post("/console/people/new", data={"first_name": "Grace", "token": "0" * 64})
    assert asked.status_code == 401
    kept = re.search(r'name="kept" value="([^"]+)"', asked.text)
    assert kept is not None
    back = await signed_in(browser, organisation, kept=unescape(kept[1]))
    assert (back.status_code, "Nothing is lost" in back.text, "Grace" in back.text) == (200, True, True)
    too_long = await lead_on(browser, organisation, kept="x" * 200_001)
    assert "the limit is 200000" in said(too_long)


async def test_signing_out_names_the_providers_own_way_out(browser, owner_api, idp, parts, organisation):
    await set_up(owner_api, idp)
    await an_account(parts, organisation, email=idp.claims["email"])
    await signed_in(browser, organisation)
    page = await browser.get("/console/account")
    answer = await browser.post("/console/sign-out", data={"token": token_of(page)})
    assert f"{idp.issuer}/leave" in answer.text
    assert (await browser.get("/console")).status_code == 303


async def test_what_an_organisation_calls_itself_and_its_provider_is_never_run(
    browser, owner_api, idp, organisation, parts
):
    domain = f"school{a_number()}.example"
    await set_up(owner_api, idp, name=XSS, domains=[domain])
    await owner_api.patch("/api/v1/organisation", json={"name": XSS})
    page = await browser.get("/console/sign-in")
    found = await browser.post(
        "/console/sign-in/organisation", data={"token": token_of(page), "search": "1", "email": f"x@{domain}"}
    )
    door = await browser.get(f"/console/sign-in/at/{organisation.slug}")
    going = await lead_on(browser, organisation)
    idp.claims["email"] = f"ada{a_number()}@example.org"
    refused = await browser.get(await come_back(await begin(browser, organisation)))
    for answer in (found, door, going, refused):
        assert "owned" in answer.text
        assert "<img src=x" not in answer.text
        assert "<script>document" not in answer.text
        assert "unsafe" not in answer.headers["content-security-policy"]


async def test_a_link_to_another_site_is_not_followed_after_signing_in(browser, owner_api, idp, parts, organisation):
    await set_up(owner_api, idp)
    await an_account(parts, organisation, email=idp.claims["email"])
    for address in ("https://evil.example/", "//evil.example", "/console/../\\evil"):
        answer = await signed_in(browser, organisation, next=address)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console")

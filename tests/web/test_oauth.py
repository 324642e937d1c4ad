import email
import email.policy
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from laurel.base import limits
from laurel.domain.grants.model import READ_CREDENTIALS, READ_PROFILE, WRITE_CREDENTIALS
from tests.support.applications import CALLBACK, VERIFIER, Application, a_registration, an_application
from tests.support.builders import a_key, a_person

PROFILE = "/ims/ob/v3p0/profile"


@pytest_asyncio.fixture
async def person(parts, organisation):
    return await a_person(parts, organisation, first_name="Ada", last_name="Byron")


@pytest_asyncio.fixture
async def persons_key(parts, organisation, person):
    return (await a_key(parts, organisation, acting_person_id=person.id)).text


@pytest_asyncio.fixture
async def backpack(stranger):
    return await an_application(stranger)


def bearer(tokens):
    return {"Authorization": f"Bearer {tokens['access_token']}"}


# ------------------------------------------------------------------------------------------------------- registration
async def test_an_application_registers_itself_without_a_token(stranger):
    answer = await stranger.post("/oauth/register", json=a_registration())
    assert answer.status_code == 201
    told = answer.json()
    assert told["redirect_uris"] == [CALLBACK]
    assert (told["token_endpoint_auth_method"], told["client_secret_expires_at"]) == ("client_secret_basic", 0)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "wishes",
    [
        {"client_name": None},
        {"client_name": "x" * 101},
        {"client_name": "a\nb"},
        {"redirect_uris": []},
        {"redirect_uris": "https://app.example.org/callback"},
        {"redirect_uris": ["https://app.example.org/c"] * 6},
        {"redirect_uris": ["http://app.example.org/callback"]},
        {"redirect_uris": ["https://app.example.org/callback#part"]},
        {"redirect_uris": ["https://evil.example/callback"]},
        {"redirect_uris": ["https://user@app.example.org/callback"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["https://app.example.org:x/"]},
        {"logo_uri": "https://elsewhere.example/logo.png"},
        {"tos_uri": None},
        {"scope": None},
        {"scope": "offline_access"},
        {"scope": "everything"},
        {"token_endpoint_auth_method": "none"},
        {"grant_types": ["password"]},
        {"response_types": ["token"]},
        {"policy_uri": "https://app.example.org/" + "x" * 500},
    ],
)
async def test_a_registration_that_is_not_whole_is_refused(stranger, wishes):
    answer = await stranger.post("/oauth/register", json=a_registration(**wishes))
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] in {"invalid_client_metadata", "invalid_redirect_uri"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 10_000, b"\xff"])
async def test_a_registration_that_cannot_be_read_is_refused(stranger, body):
    answer = await stranger.post("/oauth/register", content=body)
    assert answer.status_code in {400, 422}
    assert "error" in answer.json()


async def test_a_long_body_is_refused_with_the_limit(stranger):
    answer = await stranger.post("/oauth/register", content=b"x" * 70_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "invalid_request")


async def test_a_changed_client_id_is_nobody(stranger, backpack):
    head, body, mac = backpack.id.split(".")
    changed = Application(stranger, {"client_id": f"{head}.{body[:-2]}AA.{mac}", "client_secret": backpack.secret})
    page = await stranger.get("/oauth/authorize?" + changed.request())
    assert page.status_code == 400
    assert "not registered" in page.text


# ------------------------------------------------------------------------------------------------------------ consent
async def test_the_page_says_who_asks_and_goes_into_no_frame(stranger, backpack):
    page = await stranger.get("/oauth/authorize?" + backpack.request())
    assert page.status_code == 200
    assert "Backpack asks for access" in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


async def test_names_of_applications_are_escaped(stranger):
    nasty = await an_application(stranger, client_name='<img src=x onerror="1">')
    page = await stranger.get("/oauth/authorize?" + nasty.request())
    assert "<img" not in page.text


@pytest.mark.parametrize("wishes", [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}])
async def test_the_browser_is_never_sent_to_an_address_that_is_not_registered(stranger, backpack, wishes):
    page = await stranger.get("/oauth/authorize?" + backpack.request(**wishes))
    assert page.status_code == 400
    assert "location" not in page.headers


@pytest.mark.parametrize(
    ("wishes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
    ],
)
async def test_the_application_hears_what_is_wrong_with_its_request(stranger, backpack, wishes, error):
    answer = await stranger.get("/oauth/authorize?" + backpack.request(**wishes))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(CALLBACK)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == [error]
    assert parse_qs(urlsplit(answer.headers["location"]).query)["state"] == ["s&1"]


async def test_only_registered_scopes_can_be_asked_for(stranger):
    small = await an_application(stranger, scope=READ_PROFILE)
    answer = await stranger.get("/oauth/authorize?" + small.request(scope=READ_CREDENTIALS))
    assert "error=invalid_scope" in answer.headers["location"]


async def test_a_person_may_say_no(backpack, persons_key):
    told = await backpack.sent_back(persons_key, decision="deny")
    assert (told["error"], told["state"]) == ("access_denied", "s&1")


async def test_a_key_that_acts_for_nobody_consents_to_nothing(stranger, backpack, key):
    page = await stranger.post("/oauth/key", data={"request": backpack.request(), "key": key.text})
    assert page.status_code == 400
    assert "acts for nobody" in page.text


async def test_a_wrong_key_is_refused_on_a_page(stranger, backpack):
    page = await stranger.post("/oauth/key", data={"request": backpack.request(), "key": "lrl_wrong"})
    assert page.status_code == 401
    assert page.headers["content-type"].startswith("text/html")


async def test_a_request_that_was_changed_in_the_form_is_refused(stranger, backpack, persons_key):
    tampered = backpack.request(scope="admin")
    page = await stranger.post("/oauth/key", data={"request": tampered, "key": persons_key})
    assert page.status_code == 400


def links_in(mails):
    found = []
    for path in sorted(mails.glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        found += re.findall(r"https?://\S+/oauth/continue\?(\S+)", message.get_content())
    return found


async def test_a_link_by_mail_says_who_it_is(stranger, backpack, person, mails):
    form = {"request": backpack.request(), "email": person.email.upper()}
    page = await stranger.post("/oauth/sign-in", data=form)
    assert page.status_code == 200
    (query,) = links_in(mails)
    for _ in range(2):
        page = await stranger.get(f"/oauth/continue?{query}")
        assert "Ada Byron" in page.text
    decided = {"link": parse_qs(query)["link"][0], "decision": "allow"}
    answer = await stranger.post("/oauth/decide", data=decided)
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    assert (await backpack.exchange(code)).status_code == 200
    again = await stranger.post("/oauth/decide", data=decided)
    assert (again.status_code, "used before" in again.text) == (404, True)


async def test_nobody_learns_who_is_known_here(stranger, backpack, person, mails):
    pages = [
        (await stranger.post("/oauth/sign-in", data={"request": backpack.request(), "email": address})).text
        for address in (person.email, "nobody@example.org", "no address")
    ]
    assert len(set(pages)) == 1
    assert len(links_in(mails)) == 1


async def test_a_mailbox_is_not_flooded(stranger, backpack, person, mails):
    for _ in range(limits.CONSENT_LINKS_PER_HOUR_MAX + 2):
        await stranger.post("/oauth/sign-in", data={"request": backpack.request(), "email": person.email})
    assert len(links_in(mails)) == limits.CONSENT_LINKS_PER_HOUR_MAX


async def test_a_link_is_too_old_after_an_hour(stranger, backpack, person, mails, clock):
    await stranger.post("/oauth/sign-in", data={"request": backpack.request(), "email": person.email})
    clock.advance(timedelta(hours=1))
    page = await stranger.get(f"/oauth/continue?{links_in(mails)[0]}")
    assert page.status_code == 404


@pytest.mark.parametrize("link", ["", "x", "0" * 24 + ".x", "%00.%00", "a.b.c"])
async def test_links_that_were_never_made_are_refused(stranger, link):
    assert (await stranger.get(f"/oauth/continue?link={link}")).status_code in {400, 404}


# ------------------------------------------------------------------------------------------------------------- tokens
async def test_tokens_act_for_the_person_and_only_as_consented(stranger, backpack, persons_key, person):
    tokens = await backpack.tokens(persons_key, scope=READ_PROFILE)
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 3600, READ_PROFILE)
    assert "refresh_token" not in tokens
    told = await stranger.get(PROFILE, headers=bearer(tokens))
    assert told.json()["email"] == person.email
    refused = await stranger.get("/ims/ob/v3p0/credentials", headers=bearer(tokens))
    assert refused.status_code == 403


async def test_a_code_opens_once_and_its_second_use_ends_what_it_opened(stranger, backpack, persons_key):
    code = (await backpack.sent_back(persons_key))["code"]
    tokens = (await backpack.exchange(code)).json()
    assert (await stranger.get(PROFILE, headers=bearer(tokens))).status_code == 200
    again = await backpack.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await stranger.get(PROFILE, headers=bearer(tokens))).status_code == 401
    refreshed = await backpack.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refreshed.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "wishes",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"code_verifier": "ü" * 64},
        {"redirect_uri": "https://app.example.org/other"},
        {"code": "lac_" + "0" * 24 + "_x"},
        {"code": "ü"},
        {"code": ""},
    ],
)
async def test_a_code_that_does_not_fit_opens_nothing(backpack, persons_key, wishes):
    code = (await backpack.sent_back(persons_key))["code"]
    answer = await backpack.exchange(wishes.pop("code", code), **wishes)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_code_is_too_old_after_ten_minutes(backpack, persons_key, clock):
    code = (await backpack.sent_back(persons_key))["code"]
    clock.advance(timedelta(minutes=10))
    assert (await backpack.exchange(code)).json()["error"] == "invalid_grant"


async def test_a_code_of_another_application_opens_nothing(stranger, backpack, persons_key):
    other = await an_application(stranger, client_name="Other")
    code = (await backpack.sent_back(persons_key))["code"]
    assert (await other.exchange(code)).json()["error"] == "invalid_grant"
    assert (await backpack.exchange(code)).status_code == 200


async def test_an_application_must_prove_to_be_itself(stranger, backpack, persons_key):
    code = (await backpack.sent_back(persons_key))["code"]
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    in_body = {**fields, "client_id": backpack.id, "client_secret": backpack.secret}
    for answer in (
        await backpack.token(auth=(backpack.id, "wrong"), **fields),
        await backpack.token(auth=("nobody", backpack.secret), **fields),
        await stranger.post("/oauth/token", data=in_body),
        await stranger.post("/oauth/token", data=fields, headers={"Authorization": "Basic /w=="}),
        await stranger.post("/oauth/token", data=fields, headers={"Authorization": "Basic !"}),
    ):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), answer.text
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


async def test_an_access_token_lives_an_hour_and_is_refreshed(stranger, backpack, persons_key, clock):
    tokens = await backpack.tokens(persons_key)
    clock.advance(timedelta(hours=1))
    assert (await stranger.get(PROFILE, headers=bearer(tokens))).status_code == 401
    answer = await backpack.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert (await stranger.get(PROFILE, headers=bearer(answer.json()))).status_code == 200


async def test_a_refresh_token_that_comes_twice_ends_everything(stranger, backpack, persons_key):
    tokens = await backpack.tokens(persons_key)
    fields = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    newer = (await backpack.token(**fields)).json()
    assert (await backpack.token(**fields)).json()["error"] == "invalid_grant"
    assert (await stranger.get(PROFILE, headers=bearer(newer))).status_code == 401


async def test_a_refresh_may_ask_for_less_and_never_for_more(backpack, persons_key):
    tokens = await backpack.tokens(persons_key, scope=f"{READ_PROFILE} offline_access")
    fields = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await backpack.token(**fields, scope=WRITE_CREDENTIALS)).json()["error"] == "invalid_scope"
    assert (await backpack.token(**fields, scope=READ_PROFILE)).json()["scope"] == READ_PROFILE


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_a_revoked_token_opens_nothing(stranger, backpack, persons_key, which):
    tokens = await backpack.tokens(persons_key)
    other = await an_application(stranger, client_name="Other")
    passed_over = await stranger.post("/oauth/revoke", data={"token": tokens[which]}, auth=other.basic)
    assert passed_over.status_code == 200
    assert (await stranger.get(PROFILE, headers=bearer(tokens))).status_code == 200
    for token in (tokens[which], "unknown"):
        answer = await stranger.post("/oauth/revoke", data={"token": token}, auth=backpack.basic)
        assert answer.status_code == 200
    assert (await stranger.get(PROFILE, headers=bearer(tokens))).status_code == 401


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"grant_type=password", "unsupported_grant_type"),
        (b"", "unsupported_grant_type"),
        (b"code=a&code=b", "invalid_request"),
        (b"&".join(b"a%d=1" % n for n in range(60)), "invalid_request"),
        (b"a=%ff", "invalid_request"),
        (b"\xff=1", "invalid_request"),
    ],
)
async def test_forms_that_ask_for_nothing_known_are_refused(stranger, backpack, content, error):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await stranger.post("/oauth/token", content=content, headers=headers, auth=backpack.basic)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("token", ["", "x", "lat_" + "0" * 24 + "_x", "lat_\x7f", "lat__", "y" * 5_000])
async def test_tokens_that_were_never_given_are_refused(stranger, token):
    answer = await stranger.get(PROFILE, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.json()["imsx_codeMajor"] == "failure"


async def test_a_person_who_is_gone_has_no_tokens(stranger, api, backpack, persons_key, person):
    tokens = await backpack.tokens(persons_key)
    assert (await api.delete(f"/api/v1/people/{person.uid}")).status_code in {200, 204}
    assert (await stranger.get(PROFILE, headers=bearer(tokens))).status_code == 401


async def test_the_server_describes_what_it_can(stranger):
    told = (await stranger.get("/.well-known/oauth-authorization-server")).json()
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_endpoint"].endswith("/oauth/authorize")

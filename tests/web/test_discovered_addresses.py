"""Whatever a description of a service names, is there."""

import dataclasses

import httpx
import pytest

from laurel.application import surfaces
from laurel.web.server import create_web
from tests.support.fixtures import BASE_URL, client_of

DESCRIPTIONS = ("/ims/ob/v3p0/discovery", "/ims/clr/v2p0/discovery", "/.well-known/oauth-authorization-server")
POSTED = ("registration", "token", "revocation", "refresh")


def addresses_in(told, name=""):
    """(the member that names it, the address) of every address of this server in a description."""
    if isinstance(told, dict):
        for key, value in told.items():
            yield from addresses_in(value, key)
    elif isinstance(told, list):
        for value in told:
            yield from addresses_in(value, name)
    elif isinstance(told, str) and told.startswith(BASE_URL):
        yield name, told.removeprefix(BASE_URL)


@pytest.mark.parametrize("path", DESCRIPTIONS)
async def test_every_address_that_a_description_names_answers(stranger, path):
    told = (await stranger.get(path)).json()
    named = [(name, address) for name, address in addresses_in(told) if name not in {"issuer", "url"}]
    servers = [server["url"].removeprefix(BASE_URL) for server in told.get("servers", [])]
    named += [(verb, server + below) for server in servers for below, verbs in told["paths"].items() for verb in verbs]
    assert len(named) > 3
    for name, address in named:
        posted = name == "post" or any(word in name.lower() for word in POSTED)
        method = "PUT" if name == "put" else "POST" if posted else "GET"
        answer = await stranger.request(method, address)
        assert answer.status_code not in {404, 405, 500, 501}, (name, method, address, answer.text[:200])
        if "terms" in name.lower() or "polic" in name.lower() or "tos" in name.lower():
            assert answer.status_code == 200


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ja", "ar"])
@pytest.mark.parametrize("path", ["/terms", "/privacy"])
async def test_a_server_without_texts_of_its_own_says_so(stranger, path, language):
    answer = await stranger.get(f"{path}?lang={language}")
    assert answer.status_code == 200
    assert f'lang="{language}"' in answer.text


async def test_the_operators_own_texts_are_named_and_led_to(parts):
    own = dataclasses.replace(
        parts, terms_url="https://school.example/terms", privacy_url="https://school.example/privacy"
    )
    web = create_web(own, surfaces())
    async with client_of(httpx.ASGITransport(web)) as client:
        for path in DESCRIPTIONS:
            text = (await client.get(path)).text
            assert "https://school.example/terms" in text
            assert "https://school.example/privacy" in text
        answer = await client.get("/terms")
        assert (answer.status_code, answer.headers["location"]) == (303, "https://school.example/terms")

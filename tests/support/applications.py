"""An application that registers itself and takes a person through /oauth/authorize as a browser would."""

import base64
import hashlib
import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from laurel.domain.grants.model import OFFLINE_ACCESS, READ_CREDENTIALS, READ_PROFILE, WRITE_CREDENTIALS, WRITE_PROFILE

CALLBACK = "https://app.example.org/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
EVERYTHING = f"{READ_CREDENTIALS} {WRITE_CREDENTIALS} {READ_PROFILE} {WRITE_PROFILE} {OFFLINE_ACCESS}"


def a_registration(**wishes):
    home = "https://app.example.org"
    return {
        "client_name": "Backpack",
        "client_uri": home,
        "logo_uri": f"{home}/logo.png",
        "tos_uri": f"{home}/tos",
        "policy_uri": f"{home}/policy",
        "software_id": "backpack",
        "software_version": "1",
        "redirect_uris": [CALLBACK],
        "scope": EVERYTHING,
        **wishes,
    }


class Application:
    """A registered application."""

    def __init__(self, client: httpx.AsyncClient, registered):
        self.client = client
        self.id = registered["client_id"]
        self.secret = registered["client_secret"]

    @property
    def basic(self):
        return httpx.BasicAuth(self.id, self.secret)

    def request(self, **wishes):
        asked = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": CALLBACK,
            "scope": EVERYTHING,
            "state": "s&1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **wishes,
        }
        return urlencode({name: value for name, value in asked.items() if value is not None})

    async def sent_back(self, key, decision="allow", **wishes):
        """What the browser carries back to the application after the person's decision."""
        page = await self.client.post("/oauth/key", data={"request": self.request(**wishes), "key": key})
        assert page.status_code == 200, page.text
        link = unescape(re.search(r'name="link" value="([^"]+)"', page.text)[1])
        answer = await self.client.post("/oauth/decide", data={"link": link, "decision": decision})
        assert answer.status_code == 303, answer.text
        place = urlsplit(answer.headers["location"])
        return {name: values[0] for name, values in parse_qs(place.query).items()}

    async def token(self, auth=None, **fields):
        return await self.client.post("/oauth/token", data=fields, auth=auth or self.basic)

    async def exchange(self, code, **wishes):
        fields = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **wishes}
        return await self.token(grant_type="authorization_code", **fields)

    async def tokens(self, key, **wishes):
        """Tokens that act for the person whose key it is."""
        answer = await self.exchange((await self.sent_back(key, **wishes))["code"])
        assert answer.status_code == 200, answer.text
        return answer.json()


async def an_application(client: httpx.AsyncClient, **wishes) -> Application:
    answer = await client.post("/oauth/register", json=a_registration(**wishes))
    assert answer.status_code == 201, answer.text
    return Application(client, answer.json())

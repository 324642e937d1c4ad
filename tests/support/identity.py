"""A small identity provider on loopback: real discovery, real keys, real signed tokens; each test says what it does wrong."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from litestar import Litestar, Request, Response, get, post
from litestar.response import Redirect

from laurel.base.ids import new_secret
from laurel.domain.parts import Parts
from tests.support.served import served

CLIENT_ID, CLIENT_SECRET = "laurel", "s3cret/with:marks"
_RSA = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})
_EC = ECKey.generate_key("P-256", {"kid": "second", "use": "sig", "alg": "ES256"})
_FOREIGN = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class IdentityProvider:
    """Signs in whoever `claims` describes; `spoil` changes claims and header before signing."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.issuer = ""
        self.claims: dict[str, Any] = {
            "sub": "s-1",
            "email": "ada@example.org",
            "email_verified": True,
            "name": "Ada L",
        }
        self.userinfo: dict[str, Any] = {}
        self.algorithm = "RS256"
        self.spoil: Callable[[dict[str, Any]], None] = lambda claims: None
        self.discovery: dict[str, Any] = {}
        self.sends_issuer: str | None = None
        self.refuses = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.foreign_key = False

    def token(self, asked: dict[str, str]) -> str:
        now = int(self._parts.clock.now().timestamp())
        claims = {
            "iss": self.issuer, "aud": asked["client_id"], "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.claims,
        }  # fmt: skip
        self.spoil(claims)
        if self.algorithm in {"none", "HS256"}:
            # The old tricks: no signature, or the published key taken for a shared secret.
            header = {"alg": self.algorithm, "typ": "JWT", "kid": "first"}
            signed = ".".join(_base64(httpx.Response(200, json=one).content) for one in (header, claims))
            secret = _RSA.as_pem(private=False)
            return f"{signed}.{_base64(hmac.digest(secret, signed.encode(), 'sha256')) if self.algorithm == 'HS256' else ''}"
        key = _EC if self.algorithm == "ES256" else _FOREIGN if self.foreign_key else _RSA
        return jwt.encode({"alg": self.algorithm, "kid": key.kid}, claims, key, algorithms=[self.algorithm])


def _application(provider: IdentityProvider) -> Litestar:
    @get("/healthz")
    async def healthy() -> str:
        return "yes"

    @get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, Any]:
        here = provider.issuer
        return {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/keys",
            "userinfo_endpoint": f"{here}/userinfo",
            "end_session_endpoint": f"{here}/leave",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            **provider.discovery,
        }

    @get("/keys")
    async def keys() -> dict[str, Any]:
        return dict(KeySet([_RSA, _EC]).as_dict(private=False))

    @get("/authorize")
    async def authorize(request: Request[Any, Any, Any]) -> Response[Any]:
        asked = dict(request.query_params)
        answer = {"state": asked["state"]}
        if provider.refuses:
            answer["error"] = provider.refuses
        else:
            code = new_secret()
            provider.codes[code] = asked
            answer["code"] = code
        if provider.sends_issuer is not None:
            answer["iss"] = provider.sends_issuer
        return Redirect(f"{asked['redirect_uri']}?{urlencode(answer)}", status_code=303)

    @post("/token", status_code=200)
    async def token(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = provider.codes.pop(form["code"], None)
        user, _, password = (
            base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode().partition(":")
        )
        challenge = _base64(hashlib.sha256(form["code_verifier"].encode()).digest())
        provider.asked.append("token")
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form["redirect_uri"]
            or (user, password) != (CLIENT_ID, "s3cret%2Fwith%3Amarks")
        ):
            return Response({"error": "invalid_grant"}, status_code=400)
        return Response({"id_token": provider.token(asked), "access_token": "at", "token_type": "Bearer"})

    @get("/userinfo")
    async def userinfo() -> dict[str, Any]:
        return provider.userinfo

    @get("/leave")
    async def leave() -> Response[str]:
        return Response("<!doctype html><title>Gone</title><h1>Signed out there</h1>", media_type="text/html")

    return Litestar([healthy, configuration, keys, authorize, token, userinfo, leave], openapi_config=None)


@asynccontextmanager
async def an_identity_provider(parts: Parts) -> AsyncIterator[IdentityProvider]:
    """One that answers on a port of its own inside the block."""
    provider = IdentityProvider(parts)
    async with served(_application(provider)) as address:
        provider.issuer = address
        yield provider


def wish(provider: IdentityProvider, **changes: Any) -> dict[str, Any]:
    """What `PUT /api/v1/identity-provider` is sent."""
    return {
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "name": "Example ID",
        **changes,
    }


async def come_back(address: str) -> str:
    """Where the provider sends a browser that asks for `address` back to: path and query."""
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(address)
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    return f"{parts.path}?{parts.query}"

"""What is said between Laurel and an identity provider (OpenID Connect Core 1.0, Discovery 1.0, RFC 7636, RFC 9207).

Everything is asked anew at every sign-in: a key that the provider has changed is right at once. Nothing here knows accounts.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from laurel.base.limits import (
    EMAIL_LENGTH_MAX,
    IDENTITY_KEYS_MAX,
    IDENTITY_SUBJECT_LENGTH_MAX,
    IDENTITY_TOKEN_LENGTH_MAX,
    NAME_LENGTH_MAX,
)
from laurel.base.text import clean, clean_email
from laurel.domain.single_sign_on.model import IdentityProvider, ProviderFailed, SignInFailed, Somebody
from laurel.outside.http import Blocked, Http, Unreachable

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
"""Signatures by public keys only: a shared secret or no signature proves nothing here."""
SCOPES = "openid email profile"
_LEEWAY_SECONDS = 60
_OK = 200
T = TypeVar("T")

_CLAIM_SENTENCES = {
    "iss": "the identity provider's token was issued by another provider",
    "aud": "the identity provider's token is meant for another application",
    "azp": "the identity provider's token is meant for another application",
    "nonce": "the identity provider's token belongs to another sign-in",
    "at_hash": "the identity provider's token does not belong to its access token",
}


class Discovered(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says about itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = []
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(msgspec.Struct, frozen=True, kw_only=True):
    id_token: str
    access_token: str | None = None


class _Keys(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


async def discover(http: Http, issuer: str) -> Discovered:
    """What the provider says about itself. Raises ProviderFailed with a sentence for the one who set it up."""
    found = await _ask_json(http, issuer.rstrip("/") + "/.well-known/openid-configuration", Discovered)
    if found.issuer != issuer:
        raise ProviderFailed(
            f"the identity provider calls itself {found.issuer[:200]}: give its address in exactly that spelling",
            field="issuer",
        )
    for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.userinfo_endpoint):
        if address is not None:
            _check(http, address)
    return found


def authorization_address(
    discovered: Discovered, provider: IdentityProvider, *, redirect: str, state: str, nonce: str, verifier: str
) -> str:
    """Where the browser is sent."""
    from authlib.common.urls import add_params_to_uri
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    return str(
        add_params_to_uri(
            discovered.authorization_endpoint,
            [
                ("response_type", "code"),
                ("client_id", provider.client_id),
                ("redirect_uri", redirect),
                ("scope", SCOPES),
                ("state", state),
                ("nonce", nonce),
                ("code_challenge", create_s256_code_challenge(verifier)),
                ("code_challenge_method", "S256"),
            ],
        )
    )


async def recognise(
    http: Http,
    discovered: Discovered,
    provider: IdentityProvider,
    *,
    secret: str | None,
    code: str,
    redirect: str,
    nonce: str,
    verifier: str,
    now: datetime,
) -> Somebody:
    """Exchange the code, check the token, and say who it is about. Raises SignInFailed, ProviderFailed."""
    tokens = await _exchange(http, discovered, provider, secret=secret, code=code, redirect=redirect, verifier=verifier)
    keys = await _ask_json(http, discovered.jwks_uri, _Keys)
    claims = read_token(tokens.id_token, keys.keys, provider, nonce=nonce, access_token=tokens.access_token, now=now)
    if "email" not in claims and discovered.userinfo_endpoint and tokens.access_token:
        headers = {"Authorization": f"Bearer {tokens.access_token}", "Accept": "application/json"}
        more = await _ask_json(http, discovered.userinfo_endpoint, dict[str, Any], headers)
        if more.get("sub") != claims["sub"]:
            raise SignInFailed("the identity provider speaks of somebody else than its token")
        claims = {**more, **claims}
    return _somebody(claims, provider)


def read_token(
    token: str,
    keys: list[dict[str, Any]],
    provider: IdentityProvider,
    *,
    nonce: str,
    access_token: str | None,
    now: datetime,
) -> dict[str, Any]:
    """The claims of an ID token that was signed by the provider, for this client and this sign-in. Raises SignInFailed."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
    from joserfc.jwk import KeySet
    from joserfc.jws import JWSRegistry

    if len(token) > IDENTITY_TOKEN_LENGTH_MAX:
        raise SignInFailed(
            f"the identity provider's token is over {IDENTITY_TOKEN_LENGTH_MAX} characters",
            limit=IDENTITY_TOKEN_LENGTH_MAX,
        )
    try:
        known = KeySet.import_key_set({"keys": [*keys[:IDENTITY_KEYS_MAX]]})
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        read = jwt.decode(token, known, registry=registry)
        if not isinstance(read.claims.get("at_hash", ""), str):
            raise SignInFailed("the identity provider's token cannot be read")
        claims = CodeIDToken(
            read.claims,
            read.header,
            options={
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
            },
            params={"nonce": nonce, "client_id": provider.client_id, "access_token": access_token},
        )
        claims.validate(now=int(now.timestamp()), leeway=_LEEWAY_SECONDS)
    except ExpiredTokenError:
        raise SignInFailed("the identity provider's token has run out; sign in again") from None
    except ClaimError as wrong:
        sentence = _CLAIM_SENTENCES.get(wrong.claim, f"the identity provider's token has no valid {wrong.claim}")
        raise SignInFailed(sentence) from None
    except (JoseError, ValueError, TypeError, KeyError):
        raise SignInFailed("the identity provider's token is not signed with one of its published keys") from None
    if not 0 < len(claims["sub"]) <= IDENTITY_SUBJECT_LENGTH_MAX:
        raise SignInFailed("the identity provider's token names nobody")
    return dict(claims)


def _somebody(claims: Mapping[str, Any], provider: IdentityProvider) -> Somebody:
    given = claims.get("email")
    email = clean_email(clean(given)) if isinstance(given, str) and len(given) <= EMAIL_LENGTH_MAX else None
    stated = claims.get("email_verified")
    verified = stated in (True, "true") or (stated is None and provider.trusts_addresses)
    name = claims.get("name")
    return Somebody(
        subject=clean(claims["sub"]),
        email=email if verified else None,
        unverified=None if verified else email,
        name=clean(name).strip()[:NAME_LENGTH_MAX] if isinstance(name, str) else "",
    )


async def _exchange(
    http: Http,
    discovered: Discovered,
    provider: IdentityProvider,
    *,
    secret: str | None,
    code: str,
    redirect: str,
    verifier: str,
) -> _Tokens:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "client_id": provider.client_id,
        "code_verifier": verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    known = discovered.token_endpoint_auth_methods_supported
    if secret is not None and "client_secret_post" in known and "client_secret_basic" not in known:
        fields["client_secret"] = secret
    elif secret is not None:
        pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    try:
        answer = await http.send(
            "POST", discovered.token_endpoint, headers=headers, body=urlencode(fields).encode("ascii")
        )
    except Unreachable as failure:
        raise ProviderFailed(f"the identity provider does not answer: {failure}") from None
    if answer.status != _OK:
        raise SignInFailed(f"the identity provider did not accept the sign-in{_reason(answer.body)}")
    return _decoded(answer.body, _Tokens, discovered.token_endpoint)


def _reason(body: bytes) -> str:
    """The error code that a provider gave (RFC 6749, 5.2), when it is one."""
    try:
        code = msgspec.json.decode(body, type=dict[str, Any]).get("error")
    except (msgspec.MsgspecError, RecursionError):
        return ""
    return f" ({code})" if isinstance(code, str) and code.replace("_", "").isalnum() and len(code) < 60 else ""


async def _ask_json(http: Http, url: str, wanted: type[T], headers: Mapping[str, str] | None = None) -> T:
    _check(http, url)
    try:
        answer = await http.send("GET", url, headers=headers or {"Accept": "application/json"})
    except Unreachable as failure:
        raise ProviderFailed(f"the identity provider does not answer at {url}: {failure}", field="issuer") from None
    if answer.status != _OK:
        raise ProviderFailed(f"the identity provider answers {answer.status} at {url}", field="issuer")
    return _decoded(answer.body, wanted, url)


def _check(http: Http, url: str) -> None:
    try:
        http.check(url)
    except Blocked as refused:
        raise ProviderFailed(
            f"the identity provider's {url[:200]} may not be asked: {refused}", field="issuer"
        ) from None


def _decoded(body: bytes, wanted: type[T], url: str) -> T:
    try:
        return msgspec.json.decode(body, type=wanted)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise ProviderFailed(
            f"the identity provider's answer at {url} is not what OpenID Connect asks for", field="issuer"
        ) from None

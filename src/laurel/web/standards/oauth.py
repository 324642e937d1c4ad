"""OAuth 2.0 for applications that act for people: registration, tokens, revocation, and how its errors look.

Source: RFC 6749, 7009, 7591, 8414; Open Badges 3.0, section 7. The page on which people consent is in consent.py.
"""

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Response, get, post
from litestar.types import Scope

from laurel.base.errors import LaurelError, Unauthenticated
from laurel.domain.grants import clients, flow
from laurel.domain.grants.model import SCOPES, Client, GrantRefused
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.web.bodies import decode_json
from laurel.web.http_errors import status_of
from laurel.web.injected import InjectedParts
from laurel.web.problems import headers_of

BODY_BYTES_MAX = 64 * 1024
_FORM_FIELDS_MAX = 50
_UNSTORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def render_error(_: Request[Any, Any, Any], error: LaurelError) -> Response[Any]:
    """A refusal as {"error", "error_description"}."""
    headers = {**headers_of(error), **_UNSTORED}
    status = status_of(error)
    code = "invalid_request" if status < 500 else "server_error"
    if isinstance(error, GrantRefused):
        code = error.error
        status = 401 if code == "invalid_client" else 400
        if status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="laurel"'
    return Response({"error": code, "error_description": error.message}, status_code=status, headers=headers)


async def nobody(_: Scope, __: Parts) -> Caller:
    """These routes know applications, not callers."""
    raise Unauthenticated("no API key is taken here")


@get("/.well-known/oauth-authorization-server", tags=["oauth"])
async def describe(parts: InjectedParts) -> dict[str, Any]:
    """What this authorization server can do (RFC 8414)."""
    base = parts.public_url
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "registration_endpoint": f"{base}/oauth/register",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "op_tos_uri": parts.terms_url or f"{base}/terms",
        "op_policy_uri": parts.privacy_url or f"{base}/privacy",
    }


@post("/oauth/register", include_in_schema=False)
async def register(request: Request[Any, Any, Any], parts: InjectedParts) -> Response[dict[str, Any]]:
    """Register an application; needs no token. Nothing is stored: the client id is the registration."""
    metadata = decode_json(await request.body())
    if not isinstance(metadata, dict):
        raise GrantRefused("invalid_client_metadata", "the body must be a JSON object")
    client, client_id, secret = clients.register(parts.pepper, metadata)
    answer = {
        **msgspec.to_builtins(client),
        "client_id": client_id,
        "client_secret": secret,
        "client_id_issued_at": int(parts.clock.now().timestamp()),
        "client_secret_expires_at": 0,
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    }
    return Response(answer, status_code=201, headers=_UNSTORED)


@post("/oauth/token", status_code=200, include_in_schema=False)
async def give_tokens(request: Request[Any, Any, Any], parts: InjectedParts) -> Response[dict[str, Any]]:
    """Tokens for a code or a refresh token."""
    form = await read_form(request)
    client_id, _ = _authenticated(request, parts)
    now = parts.clock.now()
    if form.get("grant_type") == "authorization_code":
        tokens = await flow.exchange(
            parts.database,
            client_id,
            code=form.get("code", ""),
            redirect_uri=form.get("redirect_uri", ""),
            verifier=form.get("code_verifier", ""),
            now=now,
        )
    elif form.get("grant_type") == "refresh_token":
        tokens = await flow.refresh(
            parts.database, client_id, token=form.get("refresh_token", ""), scope=form.get("scope", ""), now=now
        )
    else:
        raise GrantRefused("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
    answer = {"token_type": "Bearer", **msgspec.to_builtins(tokens)}
    return Response(
        {name: value for name, value in answer.items() if value is not None}, status_code=200, headers=_UNSTORED
    )


@post("/oauth/revoke", status_code=200, include_in_schema=False)
async def revoke_token(request: Request[Any, Any, Any], parts: InjectedParts) -> Response[None]:
    """End a token (RFC 7009); 200 also for one that is not known."""
    form = await read_form(request)
    client_id, _ = _authenticated(request, parts)
    if not form.get("token"):
        raise GrantRefused("invalid_request", "token is missing")
    await flow.revoke(parts.database, client_id, token=form["token"], now=parts.clock.now())
    return Response(None, status_code=200, headers=_UNSTORED)


async def read_form(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The fields of a form, each at most once. Raises GrantRefused."""
    if request.content_type[0] != "application/x-www-form-urlencoded":
        raise GrantRefused("invalid_request", "the body must be application/x-www-form-urlencoded")
    return fields_of(await request.body())


def fields_of(encoded: bytes) -> dict[str, str]:
    """Form fields or a query string, each name at most once. Raises GrantRefused."""
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"), keep_blank_values=True, max_num_fields=_FORM_FIELDS_MAX, errors="strict"
        )
    except ValueError:
        raise GrantRefused("invalid_request", "the form cannot be read") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise GrantRefused("invalid_request", "a field is there twice")
    return {name: value for name, value in fields.items() if "\0" not in value}


def _authenticated(request: Request[Any, Any, Any], parts: Parts) -> tuple[str, Client]:
    from authlib.oauth2.rfc6749.util import extract_basic_authorization

    try:
        client_id, secret = extract_basic_authorization({"Authorization": request.headers.get("authorization", "")})
    except UnicodeDecodeError:
        client_id, secret = None, None
    client = clients.authenticate(parts.pepper, client_id, secret)
    return str(client_id), client


HANDLERS = (describe, register, give_tokens, revoke_token)

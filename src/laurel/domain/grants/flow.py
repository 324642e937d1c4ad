"""From consent to tokens and back: codes are exchanged once, refresh tokens replaced at every use, all of it revocable.

Source: RFC 6749 (authorization code), RFC 7636 (PKCE), RFC 7009 (revocation), RFC 9700 (what to do about reuse).
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from laurel.base.ids import PersonId, is_uid, new_secret, new_uid
from laurel.database.pool import Database, Transaction
from laurel.domain.grants import store
from laurel.domain.grants.clients import client_hash
from laurel.domain.grants.model import OFFLINE_ACCESS, SCOPES, Client, Code, Grant, GrantRefused, Token, Tokens
from laurel.domain.grants.overview import end
from laurel.domain.organisations import audit

CODE_LIVES = timedelta(minutes=10)
ACCESS_LIVES = timedelta(hours=1)
REFRESH_LIVES = timedelta(days=90)
_CODE, _ACCESS, _REFRESH = "lac", "lat", "lrt"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_BAD_CODE = "the code is not valid, was used before, is too old, or was made for something else"
_BAD_REFRESH = "the refresh token is not valid (any more)"


def check_request(client: Client, *, response_type: str, scope: str, challenge: str, method: str) -> list[str]:
    """The scopes that an authorization request asks for. Raises GrantRefused."""
    if response_type != "code":
        raise GrantRefused("unsupported_response_type", "response_type must be code")
    if method != "S256" or _CHALLENGE.fullmatch(challenge) is None:
        raise GrantRefused("invalid_request", "PKCE is needed: code_challenge with code_challenge_method S256")
    wanted = list(dict.fromkeys(scope.split())) or client.scope.split()
    registered = client.scope.split()
    if not [one for one in wanted if one != OFFLINE_ACCESS] or any(
        one not in SCOPES or one not in registered for one in wanted
    ):
        raise GrantRefused("invalid_scope", "only scopes that the application registered for can be asked for")
    return wanted


async def consent(
    tx: Transaction,
    person_id: PersonId,
    client_id: str,
    client: Client,
    scopes: list[str],
    redirect_uri: str,
    challenge: str,
    now: datetime,
) -> str:
    """Record that a person consents; the code for the application. Raises GrantRefused for a barred application."""
    if await store.is_barred(tx, client_hash(client_id)):
        raise GrantRefused("access_denied", "the organisation does not admit this application")
    grant = Grant(
        tx.organisation_id,
        new_uid(),
        person_id,
        client_hash(client_id),
        client.client_name,
        client.client_uri,
        scopes,
        now,
        None,
    )
    await store.insert_grant(tx, grant)
    uid, secret = new_uid(), new_secret()
    code = Code(tx.organisation_id, uid, grant.uid, _hash(secret), redirect_uri, challenge, now + CODE_LIVES, None)
    await store.insert_code(tx, code)
    await audit.record(tx, at=now, by=f"person:{person_id}", action="grant.create", subject=("grant", grant.uid))
    return f"{_CODE}_{uid}_{secret}"


async def exchange(
    database: Database, client_id: str, *, code: str, redirect_uri: str, verifier: str, now: datetime
) -> Tokens:
    """Tokens for a code. Raises GrantRefused; a code that comes a second time takes its grant with it."""
    uid, secret = _taken_apart(_CODE, code)
    async with database.public_lookup(uid) as tx:
        found = await store.find_code(tx, uid)
    if found is None or not hmac.compare_digest(found.secret_hash, _hash(secret)):
        raise GrantRefused("invalid_grant", _BAD_CODE)
    tokens = None
    async with database.transaction(found.organisation_id) as tx:
        grant = await store.lock_grant(tx, found.grant_uid)
        locked = await store.find_code(tx, uid)
        if grant is not None and locked is not None and hmac.compare_digest(grant.client_hash, client_hash(client_id)):
            if locked.used_at is not None:
                await _end(tx, grant, now)
            elif _code_fits(locked, redirect_uri, verifier, now) and grant.revoked_at is None:
                await store.use_code(tx, uid, now)
                tokens = await _issue(tx, grant, grant.scopes, now)
    if tokens is None:
        raise GrantRefused("invalid_grant", _BAD_CODE)
    return tokens


def _code_fits(code: Code, redirect_uri: str, verifier: str, now: datetime) -> bool:
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    if _VERIFIER.fullmatch(verifier) is None or now >= code.expires_at:
        return False
    challenge: str = create_s256_code_challenge(verifier)
    same_address = hmac.compare_digest(code.redirect_uri.encode(), redirect_uri.encode("utf-8", "surrogatepass"))
    return hmac.compare_digest(code.challenge, challenge) and same_address


async def refresh(database: Database, client_id: str, *, token: str, scope: str, now: datetime) -> Tokens:
    """New tokens for a refresh token, which ends. Raises GrantRefused; one that comes again takes its grant with it."""
    found = await _find(database, _REFRESH, token)
    if found is None:
        raise GrantRefused("invalid_grant", _BAD_REFRESH)
    tokens = None
    async with database.transaction(found.organisation_id) as tx:
        grant = await store.lock_grant(tx, found.grant_uid)
        locked = await store.find_token(tx, found.uid)
        if grant is not None and locked is not None and hmac.compare_digest(grant.client_hash, client_hash(client_id)):
            if locked.ended_at is not None:
                await _end(tx, grant, now)
            elif locked.valid_at(now) and grant.revoked_at is None:
                wanted = scope.split() or locked.scopes
                if not set(wanted) <= set(grant.scopes):
                    raise GrantRefused("invalid_scope", "a refresh cannot ask for more than was consented to")
                await store.end_token(tx, locked.uid, now)
                tokens = await _issue(tx, grant, list(wanted), now)
    if tokens is None:
        raise GrantRefused("invalid_grant", _BAD_REFRESH)
    return tokens


async def revoke(database: Database, client_id: str, *, token: str, now: datetime) -> None:
    """End a token; with a refresh token its whole grant. What is no token of this application is passed over."""
    found = await _find(database, _REFRESH, token) or await _find(database, _ACCESS, token)
    if found is None:
        return
    async with database.transaction(found.organisation_id) as tx:
        grant = await store.lock_grant(tx, found.grant_uid)
        if grant is None or not hmac.compare_digest(grant.client_hash, client_hash(client_id)):
            return
        if found.kind == "refresh":
            await _end(tx, grant, now)
        else:
            await store.end_token(tx, found.uid, now)


async def recognise(database: Database, text: str, now: datetime) -> Token | None:
    """The valid access token that `text` is, or None."""
    found = await _find(database, _ACCESS, text)
    return found if found is not None and found.valid_at(now) else None


async def _find(database: Database, kind: str, text: str) -> Token | None:
    prefix, _, rest = text.partition("_")
    uid, _, secret = rest.partition("_")
    if prefix != kind or not is_uid(uid):
        return None
    async with database.public_lookup(uid) as tx:
        token = await store.find_token(tx, uid)
    right = token is not None and hmac.compare_digest(token.secret_hash, _hash(secret))
    return token if right else None


async def _issue(tx: Transaction, grant: Grant, scopes: list[str], now: datetime) -> Tokens:
    await store.forget_tokens(tx, grant.uid, now - REFRESH_LIVES)
    access = await _new(tx, grant, "access", scopes, now + ACCESS_LIVES, now)
    lasting = OFFLINE_ACCESS in grant.scopes
    return Tokens(
        access_token=access,
        expires_in=int(ACCESS_LIVES.total_seconds()),
        scope=" ".join(scopes),
        refresh_token=await _new(tx, grant, "refresh", scopes, now + REFRESH_LIVES, now) if lasting else None,
    )


async def _new(tx: Transaction, grant: Grant, kind: str, scopes: list[str], expires_at: datetime, now: datetime) -> str:
    uid, secret = new_uid(), new_secret()
    token = Token(tx.organisation_id, uid, grant.uid, grant.person_id, kind, _hash(secret), scopes, expires_at, None)
    await store.insert_token(tx, token, now)
    return f"{_ACCESS if kind == 'access' else _REFRESH}_{uid}_{secret}"


async def _end(tx: Transaction, grant: Grant, now: datetime) -> None:
    await end(tx, grant, by=f"person:{grant.person_id}", now=now)


def _taken_apart(kind: str, text: str) -> tuple[str, str]:
    prefix, _, rest = text.partition("_")
    uid, _, secret = rest.partition("_")
    if prefix != kind or not is_uid(uid):
        raise GrantRefused("invalid_grant", _BAD_CODE)
    return uid, secret


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

"""Tokens of an organisation's app: JWTs (HS256) that say which person is using it, signed with the app secret.

The secret is derived from the server's pepper, the organisation and a generation that rotation raises, so it is stored
nowhere. A token ends at its `exp` or when it is revoked by its `jti`.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import jwt
import msgspec

from laurel.base.errors import Invalid, Unauthenticated
from laurel.base.ids import OrganisationId, is_uid
from laurel.base.limits import APP_TOKEN_LENGTH_MAX, IDENTIFIER_LENGTH_MAX, check_length
from laurel.database.pool import Database, Transaction
from laurel.domain.organisations import audit, store
from laurel.domain.organisations.api_keys import store as api_keys
from laurel.domain.organisations.model import Caller, Organisation

_ALGORITHM = "HS256"
_GENERATION = "app_secret_generation"
_REFUSED = "the token is not valid"


class AppTokenOver(Unauthenticated):
    """The token is well signed, and its time has not come or is over."""


class AppToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a valid token says: whose app, which person (a uid or an external id), which token."""

    organisation_id: OrganisationId
    person: str
    token_id: str | None


def app_secret(pepper: bytes, organisation: Organisation) -> str:
    """The present secret of the organisation's app: 64 hex digits."""
    generation = organisation.settings.get(_GENERATION, 1)
    message = f"app-secret:{organisation.uid}:{generation}".encode()
    return hmac.new(pepper, message, hashlib.sha256).hexdigest()


async def rotate_app_secret(tx: Transaction, pepper: bytes, *, by: Caller | str, now: datetime) -> str:
    """A new secret; tokens signed with the old one are refused from now on."""
    organisation = await store.lock_organisation(tx)
    settings = {**organisation.settings, _GENERATION: organisation.settings.get(_GENERATION, 1) + 1}
    changed = await store.update_organisation(tx, {"settings": settings}, now)
    await audit.record(tx, at=now, by=by, action="app-secret.rotate", subject=("organisation", organisation.uid))
    return app_secret(pepper, changed)


async def read_app_token(database: Database, pepper: bytes, token: str, now: datetime) -> AppToken:
    """The token, verified. Raises Unauthenticated (its message says no more than what is missing), AppTokenOver."""
    if len(token) > APP_TOKEN_LENGTH_MAX:
        raise Unauthenticated(_REFUSED)
    claims = _claims(token)
    uid = claims.get("organisationId", claims.get("org"))
    person = claims.get("userId", claims.get("sub"))
    if not isinstance(uid, str) or not is_uid(uid):
        raise Unauthenticated("Organisation ID not found in API token")
    if not isinstance(person, str) or not 0 < len(person) <= IDENTIFIER_LENGTH_MAX:
        raise Unauthenticated("User ID not found in API token")
    async with database.public_lookup(uid) as tx:
        organisation = await store.organisation_by_uid(tx, uid)
    if organisation is None:
        raise Unauthenticated(_REFUSED)
    try:
        jwt.decode(
            token,
            app_secret(pepper, organisation),
            algorithms=[_ALGORITHM],
            options={
                "require": ["exp"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except jwt.PyJWTError:
        raise Unauthenticated(_REFUSED) from None
    _check_time(claims, now)
    token_id = claims.get("jti")
    return AppToken(
        organisation_id=organisation.id, person=person, token_id=token_id if isinstance(token_id, str) else None
    )


def _claims(token: str) -> dict[str, Any]:
    try:
        return jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise Unauthenticated(_REFUSED) from None


def _check_time(claims: dict[str, Any], now: datetime) -> None:
    for name, early in (("exp", False), ("nbf", True)):
        value = claims.get(name)
        if value is None and name == "nbf":
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unauthenticated(_REFUSED)
        try:
            instant = datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            raise Unauthenticated(_REFUSED) from None
        if (now < instant) if early else (now >= instant):
            raise AppTokenOver("the token is not valid yet" if early else "the token has expired")


async def revoke_token(tx: Transaction, token_id: str, *, by: Caller | str, now: datetime) -> bool:
    """Refuse the token with this id from now on; False when it was refused before."""
    check_length(token_id, IDENTIFIER_LENGTH_MAX, "token_id")
    if not token_id:
        raise Invalid("token_id must not be empty", field="token_id")
    revoked = await api_keys.insert_revoked_token(tx, token_id, now)
    if revoked:
        await audit.record(tx, at=now, by=by, action="token.revoke", subject=("token", token_id))
    return revoked

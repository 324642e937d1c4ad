"""Who is asking: an API key, or a token of the organisation's app that names the person using it."""

import hashlib
import re
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Guard, Scope

from laurel.base.errors import Forbidden, Unauthenticated
from laurel.base.ids import PersonId
from laurel.database.pool import Transaction
from laurel.domain.organisations.api_keys import store as api_keys
from laurel.domain.organisations.app_tokens import AppToken, AppTokenOver, read_app_token
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from laurel.web.callers import (
    Spelling,
    address_of,
    by_api_key,
    caller_of,
    callers_of,
    presented_key,
    require_scope,
)
from laurel.web.dialects.nudj.translate import person_id_of

_SPELLINGS = Spelling.BEARER | Spelling.X_API_TOKEN
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*")
_by_key = by_api_key(_SPELLINGS)
_NO_USER = "User ID not found in API token"
NOT_ALLOWED = "Insufficient permissions for this operation."


async def authenticate(scope: Scope, parts: Parts) -> Caller:
    """The caller of a request. Raises Unauthenticated, Limited."""
    text = presented_key(scope["headers"], scope.get("query_string", b""), _SPELLINGS)
    if text is None or not _JWT.fullmatch(text):
        return await _by_key(scope, parts)
    token = await _app_token(scope, parts, text)
    async with parts.database.transaction(token.organisation_id, joins_request=False) as tx:
        if token.token_id is not None and await api_keys.is_token_revoked(tx, token.token_id):
            raise Unauthenticated("the token was revoked")
        person_id = await person_id_of(tx, token.person)
    if person_id is None:
        raise Unauthenticated(_NO_USER)
    return Caller(
        organisation_id=token.organisation_id,
        identity=f"person:{person_id}",
        actor=f"person:{person_id}",
        person_id=person_id,
    )


async def _app_token(scope: Scope, parts: Parts, text: str) -> AppToken:
    """The token, its failures counted like those of keys: who guesses is slowed down, who let one expire is not."""
    callers, address = callers_of(scope), address_of(scope)
    credential = f"token {hashlib.sha256(text.encode()).hexdigest()}"
    callers.throttle(address, credential)
    try:
        token = await read_app_token(parts.database, parts.pepper, text, parts.clock.now())
    except AppTokenOver:
        raise
    except Unauthenticated:
        callers.failed(address, credential)
        raise
    callers.held(address, credential)
    return token


def of_app(caller: Caller) -> bool:
    """Whether the caller is a person using the organisation's app, and not the organisation itself."""
    return caller.key_id is None


def acts(scope: str) -> Guard:
    """A guard of the Integration API: there is an acting user; a key needs `scope` besides."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        caller = await caller_of(connection.scope)
        if not of_app(caller):
            _require_role(caller, scope)
        if caller.person_id is None:
            raise Unauthenticated(_NO_USER)

    return guard


def administers(scope: str, *, whole: bool = False) -> Guard:
    """A guard of the Admin API: the caller is the organisation, with `scope`; `whole`: not a part of it only."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        caller = await caller_of(connection.scope)
        if of_app(caller):
            raise Forbidden(NOT_ALLOWED)
        _require_role(caller, scope)
        if whole and caller.department_id is not None:
            raise Forbidden(NOT_ALLOWED)

    return guard


def _require_role(caller: Caller, scope: str) -> None:
    try:
        require_scope(caller, scope)
    except Forbidden as refused:
        raise Forbidden(NOT_ALLOWED, details=refused.details) from None


def acting_id(caller: Caller) -> PersonId:
    """The acting user's id; the guard made sure that there is one."""
    if caller.person_id is None:
        raise Unauthenticated(_NO_USER)
    return caller.person_id


async def acting_person(tx: Transaction, caller: Caller) -> Person:
    """The acting user. Raises Unauthenticated when the person is gone."""
    person = await people.find_by_id(tx, acting_id(caller))
    if person is None or person.deleted_at is not None:
        raise Unauthenticated(_NO_USER)
    return person

"""Who calls a 1EdTech API: an application with a token of a person's consent, or an API key that acts for a person."""

from typing import Any

from litestar.types import Scope

from laurel.base.errors import Forbidden, Unauthenticated
from laurel.base.limits import API_KEY_LENGTH_MAX
from laurel.database.pool import Transaction
from laurel.domain.grants import flow
from laurel.domain.grants.model import (
    READ_CREDENTIALS,
    READ_PROFILE,
    READ_RECORDS,
    WRITE_CREDENTIALS,
    WRITE_PROFILE,
    WRITE_RECORDS,
)
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from laurel.web.callers import Callers, Spelling, presented_key

_OF_KEYS = {
    READ_CREDENTIALS: "credentials:read",
    WRITE_CREDENTIALS: "credentials:write",
    READ_PROFILE: "profiles:read",
    WRITE_PROFILE: "profiles:write",
    READ_RECORDS: "credentials:read",
    WRITE_RECORDS: "credentials:write",
}


async def by_token(scope: Scope, parts: Parts) -> Caller:
    """The person's application, or the key. Raises Unauthenticated, Forbidden."""
    text = presented_key(scope["headers"], b"", Spelling.BEARER)
    if text is None or len(text) > API_KEY_LENGTH_MAX:
        raise Unauthenticated("an access token is needed, as Authorization: Bearer …")
    if text.startswith("lrl_"):
        return await _by_key(text, scope)
    token = await flow.recognise(parts.database, text, parts.clock.now())
    if token is None:
        raise Unauthenticated("the access token is not valid (any more)")
    return Caller(
        organisation_id=token.organisation_id,
        identity=f"grant:{token.grant_uid}",
        actor=f"grant:{token.grant_uid}",
        scopes=frozenset(token.scopes),
        person_id=token.person_id,
    )


async def _by_key(text: str, scope: Any) -> Caller:
    callers: Callers = scope["laurel.callers"]
    caller = await callers.by_key(text, (scope.get("client") or ("unknown", 0))[0])
    if caller.person_id is None:
        raise Forbidden("this key acts for nobody: use one with an acting person, or an access token")
    scopes = frozenset(standard for standard, ours in _OF_KEYS.items() if caller.may(ours))
    return Caller(
        organisation_id=caller.organisation_id,
        identity=caller.identity,
        actor=caller.actor,
        scopes=scopes,
        key_id=caller.key_id,
        key_uid=caller.key_uid,
        person_id=caller.person_id,
    )


async def person_of(tx: Transaction, caller: Caller) -> Person:
    """The person that the caller acts for. Raises Unauthenticated when they are gone."""
    person = await people.find_by_id(tx, caller.person_id) if caller.person_id is not None else None
    if person is None or person.deleted_at is not None:
        raise Unauthenticated("the person that this token acts for is not here any more")
    return person

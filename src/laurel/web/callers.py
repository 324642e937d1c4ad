"""Who is calling: keys read off a request in the spellings that a surface allows, and recognised.

A recognised key is remembered for at most a second, so a revoked one is refused within a second everywhere. An unknown
key and a wrong one get the same answer after the same work. Failures are counted per address and per key.
"""

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Iterable
from datetime import timedelta
from enum import Flag, auto
from typing import Any
from urllib.parse import parse_qsl

import structlog
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Guard, Scope

from laurel.base.errors import Forbidden, LaurelError, Limited, Unauthenticated
from laurel.base.limits import API_KEY_LENGTH_MAX
from laurel.database.pool import bind_to_department
from laurel.domain.organisations import keys
from laurel.domain.organisations.api_keys import store as api_keys
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.web.surfaces import Authenticate, Surfaces

REMEMBERED_SECONDS = 1.0
NOT_OF_A_DEPARTMENT = frozenset(
    {
        "organisation:write",
        "accounts:read",
        "accounts:write",
        "audit:read",
        "webhooks:read",
        "webhooks:write",
        "grants:read",
        "grants:write",
    }
)
"""What concerns the whole organisation: refused to keys that are bound to a department, whatever scopes they hold."""
LAST_USED_EVERY = timedelta(minutes=1)
FAILURES_PER_MINUTE_MAX = 30
_COUNTED_MAX = 10_000
_REMEMBERED_MAX = 10_000

log = structlog.get_logger("laurel.web")


class Spelling(Flag):
    """The ways to present a key; a surface allows some of them."""

    BEARER = auto()
    """`Authorization: Bearer KEY`"""
    TOKEN = auto()
    """`Authorization: Token token=KEY`, `Token token="KEY"`, `Token KEY`"""
    X_API_TOKEN = auto()
    """`x-api-token: KEY`, with or without `Bearer ` in front"""
    APIKEY_HEADER = auto()
    """`apikey: KEY`"""
    APIKEY_QUERY = auto()
    """`?apikey=KEY`, the name in any case"""
    BASIC = auto()
    """`Authorization: Basic …` with the key as password, or as user name with an empty password"""


OWN_SPELLINGS = Spelling.BEARER | Spelling.TOKEN | Spelling.X_API_TOKEN


def presented_key(headers: Iterable[tuple[bytes, bytes]], query: bytes, allowed: Spelling) -> str | None:
    """The key that a request presents in one of the allowed spellings; None when there is none."""
    found = {name.lower(): value for name, value in headers}
    scheme, _, rest = found.get(b"authorization", b"").decode("latin-1").strip().partition(" ")
    rest = rest.strip()
    key = _of_scheme(scheme.lower(), rest, allowed) if rest else None
    if not key and Spelling.X_API_TOKEN in allowed:
        key = re.sub(r"(?i)^bearer\s+", "", found.get(b"x-api-token", b"").decode("latin-1").strip())
    if not key and Spelling.APIKEY_HEADER in allowed:
        key = found.get(b"apikey", b"").decode("latin-1").strip()
    if not key and Spelling.APIKEY_QUERY in allowed and b"apikey" in query.lower():
        pairs = parse_qsl(query.decode("latin-1"), max_num_fields=200)
        key = next((value for name, value in pairs if name.lower() == "apikey"), "")
    return key or None


def _of_scheme(scheme: str, rest: str, allowed: Spelling) -> str | None:
    if scheme == "bearer" and Spelling.BEARER in allowed:
        return rest
    if scheme == "token" and Spelling.TOKEN in allowed:
        parts = [part.strip() for part in re.split(r"[,;\t]", rest)]
        named = next((part.partition("=")[2] for part in parts if part.lower().startswith("token=")), parts[0])
        return named.strip().strip("\"'")
    if scheme == "basic" and Spelling.BASIC in allowed:
        try:
            user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return password or user
    return None


class Failures:
    """Failed attempts of the running minute per address and key; approximate, bounded, in this process."""

    def __init__(self) -> None:
        self._minute = 0
        self._counts: dict[str, int] = {}

    def _fresh(self) -> dict[str, int]:
        minute = int(time.monotonic() // 60)
        if minute != self._minute or len(self._counts) > _COUNTED_MAX:
            self._minute = minute
            self._counts.clear()
        return self._counts

    def too_many(self, name: str) -> bool:
        """Whether `name` failed as often as is allowed."""
        return self._fresh().get(name, 0) >= FAILURES_PER_MINUTE_MAX

    def add(self, name: str) -> None:
        """Count a failure of `name`."""
        counts = self._fresh()
        counts[name] = counts.get(name, 0) + 1


class Callers:
    """Recognises keys; one per process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._remembered: dict[bytes, tuple[Caller, float]] = {}
        self._touched: dict[str, float] = {}
        self._known_good: set[tuple[str, str]] = set()
        self._failures = Failures()

    async def by_key(self, text: str, address: str) -> Caller:
        """The caller that the key `text` stands for. Raises Unauthenticated, or Limited after too many failures."""
        if len(text) > API_KEY_LENGTH_MAX:
            raise Unauthenticated("the API key is not valid")
        digest = hmac.digest(self._parts.pepper, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
        remembered = self._remembered.get(digest)
        if remembered is not None and time.monotonic() < remembered[1]:
            return remembered[0]
        uid = keys.key_uid(self._parts.pepper, text)
        self.throttle(address, f"key {uid}")
        async with self._parts.database.public_lookup(uid) as tx:
            key = await keys.recognise(tx, self._parts.pepper, text, self._parts.clock.now())
        if key is None:
            self.failed(address, f"key {uid}")
            raise Unauthenticated("the API key is not valid")
        caller = keys.caller_of(key)
        self._remember(digest, caller)
        self.held(address, f"key {uid}")
        await self._touch(caller)
        return caller

    def forget(self) -> None:
        """Ask the database again from now on; called after a key was changed through this process."""
        self._remembered.clear()

    def throttle(self, address: str, credential: str) -> None:
        """Raise Limited when too many attempts failed from `address` or with `credential`, unless it held there before.

        `credential` names a key or token without giving it away.
        """
        if (address, credential) in self._known_good:
            return
        if self._failures.too_many(address) or self._failures.too_many(credential):
            raise Limited(
                "too many failed attempts",
                limit=FAILURES_PER_MINUTE_MAX,
                retry_after_seconds=60 - time.monotonic() % 60,
            )

    def failed(self, address: str, credential: str) -> None:
        """Count a failed attempt."""
        self._failures.add(address)
        self._failures.add(credential)

    def held(self, address: str, credential: str) -> None:
        """Note that the credential is good: failures of others do not lock it out of this address."""
        if len(self._known_good) > _REMEMBERED_MAX:
            self._known_good.clear()
        self._known_good.add((address, credential))

    def _remember(self, digest: bytes, caller: Caller) -> None:
        if len(self._remembered) > _REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[digest] = (caller, time.monotonic() + REMEMBERED_SECONDS)

    async def _touch(self, caller: Caller) -> None:
        """Note when the key was last used; that this cannot be written is no reason to refuse a request."""
        if caller.key_id is None or caller.key_uid is None:
            return
        now = time.monotonic()
        if now - self._touched.get(caller.key_uid, float("-inf")) < LAST_USED_EVERY.total_seconds():
            return
        if len(self._touched) > _REMEMBERED_MAX:
            self._touched.clear()
        self._touched[caller.key_uid] = now
        try:
            async with self._parts.database.transaction(caller.organisation_id, joins_request=False) as tx:
                await api_keys.touch(tx, caller.key_id, self._parts.clock.now(), at_most_every=LAST_USED_EVERY)
        except LaurelError as failure:
            log.warning("the last use of a key was not noted", key=caller.key_uid, reason=failure.code)


def by_api_key(allowed: Spelling) -> Authenticate:
    """How a surface authenticates by API key in the given spellings."""

    async def authenticate(scope: Scope, parts: Parts) -> Caller:
        text = presented_key(scope["headers"], scope.get("query_string", b""), allowed)
        if text is None:
            raise Unauthenticated("an API key is needed")
        return await callers_of(scope).by_key(text, address_of(scope))

    return authenticate


def callers_of(scope: Scope) -> Callers:
    """The process's callers."""
    callers: Callers = scope["laurel.callers"]  # type: ignore[typeddict-item] # our own key, set by the edge
    return callers


def address_of(scope: Scope) -> str:
    """Where the request comes from, as far as the edge knows."""
    return (scope.get("client") or ("unknown", 0))[0]


async def caller_of(scope: Scope) -> Caller:
    """The request's caller as its surface authenticates; asked once a request. Raises Unauthenticated, Limited."""
    known: Caller | None = scope.get("laurel.caller")  # type: ignore[assignment] # our own key
    if known is None:
        surfaces: Surfaces = scope["laurel.surfaces"]  # type: ignore[typeddict-item] # our own key, set by the edge
        parts: Parts = scope["laurel.parts"]  # type: ignore[typeddict-item] # our own key, set by the edge
        known = await surfaces.of(scope["path"]).authenticate(scope, parts)
        bind_to_department(known.department_id)
        scope["laurel.caller"] = known  # type: ignore[typeddict-unknown-key] # our own key
    return known


def require_scope(caller: Caller, scope: str) -> None:
    """Raise Forbidden unless the caller holds `scope`, e.g. "people:write"."""
    if not caller.may(scope):
        raise Forbidden(f"this needs the scope {scope}", details={"scope": scope})
    if caller.department_id is not None and scope in NOT_OF_A_DEPARTMENT:
        raise Forbidden("a key that is bound to a department cannot do this", details={"scope": scope})


def requires(scope: str) -> Guard:
    """A guard for handlers: the caller is known and holds `scope`, before anything of the body is read."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        require_scope(await caller_of(connection.scope), scope)

    return guard

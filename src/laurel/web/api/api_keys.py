"""/api/v1/keys: API keys. The text of a key is in the answer that makes it and nowhere else."""

from datetime import datetime, timedelta

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody

from laurel.base.errors import Forbidden
from laurel.database.pool import Transaction
from laurel.domain.organisations import keys, sign_in, tenancy
from laurel.domain.organisations.api_keys import store as api_keys
from laurel.domain.organisations.keys import IssuedKey, KeyWish
from laurel.domain.organisations.model import EVERY_SCOPE, ApiKey, Caller
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedCallers, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor

_NOT_KEPT = {"Cache-Control": "no-store"}


class KeyOut(msgspec.Struct, frozen=True, kw_only=True):
    """A key as our API shows it."""

    id: str
    name: str
    scopes: tuple[str, ...]
    department: int | None
    valid: bool
    expires_at: datetime | None
    revoked_at: datetime | None
    replaced_by: str | None
    last_used_at: datetime | None
    created_at: datetime


class NewKeyOut(KeyOut, frozen=True, kw_only=True):
    """A new key with its text."""

    key: str


class NewKey(Body, frozen=True, kw_only=True):
    """What a new key is to be."""

    name: str
    scopes: tuple[str, ...] = (EVERY_SCOPE,)
    department: str | None = None
    account: str | None = None
    expires_at: datetime | None = None


class Rotation(Body, frozen=True, kw_only=True):
    """How long the old key still works."""

    overlap_seconds: int = 24 * 3600


def _fields(key: ApiKey, now: datetime) -> dict[str, object]:
    same = ("name", "scopes", "expires_at", "revoked_at", "replaced_by", "last_used_at", "created_at")
    own = {"id": key.uid, "department": key.department_id, "valid": key.valid_at(now)}
    return {**own, **{field: getattr(key, field) for field in same}}


def _new(issued: IssuedKey, now: datetime) -> Response[NewKeyOut]:
    out = msgspec.convert({**_fields(issued.key, now), "key": issued.text}, NewKeyOut)
    return Response(out, status_code=201, headers=_NOT_KEPT)


def _out(key: ApiKey, now: datetime) -> KeyOut:
    return msgspec.convert(_fields(key, now), KeyOut)


@get("/api/v1/keys", guards=[requires("keys:read")], tags=["keys"])
async def list_keys(
    parts: InjectedParts, caller: InjectedCaller, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[KeyOut]:
    """The keys in the order they were made, revoked ones too."""
    (last,) = read_cursor(after, int, default=(0,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await api_keys.page(tx, after=last, limit=limit + 1, department_id=caller.department_id)
    now = parts.clock.now()
    return page_of(rows, limit, lambda row: _out(row, now), lambda row: (row.id,))


@post("/api/v1/keys", guards=[requires("keys:write")], tags=["keys"])
async def create_key(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[NewKey]) -> Response[NewKeyOut]:
    """Make a key. It can hold no scope that the caller lacks, and keeps within the caller's department."""
    now = parts.clock.now()
    async with parts.database.transaction(caller.organisation_id) as tx:
        wish = await _wish(tx, caller, data)
        issued = await keys.issue(tx, pepper=parts.pepper, wish=wish, by=caller, now=now)
    return _new(issued, now)


async def _wish(tx: Transaction, caller: Caller, data: NewKey) -> KeyWish:
    department = await tenancy.find_department(tx, data.department, caller) if data.department else None
    account = await sign_in.find_account(tx, data.account) if data.account else None
    if account is not None and account.id != caller.account_id and not caller.may(EVERY_SCOPE):
        raise Forbidden("only a caller with every scope can make keys that act as another account", field="account")
    return KeyWish(
        name=data.name,
        scopes=data.scopes,
        department_id=department.id if department else caller.department_id,
        account_id=account.id if account else caller.account_id,
        expires_at=data.expires_at,
    )


@get("/api/v1/keys/{key:str}", guards=[requires("keys:read")], tags=["keys"])
async def show_key(parts: InjectedParts, caller: InjectedCaller, key: FromPath[str]) -> KeyOut:
    """One key."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _out(await keys.find(tx, key, caller), parts.clock.now())


@post("/api/v1/keys/{key:str}/rotate", guards=[requires("keys:write")], tags=["keys"])
async def rotate_key(
    parts: InjectedParts,
    callers: InjectedCallers,
    caller: InjectedCaller,
    key: FromPath[str],
    data: JSONBody[Rotation],
) -> Response[NewKeyOut]:
    """Make a successor with the same rights; the old key runs out after the overlap (a day unless said otherwise)."""
    now = parts.clock.now()
    async with parts.database.transaction(caller.organisation_id) as tx:
        overlap = timedelta(seconds=data.overlap_seconds)
        issued = await keys.rotate(tx, key, pepper=parts.pepper, overlap=overlap, by=caller, now=now)
    callers.forget()
    return _new(issued, now)


@delete("/api/v1/keys/{key:str}", guards=[requires("keys:write")], tags=["keys"])
async def revoke_key(
    parts: InjectedParts, callers: InjectedCallers, caller: InjectedCaller, key: FromPath[str]
) -> None:
    """Take a key out of use for good; every server process follows within a second."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await keys.revoke(tx, key, by=caller, now=parts.clock.now())
    callers.forget()


HANDLERS = (list_keys, create_key, show_key, rotate_key, revoke_key)

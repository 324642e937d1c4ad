"""/api/v1/accounts: who runs the organisation."""

from datetime import datetime

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from laurel.domain.organisations import sign_in
from laurel.domain.organisations.accounts import store as accounts
from laurel.domain.organisations.model import Account, Role
from laurel.web.api.wire import Body, given
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor


class AccountOut(msgspec.Struct, frozen=True, kw_only=True):
    """An account as our API shows it."""

    id: str
    email: str
    name: str
    role: Role
    has_password: bool
    created_at: datetime
    updated_at: datetime


class NewAccount(Body, frozen=True, kw_only=True):
    """What a new account is; without a password it cannot sign in with one."""

    email: str
    name: str
    role: str = "viewer"
    password: str | None = None


class AccountChange(Body, frozen=True, kw_only=True):
    """What may be changed; what is absent stays."""

    email: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    role: str | UnsetType = UNSET
    password: str | UnsetType = UNSET


def _render(account: Account) -> AccountOut:
    shared = set(AccountOut.__struct_fields__) - {"id"}
    return AccountOut(id=account.uid, **{field: getattr(account, field) for field in shared})


@get("/api/v1/accounts", guards=[requires("accounts:read")], tags=["accounts"])
async def list_accounts(
    parts: InjectedParts, caller: InjectedCaller, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[AccountOut]:
    """The accounts in the order they were made."""
    (last,) = read_cursor(after, int, default=(0,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await accounts.page(tx, after=last, limit=limit + 1)
    return page_of(rows, limit, _render, lambda row: (row.id,))


@post("/api/v1/accounts", guards=[requires("accounts:write")], tags=["accounts"])
async def create_account(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[NewAccount]) -> AccountOut:
    """Make an account."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        made = await sign_in.add_account(tx, by=caller, now=parts.clock.now(), **msgspec.structs.asdict(data))
    return _render(made)


@get("/api/v1/accounts/{account:str}", guards=[requires("accounts:read")], tags=["accounts"])
async def show_account(parts: InjectedParts, caller: InjectedCaller, account: FromPath[str]) -> AccountOut:
    """One account."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _render(await sign_in.find_account(tx, account))


@patch("/api/v1/accounts/{account:str}", guards=[requires("accounts:write")], tags=["accounts"])
async def change_account(
    parts: InjectedParts, caller: InjectedCaller, account: FromPath[str], data: JSONBody[AccountChange]
) -> AccountOut:
    """Change what is given."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        changed = await sign_in.change_account(tx, account, by=caller, now=parts.clock.now(), **given(data))
    return _render(changed)


@delete("/api/v1/accounts/{account:str}", guards=[requires("accounts:write")], tags=["accounts"])
async def remove_account(parts: InjectedParts, caller: InjectedCaller, account: FromPath[str]) -> None:
    """Remove an account; keys that act as it keep working until they are revoked."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await sign_in.remove_account(tx, account, by=caller, now=parts.clock.now())


HANDLERS = (list_accounts, create_account, show_account, change_account, remove_account)

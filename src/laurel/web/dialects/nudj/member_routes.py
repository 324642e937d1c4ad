"""Users: the acting one, all of them, and points moved by hand."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath, JSONBody

from laurel.base.errors import Invalid
from laurel.database.pool import Transaction
from laurel.domain.give_rewards.points import Movement, move
from laurel.domain.organisations import app_tokens
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.domain.people import registry
from laurel.domain.people import store as people
from laurel.domain.people.model import EXTERNAL, Person
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.web.dialects.nudj.acting import acting_person, acts, administers
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.member_view import me_out, members_of, one_user_out, transaction_out, user_out
from laurel.web.dialects.nudj.translate import department_id_of, require_person_id
from laurel.web.dialects.nudj.wire import PointsIn, UserIn
from laurel.web.injected import InjectedCaller, InjectedParts, InjectedSpine

_ADMIN = "/api/v2/admin/users"


@get("/api/v2/integration/me", guards=[acts("people:read")])
async def get_me(parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller) -> dict[str, Any]:
    """The acting user."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await acting_person(tx, caller)
        return await me_out(tx, person, (await spine.open(tx)).book.calendar, parts.clock.now())


@get(_ADMIN, guards=[administers("people:read")])
async def get_users(
    parts: InjectedParts,
    spine: InjectedSpine,
    caller: InjectedCaller,
    listed: Listed,
) -> dict[str, Any]:
    """Everybody, newest first."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        total, found = await people.page(tx, listed)
        calendar = (await spine.open(tx)).book.calendar
        members = await members_of(tx, found)
        edges = [user_out(members, person, calendar, parts.clock.now()) for person in found]
    return listing(total, edges)


@get(_ADMIN + "/{user_id:str}", guards=[administers("people:read")])
async def get_user(
    parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, user_id: FromPath[str]
) -> dict[str, Any]:
    """One user, by Nudj's id or by external id."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await _person(tx, user_id)
        return await one_user_out(tx, person, (await spine.open(tx)).book.calendar, parts.clock.now())


async def _person(tx: Transaction, user_id: str) -> Person:
    person_id = await require_person_id(tx, user_id, "id")
    return (await people.find_many(tx, [person_id]))[person_id]


@post(_ADMIN, guards=[administers("people:write")], status_code=200)
async def create_user(
    parts: InjectedParts, spine: InjectedSpine, caller: InjectedCaller, data: JSONBody[UserIn]
) -> dict[str, Any]:
    """A new user, with an e-mail address, an external id or a name at least."""
    if not (data.email or data.externalUserId or data.username or data.displayName):
        raise Invalid("expected an email, externalUserId, username or displayName", field="email")
    extra = {
        name: value
        for name, value in (("username", data.username), ("profilePictureUrl", data.profilePictureUrl))
        if value
    }
    details = registry.Details(
        email=data.email or None,
        display_name=data.displayName or data.username or "",
        attributes={"nudj": extra} if extra else {},
    )
    async with parts.database.transaction(caller.organisation_id) as tx:
        identifiers = {EXTERNAL: data.externalUserId} if data.externalUserId else {}
        person = await registry.create(tx, details, identifiers, now=parts.clock.now())
        return await one_user_out(tx, person, (await spine.open(tx)).book.calendar, parts.clock.now())


@post(_ADMIN + "/{user_id:str}/points-transaction", guards=[administers("rewards:write")], status_code=200)
async def create_points_transaction(
    spine: InjectedSpine,
    caller: InjectedCaller,
    user_id: FromPath[str],
    data: JSONBody[PointsIn],
) -> dict[str, Any]:
    """Credit or debit, once per reference, never below zero."""
    if not data.amount.is_finite() or data.amount < 1:
        raise Invalid("expected a number from 1 to 1000000", field="amount", value=str(data.amount))

    async def work(run: Run) -> dict[str, Any]:
        tx = run.tx
        person_id = await require_person_id(tx, user_id, "id")
        department_id = await _purse_asked(tx, data, caller)
        moved = await move(
            run,
            Movement(
                person_id=person_id,
                amount=data.amount if data.direction == "credit" else -data.amount,
                reference=data.externalTransactionReference,
                actor=caller.actor,
                department_id=department_id,
                unit=data.unit,
            ),
        )
        await run.save()
        person = (await people.find_many(tx, [person_id]))[person_id]
        organisation_uid = (await organisations.organisation(tx)).uid
        transaction = transaction_out(moved.id, moved.entry, moved.at, person, organisation_uid, data.communityId)
        message = "The transaction had been processed before" if moved.replayed else "The transaction was processed"
        return {"success": True, "message": message, "transaction": transaction}

    return await in_run(spine, caller.organisation_id, work)


async def _purse_asked(tx: Transaction, data: PointsIn, caller: Caller) -> int:
    """The community's purse; without one the organisation's, which has to be clear."""
    department_id = await department_id_of(tx, data.communityId)
    if department_id is None and len(await organisations.departments(tx, after=0, limit=2)) > 1:
        raise Invalid("required when the organisation has several communities", field="communityId")
    return department_id or 0


# --------------------------------------------------------------------------------------------------------------- tokens
@post(
    "/api/v2/admin/auth-config/tokens/{token_id:str}/revoke",
    guards=[administers("keys:write", whole=True)],
    status_code=200,
)
async def revoke_token(parts: InjectedParts, caller: InjectedCaller, token_id: FromPath[str]) -> dict[str, Any]:
    """Refuse an app token, by its `jti`, from now on; revoking twice does nothing more."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await app_tokens.revoke_token(tx, token_id, by=caller, now=parts.clock.now())
    return {"success": True}


HANDLERS = (get_me, get_users, get_user, create_user, create_points_transaction, revoke_token)

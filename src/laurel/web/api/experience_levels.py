"""/api/v1/levels and /api/v1/app-secret: how XP becomes levels; the secret that signs tokens of the organisation's app."""

from decimal import Decimal

import msgspec
from litestar import Response, get, post, put
from litestar.params import JSONBody

from laurel.base.errors import Forbidden
from laurel.domain.organisations import app_tokens
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Organisation
from laurel.domain.rewards.experience import LevelPlan, level_targets, levels_of, set_levels
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts


class LevelsIn(Body, frozen=True, kw_only=True):
    """`target`: the total XP that a level takes, as a formula over `level`; `highest`: the last level there is."""

    target: str
    highest: int = 100


class LevelsOut(msgspec.Struct, frozen=True, kw_only=True):
    """The formula and what it comes to, from level 1 up."""

    target: str
    highest: int
    targets: list[Decimal]


class AppSecretOut(msgspec.Struct, frozen=True):
    """The secret to sign tokens with (HS256)."""

    secret: str


def _out(plan: LevelPlan) -> LevelsOut:
    return LevelsOut(target=plan.target, highest=plan.highest, targets=level_targets(plan))


@get("/api/v1/levels", guards=[requires("rewards:read")], tags=["rewards"])
async def show_levels(parts: InjectedParts, caller: InjectedCaller) -> LevelsOut:
    """How XP becomes levels."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        organisation: Organisation = await organisations.organisation(tx)
    return _out(levels_of(organisation))


@put("/api/v1/levels", guards=[requires("rewards:write")], tags=["rewards"])
async def change_levels(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[LevelsIn]) -> LevelsOut:
    """Set the formula; everybody's level follows from it at once."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _out(await set_levels(tx, LevelPlan(data.target, data.highest), now=parts.clock.now()))


def _secret(text: str) -> Response[AppSecretOut]:
    return Response(AppSecretOut(text), headers={"Cache-Control": "no-store"}, status_code=200)


@get("/api/v1/app-secret", guards=[requires("keys:write")], tags=["keys"])
async def show_app_secret(parts: InjectedParts, caller: InjectedCaller) -> Response[AppSecretOut]:
    """The app's secret; a key that is bound to a department may not see it."""
    if caller.department_id is not None:
        raise Forbidden("a key of a department cannot see the secret of the organisation's app")
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _secret(app_tokens.app_secret(parts.pepper, await organisations.organisation(tx)))


@post("/api/v1/app-secret/rotate", guards=[requires("keys:write")], tags=["keys"], status_code=200)
async def rotate_app_secret(parts: InjectedParts, caller: InjectedCaller) -> Response[AppSecretOut]:
    """A new secret; tokens signed with the old one are refused from now on."""
    if caller.department_id is not None:
        raise Forbidden("a key of a department cannot rotate the secret of the organisation's app")
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _secret(await app_tokens.rotate_app_secret(tx, parts.pepper, by=caller, now=parts.clock.now()))


HANDLERS = (show_levels, change_levels, show_app_secret, rotate_app_secret)

"""One call of this product's API: what was asked, by whom, and how an operation becomes a route.

Operations are plain functions from a Call to an answer; `operation` lists them, `handlers` makes routes of the list.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

from litestar import Request, Response, route
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler

from laurel.base import json_text
from laurel.base.ids import DepartmentId
from laurel.database.pool import Transaction
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller, Department, Organisation
from laurel.domain.parts import Parts
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.register.model import Department as DepartmentScope
from laurel.web.callers import caller_of, require_scope
from laurel.web.dialects.accredible import throttle
from laurel.web.dialects.accredible.errors import not_there
from laurel.web.dialects.accredible.parameters import Parameters, read_parameters
from laurel.web.injected import InjectedParts

DIALECT = "accredible"
"""The key of what this dialect stores besides: settings, details."""

Answer = Any
Operation = Callable[["Call"], Awaitable[Answer]]


class Call:
    """One call. `caller` is None on public operations."""

    def __init__(self, parts: Parts, caller: Caller | None, parameters: Parameters, path: dict[str, str]) -> None:
        self.parts = parts
        self._caller = caller
        self.parameters = parameters
        self.path = path
        self.now: datetime = parts.clock.now()

    @property
    def caller(self) -> Caller:
        """Who asks."""
        if self._caller is None:
            raise AssertionError("a public operation asked for its caller")
        return self._caller

    @property
    def public_url(self) -> str:
        """Where this server is, without a slash at the end."""
        return self.parts.public_url

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Desk"]:
        """A transaction of the caller's organisation."""
        async with self.parts.database.transaction(self.caller.organisation_id) as tx:
            yield await open_desk(self, tx)

    async def run(self, work: Callable[["Desk", Run], Awaitable[Answer]]) -> Answer:
        """`work` in a transaction of the spine; again when it lost a race."""

        async def inside(run: Run) -> Answer:
            return await work(await open_desk(self, run.tx), run)

        return await in_run(self.parts.spine, self.caller.organisation_id, inside, now=self.now)


class Desk:
    """What an operation works with inside a transaction: the organisation, and which department the key is bound to."""

    def __init__(self, call: Call, tx: Transaction, organisation: Organisation) -> None:
        self.call = call
        self.tx = tx
        self.organisation = organisation
        self._default: Department | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What the organisation has set for this dialect."""
        found = self.organisation.settings.get(DIALECT)
        return found if isinstance(found, dict) else {}

    @property
    def bound_to(self) -> DepartmentId | None:
        """The department that the key sees; None for an account-wide key."""
        return self.call.caller.department_id

    async def default_department(self) -> Department:
        """The organisation's default department."""
        if self._default is None:
            self._default = await organisations.default_department(self.tx)
        return self._default

    async def scope(self, wanted: int | None = None) -> DepartmentScope | None:
        """The department that lists are cut to: the one wanted, else the key's; None for an account-wide key.

        Raises NotFound when the key does not see the one wanted.
        """
        chosen = self.bound_to if wanted is None else (await self.department(wanted)).id
        if chosen is None:
            return None
        return DepartmentScope(chosen, chosen == (await self.default_department()).id)

    async def sees(self, department_id: DepartmentId | None) -> bool:
        """Whether the key may see a thing of this department (None: the default one's)."""
        if self.bound_to is None:
            return True
        return (department_id or (await self.default_department()).id) == self.bound_to

    async def chosen_department(self, parameters: Parameters) -> DepartmentId:
        """The department named in `department_id`, else the key's own, else the default one. Raises NotFound."""
        wanted = parameters.integer("department_id")
        if wanted is None:
            return self.bound_to or (await self.default_department()).id
        return (await self.department(wanted)).id

    async def department(self, department_id: int) -> Department:
        """A department that the key sees. Raises NotFound."""
        found = await organisations.department_by_id(self.tx, DepartmentId(department_id))
        if found is None or (self.bound_to is not None and found.id != self.bound_to):
            raise not_there("Department", department_id)
        return found


async def open_desk(call: Call, tx: Transaction) -> Desk:
    """The desk of a call in a transaction."""
    return Desk(call, tx, await organisations.organisation(tx))


class Listed(NamedTuple):
    """One operation: how it is addressed, what a key needs for it, what it is answered with."""

    method: str
    path: str
    scope: str | None
    status: int
    run: Operation


OPERATIONS: list[Listed] = []


def operation(method: str, *paths: str, scope: str | None, status: int = 200) -> Callable[[Operation], Operation]:
    """List an operation under `paths` ("/v1/credentials/{id}"). scope None: public, nobody is asked for a key; an empty
    one: any key will do.
    """

    def listed(run: Operation) -> Operation:
        OPERATIONS.extend(Listed(method, path, scope, status, run) for path in paths)
        return run

    return listed


def handlers(limits: throttle.Limits) -> list[HTTPRouteHandler]:
    """Routes for every operation that is listed."""
    counter = throttle.Throttle(limits)
    return [_handler(listed, counter) for listed in OPERATIONS]


def _handler(listed: Listed, counter: throttle.Throttle) -> HTTPRouteHandler:
    async def handle(request: Request[Any, Any, Any], parts: InjectedParts) -> Response[Any]:
        standing = throttle.take(counter, request.scope)
        caller = None
        if listed.scope is not None:
            caller = await caller_of(request.scope)
            if listed.scope:
                require_scope(caller, listed.scope)
        path = {name: str(value) for name, value in request.path_params.items()}
        call = Call(parts, caller, await read_parameters(request), path)
        response = answered(await listed.run(call), listed.status)
        if standing is not None:
            response.headers.update(standing.headers())
        return response

    handle.__name__ = listed.run.__name__
    handle.__doc__ = listed.run.__doc__
    path = re.sub(r"\{(\w+)\}", r"{\1:str}", listed.path)
    decorate = route(
        path,
        http_method=[HttpMethod(listed.method)],
        status_code=listed.status,
        include_in_schema=False,
        name=f"{listed.method} {listed.path}",
    )
    return decorate(handle)


def answered(answer: Answer, status: int) -> Response[Any]:
    """An answer as a response: JSON unless it is a Response already; None is an empty body."""
    if isinstance(answer, Response):
        return answer
    body = b"" if answer is None else json_text.encode(answer)
    return Response(body, status_code=status, media_type="application/json")


def details_of(thing: Any) -> dict[str, Any]:
    """What this dialect stored on a thing of the domain."""
    found = thing.details.get(DIALECT)
    return found if isinstance(found, dict) else {}

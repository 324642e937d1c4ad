"""/api/v1/departments: the parts of an organisation."""

from datetime import datetime

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from laurel.domain.organisations import store, tenancy
from laurel.domain.organisations.model import Department
from laurel.web.api.wire import Body, given
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor


class DepartmentOut(msgspec.Struct, frozen=True, kw_only=True):
    """A department as our API shows it."""

    id: str
    slug: str
    name: str
    description: str
    url: str | None
    image: str | None
    is_default: bool
    created_at: datetime
    updated_at: datetime


class NewDepartment(Body, frozen=True, kw_only=True):
    """What a new department is; the slug is made from the name when absent."""

    name: str
    slug: str | None = None
    description: str = ""
    url: str | None = None
    image: str | None = None


class DepartmentChange(Body, frozen=True, kw_only=True):
    """What may be changed; what is absent stays."""

    name: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    url: str | UnsetType | None = UNSET
    image: str | UnsetType | None = UNSET


def _render(department: Department) -> DepartmentOut:
    shared = set(DepartmentOut.__struct_fields__) - {"id"}
    return DepartmentOut(id=department.uid, **{field: getattr(department, field) for field in shared})


@get("/api/v1/departments", guards=[requires("departments:read")], tags=["departments"])
async def list_departments(
    parts: InjectedParts, caller: InjectedCaller, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[DepartmentOut]:
    """The departments in the order they were made."""
    (last,) = read_cursor(after, int, default=(0,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await store.departments(tx, after=last, limit=limit + 1, only=caller.department_id)
    return page_of(rows, limit, _render, lambda row: (row.id,))


@post("/api/v1/departments", guards=[requires("departments:write")], tags=["departments"])
async def create_department(
    parts: InjectedParts, caller: InjectedCaller, data: JSONBody[NewDepartment]
) -> DepartmentOut:
    """Make a department."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        made = await tenancy.add_department(tx, by=caller, now=parts.clock.now(), **msgspec.structs.asdict(data))
    return _render(made)


@get("/api/v1/departments/{department:str}", guards=[requires("departments:read")], tags=["departments"])
async def show_department(parts: InjectedParts, caller: InjectedCaller, department: FromPath[str]) -> DepartmentOut:
    """One department."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _render(await tenancy.find_department(tx, department, caller))


@patch("/api/v1/departments/{department:str}", guards=[requires("departments:write")], tags=["departments"])
async def change_department(
    parts: InjectedParts, caller: InjectedCaller, department: FromPath[str], data: JSONBody[DepartmentChange]
) -> DepartmentOut:
    """Change what is given."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        changed = await tenancy.change_department(tx, department, given(data), by=caller, now=parts.clock.now())
    return _render(changed)


@delete("/api/v1/departments/{department:str}", guards=[requires("departments:write")], tags=["departments"])
async def remove_department(parts: InjectedParts, caller: InjectedCaller, department: FromPath[str]) -> None:
    """Remove a department; what refers to it keeps its reference."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await tenancy.remove_department(tx, department, by=caller, now=parts.clock.now())


HANDLERS = (list_departments, create_department, show_department, change_department, remove_department)

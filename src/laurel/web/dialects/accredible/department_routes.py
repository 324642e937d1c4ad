"""Departments, the custom attributes that they use, and the issuer itself."""

from typing import Any

from laurel.base import limits
from laurel.base.errors import Forbidden
from laurel.base.limits import check_length
from laurel.base.text import clean
from laurel.domain.catalogue import attribute_keys
from laurel.domain.catalogue import store as catalogue
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations import tenancy
from laurel.domain.organisations.model import Department
from laurel.domain.register import allowance
from laurel.web.dialects.accredible.calls import DIALECT, Answer, Call, Desk, details_of, operation
from laurel.web.dialects.accredible.credential_input import key_values
from laurel.web.dialects.accredible.errors import invalid_fields, not_there
from laurel.web.dialects.accredible.group_routes import meta_paths
from laurel.web.dialects.accredible.page_meta import read_page
from laurel.web.dialects.accredible.parameters import Parameters
from laurel.web.dialects.accredible.spelling import one_line, web_address

READ, WRITE = "departments:read", "departments:write"
UNLIMITED_CREDITS = 1_000_000_000
"""What `certificate_left` says where credits are not counted: its clients compare it with numbers."""


def _show(department: Department) -> dict[str, Any]:
    extra = details_of(department)
    return {
        "id": department.id,
        "name": department.name,
        "description": department.description or None,
        "url": department.url,
        "logo": department.image,
        "page_banner": extra.get("page_banner"),
        "whitelabel_logo": extra.get("whitelabel_logo"),
        "linkedin_company_id": extra.get("linkedin_company_id"),
        "meta_data": extra.get("meta_data"),
        "generate_private_credential": extra.get("generate_private_credential", False),
    }


async def _find(desk: Desk, text: str) -> Department:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise not_there("Department", text)
    return await desk.department(int(text))


def _check_account_wide(call: Call) -> None:
    if call.caller.department_id is not None:
        raise Forbidden(
            "No Permission to manage Departments.", details={"error": "No Permission to manage Departments."}
        )


def _changes(given: Parameters, old: Department | None) -> dict[str, Any]:
    extra = dict(details_of(old)) if old else {}
    changes: dict[str, Any] = {}
    if "name" in given:
        changes["name"] = one_line(given.text("name"), "name") or ""
    if "description" in given:
        text = clean(given.text("description") or "")
        changes["description"] = check_length(text, limits.DESCRIPTION_LENGTH_MAX, "description")
    for name, column in (("url", "url"), ("logo", "image")):
        if name in given:
            changes[column] = web_address(given.text(name), name)
    for name in ("page_banner", "whitelabel_logo"):
        if name in given:
            extra[name] = web_address(given.text(name), name)
    if "linkedin_company_id" in given:
        extra["linkedin_company_id"] = one_line(given.text("linkedin_company_id"), "linkedin_company_id", 100)
    if "meta_data" in given:
        extra["meta_data"] = key_values(given, "meta_data")
    private = given.flag("generate_private_credential")
    if private is not None:
        extra["generate_private_credential"] = private
    kept = dict(old.details) if old else {}
    changes["details"] = {**kept, DIALECT: {name: value for name, value in extra.items() if value is not None}}
    return changes


@operation("POST", "/v1/departments", scope=WRITE)
async def create_department(call: Call) -> Answer:
    """A new department. Its pictures are kept as addresses and never fetched."""
    _check_account_wide(call)
    given = call.parameters.resource("department")
    missing = {name: ["can't be blank"] for name in ("name", "url", "logo") if not (given.text(name) or "").strip()}
    if missing:
        raise invalid_fields(missing)
    changes = _changes(given, None)
    async with call.transaction() as desk:
        slug = await tenancy.free_slug(desk.tx, changes["name"])
        made = await tenancy.add_department(desk.tx, by=call.caller, now=call.now, slug=slug, **changes)
        return {"department": _show(made)}


@operation("GET", "/v1/departments/{department_id}", scope=READ)
async def view_department(call: Call) -> Answer:
    """Show a department."""
    async with call.transaction() as desk:
        return {"department": _show(await _find(desk, call.path["department_id"]))}


@operation("PUT", "/v1/departments/{department_id}", scope=WRITE)
@operation("PATCH", "/v1/departments/{department_id}", scope=WRITE)
async def change_department(call: Call) -> Answer:
    """Change what is given."""
    given = call.parameters.resource("department")
    async with call.transaction() as desk:
        found = await _find(desk, call.path["department_id"])
        if "name" in given and one_line(given.text("name"), "name") is None:
            raise invalid_fields({"name": ["can't be blank"]})
        changes = _changes(given, found)
        changed = await tenancy.change_department(desk.tx, found.uid, changes, by=call.caller, now=call.now)
        return {"department": _show(changed)}


@operation("DELETE", "/v1/departments/{department_id}", scope=WRITE)
async def delete_department(call: Call) -> Answer:
    """Delete a department; the default one stays."""
    _check_account_wide(call)
    async with call.transaction() as desk:
        found = await _find(desk, call.path["department_id"])
        await tenancy.remove_department(desk.tx, found.uid, by=call.caller, now=call.now)
        return {"department": _show(found)}


@operation("POST", "/v1/departments/search", scope=READ)
async def search_departments(call: Call) -> Answer:
    """A page of departments by own data."""
    page = read_page(call.parameters)
    async with call.transaction() as desk:
        rows, total = await organisations.search_departments(
            desk.tx, meta_paths(call.parameters), only=desk.bound_to, limit=page.size, offset=page.offset
        )
        return {"departments": [_show(row) for row in rows], "meta": page.meta(total)}


# ------------------------------------------------------------------------------------------------------ attribute keys
@operation("POST", "/v1/attribute_keys", scope="achievements:write")
async def create_attribute_key(call: Call) -> Answer:
    """Name a custom attribute."""
    given = call.parameters.resource("attribute_key")
    missing = {name: ["can't be blank"] for name in ("name", "kind") if not (given.text(name) or "").strip()}
    if missing:
        raise invalid_fields(missing)
    async with call.transaction() as desk:
        made = await attribute_keys.create(
            desk.tx,
            department_id=await desk.chosen_department(given),
            name=given.text("name") or "",
            kind=given.text("kind") or "",
            now=call.now,
        )
        return {"attribute_key": _show_key(made)}


@operation("POST", "/v1/attribute_keys/search", scope="achievements:read")
async def search_attribute_keys(call: Call) -> Answer:
    """A page of custom attributes."""
    given, page = call.parameters, read_page(call.parameters)
    async with call.transaction() as desk:
        wanted = given.integer("department_id")
        department_id = desk.bound_to if wanted is None else (await desk.department(wanted)).id
        rows, total = await catalogue.search_attribute_keys(
            desk.tx,
            name=given.text("name"),
            kind=given.text("kind"),
            department_id=department_id,
            limit=page.size,
            offset=page.offset,
        )
        return {"attribute_keys": [_show_key(row) for row in rows], "meta": page.meta(total)}


def _show_key(key: Any) -> dict[str, Any]:
    return {"id": key.id, "name": key.name, "kind": key.kind, "department_id": key.department_id}


# --------------------------------------------------------------------------------------------------------------- issuer
@operation("GET", "/v1/issuer/details", scope="organisation:read")
async def issuer_details(call: Call) -> Answer:
    """The organisation, and how many further people it may issue to."""
    async with call.transaction() as desk:
        organisation, settings = desk.organisation, desk.settings
        limit = settings.get("credits")
        left = UNLIMITED_CREDITS
        if isinstance(limit, int) and not isinstance(limit, bool):
            left = await allowance.left(desk.tx, call.now.year, limit)
        return {
            "issuer": {
                "id": organisation.id,
                "name": organisation.name,
                "email": organisation.email,
                "certificate_left": left,
                "language": organisation.language,
                "url": organisation.url or call.public_url,
                "spiderable": settings.get("spiderable", True),
                "whitelisted_domain": settings.get("whitelisted_domain"),
                "linkedin_company_id": settings.get("linkedin_company_id"),
                "linkedin_school_id": settings.get("linkedin_school_id"),
            }
        }

"""Team members: accounts of the organisation with what they may do in each department."""

from typing import Any

from laurel.base.errors import Invalid
from laurel.base.ids import AccountId
from laurel.base.limits import EVIDENCE_ITEMS_MAX, check_count
from laurel.domain.organisations import sign_in
from laurel.domain.organisations.accounts import store as accounts
from laurel.domain.organisations.model import Account
from laurel.web.dialects.accredible.calls import DIALECT, Answer, Call, Desk, details_of, operation
from laurel.web.dialects.accredible.errors import invalid_fields, not_there
from laurel.web.dialects.accredible.parameters import Parameters
from laurel.web.dialects.accredible.spelling import one_line

READ, WRITE = "accounts:read", "accounts:write"
_FLAGS = ("designs", "emails", "credential_attributes", "analytics", "settings")
_MORE_FLAGS = ("pathways", "api", "team", "spotlight_directory")
_ROLES = {"editor": "manager", "viewer": "viewer", "credential_issuer": "moderator"}
_LEVELS = {"organization_admin": "admin", "department_admin": "manager", "team_member": None, "developer": "manager"}


def _show(account: Account) -> dict[str, Any]:
    extra = details_of(account)
    return {
        "id": account.id,
        "name": account.name,
        "email": account.email,
        "access_level": extra.get("access_level", "team_member"),
        "department_permissions": [
            {
                "department_id": one["department_id"],
                "department": one["department_id"],
                "permissions": one["permissions"],
            }
            for one in extra.get("department_permissions", [])
        ],
    }


async def _find(desk: Desk, text: str) -> Account:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    found = await accounts.find_by_id(desk.tx, AccountId(number))
    if found is None or not _within(desk, found):
        raise not_there("Team member", text)
    return found


def _within(desk: Desk, account: Account) -> bool:
    """Whether a key of one department sees the account: only where it has permissions in that department."""
    if desk.bound_to is None:
        return True
    return any(one["department_id"] == desk.bound_to for one in details_of(account).get("department_permissions", []))


async def _permissions(desk: Desk, given: Parameters) -> list[dict[str, Any]]:
    items = given.items("department_permissions")
    check_count(len(items), EVIDENCE_ITEMS_MAX, "department_permissions")
    result = []
    for item in items:
        number = item.integer("department_id") if item.raw("department_id") is not None else item.integer("department")
        if number is None:
            raise Invalid(f"{item.field('department_id')} can't be blank", field=item.field("department_id"))
        department = await desk.department(number)
        permissions = item.nested("permissions") or Parameters({}, item.field("permissions."))
        role = permissions.text("role") or "viewer"
        if role not in _ROLES:
            field = permissions.field("role")
            raise Invalid(f"{field} must be one of {', '.join(_ROLES)}", field=field, value=role)
        groups = permissions.texts("groups")
        if groups is not None and any(not one.isdigit() for one in groups):
            raise Invalid(f"{permissions.field('groups')} must be numbers", field=permissions.field("groups"))
        shown: dict[str, Any] = {name: permissions.flag(name) or False for name in _FLAGS}
        shown |= {name: value for name in _MORE_FLAGS if (value := permissions.flag(name)) is not None}
        shown |= {"role": role, "groups": None if groups is None else [int(one) for one in groups]}
        result.append({"department_id": department.id, "permissions": shown})
    return result


def _role(level: str | None, permissions: list[dict[str, Any]]) -> str:
    """The account's role: what the access level says, else the most that one department gives."""
    if level is not None and (of_level := _LEVELS.get(level)) is not None:
        return of_level
    roles = {_ROLES[one["permissions"]["role"]] for one in permissions}
    return next((role for role in ("manager", "moderator") if role in roles), "viewer")


def _level(desk: Desk, given: Parameters) -> str | None:
    level = given.text("access_level")
    if level is None:
        return None
    if level not in _LEVELS:
        raise Invalid(f"access_level must be one of {', '.join(_LEVELS)}", field="access_level", value=level)
    if desk.bound_to is not None and level != "team_member":
        raise Invalid(f"access_level {level} needs an account-wide key", field="access_level", value=level)
    return level


@operation("POST", "/v1/team_members", scope=WRITE)
async def create_team_member(call: Call) -> Answer:
    """An account for a colleague; a password is set when they are invited to the console."""
    given = call.parameters.resource("team_member")
    missing = {name: ["can't be blank"] for name in ("name", "email") if not (given.text(name) or "").strip()}
    if missing:
        raise invalid_fields(missing)
    async with call.transaction() as desk:
        permissions, level = await _permissions(desk, given), _level(desk, given)
        made = await sign_in.add_account(
            desk.tx,
            email=given.text("email") or "",
            name=one_line(given.text("name"), "name") or "",
            role=_role(level, permissions),
            password=None,
            by=call.caller,
            now=call.now,
        )
        return {"team_member": _show(await _keep(desk, made, permissions, level))}


async def _keep(desk: Desk, account: Account, permissions: list[dict[str, Any]], level: str | None) -> Account:
    extra = {**details_of(account), "department_permissions": permissions}
    if level is not None:
        extra["access_level"] = level
    details = {**account.details, DIALECT: extra}
    return await accounts.update(desk.tx, account.id, {"details": details}, desk.call.now)


@operation("GET", "/v1/team_members/{id}", scope=READ)
async def view_team_member(call: Call) -> Answer:
    """Show a team member."""
    async with call.transaction() as desk:
        return {"team_member": _show(await _find(desk, call.path["id"]))}


@operation("PUT", "/v1/team_members/{id}", scope=WRITE)
@operation("PATCH", "/v1/team_members/{id}", scope=WRITE)
async def change_team_member(call: Call) -> Answer:
    """Change name and permissions; a blank name keeps the old one, the e-mail address stays, permissions replace all."""
    given = call.parameters.resource("team_member")
    async with call.transaction() as desk:
        found = await _find(desk, call.path["id"])
        level = _level(desk, given)
        permissions = details_of(found).get("department_permissions", [])
        if "department_permissions" in given:
            permissions = await _permissions(desk, given)
        role = _role(level or details_of(found).get("access_level"), permissions)
        name = one_line(given.text("name"), "name")
        changed = await sign_in.change_account(
            desk.tx, found.uid, by=call.caller, now=call.now, name=name, role=None if found.role == "owner" else role
        )
        return {"team_member": _show(await _keep(desk, changed, permissions, level))}


@operation("DELETE", "/v1/team_members/{id}", scope=WRITE)
async def delete_team_member(call: Call) -> Answer:
    """Remove a team member's account."""
    async with call.transaction() as desk:
        found = await _find(desk, call.path["id"])
        await sign_in.remove_account(desk.tx, found.uid, by=call.caller, now=call.now)
        return {"team_member": _show(found)}

"""What happened to credentials, and exports of what there is."""

from typing import Any

from laurel.base.errors import NotFound
from laurel.base.ids import AchievementId
from laurel.base.limits import PAGE_SIZE_MAX
from laurel.base.times import render_time
from laurel.domain.register import activity, exports
from laurel.domain.register.exports import DataExport
from laurel.web.dialects.accredible.calls import Answer, Call, operation
from laurel.web.dialects.accredible.credential_routes import READ
from laurel.web.dialects.accredible.errors import invalid_fields, not_there
from laurel.web.dialects.accredible.page_meta import read_page
from laurel.web.dialects.accredible.spelling import parse_day

_ACTIVITIES_A_PAGE = 100


@operation("GET", "/v1/analytics", scope=READ)
async def list_analytics(call: Call) -> Answer:
    """A page of what happened to credentials, by day, group and department."""
    given, page = call.parameters, read_page(call.parameters, size=_ACTIVITIES_A_PAGE)
    since, until = given.text("start_date"), given.text("end_date")
    group_id, department_id = given.integer("group_id"), given.integer("department_id")
    async with call.transaction() as desk:
        department = await desk.scope(department_id)
        rows, total = await activity.activities(
            desk.tx,
            since=None if since is None else parse_day(since, "start_date"),
            until=None if until is None else parse_day(until, "end_date"),
            achievement_id=None if group_id is None else AchievementId(group_id),
            department=department,
            limit=page.size,
            offset=page.offset,
        )
        return {
            "analytics": [
                {
                    "credential": {"id": row.credential_id, "license_id": row.license_id},
                    "event": row.event,
                    "created_at": render_time(row.at),
                }
                for row in rows
            ],
            "meta": page.meta(total),
        }


# -------------------------------------------------------------------------------------------------------------- exports
def _show(call: Call, export: DataExport) -> dict[str, Any]:
    return {
        "id": export.id,
        "department_id": export.department_id,
        "entity": export.entity,
        "status": export.status,
        "created_at": render_time(export.created_at),
        "urls": [
            {
                "id": index,
                "status": "completed",
                "year": file["year"],
                "url": f"{call.public_url}/v1/files/{file['address']}",
            }
            for index, file in enumerate(export.files, start=1)
        ],
    }


@operation("GET", "/v1/data_exports", scope=READ)
async def list_data_exports(call: Call) -> Answer:
    """The newest exports of the departments that the key sees."""
    async with call.transaction() as desk:
        found = await exports.exports(desk.tx, desk.bound_to, PAGE_SIZE_MAX)
        return {"data_exports": [_show(call, export) for export in found]}


@operation("POST", "/v1/data_exports", scope=READ, status=201)
async def create_data_export(call: Call) -> Answer:
    """Ask for an export; its files are there when its status is completed, and are kept for a week."""
    given = call.parameters.resource("data_export")
    entity = given.text("entity")
    if entity is None:
        raise invalid_fields({"entity": ["can't be blank"]})
    async with call.transaction() as desk:
        made = await exports.schedule(desk.tx, await desk.chosen_department(given), entity, call.now)
        return {"data_export": _show(call, made)}


@operation("GET", "/v1/data_exports/{id}", scope=READ)
async def view_data_export(call: Call) -> Answer:
    """Show an export with its files."""
    text = call.path["id"]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise not_there("Data export", text)
    async with call.transaction() as desk:
        try:
            found = await exports.require(desk.tx, int(text))
        except NotFound:
            raise not_there("Data export", text) from None
        if desk.bound_to is not None and found.department_id != desk.bound_to:
            raise not_there("Data export", text)
        return {"data_export": _show(call, found)}

"""PUT /results/modules/{id}: what a user achieved in a module becomes an event of the spine."""

import hashlib
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from litestar import Request, Response, put
from litestar.params import FromPath
from lxml import etree

from laurel.base import json_text
from laurel.base.errors import Conflict, Invalid
from laurel.base.limits import DESCRIPTION_LENGTH_MAX, check_length
from laurel.domain.events.model import NewEvent, check_event
from laurel.domain.record_events import ingest
from laurel.web.bodies import decode_json
from laurel.web.dialects.litmos import courses, translate, users
from laurel.web.dialects.litmos.site import open_site, permits
from laurel.web.http_errors import MalformedBody
from laurel.web.injected import InjectedCaller, InjectedParts

MODULE_COMPLETED = "module.completed"
MODULE_ATTEMPTED = "module.attempted"
_CATEGORY = "course"
_FIELDS = {name.lower(): name for name in ("CourseId", "UserId", "Score", "Completed", "UpdatedAt", "Note", "Attempts")}
_WCF_DATE = re.compile(r"/Date\((-?\d{1,16})([+-]\d{4})?\)/")


@put("/v1.svc/results/modules/{module:str}", guards=[permits("events:write")], include_in_schema=False)
async def put_module_result(
    request: Request[Any, Any, Any], parts: InjectedParts, caller: InjectedCaller, module: FromPath[str]
) -> Response[bytes]:
    """Record a module result. The same result sent again has no further effect."""
    fields = parse_result(await request.body(), request.headers.get("content-type", ""))
    check_length(module, translate.ID_LENGTH_MAX, "moduleId")
    async with open_site(parts, caller) as site:
        course = await courses.require(site, _text(fields, "CourseId"))
        person = await users.require(site.tx, _text(fields, "UserId"))
        event = event_of(fields, module=module, course=course.uid, person=person.uid, now=parts.clock.now())
    (outcome,) = await ingest.record(parts.spine, caller.organisation_id, [event])
    if outcome.error is not None:
        raise Conflict(outcome.error.message)
    return Response(b"", status_code=200, media_type="text/plain")


def parse_result(body: bytes, content_type: str) -> dict[str, Any]:
    """The fields of a ModuleResult by their documented names. Raises MalformedBody, Invalid."""
    given = _from_xml(body) if "xml" in content_type.lower() or body.lstrip()[:1] == b"<" else decode_json(body)
    if not isinstance(given, dict):
        raise MalformedBody("the body must be a ModuleResult", field="body")
    fields: dict[str, Any] = {}
    for name, value in given.items():
        known = _FIELDS.get(name.lower())
        if known is None:
            raise Invalid(f"{name[:50]} is not a field of a ModuleResult", field=name[:50])
        fields[known] = value
    return fields


def _from_xml(body: bytes) -> dict[str, Any]:
    """Elements below the root. Entities, document types and anything external are refused."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as wrong:
        raise MalformedBody(f"the body is not well-formed XML: {wrong}"[:300], field="body") from None
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise MalformedBody("the body has a document type, which is not accepted", field="body")
    fields: dict[str, Any] = {}
    for child in root:
        if not isinstance(child.tag, str) or len(child):
            raise MalformedBody("the body must be a flat ModuleResult", field="body")
        nil = child.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"
        fields[etree.QName(child).localname] = None if nil else (child.text or "").strip()
    return fields


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Invalid(f"{name} must be given", field=name, value=value)
    return check_length(value.strip(), 254, name)


def event_of(fields: dict[str, Any], *, module: str, course: str, person: str, now: datetime) -> NewEvent:
    """The event that a result stands for: source_id is the course, payload.module the module."""
    completed = _flag(fields.get("Completed"))
    payload: dict[str, Any] = {
        "module": module,
        "course": course,
        "completed": completed,
        "score": _number(fields, "Score"),
        "attempts": _number(fields, "Attempts"),
        "note": check_length(str(fields.get("Note") or ""), DESCRIPTION_LENGTH_MAX, "Note"),
    }
    at = _instant(fields.get("UpdatedAt"))
    said = json_text.encode_sorted([payload, None if at is None else at.isoformat()])
    return check_event(
        person=("uid", person),
        name=MODULE_COMPLETED if completed else MODULE_ATTEMPTED,
        now=now,
        field="ModuleResult",
        key=f"litmos:{module}:{hashlib.sha256(said).hexdigest()[:32]}",
        category=_CATEGORY,
        source_id=course,
        occurred_at=at,
        payload={name: value for name, value in payload.items() if value not in (None, "")},
    )


def _flag(value: Any) -> bool:
    if value is None or value is False or value is True:
        return bool(value)
    text = str(value).strip().lower()
    if text in {"true", "1", "false", "0", ""}:
        return text in {"true", "1"}
    raise Invalid("Completed must be true or false", field="Completed", value=value)


def _number(fields: dict[str, Any], name: str) -> Any:
    value = fields.get(name)
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Invalid(f"{name} must be a number", field=name, value=value) from None
    if isinstance(value, bool) or not number.is_finite():
        raise Invalid(f"{name} must be a number", field=name, value=value)
    return int(number) if number == number.to_integral_value() and abs(number) < 10**15 else number


def _instant(value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    found = _WCF_DATE.fullmatch(str(value).strip())
    instant = None
    if found is not None:
        try:
            instant = datetime.fromtimestamp(int(found[1]) / 1000, UTC)
        except (OverflowError, ValueError, OSError):
            instant = None
    else:
        instant = translate.parse_date(str(value))
    if instant is None:
        raise Invalid("UpdatedAt must be /Date(milliseconds)/ or ISO 8601", field="UpdatedAt", value=value)
    return instant


HANDLERS = (put_module_result,)

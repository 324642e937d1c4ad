"""Several calls in one: each is answered as if it had come alone, in order."""

import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import structlog
from litestar import Response

from laurel.base import json_text
from laurel.base.errors import Kind, LaurelError
from laurel.base.limits import DIALECT_BATCH_MAX, check_count
from laurel.web.callers import require_scope
from laurel.web.dialects.accredible.calls import OPERATIONS, Answer, Call, Listed, answered, operation
from laurel.web.dialects.accredible.errors import ACCESS_DENIED, body_of, status_shown
from laurel.web.dialects.accredible.parameters import Parameters, merged, nest, read_pairs
from laurel.web.http_errors import refusal_of

_BATCH = "/v1/batch"

log = structlog.get_logger("laurel.accredible")


@operation("POST", _BATCH, scope="")
async def run_batch(call: Call) -> Answer:
    """Run up to fifty operations with the caller's key; the body of each answer is JSON as a text."""
    items = call.parameters.items("ops")
    check_count(len(items), DIALECT_BATCH_MAX, "ops")
    return {"results": [await _one(call, item) for item in items]}


async def _one(call: Call, item: Parameters) -> dict[str, Any]:
    method = (item.text("method") or "get").upper()
    address = urlsplit("/" + (item.text("url") or "").lstrip("/"))
    listed, path = _find(method, address.path.rstrip("/"))
    if listed is None:
        return {"status": 404, "headers": {}, "body": "Not Found"}
    given = merged(nest(read_pairs(address.query)), item.mapping("params") or {})
    inner = Call(call.parts, call.caller, Parameters(given), path)
    try:
        if listed.scope:
            require_scope(call.caller, listed.scope)
        response = answered(await listed.run(inner), listed.status)
    except Exception as failure:  # noqa: BLE001 - one operation's failure is its own answer
        return _refused(refusal_of(failure), failure, address.path)
    return {"status": response.status_code, "headers": _headers(response), "body": _text(response)}


def _refused(refusal: LaurelError, failure: Exception, path: str) -> dict[str, Any]:
    status = status_shown(refusal)
    if status == 500:
        log.error("unexpected failure in a batch", exc_info=failure)
    if refusal.kind is Kind.UNAUTHENTICATED:
        return {"status": status, "headers": {}, "body": ACCESS_DENIED.decode()}
    body = json_text.encode(body_of(refusal, status, path=path)).decode()
    return {"status": status, "headers": {"Content-Type": "application/json"}, "body": body}


def _headers(response: Response[Any]) -> dict[str, str]:
    return {"Content-Type": response.media_type or "application/json"}


def _text(response: Response[Any]) -> str:
    content = response.content
    if isinstance(content, bytes):
        return content.decode("utf-8", "replace") if "json" in str(response.media_type) else ""
    return "" if content is None else json_text.encode(content).decode()


@cache
def _patterns() -> list[tuple[re.Pattern[str], Listed]]:
    """Fixed paths before those with parameters, so that `search` is never taken for an id."""
    ordered = sorted(OPERATIONS, key=lambda listed: listed.path.count("{"))
    return [
        (re.compile(re.sub(r"\\?\{(\w+)\\?\}", r"(?P<\1>[^/]+)", re.escape(listed.path))), listed)
        for listed in ordered
        if listed.scope is not None and listed.path != _BATCH
    ]


def _find(method: str, path: str) -> tuple[Listed | None, dict[str, str]]:
    clean = re.sub(r"/{2,}", "/", path)
    for pattern, listed in _patterns():
        found = pattern.fullmatch(clean)
        if found is not None and listed.method == method:
            return listed, found.groupdict()
    return None, {}

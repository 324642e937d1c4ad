"""/api/v1/audit: who did what to what."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from laurel.base.limits import NAME_LENGTH_MAX
from laurel.domain.organisations.audit_trail import store as audit_trail
from laurel.domain.organisations.audit_trail.store import AuditFilter
from laurel.domain.organisations.model import AuditEntry
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor

Filter = Annotated[str | None, QueryParameter(max_length=NAME_LENGTH_MAX)]


@get("/api/v1/audit", guards=[requires("audit:read")], tags=["audit"])
async def list_audit(
    parts: InjectedParts,
    caller: InjectedCaller,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    actor: Filter = None,
    action: Filter = None,
    subject_kind: Filter = None,
    subject_id: Filter = None,
) -> Page[AuditEntry]:
    """The audit trail, newest first."""
    (before,) = read_cursor(after, int, default=(None,))
    wanted = AuditFilter(actor=actor, action=action, subject_kind=subject_kind, subject_uid=subject_id)
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await audit_trail.newest(tx, wanted, before=before, limit=limit + 1)
    return page_of(rows, limit, lambda row: row, lambda row: (row.id,))


HANDLERS = (list_audit,)

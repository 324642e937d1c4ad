"""What happened to credentials after they were given: noted when it happens, listed for those who issued them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from laurel.base.ids import AchievementId
from laurel.database.pool import Transaction
from laurel.domain.credentials.model import Credential
from laurel.domain.register.activities import store as activity_store
from laurel.domain.register.model import Activity, Department

VIEWED = "recipient_view_certificate"
PRIVACY_CHANGED = "privacy_updated"
DOWNLOADED = "pdf_downloaded"
OPENED_BY_RECIPIENT = "recipient_signed_in"
ACTIVITIES_OF_ONE_MAX = 1_000


async def note(tx: Transaction, credentials: Sequence[Credential], event: str, now: datetime) -> None:
    """Record that `event` happened to these credentials."""
    if credentials:
        await activity_store.insert(tx, [(c.id, c.achievement_id, c.license_id) for c in credentials], event, now)


async def activities(
    tx: Transaction,
    *,
    since: date | None,
    until: date | None,
    achievement_id: AchievementId | None,
    department: Department | None,
    limit: int,
    offset: int,
) -> tuple[list[Activity], int]:
    """(a page, how many in all) of what happened on the days from `since` to `until`, both included."""
    wanted = (
        None if since is None else datetime.combine(since, time.min, UTC),
        None if until is None else datetime.combine(until + timedelta(days=1), time.min, UTC),
        achievement_id,
        None if department is None else department.id,
        department is not None and department.is_default,
    )
    return await activity_store.page(tx, wanted, limit=limit, offset=offset)

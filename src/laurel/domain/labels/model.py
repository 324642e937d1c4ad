"""The words: a tag, a campaign. No I/O."""

from datetime import datetime
from typing import Any, Literal

from laurel.base.errors import NotFound
from laurel.base.ids import OrganisationId
from laurel.database.rows import Stored


class TagNotFound(NotFound):
    """No such tag."""

    code = "tag_not_found"


class CampaignNotFound(NotFound):
    """No such campaign."""

    code = "campaign_not_found"


class Tag(Stored, frozen=True):
    """A label: `texts` by language; `settings` say where it is shown and filtered by (plain JSON)."""

    organisation_id: OrganisationId
    id: int
    uid: str
    texts: dict[str, str]
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    created_by: str
    updated_by: str


class Campaign(Stored, frozen=True):
    """A named window of time."""

    organisation_id: OrganisationId
    id: int
    uid: str
    name: str
    starts_at: datetime
    ends_at: datetime
    status: Literal["draft", "live", "archived"]
    created_at: datetime
    updated_at: datetime
    created_by: str
    updated_by: str

    def status_at(self, now: datetime) -> Literal["draft", "scheduled", "live", "expired", "archived"]:
        """The status as the clock makes it."""
        if self.status != "live":
            return self.status
        if now < self.starts_at:
            return "scheduled"
        return "expired" if now >= self.ends_at else "live"

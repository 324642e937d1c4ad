"""Writing tags and campaigns, with every check."""

from datetime import datetime
from typing import Any

from laurel.base import limits
from laurel.base.described import check_json_size
from laurel.base.errors import Invalid
from laurel.base.limits import check_length
from laurel.base.text import clean
from laurel.database.pool import Transaction
from laurel.domain.labels import store
from laurel.domain.labels.model import Campaign, CampaignNotFound, Tag, TagNotFound


async def put_tag(
    tx: Transaction,
    old: Tag | None,
    *,
    language: str,
    text: str | None,
    settings: dict[str, Any] | None,
    actor: str,
    now: datetime,
) -> Tag:
    """Make a tag, or change the text of one language and the settings of `old`. Raises Invalid, TooLarge by field."""
    values: dict[str, Any] = {"updated_at": now, "updated_by": actor}
    if text is not None:
        text = check_length(clean(text).strip(), limits.TAG_LENGTH_MAX, "value")
        if not text:
            raise Invalid("value must not be empty", field="value")
        values["texts"] = {**(old.texts if old else {}), language: text}
    if settings is not None:
        check_json_size(settings, "config")
        values["settings"] = settings
    if old is not None:
        return Tag.from_row(await store.update(tx, "tag", old.id, values))
    if "texts" not in values:
        raise Invalid("value is required", field="value")
    return Tag.from_row(await store.insert(tx, "tag", {**values, "created_at": now, "created_by": actor}))


async def put_campaign(
    tx: Transaction, old: Campaign | None, values: dict[str, Any], *, actor: str, now: datetime
) -> Campaign:
    """Make a campaign, or change `old`; keys: name, starts_at, ends_at, status. Raises Invalid, TooLarge by field."""
    values = {**values, "updated_at": now, "updated_by": actor}
    if "name" in values:
        values["name"] = check_length(clean(values["name"]).strip(), limits.NAME_LENGTH_MAX, "name")
        if not values["name"]:
            raise Invalid("name must not be empty", field="name")
    starts_at = values.get("starts_at", old.starts_at if old else None)
    ends_at = values.get("ends_at", old.ends_at if old else None)
    if starts_at is None or ends_at is None or ends_at <= starts_at:
        raise Invalid("endDate must be after startDate", field="endDate")
    if old is not None:
        return Campaign.from_row(await store.update(tx, "campaign", old.id, values))
    if "name" not in values:
        raise Invalid("name is required", field="name")
    values.setdefault("status", "draft")
    return Campaign.from_row(await store.insert(tx, "campaign", {**values, "created_at": now, "created_by": actor}))


async def require_tag(tx: Transaction, uid: str) -> Tag:
    """The tag with this uid; raises TagNotFound."""
    rows = await store.find(tx, "tag", [uid])
    if not rows:
        raise TagNotFound("Tag not found", value=uid)
    return Tag.from_row(rows[0])


async def require_campaign(tx: Transaction, uid: str) -> Campaign:
    """The campaign with this uid; raises CampaignNotFound."""
    rows = await store.find(tx, "campaign", [uid])
    if not rows:
        raise CampaignNotFound("Campaign not found", value=uid)
    return Campaign.from_row(rows[0])


async def remove(tx: Transaction, label: Tag | Campaign, *, actor: str, now: datetime) -> None:
    """Take a label away; where it is carried it stays."""
    kind: store.Kind = "tag" if isinstance(label, Tag) else "campaign"
    await store.update(tx, kind, label.id, {"deleted_at": now, "updated_at": now, "updated_by": actor})

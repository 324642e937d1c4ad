"""Tags and campaigns as Nudj shows them, by themselves and in what carries them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from laurel.base.times import render_time
from laurel.database.pool import Transaction
from laurel.domain.labels import store
from laurel.domain.labels.model import Campaign, Tag
from laurel.domain.organisations import store as organisations
from laurel.web.dialects.nudj.translate import Tongue


class Labelled(Protocol):
    """What carries labels, by their ids."""

    @property
    def tags(self) -> Sequence[str]:
        """Ids of tags."""
        ...

    @property
    def campaigns(self) -> Sequence[str]:
        """Ids of campaigns."""
        ...


class Labels(msgspec.Struct, frozen=True):
    """Tags and campaigns by id, ready to be shown."""

    tags: Mapping[str, dict[str, Any]]
    campaigns: Mapping[str, dict[str, Any]]

    def carried_by(self, one: Labelled) -> dict[str, Any]:
        """Its `tags` and `campaigns` as objects; those that were deleted are left out."""
        return {
            "tags": [self.tags[uid] for uid in one.tags if uid in self.tags],
            "campaigns": [self.campaigns[uid] for uid in one.campaigns if uid in self.campaigns],
        }


async def labels_of(tx: Transaction, found: Iterable[Labelled], tongue: Tongue, now: datetime) -> Labels:
    """The labels that these carry."""
    carriers = list(found)
    organisation_uid = (await organisations.organisation(tx)).uid
    tags = await store.find(tx, "tag", sorted({uid for one in carriers for uid in one.tags}))
    campaigns = await store.find(tx, "campaign", sorted({uid for one in carriers for uid in one.campaigns}))
    return Labels(
        {row["uid"]: tag_out(Tag.from_row(row), organisation_uid, tongue) for row in tags},
        {row["uid"]: campaign_out(Campaign.from_row(row), organisation_uid, now) for row in campaigns},
    )


def tag_out(tag: Tag, organisation_uid: str, tongue: Tongue) -> dict[str, Any]:
    """A tag, its text in one language."""
    return {
        "id": tag.uid,
        "organisationId": organisation_uid,
        "value": tongue.of(tag.texts),
        "config": {"filtering": [], "display": [], **tag.settings},
        "createdAt": render_time(tag.created_at),
        "updatedAt": render_time(tag.updated_at),
        "createdBy": tag.created_by,
        "updatedBy": tag.updated_by,
    }


def campaign_out(campaign: Campaign, organisation_uid: str, now: datetime) -> dict[str, Any]:
    """A campaign."""
    return {
        "id": campaign.uid,
        "organisationId": organisation_uid,
        "name": campaign.name,
        "startDate": render_time(campaign.starts_at),
        "endDate": render_time(campaign.ends_at),
        "status": campaign.status_at(now),
        "createdAt": render_time(campaign.created_at),
        "updatedAt": render_time(campaign.updated_at),
        "createdBy": campaign.created_by,
        "updatedBy": campaign.updated_by,
    }

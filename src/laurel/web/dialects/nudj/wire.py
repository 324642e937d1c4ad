"""Request bodies as Nudj's clients send them. Unknown fields are passed over, as Nudj does; absent ones stay UNSET."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from litestar.params import QueryParameter
from msgspec import UNSET, UnsetType

from laurel.web.dialects.nudj.translate import PAGE_MAX

Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=PAGE_MAX)]
Skip = Annotated[int, QueryParameter(name="skip", ge=0, le=10_000_000)]
Search = Annotated[str | None, QueryParameter(name="search", max_length=200)]

Maybe = UnsetType | None
Whole = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Mechanism = Literal["all", "priority", "random", "select"]
Kind = Literal["assets", "entries"]
Status = Literal["archived", "draft", "expired", "live", "scheduled"]
Period = Literal["daily", "weekly", "monthly", "yearly", "open"]


class DetailsIn(msgspec.Struct, kw_only=True):
    title: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    light: dict[str, Any] | Maybe = UNSET
    dark: dict[str, Any] | Maybe = UNSET


class AchievementIn(msgspec.Struct, kw_only=True):
    details: DetailsIn | UnsetType = UNSET
    communityId: str | Maybe = UNSET
    progressPeriod: Period | UnsetType = UNSET
    criteria: Any = UNSET
    displayMode: Literal["default", "custom"] | UnsetType = UNSET
    queries: list[Any] | UnsetType = UNSET
    queryDescriptions: dict[str, str] | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    campaigns: list[str] | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    startsAt: str | Maybe = UNSET
    expiresAt: str | Maybe = UNSET
    featured: bool | UnsetType = UNSET
    isGlobalTemplate: bool | UnsetType = UNSET
    availableAsTemplateForOrganisations: list[str] | UnsetType = UNSET
    claimMode: Literal["automatic", "manual"] | UnsetType = UNSET


class ClaimIn(msgspec.Struct, kw_only=True):
    rewardIds: list[str] | None = None


class AllocationIn(msgspec.Struct, kw_only=True):
    allocationType: Kind
    amountToDistribute: Positive
    rewardId: str
    id: str | None = None
    supply: Whole | Maybe = UNSET


class RewardsConfigIn(msgspec.Struct, kw_only=True):
    mechanism: Mechanism
    allocations: list[AllocationIn]
    amountToDistribute: Whole = 1


class DistributionIn(msgspec.Struct, kw_only=True):
    rewardsConfig: RewardsConfigIn
    pointsToDistribute: Decimal
    bonusXpToDistribute: Decimal


class CustomEventIn(msgspec.Struct, kw_only=True):
    eventName: str
    payload: dict[str, Any]
    userId: str | None = None
    communityId: str | None = None
    autoCreateUser: bool = False
    idempotencyKey: str | None = None
    occurredAt: str | None = None


class EventLinkIn(msgspec.Struct, kw_only=True):
    eventName: str
    payload: dict[str, Any]
    communityId: str | None = None
    expiryTime: int = 3600
    isSingleUse: bool = True

"""Request bodies as Nudj's clients send them. Unknown fields are passed over, as Nudj does; absent ones stay UNSET."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

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
    tags: list[str] = []
    idempotencyKey: str | None = None
    occurredAt: str | None = None


class EventLinkIn(msgspec.Struct, kw_only=True):
    eventName: str
    payload: dict[str, Any]
    communityId: str | None = None
    expiryTime: int = 3600
    isSingleUse: bool = True


class RewardAllocationIn(msgspec.Struct, kw_only=True):
    id: str | None = None
    allocationType: Kind = "assets"
    supply: Whole | Maybe = UNSET
    amountToDistribute: Positive = 1
    isShop: bool = False
    isLive: bool = True


class RewardIn(msgspec.Struct, kw_only=True):
    details: DetailsIn | UnsetType = UNSET
    communityId: str | Maybe = UNSET
    additionalCommunityIds: list[str] | UnsetType = UNSET
    assetPointsPrice: Decimal | Maybe = UNSET
    entryPointsPrice: Decimal | Maybe = UNSET
    allocationsType: str | UnsetType = UNSET
    redemptionConfig: dict[str, Any] | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    assetsSupply: int | Maybe = UNSET
    entriesSupply: int | Maybe = UNSET
    maxAssetsPerUser: int | Maybe = UNSET
    maxEntriesPerUser: int | Maybe = UNSET
    allocations: list[RewardAllocationIn] | UnsetType = UNSET
    isSharedAssetsSupply: bool | UnsetType = UNSET
    isSharedEntriesSupply: bool | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    campaigns: list[str] | UnsetType = UNSET
    featured: bool | UnsetType = UNSET
    startsAt: str | Maybe = UNSET
    expiresAt: str | Maybe = UNSET
    drawsAt: str | Maybe = UNSET
    isManualGiveaway: bool | UnsetType = UNSET
    isGlobalTemplate: bool | UnsetType = UNSET
    availableAsTemplateForOrganisations: list[str] | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class ManualRewardIn(msgspec.Struct, kw_only=True):
    rewardId: str
    allocationType: Kind
    quantity: Positive


class ManualDistributionIn(msgspec.Struct, kw_only=True):
    rewards: list[ManualRewardIn]
    xpToDistribute: Whole
    pointsToDistribute: Whole
    distributionMechanism: Mechanism
    amountToDistribute: Positive
    userIds: Annotated[list[str], msgspec.Meta(min_length=1)]
    communityId: str | None = None


class WinnerIn(msgspec.Struct, kw_only=True):
    userId: str
    quantity: Positive = 1


class GiveawayIn(msgspec.Struct, kw_only=True):
    winners: Annotated[list[WinnerIn], msgspec.Meta(min_length=1)]


class DrawIn(msgspec.Struct, kw_only=True):
    numberOfWinners: int
    quantity: Positive = 1
    seed: str | None = None


class PurchaseIn(msgspec.Struct, kw_only=True):
    allocationType: Kind = "assets"
    quantity: int = 1
    externalTransactionReference: str | None = None


class UserIn(msgspec.Struct, kw_only=True):
    email: str | None = None
    username: str | None = None
    displayName: str | None = None
    profilePictureUrl: str | None = None
    externalUserId: str | None = None


class PointsIn(msgspec.Struct, kw_only=True):
    amount: Decimal
    direction: Literal["credit", "debit"]
    externalTransactionReference: str
    communityId: str | None = None
    unit: Literal["points", "keys"] = "points"


Labelled = Literal["achievement", "action", "community", "challenge", "post", "reward", "reward-asset", "reward-entry"]


class TagConfigIn(msgspec.Struct, kw_only=True, omit_defaults=True):
    filtering: Annotated[list[Labelled], msgspec.Meta(max_length=8)] = []
    display: Annotated[list[Labelled], msgspec.Meta(max_length=8)] = []
    iconifyIcon: str | None = None


class TagIn(msgspec.Struct, kw_only=True):
    value: str | None = None
    config: TagConfigIn | None = None


class CampaignIn(msgspec.Struct, kw_only=True):
    name: str | UnsetType = UNSET
    startDate: str | UnsetType = UNSET
    endDate: str | UnsetType = UNSET
    status: Status | UnsetType = UNSET


class ConditionIn(msgspec.Struct, kw_only=True):
    type: Literal["community"]
    communityId: str


class PrizeItemIn(msgspec.Struct, kw_only=True):
    rewardId: str
    allocationType: Kind = "assets"
    amountToDistribute: Positive = 1


class PrizeIn(msgspec.Struct, kw_only=True):
    startRank: int
    endRank: int
    distributionEventId: str = ""
    points: Whole | UnsetType = UNSET
    completionXp: Whole | UnsetType = UNSET
    items: list[PrizeItemIn] | UnsetType = UNSET


Metric = Literal["total-xp", "total-challenges-completed", "total-challenges-started", "total-actions-completed"]


class LeaderboardIn(msgspec.Struct, kw_only=True):
    name: str
    metricType: Metric
    startsAt: str | UnsetType | None
    status: Status | UnsetType
    period: Period
    description: str = ""
    expiresAt: str | UnsetType | None = None
    conditions: list[ConditionIn] | UnsetType = []
    rewardsConfig: list[PrizeIn] | UnsetType = []


class LeaderboardChangeIn(msgspec.Struct, kw_only=True):
    name: str | UnsetType = UNSET
    metricType: Metric | UnsetType = UNSET
    startsAt: str | UnsetType | None = UNSET
    status: Status | UnsetType = UNSET
    period: Period | UnsetType = UNSET
    description: str | UnsetType = UNSET
    expiresAt: str | UnsetType | None = UNSET
    conditions: list[ConditionIn] | UnsetType = UNSET
    rewardsConfig: list[PrizeIn] | UnsetType = UNSET


class TriggersIn(msgspec.Struct, kw_only=True):
    platform: list[str] = []
    custom: list[str] = []


class StreakIn(msgspec.Struct, kw_only=True):
    isEnabled: bool | UnsetType = UNSET
    triggerEvents: TriggersIn | UnsetType = UNSET
    maxFreezes: int | UnsetType = UNSET
    freezeEveryDays: int | UnsetType = UNSET
    communityId: str | None = None


class XpConfigIn(msgspec.Struct, kw_only=True):
    eventCategory: str
    eventSubCategory: str
    description: str = ""
    total: Decimal = Decimal(0)
    knowledge: Decimal = Decimal(0)
    creativity: Decimal = Decimal(0)
    loyalty: Decimal = Decimal(0)
    influence: Decimal = Decimal(0)
    participation: Decimal = Decimal(0)
    contribution: Decimal = Decimal(0)


class XpConfigsIn(msgspec.Struct, kw_only=True):
    xpConfigs: list[XpConfigIn]


class QuestionIn(msgspec.Struct, kw_only=True):
    id: str
    answers: list[str]
    every: bool = False


class JudgingIn(msgspec.Struct, kw_only=True):
    code: str | None = None
    answers: list[str] = []
    questions: list[QuestionIn] = []
    passMark: int | None = None
    attemptsMax: int | None = None


class ActionIn(msgspec.Struct, kw_only=True):
    details: DetailsIn
    type: str = "interaction"
    id: str | None = None
    config: dict[str, Any] = {}
    judging: JudgingIn | Maybe = UNSET


class ChallengeIn(msgspec.Struct, kw_only=True):
    details: DetailsIn | UnsetType = UNSET
    communityId: str | Maybe = UNSET
    status: Status | UnsetType = UNSET
    startsAt: str | Maybe = UNSET
    expiresAt: str | Maybe = UNSET
    unlockAmount: int | Maybe = UNSET
    isRepeatable: bool | UnsetType = UNSET
    actions: list[ActionIn] | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    campaigns: list[str] | UnsetType = UNSET
    featured: bool | UnsetType = UNSET


class GroupIn(msgspec.Struct, kw_only=True):
    details: DetailsIn | UnsetType = UNSET
    communityId: str | Maybe = UNSET
    type: Literal["random", "sequential"] | UnsetType = UNSET
    period: Period | UnsetType = UNSET
    activeAmount: int | UnsetType = UNSET
    challenges: list[str] | UnsetType = UNSET
    status: Status | UnsetType = UNSET


class UnlockIn(msgspec.Struct, kw_only=True):
    amount: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class ParticipationIn(msgspec.Struct, kw_only=True):
    actionId: str
    actionInput: dict[str, Any]
    allocationId: str
    communityId: str | None = None
    isPreview: bool = False


class WebhookIn(msgspec.Struct, kw_only=True):
    url: str
    httpMethod: str = "POST"
    isEnabled: bool = True
    maxRetries: Annotated[int, msgspec.Meta(ge=0, le=100)] = 3
    events: list[str] = []
    headers: dict[str, str] = {}
    secret: str | None = None

"""The words: reward plans, rewards, grants, payments. No I/O."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Self

import msgspec

from laurel.base import limits
from laurel.base.errors import Conflict, Invalid, NotFound
from laurel.base.ids import AwardId, DepartmentId, OrganisationId, PersonId, RewardId
from laurel.base.limits import check_count, check_length
from laurel.database.pool import Row
from laurel.database.rows import Stored

GrantKind = Literal["assets", "entries"]
XP_DIMENSIONS = ("knowledge", "creativity", "loyalty", "influence", "participation", "contribution")
_AMOUNT_MAX = 1_000_000_000


class RewardNotFound(NotFound):
    """No such reward."""

    code = "reward_not_found"


class BalanceTooLow(Conflict):
    """A debit is larger than what the person has."""

    code = "balance_too_low"


class RewardItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that an award may pay: `amount` units of a reward (its uid), as owned assets or as draw entries."""

    reward: str
    kind: Literal["assets", "entries"] = "assets"
    amount: int = 1
    allocation: str = ""


class RewardPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an award pays. `xp` is by dimension ("" is the total without a dimension).

    selection: all items; priority: the first `selection_count` that have supply, in order; random: as many at random;
    select: the person chooses as many when claiming. claim manual: nothing is paid before the person claims.
    """

    points: Decimal = Decimal(0)
    xp: dict[str, Decimal] = {}
    items: list[RewardItem] = []
    selection: Literal["all", "priority", "random", "select"] = "all"
    selection_count: int = 1
    claim: Literal["automatic", "manual"] = "automatic"

    @property
    def pays(self) -> bool:
        """Whether there is anything to pay."""
        return bool(self.points or any(self.xp.values()) or self.items)

    @property
    def claimed_by_hand(self) -> bool:
        """Whether the person has to claim: asked for, or needed for a choice."""
        return self.pays and (self.claim == "manual" or (self.selection == "select" and bool(self.items)))


class Allocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A share of a reward set aside for one use (an achievement, a challenge, the shop): `amount` units at a time."""

    id: str
    kind: GrantKind
    amount: int = 1
    shop: bool = False
    live: bool = True


class Reward(msgspec.Struct, frozen=True):
    """Something an award can pay besides points and XP. `details` holds what dialects store besides.

    `redemption` says how to redeem an owned asset (free form); `asset_price` and `entry_price` are what one unit costs in
    points in the shop, None when it is not for sale; `department_ids` are further departments besides its own.
    """

    organisation_id: OrganisationId
    id: RewardId
    uid: str
    department_id: DepartmentId | None
    names: dict[str, str]
    descriptions: dict[str, str]
    images: dict[str, Any]
    status: Literal["draft", "live", "archived"]
    starts_at: datetime | None
    expires_at: datetime | None
    assets_per_person_max: int | None
    entries_per_person_max: int | None
    tags: list[str]
    campaigns: list[str]
    details: dict[str, Any]
    allocations: list[Allocation]
    redemption: dict[str, Any]
    auto_redeem: bool
    asset_price: Decimal | None
    entry_price: Decimal | None
    draws_at: datetime | None
    manual_draw: bool
    featured: bool
    department_ids: list[DepartmentId]
    is_template: bool
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    created_by: str
    updated_by: str
    deleted_at: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `reward`."""
        values = {name: row[name] for name in cls.__struct_fields__}
        values["allocations"] = msgspec.convert(values["allocations"], list[Allocation])
        return cls(**values)

    def name_in(self, language: str) -> str:
        """The name in this language, else in any."""
        return self.names.get(language) or next(iter(self.names.values()), "")

    def price(self, kind: GrantKind) -> Decimal | None:
        """What one unit costs in points; None when it is not for sale."""
        return self.asset_price if kind == "assets" else self.entry_price

    def status_at(self, now: datetime) -> Literal["draft", "scheduled", "live", "expired", "archived"]:
        """The status as the clock makes it."""
        if self.status != "live":
            return self.status
        if self.starts_at is not None and now < self.starts_at:
            return "scheduled"
        return "expired" if self.expires_at is not None and now >= self.expires_at else "live"

    def state_when_granted(self, kind: GrantKind) -> Literal["granted", "redeemed"]:
        """Assets of a reward that redeems itself come redeemed; entries wait for their draw whatever the reward says."""
        return "redeemed" if self.auto_redeem and kind == "assets" else "granted"

    def per_person_max(self, kind: GrantKind) -> int | None:
        """How many units of `kind` one person may ever get; None: any number."""
        return self.assets_per_person_max if kind == "assets" else self.entries_per_person_max


class Supply(msgspec.Struct, frozen=True):
    """How much of a reward there is: `total` None is unlimited."""

    reward_id: RewardId
    kind: GrantKind
    allocation: str
    total: int | None
    granted: int

    @property
    def remaining(self) -> int | None:
        """What is left; None is unlimited."""
        return None if self.total is None else self.total - self.granted


class Payment(msgspec.Struct, frozen=True):
    """An award that is to be paid. `choice`: the reward uids that the person chose, for plans that select."""

    person_id: PersonId
    award_id: AwardId | None
    plan: RewardPlan
    source: str
    source_id: str
    department_id: DepartmentId | None = None
    choice: tuple[str, ...] | None = None


class Grant(Stored, frozen=True):
    """Units of a reward that a person got. queued: the reward is a draft and pays when it goes live."""

    organisation_id: OrganisationId
    person_id: PersonId
    id: int
    uid: str
    reward_id: RewardId
    kind: GrantKind
    allocation: str
    amount: int
    state: Literal["queued", "granted", "claimed", "redeemed", "drawn", "void"]
    award_id: AwardId | None
    source: str
    source_id: str
    details: dict[str, Any]
    granted_at: datetime
    claimed_at: datetime | None
    redeemed_at: datetime | None
    updated_at: datetime


class LedgerEntry(msgspec.Struct, frozen=True):
    """A movement of points, XP (by dimension; "" is the total) or keys. Amounts are exact; debits are negative."""

    person_id: PersonId
    unit: Literal["points", "xp", "keys"]
    dimension: str
    department_id: int
    amount: Decimal
    reason: str
    award_id: AwardId | None = None
    reference: str | None = None
    actor: str = ""


def check_plan(plan: RewardPlan, field: str = "rewards") -> None:
    """Raise Invalid or TooLarge naming the path when a plan is not payable."""
    check_amount(plan.points, f"{field}.points")
    for dimension, amount in plan.xp.items():
        if dimension not in ("", "total", *XP_DIMENSIONS):
            raise Invalid(
                f"{field}.xp.{dimension} is no dimension; there are {', '.join(XP_DIMENSIONS)}",
                field=f"{field}.xp.{dimension}",
            )
        check_amount(amount, f"{field}.xp.{dimension}")
    check_count(len(plan.items), limits.REWARD_ITEMS_MAX, f"{field}.items")
    for index, item in enumerate(plan.items):
        if not 1 <= item.amount <= _AMOUNT_MAX:
            raise Invalid(
                f"{field}.items[{index}].amount must be from 1 to {_AMOUNT_MAX}",
                field=f"{field}.items[{index}].amount",
                limit=_AMOUNT_MAX,
                value=item.amount,
            )
        check_length(item.allocation, limits.ALIAS_LENGTH_MAX, f"{field}.items[{index}].allocation")
    if plan.selection_count < 1:
        raise Invalid(f"{field}.selection_count must be at least 1", field=f"{field}.selection_count")


def check_amount(amount: Decimal, field: str) -> None:
    """Raise Invalid when points or XP cannot be paid: negative, too many, too finely divided."""
    if not amount.is_finite() or amount < 0:
        raise Invalid(f"{field} must not be negative", field=field, value=str(amount))
    if amount > _AMOUNT_MAX or -int(amount.as_tuple().exponent) > limits.NUMBER_DECIMAL_DIGITS_MAX:
        raise Invalid(f"{field} must be at most {_AMOUNT_MAX}", field=field, limit=_AMOUNT_MAX, value=str(amount))

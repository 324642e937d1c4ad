"""How rare an achievement is: the share of people who hold it, and a name for that. From kept counters, never by counting."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from laurel.base.ids import AchievementId
from laurel.database.pool import Transaction
from laurel.domain.achievements.awarded import store as awarded

Band = Literal["legendary", "epic", "rare", "uncommon", "common"]

BANDS: tuple[tuple[Band, Decimal], ...] = (
    ("legendary", Decimal("0.01")),
    ("epic", Decimal("0.05")),
    ("rare", Decimal("0.15")),
    ("uncommon", Decimal("0.4")),
    ("common", Decimal(1)),
)
"""The names, each with the largest share of people that it is for."""
_SHARE = Decimal("0.0001")


class Rarity(msgspec.Struct, frozen=True):
    """`holders` of `people` hold it; `share` is from 0 to 1 with four decimals, `band` one of BANDS."""

    holders: int
    people: int
    share: Decimal
    band: Band

    @classmethod
    def of(cls, holders: int, people: int) -> "Rarity":
        """The rarity of what so many of so many people hold. Where nobody is, nothing is common yet."""
        share = Decimal(holders) / people if people > 0 else Decimal(0)
        band = next(name for name, largest in BANDS if share <= largest or largest == 1)
        return cls(holders, people, share.quantize(_SHARE), band)


async def rarities(tx: Transaction, achievement_ids: Sequence[AchievementId]) -> dict[AchievementId, Rarity]:
    """The rarity of each of these achievements: two look-ups by key, whatever the number of people."""
    if not achievement_ids:
        return {}
    people = await awarded.count_people(tx)
    counted = await awarded.count_active(tx, achievement_ids)
    return {one: Rarity.of(counted.get(one, (0, 0))[1], people) for one in achievement_ids}
